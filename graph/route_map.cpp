// Ranks the matches of attached routes as the Gateway API says: Exact before prefixes, longer before shorter, then
// method, headers, query parameters, then the older route and the earlier rule.
#include "graph/route_map.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <tuple>

#include "diag/render.h"
#include "kube/secrets.h"
#include "route/order.h"
#include "route/target.h"

namespace gw::graph {
namespace {

struct Ranked {
  MatchRow row;
  int kind = 2;                 // Exact 0, RegularExpression 1, PathPrefix 2
  std::uint32_t looseness = 0;  // of the route's claim to the host
  std::size_t length = 0, method_length = 0;
  std::size_t route = 0, rule = 0, match = 0;

  auto key() const {
    return std::tuple(looseness, kind, ~length, ~method_length, ~row.header_count, ~row.query_count, route, rule,
                      match);
  }
};

// Only the first entry of a name counts; names of headers are one name in every letter case.
void add_conditions(const char* what, const std::vector<kube::NamedMatch>& from, bool fold, std::size_t& count,
                    std::vector<kube::NamedMatch>& data, std::vector<std::string>& to) {
  for (const kube::NamedMatch& match : from) {
    const auto same = [&](const kube::NamedMatch& seen) {
      return fold ? route::equal_fold(seen.name, match.name) : seen.name == match.name;
    };
    if (std::any_of(data.begin(), data.end(), same)) continue;
    data.push_back(match);
    const char* relation = match.type == "RegularExpression" ? " ~ " : " = ";
    to.push_back(std::string(what) + " " + match.name + relation +
                 (kube::names_credential(match.name) ? std::string("***") : std::string(match.value)));
    ++count;
  }
}

int kind_of(const std::string& type) {
  return type == "Exact" ? 0 : type == "RegularExpression" ? 1 : 2;
}

std::vector<Ranked> matches_of(const kube::HttpRouteRule& rule) {
  static const std::vector<kube::HttpRouteMatch> everything(1);
  std::vector<Ranked> out;
  for (const kube::HttpRouteMatch& from : rule.matches.empty() ? everything : rule.matches) {
    Ranked ranked;
    ranked.row.type = from.path ? from.path->type.value_or("PathPrefix") : "PathPrefix";
    ranked.row.path = from.path ? from.path->value.value_or("/") : "/";
    ranked.row.method = from.method.value_or("");
    add_conditions("header", from.headers, true, ranked.row.header_count, ranked.row.headers, ranked.row.conditions);
    add_conditions("query", from.query_params, false, ranked.row.query_count, ranked.row.query, ranked.row.conditions);
    ranked.kind = kind_of(ranked.row.type);
    ranked.length = ranked.row.path.size();
    ranked.method_length = ranked.row.method.empty() ? 0 : 1;
    out.push_back(std::move(ranked));
  }
  return out;
}

std::vector<Ranked> matches_of(const kube::GrpcRouteRule& rule) {
  static const std::vector<kube::GrpcRouteMatch> everything(1);
  std::vector<Ranked> out;
  for (const kube::GrpcRouteMatch& from : rule.matches.empty() ? everything : rule.matches) {
    Ranked ranked;
    const std::string service = from.method ? from.method->service.value_or("") : "";
    const std::string method = from.method ? from.method->method.value_or("") : "";
    const bool regex = from.method && from.method->type == "RegularExpression";
    ranked.row.type = regex ? "RegularExpression" : !service.empty() && !method.empty() ? "Exact" : "PathPrefix";
    if (regex) {
      const auto group = [](const std::string& part) { return part.empty() ? "[^/]+" : "(?:" + part + ")"; };
      ranked.row.path = "/" + group(service) + "/" + group(method);
    } else {
      ranked.row.path =
          "/" + (service.empty() && !method.empty() ? "*" : service) + (method.empty() ? "" : "/" + method);
      if (service.empty()) ranked.row.grpc_method = method;
    }
    add_conditions("header", from.headers, true, ranked.row.header_count, ranked.row.headers, ranked.row.conditions);
    ranked.kind = kind_of(ranked.row.type);
    ranked.length = service.size();
    ranked.method_length = method.size();
    out.push_back(std::move(ranked));
  }
  return out;
}

using ActionKey = std::tuple<std::string, kube::NamespacedName, std::size_t>;

class Mapper {
 public:
  Mapper(const route::Attachments& attachments, const route::Table& table) : attachments_(attachments), table_(table) {
    for (const route::Action* action : table.all_actions())
      actions_[{action->source.kind, action->source.object, action->source.rule}] = action;
    for (const route::ParentStatus& parent : attachments.parents) routes_.push_back(parent.route);
    std::stable_sort(routes_.begin(), routes_.end(), [](auto* a, auto* b) { return route::older(*a, *b); });
    routes_.erase(std::unique(routes_.begin(), routes_.end()), routes_.end());
    for (std::size_t i = 0; i < routes_.size(); ++i) age_[routes_[i]] = i;
  }

