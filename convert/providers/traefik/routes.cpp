// IngressRoute: rule expressions with their priorities, services, Middlewares, TLS.
#include <algorithm>

#include "convert/paths.h"
#include "convert/providers/common.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/sentences.h"
#include "convert/providers/site.h"
#include "convert/providers/traefik/rule.h"
#include "convert/providers/traefik/streams.h"
#include "convert/providers/traefik/traefik.h"
#include "convert/providers/values.h"
#include "convert/regex.h"

namespace gw::convert::traefik {
namespace {

constexpr std::string_view unknown_guard = "a field of the service that may guard is not converted";

// What one alternative of a rule asks of a request.
struct Wanted {
  std::vector<std::string> hosts;  // empty: any
  std::string path = "/";
  Reach reach = Reach::element;
  bool has_path = false;
  Conditions conditions;
  std::vector<std::string> methods;
  std::string refusal;  // what cannot be said; empty: nothing
  Loss loss = Loss::other;
};

void refuse(Wanted& w, std::string why, Loss loss = Loss::auth) {
  if (w.refusal.empty()) w.refusal = std::move(why), w.loss = loss;
}

void path(Wanted& w, const Matcher& m, Reach reach, std::string text) {
  if (w.has_path) return refuse(w, "two path matchers at once", Loss::other);
  w.has_path = true;
  w.path = std::move(text);
  w.reach = reach;
  if (m.arguments.size() > 1) refuse(w, m.name + " with several paths", Loss::other);
}

void match(Wanted& w, const Matcher& m) {
  const std::string& name = m.name;
  const std::string first = m.arguments.empty() ? "" : m.arguments[0];
  const bool v2 = first.find('{') != std::string::npos;
  if (m.negated) return refuse(w, "'!" + name + "': Gateway API has no negation");
  if (m.arguments.empty()) return refuse(w, name + " without an argument", Loss::other);
  if (name == "Host" || name == "HostHeader") {
    if (!w.hosts.empty()) return refuse(w, "two host matchers at once", Loss::other);
    for (const std::string& host : m.arguments) w.hosts.push_back(nginx::lower(host));
  } else if (name == "HostRegexp") {
    const std::string pattern = v2 ? "^" + braces(first, "[^.]+") + "$" : first;
    const auto names = host_names(pattern);
    if (names.empty())
      refuse(w,
             "HostRegexp(`" + first +
                 "`) matches more than some names or one free label: hostnames of Gateway API are names",
             Loss::other);
    w.hosts.insert(w.hosts.end(), names.begin(), names.end());
  } else if (name == "Path") {
    v2 ? path(w, m, Reach::regex, braces(first)) : path(w, m, Reach::exact, first);
  } else if (name == "PathPrefix") {
    v2 ? path(w, m, Reach::regex, braces(first) + ".*") : path(w, m, Reach::bytes, first);
  } else if (name == "PathRegexp") {
    path(w, m, Reach::regex, whole(first));
  } else if (name == "Method") {
    for (const std::string& method : m.arguments) w.methods.push_back(method);
  } else if ((name == "Header" || name == "Headers") && m.arguments.size() == 2) {
    w.conditions.headers.push_back({first, m.arguments[1], false});
  } else if ((name == "HeaderRegexp" || name == "HeadersRegexp") && m.arguments.size() == 2) {
    w.conditions.headers.push_back({first, whole(m.arguments[1]), true});
  } else if (name == "Query" && m.arguments.size() == 2) {
    w.conditions.query.push_back({first, m.arguments[1], false});
  } else if (name == "Query" && first.find('=') != std::string::npos) {
    for (const std::string& pair : m.arguments)
      w.conditions.query.push_back({pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1), false});
  } else if (name == "QueryRegexp" && m.arguments.size() == 2) {
    w.conditions.query.push_back({first, whole(m.arguments[1]), true});
  } else if (name == "ClientIP") {
    refuse(w, "ClientIP: Gateway API matches no addresses of clients", Loss::allow_list);
  } else {
    refuse(w, name + " with " + std::to_string(m.arguments.size()) + " arguments is no matcher that gwctl reads");
  }
}

class Reader {
 public:
  Reader(const Input& input, Ir& ir, Ledger& ledger)
      : input_(input), ir_(ir), ledger_(ledger), site_("traefik", input, ir, ledger) {}

