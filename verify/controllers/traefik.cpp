// Traefik's Ingress provider: one router a (host, path), the longest rule text first, no isolation between hosts.
#include <algorithm>
#include <climits>
#include <map>
#include <memory>
#include <set>

#include "verify/controllers/answers.h"
#include "verify/controllers/classes.h"
#include "verify/controllers/go_url.h"
#include "verify/controllers/models.h"
#include "verify/controllers/pattern.h"
#include "verify/controllers/services.h"
#include "verify/controllers/text.h"
#include "verify/controllers/traefik_middleware.h"
#include "verify/controllers/traefik_routes.h"

namespace gw::verify {
namespace {

using traefik::Middleware;

constexpr std::string_view router_prefix = "traefik.ingress.kubernetes.io/router.";
constexpr std::string_view service_prefix = "traefik.ingress.kubernetes.io/service.";

enum class Matcher : std::uint8_t { any, exact, prefix, element_prefix, expression };

struct Router {
  std::string host;  // "", "a.x", "*.x"
  std::string path;
  Matcher matcher = Matcher::any;
  Pattern expression;
  std::string rule;  // Traefik's own text: its length is the priority
  std::int64_t priority = 0;
  std::vector<std::string> entry_points;  // empty: the default ones
  bool tls = false;
  std::vector<Middleware> middlewares;
  route::WeightedBackend backend;
  bool pass_host = true, empty = false;
  route::RuleRef origin;
  // Of an IngressRoute: its whole rule, and all its backends.
  std::shared_ptr<const traefik::Rule> own;
  std::vector<route::WeightedBackend> backends;
  std::string unmodelled;
};

bool known_router_key(std::string_view key) {
  for (std::string_view known : {"entrypoints", "middlewares", "priority", "rulesyntax", "pathmatcher", "tls",
                                 "tls.certresolver", "tls.options"})
    if (equal_fold(key, known)) return true;
  return lower(key).starts_with("tls.domains") || lower(key).starts_with("observability.");
}

bool known_service_key(std::string_view key) {
  for (std::string_view known : {"serversscheme", "serverstransport", "passhostheader", "nativelb", "nodeportlb",
                                 "sticky", "strategy", "middlewares"})
    if (equal_fold(key, known)) return true;
  return lower(key).starts_with("sticky.cookie");
}

// "/{id:[0-9]+}" of the old rule syntax as an expression anchored at the start.
std::string template_expression(std::string_view path, bool whole) {
  std::string out = "^";
  for (std::size_t at = 0; at < path.size(); ++at) {
    const auto end = path[at] == '{' ? path.find('}', at) : std::string_view::npos;
    if (end == std::string_view::npos) {
      out += Pattern::quote(path.substr(at, 1));
      continue;
    }
    const std::string_view body = path.substr(at + 1, end - at - 1);
    const auto colon = body.find(':');
    out += "(?:" + std::string(colon == std::string_view::npos ? "[^/]+" : body.substr(colon + 1)) + ")";
    at = end;
  }
  return whole ? out + "$" : out;
}

// Where requests come in: what the static configuration says of ports.
struct EntryPoint {
  std::string name;
  std::uint16_t port;
  bool tls;
  std::string redirect_to;  // another entry point
};

class Traefik final : public Controller {
 public:
  Traefik(const kube::Index& index, const ControllerOptions& options) : index_(&index), options_(&options) {
    strict_ = option("strictPrefixMatching") == "true";
    allow_empty_ = option("allowEmptyServices") == "true";
    sanitize_ = flag(options.flags, "entryPoints.web.http.sanitizePath") != "false";
    read_entry_points();
    for (const kube::Ingress& ingress : index.bundle().ingresses)
      if (takes(ingress)) add(ingress);
    for (auto& [key, router] : by_key_) routers_.push_back(std::move(router));
    for (traefik::OwnRouter& own : traefik::own_routers(index)) add_own(std::move(own));
    std::stable_sort(routers_.begin(), routers_.end(),
                     [](const Router& a, const Router& b) { return a.priority > b.priority; });
    by_key_.clear();
    index_ = nullptr;
    options_ = nullptr;
  }

  // IngressRoutes are read as documented; no running Traefik was asked about them.
  bool measured() const override { return !own_kinds_; }