  std::vector<ListenerMap> run() {
    for (const route::ParentStatus& parent : attachments_.parents) {
      if (!parent.accepted) continue;
      if (parent.route_kind == "HTTPRoute") add(static_cast<const kube::HttpRoute&>(*parent.route), parent);
      if (parent.route_kind == "GRPCRoute") add(static_cast<const kube::GrpcRoute&>(*parent.route), parent);
    }
    std::vector<ListenerMap> out;
    for (auto& [listener, hosts] : found_) {
      ListenerMap map{&table_.listeners()[listener], {}};
      for (auto& [key, ranked] : hosts) {
        std::sort(ranked.begin(), ranked.end(), [](const Ranked& a, const Ranked& b) { return a.key() < b.key(); });
        HostMap host{std::get<2>(key), {}};
        for (Ranked& one : ranked) host.rows.push_back(std::move(one.row));
        map.hosts.push_back(std::move(host));
      }
      out.push_back(std::move(map));
    }
    return out;
  }

 private:
  // Names without a wildcard, then wildcards from the longest, then every host.
  using HostKey = std::tuple<int, std::size_t, std::string>;
  static HostKey host_key(const std::string& host) {
    if (host.empty()) return {2, 0, host};
    if (host.starts_with("*.")) return {1, ~host.size(), host};
    return {0, 0, host};
  }

  template <class Route>
  void add(const Route& route, const route::ParentStatus& parent) {
    for (std::size_t r = 0; r < route.spec.rules.size(); ++r) {
      const auto action = actions_.find({parent.route_kind, route.id(), r});
      if (action == actions_.end()) continue;  // a rule that is left out
      std::vector<Ranked> matches = matches_of(route.spec.rules[r]);
      for (std::size_t m = 0; m < matches.size(); ++m) {
        matches[m].row.action = action->second;
        matches[m].route = age_.at(&route);
        matches[m].rule = r;
        matches[m].match = m;
      }
      for (const route::ParentStatus::On& on : parent.on) {
        if (!attachments_.listeners[on.listener].usable) continue;
        for (const std::string& host : on.hostnames) {
          const std::uint32_t claimed =
              attachments_.own_hostnames ? route::looseness(host, route.spec.hostnames) : std::uint32_t{0};
          for (Ranked& match : matches) match.looseness = claimed;
          place(on.listener, host, matches);
        }
      }
    }
  }

  // Two parentRefs of one route may reach one listener; it is listed once.
  void place(std::size_t listener, const std::string& host, const std::vector<Ranked>& matches) {
    std::vector<Ranked>& list = found_[listener][host_key(host)];
    for (const Ranked& match : matches) {
      // Routes come one after the other: what this one placed here already stands at the end.
      const auto same = [&](const Ranked& other) {
        return std::tuple(other.route, other.rule, other.match) == std::tuple(match.route, match.rule, match.match);
      };
      const auto from = std::find_if(list.rbegin(), list.rend(), [&](const Ranked& other) {
                          return other.route != match.route;
                        }).base();
      if (std::none_of(from, list.end(), same)) list.push_back(match);
    }
  }

