// haproxytech/kubernetes-ingress: sorted map files decide, not age; redirects only where a path matches.
#include <algorithm>
#include <map>
#include <memory>
#include <set>

#include "verify/controllers/answers.h"
#include "verify/controllers/classes.h"
#include "verify/controllers/haproxy.h"
#include "verify/controllers/models.h"
#include "verify/controllers/services.h"
#include "verify/controllers/text.h"

namespace gw::verify {
namespace {

struct Rewrite {
  Pattern match;
  std::string format;
};

// The http-request rules that an Ingress hangs on its paths.
struct Rules {
  bool any = false;
  route::AddressRule addresses;
  bool ssl_redirect = false;
  int ssl_code = 302;
  int ssl_port = 8443;
  std::string redirect;
  int redirect_code = 302;
  std::vector<Rewrite> rewrites;
  bool auth = false, auth_missing = false;
  int limited = 0;
  bool preflight = false;
  std::string set_host;
  std::string unmodelled;
};

struct Row {
  std::string backend_key;  // ns_svc_name_port: rows sort by it, with ".rules" behind
  route::WeightedBackend backend;
  bool ready = true;
  std::shared_ptr<const Rules> rules;
  route::RuleRef origin;
  bool operator<(const Row& other) const {
    return std::pair(backend_key, rules->any) < std::pair(other.backend_key, other.rules->any);
  }
};

// The three maps of one host.
struct Paths {
  std::map<std::string, Row> exact, equal, begin;
  diag::Span span;
};

class HaproxyTech final : public Controller {
 public:
  HaproxyTech(const kube::Index& index, const ControllerOptions& options) : index_(&index) {
    config_ =
        controller_config(index, options, {"haproxy-kubernetes-ingress", "haproxy-configmap", "kubernetes-ingress"});
    certificate_ = flag(options.flags, "default-ssl-certificate").has_value();
    const std::string wanted = flag(options.flags, "ingress.class").value_or("haproxy");
    const bool without = flag(options.flags, "empty-ingress-class") == "true";
    const ClassFilter filter{{"haproxy.org/ingress-controller*"}, wanted, true, false};
    for (const kube::Ingress& ingress : index.bundle().ingresses)
      if (filter.takes(index, ingress).value_or(without)) add(ingress);
    index_ = nullptr;
  }

  bool measured() const override { return true; }

  route::AnswerSet answer(const route::Request& request) const override {
    route::AnswerSet out;
    const bool https = request.scheme == route::Scheme::https;
    if (https && !certificate_) {
      out.any_of.push_back(haproxy::no_answer("tls=port 443 speaks clear text"));
      return out;
    }
    const auto target = haproxy::target(request);
    if (!target) {
      out.any_of.push_back(status(400));
      return out;
    }
    if (const Row* row = find(request, target->path))
      serve(request, *target, *row, out.any_of);
    else
      fall_back(request, *target, out.any_of);
    return out;
  }

  Boundaries boundaries() const override {
    Boundaries out;
    out.path_view = PathView::raw;
    for (const auto& [host, paths] : hosts_) {
      HostBoundaries entry;
      entry.host = host;
      entry.span = paths.span;
      for (const auto* map : {&paths.exact, &paths.equal, &paths.begin})
        for (const auto& [path, row] : *map) {
          entry.paths.push_back(path);
          bound(*row.rules, entry);
        }
      out.hosts.push_back(std::move(entry));
    }
    HostBoundaries rest;
    rest.paths = {"/healthz"};
    rest.methods = {"OPTIONS"};
    out.hosts.push_back(std::move(rest));
    tidy(out);
    return out;
  }

