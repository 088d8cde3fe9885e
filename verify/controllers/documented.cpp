#include "verify/controllers/documented.h"

#include <algorithm>
#include <memory>
#include <set>

#include "verify/controllers/answers.h"
#include "verify/controllers/services.h"
#include "verify/controllers/text.h"

namespace gw::verify::documented {
namespace {

constexpr const char* basis = "basis=documented, not measured";

bool canonical(std::string_view path) {
  return path.starts_with('/') && only(path, "/-._~!$&'()*+,;=:@") && path.find("//") == std::string_view::npos &&
         path.find("/./") == std::string_view::npos && path.find("/../") == std::string_view::npos &&
         !path.ends_with("/.") && !path.ends_with("/..");
}

bool path_matches(const Rule& rule, const std::string& path) {
  switch (rule.kind) {
    case Kind::exact:
      return path == rule.path;
    case Kind::element:
      return element_match(rule.path, path);
    case Kind::byte_prefix:
      return path.starts_with(rule.path);
    case Kind::regex:
      return rule.expression.state() == Pattern::State::ok && rule.expression.found(path);
  }
  return false;
}

class Model final : public Controller {
 public:
  Model(std::vector<Rule> rules, Traits traits) : rules_(std::move(rules)), traits_(traits) {
    for (const Rule& rule : rules_) balancers_.insert(rule.balancer);
  }

  bool measured() const override { return false; }

  // Each load balancer has its own address: where several carry the host, the request may be meant for any of them.
  route::AnswerSet answer(const route::Request& request) const override {
    route::AnswerSet out;
    const auto mark = request.target.find('?');
    const std::string path = request.target.substr(0, mark);
    const std::string query = mark == std::string::npos ? "" : request.target.substr(mark);
    if (!canonical(path)) {
      out.any_of.push_back(unmodelled("how the controller normalises this path is not documented"));
    } else {
      const std::string host = lower(request.host.substr(0, request.host.find(':')));
      for (const std::string& balancer : balancers_)
        if (balancers_.size() == 1 || carries(balancer, host))
          out.any_of.push_back(on_balancer(balancer, host, path, query, request));
      if (out.any_of.empty()) out.any_of.push_back(status(traits_.unmatched));
    }
    for (route::Answer& answer : out.any_of) answer.attributes.emplace_back(basis);
    return out;
  }

  Boundaries boundaries() const override {
    Boundaries out;
    out.path_view = PathView::raw;
    out.one_label_wildcards = !traits_.multi_label;
    out.falls_through = traits_.falls_through;
    for (const Rule& rule : rules_) {
      HostBoundaries entry;
      entry.host = rule.host;
      entry.span = rule.origin.span;
      entry.methods = rule.methods;
      entry.sampled = {"paths that need normalising"};
      if (rule.kind == Kind::regex)
        entry.regexes.push_back({rule.expression.re2(), rule.expression.state() == Pattern::State::ok});
      else
        entry.paths.push_back(rule.path);
      out.hosts.push_back(std::move(entry));
    }
    tidy(out);
    return out;
  }

 private:
  // 0: no; the longer the host, the better it fits.
  std::size_t fit(const Rule& rule, const std::string& host) const {
    if (rule.host.empty()) return 1;
    if (rule.host == host) return 1'000'000;
    if (!rule.host.starts_with("*.") || !host.ends_with(rule.host.substr(1)) || host.size() <= rule.host.size() - 1)
      return 0;
    const bool one_label = host.substr(0, host.size() - rule.host.size() + 1).find('.') == std::string::npos;
    return traits_.multi_label || one_label ? 1 + rule.host.size() : 0;
  }

  bool carries(const std::string& balancer, const std::string& host) const {
    return std::any_of(rules_.begin(), rules_.end(),
                       [&](const Rule& rule) { return rule.balancer == balancer && fit(rule, host) > 0; });
  }

  route::Answer on_balancer(const std::string& balancer, const std::string& host, const std::string& path,
                            const std::string& query, const route::Request& request) const {
    std::size_t best = 0;
    for (const Rule& rule : rules_)
      if (rule.balancer == balancer) best = std::max(best, fit(rule, host));
    const bool https = request.scheme == route::Scheme::https;
    for (const Rule& rule : rules_) {
      const std::size_t fits = fit(rule, host);
      if (rule.balancer != balancer || fits == 0 || (!traits_.falls_through && fits != best)) continue;
      const bool method = rule.methods.empty() ||
                          std::find(rule.methods.begin(), rule.methods.end(), request.method) != rule.methods.end();
      if (!method || !(https ? rule.https : rule.http) || !path_matches(rule, path)) continue;
      auto out = serve(rule, path, query, request);
      out.rule = rule.origin;
      return out;
    }
    return status(traits_.unmatched);
  }

  static route::Answer serve(const Rule& rule, const std::string& path, const std::string& query,
                             const route::Request& request) {
    if (rule.https_code && request.scheme == route::Scheme::http) {
      if (*rule.https_code >= 400) return status(*rule.https_code);
      return redirect(*rule.https_code,
                      "https://" + request.host.substr(0, request.host.find(':')) + rule.https_port + path + query);
    }
    if (rule.fixed) return *rule.fixed;
    route::Answer out = status(200);
    out.backend = rule.backend;
    out.port = rule.port;
    std::string target = path;
    if (rule.strip && rule.kind != Kind::regex) target.erase(0, rule.path.size());
    if (rule.strip && rule.kind == Kind::regex) target.erase(0, rule.expression.groups(path)[0].size());
    if (!target.starts_with('/')) target.insert(0, "/");
    out.backend_target = target + query;
    out.backend_host = request.host;
    return out;
  }

  std::vector<Rule> rules_;
  Traits traits_;
  std::set<std::string> balancers_;
};

}  // namespace

bool element_match(const std::string& prefix, const std::string& path) {
  if (prefix == "/") return true;
  const std::string text = prefix.ends_with('/') ? prefix.substr(0, prefix.size() - 1) : prefix;
  return path == text || path.starts_with(text + "/");
}

std::string annotation(const kube::Ingress& ingress, std::string_view name) {
  const std::string* value = kube::find(ingress.metadata.annotations, name);
  return value ? std::string(trim(*value)) : std::string();
}

std::vector<const kube::Ingress*> by_age(const kube::Index& index,
                                         bool (*takes)(const kube::Index&, const kube::Ingress&)) {
  std::vector<const kube::Ingress*> out;
  for (const kube::Ingress& ingress : index.bundle().ingresses)
    if (takes(index, ingress)) out.push_back(&ingress);
  std::stable_sort(out.begin(), out.end(), [](const kube::Ingress* a, const kube::Ingress* b) {
    return std::pair(a->metadata.creation_timestamp, a->id().display()) <
           std::pair(b->metadata.creation_timestamp, b->id().display());
  });
  return out;
}

void attach(Rule& rule, const kube::Index& index, const kube::Ingress& ingress, const kube::IngressBackend& backend,
            int broken) {
  if (!backend.service) {
    rule.fixed = unmodelled("a backend that is no Service");
    return;
  }
  const kube::NamespacedName id{ingress.metadata.ns, backend.service->name};
  const ServiceState state = service_state(index, id, backend.service->port, PortMatch::number_or_name);
  rule.backend = id.display();
  rule.port = state.port;
  if (state.state != EndpointState::ready) rule.fixed = status(broken);
}

std::unique_ptr<Controller> make(std::vector<Rule> rules, Traits traits) {
  return std::make_unique<Model>(std::move(rules), traits);
}

}  // namespace gw::verify::documented
