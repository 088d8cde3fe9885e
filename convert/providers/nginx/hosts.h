// The hosts ("servers") and locations that ingress-nginx makes of all Ingresses together.
#pragma once
#include <map>
#include <string>
#include <unordered_map>
#include <vector>

#include "convert/providers/nginx/rows.h"

namespace gw::convert::nginx {

struct Location {
  std::string_view path;
  bool exact = false;
  bool implicit = false;  // the '/' that every host has; its annotations are those of the first Ingress
  const Config* config = nullptr;
  const kube::IngressBackend* backend = nullptr;  // null: the controller's 404
  const yaml::Node* at = nullptr;
};

struct Host {
  std::string_view name;          // empty: "_"
  const Config* first = nullptr;  // its oldest Ingress
  const Config* tls = nullptr;    // the oldest with spec.tls
  const Config* alias_owner = nullptr;
  const Config* snippet = nullptr;  // the oldest whose server-snippet may decide who comes in
  std::vector<Intent> intents;      // of the whole host: of each kind the oldest's
  std::vector<Location> locations;
};

// A Service and port that several paths use; a canary hangs here.
struct Upstream {
  const Config* creator = nullptr;
  const kube::IngressBackend* backend = nullptr;
  const Upstream* canary = nullptr;  // only the first counts
};

struct Hosts {
  std::map<std::string_view, Host> by_name;
  std::unordered_map<std::string, Upstream> upstreams;  // empty where there is no canary

  // "ns/service:port", how `upstreams` names a backend.
  static std::string key(std::string_view ns, const kube::IngressBackend& backend);
  // Of the location's Service; null where no location shaped one.
  const Upstream* upstream(const Location& location) const;
};

// `configs` oldest first.
Hosts make_hosts(const std::vector<Config>& configs, Ir& ir, Ledger& ledger);

// Why NGINX cannot load this host ("duplicate location"); empty: it can.
std::string refused(const Host& host);

// Does one annotation turn every location of the host into a regular expression?
bool regex_host(const Host& host);

}  // namespace gw::convert::nginx
