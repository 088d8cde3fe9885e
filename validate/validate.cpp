#include "validate/validate.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <set>
#include <thread>

#include "diag/suggest.h"
#include "kube/kinds.h"
#include "validate/object.h"
#include "validate/rule.h"

namespace gw::validate {
namespace {

constexpr std::size_t objects_per_task = 32;

diag::ObjectId identify(const kube::RawObject& raw) {
  diag::ObjectId id{std::string(raw.api_version), std::string(raw.kind), {}, {}};
  const yaml::Node* metadata = raw.node->find("metadata");
  auto text = [metadata](std::string_view key) {
    const yaml::Node* node = metadata ? metadata->find(key) : nullptr;
    return node && node->is_string() ? std::string(node->string()) : std::string();
  };
  id.ns = text("namespace");
  id.name = text("name");
  if (id.name.empty()) id.name = text("generateName");
  return id;
}

// What one thread finds, before it is put into the sink in input order.
struct Found {
  std::vector<diag::Diagnostic> findings;
  std::vector<ErrorType> types;          // one for each finding
  std::vector<std::vector<Edit>> edits;  // one for each finding; empty where nothing can be repaired
};

class ObjectChecker {
 public:
  ObjectChecker(const Options& options, diag::Sink& faults) : options_(options), faults_(faults) {
    builtin_ = &builtin(options.api_version, options.channel);
  }

  void run(const kube::RawObject& raw, Found& out) {
    if (raw.encrypted) return;                               // its fields are not what they will be
    if (raw.kind == "Namespace" && !raw.ns.empty()) return;  // nor is its name
    raw_ = &raw;
    out_ = &out;
    violations_.clear();
    const auto slash = raw.api_version.find('/');
    const std::string_view group =
        slash == std::string_view::npos ? std::string_view() : raw.api_version.substr(0, slash);
    const std::string_view version =
        slash == std::string_view::npos ? raw.api_version : raw.api_version.substr(slash + 1);
    const Catalogue* catalogue = options_.crds && options_.crds->knows_group(group) ? options_.crds : builtin_;
    const KindInfo* kind = catalogue->find(group, version, raw.kind);
    if (!kind || !kind->served) return tell_unserved(*catalogue, group, version, kind);
    if (kind->deprecated) tell_deprecated(*kind);
    const KindInfo* ready = catalogue->with_schema(*kind, faults_);
    if (!ready) return;
    check_object(*raw.node, *ready, {options_.cel, options_.old ? options_.old->find(raw) : nullptr}, arena_,
                 violations_);
    for (Violation& violation : violations_) tell(std::move(violation), *ready);
    if (ready->has_status) tell_status();
    tell_server_metadata();
    arena_.clear();
  }

 private:
  diag::Diagnostic finding(const yaml::Node* at, std::string_view code, diag::Severity severity,
                           std::string message) const {
    diag::Diagnostic out;
    out.code = code;
    out.severity = severity;
    out.layer = severity == diag::Severity::error ? "schema" : "lint";
    out.message = std::move(message);
    out.object = identify(*raw_);
    out.span = (at ? *at : *raw_->node).span();
    return out;
  }

  void put(diag::Diagnostic&& diagnostic, ErrorType type, std::vector<Edit> edits = {}) {
    out_->findings.push_back(std::move(diagnostic));
    out_->types.push_back(type);
    out_->edits.push_back(std::move(edits));
  }

  static Edit remove(const yaml::Entry& entry) {
    const diag::Span key = entry.key.span();
    return {{key.file, key.begin, std::max(key.end, entry.value.span().end)}, Repair::remove_lines, {}};
  }

  void tell(Violation&& violation, const KindInfo& kind) {
    diag::Diagnostic out = finding(violation.at, violation.code, diag::Severity::error, std::move(violation.message));
    out.help = std::move(violation.help);
    out.path = std::move(violation.path);
    if (violation.cel) out.layer = "cel";
    if (!violation.sub_id.empty()) out.code += "." + violation.sub_id;
    if (violation.type == ErrorType::unknown_field) sharpen_unknown_field(out, kind);
    std::vector<Edit> edits;
    if (violation.repair != Repair::none && violation.at && out.code != "GW008")
      edits.push_back({violation.at->span(), violation.repair, std::move(violation.replacement)});
    put(std::move(out), violation.type, std::move(edits));
  }

