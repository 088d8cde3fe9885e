// VirtualServer: upstreams by name, routes with actions, splits and matches, delegated to VirtualServerRoutes.
#include "convert/providers/f5/virtual_server.h"

#include <algorithm>
#include <map>

#include "convert/providers/common.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/own.h"
#include "convert/providers/sentences.h"
#include "convert/providers/site.h"
#include "convert/providers/values.h"
#include "convert/regex.h"

namespace gw::convert::f5 {
namespace {

constexpr std::string_view needs_policy =
    "Gateway API has no such policy in its standard channel; a target with policies has (--to envoy-gateway)";
constexpr std::string_view class_of_gateway = "the Gateway's class takes its place";
constexpr std::string_view header_inherit = "headers of a route are added to those of its host, as the output says";

struct Upstream {
  std::optional<Backend> backend;
  std::vector<Intent> intents;
  std::string read_timeout;
};
using Upstreams = std::map<std::string, Upstream>;

// By time; without one, the Ingress goes first.
bool older(const kube::Object& a, const kube::Object& b) {
  const std::string &x = a.metadata.creation_timestamp, &y = b.metadata.creation_timestamp;
  return !x.empty() && (y.empty() || x < y);
}

class Reader {
 public:
  Reader(const Input& input, Ir& ir, Ledger& ledger)
      : input_(input), ir_(ir), ledger_(ledger), site_("f5-nginx", input, ir, ledger) {}

