#include "convert/providers/nginx/settings.h"

#include <algorithm>

#include "convert/providers/common.h"
#include "convert/providers/config_maps.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/nginx/global_guards.h"

namespace gw::convert::nginx {
namespace {

using diag::Severity;

bool labelled(const kube::ConfigMap& map) {
  const std::string* name = kube::find(map.metadata.labels, "app.kubernetes.io/name");
  return name && *name == "ingress-nginx";
}

bool tcp_map(const kube::ConfigMap& map) {
  const std::string& name = map.metadata.name;
  return name.ends_with("tcp-services") || (labelled(map) && name.ends_with("-tcp"));
}
bool udp_map(const kube::ConfigMap& map) {
  const std::string& name = map.metadata.name;
  return name.ends_with("udp-services") || (labelled(map) && name.ends_with("-udp"));
}

const yaml::Node* place_of(const kube::ConfigMap& map, const std::string& key) {
  return field_of(map, key).at;
}

struct Key {
  std::string_view name;
  void (*apply)(Settings&, const std::string&);
};
constexpr Key keys[] = {
    {"ssl-redirect", [](Settings& s, const std::string& v) { s.ssl_redirect = truth(v); }},
    {"force-ssl-redirect", [](Settings& s, const std::string& v) { s.force_ssl_redirect = truth(v); }},
    {"http-redirect-code",
     [](Settings& s, const std::string& v) {
       const long code = to_int(v);
       if (code == 301 || code == 302 || code == 307 || code == 308) s.redirect_code = static_cast<int>(code);
     }},
    {"hsts", [](Settings& s, const std::string& v) { s.hsts = truth(v); }},
    {"hsts-include-subdomains", [](Settings& s, const std::string& v) { s.hsts_subdomains = truth(v); }},
    {"hsts-max-age",
     [](Settings& s, const std::string& v) {
       if (integer(v)) s.hsts_age = v;
     }},
    {"hsts-preload", [](Settings& s, const std::string& v) { s.hsts_preload = truth(v); }},
    {"allow-snippet-annotations", [](Settings&, const std::string&) {}},
    {"annotations-risk-level", [](Settings&, const std::string&) {}},
    {"annotation-value-word-blocklist", [](Settings&, const std::string&) {}},
    {"use-port-in-redirects", [](Settings& s, const std::string& v) { s.use_port_in_redirects = truth(v); }},
    {"preserve-trailing-slash", [](Settings& s, const std::string& v) { s.preserve_slash = truth(v); }},
};

// "namespace/service:port[:PROXY[:PROXY]]"
void add_stream(const kube::ConfigMap& map, const std::string& key, const std::string& value, Stream::Kind kind,
                const Input& input, Ir& ir, Ledger& ledger) {
  const auto bad = [&](const std::string& why) {
    ledger.note({"GW614",
                 Severity::error,
                 "'" + key + ": " + value + "' is left out: " + why,
                 {},
                 &map,
                 place_of(map, key),
                 "write PORT: NAMESPACE/SERVICE:PORT",
                 Loss::backend});
  };
  const auto parts = split(value, ':');
  const long port = to_int(key);
  const std::size_t slash = parts.empty() ? std::string::npos : parts[0].find('/');
  if (!integer(key) || port < 1 || port > 65535) return bad("'" + key + "' is not a port");
  if (parts.size() < 2 || slash == std::string::npos) return bad("it names no namespace, Service and port");
  kube::IngressServiceBackend service;
  service.name = std::string_view(parts[0]).substr(slash + 1);
  if (integer(parts[1]))
    service.port.number = static_cast<kube::Port>(to_int(parts[1]));
  else
    service.port.name = std::string_view(parts[1]);
  Stream stream;
  stream.kind = kind;
  stream.owner = &map;
  stream.port = static_cast<kube::Port>(port);
  const auto backend = make_backend(map, map.node ? map.node->find("data") : nullptr,
                                    ir.keep(parts[0].substr(0, slash)), service, input, ledger);
  if (!backend) return;
  stream.backends.push_back(*backend);
  stream.backends.back().name = ir.keep(service.name);
  if (parts.size() > 2)
    ledger.note({"GW603",
                 Severity::warning,
                 "port " + key + ": the PROXY protocol is a setting of the gateway, not of the route",
                 {},
                 &map,
                 nullptr});
  ir.streams.push_back(std::move(stream));
}

}  // namespace

std::string Settings::hsts_value() const {
  return "max-age=" + hsts_age + (hsts_subdomains ? "; includeSubDomains" : "") + (hsts_preload ? "; preload" : "");
}

namespace {

constexpr std::string_view map_names[] = {"ingress-nginx-controller", "nginx-configuration", "ingress-nginx",
                                          "nginx-config", "nginx-ingress-controller"};
constexpr std::string_view charts[] = {"ingress-nginx", "nginx-ingress-controller"};

void read_limits(Settings& settings) {
  const auto text = [&](const char* key) {
    const std::string* value = kube::find(settings.map->data, key);
    return value ? std::string(trim(*value)) : std::string();
  };
  const std::string risk = lower(text("annotations-risk-level"));
  settings.risk = risk == "critical" ? Risk::critical
                  : risk == "medium" ? Risk::medium
                  : risk == "low"    ? Risk::low
                                     : Risk::high;
  settings.snippets = truth(text("allow-snippet-annotations")) && settings.risk == Risk::critical;
  settings.blocked_words = split(text("annotation-value-word-blocklist"));
}

}  // namespace

Settings read_settings(const Input& input, Ir& ir, Ledger& ledger) {
  Settings settings;
  // The settings of the first; what any of them guards is guarded.
  for (const kube::ConfigMap* map : controller_maps(input, {map_names, charts})) {
    const bool first = !settings.map;
    if (first) settings.map = map;
    read_global_guards(*map, settings, ir);
    for (const auto& [name, value] : map->data) {
      const Key* known = std::ranges::find(keys, std::string_view(name), &Key::name);
      if (known != std::end(keys)) {
        if (first) known->apply(settings, value);
      } else if (!guards_globally(name, value)) {
        ledger.note({"GW626",
                     Severity::warning,
                     "setting '" + name + ": " + value +
                         "' of the controller has no counterpart in routes; it belongs to the gateway",
                     {},
                     map,
                     place_of(*map, name)});
      }
    }
  }
  if (settings.map) read_limits(settings);
  return settings;
}

bool streams_given(const kube::Bundle& bundle) {
  return std::any_of(bundle.config_maps.begin(), bundle.config_maps.end(),
                     [](const kube::ConfigMap& map) { return tcp_map(map) || udp_map(map); });
}

namespace {

// Of several releases, that of the classes at hand; where the labels do not tell, the first deployment has them.
bool of_deployment(const kube::ConfigMap& map, const Input& input) {
  const std::string* release = kube::find(map.metadata.labels, "app.kubernetes.io/instance");
  bool told = false;
  for (const kube::IngressClass& c : input.bundle.ingress_classes) {
    const std::string* theirs = kube::find(c.metadata.labels, "app.kubernetes.io/instance");
    if (!release || !theirs || *theirs != *release) continue;
    told = true;
    if (std::find(input.classes.begin(), input.classes.end(), &c) != input.classes.end()) return true;
  }
  return !told && input.first;
}

}  // namespace

void read_streams(const Input& input, Ir& ir, Ledger& ledger) {
  std::vector<const kube::ConfigMap*> maps;
  for (const kube::ConfigMap& map : input.bundle.config_maps) maps.push_back(&map);
  std::sort(maps.begin(), maps.end(), [](const auto* a, const auto* b) { return a->id() < b->id(); });
  for (const kube::ConfigMap* map : maps) {
    const bool tcp = tcp_map(*map);
    if ((!tcp && !udp_map(*map)) || !of_deployment(*map, input)) continue;
    for (const auto& [key, value] : map->data)
      add_stream(*map, key, value, tcp ? Stream::Kind::tcp : Stream::Kind::udp, input, ir, ledger);
  }
}

}  // namespace gw::convert::nginx
