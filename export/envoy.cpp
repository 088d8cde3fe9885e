#include "export/envoy.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "export/parts.h"
#include "graph/route_map.h"
#include "kube/paths.h"

namespace gw::envoy {
namespace {

// Listener hostnames and route hostnames: a name, "*.suffix", or "" for every name.
bool covers(const std::string& pattern, const std::string& host) {
  if (pattern.empty() || pattern == host) return true;
  return pattern.starts_with("*.") && host.size() >= pattern.size() &&
         host.ends_with(std::string_view(pattern).substr(1)) && !(host.size() == pattern.size() - 1);
}

std::size_t specificity(const std::string& pattern) {
  return pattern.empty() ? 0 : pattern.starts_with("*.") ? pattern.size() : 1000 + pattern.size();
}

// All listeners of one socket: a port of a Gateway, and what they carry (HTTP, TLS, TCP, UDP).
struct Socket {
  const kube::Gateway* gateway = nullptr;
  std::string address;
  int port = 0;  // of the socket
  kube::Port gateway_port = 0;
  enum class Kind : std::uint8_t { http, tls, tcp, udp } kind = Kind::http;
  std::vector<std::size_t> listeners;  // numbers in the Table
  std::string name() const {
    static constexpr const char* kinds[] = {"http", "tls", "tcp", "udp"};
    return gateway->metadata.ns + "/" + gateway->metadata.name + "/" + kinds[static_cast<std::size_t>(kind)] + "-" +
           std::to_string(gateway_port);
  }
};

Socket::Kind kind_of(route::Protocol protocol) {
  switch (protocol) {
    case route::Protocol::http:
      return Socket::Kind::http;
    case route::Protocol::https:
    case route::Protocol::tls:
      return Socket::Kind::tls;
    case route::Protocol::tcp:
      return Socket::Kind::tcp;
    case route::Protocol::udp:
      return Socket::Kind::udp;
  }
  return Socket::Kind::tcp;
}

class Exporter {
 public:
  Exporter(const route::Attachments& attachments, const route::Table& table, const Options& options)
      : attachments_(attachments),
        table_(table),
        options_(options),
        map_(graph::route_map(attachments, table)),
        clusters_(options, notes_) {}

  Result<Export> run() {
    if (auto status = collect_sockets(); !status) return status.error();
    Json listeners = Json::array();
    for (const Socket& socket : sockets_) {
      Json listener = make_listener(socket);
      if (!listener.is_null()) listeners.push_back(std::move(listener));
    }
    if (listeners.empty()) return Error{"no Gateway has a listener that takes traffic", "gwctl validate says why"};
    return assemble(std::move(listeners));
  }

 private:
  // ---- sockets

