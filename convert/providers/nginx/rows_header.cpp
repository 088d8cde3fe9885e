// CORS, headers, cookies and mirrors.
#include <algorithm>

#include "convert/providers/nginx/rows.h"
#include "convert/providers/values.h"

namespace gw::convert::nginx {
namespace {

constexpr std::string_view default_headers =
    "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization";
constexpr std::string_view default_methods = "GET, PUT, POST, DELETE, PATCH, OPTIONS";

// "https://*.example.com", "https://example.com:8443", "*"
bool gateway_origin(std::string_view origin) {
  const std::size_t scheme = origin.find("://");
  return scheme != std::string_view::npos && scheme > 0 && scheme + 3 < origin.size();
}

std::vector<std::string> unique(std::vector<std::string> words) {
  std::vector<std::string> out;
  for (std::string& w : words)
    if (std::find(out.begin(), out.end(), w) == out.end()) out.push_back(std::move(w));
  return out;
}

void cors(Reading& r, const Value& v) {
  const auto claims = r.claims({"cors-allow-origin", "cors-allow-methods", "cors-allow-headers",
                                "cors-allow-credentials", "cors-expose-headers", "cors-max-age"});
  if (!truth(v.text)) {
    r.ledger.settle(v.claim, Outcome::converted, "no CORS");
    for (const Claim c : claims) r.ledger.settle(c, Outcome::ignored, "enable-cors is off");
    return;
  }
  CorsPolicy& policy = r.config.cors.emplace();
  r.config.claims.cors = v.claim;
  bool lost_origin = false;
  for (const std::string& origin : split(r.text("cors-allow-origin", "*"))) {
    if (origin == "*") {
      policy.origins = {"*"};
      break;
    }
    if (gateway_origin(origin) && policy.origins.size() < 64)
      policy.origins.push_back(origin);
    else
      lost_origin = true;
  }
  policy.origins = unique(std::move(policy.origins));
  policy.methods = unique(split(r.text("cors-allow-methods", default_methods)));
  static constexpr std::string_view known[] = {"GET",     "HEAD",    "POST",  "PUT",  "DELETE",
                                               "CONNECT", "OPTIONS", "TRACE", "PATCH"};
  std::erase_if(policy.methods, [](const std::string& m) {
    return std::find(std::begin(known), std::end(known), m) == std::end(known);
  });
  policy.headers = unique(split(r.text("cors-allow-headers", default_headers)));
  policy.expose = unique(split(r.text("cors-expose-headers")));
  const Value* credentials = r.find("cors-allow-credentials");
  policy.credentials = !credentials || truth(credentials->text);
  policy.max_age = static_cast<std::int32_t>(std::max<long>(1, r.number("cors-max-age", 1728000)));
  r.ledger.settle(
      v.claim, Outcome::approximated,
      "a CORS filter: headers are sent to requests with an Origin only, and OPTIONS that is not a preflight "
      "goes to the backend",
      "GW603");
  for (const Claim c : claims) r.ledger.settle(c, Outcome::converted, "in the CORS filter");
  if (lost_origin)
    r.settle("cors-allow-origin", Outcome::approximated,
             "an origin without a scheme cannot be written and is left out");
  if (policy.origins.empty()) r.config.cors.reset();
}

// Headers of a ConfigMap; the controller takes those its own list allows.
void custom_headers(Reading& r, const Value& v) {
  const auto named = qualified(v.text, r.config.ingress->metadata.ns);
  const kube::NamespacedName id{std::string(named.first), std::string(named.second)};
  const kube::ConfigMap* map = r.input.index.config_map(id);
  if (!map) {
    r.ledger.settle(v.claim, Outcome::refused,
                    "ConfigMap " + id.display() + " is not among the input; ingress-nginx answers 503 without it",
                    "GW601", Loss::other);
    if (!r.input.options.accepts(Loss::other)) r.config.denied = "ConfigMap " + id.display() + " is missing";
    return;
  }
  const std::vector<std::string> allowed =
      split(r.settings.map ? [&] {
        const std::string* list = kube::find(r.settings.map->data, "global-allowed-response-headers");
        return list ? *list : std::string();
      }() : std::string());
  for (const auto& [name, value] : map->data) {
    if (r.settings.map && std::find(allowed.begin(), allowed.end(), name) == allowed.end()) {
      r.config.denied = "header " + name + " is not in global-allowed-response-headers";
      return r.ledger.settle(v.claim, Outcome::refused, r.config.denied + "; ingress-nginx answers 503", "GW601",
                             Loss::other);
    }
    if (value.empty() || value.find_first_of("\r\n") != std::string::npos) {
      r.config.denied = "the value of header " + name + " is empty or has a line end";
      return r.ledger.settle(v.claim, Outcome::refused, r.config.denied + "; ingress-nginx answers 503", "GW601",
                             Loss::other);
    }
    r.config.response_headers.push_back({HeaderEdit::Op::set, name, value});
  }
  r.ledger.settle(v.claim, Outcome::approximated, "ResponseHeaderModifier; answers of the gateway itself may lack them",
                  "GW603");
}

void mirror(Reading& r, const Value& v) {
  r.config.mirror_url = v.text;
  r.config.claims.mirror = v.claim;
}
void mirror_host(Reading& r, const Value& v) {
  r.ledger.settle(v.claim, Outcome::refused, "a mirrored request keeps its Host", "GW601", Loss::other);
}

constexpr std::string_view no_cookies = "no gateway rewrites Set-Cookie of the backend; set it in the application";
constexpr std::string_view no_location = "no gateway rewrites Location of the backend; set it in the application";

constexpr Row rows[] = {
    {"enable-cors", boolean, Invalid::ignored, {}, {}, cors},
    {"cors-allow-origin", origins, Invalid::ignored, Outcome::ignored, "enable-cors is off", nullptr, "enable-cors"},
    {"cors-allow-methods", methods, Invalid::ignored, Outcome::ignored, "enable-cors is off", nullptr, "enable-cors"},
    {"cors-allow-headers", header_list, Invalid::ignored, Outcome::ignored, "enable-cors is off", nullptr,
     "enable-cors"},
    {"cors-allow-credentials", boolean, Invalid::ignored, Outcome::ignored, "enable-cors is off", nullptr,
     "enable-cors"},
    {"cors-expose-headers", expose_headers, Invalid::ignored, Outcome::ignored, "enable-cors is off", nullptr,
     "enable-cors"},
    {"cors-max-age", integer, Invalid::ignored, Outcome::ignored, "enable-cors is off", nullptr, "enable-cors"},
    {"custom-headers", basic, Invalid::ignored, {}, {}, custom_headers},
    {"mirror-target", server_name, Invalid::ignored, {}, {}, mirror},
    {"mirror-host", server_name, Invalid::ignored, {}, {}, mirror_host, "mirror-target"},
    {"mirror-request-body", on_off, Invalid::ignored, Outcome::approximated, "a mirrored request carries its body",
     nullptr, "mirror-target"},
    {"proxy-cookie-domain", cookie_domain, Invalid::ignored, Outcome::refused, no_cookies},
    {"proxy-cookie-path", url_spaced_out, Invalid::ignored, Outcome::refused, no_cookies},
    {"proxy-redirect-from", url_spaced_out, Invalid::ignored, Outcome::refused, no_location},
    {"proxy-redirect-to", url_spaced_out, Invalid::ignored, Outcome::refused, no_location, nullptr,
     "proxy-redirect-from"},
};

}  // namespace

Rows header_rows() {
  return rows;
}

}  // namespace gw::convert::nginx
