#include "cli/states.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "cli/sides.h"
#include "graph/route_map.h"
#include "route/assume.h"
#include "validate/validate.h"
#include "verify/controllers/controller.h"

namespace gw::cli {
namespace {

std::string id_of(const kube::RawObject& object) {
  const auto text = [](const yaml::Node* node) {
    return node != nullptr && node->is_string() ? std::string(node->string()) : std::string();
  };
  const yaml::Node* metadata = object.node->find("metadata");
  const std::string name = metadata == nullptr ? "" : text(metadata->find("name"));
  const std::string ns = metadata == nullptr ? "" : text(metadata->find("namespace"));
  // Two groups may have a kind of one name; a version of the API is no other object.
  const auto slash = object.api_version.find('/');
  const std::string group = slash == std::string_view::npos ? "" : std::string(object.api_version.substr(0, slash));
  const bool own = group.empty() || group == "gateway.networking.k8s.io" || group == "networking.k8s.io";
  return std::string(object.kind) + (own ? "" : "." + group) + " " + (ns.empty() ? "" : ns + "/") + name;
}

std::string match_text(const graph::MatchRow& row) {
  std::string out = row.type == "Exact" ? "= " : row.type == "RegularExpression" ? "~ " : "";
  out += row.path;
  if (!row.method.empty()) out = row.method + " " + out;
  for (const std::string& condition : row.conditions) out += ", " + condition;
  return out;
}

void read_routes(State& state, const kube::Index& index, const route::Attachments& attachments) {
  const auto table =
      route::compile(index, attachments, {.listener_isolation = true, .assume_endpoints = true, .asks_services = true});
  for (const graph::ListenerMap& map : graph::route_map(attachments, *table))
    for (const graph::HostMap& host : map.hosts)
      for (const graph::MatchRow& row : host.rows) {
        const std::string scheme = map.listener->protocol == route::Protocol::https ? "https://" : "http://";
        const std::string key = scheme + (host.hostname.empty() ? "*" : host.hostname) + ":" +
                                std::to_string(map.listener->port) + " " + match_text(row) + " (Gateway " +
                                map.listener->gateway.display() + ")";
        std::string& told = state.routes[key];
        told += (told.empty() ? "" : " | ") + graph::outcome(*row.action);
      }
}

Status read_model(const std::string& profile, State& state) {
  route::assume_gateways(state.bundle);
  const kube::Index index(state.bundle);
  if (!state.bundle.gateways.empty() || !state.bundle.http_routes.empty()) {
    read_routes(state, index, route::attach(index, {.controller_name = {}, .assume_secrets = true}));
    auto side = gateway_side(state.bundle, implementation(profile, "", state.bundle));
    if (!side) return side.error();
    state.model = std::move(side->model);
    state.model_name = side->name;
    state.boundaries = std::move(side->side.boundaries);
    return Unit{};
  }
  const std::string name = verify::detect(index);
  if (name.empty()) return Unit{};
  verify::ControllerOptions options;
  options.assume_secrets = true;
  std::unique_ptr<verify::Controller> controller = verify::make_controller(name, index, options);
  if (!controller) return Unit{};
  state.boundaries = controller->boundaries();
  state.model_name = name;
  state.model = std::move(controller);
  return Unit{};
}

using Marks = std::multimap<std::string, const diag::Diagnostic*>;

Marks marks_of(const State& state) {
  Marks out;
  for (const diag::Diagnostic& finding : state.findings)
    out.emplace(diag::fingerprint(finding, state.sources), &finding);
  return out;
}

void compare_issues(const State& old, const State& now, StateDiff& out) {
  Marks before = marks_of(old);
  for (const diag::Diagnostic& finding : now.findings) {
    const auto known = before.find(diag::fingerprint(finding, now.sources));
    if (known == before.end()) {
      out.introduced.push_back(finding);
      continue;
    }
    before.erase(known);
    ++out.unchanged;
  }
  std::set<const diag::Diagnostic*> gone;
  for (const auto& [mark, finding] : before) gone.insert(finding);
  for (const diag::Diagnostic& finding : old.findings)
    if (gone.contains(&finding)) out.fixed.push_back(finding);
}

void compare_objects(const State& old, const State& now, StateDiff& out) {
  for (const auto& [id, node] : old.objects) {
    const auto there = now.objects.find(id);
    if (there == now.objects.end()) {
      out.removed.push_back(id);
      continue;
    }
    std::vector<kube::FieldChange> fields = kube::changes(*node, *there->second);
    if (!fields.empty()) out.changed.push_back({id, std::move(fields)});
  }
  for (const auto& [id, node] : now.objects)
    if (!old.objects.contains(id)) out.added.push_back(id);
}

void compare_routes(const State& old, const State& now, StateDiff& out) {
  for (const auto& [match, outcome] : old.routes) {
    const auto there = now.routes.find(match);
    if (there == now.routes.end())
      out.routes.push_back({match, outcome, ""});
    else if (there->second != outcome)
      out.routes.push_back({match, outcome, there->second});
  }
  for (const auto& [match, outcome] : now.routes)
    if (!old.routes.contains(match)) out.routes.push_back({match, "", outcome});
  std::stable_sort(out.routes.begin(), out.routes.end(),
                   [](const auto& a, const auto& b) { return a.match < b.match; });
}

}  // namespace

Status read_state(const std::vector<std::string>& paths, const kube::LoadOptions& options, const std::string& profile,
                  State& state) {
  diag::Sink sink;
  auto found = kube::survey(paths, options, state.sources);
  if (!found) return found.error();
  for (kube::SurveyedFile& file : found->files)
    kube::read(
        file, options, kube::UnfilledObjects::keep, *found, state.sources, sink,
        [&](std::vector<kube::RawObject> part) { std::move(part.begin(), part.end(), std::back_inserter(state.raw)); });
  diag::Sink decoding;  // check_objects tells the same, and more exactly
  state.bundle = kube::decode(state.raw, options, state.sources, decoding);
  for (const kube::RawObject& object : state.raw) state.objects[id_of(object)] = object.node;
  validate::check_objects(state.raw, {}, sink);
  validate::check_written(state.raw, state.sources, {}, sink);
  validate::check_rules(state.bundle, state.sources, {}, sink);
  state.findings = sink.take();
  return read_model(profile, state);
}

StateDiff compare_states(const State& old, const State& now, const verify::Options& options) {
  StateDiff out;
  compare_objects(old, now, out);
  compare_routes(old, now, out);
  compare_issues(old, now, out);
  if (old.model && now.model) {
    out.compared = true;
    out.behaviour = verify::verify({old.model.get(), old.boundaries}, {now.model.get(), now.boundaries}, options);
  }
  return out;
}

}  // namespace gw::cli
