// Scalars, maps and the two Ingress versions that Kubernetes has removed.
#include "kube/decode.h"

#include <cmath>
#include <limits>

namespace gw::kube {
namespace {

std::string_view described(const yaml::Node& node) {
  switch (node.kind()) {
    case yaml::Kind::null:
      return "null";
    case yaml::Kind::boolean:
      return "a boolean";
    case yaml::Kind::integer:
    case yaml::Kind::unsigned_integer:
    case yaml::Kind::floating:
      return "a number";
    case yaml::Kind::string:
      return "a string";
    case yaml::Kind::mapping:
      return "a mapping";
    case yaml::Kind::sequence:
      return "a list";
  }
  return "";
}

template <class Int>
void decode_integer(DecodeContext& context, const yaml::Node& node, Int& out) {
  double value = node.is_number() ? node.number() : std::nan("");
  if (std::isnan(value) || value != std::floor(value)) return context.wrong_type(node, "a whole number");
  if (value < static_cast<double>(std::numeric_limits<Int>::min()) ||
      value > static_cast<double>(std::numeric_limits<Int>::max()))
    return context.wrong_type(node, "a smaller number");
  out = node.kind() == yaml::Kind::integer ? static_cast<Int>(node.integer()) : static_cast<Int>(value);
}

}  // namespace

void DecodeContext::wrong_type(const yaml::Node& at, std::string_view wanted) {
  failed = true;
  std::string path = object.node ? path_of(*object.node, at) : "";
  std::string message = (path.empty() ? "the object" : "'" + path + "'") + std::string(" is ") +
                        std::string(described(at)) + ", not " + std::string(wanted);
  std::string help = "write " + std::string(wanted) + " here";
  if (wanted == "a string" && (at.is_number() || at.kind() == yaml::Kind::boolean)) help = "put the value in quotes";
  sink.report(finding(object, &at, "GW103", diag::Severity::error, "schema", std::move(message), std::move(help)));
}

void DecodeContext::unknown_field(const yaml::Entry& entry, std::span<const std::string_view> known) {
  std::string key(entry.key.string());
  std::string_view near = diag::nearest(key, known);
  std::string help = near.empty() ? "remove it, or check the spelling" : "did you mean '" + std::string(near) + "'?";
  sink.report(finding(object, &entry.key, "GW101", diag::Severity::error, "schema", "unknown field '" + key + "'",
                      std::move(help)));
}

void decode_value(DecodeContext& context, const yaml::Node& node, std::string& out) {
  if (!node.is_string()) return context.wrong_type(node, "a string");
  out = node.string();
}

void decode_value(DecodeContext& context, const yaml::Node& node, String& out) {
  if (!node.is_string()) return context.wrong_type(node, "a string");
  out = node.string();
}

void decode_value(DecodeContext& context, const yaml::Node& node, Text& out) {
  if (!node.is_string()) return context.wrong_type(node, "a string");
  out = context.text(node);
}

void decode_value(DecodeContext& context, const yaml::Node& node, bool& out) {
  if (node.kind() != yaml::Kind::boolean) return context.wrong_type(node, "true or false");
  out = node.boolean();
}

void decode_value(DecodeContext& context, const yaml::Node& node, std::int32_t& out) {
  decode_integer(context, node, out);
}

void decode_value(DecodeContext& context, const yaml::Node& node, std::int64_t& out) {
  decode_integer(context, node, out);
}

void decode_value(DecodeContext& context, const yaml::Node& node, IntOrString& out) {
  if (node.is_string())
    out.name = node.string();
  else if (node.is_number())
    decode_integer(context, node, out.number);
  else
    context.wrong_type(node, "a number or a name");
}

void decode_value(DecodeContext& context, const yaml::Node& node, StringMap& out) {
  if (!node.is_map()) return context.wrong_type(node, "a mapping");
  out.reserve(node.size());
  for (const yaml::Entry& entry : node.entries()) {
    std::string value;
    if (!entry.value.is_null()) decode_value(context, entry.value, value);
    out.emplace_back(entry.key.string(), std::move(value));
  }
}

// networking.k8s.io/v1beta1 and extensions/v1beta1: {serviceName, servicePort, resource}.
void decode_legacy_backend(DecodeContext& context, const yaml::Node& node, IngressBackend& out) {
  if (!node.is_map()) return context.wrong_type(node, "a mapping");
  FieldReader reader(context, node);
  Text name;
  IntOrString port;
  reader("serviceName", name);
  reader("servicePort", port);
  reader("resource", out.resource);
  reader.finish();
  if (name.empty()) return;
  IngressServiceBackend& service = out.service.emplace();
  service.name = name;
  if (!port.name.empty()) service.port.name = context.text(*node.find("servicePort"));
  service.port.number = static_cast<Port>(port.number);
}

}  // namespace gw::kube
