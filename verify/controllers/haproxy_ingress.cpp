// jcmoraisjr/haproxy-ingress: oldest first, falls through hosts path by path, https only where the Ingress lists the
// host.
#include <algorithm>
#include <map>
#include <memory>
#include <tuple>

#include "verify/controllers/answers.h"
#include "verify/controllers/classes.h"
#include "verify/controllers/haproxy.h"
#include "verify/controllers/models.h"
#include "verify/controllers/services.h"
#include "verify/controllers/text.h"

namespace gw::verify {
namespace {

enum class Match : std::uint8_t { exact, prefix, begin, regex };

struct Path {
  std::string text;
  Match match = Match::begin;
  Pattern expression;      // of regex
  Pattern wildcard;        // the same path in the map of a wildcard host
  std::size_t weight = 0;  // length of that expression
  bool tls = false, ssl_redirect = true;
  std::string redirect_to, rewrite, unmodelled;
  route::AddressRule addresses;
  bool auth = false, cors = false, limited = false;
  route::WeightedBackend backend;
  bool ready = true;
  route::RuleRef origin;
};

struct Host {
  std::vector<Path> paths;
  std::string app_root;
  diag::Span span;
};

struct Alias {
  std::string name;  // "a.x" or "*.x"
  Pattern expression;
  bool regex = false;
  std::string host;  // whose paths it shares, or where it redirects to
};

class HaproxyIngress final : public Controller {
 public:
  HaproxyIngress(const kube::Index& index, const ControllerOptions& options) : index_(&index) {
    config_ = controller_config(index, options, {"haproxy-ingress"});
    strict_ = truthy(config_, "strict-host", false);
    if (const std::string* code = kube::find(config_, "ssl-redirect-code"))
      code_ = static_cast<int>(parse_int(*code).value_or(302));
    const std::string wanted = flag(options.flags, "ingress-class").value_or("haproxy");
    const bool without = flag(options.flags, "watch-ingress-without-class") == "true";
    const ClassFilter filter{{"haproxy-ingress.github.io/controller*"}, wanted};
    std::vector<const kube::Ingress*> all;
    for (const kube::Ingress& ingress : index.bundle().ingresses)
      if (consistent(ingress) && filter.takes(index, ingress).value_or(without)) all.push_back(&ingress);
    std::stable_sort(all.begin(), all.end(), [](const kube::Ingress* a, const kube::Ingress* b) {
      return std::pair(a->metadata.creation_timestamp, a->id().display()) <
             std::pair(b->metadata.creation_timestamp, b->id().display());
    });
    for (const kube::Ingress* ingress : all) add(*ingress);
    index_ = nullptr;
  }

  bool measured() const override { return true; }
  std::string refused() const override { return refused_; }

  route::AnswerSet answer(const route::Request& request) const override {
    route::AnswerSet out;
    const bool https = request.scheme == route::Scheme::https;
    const auto target = haproxy::target(request);
    if (!refused_.empty())
      out.any_of.push_back(unmodelled("HAProxy refuses this configuration: " + refused_));
    else if (https && !tls_)
      out.any_of.push_back(haproxy::no_answer("port 443 is closed"));
    else if (!target || request.target == "*")
      out.any_of.push_back(status(400));
    else
      route(request, *target, out.any_of);
    return out;
  }

  Boundaries boundaries() const override {
    Boundaries out;
    out.path_view = PathView::raw;
    out.falls_through = true;
    for (const auto& [name, host] : hosts_) {
      HostBoundaries entry = bounds_of(name, host);
      for (const Alias& alias : aliases_)
        if (alias.host == name) {
          HostBoundaries other = entry;
          other.host = alias.regex ? alias.expression.re2() : alias.name;
          other.regex = alias.regex;
          out.hosts.push_back(std::move(other));
        }
      out.hosts.push_back(std::move(entry));
    }
    for (const Alias& alias : redirects_) {
      HostBoundaries entry;
      entry.host = alias.regex ? alias.expression.re2() : alias.name;
      entry.regex = alias.regex;
      out.hosts.push_back(std::move(entry));
    }
    tidy(out);
    return out;
  }

