#include "gitops/in_place.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <nlohmann/json.hpp>
#include <set>

#include "convert/split.h"
#include "gitops/edit.h"
#include "gitops/patches.h"
#include "kube/kinds.h"
#include "kube/survey.h"
#include "tree/file.h"

namespace gw::gitops {
namespace {

namespace fs = std::filesystem;
using tree::Kustomization;

// What kustomize follows of itself is the Ingress; of the Gateway API it follows nothing. It cannot see the kind of a
// backend: one of another kind that is named like a Service is renamed with it.
constexpr std::string_view references =
    R"(# References that kustomize does not know of itself, so that prefixes, suffixes and hashes reach them.
# It compares names only: a backend of another kind that has the name of a Service is renamed with it.
nameReference:
- kind: Service
  version: v1
  fieldSpecs:
  - {kind: HTTPRoute, path: spec/rules/backendRefs/name}
  - {kind: HTTPRoute, path: spec/rules/filters/requestMirror/backendRef/name}
  - {kind: GRPCRoute, path: spec/rules/backendRefs/name}
  - {kind: TLSRoute, path: spec/rules/backendRefs/name}
  - {kind: TCPRoute, path: spec/rules/backendRefs/name}
  - {kind: UDPRoute, path: spec/rules/backendRefs/name}
  - {kind: BackendTLSPolicy, path: spec/targetRefs/name}
- kind: Gateway
  group: gateway.networking.k8s.io
  fieldSpecs:
  - {kind: HTTPRoute, path: spec/parentRefs/name}
  - {kind: GRPCRoute, path: spec/parentRefs/name}
  - {kind: TLSRoute, path: spec/parentRefs/name}
  - {kind: TCPRoute, path: spec/parentRefs/name}
  - {kind: UDPRoute, path: spec/parentRefs/name}
  - {kind: ListenerSet, path: spec/parentRef/name}
- kind: ListenerSet
  group: gateway.networking.k8s.io
  fieldSpecs:
  - {kind: HTTPRoute, path: spec/parentRefs/name}
  - {kind: GRPCRoute, path: spec/parentRefs/name}
- kind: HTTPRoute
  group: gateway.networking.k8s.io
  fieldSpecs:
  - {kind: SecurityPolicy, path: spec/targetRefs/name}
  - {kind: BackendTrafficPolicy, path: spec/targetRefs/name}
- kind: Secret
  version: v1
  fieldSpecs:
  - {kind: Gateway, path: spec/listeners/tls/certificateRefs/name}
  - {kind: ListenerSet, path: spec/listeners/tls/certificateRefs/name}
- kind: ConfigMap
  version: v1
  fieldSpecs:
  - {kind: BackendTLSPolicy, path: spec/validation/caCertificateRefs/name}
)";

std::string name_of(const Json& object) {
  return object.value("/metadata/name"_json_pointer, std::string());
}

using Objects = std::map<std::pair<std::string, std::string>, Json>;  // by kind and name

class Tree {
 public:
  Tree(const convert::Options& options, const kube::LoadOptions& load, diag::Sources& sources, diag::Sink& sink)
      : options_(options), load_(load), sources_(sources), sink_(sink) {}

  Result<InPlace> run(const std::string& directory) {
    kube::LoadOptions whole = load_;
    whole.recursive = true;
    auto found = kube::survey({directory}, whole, sources_);
    if (!found) return found.error();
    survey_ = std::move(*found);
    if (survey_.kustomizations.empty())
      return Error{"no kustomization.yaml in or below " + directory, "gwctl convert writes files of their own"};
    for (kube::SurveyedFile& file : survey_.files) read(file);
    kube::report_placeholders(survey_, diag::Severity::error, true, sink_);
    for (const Kustomization& k : survey_.kustomizations) base(k);
    name_other_tools();
    out_.roots = tree::roots(survey_.kustomizations);
    for (auto& [path, edit] : edits_) {
      std::string after = edit.text();
      if (after != edit.before()) out_.changes.push_back({path, edit.before(), std::move(after)});
    }
    for (auto& [path, text] : files_) {
      auto before = tree::read_file(path, load_.limits.file_bytes);
      out_.changes.push_back({path, before ? *before : std::string(), text});
    }
    std::sort(out_.changes.begin(), out_.changes.end(), [](const auto& a, const auto& b) { return a.path < b.path; });
    return std::move(out_);
  }

