// HTTP messages as a model, independent of the version that carried them. What a connection reads becomes one of these,
// and everything that is sent is written anew from one.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "kube/wire.h"
#include "route/request.h"

namespace gw::runtime {

using route::HeaderView;

// How a body is delimited.
enum class Framing : std::uint8_t { none, length, chunked, until_close };

// Fields are end-to-end ones only: Host, framing and hop-by-hop fields are taken out and live in members.
// Views point into `text` or into something that outlives the message.
struct Message {
  std::string text;
  std::vector<HeaderView> fields;
  Framing framing = Framing::none;
  std::uint64_t length = 0;  // with Framing::length
  bool http10 = false;
  bool keep_alive = true;
  std::string_view upgrade;  // the protocol asked for or agreed to; empty: none

  std::string_view find(std::string_view name) const;  // first value; empty when absent
  bool has(std::string_view name) const;               // names compare without case
  void remove(std::string_view name);                  // every field of this name
};

struct RequestHead : Message {
  std::string_view method, target, authority;
  bool expect_continue = false;
  bool te_trailers = false;
  void clear();  // ready for another message; memory is kept
};

struct ResponseHead : Message {
  int status = 0;
  void clear();  // ready for another message; memory is kept
};

// One grammar for all rooms.
using kube::wire::classify;
using kube::wire::FieldKind;
using kube::wire::is_authority;
using kube::wire::is_field_value;
using kube::wire::is_origin_target;
using kube::wire::is_token;
using kube::wire::same_name;
using kube::wire::trimmed;

std::string_view reason(int status);       // "Not Found"; "Unknown" when there is no name
bool idempotent(std::string_view method);  // RFC 9110, 9.2.2

// Calls f(token) for each element of a comma-separated list.
template <class F>
void each_token(std::string_view list, F&& f) {
  while (!list.empty()) {
    auto comma = list.find(',');
    auto item = trimmed(list.substr(0, comma));
    if (!item.empty()) f(item);
    if (comma == list.npos) break;
    list.remove_prefix(comma + 1);
  }
}

// The date of now as an HTTP date; `second` is what time() says.
std::string http_date(std::int64_t second);

}  // namespace gw::runtime