  void run() {
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

 private:
  // ---- upstreams

  Upstreams upstreams(Fields& spec) {
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
        f.tell("type", Outcome::refused, "it is no type of upstreams", Loss::backend);
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
        tell(ledger_, f.ref("subselector"), Outcome::refused,
             "pods of one Service cannot be chosen: give them a Service", Loss::backend);
      for (const char* key : {"backup", "backupPort"})
        f.tell(key, Outcome::refused, "a backend that serves when the others fail cannot be said", Loss::other);
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

  // ---- the server

  struct Host {
    std::string_view name;
    std::vector<Intent> intents;
    int redirect = 0;  // of http to https
  };

  void server(const kube::OtherObject& object) {
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
      tell(ledger_, spec.ref("listener"), Outcome::refused,
           "listeners of a GlobalConfiguration: add them to the Gateway", Loss::other);
    const Upstreams own = upstreams(spec);
    routes_ = spec.peek("routes");
    spec.take("routes");
    if (spec.rest()) host.intents.push_back(unknown_guard(spec.ref()));
    routes(object, spec, "routes", host, own, 0);
  }

  static Intent unknown_guard(FieldRef ref) {
    return {Foreign{},     {}, Loss::auth, Outcome::refused, "a field of it that may guard is not converted",
            std::move(ref)};
  }

  const kube::Ingress* older_ingress(const kube::OtherObject& object, std::string_view host) const {
    for (const kube::Ingress* ingress : input_.ingresses)
      for (const kube::IngressRule& rule : ingress->spec.rules)
        if (nginx::lower(rule.host) == host && !older(object, *ingress)) return ingress;
    return nullptr;
  }

  // Policies, WAF, DoS, snippets of a server or a route.
  void guards(Fields& f, std::vector<Intent>& to) {
    struct Row {
      std::string_view key;
      Loss loss;
      std::string_view why;
    };
    static constexpr Row rows[] = {
        {"dos", Loss::waf, "protection by App Protect DoS is no part of Gateway API"},
        {"http-snippets", Loss::snippet, "a snippet of NGINX says nothing to another gateway"},
        {"server-snippets", Loss::snippet, "a snippet of NGINX says nothing to another gateway"},
        {"location-snippets", Loss::snippet, "a snippet of NGINX says nothing to another gateway"},
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

  void policy(Fields ref, std::vector<Intent>& to) {
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
  void rate_limit(Fields& f, std::vector<Intent>& to) {
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

  // ---- routes

  void routes(const kube::OtherObject& object, Fields& spec, std::string_view key, const Host& host,
              const Upstreams& upstreams, int depth) {
    std::set<std::string> seen;
    for (const yaml::Node* item : spec.items(key)) {
      Fields f = spec.at(*item, std::string(key) + "[]");
      const std::string path = f.text("path"), child = f.text("route");
      if (!seen.insert(path).second)
        tell(ledger_, f.ref("path"), Outcome::refused, "the path stands twice: the controller refuses the resource",
             Loss::other);
      if (!child.empty()) {
        f.rest();
        delegate(object, f, child, path, host, depth);
        continue;
      }
      std::vector<Intent> intents = host.intents;
      guards(f, intents);
      f.tell("add-header-inherit", Outcome::approximated, header_inherit);
      if (f.take("errorPages"))
        intents.push_back(
            {ErrorPages{}, {}, Loss::other, Outcome::refused, "Gateway API has no error pages", f.ref("errorPages")});
      for (const char* later : {"matches", "splits", "action"}) f.take(later);
      if (f.rest()) intents.push_back(unknown_guard(f.ref()));
      // Matches first, then splits or the action.
      long rank = 1000;
      for (const yaml::Node* m : f.items("matches")) {
        Fields match = f.at(*m, "matches[]");
        Conditions conditions;
        std::vector<std::string> methods;
        bool refused = false;
        for (const yaml::Node* c : match.items("conditions"))
          refused = !condition(match.at(*c, "conditions[]"), conditions, methods) || refused;
        if (refused)
          ledger_.leave_out(match.node());
        else
          split(object, match, path, host, upstreams, intents, conditions, methods, rank--);
        match.rest();
      }
      split(object, f, path, host, upstreams, intents, {}, {}, 0);
      if (path.size() > 1 && path.starts_with('/') && path.ends_with('/') &&
          !has_route(spec.peek(key), path.substr(0, path.size() - 1)) &&
          !has_route(routes_, path.substr(0, path.size() - 1)))
        slash_redirect(object, f, path, host);
    }
  }

  static bool has_route(const yaml::Node* list, const std::string& path) {
    return list && list->is_seq() &&
           std::any_of(list->items().begin(), list->items().end(), [&](const yaml::Node& item) {
             const std::string text = text_of(item.find("path"));
             return text == path || text == "=" + path;
           });
  }

  // A subroute repeats the expression or exact path of the route, or begins with its prefix.
  static std::string outside_of(const Fields& spec, const std::string& under) {
    const yaml::Node* list = spec.peek("subroutes");
    if (!list || !list->is_seq()) return {};
    for (const yaml::Node& item : list->items()) {
      const std::string path = text_of(item.find("path"));
      if (under.starts_with('/') ? !path.starts_with(under) : path != under) return path;
    }
    return {};
  }

  void delegate(const kube::OtherObject& object, const Fields& f, const std::string& name, const std::string& under,
                const Host& host, int depth) {
    const auto [ns, local] = qualified(name, object.metadata.ns);
    const kube::OtherObject* child = find_own(input_, "VirtualServerRoute", ns, local);
    if (!child || !child->node || depth > 4) {
      tell(ledger_, f.ref("route"), Outcome::refused,
           "VirtualServerRoute '" + name + "' is not among the input: its routes are missing", Loss::backend);
      return;
    }
    used_.insert(child);
    Fields spec = Fields::spec(*child, ledger_);
    if (nginx::lower(spec.text("host")) != host.name) {
      tell(ledger_, spec.ref("host"), Outcome::ignored, "it names another host: the controller ignores it", Loss::none);
      ledger_.settle(child->node, Outcome::ignored, "it names another host");
      return;
    }
    spec.skip("ingressClassName", class_of_gateway);
    if (const std::string outside = outside_of(spec, under); !outside.empty()) {
      tell(ledger_, spec.ref("subroutes"), Outcome::ignored,
           "'" + outside + "' does not lie below '" + under + "': the controller ignores the whole resource",
           Loss::none);
      ledger_.settle(child->node, Outcome::ignored, "the controller ignores the whole resource");
      return;
    }
    const Upstreams own = upstreams(spec);
    spec.take("subroutes");
    Host under_host = host;
    if (spec.rest()) under_host.intents.push_back(unknown_guard(spec.ref()));
    routes(*child, spec, "subroutes", under_host, own, depth + 1);
  }

  // nginx compares the values of a map without regard to case.
  bool condition(Fields f, Conditions& to, std::vector<std::string>& methods) {
    std::string value = f.text("value");
    const std::string header = f.text("header"), cookie = f.text("cookie"), argument = f.text("argument"),
                      variable = f.text("variable");
    if (f.rest(true)) return false;
    if (value.starts_with('!')) {
      tell(ledger_, f.ref("value"), Outcome::refused, "Gateway API has no negation; this match is left out",
           Loss::auth);
      return false;
    }
    const bool regex = value.starts_with('~');
    const bool fold = !regex || value.starts_with("~*");
    if (regex) value = value.substr(value.starts_with("~*") ? 2 : 1);
    std::string pattern = (fold ? "(?i)" : "") + (regex ? ".*(?:" + value + ").*" : escape_regex(value));
    const bool caseless = std::none_of(value.begin(), value.end(), [](unsigned char c) { return std::isalpha(c); });
    const bool exact = !regex && caseless;
    if (!header.empty()) {
      to.headers.push_back({header, exact ? value : pattern, !exact});
    } else if (!argument.empty()) {
      to.query.push_back({argument, exact ? value : pattern, !exact});
    } else if (!cookie.empty()) {
      to.headers.push_back({"Cookie",
                            "(?:.*;)?\\s*" + escape_regex(cookie) + "=" + (fold ? "(?i:" : "(?:") +
                                (regex ? "[^;]*(?:" + value + ")[^;]*" : escape_regex(value)) + ")\\s*(?:;.*)?",
                            true});
    } else if (variable == "$request_method" && !regex) {
      std::string upper = value;
      for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      methods.push_back(upper);
    } else {
      tell(ledger_, f.ref("variable"), Outcome::refused, "a variable of NGINX decides; this match is left out",
           Loss::auth);
      return false;
    }
    return true;
  }

  void split(const kube::OtherObject& object, Fields& f, const std::string& path, const Host& host,
             const Upstreams& upstreams, const std::vector<Intent>& intents, const Conditions& conditions,
             const std::vector<std::string>& methods, long rank) {
    Wishes& w = site_.wishes(object);
    w.plain.intents = intents;
    if (host.redirect != 0) w.https_redirect = true, w.https_code = host.redirect;
    std::vector<Backend> backends;
    const auto parts = f.items("splits");
    for (const yaml::Node* item : parts) {
      Fields part = f.at(*item, "splits[]");
      const int weight = static_cast<int>(part.number("weight").value_or(0));
      action(part.object("action"), upstreams, w, backends, weight);
      part.rest();
    }
    if (!parts.empty())
      f.tell("action", Outcome::refused, "beside splits the controller refuses the resource", Loss::other);
    Fields one = f.object("action");
    if (parts.empty() && !one) return;
    const Action& a = w.plain;
    if (parts.size() > 1 && (w.redirect || w.rewrite.kind != RewriteWish::Kind::none || !a.request_headers.empty() ||
                             !a.response_headers.empty()))
      w.plain.intents.push_back({Foreign{},
                                 {},
                                 Loss::rewrite,
                                 Outcome::refused,
                                 "one part of a split does more than pass on; a rule of Gateway API does it for all",
                                 f.ref("splits")});
    if (parts.empty()) action(one, upstreams, w, backends, 1);
    SiteRule rule;
    rule.owner = &object;
    rule.at = f.node();
    rule.host = host.name;
    rule.wishes = &w;
    rule.conditions = conditions;
    rule.methods = methods;
    rule.backends = std::move(backends);
    place(rule, path, rank);
    if (rule.reach == Reach::regex && w.rewrite.kind == RewriteWish::Kind::prefix) {
      w.rewrite.kind = RewriteWish::Kind::pattern;
      w.rewrite.pattern = std::string(rule.text);
      for (char& c : w.rewrite.target)
        if (c == '$') c = '\\';
    }
    site_.add(std::move(rule));
  }

  // "/p" of a route "/p/" leads there, unless it is a route itself.
  void slash_redirect(const kube::OtherObject& object, const Fields& f, const std::string& path, const Host& host) {
    Wishes& w = site_.wishes(object);
    w.redirect = Redirect{{}, {}, {}, PathRewrite{false, path}, 301};
    SiteRule rule;
    rule.owner = &object;
    rule.at = f.node();
    rule.host = host.name;
    rule.wishes = &w;
    rule.reach = Reach::exact;
    rule.text = ir_.keep(path.substr(0, path.size() - 1));
    rule.rank = 1'900'000'000;
    if (host.redirect != 0) rule.http = false;
    site_.add(std::move(rule));
  }

  // "=/p", "~ ^/p", "~* /p", "/p".
  void place(SiteRule& rule, const std::string& path, long rank) {
    const auto found = [](std::string text) {
      const bool start = text.starts_with('^'), end = text.ends_with('$') && !text.ends_with("\\$");
      if (top_level_alternation(text)) return ".*(?:" + text + ").*";
      if (start) text.erase(0, 1);
      if (end) text.pop_back();
      return (start ? "" : ".*") + text + (end ? "" : ".*");
    };
    if (path.starts_with('=')) {
      rule.reach = Reach::exact;
      rule.text = ir_.keep(path.substr(1));
      rule.rank = 2'000'000'000 + rank;
    } else if (path.starts_with('~')) {
      rule.reach = Reach::regex;
      const bool fold = path.starts_with("~*");
      rule.text = ir_.keep((fold ? "(?i)" : "") + found(std::string(nginx::trim(path.substr(fold ? 2 : 1)))));
      rule.rank = 1'000'000'000 + rank - 2000 * static_cast<long>(regexes_++);
    } else {
      rule.text = ir_.keep(path.empty() ? "/" : path);
      rule.reach = rule.text == "/" ? Reach::element : Reach::bytes;
      rule.rank = static_cast<long>(rule.text.size()) * 2000 + rank;
    }
  }

  void action(Fields f, const Upstreams& upstreams, Wishes& w, std::vector<Backend>& to, int weight) {
    const auto pass = [&](const std::string& name, const FieldRef& ref) {
      const auto at = upstreams.find(name);
      if (at == upstreams.end())
        return tell(ledger_, ref, Outcome::refused,
                    "upstream '" + name + "' does not exist: the controller refuses the resource", Loss::backend);
      w.plain.intents.insert(w.plain.intents.end(), at->second.intents.begin(), at->second.intents.end());
      if (!at->second.read_timeout.empty()) w.plain.backend_timeout = at->second.read_timeout;
      if (!at->second.backend) return;
      to.push_back(*at->second.backend);
      to.back().weight = weight;
    };
    if (const std::string name = f.text("pass"); !name.empty()) pass(name, f.ref("pass"));
    if (Fields redirect = f.object("redirect"); redirect) {
      const std::string url = redirect.text("url");
      const int code = static_cast<int>(redirect.number("code").value_or(301));
      redirect.rest();
      this->redirect(w, f.ref("redirect"), url, code);
    }
    if (f.take("return"))
      w.plain.intents.push_back(
          {Foreign{}, {}, Loss::rewrite, Outcome::refused, "Gateway API has no fixed answers", f.ref("return")});
    if (Fields proxy = f.object("proxy"); proxy) {
      pass(proxy.text("upstream"), proxy.ref("upstream"));
      if (const std::string path = proxy.text("rewritePath"); !path.empty()) {
        w.rewrite.kind = RewriteWish::Kind::prefix;
        w.rewrite.target = path;
        w.rewrite.field = proxy.ref("rewritePath");
      }
      Fields request = proxy.object("requestHeaders"), response = proxy.object("responseHeaders");
      headers(request, "set", HeaderEdit::Op::set, w.plain.request_headers);
      if (const bool pass_all = request.on("pass"); request.has("pass") && !pass_all)
        tell(ledger_, request.ref("pass"), Outcome::refused, "all headers of the request but some cannot be dropped",
             Loss::other);
      request.rest();
      headers(response, "add", HeaderEdit::Op::add, w.plain.response_headers);
      for (const std::string& name : response.list("hide"))
        w.plain.response_headers.push_back({HeaderEdit::Op::remove, name, {}});
      response.tell("pass", Outcome::approximated, "gateways pass on what NGINX hides (Date, Server, X-Accel-*)");
      response.tell("ignore", Outcome::approximated, "gateways do not act on X-Accel-*, Expires and Cache-Control");
      response.rest();
      proxy.rest();
    }
    f.rest();
  }

  void headers(Fields& f, std::string_view key, HeaderEdit::Op op, std::vector<HeaderEdit>& to) {
    for (const yaml::Node* item : f.items(key)) {
      Fields h = f.at(*item, key);
      const std::string name = h.text("name"), value = h.text("value");
      h.skip("always", "a gateway adds it to every answer");
      if (value.find('$') != std::string::npos)
        tell(ledger_, h.ref("value"), Outcome::refused, "a header made of variables of NGINX cannot be said",
             Loss::other);
      else
        to.push_back({op, name, value});
      h.rest();
    }
  }

  void redirect(Wishes& w, const FieldRef& ref, std::string url, int code) {
    // "${scheme}://${host}${request_uri}" and the like.
    Redirect to;
    to.status = code;
    const auto cut = [&](std::string_view word) {
      if (!url.starts_with(word)) return false;
      url.erase(0, word.size());
      return true;
    };
    if (!cut("${scheme}://")) {
      const std::size_t end = url.find("://");
      if (end != std::string::npos) to.scheme = url.substr(0, end), url.erase(0, end + 3);
    }
    if (!cut("${host}")) {
      const std::size_t end = url.find_first_of("/$");
      std::string host = url.substr(0, end);
      if (const std::size_t colon = host.find(':'); colon != std::string::npos) {
        to.port = small_int(host.substr(colon + 1));
        host.resize(colon);
      }
      if (!host.empty()) to.host = host;
      url.erase(0, end == std::string::npos ? url.size() : end);
    }
    if (!cut("${request_uri}")) to.path = PathRewrite{false, url.empty() ? "/" : url};
    if (url.find('$') != std::string::npos) {
      w.plain.intents.push_back({Foreign{},
                                 {},
                                 Loss::rewrite,
                                 Outcome::refused,
                                 "a Location made of variables of NGINX cannot be said",
                                 ref});
      return;
    }
    w.redirect = std::move(to);
  }

  // ---- TransportServer

  void transport(const kube::OtherObject& object) {
    Fields spec = Fields::spec(object, ledger_);
    Fields listener = spec.object("listener");
    const std::string name = listener.text("name"), protocol = listener.text("protocol");
    listener.rest();
    Stream stream;
    stream.owner = &object;
    stream.at = spec.node();
    stream.host = normal_host(ir_.keep(spec.text("host")), ir_);
    const bool passthrough = protocol == "TLS_PASSTHROUGH";
    stream.kind = passthrough ? Stream::Kind::passthrough : protocol == "UDP" ? Stream::Kind::udp : Stream::Kind::tcp;
    const Upstreams own = upstreams(spec);
    Fields action = spec.object("action");
    const std::string pass = action.text("pass");
    action.rest();
    if (const auto at = own.find(pass); at != own.end() && at->second.backend)
      stream.backends.push_back(*at->second.backend);
    spec.skip("ingressClassName", class_of_gateway);
    for (const char* known : {"upstreamParameters", "sessionParameters"})
      spec.tell(known, Outcome::approximated, "times and retries of streams are the gateway's own");
    bool closed = false;
    for (const char* key : {"tls", "serverSnippets", "streamSnippets"})
      if (spec.take(key)) {
        tell(ledger_, spec.ref(key), Outcome::refused, "it cannot be said for a stream; the route is left out",
             std::string_view(key) == "tls" ? Loss::backend_tls : Loss::snippet);
        closed = true;
      }
    closed = spec.rest() || closed;
    if (!passthrough) stream.port = port_of(object, name, spec);
    if (!closed && stream.port > 0) ir_.streams.push_back(std::move(stream));
  }

  void listeners() {
    for (const kube::OtherObject* o : input_.own) {
      if (o->kind != "GlobalConfiguration" || !o->node) continue;
      Fields global = Fields::spec(*o, ledger_);
      for (const yaml::Node* item : global.items("listeners")) {
        Fields l = global.at(*item, "listeners[]");
        const std::string name = l.text("name");
        if (const auto port = l.number("port")) ports_.emplace(name, static_cast<kube::Port>(*port));
        l.skip("protocol", "the TransportServer says it too");
        for (const char* key : {"ssl", "ipv4", "ipv6"})
          l.tell(key, Outcome::approximated, "addresses and TLS of listeners are the Gateway's own");
        l.rest();
      }
      global.rest();
    }
  }

  kube::Port port_of(const kube::OtherObject& object, const std::string& name, const Fields& spec) {
    if (const auto at = ports_.find(name); at != ports_.end()) return at->second;
    tell(ledger_, spec.ref("listener"), Outcome::refused,
         "listener '" + name + "' of " + object.object_id().display() +
             " stands in no GlobalConfiguration among the input: its port is not known",
         Loss::backend);
    return 0;
  }

  const Input& input_;
  Ir& ir_;
  Ledger& ledger_;
  Site site_;
  std::set<const kube::OtherObject*> used_;
  const yaml::Node* routes_ = nullptr;       // of the VirtualServer that is read
  std::map<std::string, kube::Port> ports_;  // of listeners
  std::size_t regexes_ = 0;
};

}  // namespace

const kube::Object* older_virtual_server(const Input& input, std::string_view host, const kube::Ingress& ingress) {
  for (const kube::OtherObject* object : input.own) {
    const yaml::Node* spec = object->kind == "VirtualServer" && object->node ? object->node->find("spec") : nullptr;
    if (spec && nginx::lower(text_of(spec->find("host"))) == host && older(*object, ingress)) return object;
  }
  return nullptr;
}

void read_virtual_servers(const Input& input, Ir& ir, Ledger& ledger) {
  Reader(input, ir, ledger).run();
}

}  // namespace gw::convert::f5