  const route::Attachments& attachments_;
  const route::Table& table_;
  std::map<ActionKey, const route::Action*> actions_;
  std::vector<const kube::Object*> routes_;
  std::map<const kube::Object*, std::size_t> age_;
  std::map<std::size_t, std::map<HostKey, std::vector<Ranked>>> found_;
};

std::string backend_text(const route::Backend& backend, std::uint64_t total, bool alone) {
  std::string out = backend.service.display();
  if (backend.port != 0) out += ":" + std::to_string(backend.port);
  if (!alone && total != 0) out += " (" + std::to_string((backend.weight * 100 + total / 2) / total) + "%)";
  switch (backend.state) {
    case route::BackendState::ready:
      break;
    case route::BackendState::no_endpoints:
      out += " [503: " + backend.why + "]";
      break;
    case route::BackendState::invalid:
      out += " [500: " + backend.why + "]";
      break;
  }
  return out;
}

// Who is asked first: "if auth/login:4180 agrees".
std::string condition(const std::vector<route::ExternalAuth>& services) {
  std::string out;
  for (const route::ExternalAuth& auth : services)
    out += (out.empty() ? "if " : " and ") + backend_text(auth.backend, 0, true);
  if (!out.empty()) out += services.size() == 1 ? " agrees" : " agree";
  return out;
}

std::string before(const std::vector<route::ExternalAuth>& services) {
  return services.empty() ? std::string() : condition(services) + ": ";
}

std::string listener_title(const route::Listener& listener) {
  std::string out = "Gateway " + listener.gateway.display() + "  " + route::name(listener.protocol) + " " +
                    std::to_string(listener.port) + "  " + listener.name;
  if (listener.set) out += " of ListenerSet " + listener.set->display();
  out += "  " + (listener.hostname.empty() ? "every host" : listener.hostname);
  return listener.auth.empty() ? out : out + "  " + condition(listener.auth);
}

std::string place_of(const route::Source& source, const diag::Sources& sources) {
  std::string out = source.kind + " " + source.object.display() + " rule " + std::to_string(source.rule);
  if (!source.rule_name.empty()) out += " '" + source.rule_name + "'";
  if (!source.span.known()) return out;
  return out + "  " + sources.name(source.span.file) + ":" +
         std::to_string(sources.position(source.span.file, source.span.begin).line);
}

std::string path_text(const MatchRow& row) {
  if (row.type == "Exact") return "= " + row.path;
  if (row.type == "RegularExpression") return "~ " + row.path;
  return "  " + row.path;
}

std::string match_text(const MatchRow& row) {
  std::string out = row.method;
  for (const std::string& condition : row.conditions) out += (out.empty() ? "" : ", ") + condition;
  return out;
}

std::string redirect_text(const route::Redirect& redirect) {
  std::string out = "redirect " + std::to_string(redirect.status);
  if (redirect.scheme) out += " " + *redirect.scheme + "://";
  if (redirect.hostname) out += (redirect.scheme ? "" : " //") + *redirect.hostname;
  if (redirect.port) out += ":" + std::to_string(*redirect.port);
  if (redirect.path)
    out += " " + redirect.path->value + (redirect.path->kind == route::PathChange::Kind::prefix ? "…" : "");
  return out;
}

}  // namespace

std::vector<ListenerMap> route_map(const route::Attachments& attachments, const route::Table& table) {
  return Mapper(attachments, table).run();
}

std::string outcome(const route::Action& action) {
  if (!action.broken.empty()) return "500: " + action.broken;
  const std::string asked = before(action.auth);
  if (action.redirect) return asked + redirect_text(*action.redirect);
  if (action.backends.empty()) return "500: no backend";
  std::string out;
  for (const route::Backend& backend : action.backends) {
    if (!out.empty()) out += ", ";
    out += before(backend.auth) + backend_text(backend, action.total_weight, action.backends.size() == 1);
  }
  return asked + out;
}

std::string printable_lines(std::string_view text) {
  std::string out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out += diag::printable(text.substr(0, end)) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

std::string render_text(const std::vector<ListenerMap>& map, const diag::Sources& sources) {
  std::string out;
  for (const ListenerMap& listener : map) {
    out += (out.empty() ? "" : "\n") + listener_title(*listener.listener) + "\n";
    for (const HostMap& host : listener.hosts) {
      out += "  " + (host.hostname.empty() ? "*" : host.hostname) + "\n";
      std::size_t width = 0;
      for (const MatchRow& row : host.rows) width = std::max(width, std::min<std::size_t>(path_text(row).size(), 40));
      std::size_t number = 0;
      for (const MatchRow& row : host.rows) {
        std::string line = path_text(row);
        if (line.size() < width) line.resize(width, ' ');
        const std::string index = std::to_string(++number);
        out += "  " + std::string(index.size() < 3 ? 3 - index.size() : 0, ' ') + index + "  " + line;
        if (const std::string match = match_text(row); !match.empty()) out += "  [" + match + "]";
        out += "  -> " + outcome(*row.action) + "   " + place_of(row.action->source, sources) + "\n";
      }
    }
  }
  return printable_lines(out);
}

std::string render_json(const std::vector<ListenerMap>& map, const diag::Sources& sources) {
  using Json = nlohmann::ordered_json;
  Json listeners = Json::array();
  for (const ListenerMap& listener : map) {
    Json hosts = Json::array();
    for (const HostMap& host : listener.hosts) {
      Json rows = Json::array();
      for (const MatchRow& row : host.rows) {
        const route::Source& source = row.action->source;
        Json one = {{"type", row.type},
                    {"path", row.path},
                    {"method", row.method},
                    {"conditions", row.conditions},
                    {"outcome", outcome(*row.action)},
                    {"rule", {{"kind", source.kind}, {"object", source.object.display()}, {"index", source.rule}}}};
        if (source.span.known()) {
          one["rule"]["file"] = sources.name(source.span.file);
          one["rule"]["line"] = sources.position(source.span.file, source.span.begin).line;
        }
        rows.push_back(std::move(one));
      }
      hosts.push_back({{"hostname", host.hostname}, {"matches", std::move(rows)}});
    }
    listeners.push_back({{"gateway", listener.listener->gateway.display()},
                         {"listener", listener.listener->name},
                         {"protocol", route::name(listener.listener->protocol)},
                         {"port", listener.listener->port},
                         {"hosts", std::move(hosts)}});
    if (!listener.listener->auth.empty()) listeners.back()["condition"] = condition(listener.listener->auth);
  }
  return Json{{"listeners", std::move(listeners)}}.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace gw::graph
