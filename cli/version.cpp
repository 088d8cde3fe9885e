// `gwctl version`: what this program is, for people and for bug reports.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/tree.h"
#include "control/features.h"

namespace gw::cli {
namespace {

constexpr const char* gateway_api = "v1.6";
#if defined(__clang__)
constexpr const char* compiler = "clang " __clang_version__;
#else
constexpr const char* compiler = "gcc " __VERSION__;
#endif

int print_version(bool json) {
  if (!json) {
    std::cout << "gwctl " << version() << " (Gateway API " << gateway_api << ")\n";
    return exit_ok;
  }
  nlohmann::ordered_json out = {{"version", version()}, {"gatewayAPI", gateway_api}, {"compiler", compiler}};
  // Features of the Gateway API conformance suite that `serve` supports, by installed channel.
  out["conformance"] = {{"standard", control::supported_features(false)},
                        {"experimental", control::supported_features(true)}};
  std::cout << out.dump(2) << '\n';
  return exit_ok;
}

}  // namespace

std::string_view version() {
  return GWCTL_VERSION;
}

void add_version(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("version", "Print the version");
  command->footer("Examples:\n  gwctl version\n  gwctl version -o json");
  auto format = std::make_shared<std::string>("text");
  add_format(*command, *format, {"text", "json"});
  command->callback([&run, format] { run = [format] { return print_version(*format == "json"); }; });
}

}  // namespace gw::cli
