// IngressRoute: rule expressions with their priorities, services, Middlewares, TLS.
#include <algorithm>
#include <nlohmann/json.hpp>

#include "convert/paths.h"
#include "convert/providers/common.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/sentences.h"
#include "convert/providers/site.h"
#include "convert/providers/traefik/entry_points.h"
#include "convert/providers/traefik/rule.h"
#include "convert/providers/traefik/streams.h"
#include "convert/providers/traefik/traefik.h"
#include "convert/providers/values.h"
#include "convert/regex.h"
#include "yaml/json.h"

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
    refuse(w, name + " with " + std::to_string(m.arguments.size()) + " arguments is not a matcher that gwctl reads");
  }
}

class Reader {
 public:
  Reader(const Input& input, Ir& ir, Ledger& ledger)
      : input_(input), ir_(ir), ledger_(ledger), site_("traefik", input, ir, ledger), entry_points_(input) {}

  void run() {
    for (const kube::OtherObject* object : input_.own)
      if (object->kind == "IngressRoute" && object->node) read(*object);
    site_.finish(true);
  }

 private:
  void read(const kube::OtherObject& object) {
    Fields spec = Fields::spec(object, ledger_);
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

  // Where the routes of the object listen. A port of its own may be one that not everybody reaches: without TLS it is
  // not opened by a guess.
  void entry_points(Fields& spec) {
    const auto names = spec.list("entryPoints");
    listens_.clear();
    if (names.empty()) {
      listens_.push_back({!tls_, true, 80, 443});
      return;
    }
    const auto join = [&](bool secure, kube::Port port) {
      Listens usual{!secure, secure, secure ? 80 : port, secure ? port : 443};
      for (Listens& l : listens_)
        if ((secure ? l.https_port : l.http_port) == port && l.http_port == usual.http_port &&
            l.https_port == usual.https_port)
          return void((secure ? l.https : l.http) = true);
      listens_.push_back(usual);
    };
    for (const std::string& name : names) {
      const bool usual_https = name == "websecure" || name == "https";
      if (const auto port = entry_points_.port(name)) {
        const bool usual_http = *port == 80 && (name == "web" || name == "http");
        join(tls_ || usual_https, tls_ && usual_http ? 443 : *port);
      } else if (tls_) {
        tell(ledger_, spec.ref("entryPoints"), Outcome::refused,
             "which port entry point '" + name + "' has stands in Traefik's static configuration; https on " +
                 std::to_string(EntryPoints::guess) + " is written, which is a guess: say --entry-point " + name +
                 "=PORT",
             Loss::other);
        join(true, EntryPoints::guess);
      } else {
        tell(ledger_, spec.ref("entryPoints"), Outcome::refused,
             "which port entry point '" + name +
                 "' has stands in Traefik's static configuration: it is left out; say "
                 "--entry-point " +
                 name + "=PORT",
             Loss::other);
      }
    }
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
    if (!keep_services(object, f, asking, backends))
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
      for (const Listens& l : listens_) {
        SiteRule one = rule;
        one.http = l.http;
        one.https = l.https;
        one.http_port = l.http_port;
        one.https_port = l.https_port;
        if (tls_)
          site_.certificate(rule.host, object, f.node(), object.metadata.ns, secret_, l.http_port, l.https_port);
        site_.add(std::move(one));
      }
    }
  }

