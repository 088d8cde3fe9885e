#include "convert/providers/gce/config.h"

#include <algorithm>

#include "convert/providers/nginx/check.h"
#include "convert/providers/sentences.h"
#include "convert/providers/values.h"

namespace gw::convert::gce {
namespace {

// {"default":"a","ports":{"80":"b"}}: the names, whatever they stand for.
std::vector<std::string> names_in(std::string_view text) {
  std::vector<std::string> words;
  for (std::size_t at = 0; (at = text.find('"', at)) != std::string_view::npos;) {
    const std::size_t end = text.find('"', at + 1);
    if (end == std::string_view::npos) break;
    const std::string word(text.substr(at + 1, end - at - 1));
    const std::size_t next = text.find_first_not_of(" \t\n", end + 1);
    const bool key = next != std::string_view::npos && text[next] == ':';
    if (!key && std::find(words.begin(), words.end(), word) == words.end()) words.push_back(word);
    at = end + 1;
  }
  return words;
}

void missing(std::string_view kind, std::string_view name, Claim claim, Asking& asking) {
  asking.demand(Foreign{std::string(name)}, {claim}, Loss::auth,
                asking.ir.keep(std::string(kind) + " '" + std::string(name) +
                               "' is not among the input; it may ask for IAP or Cloud Armor"));
}

void session_affinity(Fields& spec, Asking& asking) {
  Fields f = spec.object("sessionAffinity");
  if (!f) return;
  const std::string type = f.text("affinityType");
  const long ttl = f.number("affinityCookieTtlSec").value_or(0);
  if (type == "GENERATED_COOKIE") {
    CookieAffinity c;
    c.name = "GCLB";
    c.max_age = static_cast<int>(ttl);
    asking.demand(std::move(c), {}, Loss::other, sentence::session);
  } else if (type == "CLIENT_IP") {
    asking.demand(HashBalance{HashBalance::By::address, {}}, {}, Loss::other,
                  "Gateway API leaves load balancing to the gateway (GCPSessionAffinityPolicy on GKE)",
                  Outcome::approximated);
  } else if (type != "NONE" && !type.empty()) {
    f.tell("affinityType", Outcome::refused, "it is not an affinity of GKE's Ingress", Loss::other);
  }
  if (type != "GENERATED_COOKIE") f.skip("affinityCookieTtlSec", "of GENERATED_COOKIE only");
  f.rest();
}

void custom_headers(Fields& spec, std::string_view key, std::vector<HeaderEdit>& to, Asking& asking) {
  Fields f = spec.object(key);
  for (const std::string& line : f.list("headers")) {
    const std::size_t colon = line.find(':');
    const std::string value = colon == std::string::npos ? "" : std::string(nginx::trim(line.substr(colon + 1)));
    if (value.find('{') != std::string::npos) {
      tell(asking.ledger, spec.ref(key), Outcome::refused,
           "a header made of variables of the load balancer cannot be expressed", Loss::other);
      continue;
    }
    to.push_back({HeaderEdit::Op::set, line.substr(0, colon), value});
  }
  f.rest();
}

void health_check(Fields& spec, Asking& asking) {
  Fields f = spec.object("healthCheck");
  if (!f) return;
  const auto number = [&](std::string_view key) { return static_cast<int>(f.number(key).value_or(0)); };
  HealthCheck check;
  check.type = f.text("type");
  check.path = f.text("requestPath");
  check.host = f.text("host");
  check.port = number("port");
  check.interval = number("checkIntervalSec");
  check.timeout = number("timeoutSec");
  check.healthy = number("healthyThreshold");
  check.unhealthy = number("unhealthyThreshold");
  f.rest();
  asking.field = spec.ref("healthCheck");
  asking.demand(std::move(check), {}, Loss::other, "health checks are the gateway's own (HealthCheckPolicy on GKE)",
                Outcome::approximated);
}

// Identity-Aware Proxy and Cloud Armor: who may come in.
void guards_of_the_cloud(Fields& spec, Asking& asking) {
  if (Fields iap = spec.object("iap"); iap) {
    if (iap.text("enabled") == "false") {
      spec.skip("iap", "it is not enabled");
    } else {
      CloudPolicy policy{CloudPolicy::Kind::iap, {}, {}};
      Fields client = iap.object("oauthclientCredentials");
      policy.name = client.text("secretName");
      for (const char* known : {"clientID", "clientSecret"}) client.take(known);
      client.rest();
      const bool more = iap.rest();
      asking.field = spec.ref("iap");
      asking.demand(std::move(policy), {}, Loss::auth, "Identity-Aware Proxy needs a GCPBackendPolicy (iap) on GKE");
      if (more) asking.demand(Foreign{"iap"}, {}, Loss::auth, "a field of iap that may guard is not converted");
    }
  }
  if (Fields armor = spec.object("securityPolicy"); armor) {
    CloudPolicy policy{CloudPolicy::Kind::armor, armor.text("name"), {}};
    armor.rest();
    if (policy.name.empty()) return spec.skip("securityPolicy", "an empty name takes the policy away");
    asking.field = spec.ref("securityPolicy");
    asking.demand(std::move(policy), {}, Loss::waf, "Cloud Armor needs a GCPBackendPolicy (securityPolicy) on GKE");
  }
}

void backend_config(const kube::OtherObject& object, Claim claim, Asking& asking) {
  Fields spec = Fields::spec(object, asking.ledger);
  const FieldRef before = asking.field;
  asking.field = spec.ref();
  if (const auto seconds = spec.number("timeoutSec"))
    asking.wishes.plain.backend_timeout = gep_duration(std::chrono::seconds(*seconds));
  asking.field = spec.ref("sessionAffinity");
  session_affinity(spec, asking);
  custom_headers(spec, "customRequestHeaders", asking.wishes.plain.request_headers, asking);
  custom_headers(spec, "customResponseHeaders", asking.wishes.plain.response_headers, asking);
  health_check(spec, asking);
  guards_of_the_cloud(spec, asking);
  struct Row {
    std::string_view key;
    Outcome outcome;
    Loss loss;
    std::string_view detail;
  };
  static constexpr Row rows[] = {
      {"cdn", Outcome::approximated, Loss::none, "the gateway caches nothing"},
      {"connectionDraining", Outcome::approximated, Loss::none,
       "draining is the gateway's own (GCPBackendPolicy on GKE)"},
      {"logging", Outcome::approximated, Loss::none, "logs are the gateway's own"},
  };
  for (const Row& row : rows) {
    Fields f = spec.object(row.key);
    if (!f) continue;
    asking.field = spec.ref(row.key);
    if (f.text("enabled") == "false" && row.key == "cdn") {
      spec.skip(row.key, "it is not enabled");
      continue;
    }
    tell(asking.ledger, asking.field, row.outcome, row.detail, row.loss);
  }
  asking.field = spec.ref();
  if (spec.rest())
    asking.demand(Foreign{object.metadata.name}, {claim}, Loss::auth,
                  "a field of the BackendConfig that may guard is not converted");
  asking.field = before;
}

}  // namespace

void apply_backend_config(std::string_view text, Claim claim, Asking& asking) {
  for (const std::string& name : names_in(text)) {
    const kube::OtherObject* found = find_own(asking.input, "BackendConfig", asking.wishes.object->metadata.ns, name);
    if (!found || !found->node)
      missing("BackendConfig", name, claim, asking);
    else
      backend_config(*found, claim, asking);
  }
  asking.settle(claim, Outcome::converted, "its fields become those of the routes", Loss::none);
}

void apply_frontend_config(std::string_view name, Claim claim, Asking& asking) {
  const kube::OtherObject* found = find_own(asking.input, "FrontendConfig", asking.wishes.object->metadata.ns, name);
  if (!found || !found->node) {
    // It may redirect to https or choose TLS versions; it guards nothing.
    return asking.settle(claim, Outcome::refused,
                         asking.ir.keep("FrontendConfig '" + std::string(name) +
                                        "' is not among the input: whether it redirects to https is not known"),
                         Loss::redirect);
  }
  Fields spec = Fields::spec(*found, asking.ledger);
  Fields redirect = spec.object("redirectToHttps");
  if (redirect.on("enabled")) {
    static constexpr std::pair<std::string_view, int> codes[] = {{"MOVED_PERMANENTLY_DEFAULT", 301},
                                                                 {"FOUND", 302},
                                                                 {"SEE_OTHER", 303},
                                                                 {"TEMPORARY_REDIRECT", 307},
                                                                 {"PERMANENT_REDIRECT", 308}};
    const std::string word = redirect.text("responseCodeName");
    asking.wishes.https_redirect = true;
    asking.wishes.https_code = 301;
    const auto at = std::find_if(std::begin(codes), std::end(codes), [&](const auto& c) { return c.first == word; });
    if (at != std::end(codes)) asking.wishes.https_code = at->second;
    if (at == std::end(codes) && !word.empty())
      redirect.tell("responseCodeName", Outcome::refused, "it is not a code of GKE's redirects; 301 is written",
                    Loss::redirect);
  } else {
    redirect.skip("responseCodeName", "nothing is redirected");
  }
  redirect.rest();
  if (const std::string policy = spec.text("sslPolicy"); !policy.empty())
    tell(asking.ledger, spec.ref("sslPolicy"), Outcome::refused,
         "TLS versions and ciphers belong in a GCPGatewayPolicy on GKE", Loss::other);
  spec.rest();
  asking.settle(claim, Outcome::converted, "RequestRedirect to https where it asks for one", Loss::none);
}

void report_unused(const Input& input, Ledger& ledger) {
  if (!input.ingresses.empty()) return;
  for (const kube::OtherObject* object : input.own)
    dismiss(ledger, *object, "GW605", "is not used: no Ingress of GKE is among the input");
}

}  // namespace gw::convert::gce