  Status collect_sockets() {
    for (std::size_t i = 0; i < table_.listeners().size(); ++i) {
      const route::Listener& listener = table_.listeners()[i];
      const kube::Gateway* gateway = attachments_.listeners[i].gateway;
      if (!listener.usable || gateway == nullptr) continue;
      if (options_.gateway && *options_.gateway != listener.gateway) continue;
      for (const std::string& address : addresses_of(*gateway)) add_to_socket(*gateway, address, listener, i);
    }
    if (sockets_.empty() && options_.gateway)
      return Error{"Gateway " + options_.gateway->display() + " has no listener that takes traffic",
                   "gwctl validate says why"};
    for (std::size_t i = 0; i < sockets_.size(); ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (clash(sockets_[i], sockets_[j]))
          return Error{"Gateways " + sockets_[j].gateway->id().display() + " and " +
                           sockets_[i].gateway->id().display() + " would both listen on " + sockets_[i].address + ":" +
                           std::to_string(sockets_[i].port),
                       "give them spec.addresses, or export one of them with --gateway"};
    return Unit{};
  }

  static bool clash(const Socket& a, const Socket& b) {
    const bool udp = a.kind == Socket::Kind::udp;
    return a.address == b.address && a.port == b.port && udp == (b.kind == Socket::Kind::udp);
  }

  std::vector<std::string> addresses_of(const kube::Gateway& gateway) const {
    std::vector<std::string> out;
    for (const auto& address : gateway.spec.addresses)
      if (address.type.value_or("IPAddress") == "IPAddress") out.push_back(address.value);
    if (out.empty()) out.push_back(options_.address);
    return out;
  }

  void add_to_socket(const kube::Gateway& gateway, const std::string& address, const route::Listener& listener,
                     std::size_t number) {
    const auto moved = options_.port_map.find(listener.port);
    const int port = moved == options_.port_map.end() ? listener.port : moved->second;
    const Socket::Kind kind = kind_of(listener.protocol);
    for (Socket& socket : sockets_) {
      if (socket.gateway != &gateway || socket.address != address || socket.port != port || socket.kind != kind)
        continue;
      socket.listeners.push_back(number);
      return;
    }
    sockets_.push_back({&gateway, address, port, listener.port, kind, {number}});
  }

  // ---- virtual hosts

  // The listener of the socket whose hostname is the most specific one for `host` (a name or a wildcard).
  std::size_t owner_of(const Socket& socket, const std::string& host) const {
    std::size_t best = socket.listeners.front();
    bool found = false;
    for (std::size_t number : socket.listeners) {
      const std::string& pattern = table_.listeners()[number].hostname;
      if (!covers(pattern, host)) continue;
      if (found && specificity(pattern) <= specificity(table_.listeners()[best].hostname)) continue;
      best = number;
      found = true;
    }
    return best;
  }

  static Json domains(const std::string& host) {
    if (host.empty()) return {"*"};
    return {host, host + "."};  // a final dot is the same name
  }

  const graph::ListenerMap* map_of(const route::Listener& listener) const {
    for (const graph::ListenerMap& map : map_)
      if (map.listener == &listener) return &map;
    return nullptr;
  }

  // The hosts of one listener that no more specific listener of the socket takes away, its own name included: a name
  // without routes answers 404 and does not fall to a wider listener.
  void add_hosts(const Socket& socket, std::size_t number, RouteParts& parts, std::map<std::string, Json>& hosts) {
    const route::Listener& listener = table_.listeners()[number];
    if (const graph::ListenerMap* map = map_of(listener))
      for (const graph::HostMap& host : map->hosts) {
        if (owner_of(socket, host.hostname.empty() ? listener.hostname : host.hostname) != number) continue;
        Json routes = Json::array();
        for (const graph::MatchRow& row : host.rows) routes.push_back(make_route(row, listener, parts));
        hosts.try_emplace(host.hostname, std::move(routes));
      }
    hosts.try_emplace(listener.hostname, Json::array());
  }

  static Json virtual_hosts(const std::map<std::string, Json>& hosts) {
    Json out = Json::array();
    for (const auto& [host, routes] : hosts)
      out.push_back({{"name", host.empty() ? "*" : host}, {"domains", domains(host)}, {"routes", routes}});
    return out;
  }

  static Json route_configuration(const std::string& name, const std::map<std::string, Json>& hosts) {
    // A cluster "invalid" is named and never defined; its requests answer 500.
    return {{"name", name},
            {"virtual_hosts", virtual_hosts(hosts)},
            {"ignore_port_in_host_matching", true},
            {"validate_clusters", false}};
  }

  // ---- filters

  Json http_manager(const std::string& name, Json routes, const RouteParts& parts) {
    Json filters = Json::array();
    if (parts.cors)
      filters.push_back({{"name", "envoy.filters.http.cors"},
                         {"typed_config", any("envoy.extensions.filters.http.cors.v3.Cors", Json::object())}});
    if (parts.sessions)
      filters.push_back(
          {{"name", "envoy.filters.http.stateful_session"},
           {"typed_config", any("envoy.extensions.filters.http.stateful_session.v3.StatefulSession", Json::object())}});
    filters.push_back(
        {{"name", "envoy.filters.http.router"},
         {"typed_config", any("envoy.extensions.filters.http.router.v3.Router", {{"suppress_envoy_headers", true}})}});
    Json config = {{"stat_prefix", name},
                   {"use_remote_address", true},
                   {"normalize_path", true},
                   {"merge_slashes", true},
                   {"path_with_escaped_slashes_action", "UNESCAPE_AND_FORWARD"},
                   {"generate_request_id", false},
                   {"server_header_transformation", "PASS_THROUGH"},
                   {"http_protocol_options", {{"accept_http_10", true}}},
                   {"upgrade_configs", {{{"upgrade_type", "websocket"}}}}};
    if (options_.xds_dir.empty()) {
      config["route_config"] = std::move(routes);
    } else {
      const std::string file = "rds-" + std::to_string(rds_.size());
      config["rds"] = {{"route_config_name", name}, {"config_source", file_source(file)}};
      rds_.push_back({file, resources("envoy.config.route.v3.RouteConfiguration", Json::array({std::move(routes)}))});
    }
    config["http_filters"] = std::move(filters);
    return {{"name", "envoy.filters.network.http_connection_manager"},
            {"typed_config", any("envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager",
                                 std::move(config))}};
  }

  static Json tcp_proxy(const std::string& name, Json target) {
    Json config = {{"stat_prefix", name}};
    config.update(target);
    return {{"name", "envoy.filters.network.tcp_proxy"},
            {"typed_config", any("envoy.extensions.filters.network.tcp_proxy.v3.TcpProxy", std::move(config))}};
  }

  Json tls_context(const route::Listener& listener) {
    Json pairs = Json::array();
    for (const kube::NamespacedName& secret : listener.certificates) {
      certificates_.insert(secret);
      const std::string base = options_.cert_dir + "/" + secret.ns + "/" + secret.name + "/";
      pairs.push_back(
          {{"certificate_chain", {{"filename", base + "tls.crt"}}}, {"private_key", {{"filename", base + "tls.key"}}}});
    }
    Json common = {{"alpn_protocols", {"h2", "http/1.1"}}, {"tls_certificates", std::move(pairs)}};
    Json context = Json::object();
    if (listener.client_validation) {
      Json validation = {{"trusted_ca", {{"inline_string", listener.client_validation->ca_pem}}}};
      if (listener.client_validation->allow_insecure_fallback)
        validation["trust_chain_verification"] = "ACCEPT_UNTRUSTED";
      common["validation_context"] = std::move(validation);
      context["require_client_certificate"] = !listener.client_validation->allow_insecure_fallback;
    }
    context["common_tls_context"] = std::move(common);
    return {
        {"name", "envoy.transport_sockets.tls"},
        {"typed_config", any("envoy.extensions.transport_sockets.tls.v3.DownstreamTlsContext", std::move(context))}};
  }

  static Json server_names(const std::string& hostname) {
    Json match = Json::object();
    if (!hostname.empty()) match["server_names"] = {hostname};
    return match;
  }

  // ---- listeners

  Json make_listener(const Socket& socket) {
    switch (socket.kind) {
      case Socket::Kind::http:
        return http_listener(socket);
      case Socket::Kind::tls:
        return tls_listener(socket);
      case Socket::Kind::tcp:
        return tcp_listener(socket);
      case Socket::Kind::udp:
        return udp_listener(socket);
    }
    return nullptr;
  }

  Json base(const Socket& socket, const char* protocol) const {
    Json address = {{"protocol", protocol}, {"address", socket.address}, {"port_value", socket.port}};
    std::string name = socket.name();
    if (socket.gateway->spec.addresses.size() > 1) name += "@" + socket.address;
    return {{"name", name}, {"address", {{"socket_address", std::move(address)}}}};
  }

  Json http_listener(const Socket& socket) {
    RouteParts parts{clusters_, notes_};
    std::map<std::string, Json> hosts;
    for (std::size_t number : socket.listeners) add_hosts(socket, number, parts, hosts);
    Json out = base(socket, "TCP");
    Json manager = http_manager(out["name"], route_configuration(out["name"], hosts), parts);
    out["filter_chains"] = Json::array({{{"filters", Json::array({std::move(manager)})}}});
    return out;
  }

  // A listener of HTTPS sees its own hosts; a request for another listener's name is misdirected (421).
  Json https_chain(const Socket& socket, std::size_t number, const std::string& name) {
    const route::Listener& listener = table_.listeners()[number];
    RouteParts parts{clusters_, notes_};
    std::map<std::string, Json> hosts;
    add_hosts(socket, number, parts, hosts);
    const Json misdirected = Json::array({{{"match", {{"prefix", "/"}}}, {"direct_response", {{"status", 421}}}}});
    for (std::size_t other : socket.listeners) hosts.try_emplace(table_.listeners()[other].hostname, misdirected);
    const std::string full = name + "/" + listener.name;
    return {{"filter_chain_match", server_names(listener.hostname)},
            {"filters", Json::array({http_manager(full, route_configuration(full, hosts), parts)})},
            {"transport_socket", tls_context(listener)},
            {"name", listener.name}};
  }

  Json tls_listener(const Socket& socket) {
    Json out = base(socket, "TCP");
    Json chains = Json::array();
    for (std::size_t number : socket.listeners) {
      const route::Listener& listener = table_.listeners()[number];
      if (listener.protocol == route::Protocol::https)
        chains.push_back(https_chain(socket, number, out["name"]));
      else
        add_tls_chains(socket, number, out["name"], chains);
    }
    if (chains.empty()) return nullptr;
    out["listener_filters"] = Json::array(
        {{{"name", "envoy.filters.listener.tls_inspector"},
          {"typed_config", any("envoy.extensions.filters.listener.tls_inspector.v3.TlsInspector", Json::object())}}});
    out["filter_chains"] = std::move(chains);
    return out;
  }

  Json l4_target(const route::L4Rule& rule, const std::string& listener) {
    const bool invalid = std::any_of(rule.backends.begin(), rule.backends.end(), [](const route::Backend& backend) {
      return backend.weight != 0 && backend.state == route::BackendState::invalid;
    });
    if (invalid)
      notes_.insert(
          "listener " + listener +
          ": connections to a backend that does not exist are refused by gwctl; Envoy has no word for a share "
          "of them, the other backends take them");
    return tcp_target(rule, clusters_);
  }

  // TLSRoutes: a chain for each name, passed through or terminated.
  void add_tls_chains(const Socket& socket, std::size_t number, const std::string& name, Json& chains) {
    const route::Listener& listener = table_.listeners()[number];
    std::set<std::string> hosts;
    for (const route::ParentStatus& parent : attachments_.parents) {
      if (!parent.accepted || parent.route_kind != "TLSRoute") continue;
      for (const route::ParentStatus::On& on : parent.on)
        if (on.listener == number) hosts.insert(on.hostnames.begin(), on.hostnames.end());
    }
    for (const std::string& host : hosts) {
      if (owner_of(socket, host.empty() ? listener.hostname : host) != number) continue;
      const std::string asked = host.starts_with("*.") ? "x" + host.substr(1) : host;
      const route::L4Rule* rule = table_.tls(listener.gateway, listener.port, asked);
      Json target = rule == nullptr ? Json() : l4_target(*rule, name + "/" + listener.name);
      if (target.is_null()) continue;
      Json chain = {{"filter_chain_match", server_names(host)},
                    {"filters", Json::array({tcp_proxy(name + "/" + listener.name, std::move(target))})},
                    {"name", listener.name + " " + (host.empty() ? "*" : host)}};
      if (!listener.passthrough) chain["transport_socket"] = tls_context(listener);
      chains.push_back(std::move(chain));
    }
  }

  Json tcp_listener(const Socket& socket) {
    const route::Listener& listener = table_.listeners()[socket.listeners.front()];
    const route::L4Rule* rule = table_.l4(listener.gateway, listener.port, route::Protocol::tcp);
    Json target = rule == nullptr ? Json() : l4_target(*rule, socket.name());
    if (target.is_null()) return nullptr;
    Json out = base(socket, "TCP");
    out["filter_chains"] = Json::array({{{"filters", Json::array({tcp_proxy(socket.name(), std::move(target))})}}});
    return out;
  }

  Json udp_listener(const Socket& socket) {
    const route::Listener& listener = table_.listeners()[socket.listeners.front()];
    const route::L4Rule* rule = table_.l4(listener.gateway, listener.port, route::Protocol::udp);
    Json target = rule == nullptr ? Json() : l4_target(*rule, socket.name());
    if (target.is_null()) return nullptr;
    if (!target.contains("cluster")) {
      notes_.insert("UDP listener " + socket.name() + ": Envoy sends datagrams to one cluster; the first one is used");
      target = {{"cluster", target["weighted_clusters"]["clusters"][0]["name"]}};
    }
    const Json action = {{"name", "route"},
                         {"typed_config", any("envoy.extensions.filters.udp.udp_proxy.v3.Route", target)}};
    Json proxy = {{"stat_prefix", socket.name()}, {"matcher", {{"on_no_match", {{"action", action}}}}}};
    Json out = base(socket, "UDP");
    out["udp_listener_config"] = Json::object();
    out["listener_filters"] = Json::array(
        {{{"name", "envoy.filters.udp_listener.udp_proxy"},
          {"typed_config", any("envoy.extensions.filters.udp.udp_proxy.v3.UdpProxyConfig", std::move(proxy))}}});
    return out;
  }

  // ---- files

  Json file_source(const std::string& file) const {
    return {{"path_config_source",
             {{"path", options_.xds_dir + "/" + file + ".json"}, {"watched_directory", {{"path", options_.xds_dir}}}}},
            {"resource_api_version", "V3"}};
  }

  static std::string resources(std::string_view type, Json list) {
    Json typed = Json::array();
    for (Json& one : list) typed.push_back(any(type, std::move(one)));
    return Json{{"resources", std::move(typed)}}.dump();
  }

  Export assemble(Json listeners) {
    Export out;
    Json bootstrap = Json::object();
    bootstrap["node"] = {{"id", "gwctl"}, {"cluster", "gwctl"}};
    if (!options_.admin.empty()) {
      const auto colon = options_.admin.rfind(':');
      bootstrap["admin"] = {{"address",
                             {{"socket_address",
                               {{"address", options_.admin.substr(0, colon)},
                                {"port_value", std::stoi(options_.admin.substr(colon + 1))}}}}}};
    }
    if (options_.xds_dir.empty()) {
      bootstrap["static_resources"] = {{"listeners", std::move(listeners)}, {"clusters", clusters_.all()}};
      out.files.push_back({"bootstrap", bootstrap.dump()});
    } else {
      bootstrap["dynamic_resources"] = {{"lds_config", file_source("lds")}, {"cds_config", file_source("cds")}};
      out.files.push_back({"bootstrap", bootstrap.dump()});
      for (File& file : rds_) out.files.push_back(std::move(file));
      out.files.push_back({"cds", resources("envoy.config.cluster.v3.Cluster", clusters_.all())});
      out.files.push_back({"lds", resources("envoy.config.listener.v3.Listener", std::move(listeners))});
    }
    out.notes.assign(notes_.begin(), notes_.end());
    out.certificates.assign(certificates_.begin(), certificates_.end());
    return out;
  }

  const route::Attachments& attachments_;
  const route::Table& table_;
  const Options& options_;
  const std::vector<graph::ListenerMap> map_;
  std::set<std::string> notes_;
  Clusters clusters_;
  std::vector<Socket> sockets_;
  std::vector<File> rds_;
  std::set<kube::NamespacedName> certificates_;
};

}  // namespace

Result<Export> make(const route::Attachments& attachments, const route::Table& table, const Options& options) {
  auto made = Exporter(attachments, table, options).run();
  if (made)
    for (const kube::NamespacedName& secret : made->certificates)
      if (const auto place = kube::named_path({secret.ns, secret.name}, "/", ""); !place) return place.error();
  return made;
}

}  // namespace gw::envoy
