// Small text readers that every controller's model shares: lists, Go's booleans and integers, addresses, headers.
#pragma once
#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diag/ascii.h"
#include "kube/meta.h"
#include "route/network.h"
#include "route/request.h"

namespace gw::verify {

using diag::lower;
bool equal_fold(std::string_view a, std::string_view b);                // ASCII letters compare without case
std::string_view trim(std::string_view text);                           // without blanks, tabs and line ends around it
std::vector<std::string> split(std::string_view text, char separator);  // keeps empty items
std::vector<std::string> split_trimmed(std::string_view text, char separator);  // drops empty items
bool only(std::string_view text, std::string_view more_than_alnum);             // [A-Za-z0-9<more>]*

std::optional<bool> parse_bool(std::string_view text);         // strconv.ParseBool
std::optional<std::int64_t> parse_int(std::string_view text);  // strconv.Atoi
// Parse_bool of the value, else `fallback`.
bool truthy(const kube::StringMap& map, std::string_view key, bool fallback);

// A network in CIDR notation or a single address, IPv4 or IPv6.
using route::Network;
using route::parse_network;

// All values of a header, in order; names compare without case.
std::vector<std::string> header_values(const route::Request& request, std::string_view name);
bool has_header(const route::Request& request, std::string_view name);  // names compare without case

// Percent-decoding of one "%XX" at text[at]; nullopt when it is malformed.
std::optional<char> decode_escape(std::string_view text, std::size_t at);
void append_escape(std::string& out, char byte);  // "%2F"

// The value of a flag of the controller's command line: "--name=value", "-name=value", "name=value", "--name" (true).
std::optional<std::string> flag(const std::vector<std::string>& flags, std::string_view name);

}  // namespace gw::verify
