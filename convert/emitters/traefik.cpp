// Traefik's own objects: Middlewares as ExtensionRef filters of a rule, and TraefikServices in the place of Services
// for what belongs to the way to the backend (stickiness, balancing, mirrors, unchecked TLS). Both need Traefik's
// kubernetesCRD provider beside its Gateway provider; a rule whose Middleware is missing answers 500.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "convert/emitters/own.h"
#include "convert/object_names.h"

namespace gw::convert {
namespace {

using own::ordered_json;

constexpr std::string_view version = "traefik.io/v1alpha1", group = "traefik.io", middleware = "Middleware";

// Backends that a TraefikService can take over: Services of the route's own namespace.
bool takes_over(const WrittenRoute& written, const std::vector<std::size_t>& rules) {
  for (const std::size_t i : rules)
    for (const Backend& b : written.rules[i]->backends)
      if (b.ns != written.route.metadata.ns || b.resource) return false;
  return true;
}

struct Meets {
  bool operator()(const RegexRewrite&) const { return true; }
  bool operator()(const ExternalAuth& a) const { return a.url.find('$') == std::string::npos; }
  bool operator()(const BasicAuth& a) const { return !a.map; }
  bool operator()(const AddressList& list) const { return !list.deny; }
  bool operator()(const RateLimit& r) const { return r.exempt.empty(); }
  bool operator()(const ConnectionLimit& c) const { return c.connections > 0; }
  bool operator()(const BodyLimit& b) const { return b.bytes > 0; }
  bool operator()(const Retry& r) const { return r.attempts > 0; }
  bool operator()(const CookieAffinity&) const { return true; }
  bool operator()(const HashBalance& h) const { return h.by == HashBalance::By::address; }
  bool operator()(const LeastRequest&) const { return true; }
  bool operator()(const ErrorPages& e) const { return !e.service.empty() && e.port != 0 && !e.codes.empty(); }
  bool operator()(const InsecureBackendTls&) const { return true; }
  bool operator()(const NativeObject&) const { return true; }
  bool operator()(const NativeBackends&) const { return true; }
  template <class T>
  bool operator()(const T&) const {
    return false;
  }
};

ordered_json cors_headers(const CorsPolicy& c) {
  ordered_json exact = ordered_json::array(), regex = ordered_json::array(), headers;
  for (const std::string& o : c.origins) {
    if (o == "*" || o.find('*') == std::string::npos)
      exact.push_back(o);
    else
      regex.push_back(own::origin_regex(o));
  }
  if (!exact.empty()) headers["accessControlAllowOriginList"] = std::move(exact);
  if (!regex.empty()) headers["accessControlAllowOriginListRegex"] = std::move(regex);
  if (!c.methods.empty()) headers["accessControlAllowMethods"] = c.methods;
  if (!c.headers.empty()) headers["accessControlAllowHeaders"] = c.headers;
  if (!c.expose.empty()) headers["accessControlExposeHeaders"] = c.expose;
  if (with_credentials(c)) headers["accessControlAllowCredentials"] = true;
  headers["accessControlMaxAge"] = c.max_age;
  headers["addVaryHeader"] = true;
  return headers;
}

// \1 of RE2 is ${1} of Go.
std::string go_replacement(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) {
      out += std::string("${") + text[++i] + "}";
    } else {
      out += text[i];
      if (text[i] == '$') out += '$';
    }
  }
  return out;
}

class Writer {
 public:
  Writer(const WrittenRoute& written, PolicyContext& context)
      : written_(written), context_(context), route_(written.route), first_(context.others.size()) {}

  void run() {
    const auto groups = own::groups(written_);
    for (std::size_t g = 0; g < groups.size(); ++g) {
      rules_ = groups[g].rules;
      prefix_ = own::numbered(route_.metadata.name, g);
      balancer_ = ordered_json::object();
      native_services_ = nullptr;
      for (const Intent& intent : groups[g].action->intents) {
        intent_ = &intent;
        std::visit(*this, intent.demand);
      }
      if (!balancer_.empty()) take_over_backends();
      if (native_services_.is_array()) native_backends();
    }
    for (std::size_t i = 0; i < written_.rules.size(); ++i) fields(i);
    for (auto& [rule, chain] : chains_) attach(route_.spec.rules[rule], chain);
    for (const auto& [rule, names] : native_)
      for (const std::string& name : names) own::extension(route_.spec.rules[rule], group, middleware, name);
  }

