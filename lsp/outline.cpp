#include "lsp/outline.h"

#include <algorithm>
#include <array>

namespace gw::lsp {
namespace {

std::string text_at(const yaml::Node* node, std::string_view key) {
  const yaml::Node* value = node && node->is_map() ? node->find(key) : nullptr;
  return value && value->is_string() ? std::string(value->string()) : std::string();
}

// Lists and members whose entries name an object, and its kind where the entry does not say.
struct Referring {
  std::string_view key, kind;
};
constexpr std::array<Referring, 14> referring{{{"parentRefs", "Gateway"},
                                               {"parentRef", "Gateway"},
                                               {"backendRefs", "Service"},
                                               {"backendRef", "Service"},
                                               {"certificateRefs", "Secret"},
                                               {"caCertificateRefs", "ConfigMap"},
                                               {"targetRefs", ""},
                                               {"targetRef", ""},
                                               {"extensionRef", ""},
                                               {"middlewares", "Middleware"},
                                               {"services", "Service"},
                                               {"service", "Service"},
                                               {"issuerRef", "Issuer"},
                                               {"externalAuth", "Service"}}};
// Members whose text is the name.
constexpr std::array<Referring, 4> plain{{{"secretName", "Secret"},
                                          {"ingressClassName", "IngressClass"},
                                          {"gatewayClassName", "GatewayClass"},
                                          {"configMap", "ConfigMap"}}};

bool of_the_cluster(std::string_view kind) {
  return kind == "IngressClass" || kind == "GatewayClass" || kind == "ClusterIssuer" || kind == "Namespace";
}

class Walk {
 public:
  Walk(std::string ns, Outline& out) : ns_(std::move(ns)), out_(out) {}

  void node(const yaml::Node& at) {
    for (const yaml::Entry& entry : at.entries()) {
      const std::string_view key = entry.key.string();
      for (const Referring& one : referring)
        if (key == one.key) refers(entry.value, one.kind);
      for (const Referring& one : plain)
        if (key == one.key && entry.value.is_string())
          add(one.kind, ns_, std::string(entry.value.string()), entry.value.span());
      node(entry.value);
    }
    for (const yaml::Node& item : items_of(at)) node(item);
  }

 private:
  void refers(const yaml::Node& to, std::string_view kind) {
    for (const yaml::Node& item : items_of(to)) refers(item, kind);
    const yaml::Node* name = to.is_map() ? to.find("name") : nullptr;
    if (!name || !name->is_string()) return;
    std::string said = text_at(&to, "kind"), ns = text_at(&to, "namespace");
    if (said.empty()) said = std::string(kind);
    if (said.empty()) return;
    if (ns.empty()) ns = ns_;
    add(said, ns, std::string(name->string()), name->span());
    out_.references.back().whole = to.span();
    if (const yaml::Node* section = to.find("sectionName"); section && section->is_string()) {
      Reference one{said, ns, std::string(name->string()), section->span(), std::string(section->string()), to.span()};
      out_.references.push_back(std::move(one));
    }
  }
  void add(std::string_view kind, const std::string& ns, std::string name, diag::Span at) {
    out_.references.push_back({std::string(kind), of_the_cluster(kind) ? "" : ns, std::move(name), at, {}, {}});
  }

  std::string ns_;
  Outline& out_;
};

void object(const yaml::Node& root, Outline& out) {
  const std::string kind = text_at(&root, "kind");
  if (kind.ends_with("List"))
    if (const yaml::Node* items = root.find("items")) {
      for (const yaml::Node& item : items_of(*items)) object(item, out);
      return;
    }
  const yaml::Node* metadata = root.find("metadata");
  const yaml::Node* name = metadata ? metadata->find("name") : nullptr;
  std::string ns = text_at(metadata, "namespace");
  if (ns.empty() && !of_the_cluster(kind)) ns = "default";
  if (!kind.empty() && name && name->is_string())
    out.objects.push_back({kind, ns, std::string(name->string()), root.span(), name->span()});
  if (const yaml::Node* spec = root.find("spec")) Walk(ns, out).node(*spec);
}

bool within(const yaml::Node& node, std::size_t offset) {
  const diag::Span span = node.span();
  return span.known() && span.begin <= offset && offset <= span.end;
}

}  // namespace

void outline(const yaml::Document& document, Outline& out) {
  if (document.root && document.root->is_map()) object(*document.root, out);
}

Place place_at(const yaml::Node& root, std::size_t offset) {
  Place out;
  const yaml::Node* at = &root;
  for (bool deeper = true; deeper;) {
    deeper = false;
    for (const yaml::Entry& entry : at->entries()) {
      const bool on_key = within(entry.key, offset);
      if (!on_key && !within(entry.value, offset)) continue;
      out.path.emplace_back(entry.key.string());
      out.value = at = &entry.value;
      out.on_key = on_key;
      deeper = !on_key;
      break;
    }
    if (deeper || out.on_key) continue;
    for (const yaml::Node& item : items_of(*at)) {
      if (!within(item, offset)) continue;
      out.path.emplace_back("[]");
      out.value = at = &item;
      deeper = true;
      break;
    }
  }
  return out;
}

}  // namespace gw::lsp
