// gwctl's own configuration: ".gwctl.yaml", found from the working directory upward. Flags win over it.
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diag/result.h"

namespace gw::yaml {

struct Config {
  std::string path;       // of the file, for messages
  std::string directory;  // relative paths in the file start here
  std::map<std::string, std::vector<std::string>, std::less<>> values;

  // The value of a key that takes one; nothing when it is not given.
  std::optional<std::string> one(std::string_view key) const;
  // The value of a key that names a file or directory, from `directory` on. The error: it lies outside of the
  // repository (the directory above that has .git, else `directory`), by its name or through a link.
  Result<std::optional<std::string>> path_at(std::string_view key) const;
  // The values of a key that takes a list.
  std::vector<std::string> list(std::string_view key) const;
};

// Keys: channel, apiVersion, failOn, format, baseline, crds, profile, from, to, gatewayClass (one value);
// select, ignore, enable, layers, acceptLoss, forbid (a list). Unknown keys are errors, with a "did you mean".
Result<Config> parse_config(const std::string& path, const std::string& text);

// Looks in `directory` and every directory above it up to that of the repository; nothing when there is no such file.
Result<std::optional<Config>> find_config(const std::string& directory);

}  // namespace gw::yaml