 private:
  void read(kube::SurveyedFile& file) {
    file.ns.clear();  // what was left open stays open
    kube::read(file, load_, kube::UnfilledObjects::drop, survey_, sources_, sink_,
               [&](std::vector<kube::RawObject> part) {
                 auto& objects = raw_[fs::path(file.path).lexically_normal().string()];
                 for (kube::RawObject& object : part) objects.push_back(std::move(object));
               });
  }

  // A kustomization whose own files hold Ingresses.
  void base(const Kustomization& k) {
    std::vector<kube::RawObject> own;
    std::vector<Json> written;
    std::string first;
    for (const std::string& path : k.resources) {
      if (fs::path(path).filename() == routes_file) continue;
      if (const auto at = raw_.find(path); at != raw_.end())
        for (const kube::RawObject& object : at->second) {
          if (object.kind == "Ingress") {
            ++out_.ingresses;
            const std::string name = name_of(to_json(*object.node));
            if (first.empty() || name < first) first = name;
          }
          written.push_back(to_json(*object.node));
          own.push_back(object);
        }
    }
    if (first.empty()) return;
    ++out_.bases;
    convert::Options options = options_;
    options.gateway_name = first;
    const kube::Bundle bundle = kube::decode(own, load_, sources_, sink_);
    kube::Bundle all;
    const auto outcomes = convert::convert(bundle, options, sources_, sink_, all);
    if (!outcomes) return;
    out_.lost = out_.lost || outcomes->lost;
    settle(all);
    std::string text;
    kube::write(all, yaml::Style::yaml, text);
    if (text.empty()) return;
    const std::string directory = k.directory.empty() ? "." : k.directory;
    files_[(fs::path(directory) / routes_file).lexically_normal().string()] = text;
    edit(k).add("resources", std::string(routes_file));
    if (renamed(k, 0)) {
      files_[(fs::path(directory) / names_file).lexically_normal().string()] = references;
      edit(k).add("configurations", std::string(names_file));
    }
    climb(k, written, objects_of(all), options, 0);
  }

  // Objects of the cluster's are not a base's to bring, and an open namespace stays open.
  static void settle(kube::Bundle& all) {
    all.gateway_classes.clear();
    all.namespaces.clear();
    kube::each_kind(all, [](auto& objects) {
      for (kube::Object& object : objects)
        if (object.metadata.ns == "default") object.metadata.ns = kube::String();
    });
  }

  static Objects objects_of(kube::Bundle& all) {
    kube::each_kind(all, [](auto& objects) {
      for (kube::Object& object : objects) object.comments.clear();
    });
    std::string text;
    kube::write(all, yaml::Style::json, text);
    Objects out;
    const Json parsed = Json::parse(text, nullptr, false);
    const auto add = [&](const Json& one) { out[{one.value("kind", std::string()), name_of(one)}] = one; };
    if (parsed.is_object() && parsed.contains("items"))
      for (const Json& one : parsed["items"]) add(one);
    else if (parsed.is_array())
      for (const Json& one : parsed) add(one);
    else if (parsed.is_object())
      add(parsed);
    return out;
  }

  // Does something give the names of this base a prefix, a suffix or a hash?
  bool renamed(const Kustomization& k, int depth) const {
    const bool generates = k.document.root->find("secretGenerator") || k.document.root->find("configMapGenerator");
    if (!k.prefix.empty() || !k.suffix.empty() || generates) return true;
    if (depth > 16) return false;
    for (const Kustomization* above : built_on(k))
      if (renamed(*above, depth + 1)) return true;
    return false;
  }

  std::vector<const Kustomization*> built_on(const Kustomization& k) const {
    std::vector<const Kustomization*> out;
    const std::string directory = k.directory.empty() ? "." : k.directory;
    for (const Kustomization& other : survey_.kustomizations)
      for (const auto* list : {&other.resources, &other.components})
        if (std::find(list->begin(), list->end(), directory) != list->end()) out.push_back(&other);
    return out;
  }

