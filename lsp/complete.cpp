// Completion: the fields of a kind, the values of a field, and the names that the set holds.
#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

#include "lsp/features.h"
#include "lsp/knowledge.h"
#include "lsp/typing.h"

namespace gw::lsp {
namespace {

// CompletionItemKind
constexpr int of_field = 5, of_value = 12, of_enum = 20, of_reference = 18;

class Items {
 public:
  explicit Items(std::string prefix) : prefix_(std::move(prefix)) {}
  void add(const std::string& label, int kind, const std::string& insert = {}, const std::string& detail = {}) {
    if (!label.starts_with(prefix_) || !seen_.insert(label).second) return;
    Json item{{"label", label}, {"kind", kind}};
    if (!insert.empty()) item["insertText"] = insert;
    if (!detail.empty()) item["detail"] = detail;
    out_.push_back(std::move(item));
  }
  Json done() { return {{"isIncomplete", false}, {"items", std::move(out_)}}; }

 private:
  std::string prefix_;
  std::set<std::string> seen_;
  Json out_ = Json::array();
};

std::string beside(const Typing& typing, const std::string& key, const std::string& otherwise) {
  const auto at = typing.beside.find(key);
  return at == typing.beside.end() || at->second.empty() ? otherwise : at->second;
}

// The key above the value, and the one above that, without list items.
std::pair<std::string, std::string> last_keys(const Typing& typing) {
  std::vector<std::string> keys = typing.path;
  std::erase(keys, "[]");
  const std::size_t n = keys.size();
  return {n > 0 ? keys[n - 1] : "", n > 1 ? keys[n - 2] : ""};
}

class Names {
 public:
  Names(const kube::Bundle& bundle, const Typing& typing, Items& items)
      : bundle_(bundle), typing_(typing), items_(items), ns_(beside(typing, "namespace", typing.ns)) {}

  void run() {
    const auto [key, above] = last_keys(typing_);
    if (key == "namespace") return namespaces();
    if (key == "ingressClassName") return all(bundle_.ingress_classes, "");
    if (key == "gatewayClassName") return all(bundle_.gateway_classes, "");
    if (key == "secretName") return all(bundle_.secrets, typing_.ns);
    if (key == "sectionName") return sections();
    if (key == "name") return named(above);
    if (key == "port" || key == "number") ports(above, key == "number");
  }

 private:
  template <class T>
  void all(const std::vector<T>& objects, const std::string& ns) {
    for (const T& object : objects)
      if (ns.empty() || object.metadata.ns == ns)
        items_.add(std::string(object.metadata.name), of_reference, {}, object.id().display());
  }
  void namespaces() {
    for (const auto& one : bundle_.namespaces) items_.add(std::string(one.metadata.name), of_reference);
    for (const auto& one : bundle_.services) items_.add(std::string(one.metadata.ns), of_reference);
  }
  void named(const std::string& above) {
    const std::string kind = beside(typing_, "kind", "");
    if (above == "parentRefs" || above == "parentRef") {
      if (kind.empty() || kind == "Gateway") all(bundle_.gateways, ns_);
      if (kind == "ListenerSet") all(bundle_.listener_sets, ns_);
      return;
    }
    if (above == "certificateRefs") return all(bundle_.secrets, ns_);
    if (above == "caCertificateRefs") return all(bundle_.config_maps, ns_);
    if (above == "backendRefs" || above == "backendRef" || above == "service" || above == "services")
      return all(bundle_.services, ns_);
    if (above == "port") service_ports(true);
  }
  void sections() {
    for (const kube::Gateway& gateway : bundle_.gateways)
      if (gateway.metadata.name == beside(typing_, "name", "") && gateway.metadata.ns == ns_)
        for (const kube::Listener& listener : gateway.spec.listeners)
          items_.add(std::string(listener.name), of_reference, {}, "port " + std::to_string(listener.port));
  }
  void ports(const std::string& above, bool number) {
    if (number && above == "port") return service_ports(false);
    if (above == "backendRefs" || above == "backendRef") ports_of(beside(typing_, "name", ""), false);
  }
  // Of an Ingress's backend the name of the Service stands further up: every Service of the namespace counts.
  void service_ports(bool names) {
    for (const kube::Service& service : bundle_.services)
      if (service.metadata.ns == typing_.ns) ports_of(std::string(service.metadata.name), names);
  }
  void ports_of(const std::string& name, bool names) {
    for (const kube::Service& service : bundle_.services)
      if (service.metadata.name == name && service.metadata.ns == ns_)
        for (const kube::ServicePort& port : service.spec.ports) {
          const std::string label = names ? std::string(port.name) : std::to_string(port.port);
          if (!label.empty()) items_.add(label, of_reference, {}, "of Service " + name);
        }
  }

  const kube::Bundle& bundle_;
  const Typing& typing_;
  Items& items_;
  const std::string ns_;
};

void fields(const Settings& settings, const Typing& typing, Items& items) {
  if (typing.path.empty())
    for (const char* key : {"apiVersion", "kind", "metadata", "spec"})
      if (!typing.beside.contains(key)) items.add(key, of_field, std::string(key) + ": ");
  const validate::Schema* schema = schema_at(settings, typing.api_version, typing.kind, typing.path);
  if (!schema) return;
  for (const validate::Property& property : schema->properties) {
    if (typing.beside.contains(property.name)) continue;
    const bool required =
        std::find(schema->required.begin(), schema->required.end(), property.name) != schema->required.end();
    items.add(property.name, of_field, property.name + ": ", required ? "required" : "");
  }
}

void values(Workspace& workspace, const Typing& typing, Items& items) {
  const Settings& settings = workspace.settings();
  if (typing.path.size() == 1 && typing.path[0] == "kind")
    for (const auto& [kind, version] : kinds(settings))
      if (typing.api_version.empty() || typing.api_version == version) items.add(kind, of_value, {}, version);
  if (typing.path.size() == 1 && typing.path[0] == "apiVersion")
    for (const auto& [kind, version] : kinds(settings))
      if (typing.kind.empty() || typing.kind == kind) items.add(version, of_value);
  if (const validate::Schema* schema = schema_at(settings, typing.api_version, typing.kind, typing.path))
    for (const std::string& value : values_of(*schema)) items.add(value, of_enum);
  Names(workspace.look().looked.bundle, typing, items).run();
}

}  // namespace

Json completion(const Asked& asked, Position at) {
  const Typing typing = typing_at(asked.lines, at);
  Items items(typing.prefix);
  if (typing.value) {
    values(asked.workspace, typing, items);
  } else if (typing.path.size() == 2 && typing.path[0] == "metadata" && typing.path[1] == "annotations") {
    for (const std::string& name : annotations())
      if (!typing.beside.contains(name)) items.add(name, of_field, name + ": ");
  } else {
    fields(asked.workspace.settings(), typing, items);
  }
  return items.done();
}

}  // namespace gw::lsp
