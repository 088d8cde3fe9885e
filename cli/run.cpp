// The command tree: which commands there are, and what happens before and after one of them runs. CLI11 parses; its
// exit codes are not ours, its error texts get a "did you mean", and `-h` is the short form of `--help`.

#include <signal.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <iostream>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"
#include "cli/tree.h"
#include "diag/render.h"
#include "diag/suggest.h"

namespace gw::cli {
namespace {

struct Row {
  const char* group;  // heading in `gwctl --help`
  AddCommand add;
};
constexpr Row commands[] = {
    {"Migrate", add_audit}, {"Migrate", add_convert},  {"Migrate", add_plan},   {"Look", add_trace},
    {"Look", add_routes},   {"Look", add_graph},       {"Check", add_validate}, {"Check", add_verify},
    {"Check", add_test},    {"Check", add_neighbours}, {"Check", add_diff},     {"Check", add_review},
    {"Check", add_fmt},     {"Run", add_serve},        {"Run", add_export},     {"Run", add_shadow},
    {"Other", add_lsp},     {"Other", add_explain},    {"Other", add_version},  {"Other", add_completion},
};

constexpr const char* about =
    "From Kubernetes Ingress to the Gateway API: convert, validate, verify, trace and serve.\n"
    "Reads files, directories or standard input; writes only to standard output unless asked to.";
constexpr const char* footer =
    "Exit codes: 0 clean, 1 findings or differences, 2 usage or I/O.\n"
    "`gwctl COMMAND --help` shows examples.";

std::vector<std::string_view> flag_names(const CLI::App& app) {
  std::vector<std::string_view> names;
  for (const CLI::Option* option : app.get_options())
    for (const std::string& name : option->get_lnames()) names.push_back(name);
  return names;
}

std::string did_you_mean(std::string_view word, const std::vector<std::string_view>& known, std::string_view prefix) {
  std::string_view near = diag::nearest(word, known);
  if (near.empty()) return {};
  return "; did you mean '" + std::string(prefix) + std::string(near) + "'?";
}

// What was left over: an unknown command, an unknown flag, or one argument too many.
std::string explain_extra(const CLI::App& root, const CLI::App& chosen) {
  const std::vector<std::string> left = root.remaining(true);
  if (left.empty()) return "too many arguments";
  const std::string word = left.front().substr(0, left.front().find('='));
  const std::string shown = diag::printable(word);
  if (word.starts_with("-")) {
    std::vector<std::string_view> known = flag_names(chosen);
    for (std::string_view name : flag_names(root)) known.push_back(name);
    const std::string_view bare = std::string_view(word).substr(word.find_first_not_of('-') == 2 ? 2 : 1);
    return "unknown flag '" + shown + "'" + (word.starts_with("--") ? did_you_mean(bare, known, "--") : "");
  }
  if (&chosen != &root) return "unexpected argument '" + shown + "'";
  std::vector<std::string_view> known;
  std::vector<const CLI::App*> subcommands = root.get_subcommands(nullptr);
  for (const CLI::App* command : subcommands) known.push_back(command->get_name());
  return "unknown command '" + shown + "'" + did_you_mean(word, known, "");
}

// The innermost command that was named.
CLI::App& chosen_command(CLI::App& root) {
  CLI::App* at = &root;
  while (!at->get_subcommands().empty()) at = at->get_subcommands().front();
  return *at;
}

int usage_error(const CLI::App& chosen, const std::string& message) {
  const std::string name = chosen.get_parent() == nullptr ? "gwctl" : "gwctl " + chosen.get_name();
  return fail({message, "`" + name + " --help` lists what it takes"});
}

int print_help(CLI::App& chosen, bool with_examples) {
  if (!with_examples) chosen.footer("");
  std::cout << chosen.help(chosen.get_parent() == nullptr ? "" : "gwctl");
  return exit_ok;
}

int finish(int code) {
  std::cout.flush();
  if (std::cout.bad() || std::fflush(stdout) != 0 || std::ferror(stdout) != 0)
    return fail({"cannot write to standard output", "is the disk full?"});
  return code;
}

int parse_and_run(CLI::App& root, Run& chosen_run, int argc, const char* const* argv) {
  try {
    root.parse(argc, argv);
  } catch (const CLI::CallForHelp&) {
    const bool with_examples = std::any_of(argv, argv + argc, [](std::string_view a) { return a == "--help"; });
    return print_help(chosen_command(root), with_examples);
  } catch (const CLI::CallForVersion& version) {
    std::cout << version.what() << '\n';
    return exit_ok;
  } catch (const CLI::ExtrasError&) {
    const CLI::App& chosen = chosen_command(root);
    return usage_error(chosen, explain_extra(root, chosen));
  } catch (const CLI::ParseError& error) {
    return usage_error(chosen_command(root), diag::printable(error.what()));
  }
  if (!chosen_run) {
    std::cerr << root.help();
    return exit_usage;
  }
  return chosen_run();
}

}  // namespace

std::unique_ptr<CLI::App> command_tree(Run& run) {
  auto root = std::make_unique<CLI::App>(about, "gwctl");
  root->set_help_flag("-h,--help", "Short help; --help adds examples");
  root->set_version_flag("--version", "gwctl " + std::string(version()), "Print the version");
  root->footer(footer);
  root->fallthrough();  // global flags may follow the command
  add_global_flags(*root);
  for (const Row& row : commands) {
    row.add(*root, run);
    root->get_subcommands(nullptr).back()->group(row.group);
  }
  root->require_subcommand(0, 1);
  return root;
}

int run(int argc, const char* const* argv) {
  signal(SIGXFSZ, SIG_IGN);  // a file that must not grow is an error like a full disk
  try {
    Run chosen;
    auto root = command_tree(chosen);
    return finish(parse_and_run(*root, chosen, argc, argv));
  } catch (const std::exception& error) {
    return fail({std::string("internal error: ") + error.what(), "this is a bug in gwctl; please report it"});
  }
}

}  // namespace gw::cli