  // The patches of this kustomization and of all that build on it, each said anew for what the Ingress became.
  void climb(const Kustomization& k, const std::vector<Json>& before, const Objects& was,
             const convert::Options& options, int depth) {
    if (depth > 16) return;
    std::vector<Json> now = before;
    std::vector<const yaml::Node*> places;
    bool good = apply(k, now, places);
    Objects is = was;
    if (now != before) {
      is = converted(now, options);
      good = say(k, was, is) && good;
    }
    if (!good)
      for (const yaml::Node* place : places) stays_behind(k, *place);
    for (const Kustomization* part : parts_of(k))
      for (std::size_t i = 0; i < part->replaced.size(); ++i)
        if (part->replaced[i].kind == "Ingress") stays_behind(*part, *part->replaced_at[i]);
    for (const Kustomization* above : built_on(k)) climb(*above, now, is, options, depth + 1);
  }

  // The components that it takes in, which change what it builds before it does so itself, and itself.
  std::vector<const Kustomization*> parts_of(const Kustomization& k, int depth = 0) const {
    std::vector<const Kustomization*> out;
    for (const std::string& path : k.components)
      for (const Kustomization& other : survey_.kustomizations)
        if (depth < 16 && (other.directory.empty() ? "." : other.directory) == path) {
          const auto below = parts_of(other, depth + 1);
          out.insert(out.end(), below.begin(), below.end());
        }
    out.push_back(&k);
    return out;
  }

  // Puts the patches of one kustomization on the objects; false where one cannot be read or does not apply.
  bool apply(const Kustomization& k, std::vector<Json>& objects, std::vector<const yaml::Node*>& places) {
    bool good = true;
    for (const Kustomization* part : parts_of(k)) good = apply_own(*part, objects, places) && good;
    return good;
  }
  bool apply_own(const Kustomization& k, std::vector<Json>& objects, std::vector<const yaml::Node*>& places) {
    bool good = true;
    for (const tree::Patch& patch : k.patches) {
      diag::Sources beside;
      diag::Sink ignored;
      std::string text = patch.text;
      if (text.empty() && patch.text_file != diag::no_file) text = std::string(sources_.text(patch.text_file));
      for (const yaml::Document& document : yaml::read(beside.add("patch", std::move(text)), beside, {}, ignored)) {
        const Json content = to_json(*document.root);
        const std::string kind = patch.has_target      ? patch.target.kind
                                 : content.is_object() ? content.value("kind", std::string())
                                                       : "";
        if (kind != "Ingress") continue;
        const std::string name = patch.has_target ? patch.target.name : name_of(content);
        bool used = false;
        for (Json& object : objects) {
          if (object.value("kind", std::string()) != "Ingress" || !named(name, name_of(object))) continue;
          used = true;
          Json merge = content;
          if (merge.is_object() && merge.contains("metadata")) merge["metadata"].erase("name");
          auto changed = content.is_array() ? patched(object, content) : merged(object, merge);
          good = good && changed.has_value();
          if (changed) object = std::move(*changed);
        }
        if (used) places.push_back(patch.at);
      }
    }
    return good;
  }

  // A target's name is a regular expression; of those only the plain ones and "everything" are read here.
  static bool named(const std::string& pattern, const std::string& name) {
    return pattern.empty() || pattern == name || pattern == ".*";
  }

  Objects converted(const std::vector<Json>& objects, const convert::Options& options) {
    diag::Sources beside;
    diag::Sink ignored;
    const Json list = {{"apiVersion", "v1"}, {"kind", "List"}, {"items", objects}};
    const kube::Bundle bundle = kube::load_text("overlay", list.dump(), beside, ignored);
    kube::Bundle all;
    if (!convert::convert(bundle, options, beside, ignored, all)) return {};
    settle(all);
    return objects_of(all);
  }

  // The difference as patches of this kustomization; false where objects come or go.
  bool say(const Kustomization& k, const Objects& was, const Objects& is) {
    bool same = was.size() == is.size();
    for (const auto& [id, object] : is) same = same && was.contains(id);
    if (!same) return false;
    for (const auto& [id, object] : is) {
      const Json change = difference(was.at(id), object);
      if (change.empty()) continue;
      ++out_.patches;
      const std::string group = object.value("apiVersion", std::string());
      edit(k).add_patch(group.substr(0, group.find('/')), id.first, id.second, change);
    }
    return true;
  }