 private:
  static void bound(const Rules& rules, HostBoundaries& entry) {
    for (const Rewrite& rewrite : rules.rewrites) {
      entry.regexes.push_back({rewrite.match.re2(), rewrite.match.state() == Pattern::State::ok});
      if (rules.rewrites.size() > 1 || !plain_captures(rewrite.match.re2(), rewrite.format, '\\'))
        entry.sampled.push_back("what path-rewrite " + rewrite.match.re2() + " captures for " + rewrite.format);
    }
    if (rules.auth) entry.headers.push_back({"Authorization", {}, {}});
    if (rules.limited) entry.sampled.push_back("the rate of requests");
    if (rules.preflight) entry.methods.push_back("OPTIONS");
  }

  const std::string* annotation(const kube::Ingress& ingress, std::string_view name) const {
    for (std::string_view prefix : {"haproxy.org/", "ingress.kubernetes.io/", "haproxy.com/"})
      if (const std::string* value = kube::find(ingress.metadata.annotations, std::string(prefix) + std::string(name)))
        return value;
    return kube::find(config_, name);
  }
  std::string text(const kube::Ingress& ingress, std::string_view name) const {
    const std::string* value = annotation(ingress, name);
    return value ? std::string(trim(*value)) : std::string();
  }
  std::string text(const kube::Ingress& ingress, std::string_view name, std::string_view old) const {
    std::string out = text(ingress, name);
    return out.empty() ? text(ingress, old) : out;
  }
  static bool on(const std::string& value) {
    return value == "enabled" || value == "on" || parse_bool(value).value_or(false);
  }

  // A code that HAProxy refuses takes the rule with it: the request is served in clear.
  static std::optional<int> code(const std::string& value) {
    if (value.empty()) return 302;
    const auto number = parse_int(value).value_or(0);
    for (int valid : {301, 302, 303, 307, 308})
      if (number == valid) return valid;
    return std::nullopt;
  }

  std::shared_ptr<const Rules> rules_of(const kube::Ingress& ingress) const {
    auto out = std::make_shared<Rules>();
    if (const std::string list = text(ingress, "allow-list", "whitelist"); !list.empty())
      out->addresses.allow = haproxy::networks(list, true);
    if (const std::string list = text(ingress, "deny-list", "blacklist"); !list.empty())
      out->addresses.deny = haproxy::networks(list, true).value_or(std::vector<Network>());
    const bool tls = std::any_of(ingress.spec.tls.begin(), ingress.spec.tls.end(),
                                 [](const auto& entry) { return !entry.hosts.empty(); });
    const std::string ssl = text(ingress, "ssl-redirect");
    const auto ssl_code = code(text(ingress, "ssl-redirect-code"));
    out->ssl_redirect = (ssl.empty() ? tls : on(ssl)) && ssl_code;
    out->ssl_code = ssl_code.value_or(302);
    out->ssl_port = static_cast<int>(parse_int(text(ingress, "ssl-redirect-port")).value_or(8443));
    const auto redirect_code = code(text(ingress, "request-redirect-code"));
    if (redirect_code) out->redirect = text(ingress, "request-redirect");
    out->redirect_code = redirect_code.value_or(302);
    add_rewrites(text(ingress, "path-rewrite"), *out);
    if (text(ingress, "auth-type") == "basic-auth") {
      out->auth = true;
      out->auth_missing = !haproxy::secret_exists(*index_, ingress.metadata.ns, text(ingress, "auth-secret"));
    }
    if (parse_int(text(ingress, "rate-limit-requests")).value_or(0) > 0)
      out->limited = static_cast<int>(parse_int(text(ingress, "rate-limit-status-code")).value_or(403));
    out->preflight = on(text(ingress, "cors-enable")) && on(text(ingress, "cors-respond-to-options"));
    out->set_host = text(ingress, "set-host");
    for (std::string_view snippet : {"frontend-config-snippet", "backend-config-snippet"})
      if (!text(ingress, snippet).empty()) out->unmodelled = "the " + std::string(snippet) + " may answer by itself";
    out->any = out->addresses.allow || !out->addresses.deny.empty() || out->ssl_redirect || !out->redirect.empty() ||
               !out->rewrites.empty() || out->auth || out->limited || out->preflight || !out->set_host.empty() ||
               headers(ingress);
    return out;
  }

