// Session persistence: a cookie or header that names the backend and endpoint which answered first.
#pragma once
#include <forward_list>
#include <optional>
#include <string>

#include "route/table.h"
#include "runtime/http.h"

namespace gw::runtime {

struct Endpoint;

struct Sticky {
  const route::Backend* backend = nullptr;
  std::optional<std::string> endpoint;  // ip:port
};

// What the request's session asks for; empty when there is none or it is gone.
Sticky find_session(const route::Session& session, const RequestHead& request, const route::Action& action);
// The response field that starts a session. `kept` owns its text.
HeaderView session_field(const route::Session& session, const Endpoint& endpoint, std::forward_list<std::string>& kept);

}  // namespace gw::runtime
