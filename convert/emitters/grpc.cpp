#include "convert/emitters/grpc.h"

#include <algorithm>
#include <unordered_set>

namespace gw::convert {
namespace {

bool http2(const Backend& b) {
  return b.wire == Wire::h2c || b.wire == Wire::h2_tls;
}

bool letter(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool identifier(std::string_view word) {
  return !word.empty() && letter(word[0]) &&
         std::all_of(word.begin(), word.end(), [](char c) { return letter(c) || (c >= '0' && c <= '9'); });
}
bool service_word(std::string_view word) {
  while (true) {
    const std::size_t dot = word.find('.');
    if (!identifier(word.substr(0, dot))) return false;
    if (dot == std::string_view::npos) return true;
    word.remove_prefix(dot + 1);
  }
}

struct Method {
  std::string_view service, name;
};

// Nothing when the path is that of no service or method.
std::optional<Method> method_of(const Rule& rule) {
  std::string_view path = rule.path;
  if (rule.kind == PathKind::regex || !path.starts_with('/')) return std::nullopt;
  if (path == "/") return rule.kind == PathKind::prefix ? std::optional(Method{}) : std::nullopt;
  path.remove_prefix(1);
  const std::size_t slash = path.find('/');
  Method m{path.substr(0, slash), slash == std::string_view::npos ? std::string_view{} : path.substr(slash + 1)};
  if (!service_word(m.service) || (!m.name.empty() && !identifier(m.name))) return std::nullopt;
  if (m.name.empty() && rule.kind == PathKind::exact) return std::nullopt;
  return m;
}

bool sayable(const Rule& rule) {
  if (!method_of(rule) || !std::all_of(rule.backends.begin(), rule.backends.end(), http2)) return false;
  if (rule.conditions && (!rule.conditions->query.empty() || !rule.conditions->method.empty())) return false;
  if (!rule.action) return true;
  const Action& a = *rule.action;
  return !a.redirect && !a.rewrite && a.rewrite_host.empty() && !a.cors && a.request_timeout.empty() &&
         a.backend_timeout.empty() && a.intents.empty();
}

bool candidate(const Part& part) {
  return !part.servers.front()->ordered &&
         std::any_of(part.rules.begin(), part.rules.end(), [](const Rule* r) { return !r->backends.empty(); }) &&
         std::all_of(part.rules.begin(), part.rules.end(), [](const Rule* r) { return sayable(*r); });
}

// Host names that HTTPRoutes hold on one listener.
class Held {
 public:
  void add(std::string_view host) {
    if (host.empty() || host.starts_with("*."))
      wide_.insert(host);
    else
      exact_.insert(host);
  }
  bool meets(std::string_view host) const {
    if (wide_.contains("") || (host.empty() && !(exact_.empty() && wide_.empty()))) return true;
    if (!host.starts_with("*.")) return exact_.contains(host) || any_covers(host);
    const auto below = [&](std::string_view other) { return other.ends_with(host.substr(1)); };
    return any_covers(host) || std::any_of(exact_.begin(), exact_.end(), below) ||
           std::any_of(wide_.begin(), wide_.end(), below);
  }

 private:
  bool any_covers(std::string_view host) const {
    return std::any_of(wide_.begin(), wide_.end(),
                       [&](std::string_view w) { return w == host || (!w.empty() && host.ends_with(w.substr(1))); });
  }
  std::unordered_set<std::string_view> exact_, wide_;
};

using Listeners = std::map<Section, Held>;

void hold(const Part& part, Listeners& held) {
  for (const Section& section : part.parents)
    for (const Server* server : part.servers) held[section].add(server->host);
}

bool meets(const Part& part, const Listeners& held) {
  return std::any_of(part.parents.begin(), part.parents.end(), [&](const Section& section) {
    const auto at = held.find(section);
    return at != held.end() && std::any_of(part.servers.begin(), part.servers.end(),
                                           [&](const Server* s) { return at->second.meets(s->host); });
  });
}

}  // namespace

void choose_grpc(std::vector<Part>& parts) {
  bool any = false;
  for (Part& part : parts) any = (part.grpc = candidate(part)) || any;
  if (!any) return;
  Listeners held;
  for (const Part& part : parts)
    if (!part.grpc) hold(part, held);
  // Whoever gives way holds its hosts for HTTP, which may make others give way.
  for (bool changed = true; changed;) {
    changed = false;
    for (Part& part : parts)
      if (part.grpc && meets(part, held)) {
        part.grpc = false;
        hold(part, held);
        changed = true;
      }
  }
}

std::vector<kube::GrpcRouteMatch> grpc_matches(const Rule& rule) {
  const auto method = method_of(rule);
  const bool headers = rule.conditions && !rule.conditions->headers.empty();
  if (!method || (method->service.empty() && !headers)) return {};
  kube::GrpcRouteMatch match;
  if (!method->service.empty()) {
    kube::GrpcMethodMatch& m = match.method.emplace();
    m.type = "Exact";
    m.service = std::string(method->service);
    if (!method->name.empty()) m.method = std::string(method->name);
  }
  return {match};
}

}  // namespace gw::convert
