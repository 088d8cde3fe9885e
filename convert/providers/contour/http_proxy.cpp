#include "convert/providers/contour/http_proxy.h"

#include <algorithm>
#include <cctype>
#include <functional>

#include "convert/providers/common.h"
#include "convert/providers/contour/proxy_reader.h"
#include "convert/providers/contour/valid.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/own.h"
#include "convert/providers/values.h"

namespace gw::convert::contour {
namespace {

// What holds for every HTTPProxy, and the request that shows it.
constexpr std::string_view notes[][3] = {
    {"GW620",
     "paths with '//', dot segments, escapes, '#' or bytes that are not ASCII: Contour decodes what needs no escape, "
     "merges slashes and resolves dots before it matches and forwards; other gateways read such paths in their own way",
     "GET http://www.example.org/a//b%2Fc"},
    {"GW624",
     "a Service that is missing, lacks the port or has no endpoints: 503 from Contour; a gateway answers 500 or 503",
     "GET http://www.example.org/"},
    {"GW627", "hosts with a final dot, none at all, two, or HTTP/1.0: gateways differ in what they answer",
     "GET http://www.example.org./"},
    {"GW629", "https with the server name of one host and the Host of another: Contour answers 421",
     "GET https://www.example.org/"},
    {"GW630",
     "the port of a Host stays in the Location of a redirect, and a replaced prefix is pasted as it is: gateways may "
     "leave the port out and even the slashes",
     "GET http://www.example.org:8080/"},
};

}  // namespace

void ProxyReader::run() {
  for (const kube::OtherObject* object : input_.own)
    if (object->kind == "HTTPProxy" && object->node) ++owners_[host_of(*object)];
  for (const kube::OtherObject* object : input_.own)
    if (object->kind == "HTTPProxy" && object->node && valid_root(*object)) root(*object);
  for (const kube::OtherObject* object : input_.own)
    if (object->kind == "HTTPProxy" && !used_.contains(object))
      dismiss(ledger_, *object, "GW605", "names no host and is included by none: Contour does not serve it");
  site_.finish(false);
  if (owners_.empty()) return;
  for (const auto& [code, message, request] : notes)
    ledger_.note(
        {std::string(code), diag::Severity::info, std::string(message), std::string(request), nullptr, nullptr});
}

std::string ProxyReader::host_of(const kube::OtherObject& object) {
  const yaml::Node* spec = object.node->find("spec");
  const yaml::Node* vhost = spec ? spec->find("virtualhost") : nullptr;
  const yaml::Node* fqdn = vhost ? vhost->find("fqdn") : nullptr;
  return fqdn && fqdn->is_string() ? nginx::lower(fqdn->string()) : std::string();
}

// False: Contour serves nothing of it, and that is told.
bool ProxyReader::valid_root(const kube::OtherObject& object) {
  const std::string host = host_of(object);
  if (host.empty()) return true;
  std::string why = invalid(object);
  if (why.empty() && owners_[host] > 1) why = "another HTTPProxy has the host, too: Contour serves neither";
  if (why.empty()) return true;
  used_.insert(&object);
  dismiss(ledger_, object, "GW606", "is invalid, and Contour serves nothing of it: " + why);
  return false;
}

void ProxyReader::root(const kube::OtherObject& object) {
  Fields spec = Fields::spec(object, ledger_);
  Fields vhost = spec.object("virtualhost");
  if (!vhost) return;
  used_.insert(&object);
  Host host;
  host.name = normal_host(ir_.keep(vhost.text("fqdn")), ir_);
  if (host.name.starts_with("*."))
    ledger_.note({"GW621", diag::Severity::warning,
                  "hosts with two or more labels under '" + std::string(host.name) +
                      "': Contour takes a wildcard for one label, Gateway API for one or more",
                  "GET http://a.b" + std::string(host.name.substr(1)) + "/", &object, vhost.node()});
  if (host.name.empty()) {
    tell(ledger_, vhost.ref("fqdn"), Outcome::refused, "a root needs a host", Loss::other);
    return;
  }
  Fields tls = vhost.object("tls");
  const bool passthrough = tls.on("passthrough");
  const std::string secret = tls.text("secretName");
  if (tls.take("clientValidation"))
    guard(host, tls.ref("clientValidation"), Loss::client_certificate,
          "client certificates are the listener's: write tls.frontendValidation");
  for (const char* known : {"minimumProtocolVersion", "maximumProtocolVersion"})
    tls.tell(known, Outcome::approximated, "TLS versions are the gateway's own setting");
  if (tls.on("enableFallbackCertificate"))
    tls.tell("enableFallbackCertificate", Outcome::refused,
             "clients without a server name get no certificate; give a listener without hostname one", Loss::other);
  if (tls.rest()) guard(host, vhost.ref("tls"), Loss::client_certificate, "a field of it is not converted");
  if (vhost.take("authorization")) guard(host, vhost.ref("authorization"), Loss::auth, needs_policy);
  if (vhost.take("jwtProviders")) guard(host, vhost.ref("jwtProviders"), Loss::auth, needs_policy);
  if (vhost.take("rateLimitPolicy")) guard(host, vhost.ref("rateLimitPolicy"), Loss::rate_limit, needs_policy);
  addresses(vhost, host.intents);
  if (Fields cors = vhost.object("corsPolicy"); cors) host.cors = cors_policy(cors);
  if (vhost.rest()) guard(host, vhost.ref(), Loss::auth, "a field of the virtual host that may guard is not converted");
  if (tls && !passthrough) {
    const auto [ns, name] = qualified(secret, object.metadata.ns);
    if (ns != object.metadata.ns && !delegated(ns, name, object.metadata.ns)) {
      tell(ledger_, tls.ref("secretName"), Outcome::refused,
           "no TLSCertificateDelegation lets namespace " + std::string(object.metadata.ns) + " use Secret " +
               std::string(ns) + "/" + std::string(name) +
               ": Contour serves no https for this host, and a ReferenceGrant would give away what its owner did not",
           Loss::other);
      ledger_.settle(object.node, Outcome::refused, "its certificate was not delegated: the host is left out");
      return;
    }
    site_.certificate(host.name, object, tls.node(), ns, name);
    host.tls = true;
  }
  spec.skip("ingressClassName", class_of_gateway);
  if (Fields tcp = spec.object("tcpproxy"); tcp) return tcp_proxy(object, tcp, host, passthrough);
  routes(object, spec, host, {}, 0);
}

// Did the owner of the Secret delegate it to that namespace? spec.delegations[]: secretName, targetNamespaces ("*":
// all).
bool ProxyReader::delegated(std::string_view ns, std::string_view secret, std::string_view to) const {
  const auto lists = [](const yaml::Node* node, std::string_view key,
                        const std::function<bool(const yaml::Node&)>& fits) {
    const yaml::Node* found = node && node->is_map() ? node->find(key) : nullptr;
    return found && found->is_seq() && std::any_of(found->items().begin(), found->items().end(), fits);
  };
  const auto& others = input_.bundle.others;
  return std::any_of(others.begin(), others.end(), [&](const kube::OtherObject& object) {
    if (object.kind != "TLSCertificateDelegation" || object.metadata.ns != ns || !object.node) return false;
    return lists(object.node->find("spec"), "delegations", [&](const yaml::Node& one) {
      return one.is_map() && text_of(one.find("secretName")) == secret &&
             lists(&one, "targetNamespaces", [&](const yaml::Node& target) {
               return target.is_string() && (target.string() == "*" || target.string() == to);
             });
    });
  });
}

void ProxyReader::addresses(Fields& f, std::vector<Intent>& to) {
  for (const auto& [key, deny] : {std::pair{"ipAllowPolicy", false}, {"ipDenyPolicy", true}}) {
    AddressList list;
    list.deny = deny;
    bool peer = true;
    for (const yaml::Node* item : f.items(key)) {
      Fields one = f.at(*item, key);
      list.cidrs.push_back(one.text("cidr"));
      peer = peer && one.text("source") == "Peer";
    }
    if (list.cidrs.empty()) continue;
    Demand demand = std::move(list);
    if (!peer) demand = Foreign{key};
    to.push_back({std::move(demand),
                  {},
                  Loss::allow_list,
                  Outcome::refused,
                  peer ? needs_policy : "which address of X-Forwarded-For counts is the gateway's own setting",
                  f.ref(key)});
  }
}

// "*", or a scheme and a name, perhaps with a wildcard in front and a port; anything else is an expression.
bool ProxyReader::is_origin(std::string_view text) {
  if (text == "*") return true;
  const auto scheme = text.find("://");
  if (scheme == std::string_view::npos || scheme + 3 == text.size()) return false;
  std::string_view name = text.substr(scheme + 3);
  if (name.starts_with("*.")) name.remove_prefix(2);
  return std::all_of(name.begin(), name.end(),
                     [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '-' || c == ':'; });
}

// Nothing where no origin is left that can be written.
kube::Box<CorsPolicy> ProxyReader::cors_policy(Fields& f) {
  CorsPolicy c;
  for (std::string& origin : f.list("allowOrigin")) {
    if (is_origin(origin)) {
      c.origins.push_back(std::move(origin));
      continue;
    }
    tell(ledger_, f.ref("allowOrigin"), Outcome::refused,
         "the CORS filter takes origins with a wildcard, no expressions: '" + origin + "' is left out", Loss::other);
  }
  c.methods = f.list("allowMethods");
  c.headers = f.list("allowHeaders");
  c.expose = f.list("exposeHeaders");
  c.credentials = f.on("allowCredentials");
  if (const auto age = f.time("maxAge")) c.max_age = static_cast<std::int32_t>(age->count() / 1000);
  if (f.on("allowPrivateNetwork"))
    f.tell("allowPrivateNetwork", Outcome::approximated, "no header Access-Control-Allow-Private-Network is sent");
  f.rest();
  kube::Box<CorsPolicy> policy;
  if (!c.origins.empty() || !f.has("allowOrigin")) policy = std::move(c);
  return policy;
}

void ProxyReader::tcp_proxy(const kube::OtherObject& object, Fields& f, const Host& host, bool passthrough) {
  Stream stream;
  stream.kind = Stream::Kind::passthrough;
  stream.owner = &object;
  stream.at = f.node();
  stream.host = host.name;
  for (const yaml::Node* item : f.items("services"))
    service(object, f.at(*item, "services[]"), stream.backends, nullptr, true);
  share(stream.backends);
  for (const char* known : {"loadBalancerPolicy", "healthCheckPolicy"})
    f.tell(known, Outcome::approximated, gateways_own);
  f.rest();
  if (!host.intents.empty()) {
    for (const Intent& i : host.intents) tell(ledger_, i.field, Outcome::refused, i.without, i.loss);
    return;
  }
  if (!passthrough) {
    tell(ledger_, f.ref(), Outcome::refused,
         "TLS that the gateway terminates before TCP needs a listener of protocol TLS and mode Terminate; it is not "
         "written",
         Loss::backend_tls);
    return;
  }
  ir_.streams.push_back(std::move(stream));
}

void ProxyReader::routes(const kube::OtherObject& object, Fields& spec, const Host& host, const Where& where,
                         int depth) {
  std::set<std::string> seen;
  for (const yaml::Node* item : spec.items("includes")) {
    Fields f = spec.at(*item, "includes[]");
    std::string lost = invalid_include(*item);
    if (lost.empty() && !seen.insert(conditions_text(*item)).second) lost = "has the conditions of an earlier one";
    if (!lost.empty()) {
      leave_include(object, f, "the include " + lost + ": Contour leaves it out");
      continue;
    }
    const std::string name = f.text("name");
    std::string ns = f.text("namespace");
    if (ns.empty()) ns = object.metadata.ns;
    Where below = where;
    conditions(f, below);
    f.rest();
    const kube::OtherObject* child = find_own(input_, "HTTPProxy", ns, name);
    if (child && child->node && !host_of(*child).empty()) {
      tell(ledger_, f.ref("name"), Outcome::refused,
           "HTTPProxy '" + ns + "/" + name + "' has a host of its own: Contour answers 502 for this include",
           Loss::backend);
      continue;
    }
    if (const std::string why = child && child->node ? invalid(*child) : ""; !why.empty()) {
      if (used_.insert(child).second)
        dismiss(ledger_, *child, "GW606", "is invalid, and Contour serves nothing of it: " + why);
      continue;
    }
    if (!child || !child->node || depth > 16) {
      tell(ledger_, f.ref("name"), Outcome::refused,
           depth > 16 ? "the inclusions go round in a circle"
                      : "HTTPProxy '" + ns + "/" + name + "' is not among the input: its routes are missing",
           Loss::backend);
      continue;
    }
    used_.insert(child);
    Fields child_spec = Fields::spec(*child, ledger_);
    child_spec.skip("ingressClassName", class_of_gateway);
    if (below.refused)
      ledger_.settle(child->node, Outcome::refused, "its inclusion is left out");
    else
      routes(*child, child_spec, host, below, depth + 1);
  }
  // Of what matches alike the later has it, and a route of its own before one that is included.
  for (const yaml::Node* item : spec.items("routes")) route(object, spec.at(*item, "routes[]"), host, where);
  spec.rest();
}

void ProxyReader::leave_include(const kube::OtherObject& object, const Fields& f, std::string why) {
  ledger_.leave_out(f.node());
  ledger_.settle(f.node(), Outcome::ignored, "the include is left out");
  ledger_.note({"GW644", diag::Severity::warning, std::move(why), {}, &object, f.node()});
}

void ProxyReader::refuse(Where& where, const FieldRef& ref, std::string_view why) {
  tell(ledger_, ref, Outcome::refused, std::string(why) + "; the route is left out", Loss::other);
  where.refused = true;
}

void read_proxies(const Input& input, Ir& ir, Ledger& ledger) {
  ProxyReader(input, ir, ledger).run();
}

}  // namespace gw::convert::contour
