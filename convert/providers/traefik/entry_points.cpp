#include "convert/providers/traefik/entry_points.h"

#include <algorithm>
#include <utility>

#include "convert/providers/nginx/check.h"
#include "convert/providers/own.h"
#include "convert/providers/values.h"

namespace gw::convert::traefik {
namespace {

bool speaks_of_traefik(const kube::OtherObject& workload) {
  return workload.kind == "Deployment" || workload.kind == "DaemonSet";
}

// The text between two signs of a line such as `address: ":8443/tcp"`.
std::string_view unquoted(std::string_view value) {
  value = nginx::trim(value);
  if (value.size() > 1 && (value.front() == '"' || value.front() == '\'')) value = value.substr(1, value.size() - 2);
  return value;
}

}  // namespace

EntryPoints::EntryPoints(const Input& input) {
  for (const std::string& flag : input.options.controller_flags) read_argument(flag);
  given_ = std::exchange(configured_, {});
  for (const auto& [name, port] : input.options.entry_points) given_[nginx::lower(name)] = port;
  for (const kube::OtherObject& object : input.bundle.others)
    if (object.node && speaks_of_traefik(object)) read_arguments(object);
  for (const kube::ConfigMap& map : input.bundle.config_maps)
    for (const auto& [file, text] : map.data)
      if (file.starts_with("traefik.")) read_file(text);
}

std::optional<kube::Port> EntryPoints::port(std::string_view name) const {
  const std::string lower = nginx::lower(name);
  if (const auto at = given_.find(lower); at != given_.end()) return at->second;
  if (lower == "web" || lower == "http") return 80;
  if (lower == "websecure" || lower == "https") return 443;
  if (const auto at = configured_.find(lower); at != configured_.end()) return at->second;
  return std::nullopt;
}

// --entryPoints.NAME.address=:8443/tcp
void EntryPoints::read_argument(std::string_view argument) {
  const std::string text = nginx::lower(argument.substr(std::min(argument.find_first_not_of('-'), argument.size())));
  constexpr std::string_view start = "entrypoints.", middle = ".address=";
  const std::size_t end = text.find(middle);
  if (text.starts_with(start) && end != std::string::npos)
    configure(std::string_view(text).substr(start.size(), end - start.size()),
              std::string_view(text).substr(end + middle.size()));
}

void EntryPoints::read_arguments(const kube::OtherObject& workload) {
  const yaml::Node* spec = workload.node->find("spec");
  for (const std::string_view key : {"template", "spec", "containers"})
    spec = spec && spec->is_map() ? spec->find(key) : nullptr;
  if (!spec || !spec->is_seq()) return;
  for (const yaml::Node& container : spec->items()) {
    const yaml::Node* arguments = container.is_map() ? container.find("args") : nullptr;
    if (!arguments || !arguments->is_seq()) continue;
    for (const yaml::Node& argument : arguments->items()) read_argument(text_of(&argument));
  }
}

// The part `entryPoints:` of a file in YAML or TOML: a name, and below it its address.
void EntryPoints::read_file(std::string_view text) {
  bool inside = false;
  std::string name;
  for (const std::string& line : nginx::split(text, '\n')) {
    const std::string lower = nginx::lower(line);
    if (lower.starts_with("[")) {
      constexpr std::string_view table = "[entrypoints.";
      inside = lower.starts_with(table) && lower.ends_with("]");
      name = inside ? lower.substr(table.size(), lower.size() - table.size() - 1) : std::string();
    } else if (lower == "entrypoints:") {
      inside = true;
    } else if (inside && lower.starts_with("address")) {
      configure(name, unquoted(std::string_view(lower).substr(std::min(lower.size(), lower.find_first_of(":=") + 1))));
    } else if (inside && lower.ends_with(':')) {
      name = lower.substr(0, lower.size() - 1);
    }
  }
}

void EntryPoints::configure(std::string_view name, std::string_view address) {
  address = address.substr(0, address.find('/'));
  const std::size_t colon = address.rfind(':');
  const auto port = small_int(colon == std::string_view::npos ? address : address.substr(colon + 1));
  if (!name.empty() && port && *port > 0 && *port < 65'536) configured_[std::string(name)] = *port;
}

}  // namespace gw::convert::traefik
