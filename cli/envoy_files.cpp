#include "cli/envoy_files.h"

#include <algorithm>
#include <charconv>

#include "cli/files.h"
#include "cli/gateways.h"
#include "diag/render.h"
#include "route/assume.h"

namespace gw::cli {
namespace fs = std::filesystem;
namespace {

bool parse_port(std::string_view text, int& port) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc() && end == text.data() + text.size() && port > 0 && port < 65536;
}

}  // namespace

Result<std::map<int, int>> parse_port_map(const std::vector<std::string>& items, std::map<int, int> ports) {
  for (const std::string& item : items) {
    const auto equals = item.find('=');
    int from = 0, to = 0;
    if (equals == std::string::npos || !parse_port(std::string_view(item).substr(0, equals), from) ||
        !parse_port(std::string_view(item).substr(equals + 1), to))
      return Error{"--port-map '" + diag::printable(item) + "' is not FROM=TO", "write for example 80=8080,443=8443"};
    ports[from] = to;
  }
  return ports;
}

Status check_address(const std::string& text) {
  const auto colon = text.rfind(':');
  int port = 0;
  if (colon == std::string::npos || colon == 0 || !parse_port(std::string_view(text).substr(colon + 1), port))
    return Error{"'" + diag::printable(text) + "' is not ADDRESS:PORT", "write for example 127.0.0.1:9901"};
  return Unit{};
}

Result<envoy::Export> export_envoy(Loaded& loaded, const envoy::Options& options) {
  Routing routing;
  if (make_routing(loaded, routing) != exit_ok) return Error{"the Ingresses could not be converted", ""};
  if (loaded.bundle.gateways.empty())
    return Error{"the input has no Gateway", "`gwctl convert` makes one from Ingresses"};
  const auto table =
      route::compile(*routing.index, routing.attachments, {.listener_isolation = true, .assume_endpoints = true});
  return envoy::make(routing.attachments, *table, options);
}

Status write_envoy_files(const envoy::Export& exported, const fs::path& directory) {
  for (const envoy::File& file : exported.files)
    if (const Status status = write_below(directory.string(), file.name + ".json", file.json + "\n"); !status)
      return status;
  std::error_code error;
  for (const auto& entry : fs::directory_iterator(directory, error)) {
    const std::string name = entry.path().filename().string();
    const auto same = [&](const envoy::File& file) { return file.name + ".json" == name; };
    if (name.starts_with("rds-") && std::none_of(exported.files.begin(), exported.files.end(), same))
      fs::remove(entry.path(), error);
  }
  return Unit{};
}

}  // namespace gw::cli
