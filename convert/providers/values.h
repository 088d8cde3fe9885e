// Values of annotations and fields that several controllers write alike.
#pragma once
#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "convert/ir.h"

namespace gw::convert {

// "10s", "1h30m", "500ms"; a bare number counts in `unit`. Nothing for what is no time.
std::optional<std::chrono::milliseconds> duration(std::string_view text,
                                                  std::chrono::milliseconds unit = std::chrono::seconds(1));
std::string gep_duration(std::chrono::milliseconds time);  // GEP-2257: "1h30m", "500ms"
int whole_seconds(std::chrono::milliseconds time);         // rounded up, at least 1

// "Name: value" lines, or with another sign between the two; nothing when a line has none.
std::optional<std::vector<HeaderEdit>> header_lines(std::string_view text, char between, HeaderEdit::Op op);

// "true", "1", "T", … as Go reads booleans; nothing for other words.
std::optional<bool> go_bool(std::string_view text);

// Addresses and networks of a comma or space separated list; `bad` gets what is neither.
std::vector<std::string> networks(std::string_view text, std::vector<std::string>& bad);

// Up to nine digits, spaces around them cut; nullopt for anything else.
std::optional<int> small_int(std::string_view text);

// "name" of the namespace `ns`, or "namespace/name": {namespace, name}.
std::pair<std::string_view, std::string_view> qualified(std::string_view name, std::string_view ns);

// A Service and its port by number or by name.
kube::IngressServiceBackend service_port(std::string_view name, std::string_view port);

// RE2 of "*" for any characters and "?" for one.
std::string glob_regex(std::string_view text);

}  // namespace gw::convert