  void operator()(const ExternalAuth& a) {
    ordered_json auth{{"address", a.url}};
    if (!a.response_headers.empty()) auth["authResponseHeaders"] = a.response_headers;
    if (!a.signin.empty() && a.signin.find('$') == std::string::npos) auth["authSigninURL"] = a.signin;
    add("auth", "forwardAuth", auth);
    settle(a.signin.find('$') == std::string::npos
               ? "Middleware forwardAuth; the service is asked with X-Forwarded-Method, -Host and -Uri"
               : "Middleware forwardAuth; the sign-in page is not: the service must redirect itself",
           true);
  }
  void operator()(const BasicAuth& a) {
    ordered_json auth{{"secret", a.secret}};
    if (!a.realm.empty()) auth["realm"] = a.realm;
    add("auth", a.digest ? "digestAuth" : "basicAuth", auth);
    settle(std::string("Middleware ") + (a.digest ? "digestAuth" : "basicAuth") +
               " with the same Secret, which may hold one key only",
           true);
  }
  void operator()(const AddressList& list) {
    ordered_json cidrs = ordered_json::array();
    for (const std::string& c : list.cidrs) cidrs.push_back(own::cidr(c));
    add("addresses", "ipAllowList", {{"sourceRange", std::move(cidrs)}});
    settle("Middleware ipAllowList");
  }
  void operator()(const RateLimit& r) {
    const char* period = r.unit == 's' ? "1s" : r.unit == 'm' ? "1m" : "1h";
    add(std::string("rate-") + r.unit, "rateLimit",
        {{"average", r.requests}, {"period", period}, {"burst", std::max(1, r.burst)}});
    settle("Middleware rateLimit, a client address, with the same burst; 429 instead of 503", true);
  }
  void operator()(const ConnectionLimit& c) {
    add("connections", "inFlightReq",
        {{"amount", c.connections}, {"sourceCriterion", {{"ipStrategy", {{"depth", 0}}}}}});
    settle("Middleware inFlightReq: requests at a time of a client address, 429 instead of 503", true);
  }
  void operator()(const BodyLimit& b) {
    add("body", "buffering", {{"maxRequestBodyBytes", b.bytes}});
    settle("Middleware buffering: larger requests get 413; requests are buffered");
  }
  void operator()(const Retry& r) {
    ordered_json retry{{"attempts", r.attempts}, {"initialInterval", "100ms"}};
    ordered_json codes = ordered_json::array();
    for (const std::int32_t code : r.codes) codes.push_back(std::to_string(code));
    if (!codes.empty()) retry["status"] = std::move(codes);
    if (!r.on_error) retry["disableRetryOnNetworkError"] = true;
    if (r.timeout_seconds > 0) retry["timeout"] = own::seconds(r.timeout_seconds);
    add("retry", "retry", retry);
    settle("Middleware retry", true);
  }
  void operator()(const ErrorPages& e) {
    ordered_json codes = ordered_json::array();
    for (const int code : e.codes) codes.push_back(std::to_string(code));
    add("errors", "errors",
        {{"status", std::move(codes)},
         {"query", "/"},
         {"service", {{"name", e.service}, {"namespace", e.ns}, {"port", e.port}}}});
    settle("Middleware errors: the pages come from the same Service, without X-Code and X-Format", true);
  }
  void operator()(const CookieAffinity& c) {
    ordered_json cookie{{"name", c.name}, {"httpOnly", true}};
    if (c.max_age > 0) cookie["maxAge"] = c.max_age;
    if (!c.path.empty()) cookie["path"] = c.path;
    if (!c.domain.empty()) cookie["domain"] = c.domain;
    if (!c.same_site.empty()) {
      std::string word = c.same_site;
      for (char& ch : word) ch = static_cast<char>(std::tolower(static_cast<unsigned char>(ch)));
      cookie["sameSite"] = word;
    }
    if (c.secure) cookie["secure"] = true;
    balance({{"sticky", {{"cookie", std::move(cookie)}}}},
            "TraefikService with a sticky cookie; old cookies lose their meaning");
  }
  void operator()(const HashBalance&) {
    balance({{"strategy", "hrw"}}, "TraefikService strategy hrw: by client address");
  }
  void operator()(const LeastRequest&) { balance({{"strategy", "p2c"}}, "TraefikService strategy p2c, which is near"); }
  void operator()(const InsecureBackendTls&) {
    const std::string name = prefix_ + "--insecure";
    balance({{"scheme", "https"}, {"serversTransport", name}}, "ServersTransport insecureSkipVerify");
    if (takes_over(written_, rules_))
      context_.others.push_back(
          own::object(version, "ServersTransport", route_.metadata.ns, name, {{"insecureSkipVerify", true}}));
  }
  void operator()(const NativeObject& native) {
    const kube::OtherObject& object = *native.object;
    current(own::carry(context_, object));
    if (object.kind != middleware) return settle("it goes on as it is");
    carry_chain(object, 0);
    std::string name = object.metadata.name;
    const bool elsewhere = object.metadata.ns != route_.metadata.ns;
    if (elsewhere) name = bridge(object);
    for (const std::size_t i : rules_) native_[i].push_back(name);
    if (elsewhere)
      settle("Middleware " + name + ", a chain that leads to the one in namespace " + std::string(object.metadata.ns) +
                 ": Traefik must allow it (providers.kubernetesCRD.allowCrossNamespace)",
             true);
    else
      settle("ExtensionRef to Middleware " + name + ", which goes on as it is");
  }
  void operator()(const NativeBackends& b) {
    native_services_ = ordered_json::parse(b.services);
    settle("TraefikService");
  }
  template <class T>
  void operator()(const T&) {}  // not met, or said elsewhere

