// The command tree as CLI11 holds it, and as plain data for those that walk it: completions, man pages and their drift
// test.
#pragma once
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/command.h"

namespace gw::cli {

// Every command of the table in run.cpp. The chosen command's work is put into `run`, which must outlive the tree.
std::unique_ptr<CLI::App> command_tree(Run& run);

// --color, for every command.
void add_global_flags(CLI::App& root);

std::string_view version();  // of the build, "1.2.3"

struct FlagDoc {
  std::vector<std::string> names;  // "-o", "--output"; empty: an argument without a flag
  std::string argument;            // "FORMAT"; empty: takes none
  std::string help;
  std::vector<std::string> choices;  // where only some words are taken
  bool path = false;                 // takes the name of a file or directory
};

struct CommandDoc {
  std::string name;      // "gwctl convert"
  std::string summary;   // one line
  std::string group;     // heading in the list of commands
  std::string examples;  // and other notes below the flags
  std::vector<FlagDoc> flags;
  std::vector<CommandDoc> commands;
};

// A command with its flags and subcommands as plain data, in the order in which the help shows them.
CommandDoc describe(const CLI::App& root);
CommandDoc command_docs();  // of the whole tree

// A manual page in man(7) macros; `root` is named in SEE ALSO.
std::string man_page(const CommandDoc& command, const CommandDoc& root);
std::string man_page_name(const CommandDoc& command);  // "gwctl-convert.1"
std::string diagnostics_page();                        // gwctl-diagnostics.7: every code, from the tables of the rooms

// File name and text of every page in man/.
std::map<std::string, std::string> man_pages(const CommandDoc& root);

// Completion scripts.
std::string bash_completion(const CommandDoc& root);
std::string zsh_completion(const CommandDoc& root);
std::string fish_completion(const CommandDoc& root);

}  // namespace gw::cli
