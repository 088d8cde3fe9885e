// The gateway that the HTTP fuzz targets talk to: a rule for each thing that an exchange can be asked to do.
#pragma once
#include "tests/wire.h"

namespace gw::test {

inline std::shared_ptr<const runtime::Config> fuzz_config() {
  return wire_config(wire_world(wire_route(R"(
  - matches: [{path: {type: PathPrefix, value: /m}}]
    filters:
    - {type: RequestHeaderModifier, requestHeaderModifier: {set: [{name: X-A, value: b}], remove: [X-B]}}
    - {type: ResponseHeaderModifier, responseHeaderModifier: {add: [{name: X-A, value: b}], remove: [Server]}}
    - {type: URLRewrite, urlRewrite: {hostname: in.example, path: {type: ReplacePrefixMatch, replacePrefixMatch: /n}}}
    - {type: RequestMirror, requestMirror: {backendRef: {name: other, port: 80}}}
    backendRefs: [{name: one, port: 80}]
  - matches: [{path: {type: PathPrefix, value: /r}}]
    filters: [{type: RequestRedirect, requestRedirect: {scheme: https, path: {type: ReplacePrefixMatch, replacePrefixMatch: /s}}}]
  - matches: [{path: {type: PathPrefix, value: /t}}]
    timeouts: {request: 10s, backendRequest: 2s}
    retry: {codes: [503], attempts: 2, backoff: 100ms}
    backendRefs: [{name: two, port: 80}]
  - matches: [{path: {type: PathPrefix, value: /c}}]
    filters: [{type: CORS, cors: {allowOrigins: ["https://o.example"], allowMethods: ["*"], allowCredentials: true}}]
    sessionPersistence: {sessionName: s, type: Cookie}
    backendRefs: [{name: two, port: 80}]
  - matches: [{path: {type: PathPrefix, value: /h}}]
    backendRefs: [{name: one, port: 81}]
  - backendRefs: [{name: one, port: 80}]
)")));
}

// Of a connection that gwctl made to a backend that speaks HTTP/2.
inline bool speaks_http2(std::string_view bytes) {
  return bytes.starts_with("PRI * HTTP/2.0\r\n");
}

}  // namespace gw::test