 private:
  static HostBoundaries bounds_of(const std::string& name, const Host& host) {
    HostBoundaries entry;
    entry.host = name;
    entry.span = host.span;
    if (!host.app_root.empty()) entry.paths.push_back("/");
    for (const Path& path : host.paths) {
      const bool wildcard = name.starts_with("*.");
      const Pattern& expression = wildcard ? path.wildcard : path.expression;
      if (wildcard || path.match == Match::regex)
        entry.regexes.push_back({expression.re2(), expression.state() == Pattern::State::ok});
      else if (path.match == Match::begin)
        entry.regexes.push_back({"(?i)^" + Pattern::quote(path.text), true});
      else
        entry.paths.push_back(path.text);
      if (path.match == Match::regex && !plain_captures(path.text, path.rewrite, '\\'))
        entry.sampled.push_back("what " + path.text + " captures for rewrite-target " + path.rewrite);
      if (path.cors) entry.methods.push_back("OPTIONS");
      if (path.auth) entry.headers.push_back({"Authorization", {}, {}});
      if (path.limited) entry.sampled.push_back("the rate of requests");
    }
    return entry;
  }

  // The API server refuses a class annotation that differs from the field.
  static bool consistent(const kube::Ingress& ingress) {
    const std::string* written = kube::find(ingress.metadata.annotations, "kubernetes.io/ingress.class");
    return !written || !ingress.spec.ingress_class_name || *written == *ingress.spec.ingress_class_name;
  }

  std::string text(const kube::StringMap& map, std::string_view name) const {
    for (std::string_view prefix : {"haproxy-ingress.github.io/", "ingress.kubernetes.io/"})
      if (const std::string* value = kube::find(map, std::string(prefix) + std::string(name)))
        return std::string(trim(*value));
    return {};
  }
  std::string text(const kube::Ingress& ingress, std::string_view name) const {
    std::string out = text(ingress.metadata.annotations, name);
    const std::string* global = kube::find(config_, name);
    return out.empty() && global ? *global : out;
  }

  void add(const kube::Ingress& ingress) {
    check(ingress);
    for (const auto& tls : ingress.spec.tls) tls_ |= !tls.hosts.empty();
    const auto& fallback = ingress.spec.default_backend;
    if (fallback && fallback->service) {
      kube::HttpIngressPath root;
      root.node = fallback->node;
      root.path = "/";
      root.backend = *fallback;
      const auto& known = hosts_[""].paths;
      if (std::none_of(known.begin(), known.end(), [](const Path& path) { return path.text == "/"; }))
        add_path(ingress, "", root, true);
    }
    for (const auto& rule : ingress.spec.rules) {
      const std::string host = lower(rule.host);
      if (rule.http)
        for (const auto& path : rule.http->paths) add_path(ingress, host, path, false);
      Host& entry = hosts_[host];
      if (!entry.span.known()) entry.span = rule_ref(ingress, rule).span;
      if (entry.app_root.empty()) entry.app_root = text(ingress, "app-root");
      add_alias(aliases_, text(ingress, "server-alias"), text(ingress, "server-alias-regex"), host);
      add_alias(redirects_, text(ingress, "redirect-from"), text(ingress, "redirect-from-regex"), host);
    }
  }

  // Values that HAProxy itself refuses block every later change.
  void check(const kube::Ingress& ingress) {
    const std::string balance = text(ingress, "balance-algorithm");
    const std::string name = balance.substr(0, balance.find_first_of("( "));
    bool known = balance.empty();
    for (std::string_view valid : {"roundrobin", "static-rr", "leastconn", "first", "source", "random", "uri",
                                   "url_param", "hdr", "hash", "rdp-cookie"})
      known |= name == valid;
    if (!known && refused_.empty()) refused_ = "balance-algorithm " + balance + " of Ingress " + ingress.id().display();
  }

  // Two names, with a space or a comma between, are none.
  static void add_alias(std::vector<Alias>& list, const std::string& name, const std::string& regex,
                        const std::string& host) {
    if (!name.empty() && name.find_first_of(" ,") == std::string::npos) list.push_back({lower(name), {}, false, host});
    if (!regex.empty()) list.push_back({regex, Pattern(regex), true, host});
  }

  Match match_of(const kube::Ingress& ingress, const kube::HttpIngressPath& path) const {
    if (path.path_type == "Exact") return Match::exact;
    if (path.path_type == "Prefix") return Match::prefix;
    const std::string type = lower(text(ingress, "path-type"));
    if (type == "exact") return Match::exact;
    if (type == "prefix") return Match::prefix;
    return type == "regex" ? Match::regex : Match::begin;
  }

