// Documents to objects to a Bundle.
#include "kube/load.h"

#include <algorithm>
#include <map>
#include <set>
#include <utility>

#include "diag/credentials.h"
#include "diag/suggest.h"
#include "kube/decode.h"
#include "kube/kinds.h"
#include "kube/secrets.h"
#include "kube/selector.h"

namespace gw::kube {
namespace {

using diag::Severity;

// Kinds of groups we know that routing does not need: carried along, never "unknown".
constexpr std::string_view other_core[] = {"Pod",
                                           "ReplicationController",
                                           "ServiceAccount",
                                           "PersistentVolume",
                                           "PersistentVolumeClaim",
                                           "Endpoints",
                                           "Node",
                                           "Event",
                                           "LimitRange",
                                           "ResourceQuota",
                                           "PodTemplate",
                                           "Binding",
                                           "ComponentStatus",
                                           "List"};
constexpr std::string_view other_networking[] = {"NetworkPolicy", "IPAddress", "ServiceCIDR", "ClusterCIDR"};

struct Version {
  std::string_view group, version;
};

Version split(std::string_view api_version) {
  auto slash = api_version.find('/');
  if (slash == std::string_view::npos) return {"", api_version};
  return {api_version.substr(0, slash), api_version.substr(slash + 1)};
}

class Loader {
 public:
  Loader(const LoadOptions& options, std::shared_ptr<yaml::Arena> places, diag::Sources& sources, diag::Sink& sink)
      : options_(options), selector_(options.selector), places_(std::move(places)), sources_(sources), sink_(sink) {}

  void reserve(const std::vector<RawObject>& raw) {
    each_kind(bundle_, [&](auto& objects) {
      using T = typename std::decay_t<decltype(objects)>::value_type;
      if constexpr (!std::same_as<T, OtherObject>)
        objects.reserve(static_cast<std::size_t>(
            std::count_if(raw.begin(), raw.end(), [](const RawObject& r) { return is_kind(KindOf<T>::info, r); })));
    });
  }

  void add(const RawObject& raw) {
    redact(raw);
    bool typed = false;
    each_kind(bundle_, [&](auto& objects) {
      using T = typename std::decay_t<decltype(objects)>::value_type;
      if constexpr (!std::same_as<T, OtherObject>)
        if (!typed && is_kind(KindOf<T>::info, raw)) typed = true, decode_typed(raw, objects);
    });
    if (!typed) add_other(raw);
  }

  Bundle finish() {
    each_kind(bundle_, [&](auto& objects) { drop_repeated(objects); });
    return std::move(bundle_);
  }

 private:
  static bool is_kind(const KindInfo& info, const RawObject& raw) {
    if (raw.kind != info.kind) return false;
    std::string_view group = group_of(raw.api_version);
    return group == info.group || (info.kind == "Ingress" && group == "extensions");
  }

  // Values of Secrets must never be shown, not even beside an error about them; nor credentials in other objects.
  void redact(const RawObject& raw) {
    if (raw.document.file >= sources_.size()) return;  // a watched object has a text of its own
    if (is_secret_kind(raw.kind)) return redact_secret(*raw.node);
    redact_annotations(raw);
    static const std::set<std::string_view> without{
        "Ingress", "IngressClass", "Service", "Namespace", "OpenAPI", "CustomResourceDefinition", "EndpointSlice"};
    if (without.contains(raw.kind)) return;
    for (const std::string_view key : {"spec", "config", "data"})
      if (const yaml::Node* fields = raw.node->find(key)) redact_fields(*fields, false);
  }

  // A misspelt field holds secrets as well.
  void redact_secret(const yaml::Node& object) {
    if (!object.is_map()) return sources_.redact(object.span());
    for (const yaml::Entry& field : object.entries())
      if (!plain_secret_field(field.key.string())) redact_all(field.value);
    const yaml::Node* metadata = object.find("metadata");
    if (metadata == nullptr) return;
    for (const yaml::Entry& field : metadata->entries())
      if (!plain_secret_metadata(field.key.string())) redact_all(field.value);
  }

  // The values, not the keys.
  void redact_all(const yaml::Node& node) {
    if (!node.is_map()) return sources_.redact(node.span());
    for (const yaml::Entry& entry : node.entries()) redact_all(entry.value);
  }

