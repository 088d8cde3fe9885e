#include "route/own/demand.h"

#include <algorithm>
#include <cassert>
#include <nlohmann/json.hpp>

#include "diag/ascii.h"
#include "route/profiles/objects.h"
#include "vendors/gateways.h"

namespace gw::route::own {
namespace {

using nlohmann::json;

std::string joined(std::vector<std::string> words) {
  std::sort(words.begin(), words.end());
  words.erase(std::unique(words.begin(), words.end()), words.end());
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ",") + word;
  return out;
}

std::vector<Network> networks(const std::vector<std::string>& texts) {
  std::vector<Network> out;
  for (const std::string& text : texts)
    if (const auto network = parse_network(text)) out.push_back(*network);
  return out;
}

// One spelling a network: a single address has no mask.
std::string network_words(std::vector<std::string> texts) {
  for (std::string& text : texts) {
    if (text.ends_with("/32") && text.find(':') == std::string::npos) text.resize(text.size() - 3);
    if (text.ends_with("/128")) text.resize(text.size() - 4);
  }
  return joined(std::move(texts));
}

// "auth.login" for the names that a cluster gives a Service.
std::string service_name(std::string host) {
  for (std::string_view tail : {".", ".cluster.local", ".svc"})
    if (host.ends_with(tail)) host.resize(host.size() - tail.size());
  return diag::lower(host);
}

std::string with_path(std::string address, std::string_view path) {
  path = path.substr(0, path.find('?'));
  return address + (path.starts_with('/') ? "" : "/") + std::string(path);
}

}  // namespace

void Demand::guard(std::string what) {
  effects.push_back({Effect::Kind::guard, std::move(what), object});
}

void Demand::allow_only(const std::vector<std::string>& texts) {
  addresses.allow = networks(texts);
  guard("allow " + network_words(texts));
}

void Demand::deny_all(const std::vector<std::string>& texts) {
  const std::vector<Network> more = networks(texts);
  addresses.deny.insert(addresses.deny.end(), more.begin(), more.end());
  guard("deny " + network_words(texts));
}

const kube::OtherObject* find_object(const kube::Bundle& bundle, std::string_view kind,
                                     const kube::NamespacedName& id) {
  const auto at = std::find_if(bundle.others.begin(), bundle.others.end(), [&](const kube::OtherObject& object) {
    return std::string_view(object.kind) == kind && object.id() == id;
  });
  return at == bundle.others.end() ? nullptr : &*at;
}

const std::vector<Family>& families() {
  struct Row {
    std::string_view profile;
    Read read;
  };
  static constexpr Row readers[] = {{"envoy-gateway", read_envoy_gateway},
                                    {"traefik", read_traefik},
                                    {"nginx-gateway-fabric", read_nginx},
                                    {"istio", read_istio},
                                    {"kong", read_kong},
                                    {"kgateway", read_kgateway},
                                    {"agentgateway", read_agentgateway},
                                    {"gke", read_gke}};
  static const std::vector<Family> rows = [] {
    std::vector<Family> out;
    for (const Row& row : readers) {
      const vendors::Gateway* facts = vendors::gateway(row.profile);
      assert(facts && !facts->group.empty());
      const std::string_view family =
          facts->family.empty() ? facts->controller.substr(0, facts->controller.find('/') + 1) : facts->family;
      out.push_back({row.profile, family, facts->group, row.read});
    }
    return out;
  }();
  return rows;
}

std::vector<std::string> strings(const json& list) {
  std::vector<std::string> out;
  if (list.is_array())
    for (const json& item : list)
      if (item.is_string()) out.push_back(item.get<std::string>());
  return out;
}

std::string address_of_url(std::string_view url) {
  std::string port = "80";
  if (const auto scheme = url.find("://"); scheme != std::string_view::npos) {
    if (url.substr(0, scheme) == "https") port = "443";
    url.remove_prefix(scheme + 3);
  }
  const std::size_t end = std::min(url.find_first_of("/?"), url.size());
  std::string host(url.substr(0, end));
  if (const auto colon = host.rfind(':'); colon != std::string::npos && host.find(']', colon) == std::string::npos) {
    port = host.substr(colon + 1);
    host.resize(colon);
  }
  return with_path(service_name(std::move(host)) + ":" + port, url.substr(end));
}

std::string address_of_backend(const kube::Bundle& bundle, const json& reference, std::string_view ns,
                               std::string_view path) {
  const std::string kind = text(at(reference, {"kind"})), name = text(at(reference, {"name"}));
  std::string home = text(at(reference, {"namespace"}));
  if (home.empty()) home = ns;
  const json& port = at(reference, {"port"});
  if (kind == "Backend")
    if (const kube::OtherObject* found = find_object(bundle, kind, {home, name})) {
      const json spec = spec_of(*found);
      const json& endpoints = at(spec, {"endpoints"});
      if (endpoints.is_array() && !endpoints.empty()) {
        const json& fqdn = at(endpoints[0], {"fqdn"});
        const json& number = at(fqdn, {"port"});
        return with_path(service_name(text(at(fqdn, {"hostname"}))) + ":" +
                             (number.is_number_integer() ? std::to_string(number.get<int>()) : ""),
                         path);
      }
    }
  return with_path(name + "." + home + ":" + (port.is_number_integer() ? std::to_string(port.get<int>()) : "80"), path);
}

void cors_effects(std::vector<Effect>& out, const std::string& object, std::vector<std::string> origins,
                  std::vector<std::string> methods, std::vector<std::string> headers, std::vector<std::string> expose,
                  bool credentials, long max_age) {
  const auto add = [&](std::string what) { out.push_back({Effect::Kind::cors, std::move(what), object}); };
  const auto small = [](std::vector<std::string> words) {
    for (std::string& word : words) word = diag::lower(word);
    return words;
  };
  add("origins " + joined(std::move(origins)));
  add("methods " + joined(std::move(methods)));
  if (!headers.empty()) add("headers " + joined(small(std::move(headers))));
  if (!expose.empty()) add("exposed headers " + joined(small(std::move(expose))));
  if (credentials) add("credentials");
  add("max age " + std::to_string(max_age));
}

void cors_effects(Demand& demand, std::vector<std::string> origins, std::vector<std::string> methods,
                  std::vector<std::string> headers, std::vector<std::string> expose, bool credentials, long max_age) {
  cors_effects(demand.effects, demand.object, std::move(origins), std::move(methods), std::move(headers),
               std::move(expose), credentials, max_age);
}

}  // namespace gw::route::own
