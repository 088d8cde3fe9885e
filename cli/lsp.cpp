// `gwctl lsp`: the language server, spoken to by an editor on standard input and output.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <iostream>

#include "cli/command.h"
#include "cli/tree.h"
#include "lsp/server.h"

namespace gw::cli {

void add_lsp(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("lsp", "Serve an editor: findings, hover, completion and repairs while typing");
  command->footer(
      "Examples:\n"
      "  gwctl lsp                                  # started by an editor\n\n"
      "An editor starts it and speaks LSP 3.17 on standard input and output; docs/editors.md shows how.\n"
      "Settings are those of .gwctl.yaml, or the same keys in initializationOptions.");
  command->add_flag(
      "--stdio", [](std::int64_t) {}, "Ignored: it is the only way to speak");
  command->callback([&run] {
    run = [] {
      if (::isatty(STDIN_FILENO))
        std::cerr << "gwctl: this is for editors: it reads messages of the Language Server Protocol\n";
      return lsp::Server(STDIN_FILENO, STDOUT_FILENO, std::string(version())).run();
    };
  });
}

}  // namespace gw::cli
