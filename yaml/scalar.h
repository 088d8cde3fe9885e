// What an unquoted word means: YAML 1.1 as Go's yaml.v2 resolves it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "yaml/node.h"

namespace gw::yaml {

struct Scalar {
  Kind kind = Kind::string;
  bool boolean = false;
  std::int64_t integer = 0;
  std::uint64_t unsigned_integer = 0;
  double floating = 0;
};

// Type of plain text without a tag. Kind::string stands for the text itself.
Scalar resolve(std::string_view text);
// Text that Go would take for a date or a time of day with date (it stays a string).
bool is_timestamp(std::string_view text);
// The bytes of standard base64 (line ends are skipped); nothing when it is malformed.
std::optional<std::string> decode_base64(std::string_view text);
// The integer that Kubernetes reads from Go's JSON form of a float: 80.0 is 80, 1e3 is 1000.
std::optional<std::int64_t> as_integer(double value);

}  // namespace gw::yaml