  void run() {
    for (const kube::OtherObject* object : input_.own)
      if (object->kind == "IngressRoute" && object->node) read(*object);
    site_.finish(true);
  }

 private:
  void read(const kube::OtherObject& object) {
    Fields spec = Fields::spec(object, ledger_);
    http_ = https_ = true;
    tls_ = spec.has("tls");
    entry_points(spec);
    Fields tls = spec.object("tls");
    secret_ = tls.text("secretName");
    if (const std::string resolver = tls.text("certResolver"); !resolver.empty())
      tell(ledger_, tls.ref("certResolver"), Outcome::approximated,
           "a certificate that Traefik asks for itself: give the listener a Secret (cert-manager)", Loss::none);
    options_ = tls.has("options");
    if (tls.take("options"))
      tell(ledger_, tls.ref("options"), Outcome::refused,
           "a TLSOption may ask for client certificates; write it into the listener", Loss::client_certificate);
    tls.skip("domains", "names of a certificate that Traefik asks for itself");
    tls.skip("store", "where Traefik keeps its certificates");
    guarded_ = tls.rest();
    spec.skip("ingressClassName", "the Gateway's class takes its place");
    child_ = spec.tell("parentRefs", Outcome::refused,
                       "its requests come through the rules and Middlewares of another IngressRoute; write them here",
                       Loss::auth);
    spec.take("routes");
    guarded_ = spec.rest() || guarded_;
    for (const yaml::Node* item : spec.items("routes")) route(object, spec.at(*item, "routes[]"));
  }

  void entry_points(Fields& spec) {
    const auto names = spec.list("entryPoints");
    if (names.empty()) return;
    const auto has = [&](std::string_view a, std::string_view b) {
      return std::any_of(names.begin(), names.end(), [&](const std::string& n) { return n == a || n == b; });
    };
    http_ = has("web", "http");
    https_ = has("websecure", "https");
    for (const std::string& n : names)
      if (n != "web" && n != "http" && n != "websecure" && n != "https")
        tell(ledger_, spec.ref("entryPoints"), Outcome::refused,
             "which port entry point '" + n + "' has stands in Traefik's static configuration: it is left out",
             Loss::other);
  }

  void route(const kube::OtherObject& object, Fields f) {
    const std::string text = f.text("match");
    const long priority = f.number("priority").value_or(0);
    f.skip("kind", "there is one kind");
    f.tell("syntax", Outcome::approximated, "matchers of both syntaxes are read");
    f.tell("observability", Outcome::approximated, "logs, metrics and traces are the gateway's own");
    Wishes& w = site_.wishes(object);
    Asking asking = site_.asking(w);
    for (const yaml::Node* item : f.items("middlewares")) {
      Fields ref = f.at(*item, "middlewares[]");
      asking.field = ref.ref();
      const std::string name = ref.text("name");
      std::string ns = ref.text("namespace");
      if (ns.empty()) ns = object.metadata.ns;
      if (const kube::OtherObject* found = find_own(input_, "Middleware", ns, name))
        apply_middleware(*found, 0, asking);
      else
        missing_middleware(name, 0, asking);
      ref.rest();
    }
    asking.field = f.ref();
    std::vector<Backend> backends;
    for (const yaml::Node* item : f.items("services"))
      service(object, f.at(*item, "services[]"), 1, asking, backends, 0);
    if (child_ || guarded_)
      asking.demand(Foreign{}, {}, Loss::auth, "what the IngressRoute asks for beside its routes is not converted");
    if (options_)
      asking.demand(Foreign{}, {}, Loss::client_certificate, "its TLSOption may ask for client certificates");
    if (f.rest()) asking.demand(Foreign{}, {}, Loss::auth, "a field of the route that may guard is not converted");
    const auto rule = parse_rule(text);
    if (!rule) {
      tell(ledger_, f.ref("match"), Outcome::refused, "the rule cannot be read: " + rule.error().message, Loss::other);
      return;
    }
    const long rank = priority != 0 ? priority : static_cast<long>(text.size());
    for (const Alternative& alternative : *rule) add(object, f, alternative, w, backends, rank);
  }