  void stays_behind(const Kustomization& k, const yaml::Node& at) {
    out_.lost = true;
    diag::Diagnostic d;
    d.code = "GW024";
    d.layer = "convert";
    d.message = "this changes an Ingress in a way that cannot be expressed as a patch of what it became";
    d.help = "write the change for the routes of " + std::string(routes_file) +
             " by hand: without an Ingress kustomize drops it silently";
    d.object = {"kustomize.config.k8s.io/v1beta1", "Kustomization", "", k.directory};
    d.span = at.span();
    sink_.report(std::move(d));
  }

  // Flagger goes on changing the Ingress that its Canary names.
  void name_other_tools() {
    for (const auto& [path, objects] : raw_)
      for (const kube::RawObject& object : objects) {
        const yaml::Node* spec = object.node->find("spec");
        const yaml::Node* ref = object.kind == "Canary" && spec ? spec->find("ingressRef") : nullptr;
        if (!ref) continue;
        diag::Diagnostic d;
        d.code = "GW025";
        d.severity = diag::Severity::warning;
        d.layer = "convert";
        d.message = "Flagger's Canary names an Ingress: without it every reconcile fails";
        d.help =
            "set provider: gatewayapi:v1 and service.gatewayRefs; Flagger then writes the HTTPRoute itself, over one "
            "of that name";
        d.span = ref->span();
        sink_.report(std::move(d));
      }
  }

  Edit& edit(const Kustomization& k) {
    return edits_.try_emplace(k.path, std::string(k.document.text), *k.document.root).first->second;
  }

  const convert::Options& options_;
  const kube::LoadOptions& load_;
  diag::Sources& sources_;
  diag::Sink& sink_;
  kube::Survey survey_;
  std::map<std::string, std::vector<kube::RawObject>> raw_;  // by path
  std::map<std::string, Edit> edits_;
  std::map<std::string, std::string> files_;
  InPlace out_;
};

std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> out;
  while (!text.empty()) {
    const std::size_t end = text.find('\n');
    out.push_back(text.substr(0, end));
    text = end == text.npos ? std::string_view{} : text.substr(end + 1);
  }
  return out;
}

}  // namespace

Result<InPlace> in_place(const std::string& directory, const convert::Options& options, const kube::LoadOptions& load,
                         diag::Sources& sources, diag::Sink& sink) {
  return Tree(options, load, sources, sink).run(directory);
}

std::string unified(const Change& change) {
  constexpr std::size_t context = 3;
  const auto old = lines_of(change.before), now = lines_of(change.after);
  std::size_t head = 0, tail = 0;
  while (head < std::min(old.size(), now.size()) && old[head] == now[head]) ++head;
  while (tail < std::min(old.size(), now.size()) - head && old[old.size() - 1 - tail] == now[now.size() - 1 - tail])
    ++tail;
  const std::size_t begin = head - std::min(head, context), behind = std::min(tail, context);
  const std::size_t old_end = old.size() - tail + behind, now_end = now.size() - tail + behind;
  const auto range = [&](std::size_t from, std::size_t to) {
    return std::to_string(to == from ? from : from + 1) + "," + std::to_string(to - from);
  };
  std::string out = "--- " + (change.before.empty() ? std::string("/dev/null") : change.path) + "\n+++ " + change.path +
                    "\n@@ -" + range(begin, old_end) + " +" + range(begin, now_end) + " @@\n";
  for (std::size_t i = begin; i < head; ++i) out += " " + std::string(old[i]) + "\n";
  for (std::size_t i = head; i < old.size() - tail; ++i) out += "-" + std::string(old[i]) + "\n";
  for (std::size_t i = head; i < now.size() - tail; ++i) out += "+" + std::string(now[i]) + "\n";
  for (std::size_t i = old.size() - tail; i < old_end; ++i) out += " " + std::string(old[i]) + "\n";
  return out;
}

}  // namespace gw::gitops
