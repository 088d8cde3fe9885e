// What `export envoy` and `serve --engine envoy` share: from loaded manifests to files for Envoy.
#pragma once
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "cli/command.h"
#include "export/envoy.h"

namespace gw::cli {

// "80=8080" items.
Result<std::map<int, int>> parse_port_map(const std::vector<std::string>& items, std::map<int, int> ports = {});
// "ADDRESS:PORT".
Status check_address(const std::string& text);

// Ingresses are converted first where there is no Gateway. Findings go to loaded.sink.
Result<envoy::Export> export_envoy(Loaded& loaded, const envoy::Options& options);

// Each file is replaced at once (written beside, then renamed), so that a watching Envoy never reads half of one;
// listeners come last, after what they refer to. Routes of listeners that are gone are removed.
Status write_envoy_files(const envoy::Export& exported, const std::filesystem::path& directory);

}  // namespace gw::cli
