#include "convert/providers/contour/http_proxy.h"

#include <algorithm>
#include <cctype>
#include <functional>

#include "convert/providers/common.h"
#include "convert/providers/contour/valid.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/own.h"
#include "convert/providers/sentences.h"
#include "convert/providers/site.h"
#include "convert/providers/values.h"
#include "convert/regex.h"

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
constexpr std::string_view class_of_gateway = "the Gateway's class takes its place";
constexpr std::string_view no_cookies = "Gateway API does not rewrite cookies of the backend";
constexpr std::string_view gateways_own = "the gateway's own setting";
constexpr std::string_view needs_policy =
    "Gateway API has no such policy in its standard channel; a target with policies has (--to envoy-gateway)";

// Conditions add up over inclusions: prefixes are joined, the rest is asked for together.
struct Where {
  std::string prefix;
  std::optional<std::pair<std::string, Reach>> path;  // exact or regex
  Conditions conditions;
  bool refused = false;
};

// Written one after the other; slashes become one.
std::string joined(const std::string& a, const std::string& b) {
  std::string out;
  for (const char c : a + b)
    if (c != '/' || !out.ends_with('/')) out += c;
  return out;
}

class Reader {
 public:
  Reader(const Input& input, Ir& ir, Ledger& ledger)
      : input_(input), ir_(ir), ledger_(ledger), site_("contour", input, ir, ledger) {}

