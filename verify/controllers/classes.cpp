#include "verify/controllers/classes.h"

#include <algorithm>

#include "verify/controllers/text.h"

namespace gw::verify {
namespace {

std::string decode_base64(std::string_view text) {
  std::string out;
  std::uint32_t bits = 0;
  int count = 0;
  for (char c : text) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto value = alphabet.find(c);
    if (value == std::string_view::npos) continue;
    bits = (bits << 6) | static_cast<std::uint32_t>(value);
    if ((count += 6) < 8) continue;
    count -= 8;
    out += static_cast<char>((bits >> count) & 0xff);
  }
  return out;
}

// dNSName entries of the subjectAltName extension (2.5.29.17) of the first certificate in a PEM text.
std::vector<std::string> dns_names(const std::string& pem) {
  constexpr std::string_view begin = "-----BEGIN CERTIFICATE-----", end = "-----END CERTIFICATE-----";
  const auto from = pem.find(begin), to = pem.find(end);
  if (from == std::string::npos || to == std::string::npos || to < from) return {};
  const std::string der = decode_base64(std::string_view(pem).substr(from + begin.size(), to - from - begin.size()));
  const auto oid = der.find("\x06\x03\x55\x1d\x11");
  std::vector<std::string> out;
  if (oid == std::string::npos) return out;
  for (std::size_t at = oid + 5; at + 1 < der.size();) {
    const auto tag = static_cast<unsigned char>(der[at]), length = static_cast<unsigned char>(der[at + 1]);
    at += 2;
    if (tag == 0x82 && length < 0x80) {
      out.push_back(lower(der.substr(at, length)));
      at += length;
    } else if (tag == 0x01) {  // critical
      at += length;
    } else if (tag == 0x04 || tag == 0x30) {  // OCTET STRING, SEQUENCE: step inside
      if (!out.empty()) break;
      if (length >= 0x80) at += length & 0x7fu;
    } else if (tag >= 0x80 && tag < 0xc0 && length < 0x80) {
      at += length;  // another kind of name
    } else {
      break;
    }
  }
  return out;
}

std::vector<std::string> names_of(const kube::Index& index, const std::string& ns, const std::string& name) {
  const kube::Secret* secret = name.empty() ? nullptr : index.secret({ns, name});
  const std::string* data = secret ? kube::find(secret->data, "tls.crt") : nullptr;
  if (data) return dns_names(decode_base64(*data));
  const std::string* text = secret ? kube::find(secret->string_data, "tls.crt") : nullptr;
  return text ? dns_names(*text) : std::vector<std::string>();
}

}  // namespace

bool ClassFilter::takes_class(const kube::Index& index, const std::string& name) const {
  if (const kube::IngressClass* known = index.ingress_class(name))
    return std::any_of(controllers.begin(), controllers.end(), [&](std::string_view controller) {
      if (controller.ends_with('*'))
        return known->spec.controller.starts_with(controller.substr(0, controller.size() - 1));
      return known->spec.controller == controller;
    });
  return name == annotation || (!annotation.empty() && name.find(annotation) != std::string::npos);
}

std::optional<bool> ClassFilter::takes(const kube::Index& index, const kube::Ingress& ingress) const {
  const std::string* written = kube::find(ingress.metadata.annotations, "kubernetes.io/ingress.class");
  const bool by_field = field && ingress.spec.ingress_class_name.has_value();
  const bool by_annotation = class_annotation && written != nullptr;
  if (by_annotation && (annotation_first || !by_field)) return *written == annotation;
  if (by_field) return takes_class(index, *ingress.spec.ingress_class_name);
  return std::nullopt;
}

kube::StringMap controller_config(const kube::Index& index, const ControllerOptions& options,
                                  std::initializer_list<std::string_view> names) {
  if (!options.config_map.empty()) return options.config_map;
  for (std::string_view name : {"configmap", "nginx-configmaps"})
    if (const auto reference = flag(options.flags, name)) {
      const auto slash = reference->find('/');
      if (slash == std::string::npos) return {};
      const kube::ConfigMap* map = index.config_map({reference->substr(0, slash), reference->substr(slash + 1)});
      return map ? map->data : kube::StringMap();
    }
  for (std::string_view name : names)
    for (const kube::ConfigMap& map : index.bundle().config_maps)
      if (map.metadata.name == name) return map.data;
  // Helm puts the release's name in front.
  for (std::string_view name : names)
    for (const kube::ConfigMap& map : index.bundle().config_maps)
      if (std::string_view(map.metadata.name).ends_with("-" + std::string(name))) return map.data;
  return {};
}

bool covered_by(const std::vector<std::string>& names, std::string_view host) {
  const auto dot = host.find('.');
  const std::string wildcard = dot == std::string_view::npos ? "" : "*" + std::string(host.substr(dot));
  return std::any_of(names.begin(), names.end(),
                     [&](const std::string& name) { return name == host || (!wildcard.empty() && name == wildcard); });
}

std::vector<std::string> certificate_names(const kube::Index& index, const kube::Ingress& ingress,
                                           std::string_view host) {
  for (const auto& tls : ingress.spec.tls)
    for (const std::string_view name : tls.hosts)
      if (equal_fold(name, host)) {
        auto names = names_of(index, ingress.metadata.ns, tls.secret_name);
        return covered_by(names, host) ? names : std::vector<std::string>();
      }
  for (const auto& tls : ingress.spec.tls)
    if (auto names = names_of(index, ingress.metadata.ns, tls.secret_name); covered_by(names, host)) return names;
  return {};
}

}  // namespace gw::verify