 private:
  void settle(const std::string& detail, bool near = false) { own::settle(context_, *intent_, detail, near); }

  void add(const std::string& what, const std::string& kind, const ordered_json& spec) {
    const std::string name = prefix_ + "--" + what;
    context_.others.push_back(own::object(version, middleware, route_.metadata.ns, name, {{kind, spec}}));
    for (const std::size_t i : rules_) chains_[i].push_back(name);
  }

  // As ingress-nginx would: preflights before checks, checks before everything else, the path is changed last.
  static std::size_t rank(const std::string& name) {
    static constexpr std::string_view order[] = {"--errors",    "--cors", "--rate", "--connections",
                                                 "--addresses", "--auth", "--body", "--retry"};
    for (std::size_t i = 0; i < std::size(order); ++i)
      if (name.find(order[i], name.rfind("--")) != std::string::npos) return i;
    return std::size(order);
  }
  static void attach(kube::HttpRouteRule& rule, std::vector<std::string>& chain) {
    std::stable_sort(chain.begin(), chain.end(),
                     [](const std::string& a, const std::string& b) { return rank(a) < rank(b); });
    std::vector<kube::RouteFilter> fields = std::move(rule.filters);
    rule.filters.clear();
    std::size_t i = 0;
    for (; i < chain.size() && rank(chain[i]) < 8; ++i) own::extension(rule, group, middleware, chain[i]);
    rule.filters.insert(rule.filters.end(), fields.begin(), fields.end());
    for (; i < chain.size(); ++i) own::extension(rule, group, middleware, chain[i]);
  }

  void balance(const ordered_json& part, const std::string& detail) {
    if (!takes_over(written_, rules_))
      return own::refuse(context_, written_, rules_, *intent_,
                         "a TraefikService cannot take a backend of another namespace or kind");
    balancer_.merge_patch(part);
    settle(detail, true);
  }

  // The objects of this route.
  std::vector<kube::OtherObject>::iterator begin() const {
    return context_.others.begin() + static_cast<std::ptrdiff_t>(first_);
  }