  // A field that only the experimental channel has is told as that.
  void sharpen_unknown_field(diag::Diagnostic& out, const KindInfo& kind) const {
    if (options_.channel != Channel::standard || kind.native ||
        (options_.crds && options_.crds->knows_group(kind.group)))
      return;
    const Catalogue& other = builtin(options_.api_version, Channel::experimental);
    const KindInfo* known = other.find(kind.group, kind.version, kind.kind);
    diag::Sink none;
    const KindInfo* ready = known ? other.with_schema(*known, none) : nullptr;
    if (!ready || !describes(*ready->schema, out.path)) return;
    out.code = "GW008";
    const auto dot = out.path.rfind('.');
    out.message =
        "'" + out.path.substr(dot == std::string::npos ? 0 : dot + 1) + "' exists only in the experimental channel";
    out.help = "install Gateway API's experimental channel and use --channel experimental, or leave the field out";
  }

  static bool describes(const Schema& root, std::string_view path) {
    const Schema* at = &root;
    while (!path.empty() && at) {
      const std::size_t end = std::min(path.find_first_of(".["), path.size());
      if (end != 0) at = at->field(path.substr(0, end));
      path.remove_prefix(end);
      if (path.empty()) break;
      if (path[0] == '[') {
        at = at ? at->items : nullptr;
        path.remove_prefix(std::min(path.find(']'), path.size() - 1) + 1);
      }
      if (!path.empty() && path[0] == '.') path.remove_prefix(1);
    }
    return at != nullptr;
  }

  const yaml::Node* value_of(std::string_view key) const { return raw_->node->find(key); }

  void tell_deprecated(const KindInfo& kind) {
    diag::Diagnostic out = finding(value_of("apiVersion"), "GW006", diag::Severity::warning,
                                   kind.api_version() + " " + kind.kind + " is deprecated");
    out.path = "apiVersion";
    std::vector<Edit> edits;
    if (!kind.deprecation.empty()) {
      out.help = "write " + kind.group + "/" + kind.deprecation;
      if (const yaml::Node* at = value_of("apiVersion"))
        edits.push_back({at->span(), Repair::replace, kind.group + "/" + kind.deprecation});
    }
    put(std::move(out), ErrorType::no_kind_match, std::move(edits));
  }

  void tell_status() {
    const yaml::Entry* status = raw_->node->entry("status");
    if (!status) return;
    diag::Diagnostic out =
        finding(&status->key, "GW015", diag::Severity::warning, "status is dropped when the object is created");
    out.path = "status";
    out.help = "remove it";
    put(std::move(out), ErrorType::invalid, {remove(*status)});
  }

  void tell_server_metadata() {
    static constexpr std::string_view server_set[] = {"uid",        "resourceVersion", "creationTimestamp",
                                                      "generation", "selfLink",        "managedFields"};
    const yaml::Node* metadata = value_of("metadata");
    if (!metadata || !metadata->is_map()) return;
    // Of two Ingresses or routes that claim the same the older one wins: its age is no clutter.
    const bool age_counts = raw_->kind == "Ingress" || raw_->kind == "Gateway" || raw_->kind == "ListenerSet" ||
                            raw_->kind.ends_with("Route");
    const yaml::Entry* first = nullptr;
    std::string names;
    std::vector<Edit> edits;
    bool aged = false;
    for (const yaml::Entry& entry : metadata->entries()) {
      const std::string_view key = entry.key.string();
      if (entry.value.is_null() || std::find(std::begin(server_set), std::end(server_set), key) == std::end(server_set))
        continue;
      if (!first) first = &entry;
      names += (names.empty() ? "" : ", ") + std::string(key);
      if (age_counts && key == "creationTimestamp")
        aged = true;
      else
        edits.push_back(remove(entry));
    }
    if (!first) return;
    diag::Diagnostic out =
        finding(&first->key, "GW016", diag::Severity::warning, "set by the API server, not by a manifest: " + names);
    out.path = "metadata." + std::string(first->key.string());
    const std::string keep = "until the set is converted: the older of two objects wins";
    out.help = !aged ? "remove it" : edits.empty() ? "keep it " + keep : "remove all but creationTimestamp, " + keep;
    put(std::move(out), ErrorType::invalid, std::move(edits));
  }