  void service(const kube::Object& owner, Fields f, int weight, Asking& asking, std::vector<Backend>& to, int depth) {
    const std::string name = f.text("name"), kind = f.text("kind"), port = f.text("port");
    std::string ns = f.text("namespace");
    if (ns.empty()) ns = owner.metadata.ns;
    if (const auto own = f.number("weight")) weight *= static_cast<int>(std::clamp<long>(*own, 0, 100'000));
    if (kind == "TraefikService" || name.find('@') != std::string::npos) {
      if (name.find('@') != std::string::npos) return internal_service(f, ns, name, weight, to);
      if (f.rest()) asking.demand(Foreign{name}, {}, Loss::auth, unknown_guard);
      return traefik_service(f, ns, name, weight, asking, to, depth);
    }
    const std::string scheme = f.text("scheme");
    asking.field = f.ref("scheme");
    if (scheme == "https") asking.unchecked_tls({});
    if (scheme == "h2c") tell(ledger_, f.ref("scheme"), Outcome::approximated, sentence::h2c, Loss::none);
    if (!scheme.empty() && scheme != "http" && scheme != "https" && scheme != "h2c")
      f.tell("scheme", Outcome::refused, "it is not a scheme of Traefik", Loss::backend);
    if (f.has("passHostHeader") && !f.on("passHostHeader"))
      tell(ledger_, f.ref("passHostHeader"), Outcome::refused,
           "the address of the endpoint as Host cannot be expressed", Loss::other);
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
    if (auto backend = own_backend(owner, f.node(), ns, name, port, input_, ir_, ledger_)) {
      backend->weight = weight;
      to.push_back(*backend);
    }
  }

  // "api@internal": the dashboard and other services that Traefik has without a Service of the cluster.
  void internal_service(Fields& f, const std::string& ns, const std::string& name, int weight,
                        std::vector<Backend>& to) {
    if (!same_proxy(input_, "traefik"))
      tell(ledger_, f.ref("name"), Outcome::refused,
           "'" + name + "' is a service inside Traefik, such as its dashboard; no other gateway has it", Loss::backend);
    else
      to.push_back(own_kind(ns, name, weight));
    for (const char* known : {"kind", "namespace", "port", "weight"}) f.take(known);
    f.rest();
  }
  Backend own_kind(const std::string& ns, const std::string& name, int weight) {
    Backend b;
    b.ns = ir_.keep(ns);
    b.name = ir_.keep(name);
    b.weight = weight;
    b.resource = ResourceKind{"traefik.io", "TraefikService"};
    return b;
  }

  // A TraefikService of the input and those that it refers to go on as they are.
  void keep_traefik_service(const kube::OtherObject& object, Asking& asking, int depth) {
    keep_as_it_is(asking, object, 0);
    const yaml::Node* spec = object.node->find("spec");
    if (!spec || !spec->is_map() || depth > 8) return;
    const auto nested = [&](const yaml::Node* list) {
      if (!list || !list->is_seq()) return;
      for (const yaml::Node& item : list->items()) refer(item, object, asking, depth);
    };
    if (const yaml::Node* weighted = spec->find("weighted"); weighted && weighted->is_map())
      nested(weighted->find("services"));
    if (const yaml::Node* mirroring = spec->find("mirroring"); mirroring && mirroring->is_map()) {
      refer(*mirroring, object, asking, depth);
      nested(mirroring->find("mirrors"));
    }
  }
  void refer(const yaml::Node& item, const kube::OtherObject& from, Asking& asking, int depth) {
    if (!item.is_map()) return;
    std::string ns = text_of(item.find("namespace"));
    if (ns.empty()) ns = from.metadata.ns;
    if (const std::string transport = text_of(item.find("serversTransport")); !transport.empty())
      servers_transport({&from, &item, "serversTransport"}, ns, transport, asking);
    if (text_of(item.find("kind")) != "TraefikService") return;
    const std::string name = text_of(item.find("name"));
    if (const kube::OtherObject* found = find_own(input_, "TraefikService", ns, name); found && found->node)
      keep_traefik_service(*found, asking, depth + 1);
    else
      tell(ledger_, {&from, &item, "name"}, Outcome::refused,
           "TraefikService '" + name + "' is not among the input: give its file, too", Loss::backend);
  }
  // "name" of the namespace, or "ns-name@kubernetescrd" of any.
  void servers_transport(const FieldRef& at, const std::string& ns, const std::string& name, Asking& asking) {
    const auto found = std::find_if(input_.bundle.others.begin(), input_.bundle.others.end(), [&](const auto& o) {
      return o.kind == "ServersTransport" && o.node &&
             ((o.metadata.ns == ns && o.metadata.name == name) ||
              o.metadata.ns + "-" + o.metadata.name + "@kubernetescrd" == name);
    });
    if (found != input_.bundle.others.end())
      keep_as_it_is(asking, *found, 0);
    else
      tell(ledger_, at, Outcome::refused,
           "ServersTransport '" + name +
               "' is not among the input: how the backend's certificate is checked is not known; give its file, too",
           Loss::backend_tls);
  }

  // What an entry of services says beyond a Service, a port and a weight; Traefik's Gateway takes it in a
  // TraefikService.
  static bool plain_service(const yaml::Node& item) {
    static constexpr std::string_view plain[] = {"name", "namespace", "port", "weight", "kind"};
    return std::all_of(item.entries().begin(), item.entries().end(), [](const yaml::Entry& e) {
      return std::find(std::begin(plain), std::end(plain), e.key.string()) != std::end(plain);
    });
  }
  // True when the services of a route are kept as they are written.
  bool keep_services(const kube::OtherObject& object, Fields& f, Asking& asking, std::vector<Backend>& to) {
    const auto items = f.items("services");
    if (!same_proxy(input_, "traefik") ||
        std::all_of(items.begin(), items.end(), [](const yaml::Node* i) { return !i->is_map() || plain_service(*i); }))
      return false;
    nlohmann::ordered_json services = nlohmann::ordered_json::array();
    for (const yaml::Node* item : items) {
      services.push_back(yaml::to_json<nlohmann::ordered_json>(*item));
      ledger_.settle(item, Outcome::converted, "TraefikService");
      refer(*item, object, asking, 0);
      std::string ns = text_of(item->find("namespace"));
      if (ns.empty()) ns = object.metadata.ns;
      Backend b = own_kind(object.metadata.ns, text_of(item->find("name")), 1);
      if (text_of(item->find("kind")) == "TraefikService") {
        to.push_back(b);
      } else if (auto backend = own_backend(object, item, ns, std::string(b.name), text_of(item->find("port")), input_,
                                            ir_, ledger_)) {
        services.back()["port"] = backend->port;
        to.push_back(*backend);
      }
    }
    asking.demand(NativeBackends{services.dump()}, {}, Loss::backend, "a service as Traefik writes it");
    return true;
  }

  void traefik_service(const Fields& at, const std::string& ns, const std::string& name, int weight, Asking& asking,
                       std::vector<Backend>& to, int depth) {
    const kube::OtherObject* found = find_own(input_, "TraefikService", ns, name);
    if (!found || !found->node || depth > 8) {
      tell(ledger_, at.ref("name"), Outcome::refused,
           "TraefikService '" + name + "' is not among the input: give its file, too", Loss::backend);
      return;
    }
    if (same_proxy(input_, "traefik")) {
      keep_traefik_service(*found, asking, 0);
      to.push_back(own_kind(ns, name, weight));
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
        const auto share = static_cast<std::int32_t>(std::clamp<long>(percent, 0, 100) * 10'000);
        if (share > 0)
          for (Backend& b : one) asking.wishes.plain.mirrors.push_back({b, share});
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
  const EntryPoints entry_points_;
  struct Listens {
    bool http, https;
    kube::Port http_port, https_port;
  };
  std::vector<Listens> listens_;  // of the object being read
  bool tls_ = false, options_ = false;
  bool child_ = false, guarded_ = false;
  std::string secret_;
};

}  // namespace

void read_routes(const Input& input, Ir& ir, Ledger& ledger) {
  Reader(input, ir, ledger).run();
  read_stream_routes(input, ir, ledger);
}

}  // namespace gw::convert::traefik
