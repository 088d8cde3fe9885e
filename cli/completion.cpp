// `gwctl completion`: scripts for bash, zsh and fish, and the manual pages, all from the command tree.
#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/command.h"
#include "cli/files.h"
#include "cli/tree.h"

namespace gw::cli {
namespace {

// Every command with its words after "gwctl" as the key: "" is gwctl itself, "export envoy" a nested one.
template <class F>
void each_command(const CommandDoc& command, F&& f) {
  f(command);
  for (const CommandDoc& sub : command.commands) each_command(sub, f);
}

std::string key_of(const CommandDoc& command) {
  const std::size_t space = command.name.find(' ');
  return space == command.name.npos ? "" : command.name.substr(space + 1);
}

std::string joined(const std::vector<std::string>& words, const char* between = " ") {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : between) + word;
  return out;
}

std::string last_word(const std::string& name) {
  return name.substr(name.rfind(' ') + 1);
}
std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

std::string single_quoted(std::string_view text) {
  std::string out = "'";
  for (char c : text) c == '\'' ? out += "'\\''" : out += c;
  return out + "'";
}

// Positional words with a closed set of values: `gwctl completion <bash|zsh|fish>`.
std::vector<std::string> positional_words(const CommandDoc& command) {
  for (const FlagDoc& flag : command.flags)
    if (flag.names.empty() && !flag.choices.empty()) return flag.choices;
  return {};
}

std::vector<std::string> words_of(const CommandDoc& command, const CommandDoc& root) {
  std::vector<std::string> words;
  for (const CommandDoc& sub : command.commands) words.push_back(last_word(sub.name));
  for (const std::string& word : positional_words(command)) words.push_back(word);
  for (const FlagDoc& flag : command.flags)
    for (const std::string& name : flag.names) words.push_back(name);
  if (&command != &root)
    for (const FlagDoc& flag : root.flags)
      if (!flag.argument.empty()) words.insert(words.end(), flag.names.begin(), flag.names.end());
  return words;
}

}  // namespace

std::string bash_completion(const CommandDoc& root) {
  std::string values, words, commands;
  each_command(root, [&](const CommandDoc& command) {
    const std::string key = key_of(command);
    for (const FlagDoc& flag : command.flags) {
      if (flag.names.empty() || flag.argument.empty()) continue;
      std::vector<std::string> patterns;
      for (const std::string& name : flag.names)
        patterns.push_back((&command == &root ? "*" : single_quoted(key)) + ":" + name);
      const std::string answer = !flag.choices.empty()
                                     ? "COMPREPLY=($(compgen -W '" + joined(flag.choices) + "' -- \"$cur\"))"
                                 : flag.path ? "compopt -o default; COMPREPLY=()"
                                             : "COMPREPLY=()";
      values += "    " + joined(patterns, "|") + ") " + answer + "; return ;;\n";
    }
    words += "    " + single_quoted(key) + ") words='" + joined(words_of(command, root)) + "' ;;\n";
    if (&command != &root) commands += (commands.empty() ? "" : "|") + single_quoted(key);
  });
  return "# bash completion for gwctl: source this file, or put it into bash-completion's directory as `gwctl`.\n"
         "_gwctl() {\n"
         "  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} command= words= i\n"
         "  if [[ $cur == = ]]; then cur=; elif [[ $prev == = ]]; then prev=${COMP_WORDS[COMP_CWORD-2]}; fi\n"
         "  for ((i = 1; i < COMP_CWORD; i++)); do\n"
         "    case \"$command${command:+ }${COMP_WORDS[i]}\" in\n"
         "    " +
         commands +
         ") command+=\"${command:+ }${COMP_WORDS[i]}\" ;;\n"
         "    esac\n"
         "  done\n"
         "  case \"$command:$prev\" in\n" +
         values +
         "  esac\n"
         "  case \"$command\" in\n" +
         words +
         "  esac\n"
         "  COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
         "  if [[ -n $command && $cur != -* ]]; then compopt -o default; fi\n"
         "}\n"
         "complete -F _gwctl gwctl\n";
}

