// The string formats and name syntaxes that Kubernetes checks, as yes/no or as the reason why not.
#pragma once
#include <string>
#include <string_view>

namespace gw::validate {

// Formats of OpenAPI schemas that the API server knows ("ipv4", "date-time", ...); an unknown one is never checked.
bool known_format(std::string_view format);
bool check_format(std::string_view format, std::string_view text);  // true for an unknown format

// Each gives the reason why the text is none, or an empty string.
std::string check_dns_label(std::string_view text);       // RFC 1123, 63
std::string check_dns_subdomain(std::string_view text);   // RFC 1123, 253
std::string check_dns1035_label(std::string_view text);   // begins with a letter, 63
std::string check_qualified_name(std::string_view text);  // [prefix/]name, as label keys
std::string check_label_value(std::string_view text);

// The names of CEL's format library.
bool named_format_exists(std::string_view name);
// Why the text is not of this format; empty when it is.
std::string check_named_format(std::string_view name, std::string_view text);

}  // namespace gw::validate