  // One TraefikService for each set of backends of the group.
  void take_over_backends() {
    std::size_t made = 0;
    for (const std::size_t i : rules_) {
      std::vector<kube::BackendRef>& refs = route_.spec.rules[i].backend_refs;
      if (refs.empty()) continue;
      ordered_json services = ordered_json::array();
      for (const Backend& b : written_.rules[i]->backends) {
        ordered_json service{{"name", b.name}, {"port", b.port}, {"weight", b.weight}};
        service.update(balancer_);
        services.push_back(std::move(service));
      }
      const ordered_json spec{{"weighted", {{"services", std::move(services)}}}};
      const std::string body = ordered_json{{"spec", spec}}.dump();
      const auto same = std::find_if(begin(), context_.others.end(), [&](const kube::OtherObject& o) {
        return o.kind == "TraefikService" && o.body == body;
      });
      std::string name;
      if (same != context_.others.end()) {
        name = same->metadata.name;
      } else {
        name = own::numbered(prefix_ + "--backends", made++);
        context_.others.push_back(own::object(version, "TraefikService", route_.metadata.ns, name, spec));
      }
      refs = {traefik_service(name)};
    }
  }
  static kube::BackendRef traefik_service(const std::string& name) {
    kube::BackendRef ref;
    ref.group = std::string(group);
    ref.kind = "TraefikService";
    ref.name = name;
    ref.weight = 1;
    return ref;
  }

  // Objects of Traefik 2 are of a group that Traefik 3 does not read.
  static void current(kube::OtherObject* object) {
    if (object && object->api_version.starts_with("traefik.containo.us/")) object->api_version = version;
  }
  // The Middlewares that a chain names.
  void carry_chain(const kube::OtherObject& object, int depth) {
    const ordered_json spec = own::spec_of(object);
    if (depth > 8 || !spec.contains("chain") || !spec["chain"].contains("middlewares")) return;
    for (const ordered_json& ref : spec["chain"]["middlewares"])
      for (const kube::OtherObject& other : context_.index.bundle().others)
        if (other.kind == middleware && other.node && other.metadata.name == ref.value("name", "") &&
            other.metadata.ns == ref.value("namespace", std::string(object.metadata.ns))) {
          current(own::carry(context_, other));
          carry_chain(other, depth + 1);
        }
  }
  // A filter names a Middleware of the route's namespace only; a chain there may name others.
  std::string bridge(const kube::OtherObject& object) {
    const std::string name =
        dns_name("from-" + std::string(object.metadata.ns) + "-" + std::string(object.metadata.name));
    const std::string key = "bridge/" + std::string(route_.metadata.ns) + "/" + name;
    if (context_.shared.try_emplace(key, context_.others.size()).second)
      context_.others.push_back(own::object(
          version, middleware, route_.metadata.ns, name,
          {{"chain",
            {{"middlewares",
              ordered_json::array({{{"name", object.metadata.name}, {"namespace", object.metadata.ns}}})}}}}));
    return name;
  }

  void native_backends() {
    const std::string name = prefix_ + "--backends";
    context_.others.push_back(own::object(version, "TraefikService", route_.metadata.ns, name,
                                          {{"weighted", {{"services", native_services_}}}}));
    for (const std::size_t i : rules_) route_.spec.rules[i].backend_refs = {traefik_service(name)};
  }

  // What stands in the route itself and Traefik has only in its own objects.
  void fields(std::size_t i) {
    const Action* action = written_.rules[i]->action.get();
    if (!action || action->redirect || action->closed) return;
    kube::HttpRouteRule& rule = route_.spec.rules[i];
    rules_ = {i};
    const std::string number = std::to_string(i + 1);
    for (const Intent& intent : action->intents)
      if (const auto* rewrite = std::get_if<RegexRewrite>(&intent.demand)) {
        intent_ = &intent;
        prefix_ = route_.metadata.name;
        add("rewrite-" + number, "replacePathRegex",
            {{"regex", rewrite->pattern}, {"replacement", go_replacement(rewrite->substitution)}});
        settle("Middleware replacePathRegex");
      }
    if (action->cors && own::drop_filters(rule, "CORS")) {
      prefix_ = route_.metadata.name;
      shared("cors", "headers", cors_headers(*action->cors));
      own::settle_field(context_, *action, FieldClaim::Field::cors, Outcome::approximated,
                        "Middleware headers; Traefik answers every preflight itself");
    }
    if (!action->mirrors.empty()) mirror(i, *action);
  }