  route::AnswerSet answer(const route::Request& request) const override {
    route::AnswerSet out;
    GoTarget target;
    const GoFailure failure = go_target(request.target, sanitize_, target);
    const std::string& written = target.authority ? *target.authority : request.host;
    const auto host = go_host(written);
    if (failure == GoFailure::bad_request || !host || has_header(request, "Host"))
      out.any_of.push_back(status(400));
    else if (request.method == "CONNECT")
      out.any_of.push_back(status(501));
    else if (failure == GoFailure::not_found)
      out.any_of.push_back(status(404));
    else
      route(request, target, *host, out.any_of);
    return out;
  }

  Boundaries boundaries() const override {
    Boundaries out;
    out.path_view = PathView::traefik;
    out.falls_through = true;
    std::set<std::pair<route::Scheme, std::uint16_t>> ports;
    for (const Router& router : routers_)
      for (const EntryPoint& entry : entry_points_)
        if (entry.port != 80 && entry.port != 443 && entry.port != 0 && named(router, entry))
          ports.emplace(router.tls || entry.tls ? route::Scheme::https : route::Scheme::http, entry.port);
    out.ports.assign(ports.begin(), ports.end());
    for (const Router& router : routers_) {
      if (router.own) {
        for (HostBoundaries& entry : router.own->bounds()) {
          entry.span = router.origin.span;
          entry.methods.emplace_back("CONNECT");
          for (const Middleware& middleware : router.middlewares) middleware.bound(entry);
          out.hosts.push_back(std::move(entry));
        }
        continue;
      }
      HostBoundaries entry;
      entry.host = router.host;
      entry.span = router.origin.span;
      entry.methods = {"CONNECT"};
      if (router.matcher == Matcher::expression)
        entry.regexes.push_back({router.expression.re2(), router.expression.state() == Pattern::State::ok});
      else if (router.matcher != Matcher::any)
        entry.paths.push_back(router.path);
      for (const Middleware& middleware : router.middlewares) middleware.bound(entry);
      out.hosts.push_back(std::move(entry));
    }
    tidy(out);
    return out;
  }

 private:
  std::optional<std::string> option(std::string_view name) const {
    return flag(options_->flags, "providers.kubernetesIngress." + std::string(name));
  }

  void read_entry_points() {
    entry_points_ = {{"web", 80, false, {}}, {"websecure", 443, true, {}}};
    for (const std::string& written : arguments_of_workloads()) read_entry_point(written, false);
    for (const std::string& written : options_->flags) read_entry_point(written, true);
  }

  // What Traefik's own Deployment or DaemonSet says of entry points; flags that people give win.
  std::vector<std::string> arguments_of_workloads() const {
    std::vector<std::string> out;
    const auto below = [](const yaml::Node* node, std::string_view key) {
      return node && node->is_map() ? node->find(key) : nullptr;
    };
    for (const kube::OtherObject& object : index_->bundle().others) {
      if (object.kind != "Deployment" && object.kind != "DaemonSet") continue;
      const yaml::Node* pod = below(below(below(object.node, "spec"), "template"), "spec");
      const yaml::Node* containers = below(pod, "containers");
      if (!containers || !containers->is_seq()) continue;
      for (const yaml::Node& container : containers->items())
        if (const yaml::Node* args = below(&container, "args"); args && args->is_seq())
          for (const yaml::Node& arg : args->items())
            if (arg.is_string() && lower(std::string(arg.string())).starts_with("--entrypoints."))
              out.emplace_back(arg.string());
    }
    return out;
  }

  // "--entryPoints.NAME.address=:8443/tcp". The ports of the two standard ones are those of the chart's Service, and
  // not those of the Pod, unless people say so.
  void read_entry_point(const std::string& written, bool given) {
    std::string_view text = written;
    while (text.starts_with('-')) text.remove_prefix(1);
    const std::size_t equals = text.find('=');
    const auto parts = split(text.substr(0, equals), '.');
    if (parts.size() < 3 || !equal_fold(parts[0], "entryPoints")) return;
    static_known_ = true;
    auto known = std::find_if(entry_points_.begin(), entry_points_.end(),
                              [&](const EntryPoint& e) { return equal_fold(e.name, parts[1]); });
    const bool standard = known != entry_points_.end() && (known->name == "web" || known->name == "websecure");
    if (known == entry_points_.end()) known = entry_points_.insert(known, {parts[1], 0, false, {}});
    const std::string value = equals == std::string_view::npos ? "true" : std::string(text.substr(equals + 1));
    const std::string key =
        lower(text.substr(parts[0].size() + parts[1].size() + 2, equals - parts[0].size() - parts[1].size() - 2));
    if (key == "address" && (given || !standard)) {
      const std::string address = split(value, '/')[0];
      known->port = static_cast<std::uint16_t>(parse_int(address.substr(address.rfind(':') + 1)).value_or(0));
    }
    if (key == "http.tls") known->tls = value != "false";
    if (key == "http.redirections.entrypoint.to") known->redirect_to = value;
  }

