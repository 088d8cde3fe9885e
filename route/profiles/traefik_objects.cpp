#include "route/profiles/traefik_objects.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "route/profiles/objects.h"

namespace gw::route::traefik {
namespace {

using nlohmann::json;

// "${1}" and "$1" of Go are "\\1" of RE2.
std::string re2_replacement(const std::string& text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '$' || i + 1 == text.size()) {
      if (text[i] == '\\') out += '\\';
      out += text[i];
      continue;
    }
    const bool braces = text[i + 1] == '{';
    const std::size_t digit = i + (braces ? 2 : 1);
    if (text[i + 1] == '$') {
      out += '$';
      ++i;
    } else if (digit < text.size() && text[digit] >= '0' && text[digit] <= '9') {
      out += std::string("\\") + text[digit];
      i = digit + (braces ? 1 : 0);
    }
  }
  return out;
}

Middleware read_middleware(const json& spec) {
  Middleware out;
  if (spec.size() != 1) return out;
  out.kind = spec.begin().key();
  if (out.kind == "replacePathRegex") {
    auto regex = std::make_shared<RE2>(text(at(spec, {"replacePathRegex", "regex"})), RE2::Quiet);
    if (regex->ok()) out.regex = std::move(regex);
    out.replacement = re2_replacement(text(at(spec, {"replacePathRegex", "replacement"})));
  }
  if (out.kind == "headers")
    for (const auto& [key, value] : spec["headers"].items()) out.cors = out.cors || key.starts_with("accessControl");
  return out;
}

kube::Port port_of(const json& value) {
  return value.is_number_integer() ? static_cast<kube::Port>(value.get<int>()) : kube::Port{0};
}

}  // namespace

bool Middleware::passes() const {
  static constexpr std::string_view kinds[] = {"headers",     "compress", "buffering",      "retry",  "rateLimit",
                                               "inFlightReq", "errors",   "circuitBreaker", "grpcWeb"};
  return regex || std::find(std::begin(kinds), std::end(kinds), kind) != std::end(kinds);
}

Objects::Objects(const kube::Index& index) {
  for (const kube::OtherObject& object : index.bundle().others) {
    if (!object.api_version.starts_with("traefik.io/")) continue;
    const json spec = spec_of(object);
    if (object.kind == "Middleware") middlewares_[object.id()] = read_middleware(spec);
    if (object.kind != "TraefikService") continue;
    std::vector<Entry>& entries = services_[object.id()];
    const auto add = [&](const json& service) {
      Entry entry;
      const std::string ns = text(at(service, {"namespace"}));
      entry.service.service = {ns.empty() ? std::string(object.metadata.ns) : ns, text(at(service, {"name"}))};
      entry.service.port = port_of(at(service, {"port"}));
      if (const json& weight = at(service, {"weight"}); weight.is_number_integer())
        entry.service.weight = static_cast<std::uint32_t>(std::max(0, weight.get<int>()));
      entry.nested = text(at(service, {"kind"})) == "TraefikService";
      entries.push_back(std::move(entry));
    };
    if (const json& list = at(spec, {"weighted", "services"}); list.is_array())
      for (const json& service : list) add(service);
    if (const json& main = at(spec, {"mirroring"}); main.is_object()) add(main);
  }
}

const Middleware* Objects::middleware(const kube::NamespacedName& id) const {
  const auto found = middlewares_.find(id);
  return found == middlewares_.end() ? nullptr : &found->second;
}

std::optional<std::vector<WeightedService>> Objects::services(const kube::NamespacedName& id, int depth) const {
  const auto found = services_.find(id);
  if (found == services_.end() || depth > 8) return std::nullopt;
  std::vector<WeightedService> out;
  for (const Entry& entry : found->second) {
    if (!entry.nested) {
      out.push_back(entry.service);
      continue;
    }
    const auto below = services(entry.service.service, depth + 1);
    if (!below) return std::nullopt;
    out.insert(out.end(), below->begin(), below->end());
  }
  return out;
}

std::string replace_path(const Middleware& middleware, const std::string& path) {
  std::string out = path;
  if (middleware.regex) RE2::GlobalReplace(&out, *middleware.regex, middleware.replacement);
  return out;
}

}  // namespace gw::route::traefik
