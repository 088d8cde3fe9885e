// The Certificates that cert-manager's shims make of Ingresses, Gateways and ListenerSets, and those that are written
// out.
#include <algorithm>
#include <optional>
#include <string>

#include "neighbours/sides.h"
#include "yaml/node.h"

namespace gw::neighbours {
namespace {

constexpr std::string_view prefix = "cert-manager.io/";
constexpr std::string_view acme = "acme.cert-manager.io/";

std::string annotation(const kube::StringMap& annotations, std::string_view key) {
  const std::string* value = kube::find(annotations, std::string(key));
  return value ? *value : std::string();
}

std::string issuer_text(const std::string& name, std::string kind, const std::string& group) {
  if (kind.empty()) kind = "Issuer";
  return kind + " " + name + (group.empty() || group == "cert-manager.io" ? "" : " (" + group + ")");
}

// Who issues, by the annotations of an object; nullopt: nobody was asked, or the annotations contradict each other.
std::optional<std::string> issuer(const kube::StringMap& annotations) {
  const std::string one = annotation(annotations, "cert-manager.io/issuer");
  const std::string all = annotation(annotations, "cert-manager.io/cluster-issuer");
  const std::string kind = annotation(annotations, "cert-manager.io/issuer-kind");
  const std::string group = annotation(annotations, "cert-manager.io/issuer-group");
  if (!one.empty() && !all.empty()) return std::nullopt;
  if (!all.empty())
    return kind.empty() && group.empty() ? std::optional(issuer_text(all, "ClusterIssuer", "")) : std::nullopt;
  if (!one.empty()) return issuer_text(one, kind, group);
  return std::nullopt;
}

// Annotations that go to the Certificate as they are.
std::map<std::string, std::string> settings(const kube::StringMap& annotations) {
  static constexpr std::string_view others[] = {"cert-manager.io/issuer",
                                                "cert-manager.io/cluster-issuer",
                                                "cert-manager.io/issuer-kind",
                                                "cert-manager.io/issuer-group",
                                                "cert-manager.io/ignore-tls-listeners",
                                                "cert-manager.io/issue-temporary-certificate",
                                                "acme.cert-manager.io/http01-parentreffallback"};
  std::map<std::string, std::string> out;
  for (const auto& [key, value] : annotations)
    if ((key.starts_with(prefix) || key.starts_with(acme)) &&
        std::find(std::begin(others), std::end(others), key) == std::end(others))
      out[key] = value;
  return out;
}

class Writer {
 public:
  explicit Writer(Wanted& out) : out_(out) {}

  void add(const kube::Object& by, const std::string& secret, Certificate form) {
    Asked<Certificate>& asked = out_.certificates[{std::string(by.metadata.ns), secret}];
    asked.forms.insert(std::move(form));
    if (!asked.by) asked.by = &by;
  }