  bool headers(const kube::Ingress& ingress) const {
    return !text(ingress, "request-set-header").empty() || !text(ingress, "response-set-header").empty() ||
           on(text(ingress, "cors-enable"));
  }

  // A line is "target" or "regex target"; with a bad regex the old configuration stays, without the rewrite.
  static void add_rewrites(const std::string& value, Rules& rules) {
    for (const std::string& line : split_trimmed(value, '\n')) {
      const auto words = split_trimmed(line, ' ');
      if (words.empty() || words.size() > 2) continue;
      Rewrite rewrite{Pattern(words.size() == 2 ? words[0] : "(.*)"), words.back()};
      if (rewrite.match.state() == Pattern::State::needs_pcre) rules.unmodelled = rewrite.match.why();
      if (rewrite.match.state() == Pattern::State::ok) rules.rewrites.push_back(std::move(rewrite));
    }
  }

  std::optional<Row> row_of(const kube::Ingress& ingress, const kube::Located& at,
                            const kube::IngressServiceBackend& service, std::shared_ptr<const Rules> rules) const {
    const kube::NamespacedName id{ingress.metadata.ns, service.name};
    const ServiceState state = service_state(*index_, id, service.port, PortMatch::number_or_name);
    if (state.state == EndpointState::no_service || state.state == EndpointState::no_port) return std::nullopt;
    std::string port = service.port.name.empty() ? std::to_string(service.port.number) : service.port.name;
    if (state.service)
      for (const auto& candidate : state.service->spec.ports)
        if (candidate.port == state.port && !candidate.name.empty()) port = candidate.name;
    Row out{id.ns + "_svc_" + id.name + "_" + port,
            {id.display(), state.port, 1},
            state.state == EndpointState::ready,
            std::move(rules),
            rule_ref(ingress, at)};
    if (state.service && kube::find(state.service->metadata.annotations, "haproxy.org/route-acl")) {
      auto conditional = std::make_shared<Rules>(*out.rules);
      conditional->unmodelled = "route-acl of the Service decides";
      out.rules = std::move(conditional);
    }
    return out;
  }

  void add(const kube::Ingress& ingress) {
    const auto rules = rules_of(ingress);
    for (const auto& tls : ingress.spec.tls)
      if (!tls.hosts.empty() && !tls.secret_name.empty() &&
          haproxy::secret_exists(*index_, ingress.metadata.ns, tls.secret_name))
        certificate_ = true;
    const auto& fallback = ingress.spec.default_backend;
    if (fallback && fallback->service)
      if (auto row = row_of(ingress, *fallback, *fallback->service, std::make_shared<Rules>()))
        defaults_.push_back(std::move(*row));
    for (const auto& rule : ingress.spec.rules)
      if (rule.http)
        for (const auto& path : rule.http->paths)
          if (path.backend.service && !(rule.host.empty() && path.path.empty()))
            if (auto row = row_of(ingress, path, *path.backend.service, rules)) insert(lower(rule.host), path, *row);
  }

  static void keep_smallest(std::map<std::string, Row>& map, const std::string& key, const Row& row) {
    auto [it, fresh] = map.emplace(key, row);
    if (!fresh && row < it->second) it->second = row;
  }

  void insert(const std::string& host, const kube::HttpIngressPath& path, const Row& row) {
    Paths& paths = hosts_[host];
    if (!paths.span.known()) paths.span = row.origin.span;
    std::string text = path.path.empty() ? "/" : path.path;
    if (path.path_type == "Exact") return keep_smallest(paths.exact, text, row);
    if (text.size() > 1 && text.ends_with('/')) text.pop_back();
    keep_smallest(paths.equal, text, row);
    const bool element = path.path_type == "Prefix" && text != "/";
    keep_smallest(paths.begin, element ? text + "/" : text, row);
  }

