// The grammar of what goes onto the wire (RFC 9110, 9112, 9113), one function each: the parser of serve, the routing
// table, validate and convert all ask here.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "kube/gateway.h"

namespace gw::kube::wire {

bool is_token(std::string_view text);                    // RFC 9110, 5.6.2
bool is_field_value(std::string_view text);              // RFC 9110, 5.5: no control byte but HTAB
bool is_authority(std::string_view text);                // host with an optional port
bool is_host(std::string_view text);                     // a name or IPv4 address without port
bool is_origin_target(std::string_view text);            // a path with or without a query; RFC 9112, 3.2.1
std::string_view trimmed(std::string_view text);         // without SP and HTAB at both ends
bool same_name(std::string_view a, std::string_view b);  // ASCII, any letter case

// Fields that concern one connection only, or that a gateway writes itself.
enum class FieldKind : std::uint8_t {
  plain,
  hop,  // dropped
  host,
  connection,
  content_length,
  transfer_encoding,
  upgrade,
  expect,
  te,
};
// What a header's name says about framing and hop-by-hop use; letter case does not count.
FieldKind classify(std::string_view name);
// Whether a route may not set the field: it would change where a message ends or what becomes of its connection.
bool frames(std::string_view name);

// 301, 302, 303, 307 or 308.
constexpr bool redirect_status(int status) {
  return status == 301 || status == 302 || status == 303 || status == 307 || status == 308;
}

// Why a header must not be set or added; empty when it may. Host may be set in a request, which replaces it.
enum class Change : std::uint8_t { set_request, add_request, response };
// Why a header must not be written so (a name that is no token, one that frames messages, a line break in the value);
// empty when it may.
std::string header_fault(std::string_view name, std::string_view value, Change change);

// The first field of a filter whose bytes must not be sent, or none: `at` is its place below the filter, in words
// ("requestHeaderModifier.set[0].value"), `message` says what is wrong with it.
struct Fault {
  std::string at, message;
};
// The first header, host or path of a filter that must not be written, with its field below the filter.
std::optional<Fault> fault(const RouteFilter& filter);
std::optional<Fault> fault(const HeaderModifier& modifier, bool request);
std::optional<Fault> fault(const std::vector<RouteFilter>& filters);  // `at` begins "filters[0]."
std::optional<Fault> fault(const SessionPersistence& session);

}  // namespace gw::kube::wire
