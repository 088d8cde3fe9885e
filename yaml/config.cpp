// The text passes gwctl's own reader first, which knows limits; yaml-cpp then gives it as plain values.
#include "yaml/config.h"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "diag/render.h"
#include "diag/suggest.h"
#include "yaml/read.h"

namespace gw::yaml {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view file_name = ".gwctl.yaml";
constexpr std::size_t most_bytes = 1u << 16;
constexpr std::array<std::string_view, 6> lists{"select", "ignore", "enable", "layers", "acceptLoss", "forbid"};
constexpr std::array<std::string_view, 16> keys{
    "channel", "apiVersion",   "failOn", "format", "baseline", "crds",   "profile",    "from",
    "to",      "gatewayClass", "select", "ignore", "enable",   "layers", "acceptLoss", "forbid"};

bool is_list(std::string_view key) {
  return std::ranges::find(lists, key) != lists.end();
}

Error at(const std::string& path, const YAML::Mark& mark, std::string message, std::string help) {
  return {
      path + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1) + ": " + std::move(message),
      std::move(help)};
}

// What gwctl's reader says against the text, if anything.
std::optional<Error> refused(const std::string& path, const std::string& text) {
  diag::Sources sources;
  diag::Sink sink;
  Limits limits;
  limits.file_bytes = most_bytes;
  limits.documents = 1;
  limits.aliases = 0;
  read(sources.add(path, text), sources, limits, sink);
  for (const diag::Diagnostic& d : sink.take()) {
    if (d.severity == diag::Severity::error) return Error{diag::render_concise(d, sources), d.help};
  }
  return std::nullopt;
}

std::optional<Error> add_entry(const std::string& path, const YAML::Node& key, const YAML::Node& value,
                               Config& config) {
  std::string name = key.Scalar();
  if (std::ranges::find(keys, name) == keys.end()) {
    std::string_view near = diag::nearest(name, keys);
    std::string help = near.empty() ? "remove it" : "did you mean '" + std::string(near) + "'?";
    return at(path, key.Mark(), "unknown key '" + diag::printable(name) + "'", help);
  }
  std::vector<std::string>& values = config.values[name];
  if (value.IsScalar()) {
    values.push_back(value.Scalar());
    return std::nullopt;
  }
  if (!value.IsSequence() || !is_list(name)) {
    return at(path, key.Mark(), "'" + name + "' takes " + (is_list(name) ? "a list" : "one value"),
              "see `gwctl --help`");
  }
  for (const YAML::Node& item : value) {
    if (!item.IsScalar()) return at(path, item.Mark(), "an item of '" + name + "' is not a text", "write a text");
    values.push_back(item.Scalar());
  }
  return std::nullopt;
}

// The nearest directory, from `directory` up, that is a repository's; `directory` itself without one.
fs::path repository_of(const fs::path& directory) {
  std::error_code error;
  const fs::path from = fs::absolute(directory, error).lexically_normal();
  for (fs::path at = from;; at = at.parent_path()) {
    if (fs::exists(at / ".git", error)) return at;
    if (at == at.parent_path()) return from;
  }
}

// With links followed, as far as the path is there.
bool within(const fs::path& path, const fs::path& root) {
  std::error_code error;
  const fs::path real = fs::weakly_canonical(path, error), top = fs::weakly_canonical(root, error);
  if (error || real.empty() || top.empty()) return false;
  const fs::path below = real.lexically_relative(top);
  return !below.empty() && *below.begin() != "..";
}

}  // namespace

std::optional<std::string> Config::one(std::string_view key) const {
  auto found = values.find(key);
  if (found == values.end() || found->second.empty()) return std::nullopt;
  return found->second.front();
}

Result<std::optional<std::string>> Config::path_at(std::string_view key) const {
  const auto value = one(key);
  if (!value) return std::optional<std::string>();
  const fs::path named = fs::path(directory) / *value;
  if (!within(named, repository_of(directory)))
    return Error{path + ": '" + std::string(key) + "' names '" + diag::printable(*value) +
                     "', which lies outside of the repository",
                 "a configuration reaches only files beside and below it; give the path as a flag"};
  return std::optional(named.string());
}

std::vector<std::string> Config::list(std::string_view key) const {
  auto found = values.find(key);
  return found == values.end() ? std::vector<std::string>() : found->second;
}

Result<Config> parse_config(const std::string& path, const std::string& text) {
  Config config;
  config.path = path;
  config.directory = fs::path(path).parent_path().string();
  if (auto error = refused(path, text)) return *error;
  try {
    YAML::Node root = YAML::Load(text);
    if (root.IsNull()) return config;
    if (!root.IsMap()) return at(path, root.Mark(), "the configuration is not a mapping", "write 'key: value' lines");
    for (const auto& entry : root) {
      if (auto error = add_entry(path, entry.first, entry.second, config)) return *error;
    }
  } catch (const YAML::Exception& error) {
    return at(path, error.mark, error.msg, "");
  }
  return config;
}

Result<std::optional<Config>> find_config(const std::string& directory) {
  std::error_code error;
  fs::path from = fs::absolute(directory, error);
  if (error) return Error{"cannot tell the working directory: " + error.message(), ""};
  for (fs::path at = from.lexically_normal();; at = at.parent_path()) {
    fs::path path = at / file_name;
    if (fs::is_regular_file(path, error)) {
      if (!within(path, repository_of(at)))
        return Error{path.string() + " is a link out of the repository", "write it as a file"};
      if (fs::file_size(path, error) > most_bytes) return Error{path.string() + " is too large", "the limit is 64 KiB"};
      std::ifstream file(path, std::ios::binary);
      std::ostringstream text;
      text << file.rdbuf();
      if (!file) return Error{"cannot read " + path.string(), "is it readable?"};
      auto config = parse_config(path.string(), text.str());
      if (!config) return config.error();
      return std::optional<Config>(std::move(*config));
    }
    if (at == at.parent_path() || fs::exists(at / ".git", error)) return std::optional<Config>();
  }
}

}  // namespace gw::yaml