  void add_path(const kube::Ingress& ingress, const std::string& host, const kube::HttpIngressPath& source,
                bool fallback) {
    Path path;
    path.text = source.path.empty() ? "/" : source.path;
    path.match = fallback ? Match::begin : match_of(ingress, source);
    path.origin = rule_ref(ingress, source);
    auto& known = hosts_[host].paths;
    if (std::any_of(known.begin(), known.end(),
                    [&](const Path& p) { return p.text == path.text && p.match == path.match; }))
      return;
    path.redirect_to = text(ingress, "redirect-to");
    kube::StringMap own;
    if (!attach(ingress, source, path, own) && path.redirect_to.empty()) return;
    for (const auto& tls : ingress.spec.tls)
      for (const std::string_view name : tls.hosts) path.tls |= lower(name) == host && !host.empty();
    path.ssl_redirect = parse_bool(text(ingress, "ssl-redirect")).value_or(true);
    path.rewrite = text(own, "rewrite-target");
    if (path.rewrite.empty()) path.rewrite = text(ingress, "rewrite-target");
    if (fallback) path.rewrite.clear();
    restrict(ingress, path);
    compile(path);
    known.push_back(std::move(path));
  }

  bool attach(const kube::Ingress& ingress, const kube::HttpIngressPath& source, Path& path,
              kube::StringMap& annotations) const {
    if (!source.backend.service) return false;
    const kube::NamespacedName id{ingress.metadata.ns, source.backend.service->name};
    const ServiceState state = service_state(*index_, id, source.backend.service->port, PortMatch::number_or_name);
    path.backend = {id.display(), state.port, 1};
    path.ready = state.state == EndpointState::ready;
    if (state.service) annotations = state.service->metadata.annotations;
    return state.state == EndpointState::ready || state.state == EndpointState::none;
  }

  void restrict(const kube::Ingress& ingress, Path& path) const {
    std::string allow = text(ingress, "allowlist-source-range");
    if (allow.empty()) allow = text(ingress, "whitelist-source-range");
    path.addresses.allow = haproxy::networks(allow, false);
    path.addresses.deny =
        haproxy::networks(text(ingress, "denylist-source-range"), false).value_or(std::vector<Network>());
    const std::string secret = text(ingress, "auth-secret");
    path.auth = !secret.empty() && haproxy::secret_exists(*index_, ingress.metadata.ns, secret);
    path.cors = parse_bool(text(ingress, "cors-enable")).value_or(false);
    path.limited = parse_int(text(ingress, "limit-rps")).value_or(0) > 0;
    for (std::string_view name : {"auth-url", "oauth", "http-header-match", "http-header-match-regex",
                                  "blue-green-deploy", "ssl-passthrough", "waf"})
      if (const std::string value = text(ingress, name); !value.empty() && value != "false")
        path.unmodelled = "the annotation " + std::string(name) + " decides";
  }

  void compile(Path& path) {
    std::string expression = path.match == Match::regex ? path.text : Pattern::quote(path.text);
    if (path.match == Match::regex) {
      path.expression = Pattern("^" + path.text);
      if (path.expression.state() == Pattern::State::invalid && refused_.empty()) refused_ = path.expression.why();
    }
    if (path.match == Match::exact) expression += "$";
    if (path.match == Match::prefix)
      expression =
          Pattern::quote(path.text.ends_with('/') ? path.text.substr(0, path.text.size() - 1) : path.text) + "(/.*)?";
    path.wildcard = Pattern("^" + expression);
    path.weight = expression.size();
  }

  // ---- choosing

  static bool one_label(const std::string& wildcard, const std::string& host) {
    if (!wildcard.starts_with("*.") || !host.ends_with(wildcard.substr(1))) return false;
    return host.size() > wildcard.size() - 1 &&
           host.substr(0, host.size() - wildcard.size() + 1).find('.') == std::string::npos;
  }

  static bool names(const Alias& alias, const std::string& host) {
    if (alias.regex) return alias.expression.state() == Pattern::State::ok && alias.expression.found(host);
    return alias.name == host || one_label(alias.name, host);
  }

  static bool matches(const Path& path, const std::string& request) {
    switch (path.match) {
      case Match::exact:
        return request == path.text;
      case Match::begin:
        return equal_fold(request.substr(0, path.text.size()), path.text);
      case Match::regex:
        return path.expression.state() == Pattern::State::ok && path.expression.found(request);
      case Match::prefix:
        break;
    }
    std::string text = path.text;
    if (text.ends_with('/')) text.pop_back();
    return request == text || request.starts_with(text + "/");
  }

  // Exact, then the longest prefix or begin, then the longest regex. Redirects are looked up before all others.
  static const Path* in_exact_host(const Host& host, const std::string& request, bool https) {
    const auto rank = [](const Path& path) {
      const int kind = path.match == Match::exact ? 2 : path.match == Match::regex ? 0 : 1;
      return std::tuple(!path.redirect_to.empty(), kind, path.text.size(), path.match == Match::prefix);
    };
    const Path* best = nullptr;
    for (const Path& path : host.paths)
      if ((!https || path.tls) && matches(path, request) && (!best || rank(path) > rank(*best))) best = &path;
    return best;
  }