  // Credentials in URLs, header texts and snippets.
  void redact_text(const yaml::Node& node) {
    const diag::Span span = node.span();
    if (!span.known()) return;
    const std::string_view text = sources_.text(span.file).substr(span.begin, span.end - span.begin);
    if (text.find_first_of(":= ") == text.npos) return;
    for (const diag::Hidden& one : diag::credentials_in(text))
      sources_.redact({span.file, span.begin + static_cast<std::uint32_t>(one.begin),
                       span.begin + static_cast<std::uint32_t>(one.end)});
  }

  void redact_annotations(const RawObject& raw) {
    const yaml::Node* metadata = raw.node->find("metadata");
    const yaml::Node* annotations = metadata ? metadata->find("annotations") : nullptr;
    if (!annotations) return;
    for (const yaml::Entry& entry : annotations->entries()) redact_text(entry.value);
  }

  // {name: Authorization, value: ...}, a field that holds a secret, {Authorization: ...}, and texts.
  void redact_fields(const yaml::Node& node, bool secret) {
    if (node.is_seq())
      for (const yaml::Node& item : node.items()) redact_fields(item, secret);
    const yaml::Node* name = node.find("name");
    const bool header = name != nullptr && name->is_string() && names_credential(name->string());
    for (const yaml::Entry& entry : node.entries()) {
      const std::string_view key = entry.key.string();
      const bool scalar = !entry.value.is_map() && !entry.value.is_seq();
      const bool value = scalar && ((header && (key.starts_with('v') || key.starts_with('V'))) ||
                                    (names_credential(key) && entry.value.is_string() && is_header_name(key)));
      redact_fields(entry.value, secret || value || holds_credential(key));
    }
    if (node.is_map() || node.is_seq()) return;
    if (secret && node.span().known()) sources_.redact(node.span());
    if (!secret && node.is_string()) redact_text(node);
  }

  // The key of a map of headers, such as Authorization or X-Api-Key: names of fields begin with a small letter.
  static bool is_header_name(std::string_view key) {
    return !key.empty() && ((key.front() >= 'A' && key.front() <= 'Z') || key.find('-') != key.npos);
  }

  void header(const RawObject& raw, Object& object) {
    object.node = raw.node;
    object.document = raw.document;
    object.api_version = raw.api_version;
    object.kind = raw.kind;
    // Enough of metadata to name the object in findings about itself.
    if (const yaml::Node* metadata = raw.node->find("metadata")) {
      if (const yaml::Node* n = metadata->find("name"); n && n->is_string()) object.metadata.name = n->string();
      if (const yaml::Node* n = metadata->find("namespace"); n && n->is_string()) object.metadata.ns = n->string();
    }
  }

  void default_namespace(const RawObject& raw, Object& object) const {
    if (!object.metadata.ns.empty()) return;
    object.metadata.ns_open = raw.ns.empty();
    object.metadata.ns = raw.ns.empty() ? options_.default_namespace : raw.ns;
  }

  template <class T>
  void decode_typed(const RawObject& raw, std::vector<T>& objects) {
    constexpr const KindInfo& info = KindOf<T>::info;
    T object;
    header(raw, object);
    const std::shared_ptr<yaml::Fold> fold = fold_of(raw);
    DecodeContext context{object, sink_, fold.get()};
    if constexpr (std::same_as<T, Ingress>) context.legacy_ingress = split(raw.api_version).version == "v1beta1";
    FieldReader reader(context, *raw.node);
    std::string ignored;
    reader("apiVersion", ignored);
    reader("kind", ignored);
    reader("metadata", object.metadata);
    if constexpr (std::same_as<T, Secret>) object.encrypted = raw.encrypted;
    if (!raw.encrypted) {
      body(reader, object);
      reader.finish();
    }
    if (context.failed) return;
    if (info.namespaced) default_namespace(raw, object);
    if (!info.namespaced) object.metadata.ns = String();
    if constexpr (std::same_as<T, Namespace>)  // kustomize gives it the namespace's name
      if (!raw.ns.empty()) object.metadata.name = raw.ns;
    if (fold) {
      object.node = object.document.root = fold->keep(*raw.node);
      object.document.storage = fold;
    }
    if (wanted(object, info.namespaced)) objects.push_back(std::move(object));
  }

  // Null where the tree stays. To read a document anew for one of many items, or a huge one, would cost too much.
  std::shared_ptr<yaml::Fold> fold_of(const RawObject& raw) const {
    constexpr std::uint32_t most = 1u << 16;
    const yaml::Document& document = raw.document;
    if (!places_ || document.root != raw.node || document.text.empty() || document.end - document.begin > most)
      return nullptr;
    return std::make_shared<yaml::Fold>(document, places_);
  }