 private:
  Wanted& out_;
};

Certificate form_of(const kube::Object& object, std::string by) {
  Certificate form;
  form.issuer = std::move(by);
  form.settings = settings(object.metadata.annotations);
  for (const auto& [key, value] : object.metadata.labels) form.labels[key] = value;
  return form;
}

void add_ingress(const kube::Ingress& ingress, bool default_issuer, Writer& writer) {
  const kube::StringMap& annotations = ingress.metadata.annotations;
  std::optional<std::string> by = issuer(annotations);
  const bool asks = !annotation(annotations, "cert-manager.io/issuer").empty() ||
                    !annotation(annotations, "cert-manager.io/cluster-issuer").empty();
  if (!by && !asks && default_issuer && annotation(annotations, "kubernetes.io/tls-acme") == "true")
    by = "the default issuer";
  if (!by) return;
  std::set<std::string> secrets;
  for (const kube::IngressTls& tls : ingress.spec.tls)  // one Secret in two entries: the whole Ingress is refused
    if (!std::string_view(tls.secret_name).empty() && !secrets.insert(std::string(tls.secret_name)).second) return;
  for (const kube::IngressTls& tls : ingress.spec.tls) {
    if (tls.hosts.empty() || std::string_view(tls.secret_name).empty()) continue;
    Certificate form = form_of(ingress, *by);
    for (const auto& host : tls.hosts) form.names.insert(std::string(host));
    writer.add(ingress, std::string(tls.secret_name), std::move(form));
  }
}

void add_listeners(const kube::Object& owner, const std::vector<kube::Listener>& listeners,
                   const kube::StringMap& asked, const std::string& unreachable, Writer& writer) {
  const std::optional<std::string> by = issuer(asked);
  if (!by) return;
  const std::string ignored =
      "," + annotation(owner.metadata.annotations, "cert-manager.io/ignore-tls-listeners") + ",";
  std::map<std::string, std::set<std::string>> names;  // by Secret
  for (const kube::Listener& listener : listeners) {
    const bool terminates = listener.tls && listener.tls->mode.value_or("Terminate") == "Terminate";
    if ((listener.protocol != "HTTPS" && listener.protocol != "TLS") || !terminates) continue;
    if (!listener.hostname || ignored.find("," + std::string(listener.name) + ",") != ignored.npos) continue;
    for (const kube::ObjectReference& ref : listener.tls->certificate_refs)
      if (!ref.ns || *ref.ns == owner.metadata.ns) names[std::string(ref.name)].insert(std::string(*listener.hostname));
  }
  for (auto& [secret, hosts] : names) {
    Certificate form = form_of(owner, *by);
    form.names = std::move(hosts);
    form.unreachable = unreachable;
    writer.add(owner, secret, std::move(form));
  }
}

// A ListenerSet inherits an issuer where it names none, and kind and group in any case.
kube::StringMap inherited(const kube::ListenerSet& set, const kube::Gateway& gateway) {
  kube::StringMap out = set.metadata.annotations;
  const bool own = kube::find(out, "cert-manager.io/issuer") || kube::find(out, "cert-manager.io/cluster-issuer");
  const auto take = [&](std::string_view key) {
    const std::string* value = kube::find(gateway.metadata.annotations, std::string(key));
    if (value && !kube::find(out, std::string(key))) out.emplace_back(std::string(key), *value);
  };
  if (!own) take("cert-manager.io/issuer");
  if (!own) take("cert-manager.io/cluster-issuer");
  take("cert-manager.io/issuer-kind");
  take("cert-manager.io/issuer-group");
  return out;
}

void add_set(const kube::ListenerSet& set, const kube::Gateway& gateway, Writer& writer) {
  const bool listens = std::any_of(set.spec.listeners.begin(), set.spec.listeners.end(),
                                   [](const kube::Listener& l) { return l.port == 80 && l.protocol == "HTTP"; });
  const bool falls_back =
      annotation(set.metadata.annotations, "acme.cert-manager.io/http01-parentreffallback") == "true";
  add_listeners(
      set, set.spec.listeners, inherited(set, gateway),
      listens || falls_back ? "" : "an HTTP-01 solver attaches to the ListenerSet, which has no listener of port 80",
      writer);
}

std::string text(const yaml::Node* node, std::string_view key) {
  const yaml::Node* value = node && node->is_map() ? node->find(key) : nullptr;
  return value && value->is_string() ? std::string(value->string()) : std::string();
}

void add_written(const kube::OtherObject& object, Writer& writer) {
  const yaml::Node* spec = object.node ? object.node->find("spec") : nullptr;
  const std::string secret = text(spec, "secretName");
  if (secret.empty()) return;
  const yaml::Node* issuer_ref = spec->find("issuerRef");
  Certificate form;
  form.issuer = issuer_text(text(issuer_ref, "name"), text(issuer_ref, "kind"), text(issuer_ref, "group"));
  if (const yaml::Node* names = spec->find("dnsNames"); names && names->is_seq())
    for (const yaml::Node& name : names->items())
      if (name.is_string()) form.names.insert(std::string(name.string()));
  writer.add(object, secret, std::move(form));
}

}  // namespace

void add_certificates(const kube::Bundle& bundle, const Listeners& listeners, const Options& options, Wanted& out) {
  Writer writer(out);
  for (const kube::OtherObject& each : bundle.others)
    if (each.kind == "Certificate" && each.api_version.starts_with(prefix)) add_written(each, writer);
  // A Certificate that is written out, and not owned by a shim, is left alone by the shims.
  std::set<kube::NamespacedName> written;
  for (const auto& [secret, asked] : out.certificates) written.insert(secret);
  Wanted made;
  Writer shims(made);
  for (const kube::Ingress& each : bundle.ingresses) add_ingress(each, options.default_issuer, shims);
  for (const kube::Gateway& each : bundle.gateways)
    add_listeners(each, each.spec.listeners, each.metadata.annotations, {}, shims);
  for (const Listeners::Admitted& each : listeners.sets()) add_set(*each.set, *each.gateway, shims);
  for (auto& [secret, asked] : made.certificates)
    if (!written.contains(secret)) out.certificates.emplace(secret, std::move(asked));
}

Wanted wanted(const kube::Bundle& bundle, const Options& options) {
  Wanted out;
  const Listeners listeners(bundle, options);
  add_records(bundle, listeners, options, out);
  add_certificates(bundle, listeners, options, out);
  return out;
}

}  // namespace gw::neighbours