  void add(const kube::OtherObject& object, const Fields& f, const Alternative& alternative, const Wishes& w,
           const std::vector<Backend>& backends, long rank) {
    Wanted wanted;
    for (const Matcher& m : alternative) match(wanted, m);
    const Wishes* wishes = &w;
    if (!wanted.refusal.empty()) {
      tell(ledger_, f.ref("match"), Outcome::refused, wanted.refusal + "; this alternative of the rule is left out",
           wanted.loss == Loss::other ? Loss::other : wanted.loss);
      if (!input_.options.accepts(wanted.loss)) return;
    }
    if (wanted.hosts.empty()) wanted.hosts.emplace_back();
    for (const std::string& host : wanted.hosts) {
      SiteRule rule;
      rule.owner = &object;
      rule.at = f.node();
      rule.host = normal_host(ir_.keep(host), ir_);
      rule.text = ir_.keep(wanted.path);
      rule.reach = wanted.path == "/" && wanted.reach == Reach::bytes ? Reach::element : wanted.reach;
      rule.wishes = wishes;
      rule.conditions = wanted.conditions;
      rule.methods = wanted.methods;
      rule.backends = backends;
      rule.rank = rank;
      rule.http = http_ && !tls_;
      rule.https = https_ || (tls_ && http_);
      if (!rule.http && !rule.https) continue;
      if (tls_) site_.certificate(rule.host, object, f.node(), object.metadata.ns, secret_);
      site_.add(std::move(rule));
    }
  }