  // A Middleware that several rules of the route may share.
  void shared(const std::string& what, const std::string& kind, const ordered_json& spec) {
    const std::string body = ordered_json{{"spec", {{kind, spec}}}}.dump();
    std::size_t n = 0;
    for (auto o = begin(); o != context_.others.end(); ++o) {
      if (o->kind != middleware || !o->metadata.name.starts_with(route_.metadata.name + "--" + what)) continue;
      ++n;
      if (o->body != body) continue;
      for (const std::size_t i : rules_) chains_[i].push_back(o->metadata.name);
      return;
    }
    add(n == 0 ? what : what + "-" + std::to_string(n + 1), kind, spec);
  }

  void mirror(std::size_t i, const Action& action) {
    kube::HttpRouteRule& rule = route_.spec.rules[i];
    const auto& backends = written_.rules[i]->backends;
    const bool own_ns = std::all_of(action.mirrors.begin(), action.mirrors.end(),
                                    [&](const Mirror& m) { return m.backend.ns == route_.metadata.ns; });
    if (!own_ns || rule.backend_refs.size() != 1 || !takes_over(written_, {i})) return;  // fit() tells it
    own::drop_filters(rule, "RequestMirror");
    ordered_json mirrors = ordered_json::array();
    for (const Mirror& m : action.mirrors)
      mirrors.push_back({{"name", m.backend.name}, {"port", m.backend.port}, {"percent", m.millionths / 10'000}});
    ordered_json spec;
    if (rule.backend_refs[0].kind == "TraefikService")
      spec["mirroring"] = {{"kind", "TraefikService"}, {"name", rule.backend_refs[0].name}};
    else
      spec["mirroring"] = {{"name", backends[0].name}, {"port", backends[0].port}};
    spec["mirroring"]["mirrors"] = std::move(mirrors);
    const std::string name = route_.metadata.name + "--mirror-" + std::to_string(i + 1);
    context_.others.push_back(own::object(version, "TraefikService", route_.metadata.ns, name, spec));
    rule.backend_refs = {traefik_service(name)};
    own::settle_field(context_, action, FieldClaim::Field::mirror, Outcome::policy, "TraefikService mirroring");
  }

  const WrittenRoute& written_;
  PolicyContext& context_;
  kube::HttpRoute& route_;
  const std::size_t first_;  // in the context's objects
  std::vector<std::size_t> rules_;
  std::map<std::size_t, std::vector<std::string>> chains_;  // names of the Middlewares of each rule
  std::map<std::size_t, std::vector<std::string>> native_;  // of those that were there before, in their order
  ordered_json native_services_;
  std::string prefix_;
  ordered_json balancer_;
  const Intent* intent_ = nullptr;
};

}  // namespace

bool traefik_meets(const Intent& intent, const Options&) {
  return std::visit(Meets{}, intent.demand);
}

std::string_view traefik_why_not(const Intent& intent) {
  const Demand& d = intent.demand;
  if (std::holds_alternative<AddressList>(d)) return "Traefik has no list of denied addresses";
  if (std::holds_alternative<ClientCertificate>(d) || std::holds_alternative<TlsSettings>(d))
    return "Traefik takes client certificates and ciphers from TLSOptions, which its Gateway provider does not attach "
           "to listeners";
  if (std::holds_alternative<BandwidthLimit>(d)) return "Traefik limits no bandwidth";
  if (std::holds_alternative<RateLimit>(d)) return "Traefik's rateLimit has no exempt addresses";
  if (std::holds_alternative<BasicAuth>(d)) return "Traefik takes the users from one key of the Secret";
  if (std::holds_alternative<HashBalance>(d)) return "Traefik balances by client address only";
  if (std::holds_alternative<ExternalAuth>(d))
    return "variables in auth-url have no counterpart in Traefik's forwardAuth";
  return {};
}

void traefik_policies(const WrittenRoute& written, PolicyContext& context) {
  Writer(written, context).run();
}

}  // namespace gw::convert