  // The host is chosen first; what it lacks no other host serves.
  const Row* find(const route::Request& request, const std::string& path) const {
    if (request.http10 && request.host.empty()) return nullptr;
    const std::string host = haproxy::host(request);
    const auto dot = host.find('.');
    auto paths = hosts_.find(host);
    if (host.empty()) paths = hosts_.find("");
    if (paths == hosts_.end() && dot != std::string::npos) paths = hosts_.find("*" + host.substr(dot));
    if (paths == hosts_.end()) paths = hosts_.find("");
    if (paths == hosts_.end()) return nullptr;
    const Paths& maps = paths->second;
    if (auto it = maps.exact.find(path); it != maps.exact.end()) return &it->second;
    if (auto it = maps.equal.find(path); it != maps.equal.end()) return &it->second;
    const Row* best = nullptr;
    std::size_t length = 0;
    for (const auto& [prefix, row] : maps.begin)
      if (path.starts_with(prefix) && prefix.size() >= length) best = &row, length = prefix.size();
    return best;
  }

  void serve(const route::Request& request, const haproxy::Target& target, const Row& row,
             std::vector<route::Answer>& out) const {
    const Rules& rules = *row.rules;
    const auto push = [&](route::Answer answer) {
      answer.rule = row.origin;
      out.push_back(std::move(answer));
    };
    if (!rules.unmodelled.empty()) return push(unmodelled(rules.unmodelled));
    if (!rules.addresses.admits(route::client_address(request))) return push(status(403));
    if (rules.limited) push(status(rules.limited));
    if (rules.auth) push(status(401));
    if (rules.auth && (rules.auth_missing || !has_header(request, "Authorization"))) return;
    if (rules.preflight && request.method == "OPTIONS") return push(status(204));
    const std::string host = request.host.substr(0, request.host.find(':'));
    if (rules.ssl_redirect && request.scheme == route::Scheme::http) {
      const std::string port = rules.ssl_port == 443 ? "" : ":" + std::to_string(rules.ssl_port);
      return push(redirect(rules.ssl_code, "https://" + host + port + target.raw()));
    }
    if (!rules.redirect.empty()) {
      const bool scheme = rules.redirect.starts_with("http://") || rules.redirect.starts_with("https://");
      return push(redirect(rules.redirect_code, (scheme ? "" : "http://") + rules.redirect + target.raw()));
    }
    push(forward(request, target, row));
  }

  static route::Answer forward(const route::Request& request, const haproxy::Target& target, const Row& row) {
    if (!row.ready) return status(503);
    std::string path = target.path;
    for (const Rewrite& rewrite : row.rules->rewrites)
      if (const auto groups = rewrite.match.groups(path); !groups.empty())
        path = haproxy::expand(rewrite.format, groups);
    route::Answer out = status(200);
    out.backend = row.backend.backend;
    out.port = row.backend.port;
    out.backend_target = path + target.query;
    out.backend_host = row.rules->set_host.empty() ? request.host : row.rules->set_host;
    return out;
  }

  // Which of several default backends is in force changes from run to run.
  void fall_back(const route::Request& request, const haproxy::Target& target, std::vector<route::Answer>& out) const {
    std::set<std::string> seen;
    for (const Row& row : defaults_) {
      if (!seen.insert(row.backend_key).second) continue;
      auto answer = forward(request, target, row);
      answer.rule = row.origin;
      out.push_back(std::move(answer));
    }
    if (!out.empty()) return;
    out.push_back(status(target.path == "/healthz" || target.path == "*" ? 200 : 404));
  }

  const kube::Index* index_;  // while building
  kube::StringMap config_;
  bool certificate_ = false;
  std::map<std::string, Paths> hosts_;
  std::vector<Row> defaults_;
};

}  // namespace

std::unique_ptr<Controller> make_haproxytech(const kube::Index& index, const ControllerOptions& options) {
  return std::make_unique<HaproxyTech>(index, options);
}

}  // namespace gw::verify