  bool takes(const kube::Ingress& ingress) const {
    const std::string wanted = option("ingressClass").value_or("");
    const ClassFilter filter{{"traefik.io/ingress-controller"}, wanted.empty() ? "traefik" : wanted};
    return filter.takes(*index_, ingress).value_or(wanted.empty());
  }

  // An unknown or malformed router annotation drops the whole Ingress.
  std::optional<Router> settings(const kube::Ingress& ingress) const {
    Router out;
    for (const auto& [key, value] : ingress.metadata.annotations) {
      if (!key.starts_with(router_prefix)) continue;
      const std::string name = lower(key.substr(router_prefix.size()));
      if (!known_router_key(name)) return std::nullopt;
      if (name == "priority") {
        const auto number = parse_int(value);
        if (!number) return std::nullopt;
        out.priority = *number;
      }
      if (name == "tls" && !parse_bool(value)) return std::nullopt;
      if (name == "entrypoints") out.entry_points = split_trimmed(value, ',');
      if (name == "tls") out.tls = *parse_bool(value);
      if (name.starts_with("tls.")) out.tls = true;
    }
    return out;
  }

  std::string annotation(const kube::Ingress& ingress, std::string_view name) const {
    for (const auto& [key, value] : ingress.metadata.annotations)
      if (key.starts_with(router_prefix) && equal_fold(key.substr(router_prefix.size()), name)) return value;
    return {};
  }

  void add(const kube::Ingress& ingress) {
    const auto base = settings(ingress);
    if (!base) return;
    if (ingress.spec.rules.empty() && ingress.spec.default_backend && ingress.spec.default_backend->service) {
      Router router = *base;
      router.matcher = Matcher::any;
      router.priority = INT32_MIN;
      router.origin = rule_ref(ingress, *ingress.spec.default_backend);
      if (attach_backend(ingress, *ingress.spec.default_backend->service, router))
        by_key_.emplace("default " + ingress.id().display(), std::move(router));
      return;
    }
    for (const auto& rule : ingress.spec.rules)
      if (rule.http)
        for (const auto& path : rule.http->paths)
          if (path.backend.service) add_path(ingress, rule, path, *base);
  }

  void add_path(const kube::Ingress& ingress, const kube::IngressRule& rule, const kube::HttpIngressPath& path,
                Router router) {
    router.host = lower(rule.host);
    router.path = path.path;
    router.origin = rule_ref(ingress, path);
    std::string matcher = "PathPrefix";
    if (path.path_type == "Exact") matcher = "Path";
    if (path.path_type != "Exact" && path.path_type != "Prefix")
      if (std::string chosen = annotation(ingress, "pathmatcher"); !chosen.empty()) matcher = chosen;
    if (!set_path(router, matcher, annotation(ingress, "rulesyntax") == "v2")) return;
    if (!usable_entry_points(router) || !set_middlewares(ingress, router)) return;
    if (!attach_backend(ingress, *path.backend.service, router)) return;
    if (router.priority == 0) router.priority = static_cast<std::int64_t>(router.rule.size());
    if (router.priority > INT64_MAX - 1000) return;
    // The same rule twice in one Ingress: the last one stays.
    by_key_[ingress.id().display() + " " + router.rule] = std::move(router);
  }

  void add_own(traefik::OwnRouter own) {
    Router router;
    router.own = std::move(own.rule);
    router.priority = own.priority;
    router.entry_points = std::move(own.entry_points);
    router.tls = own.tls;
    router.middlewares = std::move(own.middlewares);
    router.backends = std::move(own.backends);
    router.unmodelled = std::move(own.unmodelled);
    router.origin = std::move(own.origin);
    own_kinds_ = true;
    if (!usable_entry_points(router)) {
      if (static_known_) return;  // Traefik has no such entry point, and leaves the router out
      router.unmodelled = "which port entry point '" + router.entry_points.front() + "' has";
      router.entry_points.clear();
    }
    routers_.push_back(std::move(router));
  }

