// The records that external-dns makes of Ingresses (source "ingress") and of routes (sources "gateway-httproute",
// "gateway-grpcroute", "gateway-tlsroute").
#include <algorithm>
#include <optional>
#include <string>

#include "diag/ascii.h"
#include "neighbours/listeners.h"
#include "neighbours/sides.h"

namespace gw::neighbours {
namespace {

constexpr std::string_view prefix = "external-dns.kubernetes.io/";
constexpr std::string_view legacy = "external-dns.alpha.kubernetes.io/";
constexpr std::string_view load_balancer = "LB";

std::vector<std::string> list(const std::string* text) {
  std::vector<std::string> out;
  for (std::size_t at = 0; text && at <= text->size();) {
    const std::size_t comma = std::min(text->find(',', at), text->size());
    std::string part = text->substr(at, comma - at);
    part.erase(0, part.find_first_not_of(" \t"));
    part.erase(part.find_last_not_of(" \t") + 1);
    if (part.ends_with('.')) part.pop_back();
    if (!part.empty()) out.push_back(std::move(part));
    at = comma + 1;
  }
  return out;
}

std::string_view type_of(std::string_view target) {
  if (target.find(':') != target.npos) return "AAAA";
  const bool digits = target == load_balancer || target.find_first_not_of("0123456789.") == target.npos;
  return digits ? "A" : "CNAME";
}

// Which of its names an object publishes: {those of its spec, those of its annotation}; nullopt: none at all.
struct Published {
  bool defined = true, annotated = true;
};
std::optional<Published> published(const std::string* source, bool of_ingress) {
  const std::string word = source ? diag::lower(*source) : std::string();
  if (word.empty()) return Published{};
  if (word == "annotation-only") return Published{false, true};
  if (word == "defined-hosts-only") return Published{true, false};
  // An Ingress with an unknown value publishes nothing; a route warns and publishes all.
  return of_ingress ? std::nullopt : std::optional(Published{});
}

class Writer {
 public:
  Writer(const Options& options, Wanted& out) : options_(options), out_(out) {}

  const std::string* read(const kube::Object& object, std::string_view name) const {
    return dns_annotation(object.metadata.annotations, name, options_);
  }
  bool held_off(const kube::Object& object) const {
    const std::string* controller = read(object, "controller");
    return controller && *controller != "dns-controller";
  }

  void add(const kube::Object& object, const std::string& host, const std::vector<std::string>& targets) {
    Record form = manner(object);
    std::map<std::string, Record> by_type;
    for (const std::string& target : targets) {
      Record& record = by_type.try_emplace(std::string(type_of(target)), form).first->second;
      record.targets.insert(target);
    }
    const std::string* set = read(object, "set-identifier");
    for (auto& [type, record] : by_type) {
      Asked<Record>& asked = out_.records[{host, type, set ? *set : std::string()}];
      merge(asked.forms, std::move(record));
      if (!asked.by) asked.by = &object;
    }
  }

 private:
  // Objects that differ in targets alone share the record.
  static void merge(std::set<Record>& forms, Record record) {
    const auto alike = std::find_if(forms.begin(), forms.end(), [&](const Record& have) {
      return have.ttl == record.ttl && have.properties == record.properties;
    });
    if (alike == forms.end()) {
      forms.insert(std::move(record));
      return;
    }
    Record joined = *alike;
    joined.targets.insert(record.targets.begin(), record.targets.end());
    forms.erase(alike);
    forms.insert(std::move(joined));
  }

  // TTL and properties of the provider.
  Record manner(const kube::Object& object) const {
    static constexpr std::string_view own[] = {"hostname",
                                               "target",
                                               "ttl",
                                               "controller",
                                               "set-identifier",
                                               "ingress-hostname-source",
                                               "access",
                                               "internal-hostname",
                                               "gateway-hostname-source",
                                               "endpoints-type"};
    Record record;
    if (const std::string* ttl = read(object, "ttl")) record.ttl = *ttl;
    for (const auto& [key, value] : object.metadata.annotations) {
      const bool current = key.starts_with(prefix);
      if (!current && !(options_.legacy_prefix && key.starts_with(legacy))) continue;
      const std::string name = key.substr(current ? prefix.size() : legacy.size());
      if (std::find(std::begin(own), std::end(own), name) != std::end(own)) continue;
      if (current)
        record.properties[name] = value;
      else
        record.properties.try_emplace(name, value);
    }
    return record;
  }