  // Kinds of Kubernetes' own groups (without a dot, or under k8s.io) are these groups' alone to define: one that
  // belongs to another of them is nowhere served.
  bool tell_other_group(const Catalogue& catalogue, std::string_view group) {
    if (group.find('.') != std::string_view::npos && !group.ends_with("k8s.io")) return false;
    std::string served;
    for (const KindInfo& row : catalogue.kinds())
      if (row.kind == raw_->kind && row.group != group && row.served)
        served += (served.empty() ? "" : ", ") + (row.group.empty() ? row.version : row.group + "/" + row.version);
    if (served.empty()) return false;
    diag::Diagnostic out =
        finding(value_of("apiVersion"), "GW004", diag::Severity::error,
                "there is no kind '" + std::string(raw_->kind) + "' in " + std::string(raw_->api_version));
    out.help = "served: " + served;
    out.path = "apiVersion";
    put(std::move(out), ErrorType::no_kind_match);
    return true;
  }

  void tell_unserved(const Catalogue& catalogue, std::string_view group, std::string_view version,
                     const KindInfo* kind) {
    const bool old_ingress =
        raw_->kind == "Ingress" && (group == "extensions" || (group == "networking.k8s.io" && version == "v1beta1"));
    if (old_ingress) {
      diag::Diagnostic out = finding(value_of("apiVersion"), "IN101", diag::Severity::error,
                                     std::string(raw_->api_version) + " Ingress is gone since Kubernetes 1.22");
      out.help =
          "write networking.k8s.io/v1: backends become service.name and service.port, each path needs a pathType";
      out.path = "apiVersion";
      return put(std::move(out), ErrorType::no_kind_match);
    }
    if (tell_other_channel(group, version)) return;
    std::vector<std::string_view> kinds;
    std::string served;
    bool native = false;
    for (const KindInfo& row : catalogue.kinds()) {
      if (row.group != group) continue;
      native |= row.native;
      kinds.push_back(row.kind);
      if (row.kind == raw_->kind && row.served) served += (served.empty() ? "" : ", ") + row.version;
    }
    const std::string_view near = diag::nearest(raw_->kind, kinds);
    const bool close = !near.empty() && diag::edit_distance(raw_->kind, near, 2) <= 1;
    const bool report = raw_->kind == "ConformanceReport";  // what implementations publish; no cluster holds it
    if (served.empty() && !close && tell_other_group(catalogue, group)) return;
    if (kinds.empty() || report || (native && served.empty() && !close)) {
      diag::Diagnostic out =
          finding(value_of("kind"), "GW014", diag::Severity::info,
                  std::string(raw_->api_version) + " " + std::string(raw_->kind) + " is not checked");
      if (!report && !native) out.help = "give its CustomResourceDefinition with --crds";
      out.path = "kind";
      return put(std::move(out), ErrorType::invalid);
    }
    if (!served.empty() || kind) {
      diag::Diagnostic out = finding(value_of("apiVersion"), kind ? "GW005" : "GW004", diag::Severity::error,
                                     std::string(raw_->kind) + " is not served as " + std::string(raw_->api_version));
      out.help = served.empty() ? "" : "served: " + std::string(group) + "/" + served;
      out.path = "apiVersion";
      return put(std::move(out), ErrorType::no_kind_match);
    }
    diag::Diagnostic out = finding(value_of("kind"), "GW004", diag::Severity::error,
                                   "there is no kind '" + std::string(raw_->kind) + "' in " + std::string(group));
    std::vector<Edit> edits;
    if (!near.empty()) out.help = "did you mean '" + std::string(near) + "'?";
    if (const yaml::Node* at = value_of("kind"); at && diag::same_but_case(raw_->kind, near))
      edits.push_back({at->span(), Repair::replace, std::string(near)});
    out.path = "apiVersion";
    put(std::move(out), ErrorType::no_kind_match, std::move(edits));
  }

  bool tell_other_channel(std::string_view group, std::string_view version) {
    if (options_.channel != Channel::standard || (options_.crds && options_.crds->knows_group(group))) return false;
    const KindInfo* other = builtin(options_.api_version, Channel::experimental).find(group, version, raw_->kind);
    if (!other || !other->served || !other->experimental) return false;
    diag::Diagnostic out = finding(value_of("kind"), "GW007", diag::Severity::error,
                                   std::string(raw_->kind) + " exists only in the experimental channel");
    out.help = "install Gateway API's experimental channel and use --channel experimental";
    out.path = "apiVersion";
    put(std::move(out), ErrorType::no_kind_match);
    return true;
  }