std::string zsh_completion(const CommandDoc& root) {
  const auto bracketed = [](std::string text) {
    for (std::size_t i = 0; i < text.size(); ++i)
      if (text[i] == '[' || text[i] == ']' || text[i] == ':') text.insert(i++, "\\");
    return text;
  };
  const auto arguments = [&](const CommandDoc& command) {
    std::string out;
    for (const FlagDoc& flag : command.flags) {
      const std::string action = !flag.choices.empty() ? "(" + joined(flag.choices) + ")" : flag.path ? "_files" : "";
      if (flag.names.empty()) {
        out += " \\\n        " + single_quoted("*:" + bracketed(flag.argument) + ":" + action);
        continue;
      }
      for (const std::string& name : flag.names) {
        const std::string takes = flag.argument.empty() ? "" : ":" + bracketed(flag.argument) + ":" + action;
        out += " \\\n        " + single_quoted("*" + name + "[" + bracketed(flag.help) + "]" + takes);
      }
    }
    return out;
  };
  std::string list, cases;
  for (const CommandDoc& command : root.commands) {
    list += "    " + single_quoted(last_word(command.name) + ":" + bracketed(first_line(command.summary))) + "\n";
    cases += "      " + last_word(command.name) + ")\n        _arguments -s" + arguments(command) + " ;;\n";
  }
  return "#compdef gwctl\n"
         "# zsh completion for gwctl: put this file into a directory of $fpath as `_gwctl`.\n"
         "_gwctl() {\n"
         "  local line state\n"
         "  local -a commands=(\n" +
         list +
         "  )\n"
         "  _arguments -C" +
         arguments(CommandDoc{root.name, "", "", "", root.flags, {}}) +
         " \\\n        '1: :->command' '*::argument:->argument'\n"
         "  case $state in\n"
         "    command) _describe command commands ;;\n"
         "    argument) case $line[1] in\n" +
         cases +
         "    esac ;;\n"
         "  esac\n"
         "}\n"
         "if [ \"$funcstack[1]\" = _gwctl ]; then _gwctl \"$@\"; else compdef _gwctl gwctl; fi\n";
}

std::string fish_completion(const CommandDoc& root) {
  std::string out =
      "# fish completion for gwctl: put this file into ~/.config/fish/completions as `gwctl.fish`.\n"
      "complete -c gwctl -f\n";
  for (const CommandDoc& command : root.commands)
    out += "complete -c gwctl -n __fish_use_subcommand -a " + last_word(command.name) + " -d " +
           single_quoted(first_line(command.summary)) + "\n";
  const auto write_flags = [&](const CommandDoc& command, const std::string& condition) {
    for (const FlagDoc& flag : command.flags) {
      std::string names;
      for (const std::string& name : flag.names)
        names += name.starts_with("--") ? " -l " + name.substr(2) : " -s " + name.substr(1);
      std::string takes;
      if (!flag.choices.empty())
        takes = (flag.names.empty() ? " -a " : " -xa ") + single_quoted(joined(flag.choices));
      else if (flag.path)
        takes = flag.names.empty() ? " -F" : " -rF";
      else if (!flag.argument.empty())
        takes = " -x";
      if (flag.names.empty() && takes == " -x") continue;
      out += "complete -c gwctl" + condition + names + takes + " -d " + single_quoted(flag.help) + "\n";
    }
  };
  write_flags(root, "");
  for (const CommandDoc& command : root.commands) {
    const std::string word = last_word(command.name);
    write_flags(command, " -n '__fish_seen_subcommand_from " + word + "'");
    for (const CommandDoc& sub : command.commands)
      out += "complete -c gwctl -n '__fish_seen_subcommand_from " + word + "' -a " + last_word(sub.name) + "\n";
  }
  return out;
}

namespace {

int write_man_pages(const CommandDoc& root, const std::string& directory) {
  for (const auto& [name, page] : man_pages(root))
    if (const Status written = write_below(directory, name, page); !written) return fail(written.error());
  return exit_ok;
}

int print(const std::string& what, const std::string& directory) {
  const CommandDoc root = command_docs();
  if (what == "man") return write_man_pages(root, directory);
  std::cout << (what == "bash" ? bash_completion(root) : what == "zsh" ? zsh_completion(root) : fish_completion(root));
  return exit_ok;
}

}  // namespace

void add_completion(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("completion", "Print a completion script for a shell, or write the manual pages");
  command->footer(
      "Examples:\n"
      "  source <(gwctl completion bash)\n"
      "  gwctl completion zsh > \"${fpath[1]}/_gwctl\"\n"
      "  gwctl completion fish > ~/.config/fish/completions/gwctl.fish\n"
      "  gwctl completion man --directory ~/.local/share/man/man1");
  auto what = std::make_shared<std::string>();
  auto directory = std::make_shared<std::string>("man");
  command->add_option("shell", *what, "Which shell, or man")
      ->required()
      ->option_text("SHELL")
      ->check(CLI::IsMember({"bash", "zsh", "fish", "man"}));
  command->add_option("--directory", *directory, "Where manual pages go")->option_text("DIR");
  command->callback([&run, what, directory] { run = [what, directory] { return print(*what, *directory); }; });
}

}  // namespace gw::cli
