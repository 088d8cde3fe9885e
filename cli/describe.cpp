// The command tree as data: what CLI11 knows of each command and flag, free of CLI11's types.
#include <CLI/CLI.hpp>
#include <algorithm>

#include "cli/tree.h"

namespace gw::cli {
namespace {

// CLI11 keeps the words of IsMember only in the type's description: "TEXT:{text,json}".
std::vector<std::string> choices_of(const CLI::Option& option) {
  const std::string type = option.get_type_name();
  const std::size_t open = type.find('{');
  const std::size_t close = type.rfind('}');
  if (open == type.npos || close == type.npos) return {};
  std::vector<std::string> choices;
  for (const std::string& word : CLI::detail::split(type.substr(open + 1, close - open - 1), ','))
    choices.push_back(word.substr(0, word.find("->")));
  return choices;
}

bool names_a_path(const std::string& argument) {
  static constexpr std::string_view words[] = {"PATH", "FILE", "DIR", "D", "F"};
  return std::find(std::begin(words), std::end(words), argument.substr(0, argument.find('|'))) != std::end(words);
}

FlagDoc describe(const CLI::Option& option) {
  FlagDoc doc;
  for (const std::string& name : option.get_snames()) doc.names.push_back("-" + name);
  for (const std::string& name : option.get_lnames()) doc.names.push_back("--" + name);
  doc.help = option.get_description();
  if (option.get_items_expected_max() != 0) {
    doc.argument = option.get_option_text().empty() ? "VALUE" : option.get_option_text();
    doc.choices = choices_of(option);
    doc.path = names_a_path(doc.argument);
  }
  return doc;
}

CommandDoc describe(const CLI::App& app, const std::string& prefix) {
  CommandDoc doc;
  doc.name = prefix + app.get_name();
  doc.summary = app.get_description();
  doc.group = app.get_group();
  doc.examples = app.get_footer();
  for (const CLI::Option* option : app.get_options()) {
    if (option->get_group().empty()) continue;  // hidden
    doc.flags.push_back(describe(*option));
    if (option->get_positional() && option->nonpositional()) {  // -f PATH and PATH are one option
      FlagDoc positional = doc.flags.back();
      positional.names.clear();
      doc.flags.push_back(std::move(positional));
    }
  }
  for (const CLI::App* command : app.get_subcommands(nullptr))
    if (!command->get_group().empty()) doc.commands.push_back(describe(*command, doc.name + " "));
  return doc;
}

}  // namespace

CommandDoc describe(const CLI::App& root) {
  return describe(root, "");
}

CommandDoc command_docs() {
  Run unused;
  return describe(*command_tree(unused));
}

}  // namespace gw::cli
