// The command tree: every command has a summary, an example and help for each flag, and man/ says what the tree says.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

#include "cli/tree.h"

namespace fs = std::filesystem;
using gw::cli::CommandDoc;

namespace {

template <class F>
void each(const CommandDoc& command, F&& f) {
  f(command);
  for (const CommandDoc& sub : command.commands) each(sub, f);
}

}  // namespace

TEST_CASE("every command and flag says what it does") {
  each(gw::cli::command_docs(), [](const CommandDoc& command) {
    CHECK_MESSAGE(!command.summary.empty(), command.name << " has no summary");
    const bool leaf = command.commands.empty();
    CHECK_MESSAGE((!leaf || command.examples.find("Examples:\n") != std::string::npos),
                  command.name << " has no examples");
    for (const gw::cli::FlagDoc& flag : command.flags) {
      const std::string name = flag.names.empty() ? flag.argument : flag.names.back();
      CHECK_MESSAGE(!flag.help.empty(), command.name << " " << name << " has no help");
      CHECK_MESSAGE(flag.argument != "VALUE", command.name << " " << name << " does not name its argument");
    }
  });
}

TEST_CASE("man/ has not drifted from the command tree and the tables: `./dev man` writes it again") {
  const std::map<std::string, std::string> expected = gw::cli::man_pages(gw::cli::command_docs());
  for (const auto& [name, page] : expected) {
    std::ifstream file("man/" + name, std::ios::binary);
    const std::string there{std::istreambuf_iterator<char>(file), {}};
    CHECK_MESSAGE((there == page), "man/" << name << " is out of date: run ./dev man");
  }
  for (const auto& entry : fs::directory_iterator("man")) {
    const std::string name = entry.path().filename().string();
    if (name == "gwctl-annotations.7") continue;  // made by convert_annotations_page_test
    CHECK_MESSAGE(expected.contains(name), name << " is made from nothing");
  }
}

TEST_CASE("docs/command-line.md lists the output formats that each command takes") {
  std::map<std::string, std::string> formats;  // by command, as the help lists them
  each(gw::cli::command_docs(), [&](const CommandDoc& command) {
    for (const gw::cli::FlagDoc& flag : command.flags)
      if (flag.help.starts_with("Output format: "))
        formats[command.name.substr(command.name.rfind(' ') + 1)] = flag.help.substr(15, flag.help.find(';') - 15);
  });
  std::ifstream page("docs/command-line.md");
  std::size_t rows = 0;
  for (std::string line; std::getline(page, line);) {
    if (!line.starts_with("| `")) continue;
    const std::size_t name_end = line.find('`', 3), cell = line.find("| ", name_end) + 2;
    const std::string command = line.substr(3, name_end - 3);
    std::string listed = line.substr(cell, line.find(" |", cell) - cell);
    std::erase(listed, '`');
    CHECK_MESSAGE(formats[command] == listed, command << " takes " << formats[command]);
    ++rows;
  }
  CHECK(rows == 12);
}
