// What is asked of an authorization service (filters of type ExternalAuth) and what its answer means, as messages: over
// HTTP, and over Envoy's ext_authz protocol (envoy.service.auth.v3.Authorization/Check).
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "route/table.h"
#include "runtime/http.h"

namespace gw::runtime {

struct ClientInfo;

struct Verdict {
  bool allowed = false;
  int status = 403;               // of the answer to the client, where it is not allowed
  std::string_view problem;       // no verdict came: why, and `status` is gwctl's own
  route::HeaderChanges request;   // allowed: of the request on its way to the backend
  route::HeaderChanges response;  // of the answer to the client
  std::string body;               // not allowed: of the answer to the client
};

// The question about a request, written into `question` (framed by length), and its body. `body` holds what is sent
// along of the request's own.
std::string question_of(const route::ExternalAuth& service, const RequestHead& asked, const ClientInfo& client,
                        std::string_view body, RequestHead& question);

// A complete answer as a verdict. What is not well-formed is no consent.
Verdict verdict_of(const route::ExternalAuth& service, const ResponseHead& head, std::string body,
                   const std::vector<HeaderView>& trailers);

// ---- the messages of ext_authz (runtime/ext_authz.cpp)

// A CheckRequest without frame.
std::string check_request(const route::ExternalAuth& service, const RequestHead& asked, const ClientInfo& client,
                          std::string_view body);
// Of a CheckResponse without frame.
Verdict check_response(std::string_view message);

bool listed(const std::vector<std::string>& names, std::string_view name);  // names are in lower case
std::string_view origin_form(std::string_view target);                      // "http://a/b" -> "/b"

}  // namespace gw::runtime
