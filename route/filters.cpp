// Filters as rows: each type says which member of RouteFilter it reads and what it does to an Action.
#include "route/filters.h"

#include <re2/re2.h>

#include <algorithm>
#include <charconv>
#include <unordered_map>

#include "kube/wire.h"
#include "route/target.h"

namespace gw::route {
namespace {

HeaderChanges changes(const kube::HeaderModifier& modifier) {
  HeaderChanges out;
  // RFC 9113, 8.2.1: no white space around a value.
  const auto put = [&](HeaderChange::Op op, const kube::HttpHeader& header) {
    out.push_back({op, header.name, std::string(kube::wire::trimmed(header.value))});
  };
  for (const kube::HttpHeader& header : modifier.set) put(HeaderChange::Op::set, header);
  for (const kube::HttpHeader& header : modifier.add) put(HeaderChange::Op::add, header);
  for (const kube::String& name : modifier.remove) out.push_back({HeaderChange::Op::remove, name, {}});
  return out;
}

std::optional<PathChange> path_change(const std::optional<kube::PathModifier>& modifier) {
  if (!modifier) return std::nullopt;
  if (modifier->type == "ReplaceFullPath")
    return PathChange{PathChange::Kind::full, modifier->replace_full_path.value_or("/")};
  return PathChange{PathChange::Kind::prefix, modifier->replace_prefix_match.value_or("/")};
}

void append(HeaderChanges& to, HeaderChanges more) {
  to.insert(to.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

bool is_host(std::string_view name) {
  return kube::wire::classify(name) == kube::wire::FieldKind::host;
}

// Host is no field like the others: what a filter sets replaces the request's (host_of); removed it cannot be.
void request_headers(const FilterContext&, const kube::RouteFilter& filter, Action& action) {
  if (!filter.request_header_modifier) return;
  HeaderChanges made = changes(*filter.request_header_modifier);
  std::erase_if(made, [](const HeaderChange& change) { return is_host(change.name); });
  append(action.request_headers, std::move(made));
}
std::optional<std::string> host_of(const std::vector<kube::RouteFilter>& filters) {
  std::optional<std::string> out;
  for (const kube::RouteFilter& filter : filters)
    if (filter.request_header_modifier)
      for (const kube::HttpHeader& header : filter.request_header_modifier->set)
        if (is_host(header.name)) out = std::string(kube::wire::trimmed(header.value));
  return out;
}
void response_headers(const FilterContext&, const kube::RouteFilter& filter, Action& action) {
  if (filter.response_header_modifier) append(action.response_headers, changes(*filter.response_header_modifier));
}

void redirect(const FilterContext&, const kube::RouteFilter& filter, Action& action) {
  if (!filter.request_redirect) return;
  const kube::RequestRedirect& from = *filter.request_redirect;
  action.redirect =
      Redirect{from.scheme, from.hostname, path_change(from.path), from.port, from.status_code.value_or(302)};
}

void rewrite(const FilterContext&, const kube::RouteFilter& filter, Action& action) {
  if (filter.url_rewrite) action.rewrite = Rewrite{filter.url_rewrite->hostname, path_change(filter.url_rewrite->path)};
}

void cors(const FilterContext&, const kube::RouteFilter& filter, Action& action) {
  if (!filter.cors) return;
  const kube::Cors& from = *filter.cors;
  action.cors = CorsPolicy{kube::strings(from.allow_origins),      kube::strings(from.allow_methods),
                           kube::strings(from.allow_headers),      kube::strings(from.expose_headers),
                           from.allow_credentials.value_or(false), from.max_age.value_or(5)};
}

kube::BackendRef backend_ref(const kube::BackendObjectReference& from) {
  kube::BackendRef ref;
  static_cast<kube::Located&>(ref) = from;
  ref.group = from.group;
  ref.kind = from.kind;
  ref.ns = from.ns;
  ref.name = from.name;
  ref.port = from.port;
  return ref;
}

// A mirror that does not resolve is left out: the request itself is served (HTTPRouteFilter.requestMirror).
void mirror(const FilterContext& context, const kube::RouteFilter& filter, Action& action) {
  if (!filter.request_mirror) return;
  const kube::RequestMirror& from = *filter.request_mirror;
  Mirror out{make_backend(context, backend_ref(from.backend_ref))};
  if (out.backend.state == BackendState::invalid) return;
  if (from.fraction) {
    out.numerator = static_cast<std::uint32_t>(std::max(0, from.fraction->numerator));
    out.denominator = static_cast<std::uint32_t>(std::max(1, from.fraction->denominator.value_or(100)));
  } else if (from.percent) {
    out.numerator = static_cast<std::uint32_t>(std::clamp(*from.percent, 0, 100));
  }
  action.mirrors.push_back(std::move(out));
}

// "If a reference to a custom filter type cannot be resolved, the filter MUST NOT be skipped."
void extension(const FilterContext&, const kube::RouteFilter& filter, Action& action) {
  action.broken = filter.extension_ref ? "extension " + filter.extension_ref->kind.value_or("") + "/" +
                                             filter.extension_ref->name + " is not supported"
                                       : "filter " + filter.type + " is not supported";
}

// HTTPRouteFilter.externalAuth "MUST fail closed".
void external_auth(const FilterContext& context, const kube::RouteFilter& filter, Action& action) {
  if (!context.asks_services || !filter.external_auth) return extension(context, filter, action);
  ExternalAuth auth = make_auth(context, *filter.external_auth);
  if (auth.backend.state == BackendState::invalid)
    action.broken = "the authorization service cannot be asked: " + auth.backend.why;
  else
    action.auth.push_back(std::move(auth));
}

struct FilterRow {
  std::string_view type;
  void (*apply)(const FilterContext&, const kube::RouteFilter&, Action&);
};
constexpr FilterRow rows[] = {
    {"RequestHeaderModifier", request_headers},
    {"ResponseHeaderModifier", response_headers},
    {"RequestRedirect", redirect},
    {"URLRewrite", rewrite},
    {"RequestMirror", mirror},
    {"CORS", cors},
    {"ExtensionRef", extension},
    {"ExternalAuth", external_auth},
};

const FilterRow* row_of(std::string_view type) {
  const auto* row = std::find_if(std::begin(rows), std::end(rows), [&](const FilterRow& r) { return r.type == type; });
  return row == std::end(rows) ? nullptr : row;
}

std::optional<RuleProblem> regex_problem(const kube::OptionalString& type, const std::string& value,
                                         const yaml::Node* at) {
  if (type != "RegularExpression") return std::nullopt;
  std::string why = regex_error(value);
  if (why.empty()) return std::nullopt;
  return RuleProblem{"UnsupportedValue", "'" + value + "' is not a regular expression RE2 takes: " + why, at};
}

std::optional<RuleProblem> named_problem(const std::vector<kube::NamedMatch>& matches) {
  for (const kube::NamedMatch& match : matches)
    if (auto found = regex_problem(match.type, match.value, match.node)) return found;
  return std::nullopt;
}

bool replaces_prefix(const std::optional<kube::PathModifier>& path) {
  return path && path->type == "ReplacePrefixMatch";
}

std::optional<RuleProblem> filter_problem(const std::vector<kube::RouteFilter>& filters) {
  const kube::RouteFilter *redirects = nullptr, *rewrites = nullptr;
  for (const kube::RouteFilter& filter : filters) {
    if (!row_of(filter.type)) return RuleProblem{"UnsupportedValue", "unknown filter type " + filter.type, filter.node};
    if (filter.type == "RequestRedirect") redirects = &filter;
    if (filter.type == "URLRewrite") rewrites = &filter;
  }
  if (redirects && rewrites)
    return RuleProblem{"IncompatibleFilters", "a rule cannot both redirect and rewrite", rewrites->node};
  return wire_problem(filters);
}

std::optional<RuleProblem> session_problem(const kube::Box<kube::SessionPersistence>& session) {
  const auto found = session ? kube::wire::fault(*session) : std::nullopt;
  if (!found) return std::nullopt;
  return RuleProblem{"UnsupportedValue", "sessionPersistence." + found->at + " " + found->message, session->node, true};
}

}  // namespace

std::optional<RuleProblem> wire_problem(const std::vector<kube::RouteFilter>& filters) {
  for (const kube::RouteFilter& filter : filters)
    if (const auto found = kube::wire::fault(filter))
      return RuleProblem{"UnsupportedValue", found->at + ": " + found->message, filter.node, true};
  return std::nullopt;
}

// The same expressions stand in many routes, and attach() and compile() both ask.
std::string regex_error(const std::string& pattern) {
  constexpr std::size_t remembered = 512;
  thread_local std::unordered_map<std::string, std::string> known;
  if (const auto found = known.find(pattern); found != known.end()) return found->second;
  const RE2 compiled(pattern, RE2::Quiet);
  if (known.size() >= remembered) known.clear();
  return known[pattern] = compiled.ok() ? std::string() : compiled.error();
}

std::optional<RuleProblem> problem(const kube::HttpRouteRule& rule) {
  bool all_prefix = true;
  for (const kube::HttpRouteMatch& match : rule.matches) {
    if (match.path) {
      if (auto found = regex_problem(match.path->type, match.path->value.value_or("/"), match.node)) {
        if (match.node) found->at = match.node->find("path");
        return found;
      }
      all_prefix = all_prefix && match.path->type.value_or("PathPrefix") == "PathPrefix";
    }
    if (auto found = named_problem(match.headers)) return found;
    if (auto found = named_problem(match.query_params)) return found;
  }
  for (const kube::RouteFilter& filter : rule.filters) {
    const bool by_prefix = (filter.url_rewrite && replaces_prefix(filter.url_rewrite->path)) ||
                           (filter.request_redirect && replaces_prefix(filter.request_redirect->path));
    if (by_prefix && !all_prefix)
      return RuleProblem{"UnsupportedValue", "ReplacePrefixMatch needs PathPrefix matches only", filter.node};
  }
  if (auto found = filter_problem(rule.filters)) return found;
  return session_problem(rule.session_persistence);
}

std::optional<RuleProblem> problem(const kube::GrpcRouteRule& rule) {
  for (const kube::GrpcRouteMatch& match : rule.matches) {
    if (match.method)
      for (const auto* part : {&match.method->service, &match.method->method})
        if (auto found = regex_problem(match.method->type, part->value_or(""), match.method->node)) return found;
    if (auto found = named_problem(match.headers)) return found;
  }
  if (auto found = filter_problem(rule.filters)) return found;
  return session_problem(rule.session_persistence);
}

Backend make_backend(const FilterContext& context, const kube::BackendRef& ref) {
  ResolvedBackend found = resolve(context.lookup, view(ref, context.lookup.route_ns));
  Backend backend;
  backend.service = std::move(found.service);
  backend.port = found.port;
  backend.weight = static_cast<std::uint32_t>(std::max(0, ref.weight.value_or(1)));
  backend.state = found.state;
  backend.why = std::move(found.message);
  backend.protocol = found.protocol;
  backend.websocket = found.websocket;
  backend.endpoints = std::move(found.endpoints);
  backend.index = context.next_backend++;
  if (const PolicyVerdict* policy = context.policies.find(backend.service, found.port_name)) {
    backend.tls = policy->tls;
    backend.protocol = backend.protocol == BackendProtocol::h2c ? BackendProtocol::h2_tls : BackendProtocol::http1_tls;
  }
  if (ref.filters.empty()) return backend;
  Action own;
  apply_filters(context, ref.filters, own);
  backend.request_headers = std::move(own.request_headers);
  backend.response_headers = std::move(own.response_headers);
  backend.rewrite = std::move(own.rewrite);
  backend.redirect = std::move(own.redirect);
  backend.mirrors = std::move(own.mirrors);
  backend.auth = std::move(own.auth);
  if (auto fault = wire_problem(ref.filters)) own.broken = std::move(fault->message);
  if (!own.broken.empty()) {
    backend.state = BackendState::invalid;
    backend.why = std::move(own.broken);
  }
  return backend;
}

ExternalAuth make_auth(const FilterContext& context, const kube::ExternalAuth& from) {
  ExternalAuth auth{make_backend(context, backend_ref(from.backend_ref))};
  const auto names = [](const std::vector<kube::String>& list) {
    std::vector<std::string> out;
    for (const kube::String& name : list) out.push_back(lower(name));
    return out;
  };
  auth.grpc = from.protocol == "GRPC";
  if (!auth.grpc && from.protocol != "HTTP") {
    auth.backend.state = BackendState::invalid;
    auth.backend.why = "protocol '" + std::string(from.protocol) + "' is neither HTTP nor GRPC";
  }
  if (!auth.grpc && from.http && !from.http->path.empty() &&
      !kube::wire::is_origin_target("/" + std::string(from.http->path))) {
    auth.backend.state = BackendState::invalid;
    auth.backend.why = "http.path '" + std::string(from.http->path) + "' is not a path of a request";
  }
  if (auth.grpc) auth.backend.protocol = auth.backend.tls ? BackendProtocol::h2_tls : BackendProtocol::h2c;
  if (auth.grpc && from.grpc) auth.request_headers = names(from.grpc->allowed_headers);
  if (!auth.grpc && from.http) {
    auth.path = from.http->path;
    auth.request_headers = names(from.http->allowed_headers);
    auth.response_headers = names(from.http->allowed_response_headers);
  }
  if (from.forward_body) auth.max_body = static_cast<std::size_t>(std::max(0, from.forward_body->max_size));
  return auth;
}

void apply_filters(const FilterContext& context, const std::vector<kube::RouteFilter>& filters, Action& action) {
  for (const kube::RouteFilter& filter : filters)
    if (const FilterRow* row = row_of(filter.type)) row->apply(context, filter, action);
  if (auto host = host_of(filters)) {
    if (!action.rewrite) action.rewrite.emplace();
    action.rewrite->hostname = std::move(host);
  }
}

std::optional<std::chrono::milliseconds> duration(std::string_view text) {
  struct Unit {
    std::string_view name;
    std::int64_t milliseconds;
  };
  constexpr Unit units[] = {{"ms", 1}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1'000}};
  std::int64_t total = 0;
  if (text.empty()) return std::nullopt;
  while (!text.empty()) {
    std::int64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || number < 0 || number > 99'999) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    const auto* unit =
        std::find_if(std::begin(units), std::end(units), [&](const Unit& u) { return text.starts_with(u.name); });
    if (unit == std::end(units)) return std::nullopt;
    text.remove_prefix(unit->name.size());
    total += number * unit->milliseconds;
  }
  return std::chrono::milliseconds(total);
}

}  // namespace gw::route