  void service(const kube::Object& owner, Fields f, int weight, Asking& asking, std::vector<Backend>& to, int depth) {
    const std::string name = f.text("name"), kind = f.text("kind"), port = f.text("port");
    std::string ns = f.text("namespace");
    if (ns.empty()) ns = owner.metadata.ns;
    if (const auto own = f.number("weight")) weight *= static_cast<int>(std::clamp<long>(*own, 0, 100'000));
    if (kind == "TraefikService") {
      if (f.rest()) asking.demand(Foreign{name}, {}, Loss::auth, unknown_guard);
      return traefik_service(f, ns, name, weight, asking, to, depth);
    }
    const std::string scheme = f.text("scheme");
    asking.field = f.ref("scheme");
    if (scheme == "https") asking.unchecked_tls({});
    if (scheme == "h2c") tell(ledger_, f.ref("scheme"), Outcome::approximated, sentence::h2c, Loss::none);
    if (!scheme.empty() && scheme != "http" && scheme != "https" && scheme != "h2c")
      f.tell("scheme", Outcome::refused, "it is no scheme of Traefik", Loss::backend);
    if (f.has("passHostHeader") && !f.on("passHostHeader"))
      tell(ledger_, f.ref("passHostHeader"), Outcome::refused, "the address of the endpoint as Host cannot be said",
           Loss::other);
    Fields sticky = f.object("sticky");
    if (Fields cookie = sticky.object("cookie"); cookie.node()) {
      CookieAffinity c;
      c.name = cookie.text("name");
      c.path = cookie.text("path");
      c.same_site = cookie.text("sameSite");
      c.domain = cookie.text("domain");
      c.max_age = static_cast<int>(cookie.number("maxAge").value_or(0));
      c.secure = cookie.on("secure");
      cookie.skip("httpOnly", "the gateway decides whether scripts see its cookie");
      cookie.rest();
      asking.field = f.ref("sticky");
      asking.demand(std::move(c), {}, Loss::other, sentence::session);
    }
    if (f.take("serversTransport"))
      tell(ledger_, f.ref("serversTransport"), Outcome::refused,
           "a ServersTransport says how the backend's certificate is checked; write a BackendTLSPolicy",
           Loss::backend_tls);
    sticky.rest();
    for (const char* known : {"strategy", "healthCheck", "passiveHealthCheck"})
      f.tell(known, Outcome::approximated, "balancing and health checks are the gateway's own");
    for (const char* known : {"responseForwarding", "nativeLB", "nodePortLB"})
      f.skip(known, "how Traefik reaches endpoints and sends answers on");
    asking.field = f.ref();
    if (f.rest()) asking.demand(Foreign{name}, {}, Loss::auth, unknown_guard);
    if (name.find('@') != std::string::npos) {
      tell(ledger_, f.ref("name"), Outcome::refused, "a service of another provider of Traefik is not in the cluster",
           Loss::backend);
      return;
    }
    if (auto backend = own_backend(owner, f.node(), ns, name, port, input_, ir_, ledger_)) {
      backend->weight = weight;
      to.push_back(*backend);
    }
  }

  void traefik_service(const Fields& at, const std::string& ns, const std::string& name, int weight, Asking& asking,
                       std::vector<Backend>& to, int depth) {
    const kube::OtherObject* found = find_own(input_, "TraefikService", ns, name);
    if (!found || !found->node || depth > 8) {
      tell(ledger_, at.ref("name"), Outcome::refused, "TraefikService '" + name + "' is not among the input",
           Loss::backend);
      return;
    }
    Fields spec = Fields::spec(*found, ledger_);
    Fields weighted = spec.object("weighted");
    for (const yaml::Node* item : weighted.items("services")) {
      std::vector<Backend> one;
      service(*found, weighted.at(*item, "services[]"), weight, asking, one, depth + 1);
      to.insert(to.end(), one.begin(), one.end());
    }
    if (weighted.take("sticky"))
      tell(ledger_, weighted.ref("sticky"), Outcome::refused,
           "clients that stick to one of several Services need a target with policies", Loss::other);
    if (weighted.rest()) asking.demand(Foreign{name}, {}, Loss::auth, unknown_guard);
    Fields mirroring = spec.object("mirroring");
    if (mirroring) {
      std::vector<Backend> main;
      Fields copy = spec.object("mirroring");
      for (const yaml::Node* item : mirroring.items("mirrors")) {
        Fields mirror = mirroring.at(*item, "mirrors[]");
        const long percent = mirror.number("percent").value_or(100);
        mirror.skip("weight", "a mirror has a percentage, no weight");
        std::vector<Backend> one;
        service(*found, mirror, 1, asking, one, depth + 1);
        if (percent != 100)
          tell(ledger_, mirroring.ref("mirrors"), Outcome::approximated,
               "every request is mirrored, not a share of them", Loss::none);
        for (Backend& b : one) asking.wishes.plain.mirrors.push_back({b});
      }
      copy.take("mirrors");
      for (const char* known : {"mirrorBody", "maxBodySize"})
        copy.tell(known, Outcome::approximated, "whether bodies are mirrored is the gateway's own");
      service(*found, copy, weight, asking, main, depth + 1);
      to.insert(to.end(), main.begin(), main.end());
    }
    if (spec.rest()) asking.demand(Foreign{name}, {}, Loss::auth, unknown_guard);
  }

  const Input& input_;
  Ir& ir_;
  Ledger& ledger_;
  Site site_;
  bool http_ = true, https_ = true, tls_ = false, options_ = false;  // of the object being read
  bool child_ = false, guarded_ = false;
  std::string secret_;
};

}  // namespace

void read_routes(const Input& input, Ir& ir, Ledger& ledger) {
  Reader(input, ir, ledger).run();
  read_stream_routes(input, ir, ledger);
}

}  // namespace gw::convert::traefik
