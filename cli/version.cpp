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

constexpr const char* gateway_api = "v1.7";
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
  // Features of the Gateway API conformance suite that `serve` supports, by installed channel and release. Members
  // without a release are those of `gatewayAPI`.
  const auto features = [](route::Channel channel, std::uint8_t minor) {
    return control::supported_features({channel, minor});
  };
  using enum route::Channel;
  const std::uint8_t newest = route::Release{}.minor;
  out["conformance"] = {{"standard", features(standard, newest)}, {"experimental", features(experimental, newest)}};
  for (const std::uint8_t minor : {std::uint8_t{6}, std::uint8_t{7}})
    out["releases"]["v1." + std::to_string(minor)] = {
        {"standard", features(standard, minor)},
        {"experimental", features(experimental, minor)},
        {"hostnamePrecedence", route::Release{standard, minor}.own_hostnames() ? "route hostname" : "intersection"}};
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