  void run() {
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

 private:
  // What the virtual host asks of all its routes.
  struct Host {
    std::string_view name;
    bool tls = false;
    std::vector<Intent> intents;
    kube::Box<CorsPolicy> cors;
  };

  static std::string host_of(const kube::OtherObject& object) {
    const yaml::Node* spec = object.node->find("spec");
    const yaml::Node* vhost = spec ? spec->find("virtualhost") : nullptr;
    const yaml::Node* fqdn = vhost ? vhost->find("fqdn") : nullptr;
    return fqdn && fqdn->is_string() ? nginx::lower(fqdn->string()) : std::string();
  }

  // False: Contour serves nothing of it, and that is told.
  bool valid_root(const kube::OtherObject& object) {
    const std::string host = host_of(object);
    if (host.empty()) return true;
    std::string why = invalid(object);
    if (why.empty() && owners_[host] > 1) why = "another HTTPProxy has the host, too: Contour serves neither";
    if (why.empty()) return true;
    used_.insert(&object);
    dismiss(ledger_, object, "GW606", "is invalid, and Contour serves nothing of it: " + why);
    return false;
  }

  void root(const kube::OtherObject& object) {
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
    if (vhost.rest())
      guard(host, vhost.ref(), Loss::auth, "a field of the virtual host that may guard is not converted");
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
  bool delegated(std::string_view ns, std::string_view secret, std::string_view to) const {
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

  static void guard(Host& host, FieldRef ref, Loss loss, std::string_view why) {
    host.intents.push_back({Foreign{ref.name}, {}, loss, Outcome::refused, why, ref});
  }

  void addresses(Fields& f, std::vector<Intent>& to) {
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
  static bool is_origin(std::string_view text) {
    if (text == "*") return true;
    const auto scheme = text.find("://");
    if (scheme == std::string_view::npos || scheme + 3 == text.size()) return false;
    std::string_view name = text.substr(scheme + 3);
    if (name.starts_with("*.")) name.remove_prefix(2);
    return std::all_of(name.begin(), name.end(),
                       [](unsigned char c) { return std::isalnum(c) != 0 || c == '.' || c == '-' || c == ':'; });
  }

  // Nothing where no origin is left that can be written.
  kube::Box<CorsPolicy> cors_policy(Fields& f) {
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

  void tcp_proxy(const kube::OtherObject& object, Fields& f, const Host& host, bool passthrough) {
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

  void routes(const kube::OtherObject& object, Fields& spec, const Host& host, const Where& where, int depth) {
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

  void leave_include(const kube::OtherObject& object, const Fields& f, std::string why) {
    ledger_.leave_out(f.node());
    ledger_.settle(f.node(), Outcome::ignored, "the include is left out");
    ledger_.note({"GW644", diag::Severity::warning, std::move(why), {}, &object, f.node()});
  }

  void refuse(Where& where, const FieldRef& ref, std::string_view why) {
    tell(ledger_, ref, Outcome::refused, std::string(why) + "; the route is left out", Loss::other);
    where.refused = true;
  }

  void conditions(Fields& f, Where& where) {
    for (const yaml::Node* item : f.items("conditions")) {
      Fields c = f.at(*item, "conditions[]");
      if (const std::string prefix = c.text("prefix"); !prefix.empty()) where.prefix = joined(where.prefix, prefix);
      if (const std::string exact = c.text("exact"); !exact.empty())
        where.path = {joined(where.prefix, exact), Reach::exact};
      if (const std::string regex = c.text("regex"); !regex.empty())
        where.path = {joined(escape_regex(where.prefix), regex), Reach::regex};
      if (Fields header = c.object("header"); header) value_match(header, where.conditions.headers, where);
      if (Fields query = c.object("queryParameter"); query) value_match(query, where.conditions.query, where);
      if (c.rest(true)) where.refused = true;
    }
    one_each(f, where.conditions.headers, where);
    one_each(f, where.conditions.query, where);
  }

  // A name has one condition: "is there" adds nothing to a value that is asked for.
  void one_each(Fields& f, std::vector<ValueMatch>& conditions, Where& where) {
    std::vector<ValueMatch> kept;
    for (ValueMatch& condition : conditions) {
      const auto same = std::find_if(kept.begin(), kept.end(), [&](const ValueMatch& k) {
        return nginx::lower(k.name) == nginx::lower(condition.name);
      });
      const auto any = [](const ValueMatch& v) { return v.regex && v.value == ".*"; };
      if (same == kept.end())
        kept.push_back(std::move(condition));
      else if (any(*same))
        *same = std::move(condition);
      else if (!any(condition) && (same->value != condition.value || same->regex != condition.regex))
        refuse(where, f.ref("conditions"), "Gateway API tests '" + condition.name + "' once");
    }
    conditions = std::move(kept);
  }

  void value_match(Fields& f, std::vector<ValueMatch>& to, Where& where) {
    const std::string name = f.text("name");
    const std::string fold = f.on("ignoreCase") ? "(?i)" : "";
    struct Row {
      std::string_view key, before, after;
      bool literal;
    };
    static constexpr Row rows[] = {{"exact", "", "", true},
                                   {"contains", ".*", ".*", true},
                                   {"prefix", "", ".*", true},
                                   {"suffix", ".*", "", true},
                                   {"regex", "", "", false}};
    for (const Row& row : rows) {
      const std::string value = f.text(row.key);
      if (value.empty()) continue;
      if (row.key == "exact" && fold.empty()) {
        to.push_back({name, value, false});
        continue;
      }
      std::string pattern = fold;
      pattern.append(row.before).append(row.literal ? escape_regex(value) : value).append(row.after);
      to.push_back({name, std::move(pattern), true});
    }
    if (f.on("present")) to.push_back({name, ".*", true});
    for (const char* negative : {"notpresent", "notcontains", "notexact", "notregex"})
      if (const std::string value = f.text(negative); !value.empty() && value != "false")
        refuse(where, f.ref(negative), "Gateway API has no negation");
    f.skip("treatMissingAsEmpty", "of negations, which are refused");
    if (f.rest(true)) where.refused = true;
  }

  // `alone`: the route has no other Service.
  void service(const kube::OtherObject& object, Fields f, std::vector<Backend>& to, Asking* asking, bool alone) {
    const std::string name = f.text("name"), port = f.text("port"), protocol = f.text("protocol");
    const int weight = static_cast<int>(f.number("weight").value_or(0));
    const bool mirror = f.on("mirror");
    if (asking && f.take("validation")) {
      asking->field = f.ref("validation");
      asking->demand(Foreign{name}, {}, Loss::backend_tls,
                     "a checked certificate of the backend needs a BackendTLSPolicy with its name and authority");
    } else if (asking && (protocol == "tls" || protocol == "h2")) {
      asking->field = f.ref("protocol");
      asking->demand(InsecureBackendTls{}, {}, Loss::backend_tls, sentence::backend_tls);
    }
    if (protocol == "h2c") tell(ledger_, f.ref("protocol"), Outcome::approximated, sentence::h2c, Loss::none);
    if (asking && alone) {
      headers(f.object("requestHeadersPolicy"), asking->wishes.plain.request_headers, asking);
      headers(f.object("responseHeadersPolicy"), asking->wishes.plain.response_headers, nullptr);
    }
    for (const char* key : {"requestHeadersPolicy", "responseHeadersPolicy"})
      if (!asking)
        f.tell(key, Outcome::ignored, "a TCP stream has no headers");
      else if (!alone)
        f.tell(key, Outcome::refused, "headers of one Service among several are not written", Loss::other);
    for (const char* known : {"slowStartPolicy", "healthPort"}) f.tell(known, Outcome::approximated, gateways_own);
    f.tell("cookieRewritePolicies", Outcome::refused, no_cookies, Loss::other);
    if (!asking && (protocol == "tls" || protocol == "h2" || f.has("validation")))
      tell(ledger_, f.ref(f.has("validation") ? "validation" : "protocol"), Outcome::refused,
           "TLS to the backend of a stream needs a BackendTLSPolicy", Loss::backend_tls);
    f.take("validation");
    if (f.rest() && asking) {
      asking->field = f.ref();
      asking->demand(Foreign{name}, {}, Loss::auth, "a field of the service that may guard is not converted");
    }
    auto backend = own_backend(object, f.node(), object.metadata.ns, name, port, input_, ir_, ledger_);
    if (!backend) return;
    backend->weight = weight;
    if (mirror && !asking) {
      f.tell("mirror", Outcome::approximated, "a stream is not mirrored");
    } else if (mirror) {
      // The weight of a mirror is a percentage; without one every request is mirrored.
      const std::int32_t percent = f.has("weight") ? std::clamp<std::int32_t>(weight, 0, 100) : 100;
      backend->weight = 1;
      if (percent > 0) asking->wishes.plain.mirrors.push_back({*backend, percent * 10'000});
    } else {
      to.push_back(*backend);
    }
  }

  void headers(Fields f, std::vector<HeaderEdit>& to, Asking* request) {
    for (const yaml::Node* item : f.items("set")) {
      Fields h = f.at(*item, "set[]");
      const std::string name = h.text("name"), value = h.text("value");
      if (value.find('%') != std::string::npos)
        tell(ledger_, h.ref("value"), Outcome::refused, "a header made of variables of Envoy cannot be said",
             Loss::other);
      else if (request && nginx::lower(name) == "host")
        request->wishes.plain.rewrite_host = value;
      else
        to.push_back({HeaderEdit::Op::set, name, value});
    }
    for (const std::string& name : f.list("remove")) to.push_back({HeaderEdit::Op::remove, name, {}});
    f.rest();
  }

  // Without any weight all have equal shares; beside one, a Service without weight has none.
  static void share(std::vector<Backend>& backends) {
    if (std::all_of(backends.begin(), backends.end(), [](const Backend& b) { return b.weight == 0; }))
      for (Backend& b : backends) b.weight = 1;
  }

  // A rewrite of the prefix by its first rule that fits, else by the one without a prefix.
  void rewrite(Fields f, const std::string& text, Wishes& w) {
    for (const yaml::Node* item : f.items("replacePrefix")) {
      Fields one = f.at(*item, "replacePrefix[]");
      const std::string prefix = one.text("prefix"), to = one.text("replacement");
      one.rest();
      if (!prefix.empty() && prefix != text) continue;
      w.rewrite.kind = RewriteWish::Kind::prefix;
      w.rewrite.target = to;
      w.rewrite.field = one.ref();
      if (!prefix.empty()) break;
    }
    if (text == "/" && w.rewrite.kind == RewriteWish::Kind::prefix && !w.rewrite.target.ends_with('/'))
      tell(ledger_, f.ref(), Outcome::approximated,
           "Contour pastes the replacement: /x becomes " + w.rewrite.target + "x; Gateway API sets a slash between",
           Loss::none);
    f.rest();
  }

  void redirect(Fields f, Wishes& w) {
    Redirect to;
    if (const std::string v = f.text("scheme"); !v.empty()) to.scheme = v;
    if (const std::string v = f.text("hostname"); !v.empty()) to.host = v;
    if (const auto v = f.number("port")) to.port = static_cast<kube::Port>(*v);
    if (const std::string v = f.text("path"); !v.empty()) to.path = PathRewrite{false, v};
    if (const std::string v = f.text("prefix"); !v.empty()) to.path = PathRewrite{true, v};
    to.status = static_cast<int>(f.number("statusCode").value_or(302));
    f.rest();
    w.redirect = to;
  }

  void route(const kube::OtherObject& object, Fields f, const Host& host, Where where) {
    conditions(f, where);
    Wishes& w = site_.wishes(object);
    Asking asking = site_.asking(w);
    asking.field = f.ref();
    w.plain.intents = host.intents;
    w.plain.cors = host.cors;
    const std::string text = where.path ? where.path->first : where.prefix.empty() ? "/" : where.prefix;
    if (text == "/") where.path.reset();  // also an exact one takes every path
    std::vector<Backend> backends;
    const auto services = f.items("services");
    for (const yaml::Node* item : services)
      service(object, f.at(*item, "services[]"), backends, &asking, services.size() == 1);
    share(backends);
    asking.field = f.ref();
    const bool insecure = f.on("permitInsecure");
    f.skip("enableWebsockets", "gateways upgrade connections without being asked");
    timeouts(f.object("timeoutPolicy"), w);
    if (Fields retry = f.object("retryPolicy"); retry) {
      asking.field = f.ref("retryPolicy");
      retries(retry, asking);
    }
    if (Fields path = f.object("pathRewritePolicy"); path) rewrite(path, text, w);
    headers(f.object("requestHeadersPolicy"), w.plain.request_headers, &asking);
    headers(f.object("responseHeadersPolicy"), w.plain.response_headers, nullptr);
    if (Fields r = f.object("requestRedirectPolicy"); r) redirect(r, w);
    balance(f, asking);
    // Lists of a route take the place of those of its host.
    if (f.has("ipAllowPolicy") || f.has("ipDenyPolicy"))
      std::erase_if(w.plain.intents, [](const Intent& i) { return i.loss == Loss::allow_list; });
    addresses(f, w.plain.intents);
    struct Guard {
      std::string_view key;
      Loss loss;
      std::string_view why;
    };
    static constexpr Guard guards[] = {
        {"authPolicy", Loss::auth, needs_policy},
        {"jwtVerificationPolicy", Loss::auth, needs_policy},
        {"rateLimitPolicy", Loss::rate_limit, needs_policy},
        {"directResponsePolicy", Loss::rewrite, "Gateway API has no fixed answers"},
        {"internalRedirectPolicy", Loss::other, "redirects that the gateway follows itself cannot be said"},
    };
    for (const Guard& g : guards) {
      if (!f.take(g.key)) continue;
      asking.field = f.ref(g.key);
      asking.demand(Foreign{std::string(g.key)}, {}, g.loss, g.why);
    }
    f.tell("healthCheckPolicy", Outcome::approximated, gateways_own);
    f.tell("cookieRewritePolicies", Outcome::refused, no_cookies, Loss::other);
    asking.field = f.ref();
    if (f.rest()) asking.demand(Foreign{}, {}, Loss::auth, "a field of the route that may guard is not converted");
    // What an exact path or an expression matches is the whole path.
    if (w.redirect && w.redirect->path && where.path) w.redirect->path->prefix = false;
    if (where.refused) return ledger_.leave_out(f.node());
    if (host.tls && !insecure) w.https_redirect = true, w.https_code = 301;
    add(object, f, host, where, text, w, std::move(backends));
  }

  void timeouts(Fields f, Wishes& w) {
    if (f.text("response") == "infinity")
      w.plain.request_timeout = "0s";
    else if (const auto time = f.time("response"))
      w.plain.request_timeout = gep_duration(*time);
    for (const char* known : {"idle", "idleConnection"})
      f.tell(known, Outcome::approximated, "Gateway API has no idle time");
    f.rest();
  }

  // A count of -1 turns retries off; 0 is the default of one.
  void retries(Fields& f, Asking& asking) {
    Retry r;
    r.attempts = static_cast<int>(f.number("count").value_or(1));
    if (r.attempts == 0) r.attempts = 1;
    if (const auto time = f.time("perTryTimeout")) r.timeout_seconds = whole_seconds(*time);
    for (const std::string& code : f.list("retriableStatusCodes"))
      if (const auto n = small_int(code)) r.codes.push_back(*n);
    f.tell("retryOn", Outcome::approximated, "the gateway decides which failures are tried again");
    f.rest();
    if (r.attempts < 0) return;
    asking.demand(r, {}, Loss::other, "retries need --channel experimental or a target with policies",
                  Outcome::approximated);
  }

  void balance(Fields& f, Asking& asking) {
    Fields policy = f.object("loadBalancerPolicy");
    const std::string strategy = policy.text("strategy");
    asking.field = f.ref("loadBalancerPolicy");
    if (strategy == "WeightedLeastRequest")
      asking.demand(LeastRequest{}, {}, Loss::other, sentence::balancing, Outcome::approximated);
    if (strategy == "Cookie") {
      CookieAffinity c;
      c.name = "X-Contour-Session-Affinity";
      asking.demand(std::move(c), {}, Loss::other, sentence::session);
    }
    if (strategy == "Random") policy.tell("strategy", Outcome::approximated, sentence::balancing);
    const auto hashes = policy.items("requestHashPolicies");
    if (strategy != "RequestHash") {
      policy.skip("requestHashPolicies", "of strategy RequestHash only");
    } else if (hashes.size() == 1) {
      hash(policy.at(*hashes.front(), "requestHashPolicies[]"), asking);
    } else {
      policy.tell("requestHashPolicies", Outcome::approximated, "a hash of several values cannot be said");
    }
    policy.rest();
  }

  void hash(Fields f, Asking& asking) {
    HashBalance by;
    if (Fields header = f.object("headerHashOptions"); header)
      by = {HashBalance::By::header, header.text("headerName")};
    if (Fields query = f.object("queryParameterHashOptions"); query)
      by = {HashBalance::By::query, query.text("parameterName")};
    f.skip("hashSourceIP", "the address, where neither header nor parameter is named");
    f.skip("terminal", "of one policy among several");
    f.rest();
    asking.demand(by, {}, Loss::other, sentence::balancing, Outcome::approximated);
  }

  void add(const kube::OtherObject& object, const Fields& f, const Host& host, const Where& where,
           const std::string& text, const Wishes& w, std::vector<Backend> backends) {
    SiteRule rule;
    rule.owner = &object;
    rule.at = f.node();
    rule.host = host.name;
    rule.text = ir_.keep(text);
    rule.reach = where.path ? where.path->second : text == "/" ? Reach::element : Reach::bytes;
    rule.wishes = &w;
    rule.conditions = where.conditions;
    rule.backends = std::move(backends);
    const long kind = rule.reach == Reach::exact ? 2 : rule.reach == Reach::regex ? 1 : 0;
    rule.rank = kind * 10'000'000'000 + static_cast<long>(text.size()) * 1'000'000 +
                static_cast<long>(where.conditions.headers.size()) * 100'000 +
                static_cast<long>(where.conditions.query.size()) * 10'000 + std::min(added_++, 9'999L);
    site_.add(std::move(rule));
  }

  const Input& input_;
  Ir& ir_;
  Ledger& ledger_;
  Site site_;
  std::set<const kube::OtherObject*> used_;
  std::map<std::string, int> owners_;  // HTTPProxies by host
  long added_ = 0;
};

}  // namespace

void read_proxies(const Input& input, Ir& ir, Ledger& ledger) {
  Reader(input, ir, ledger).run();
}

}  // namespace gw::convert::contour