  bool set_path(Router& router, const std::string& matcher, bool v2) const {
    std::string text;
    if (!router.host.empty()) text = "Host(`" + router.host + "`)";
    const auto add_rule = [&](const std::string& rule) { text += (text.empty() ? "" : " && ") + rule; };
    if (router.path.empty()) {
      router.rule = text;
      return !text.empty() || router.host.empty();
    }
    if (v2 && router.path.find('{') != std::string::npos) {
      router.matcher = Matcher::expression;
      router.expression = Pattern::go(template_expression(router.path, matcher == "Path"));
      add_rule(matcher + "(`" + router.path + "`)");
    } else if (matcher == "PathRegexp") {
      router.matcher = Matcher::expression;
      router.expression = Pattern::go(router.path);
      add_rule("PathRegexp(`" + router.path + "`)");
    } else if (matcher == "Path") {
      router.matcher = Matcher::exact;
      add_rule("Path(`" + router.path + "`)");
    } else if (matcher == "PathPrefix" && strict_ && router.path != "/") {
      router.matcher = Matcher::element_prefix;
      if (router.path.ends_with('/')) router.path.pop_back();
      add_rule("(Path(`" + router.path + "`) || PathPrefix(`" + router.path + "/`))");
    } else if (matcher == "PathPrefix") {
      router.matcher = Matcher::prefix;
      add_rule("PathPrefix(`" + router.path + "`)");
    } else {
      return false;  // an unknown matcher drops this path
    }
    router.rule = text;
    return router.matcher != Matcher::expression || router.expression.state() == Pattern::State::ok;
  }

  bool usable_entry_points(const Router& router) const {
    return router.entry_points.empty() ||
           std::any_of(router.entry_points.begin(), router.entry_points.end(), [&](const std::string& name) {
             return std::any_of(entry_points_.begin(), entry_points_.end(),
                                [&](const EntryPoint& e) { return e.name == name; });
           });
  }

  bool set_middlewares(const kube::Ingress& ingress, Router& router) const {
    for (const std::string& name : split_trimmed(annotation(ingress, "middlewares"), ',')) {
      auto found = traefik::middlewares(index_->bundle(), name);
      if (found.empty()) return false;
      router.middlewares.insert(router.middlewares.end(), found.begin(), found.end());
    }
    return true;
  }

  // Without endpoints there is no router at all: a shorter rule serves, or nothing.
  bool attach_backend(const kube::Ingress& ingress, const kube::IngressServiceBackend& service, Router& router) const {
    const kube::NamespacedName id{ingress.metadata.ns, service.name};
    const ServiceState state = service_state(*index_, id, service.port, PortMatch::number_or_name);
    router.backend = {id.display(), state.port, 1};
    bool native = false;
    if (state.service)
      for (const auto& [key, value] : state.service->metadata.annotations) {
        if (!key.starts_with(service_prefix)) continue;
        const std::string name = lower(key.substr(service_prefix.size()));
        if (!known_service_key(name)) return false;
        if (name == "passhostheader") router.pass_host = value != "false";
        if (name == "nativelb") native = value == "true";
      }
    if (state.state == EndpointState::none && allow_empty_) router.empty = true;
    return state.state == EndpointState::ready || router.empty || (native && state.state == EndpointState::none);
  }

  const EntryPoint* entry_point(const route::Request& request) const {
    const std::uint16_t port = request.port ? request.port : request.scheme == route::Scheme::https ? 443 : 80;
    const auto it =
        std::find_if(entry_points_.begin(), entry_points_.end(), [&](const EntryPoint& e) { return e.port == port; });
    return it == entry_points_.end() ? nullptr : &*it;
  }

  static bool named(const Router& router, const EntryPoint& entry) {
    return router.entry_points.empty() ? entry.name == "web" || entry.name == "websecure"
                                       : std::find(router.entry_points.begin(), router.entry_points.end(),
                                                   entry.name) != router.entry_points.end();
  }
  static bool listens(const Router& router, const EntryPoint& entry, bool https) {
    return named(router, entry) && (router.tls || entry.tls) == https;
  }