  const Options& options_;
  diag::Sink& faults_;
  const Catalogue* builtin_;
  const kube::RawObject* raw_ = nullptr;
  Found* out_ = nullptr;
  std::vector<Violation> violations_;
  Arena arena_;
};

// Calls work(i) for tasks 0..count-1 on the machine's cores.
template <class Work>
void in_parallel(std::size_t count, Work work) {
  const std::size_t threads = std::min<std::size_t>(count, std::max(1u, std::thread::hardware_concurrency()));
  std::atomic<std::size_t> next{0};
  auto loop = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> pool;
  for (std::size_t i = 1; i < threads; ++i) pool.emplace_back(loop);
  loop();
}

}  // namespace

namespace {

std::string identity(const kube::RawObject& object) {
  const diag::ObjectId id = identify(object);
  return std::string(kube::group_of(id.api_version)) + '\1' + id.kind + '\1' + (id.ns.empty() ? "default" : id.ns) +
         '\1' + id.name;
}

}  // namespace

OldObjects::OldObjects(const std::vector<kube::RawObject>& objects) {
  for (const kube::RawObject& object : objects) nodes_[identity(object)] = object.node;
}
const yaml::Node* OldObjects::find(const kube::RawObject& object) const {
  const auto it = nodes_.find(identity(object));
  return it == nodes_.end() ? nullptr : it->second;
}

ErrorTypes::Key ErrorTypes::key(const diag::Diagnostic& f) {
  return {f.span.file, f.span.begin, f.span.end, f.code, f.path, f.message};
}
void ErrorTypes::add(const diag::Diagnostic& finding, ErrorType type) {
  types_.emplace(key(finding), type);
}
std::string_view ErrorTypes::find(const diag::Diagnostic& finding) const {
  const auto it = types_.find(key(finding));
  return it == types_.end() ? std::string_view() : name(it->second);
}

void check_objects(const std::vector<kube::RawObject>& objects, const Options& options, diag::Sink& sink,
                   ErrorTypes* types) {
  const std::size_t tasks = (objects.size() + objects_per_task - 1) / objects_per_task;
  std::vector<Found> found(tasks);
  in_parallel(tasks, [&](std::size_t task) {
    ObjectChecker checker(options, sink);
    const std::size_t end = std::min(objects.size(), (task + 1) * objects_per_task);
    for (std::size_t i = task * objects_per_task; i < end; ++i) checker.run(objects[i], found[task]);
  });
  for (Found& part : found) {
    for (std::size_t i = 0; i < part.findings.size(); ++i) {
      if (types && part.findings[i].severity == diag::Severity::error) types->add(part.findings[i], part.types[i]);
      if (options.fixes && !part.edits[i].empty()) options.fixes->add(part.findings[i], std::move(part.edits[i]));
      sink.report(std::move(part.findings[i]));
    }
  }
}

bool Context::complete(std::string_view ns) const {
  return options.complete || (!options.partial && index.ns(ns) != nullptr);
}

void check_written(const std::vector<kube::RawObject>& objects, const diag::Sources& sources, const Options& options,
                   diag::Sink& sink) {
  const Reporting to{sources, options, sink};
  for (const SemanticRule& rule : semantic_rules())
    if (rule.check_raw)
      for (const kube::RawObject& object : objects)
        if (!object.encrypted) rule.check_raw(to, object);
}

void check_rules(const kube::Bundle& bundle, const diag::Sources& sources, const Options& options, diag::Sink& sink) {
  if (semantic_rules().empty()) return;
  const kube::Index index(bundle);
  route::AttachOptions attach;
  attach.faults_only = true;
  attach.assume_secrets = bundle.secrets.empty() && !options.complete;  // they are rarely kept beside manifests
  const route::Attachments attachments = route::attach(index, attach);
  const Context context{{sources, options, sink}, bundle, index, attachments};
  std::set<void (*)(const Context&)> done;
  for (const SemanticRule& rule : semantic_rules()) {
    if (rule.check && done.insert(rule.check).second) rule.check(context);
  }
}

void check(const kube::Bundle& bundle, const std::string& name, const Options& options, diag::Sources& sources,
           diag::Sink& sink) {
  std::string text;
  kube::write(bundle, yaml::Style::yaml, text);
  const diag::FileId file = sources.add(name, std::move(text));
  std::vector<kube::RawObject> raw = kube::objects(yaml::read(file, sources, {}, sink), sink);
  check_objects(raw, options, sink);
  if (!options.rules) return;
  check_written(raw, sources, options, sink);
  diag::Sink again;  // decoding repeats what the schema said
  check_rules(kube::decode(std::move(raw), {}, sources, again), sources, options, sink);
}

}  // namespace gw::validate