  const Options& options_;
  Wanted& out_;
};

void add_ingress(const kube::Ingress& ingress, const Options& options, Writer& writer) {
  if (writer.held_off(ingress)) return;
  const auto which = published(writer.read(ingress, "ingress-hostname-source"), true);
  if (!which) return;
  std::set<std::string> hosts;
  if (which->defined) {
    for (const kube::IngressRule& rule : ingress.spec.rules)
      if (!std::string_view(rule.host).empty()) hosts.insert(diag::lower(std::string(rule.host)));
    if (!options.ignore_tls_spec)
      for (const kube::IngressTls& tls : ingress.spec.tls)
        for (const auto& host : tls.hosts)
          if (!std::string_view(host).empty()) hosts.insert(diag::lower(std::string(host)));
  }
  if (which->annotated)
    for (std::string& host : list(writer.read(ingress, "hostname"))) hosts.insert(diag::lower(std::move(host)));
  std::vector<std::string> targets = list(writer.read(ingress, "target"));
  if (targets.empty()) targets.emplace_back(load_balancer);
  for (const std::string& host : hosts) writer.add(ingress, host, targets);
}

template <class Route>
void add_route(const Route& route, std::string_view kind, const Listeners& listeners, Writer& writer) {
  if (writer.held_off(route)) return;
  const Published which = published(writer.read(route, "gateway-hostname-source"), false).value_or(Published{});
  const std::vector<std::string> annotated = list(writer.read(route, "hostname"));
  std::set<std::string> own;
  if (which.defined) {
    for (const auto& host : route.spec.hostnames) own.insert(diag::lower(std::string(host)));
    if (own.empty() && (annotated.empty() || which.annotated)) own.insert("");
  }
  if (which.annotated)
    for (const std::string& host : annotated) own.insert(diag::lower(host));
  std::map<std::string, std::set<std::string>> found;  // host -> targets
  for (const kube::ParentReference& ref : route.spec.parent_refs)
    listeners.each(ref, kind, route.metadata.ns, [&](const Attached& at) {
      if (writer.held_off(at.gateway) || (at.set && writer.held_off(*at.set))) return;
      std::vector<std::string> targets = at.set ? list(writer.read(*at.set, "target")) : std::vector<std::string>{};
      if (targets.empty()) targets = list(writer.read(at.gateway, "target"));
      if (targets.empty()) targets.emplace_back(load_balancer);
      const std::string listener = at.listener.hostname ? std::string(*at.listener.hostname) : std::string();
      for (const std::string& host : own)
        if (const auto name = narrower(listener, host); name && !name->empty())
          found[*name].insert(targets.begin(), targets.end());
    });
  for (const auto& [host, targets] : found) writer.add(route, host, {targets.begin(), targets.end()});
}

}  // namespace

const std::string* dns_annotation(const kube::StringMap& annotations, std::string_view name, const Options& options) {
  for (const std::string_view each : {prefix, legacy})
    if (each == prefix || options.legacy_prefix)
      if (const std::string* value = kube::find(annotations, std::string(each) + std::string(name))) return value;
  return nullptr;
}

void add_records(const kube::Bundle& bundle, const Listeners& listeners, const Options& options, Wanted& out) {
  Writer writer(options, out);
  for (const kube::Ingress& each : bundle.ingresses) add_ingress(each, options, writer);
  for (const kube::HttpRoute& each : bundle.http_routes) add_route(each, "HTTPRoute", listeners, writer);
  for (const kube::GrpcRoute& each : bundle.grpc_routes) add_route(each, "GRPCRoute", listeners, writer);
  for (const kube::TlsRoute& each : bundle.tls_routes) add_route(each, "TLSRoute", listeners, writer);
}

}  // namespace gw::neighbours