  // One map of expressions for all kinds: the longest expression wins.
  static const Path* in_wildcard_host(const Host& host, const std::string& request, bool https) {
    const Path* best = nullptr;
    for (const Path& path : host.paths)
      if ((!https || path.tls) && path.wildcard.state() == Pattern::State::ok && path.wildcard.found(request) &&
          (!best || path.weight > best->weight))
        best = &path;
    return best;
  }

  const Path* find(const std::string& host, const std::string& request, bool https, const Host*& owner) const {
    const auto take = [&](const Host& candidate, bool wildcard) {
      const Path* path =
          wildcard ? in_wildcard_host(candidate, request, https) : in_exact_host(candidate, request, https);
      if (path || !owner) owner = &candidate;
      return path;
    };
    if (auto it = hosts_.find(host); it != hosts_.end() && !host.empty()) {
      if (const Path* path = take(it->second, false)) return path;
      if (strict_) return nullptr;
    }
    for (const Alias& alias : aliases_)
      if (names(alias, host))
        if (const Path* path = take(hosts_.at(alias.host), false)) return path;
    for (auto it = hosts_.rbegin(); it != hosts_.rend(); ++it)
      if (one_label(it->first, host))
        if (const Path* path = take(it->second, true)) return path;
    auto rest = hosts_.find("");
    return https || rest == hosts_.end() ? nullptr : in_exact_host(rest->second, request, false);
  }

  void route(const route::Request& request, const haproxy::Target& target, std::vector<route::Answer>& out) const {
    const bool https = request.scheme == route::Scheme::https;
    const std::string host = haproxy::host(request);
    const Host* owner = nullptr;
    const Path* path = find(host, target.path, https, owner);
    if (!owner)
      for (const Alias& alias : redirects_)
        if (names(alias, host)) return out.push_back(redirect(302, "//" + alias.host + target.raw()));
    const auto secure = [&] { return redirect(code_, "https://" + request.host + target.raw()); };
    if (owner && !owner->app_root.empty() && target.path == "/") {
      const bool step = !https && (!path || (path->tls && path->ssl_redirect));
      out.push_back(step ? secure() : redirect(302, owner->app_root));
    } else if (!path) {
      out.push_back(status(404));
    } else if (!path->redirect_to.empty()) {
      out.push_back(redirect(302, path->redirect_to));
    } else if (!https && path->tls && path->ssl_redirect) {
      out.push_back(secure());
    } else {
      serve(request, target, *path, out);
    }
    if (path)
      for (route::Answer& answer : out) answer.rule = path->origin;
  }

  static void serve(const route::Request& request, const haproxy::Target& target, const Path& path,
                    std::vector<route::Answer>& out) {
    if (!path.unmodelled.empty()) return out.push_back(unmodelled(path.unmodelled));
    if (path.cors && request.method == "OPTIONS") return out.push_back(status(204));
    if (!path.addresses.admits(route::client_address(request))) return out.push_back(status(403));
    if (path.limited) out.push_back(status(429));
    if (path.auth) out.push_back(status(401));
    if (path.auth && !has_header(request, "Authorization")) return;
    if (!path.ready) return out.push_back(status(503));
    route::Answer answer = status(200);
    answer.backend = path.backend.backend;
    answer.port = path.backend.port;
    answer.backend_target = rewritten(path, target.path) + target.query;
    answer.backend_host = request.host;
    out.push_back(std::move(answer));
  }

  // The path's own text is replaced; "/" as target or as path keeps one slash between.
  static std::string rewritten(const Path& path, const std::string& request) {
    if (path.rewrite.empty()) return request;
    if (path.match == Match::regex) {
      const auto groups = path.expression.groups(request);
      return groups.empty() ? request : haproxy::expand(path.rewrite, groups);
    }
    if (!equal_fold(request.substr(0, path.text.size()), path.text)) return request;
    std::string rest = request.substr(path.text.size());
    if (path.rewrite == "/") return rest.starts_with('/') ? rest : "/" + rest;
    if (path.text == "/" && !path.rewrite.ends_with('/')) rest.insert(0, "/");
    return path.rewrite + rest;
  }

  const kube::Index* index_;  // while building
  kube::StringMap config_;
  bool strict_ = false, tls_ = false;
  int code_ = 302;
  std::map<std::string, Host> hosts_;  // "" holds host-less rules and default backends
  std::vector<Alias> aliases_, redirects_;
  std::string refused_;
};

}  // namespace

std::unique_ptr<Controller> make_haproxy_ingress(const kube::Index& index, const ControllerOptions& options) {
  return std::make_unique<HaproxyIngress>(index, options);
}

}  // namespace gw::verify
