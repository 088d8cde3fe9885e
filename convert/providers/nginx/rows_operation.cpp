// Snippets, firewalls, ciphers, logs and traces.
#include "convert/providers/nginx/rows.h"
#include "convert/providers/nginx/snippet.h"

namespace gw::convert::nginx {
namespace {

constexpr std::string_view needs_waf = "Gateway API has no firewall; put one behind the gateway or use its own";

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& w : words) out += (out.empty() ? "" : ", ") + w;
  return out;
}

// Comes here only where the administrator allows snippets; else the Ingress is dropped before.
void configuration_snippet(Reading& r, const Value& v) {
  SnippetParts parts = read_snippet(v.text);
  for (HeaderEdit& e : parts.request_headers) r.config.request_headers.push_back(std::move(e));
  for (HeaderEdit& e : parts.response_headers) r.config.response_headers.push_back(std::move(e));
  if (parts.redirect) r.config.snippet_redirect = *parts.redirect;
  if (parts.refused.empty())
    return r.ledger.settle(v.claim, Outcome::converted, "its directives are filters of the route");
  r.snippet_refusal = "nothing says: " + joined(parts.refused);
  r.config.protected_ = r.config.protected_ || parts.access;
  r.demand(Snippet{v.text}, {v.claim}, Loss::snippet, Outcome::refused, r.ir.keep(r.snippet_refusal));
}
void snippet(Reading& r, const Value& v) {
  r.demand(Snippet{v.text}, {v.claim}, Loss::snippet, Outcome::refused,
           "text of nginx configuration, which no gateway reads");
}
void server_snippet(Reading& r, const Value& v) {
  snippet(r, v);
  guard_host(r, v);
}
void stream_snippet(Reading& r, const Value& v) {
  r.ledger.settle(v.claim, Outcome::refused, "text of nginx configuration; write TCPRoutes or UDPRoutes by hand",
                  "GW602", Loss::snippet);
}

void firewall(Reading& r, const Value& v) {
  if (!truth(v.text)) return r.ledger.settle(v.claim, Outcome::converted, "no firewall");
  r.config.protected_ = true;
  r.demand(Waf{"modsecurity"}, {v.claim}, Loss::waf, Outcome::refused, needs_waf);
}
void firewall_id(Reading& r, const Value& v) {
  r.ledger.settle(v.claim, Outcome::refused, std::string(needs_waf), "GW601", Loss::waf);
}

void ciphers(Reading& r, const Value& v) {
  r.config.host_intents.push_back(
      {TlsSettings{v.text},
       {v.claim},
       Loss::other,
       Outcome::refused,
       "ciphers are a setting of the gateway; use a target with policies (--to envoy-gateway)"});
}

void tracing(Reading& r, const Value& v) {
  r.demand(Tracing{truth(v.text)}, {v.claim}, Loss::other, Outcome::approximated,
           "tracing is a setting of the gateway, not of a route");
}

void push(Reading& r, const Value& v) {
  r.ledger.settle(v.claim, Outcome::ignored, "no browser takes HTTP/2 push any more");
}

// Fallback for no endpoints and for custom-http-errors.
void default_backend(Reading& r, const Value& v) {
  ErrorPages pages;
  pages.ns = r.config.ingress->metadata.ns;
  pages.service = v.text;
  for (const std::string& code : split(r.text("custom-http-errors")))
    pages.codes.push_back(static_cast<int>(to_int(code)));
  std::vector<Claim> claims = r.claims({"custom-http-errors"});
  claims.push_back(v.claim);
  r.demand(std::move(pages), std::move(claims), Loss::backend, Outcome::refused,
           "no target sends requests to another Service when the first has no endpoints, or replaces its error pages");
}
void error_codes_alone(Reading& r, const Value& v) {
  if (r.find("default-backend")) return;
  ErrorPages pages;
  for (const std::string& code : split(v.text)) pages.codes.push_back(static_cast<int>(to_int(code)));
  if (pages.codes.empty()) return r.ledger.settle(v.claim, Outcome::ignored, "names no code", "GW605");
  r.demand(std::move(pages), {v.claim}, Loss::backend, Outcome::refused,
           "error pages of the controller have no counterpart");
}

constexpr std::string_view unseen = "concerns logs only; set it on the gateway";

bool span_name(std::string_view v) {
  return regex_text(v);
}

constexpr Row rows[] = {
    {"configuration-snippet", any, Invalid::dropped, {}, {}, configuration_snippet, {}, {}, true},
    {"server-snippet", any, Invalid::dropped, {}, {}, server_snippet, {}, {}, true},
    {"auth-snippet", any, Invalid::dropped, {}, {}, snippet, {}, {}, true},
    {"modsecurity-snippet", any, Invalid::dropped, {}, {}, snippet, {}, {}, true},
    {"stream-snippet", any, Invalid::dropped, {}, {}, stream_snippet, {}, {}, true},
    {"enable-modsecurity", boolean, Invalid::ignored, {}, {}, firewall},
    {"enable-owasp-core-rules", boolean, Invalid::ignored, {}, {}, firewall},
    {"modsecurity-transaction-id", variable, Invalid::ignored, {}, {}, firewall_id},
    {"ssl-ciphers", ssl_ciphers, Invalid::dropped, {}, {}, ciphers},
    {"ssl-prefer-server-ciphers", boolean, Invalid::ignored, Outcome::approximated,
     "whose order of ciphers counts is the gateway's own choice"},
    {"enable-access-log", boolean, Invalid::ignored, Outcome::ignored, unseen},
    {"enable-rewrite-log", boolean, Invalid::ignored, Outcome::ignored, unseen},
    {"enable-opentelemetry", boolean, Invalid::ignored, {}, {}, tracing},
    {"opentelemetry-trust-incoming-span", boolean, Invalid::ignored, {}, {}, tracing},
    {"opentelemetry-operation-name", span_name, Invalid::dropped, Outcome::approximated,
     "the name of a span is the gateway's own"},
    {"http2-push-preload", boolean, Invalid::dropped, {}, {}, push},
    {"default-backend", service_name, Invalid::dropped, {}, {}, default_backend},
    {"custom-http-errors", error_codes, Invalid::dropped, {}, {}, error_codes_alone},
    {"disable-proxy-intercept-errors", boolean, Invalid::ignored, Outcome::ignored,
     "errors of the backend pass through a gateway anyway"},
};

}  // namespace

void guard_host(Reading& r, const Value& v) {
  const std::string directive = deciding_directive(v.text);
  if (directive.empty()) return;
  r.config.server_snippet = Intent{Foreign{v.text},
                                   {v.claim},
                                   Loss::snippet,
                                   Outcome::refused,
                                   r.ir.keep("it stands in the server block of its host, and '" + directive +
                                             "' may decide who comes in to every path of it")};
}

Rows operation_rows() {
  return rows;
}

}  // namespace gw::convert::nginx