  // Its title as an object's name.
  static std::string openapi_name(const yaml::Node& document) {
    const yaml::Node* info = document.find("info");
    const yaml::Node* title = info ? info->find("title") : nullptr;
    std::string name;
    if (title && title->is_string())
      for (const char c : title->string()) {
        const bool word = std::isalnum(static_cast<unsigned char>(c)) != 0;
        if (word)
          name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
        else if (!name.empty() && name.back() != '-')
          name += '-';
      }
    name = name.substr(0, 63);
    while (name.ends_with('-')) name.pop_back();
    return name.empty() ? "openapi" : name;
  }

  void add_other(const RawObject& raw) {
    OtherObject object;
    header(raw, object);
    if (unknown_kind(object)) return;
    DecodeContext context{object, sink_};
    if (const yaml::Node* metadata = raw.node->find("metadata")) decode_value(context, *metadata, object.metadata);
    if (context.failed) return;
    if (object.kind == "OpenAPI" && object.metadata.name.empty()) object.metadata.name = openapi_name(*raw.node);
    static const std::set<std::string_view> cluster_scoped{
        "CustomResourceDefinition", "ClusterRole",  "ClusterRoleBinding", "Node",
        "PersistentVolume",         "StorageClass", "PriorityClass"};
    const bool namespaced = !cluster_scoped.contains(object.kind);
    if (namespaced) default_namespace(raw, object);
    if (wanted(object, namespaced)) bundle_.others.push_back(std::move(object));
  }

  bool wanted(const Object& object, bool namespaced) const {
    if (namespaced && !options_.ns.empty() && object.metadata.ns != options_.ns) return false;
    // A selector chooses among what is worked on; what they refer to stays.
    if (object.kind == "Ingress" || object.kind == "Gateway" || object.kind.ends_with("Route"))
      return selector_.matches(object.metadata.labels);
    return true;
  }

  // A misspelt kind of a group whose kinds we know all.
  bool unknown_kind(const Object& object) {
    const Version version = split(object.api_version);
    std::vector<std::string_view> known;
    each_kind(bundle_, [&](auto& objects) {
      using T = typename std::decay_t<decltype(objects)>::value_type;
      if constexpr (!std::same_as<T, OtherObject>)
        if (KindOf<T>::info.group == version.group) known.push_back(KindOf<T>::info.kind);
    });
    if (known.empty()) return false;
    if (version.group.empty()) known.insert(known.end(), std::begin(other_core), std::end(other_core));
    if (version.group == "networking.k8s.io")
      known.insert(known.end(), std::begin(other_networking), std::end(other_networking));
    if (std::find(known.begin(), known.end(), object.kind) != known.end()) return false;
    std::string_view near = diag::nearest(object.kind, known);
    const yaml::Node* at = object.node->find("kind");
    sink_.report(finding(object, at, "GW004", Severity::error, "schema",
                         "'" + object.api_version + "' has no kind '" + object.kind + "'",
                         near.empty() ? "check apiVersion and kind" : "did you mean '" + std::string(near) + "'?"));
    return true;
  }

  template <class T>
  void drop_repeated(std::vector<T>& objects) {
    std::map<std::tuple<std::string_view, std::string, NamespacedName>, std::size_t> last;
    std::vector<bool> dropped(objects.size());
    bool any = false;
    for (std::size_t i = 0; i < objects.size(); ++i) {
      const T& object = objects[i];
      if (object.metadata.name.empty()) continue;
      std::string_view group = object.kind == "Ingress" ? "networking.k8s.io" : group_of(object.api_version);
      auto [it, fresh] = last.try_emplace({group, object.kind, object.id()}, i);
      if (fresh) continue;
      repeated(objects[it->second], object);
      dropped[it->second] = any = true;
      it->second = i;
    }
    if (!any) return;
    std::vector<T> kept;
    for (std::size_t i = 0; i < objects.size(); ++i)
      if (!dropped[i]) kept.push_back(std::move(objects[i]));
    objects = std::move(kept);
  }

  void repeated(const Object& first, const Object& again) {
    auto warning = finding(again, again.metadata.node ? again.metadata.node->find("name") : nullptr, "GW010",
                           Severity::warning, "conflict", again.object_id().display() + " is defined twice",
                           "the last definition counts; rename one of them or remove it");
    warning.related.push_back({finding(first, first.metadata.node ? first.metadata.node->find("name") : nullptr, "",
                                       Severity::warning, "", "")
                                   .span,
                               "defined here first"});
    sink_.report(std::move(warning));
  }