  static bool host_matches(const std::string& wanted, const std::string& host) {
    if (wanted.empty() || wanted == host) return true;
    if (!wanted.starts_with("*.") || !host.ends_with(wanted.substr(1))) return false;
    return host.substr(0, host.size() - wanted.size() + 1).find('.') == std::string::npos;
  }

  static bool path_matches(const Router& router, const std::string& path) {
    switch (router.matcher) {
      case Matcher::any:
        return true;
      case Matcher::exact:
        return path == router.path;
      case Matcher::prefix:
        return path.starts_with(router.path);
      case Matcher::element_prefix:
        return path == router.path || path.starts_with(router.path + "/");
      case Matcher::expression:
        return router.expression.found(path);
    }
    return false;
  }

  // Equal priorities are ordered anew at every reload: each of them may answer.
  void route(const route::Request& request, const GoTarget& target, const std::string& host,
             std::vector<route::Answer>& out) const {
    const EntryPoint* entry = entry_point(request);
    if (!entry) return out.push_back(unmodelled("no entry point listens on this port"));
    if (!entry->redirect_to.empty()) return out.push_back(to_entry_point(request, target, *entry));
    const bool https = request.scheme == route::Scheme::https;
    std::optional<std::int64_t> best;
    for (const Router& router : routers_) {
      if (best && router.priority < *best) break;
      if (!listens(router, *entry, https)) continue;
      if (router.own ? !router.own->matches(request, target, host)
                     : !host_matches(router.host, host) || !path_matches(router, target.routing))
        continue;
      best = router.priority;
      serve(request, target, router, out);
    }
    if (out.empty()) out.push_back(status(404));
  }

  route::Answer to_entry_point(const route::Request& request, const GoTarget& target, const EntryPoint& from) const {
    if (request.host.empty()) return status(404);
    const auto to = std::find_if(entry_points_.begin(), entry_points_.end(),
                                 [&](const EntryPoint& e) { return e.name == from.redirect_to; });
    std::string host = request.host.substr(0, request.host.find(':'));
    if (to != entry_points_.end() && to->port != 443) host += ":" + std::to_string(to->port);
    return redirect(request.method == "GET" ? 301 : 308, "https://" + host + target.full());
  }

  static route::Answer forwarded(const Router& router, const traefik::Passage& passage, std::string host) {
    std::vector<route::WeightedBackend> backends;
    for (const route::WeightedBackend& b : router.backends)
      if (b.weight != 0) backends.push_back(b);
    if (backends.empty()) return status(503);
    route::Answer answer = status(200);
    if (backends.size() == 1) {
      answer.backend = backends.front().backend;
      answer.port = backends.front().port;
    } else {
      answer.backends = std::move(backends);
    }
    answer.backend_target = passage.path + passage.query;
    answer.backend_host = std::move(host);
    return answer;
  }

  static void serve(const route::Request& request, const GoTarget& target, const Router& router,
                    std::vector<route::Answer>& out) {
    traefik::Passage passage{request, target.path, target.has_query ? "?" + target.query : "", {}};
    route::Answer answer;
    for (const Middleware& middleware : router.middlewares)
      if (!passage.answer) middleware.apply(passage);
    if (!router.unmodelled.empty()) {
      answer = unmodelled(router.unmodelled);
    } else if (passage.answer) {
      answer = *passage.answer;
    } else if (router.own) {
      answer = forwarded(router, passage, target.authority.value_or(request.host));
    } else if (router.empty) {
      answer = status(503);
    } else {
      answer = status(200);
      answer.backend = router.backend.backend;
      answer.port = router.backend.port;
      answer.backend_target = passage.path + passage.query;
      if (router.pass_host) answer.backend_host = target.authority.value_or(request.host);
    }
    answer.rule = router.origin;
    out.push_back(std::move(answer));
  }

  const kube::Index* index_;          // while building
  const ControllerOptions* options_;  // while building
  bool strict_ = false, allow_empty_ = false, sanitize_ = true, own_kinds_ = false;
  bool static_known_ = false;  // entry points stand among the input or in the flags
  std::vector<EntryPoint> entry_points_;
  std::map<std::string, Router> by_key_;
  std::vector<Router> routers_;  // descending priority
};

}  // namespace

std::unique_ptr<Controller> make_traefik(const kube::Index& index, const ControllerOptions& options) {
  return std::make_unique<Traefik>(index, options);
}

}  // namespace gw::verify
