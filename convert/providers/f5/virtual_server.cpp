// VirtualServer: upstreams by name, routes with actions, splits and matches, delegated to VirtualServerRoutes.
#include "convert/providers/f5/virtual_server.h"

#include "convert/providers/common.h"
#include "convert/providers/f5/virtual_server_reader.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/own.h"
#include "convert/providers/sentences.h"
#include "convert/providers/values.h"

namespace gw::convert::f5 {
namespace {

// By time; without one, the Ingress goes first.
bool older(const kube::Object& a, const kube::Object& b) {
  const std::string &x = a.metadata.creation_timestamp, &y = b.metadata.creation_timestamp;
  return !x.empty() && (y.empty() || x < y);
}

}  // namespace

void VirtualServerReader::run() {
  listeners();
  for (const kube::OtherObject* object : input_.own) {
    if (!object->node) continue;
    if (object->kind == "VirtualServer") server(*object);
    if (object->kind == "TransportServer") transport(*object);
  }
  for (const kube::OtherObject* object : input_.own)
    if (object->kind == "VirtualServerRoute" && !used_.contains(object))
      dismiss(ledger_, *object, "GW605", "is not referred to by any VirtualServer: the controller ignores it");
  site_.finish(false);
}

Upstreams VirtualServerReader::upstreams(Fields& spec) {
  Upstreams all;
  for (const yaml::Node* item : spec.items("upstreams")) {
    Fields f = spec.at(*item, "upstreams[]");
    const std::string name = f.text("name");
    Upstream& u = all[name];
    const std::string service = f.text("service"), port = f.text("port");
    u.backend = own_backend(f.owner(), item, f.owner().metadata.ns, service, port, input_, ir_, ledger_);
    const auto demand = [&](std::string_view key, Demand d, Loss loss, Outcome otherwise, std::string_view why) {
      u.intents.push_back({std::move(d), {}, loss, otherwise, why, f.ref(key)});
    };
    if (f.object("tls").on("enable"))
      demand("tls", InsecureBackendTls{}, Loss::backend_tls, Outcome::refused,
             "TLS to the backend, unchecked by the controller, needs a BackendTLSPolicy with name and authority");
    if (const std::string type = f.text("type"); !type.empty() && type != "http" && type != "grpc")
      f.tell("type", Outcome::refused, "it is not a type of upstreams", Loss::backend);
    if (f.text("type") == "grpc") tell(ledger_, f.ref("type"), Outcome::approximated, sentence::h2c, Loss::none);
    if (const auto time = f.time("read-timeout")) {
      u.read_timeout = gep_duration(*time);
      f.tell("read-timeout", Outcome::approximated,
             "timeouts.backendRequest limits the whole answer, not the time between two reads");
    }
    if (const auto time = f.time("connect-timeout"))
      demand("connect-timeout", ConnectTimeout{whole_seconds(*time)}, Loss::other, Outcome::approximated,
             "Gateway API has no connect timeout");
    if (const std::string size = f.text("client-max-body-size"); !size.empty())
      demand("client-max-body-size", BodyLimit{nginx::to_bytes(size).value_or(0)}, Loss::rate_limit,
             Outcome::approximated, "Gateway API has no limit of a body");
    if (Fields cookie = f.object("sessionCookie"); cookie.on("enable")) {
      CookieAffinity c;
      c.name = cookie.text("name");
      c.path = cookie.text("path");
      c.domain = cookie.text("domain");
      c.secure = cookie.on("secure");
      c.same_site = cookie.text("samesite");
      if (cookie.text("expires") != "max")
        if (const auto time = cookie.time("expires")) c.max_age = whole_seconds(*time);
      cookie.skip("httpOnly", "the gateway decides whether scripts see its cookie");
      cookie.rest();
      demand("sessionCookie", std::move(c), Loss::other, Outcome::refused, sentence::session);
    }
    if (f.take("subselector"))
      tell(ledger_, f.ref("subselector"), Outcome::refused, "pods of one Service cannot be chosen: give them a Service",
           Loss::backend);
    for (const char* key : {"backup", "backupPort"})
      f.tell(key, Outcome::refused, "a backend that serves when the others fail cannot be expressed", Loss::other);
    if (f.take("healthCheck"))
      tell(ledger_, f.ref("healthCheck"), Outcome::approximated, "health checks are the gateway's own", Loss::none);
    for (const char* known : {"use-cluster-ip",
                              "lb-method",
                              "fail-timeout",
                              "max-fails",
                              "max-conns",
                              "keepalive",
                              "send-timeout",
                              "next-upstream",
                              "next-upstream-timeout",
                              "next-upstream-tries",
                              "slow-start",
                              "queue",
                              "buffering",
                              "buffers",
                              "buffer-size",
                              "busy-buffers-size",
                              "client-body-buffer-size",
                              "ntlm",
                              "failTimeout",
                              "maxFails",
                              "maxConns",
                              "loadBalancingMethod"})
      f.tell(known, Outcome::approximated, "connections, buffers and balancing are the gateway's own");
    if (f.rest()) u.intents.push_back(unknown_guard(f.ref()));
  }
  return all;
}

void VirtualServerReader::server(const kube::OtherObject& object) {
  Fields spec = Fields::spec(object, ledger_);
  Host host;
  host.name = normal_host(ir_.keep(spec.text("host")), ir_);
  if (const kube::Ingress* owner = older_ingress(object, host.name)) {
    const std::string message = "host '" + std::string(host.name) + "' belongs to " + owner->object_id().display() +
                                ", which is older; this VirtualServer is never used";
    ledger_.settle(object.node, Outcome::ignored, message);
    ledger_.note({"GW611", diag::Severity::warning, message, {}, &object, nullptr});
    return;
  }
  Fields tls = spec.object("tls");
  const std::string secret = tls.text("secret");
  if (tls) {
    site_.certificate(host.name, object, tls.node(), object.metadata.ns, secret);
    Fields redirect = tls.object("redirect");
    if (redirect.on("enable")) host.redirect = static_cast<int>(redirect.number("code").value_or(301));
    if (const std::string based = redirect.text("basedOn"); !based.empty() && based != "scheme")
      tell(ledger_, redirect.ref("basedOn"), Outcome::approximated,
           "the gateway redirects by the scheme of the listener", Loss::none);
    redirect.rest();
    if (tls.take("cert-manager"))
      tell(ledger_, tls.ref("cert-manager"), Outcome::approximated,
           "annotate the Gateway: cert-manager.io/cluster-issuer or issuer", Loss::none);
    tls.rest();
  }
  if (spec.take("externalDNS"))
    tell(ledger_, spec.ref("externalDNS"), Outcome::approximated,
         "external-dns reads the hostnames of the routes itself", Loss::none);
  spec.skip("ingressClassName", class_of_gateway);
  spec.tell("gunzip", Outcome::approximated, "gateways leave the coding of answers alone");
  spec.tell("add-header-inherit", Outcome::approximated, header_inherit);
  if (spec.on("internalRoute"))
    host.intents.push_back({Foreign{},
                            {},
                            Loss::auth,
                            Outcome::refused,
                            "a route for the mesh alone: a gateway would open it to everybody",
                            spec.ref("internalRoute")});
  guards(spec, host.intents);
  if (spec.take("listener"))
    tell(ledger_, spec.ref("listener"), Outcome::refused, "listeners of a GlobalConfiguration: add them to the Gateway",
         Loss::other);
  const Upstreams own = upstreams(spec);
  routes_ = spec.peek("routes");
  spec.take("routes");
  if (spec.rest()) host.intents.push_back(unknown_guard(spec.ref()));
  routes(object, spec, "routes", host, own, 0);
}

Intent VirtualServerReader::unknown_guard(FieldRef ref) {
  return {Foreign{}, {}, Loss::auth, Outcome::refused, "a field of it that may guard is not converted", std::move(ref)};
}

const kube::Ingress* VirtualServerReader::older_ingress(const kube::OtherObject& object, std::string_view host) const {
  for (const kube::Ingress* ingress : input_.ingresses)
    for (const kube::IngressRule& rule : ingress->spec.rules)
      if (nginx::lower(rule.host) == host && !older(object, *ingress)) return ingress;
  return nullptr;
}

// Policies, WAF, DoS, snippets of a server or a route.
void VirtualServerReader::guards(Fields& f, std::vector<Intent>& to) {
  struct Row {
    std::string_view key;
    Loss loss;
    std::string_view why;
  };
  static constexpr Row rows[] = {
      {"dos", Loss::waf, "protection by App Protect DoS is not part of Gateway API"},
      {"http-snippets", Loss::snippet, "a snippet of NGINX means nothing to another gateway"},
      {"server-snippets", Loss::snippet, "a snippet of NGINX means nothing to another gateway"},
      {"location-snippets", Loss::snippet, "a snippet of NGINX means nothing to another gateway"},
  };
  for (const Row& row : rows)
    if (const yaml::Node* node = f.take(row.key))
      to.push_back({row.loss == Loss::snippet ? Demand(Snippet{text_of(node)}) : Demand(Foreign{}),
                    {},
                    row.loss,
                    Outcome::refused,
                    row.why,
                    f.ref(row.key)});
  for (const yaml::Node* item : f.items("policies")) policy(f.at(*item, "policies[]"), to);
}

void VirtualServerReader::policy(Fields ref, std::vector<Intent>& to) {
  const std::string name = ref.text("name");
  std::string ns = ref.text("namespace");
  if (ns.empty()) ns = ref.owner().metadata.ns;
  const kube::OtherObject* found = find_own(input_, "Policy", ns, name);
  if (!found || !found->node) {
    to.push_back({Foreign{name},
                  {},
                  Loss::auth,
                  Outcome::refused,
                  ir_.keep("Policy '" + ns + "/" + name + "' is not among the input: the controller answers 500"),
                  ref.ref()});
    return;
  }
  Fields spec = Fields::spec(*found, ledger_);
  spec.skip("ingressClassName", class_of_gateway);
  if (Fields access = spec.object("accessControl"); access) {
    for (const auto& [key, deny] : {std::pair{"allow", false}, {"deny", true}})
      if (auto list = access.list(key); !list.empty())
        to.push_back({AddressList{deny, std::move(list)},
                      {},
                      Loss::allow_list,
                      Outcome::refused,
                      needs_policy,
                      spec.ref("accessControl")});
    access.rest();
  }
  if (Fields auth = spec.object("basicAuth"); auth) {
    to.push_back({BasicAuth{found->metadata.ns, auth.text("secret"), auth.text("realm"), false, false},
                  {},
                  Loss::auth,
                  Outcome::refused,
                  needs_policy,
                  spec.ref("basicAuth")});
    auth.rest();
  }
  if (Fields limit = spec.object("rateLimit"); limit) rate_limit(limit, to);
  if (Fields hsts = spec.object("hsts"); hsts)
    tell(ledger_, hsts.ref(), Outcome::refused, "add the header by a ResponseHeaderModifier of the https routes",
         Loss::other);
  if (Fields cors = spec.object("cors"); cors)
    tell(ledger_, cors.ref(), Outcome::refused, "write a CORS filter into the routes", Loss::other);
  for (const auto& [key, loss] : {std::pair{"jwt", Loss::auth},
                                  {"oidc", Loss::auth},
                                  {"apiKey", Loss::auth},
                                  {"ingressMTLS", Loss::client_certificate},
                                  {"waf", Loss::waf},
                                  {"externalAuth", Loss::auth},
                                  {"egressMTLS", Loss::backend_tls}})
    if (spec.take(key)) to.push_back({Foreign{key}, {}, loss, Outcome::refused, needs_policy, spec.ref(key)});
  if (spec.take("cache"))
    tell(ledger_, spec.ref("cache"), Outcome::approximated, "the gateway caches nothing", Loss::none);
  if (spec.rest(true))
    to.push_back(
        {Foreign{name}, {}, Loss::auth, Outcome::refused, "a kind of Policy that is not converted", ref.ref()});
}

// A limit that only counts, or holds for some requests only, is none for all.
void VirtualServerReader::rate_limit(Fields& f, std::vector<Intent>& to) {
  RateLimit r;
  const std::string rate = f.text("rate");
  const std::size_t at = rate.find("r/");
  r.requests = small_int(rate.substr(0, at)).value_or(0);
  if (at != std::string::npos && at + 2 < rate.size()) r.unit = rate[at + 2];
  r.burst = static_cast<int>(f.number("burst").value_or(0));
  const bool odd = r.requests == 0 || (r.unit != 's' && r.unit != 'm');
  Demand demand = r;
  const bool some = f.tell("condition", Outcome::approximated, "the limit holds for all requests, not for some");
  if (odd || some) demand = Foreign{rate};
  if (const std::string key = f.text("key"); !key.empty() && key != "${binary_remote_addr}")
    f.tell("key", Outcome::approximated, "each client address is counted, not '" + key + "'");
  for (const char* known : {"delay", "noDelay", "rejectCode", "scale"})
    f.tell(known, Outcome::approximated, "what happens beyond the limit is the gateway's own");
  for (const char* known : {"zoneSize", "logLevel"}) f.skip(known, "memory and logs of NGINX");
  const bool dry = f.on("dryRun");
  if (dry) f.tell("dryRun", Outcome::ignored, "nothing is limited today");
  f.rest();
  if (!dry) to.push_back({std::move(demand), {}, Loss::rate_limit, Outcome::refused, needs_policy, f.ref()});
}

const kube::Object* older_virtual_server(const Input& input, std::string_view host, const kube::Ingress& ingress) {
  for (const kube::OtherObject* object : input.own) {
    const yaml::Node* spec = object->kind == "VirtualServer" && object->node ? object->node->find("spec") : nullptr;
    if (spec && nginx::lower(text_of(spec->find("host"))) == host && older(*object, ingress)) return object;
  }
  return nullptr;
}

void read_virtual_servers(const Input& input, Ir& ir, Ledger& ledger) {
  VirtualServerReader(input, ir, ledger).run();
}

}  // namespace gw::convert::f5
