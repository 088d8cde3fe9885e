#include "convert/emitters/routes.h"

#include <algorithm>
#include <numeric>

#include "convert/emitters/grpc.h"
#include "convert/metadata.h"
#include "convert/movers.h"
#include "convert/regex.h"
#include "kube/kinds.h"

namespace gw::convert {
namespace {

constexpr std::size_t max_headers = 16;

// Gateway API writes no Exact or PathPrefix value with these; a regular expression says the same.
bool plain_path(std::string_view path) {
  if (!path.starts_with('/') || path.size() > 1024) return false;
  for (const std::string_view bad : {"//", "/./", "/../", "%2f", "%2F", "#"})
    if (path.find(bad) != std::string_view::npos) return false;
  if (path.ends_with("/..") || path.ends_with("/.")) return false;
  for (std::size_t i = 0; i < path.size(); ++i) {
    const char c = path[i];
    if (c == '%') {
      if (i + 2 >= path.size() || !std::isxdigit(static_cast<unsigned char>(path[i + 1])) ||
          !std::isxdigit(static_cast<unsigned char>(path[i + 2])))
        return false;
      i += 2;
      continue;
    }
    const bool word = std::isalnum(static_cast<unsigned char>(c)) != 0;
    if (!word && std::string_view("-/._~!$&'()*+,;=:@").find(c) == std::string_view::npos) return false;
  }
  return true;
}

kube::HttpPathMatch path_match(const Rule& rule) {
  kube::HttpPathMatch m;
  if (rule.kind != PathKind::regex && plain_path(rule.path)) {
    m.type = rule.kind == PathKind::exact ? "Exact" : "PathPrefix";
    m.value = std::string(rule.path);
    return m;
  }
  m.type = "RegularExpression";
  std::string_view text = rule.path;
  if (rule.kind == PathKind::prefix && text.size() > 1 && text.ends_with('/')) text.remove_suffix(1);
  m.value = rule.kind == PathKind::regex   ? std::string(rule.path)
            : rule.kind == PathKind::exact ? escape_regex(text)
                                           : escape_regex(text) + "(/.*)?";
  return m;
}

kube::NamedMatch named_match(const ValueMatch& match) {
  kube::NamedMatch m;
  m.type = match.regex ? "RegularExpression" : "Exact";
  m.name = match.name;
  m.value = match.value;
  return m;
}

kube::PathModifier path_modifier(const PathRewrite& rewrite) {
  kube::PathModifier m;
  m.type = rewrite.prefix ? "ReplacePrefixMatch" : "ReplaceFullPath";
  (rewrite.prefix ? m.replace_prefix_match : m.replace_full_path) = rewrite.value;
  return m;
}

std::string header_value(const std::string& value, const Target& target) {
  if (!target.escapes_percent) return value;
  std::string out;
  for (const char c : value) out += c == '%' ? std::string("%%") : std::string(1, c);
  return out;
}

kube::HeaderModifier header_modifier(const std::vector<HeaderEdit>& edits, const Target& target) {
  kube::HeaderModifier m;
  for (const HeaderEdit& edit : edits) {
    if (edit.op == HeaderEdit::Op::remove) {
      if (m.remove.size() < max_headers) m.remove.push_back(edit.name);
      continue;
    }
    auto& list = edit.op == HeaderEdit::Op::set ? m.set : m.add;
    kube::HttpHeader header;
    header.name = edit.name;
    header.value = header_value(edit.value, target);
    if (list.size() < max_headers) list.push_back(std::move(header));
  }
  return m;
}

kube::RouteFilter filter(std::string type) {
  kube::RouteFilter f;
  f.type = std::move(type);
  return f;
}

kube::RouteFilter redirect_filter(const Redirect& redirect) {
  kube::RouteFilter f = filter("RequestRedirect");
  kube::RequestRedirect& r = f.request_redirect.emplace();
  r.scheme = redirect.scheme;
  r.hostname = redirect.host;
  r.port = redirect.port;
  if (redirect.path) r.path = path_modifier(*redirect.path);
  r.status_code = redirect.status;
  return f;
}

kube::RouteFilter rewrite_filter(const Action& action) {
  kube::RouteFilter f = filter("URLRewrite");
  kube::UrlRewrite& r = f.url_rewrite.emplace();
  if (!action.rewrite_host.empty()) r.hostname = action.rewrite_host;
  if (action.rewrite) r.path = path_modifier(*action.rewrite);
  return f;
}

kube::RouteFilter cors_filter(const CorsPolicy& policy) {
  kube::RouteFilter f = filter("CORS");
  kube::Cors& c = f.cors.emplace();
  c.allow_origins.assign(policy.origins.begin(), policy.origins.end());
  c.allow_methods.assign(policy.methods.begin(), policy.methods.end());
  c.allow_headers.assign(policy.headers.begin(), policy.headers.end());
  c.expose_headers.assign(policy.expose.begin(), policy.expose.end());
  if (with_credentials(policy)) c.allow_credentials = true;
  c.max_age = policy.max_age;
  return f;
}

// A share that is no whole percentage becomes a fraction in its lowest terms.
void say_share(std::int32_t millionths, kube::RequestMirror& mirror) {
  constexpr std::int32_t whole = 1'000'000;
  if (millionths >= whole) return;
  if (millionths % 10'000 == 0) {
    mirror.percent = millionths / 10'000;
    return;
  }
  const std::int32_t divisor = std::gcd(millionths, whole);
  kube::Fraction& fraction = mirror.fraction.emplace();
  fraction.numerator = millionths / divisor;
  fraction.denominator = whole / divisor;
}

void add_filters(const Action& action, const Target& target, const std::string& ns, kube::HttpRouteRule& rule) {
  if (!action.request_headers.empty() && !action.redirect) {
    rule.filters.push_back(filter("RequestHeaderModifier"));
    rule.filters.back().request_header_modifier = header_modifier(action.request_headers, target);
  }
  if (!action.response_headers.empty()) {
    rule.filters.push_back(filter("ResponseHeaderModifier"));
    rule.filters.back().response_header_modifier = header_modifier(action.response_headers, target);
  }
  if (action.redirect) {
    rule.filters.push_back(redirect_filter(*action.redirect));
    return;
  }
  if (action.rewrite || !action.rewrite_host.empty()) rule.filters.push_back(rewrite_filter(action));
  if (action.cors) rule.filters.push_back(cors_filter(*action.cors));
  for (const Mirror& mirror : action.mirrors) {
    rule.filters.push_back(filter("RequestMirror"));
    const kube::BackendRef ref = backend_ref(mirror.backend, ns, false);
    kube::BackendObjectReference& to = rule.filters.back().request_mirror.emplace().backend_ref;
    say_share(mirror.millionths, *rule.filters.back().request_mirror);
    to.group = ref.group, to.kind = ref.kind, to.name = ref.name, to.ns = ref.ns, to.port = ref.port;
  }
  if (!action.request_timeout.empty() || !action.backend_timeout.empty()) {
    kube::RouteTimeouts& t = rule.timeouts.emplace();
    if (!action.request_timeout.empty()) t.request = action.request_timeout;
    if (!action.backend_timeout.empty()) t.backend_request = action.backend_timeout;
  }
}

kube::HttpRouteRule make_rule(const Rule& rule, const Target& target, const std::string& ns) {
  kube::HttpRouteRule out;
  out.node = rule.at ? rule.at : rule.owner ? rule.owner->node : nullptr;  // whoever asks the rule is told that place
  kube::HttpRouteMatch& match = out.matches.emplace_back();
  match.path = path_match(rule);
  if (rule.conditions) {
    for (const ValueMatch& h : rule.conditions->headers) match.headers.push_back(named_match(h));
    for (const ValueMatch& q : rule.conditions->query) match.query_params.push_back(named_match(q));
    if (!rule.conditions->method.empty()) match.method = rule.conditions->method;
  }
  if (rule.action) add_filters(*rule.action, target, ns, out);
  if (!rule.action || !rule.action->redirect)
    for (const Backend& b : rule.backends) out.backend_refs.push_back(backend_ref(b, ns));
  return out;
}

}  // namespace

std::string provenance(const kube::Object& object, const yaml::Node* at, const diag::Sources& sources) {
  std::string text = "from " + object.object_id().display();
  const yaml::Node* node = at ? at : object.node;
  if (!node || !node->span().known()) return text;
  return text + ", " + sources.name(node->span().file) + ":" +
         std::to_string(sources.position(node->span().file, node->span().begin).line);
}

kube::ParentReference parent_ref(const Section& section, const std::string& route_ns) {
  kube::ParentReference ref;
  ref.group = std::string(kube::gateway_group);
  ref.kind = section.set ? "ListenerSet" : "Gateway";
  if (section.owner.ns != route_ns) ref.ns = section.owner.ns;
  ref.name = section.owner.name;
  if (!section.name.empty()) ref.section_name = section.name;
  return ref;
}

kube::BackendRef backend_ref(const Backend& backend, const std::string& route_ns, bool weighted) {
  kube::BackendRef ref;
  const ResourceKind of = kind_of(backend);
  ref.group = std::string(of.group);
  ref.kind = std::string(of.kind);
  ref.name = backend.name;
  if (backend.ns != route_ns) ref.ns = std::string(backend.ns);
  if (backend.port != 0) ref.port = backend.port;
  if (weighted) ref.weight = backend.weight;
  return ref;
}

namespace {

// What HTTPRoute and GRPCRoute have in common.
template <class Route>
Route make_head(const Part& part, const Options& options, const diag::Sources& sources) {
  const std::string& ns = part.ns;
  auto route = kube::make<Route>(ns, part.name);
  route.metadata.annotations = route_annotations(*part.owner);
  if (part.also.empty()) {
    route.metadata.labels = kept_labels(options, *part.owner);
    for (auto& annotation : kept_annotations(options, *part.owner))
      route.metadata.annotations.push_back(std::move(annotation));
    std::sort(route.metadata.annotations.begin(), route.metadata.annotations.end());
  }
  std::vector<const kube::Object*> owners{part.owner};
  owners.insert(owners.end(), part.also.begin(), part.also.end());
  for (const Rule* rule : part.rules)
    if (std::find(owners.begin(), owners.end(), rule->owner) == owners.end()) owners.push_back(rule->owner);
  for (const kube::Object* owner : owners) route.comments.push_back(provenance(*owner, nullptr, sources));
  for (const Section& parent : part.parents) route.spec.parent_refs.push_back(parent_ref(parent, ns));
  for (const Server* server : part.servers)
    if (!server->host.empty()) route.spec.hostnames.emplace_back(server->host);
  return route;
}

kube::GrpcRouteRule make_grpc_rule(const Rule& rule, const Target& target, const std::string& ns) {
  kube::GrpcRouteRule out;
  out.node = rule.at ? rule.at : rule.owner ? rule.owner->node : nullptr;
  out.matches = grpc_matches(rule);
  if (rule.conditions && !out.matches.empty())
    for (const ValueMatch& h : rule.conditions->headers) out.matches[0].headers.push_back(named_match(h));
  if (rule.action) {
    kube::HttpRouteRule filters;
    add_filters(*rule.action, target, ns, filters);
    out.filters = std::move(filters.filters);
  }
  for (const Backend& b : rule.backends) out.backend_refs.push_back(backend_ref(b, ns));
  return out;
}

}  // namespace

kube::HttpRoute make_route(const Part& part, const Target& target, const Options& options,
                           const diag::Sources& sources) {
  auto route = make_head<kube::HttpRoute>(part, options, sources);
  for (const Rule* rule : part.rules) route.spec.rules.push_back(make_rule(*rule, target, part.ns));
  return route;
}

kube::GrpcRoute make_grpc_route(const Part& part, const Target& target, const Options& options,
                                const diag::Sources& sources) {
  auto route = make_head<kube::GrpcRoute>(part, options, sources);
  for (const Rule* rule : part.rules) route.spec.rules.push_back(make_grpc_rule(*rule, target, part.ns));
  return route;
}

}  // namespace gw::convert