  const LoadOptions& options_;
  Selector selector_;
  std::shared_ptr<yaml::Arena> places_;  // of folded trees; null: trees stay
  diag::Sources& sources_;
  diag::Sink& sink_;
  Bundle bundle_;
};

void add_object(const yaml::Document& document, const yaml::Node& node, std::string_view list_version,
                std::string_view item_kind, std::vector<RawObject>& out, diag::Sink& sink) {
  auto problem = [&](const yaml::Node& at, std::string message, std::string help) {
    diag::Diagnostic d;
    d.code = "GW003";
    d.layer = "schema";
    d.message = std::move(message);
    d.help = std::move(help);
    d.span = at.span();
    d.span.end = std::min(d.span.end, d.span.begin + 1);
    sink.report(std::move(d));
  };
  if (!node.is_map())
    return problem(node, "this document is not a Kubernetes object", "an object is a mapping with apiVersion and kind");
  auto text = [&](std::string_view key, std::string_view otherwise) {
    const yaml::Node* value = node.find(key);
    return value && value->is_string() && !value->string().empty() ? value->string() : otherwise;
  };
  RawObject raw{document, &node, text("apiVersion", list_version), text("kind", item_kind)};
  // An OpenAPI document is no Kubernetes object; convert reads it all the same.
  if (raw.api_version.empty() && text("openapi", "").starts_with("3."))
    raw.api_version = "openapi/v3", raw.kind = "OpenAPI";
  if (raw.api_version.empty())
    return problem(node, "apiVersion is missing", "write 'apiVersion: networking.k8s.io/v1' for an Ingress");
  if (raw.kind.empty()) return problem(node, "kind is missing", "write 'kind: Ingress', for example");
  const yaml::Node* items = node.find("items");
  if (!raw.kind.ends_with("List") || !items) return out.push_back(std::move(raw));
  if (items->is_null()) return;
  if (!items->is_seq()) return problem(*items, "items of a list must be a list", "write a '-' before each item");
  const bool plain = raw.kind == "List";
  for (const yaml::Node& item : items->items())
    add_object(document, item, plain ? "" : raw.api_version, plain ? "" : raw.kind.substr(0, raw.kind.size() - 4), out,
               sink);
}

}  // namespace

std::string api_version(const KindInfo& info) {
  return info.group.empty() ? std::string(info.version) : std::string(info.group) + "/" + std::string(info.version);
}

std::string_view group_of(std::string_view api_version) {
  return split(api_version).group;
}

std::vector<RawObject> objects(const std::vector<yaml::Document>& documents, diag::Sink& sink) {
  std::vector<RawObject> out;
  out.reserve(documents.size());
  for (const yaml::Document& document : documents) add_object(document, *document.root, "", "", out, sink);
  return out;
}

Bundle decode(const std::vector<RawObject>& raw, const LoadOptions& options, diag::Sources& sources, diag::Sink& sink) {
  Loader loader(options, nullptr, sources, sink);
  loader.reserve(raw);
  for (const RawObject& object : raw) loader.add(object);
  return loader.finish();
}

struct Decoder::Impl {
  const LoadOptions& options;
  diag::Sources& sources;
  diag::Sink& sink;
  Loader loader{options, std::make_shared<yaml::Arena>(), sources, sink};
  bool begun = false;
};

Decoder::Decoder(const LoadOptions& options, diag::Sources& sources, diag::Sink& sink)
    : impl_(new Impl{options, sources, sink}) {}
Decoder::~Decoder() = default;

void Decoder::add(std::vector<RawObject> part) {
  if (!std::exchange(impl_->begun, true)) impl_->loader.reserve(part);
  for (RawObject& object : part) {
    impl_->loader.add(object);
    object = {};
  }
}

void Decoder::add_file(diag::FileId file) {
  yaml::read_parts(file, impl_->sources, impl_->options.limits, impl_->sink,
                   [this](const std::vector<yaml::Document>& part) { add(objects(part, impl_->sink)); });
}

Bundle Decoder::finish() {
  return impl_->loader.finish();
}

Bundle decode(std::vector<RawObject>&& raw, const LoadOptions& options, diag::Sources& sources, diag::Sink& sink) {
  Decoder decoder(options, sources, sink);
  decoder.add(std::move(raw));
  return decoder.finish();
}

Bundle load_text(std::string name, std::string text, diag::Sources& sources, diag::Sink& sink) {
  const LoadOptions options;
  const diag::FileId file = sources.add(std::move(name), std::move(text));
  Decoder decoder(options, sources, sink);
  decoder.add_file(file);
  return decoder.finish();
}

// Most findings are about annotations, and need no look at the tree.
static std::string annotation_path(const Object& object, const yaml::Node& at) {
  if (!object.metadata.node || object.metadata.annotations.empty()) return {};
  const yaml::Node* annotations = object.metadata.node->find("annotations");
  if (!annotations) return {};
  for (const yaml::Entry& entry : annotations->entries())
    if (&entry.value == &at || &entry.key == &at) return "metadata.annotations." + std::string(entry.key.string());
  return {};
}

Place Place::below(std::string_view member, std::size_t item) const {
  Place out = *this;
  const auto free = std::find_if(out.steps.begin(), out.steps.end(), [](const Step& s) { return s.member.empty(); });
  if (free != out.steps.end()) *free = {member, item};
  return out;
}

const yaml::Node* Place::in(const yaml::Node* base) const {
  if (!base) return base;
  for (const Step& step : steps) {
    const yaml::Node* value = step.member.empty() ? nullptr : base->find(step.member);
    if (value && step.item != none)
      value = value->is_seq() && step.item < value->size() ? &value->items()[step.item] : nullptr;
    if (!value) break;
    base = value;
  }
  return base;
}

diag::Diagnostic finding(const Object& object, const Place& at, std::string code, Severity severity, std::string layer,
                         std::string message, std::string help) {
  diag::Diagnostic d;
  d.code = std::move(code);
  d.severity = severity;
  d.layer = std::move(layer);
  d.message = std::move(message);
  d.help = std::move(help);
  d.object = object.object_id();
  if (!object.node) return d;
  if (at && at.steps[0].member.empty()) {
    d.span = at.node->span();
    d.path = annotation_path(object, *at.node);
    if (!d.path.empty()) return d;
  }
  const yaml::Tree tree = yaml::Fold::whole(*object.node);
  if (!at) {
    const yaml::Node* kind = tree.root->find("kind");
    d.span = (kind ? *kind : *object.node).span();
    return d;
  }
  const yaml::Node* base = tree.root == object.node ? nullptr : yaml::find_place(*tree.root, *at.node);
  const yaml::Node* node = at.in(base ? base : at.node);
  d.span = node->span();
  d.path = path_of(*tree.root, *node);
  return d;
}

namespace {
bool find_path(const yaml::Node& node, const yaml::Node& target, std::string& path) {
  if (yaml::same_place(node, target)) return true;
  const std::size_t size = path.size();
  for (const yaml::Entry& entry : node.entries()) {
    if (!path.empty()) path += '.';
    path += entry.key.string();
    if (yaml::same_place(entry.key, target) || find_path(entry.value, target, path)) return true;
    path.resize(size);
  }
  if (node.is_seq())
    for (std::size_t i = 0; i < node.size(); ++i) {
      path += "[" + std::to_string(i) + "]";
      if (find_path(node.items()[i], target, path)) return true;
      path.resize(size);
    }
  return false;
}

bool holds(const diag::Span& outer, const diag::Span& inner) {
  return outer.known() && outer.file == inner.file && outer.begin <= inner.begin && inner.end <= outer.end;
}

// The same along the one child of each node whose text holds the target's: a set with many findings asks often.
bool down_to(const yaml::Node& node, const yaml::Node& target, std::string& path) {
  if (yaml::same_place(node, target)) return true;
  const diag::Span wanted = target.span();
  const auto before = [&](const yaml::Node& child) { return child.span().begin <= wanted.begin; };
  if (node.is_seq()) {
    const auto items = node.items();
    const auto after = std::partition_point(items.begin(), items.end(), before);
    if (after == items.begin() || !holds(std::prev(after)->span(), wanted)) return false;
    path += "[" + std::to_string(after - items.begin() - 1) + "]";
    return down_to(*std::prev(after), target, path);
  }
  for (const yaml::Entry& entry : node.entries()) {
    const bool key = yaml::same_place(entry.key, target);
    if (!key && !holds(entry.value.span(), wanted)) continue;
    if (!path.empty()) path += '.';
    path += entry.key.string();
    return key || down_to(entry.value, target, path);
  }
  return false;
}
}  // namespace

std::string path_of(const yaml::Node& root, const yaml::Node& target) {
  std::string path;
  if (target.span().known() && down_to(root, target, path)) return path;
  path.clear();
  find_path(root, target, path);  // what an alias stands for does not lie where the alias does
  return path;
}

}  // namespace gw::kube
