// Envoy under an Ingress controller: how it reads a raw path, finds a virtual host, tries routes in order and writes a
// Location. Istio, Contour and Cilium differ in what they make of their objects; that is theirs (istio.cpp,
// contour.cpp, cilium.cpp and what they include).
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "route/network.h"
#include "verify/controllers/controller.h"
#include "verify/controllers/pattern.h"

namespace gw::verify::envoy {

struct PathReading {
  bool merge_slashes = false;
  bool cuts_fragment = false;  // otherwise '#' is refused
};
struct Path {
  int error = 0;  // 400; 0 when good
  std::string text;
};
// `raw` has no query. Unreserved escapes are decoded, '\' is '/', dot segments are resolved (above the root they
// vanish).
Path read_path(std::string_view raw, const PathReading& reading);

// A test on a header, a query parameter or another part of the request.
struct Condition {
  enum class On : std::uint8_t { header, query, method, authority, scheme, port } on = On::header;
  enum class How : std::uint8_t { exact, prefix, suffix, contains, regex, present } how = How::exact;
  std::string name, value;
  Pattern pattern;  // of regex: matches the whole value
  bool ignore_case = false;
  bool negated = false;
  bool missing_is_empty = false;  // otherwise a value that is not there fits nothing, negated or not
  bool missing_fits = false;
};

struct Destination {
  std::string backend;
  kube::Port port = 0;
  std::uint64_t weight = 1;
  int broken = 0;  // answered in its share instead of a backend
};

// Envoy's redirect: a port in Host stays unless one is given or it is the default of a scheme that changes.
struct Redirect {
  int code = 301;
  std::string scheme, hostname, port, path, prefix;  // empty: as it was; `prefix` replaces what the path matched
  bool has_prefix = false;
};

struct Rewrite {
  enum class Kind : std::uint8_t { none, matched, regex } kind = Kind::none;
  std::string text;
  Pattern pattern;
  std::string authority;
};

struct Cors {
  struct Origin {
    Condition::How how = Condition::How::exact;
    std::string text;
    Pattern pattern;
  };
  std::vector<Origin> origins;
  bool answers_others = false;  // a preflight of an origin that is not allowed, too
};

struct Route {
  enum class Kind : std::uint8_t { exact, element, prefix, regex } kind = Kind::prefix;
  std::string path = "/";
  Pattern expression;
  bool ignore_case = false;
  std::vector<Condition> conditions;

  int direct = 0;                                       // answered by Envoy itself
  std::shared_ptr<const route::AddressRule> addresses;  // who is let in; null: everybody
  std::optional<Redirect> redirect;
  std::vector<Destination> destinations;
  int no_destination = 503;
  Rewrite rewrite;
  std::shared_ptr<const Cors> cors;
  bool upgrades = true;  // otherwise an Upgrade is answered with 403
  std::vector<std::string> attributes;
  std::string unmodelled;
  route::RuleRef origin;

  // Routes that stand in for each other: which of them is there changes from one rebuild to the next. Empty: alone.
  std::string rivals;
};

struct VirtualHost {
  std::vector<Route> routes;  // in the order in which Envoy tries them
  Pattern authority;          // of a wildcard: what Host must look like, else 404
  bool checks_authority = false;
};
using Table = std::map<std::string, VirtualHost>;  // by "a.x", "*.x", "" for every host

// A TLS filter chain. Without a certificate the handshake fails.
struct Chain {
  std::string name;  // of the SNI: "a.x", "*.x", "" for every one
  std::shared_ptr<const Table> table;
  bool handshake = true;
  bool misdirects = false;  // 421 where Host is not what the SNI asked for
  std::string unmodelled;   // passed through
};

struct Balancer {
  std::optional<Table> http;  // none: nothing listens
  std::vector<Chain> https;
  std::string refused;         // why Envoy or its agent refuses the configuration
  bool refused_whole = false;  // then nothing listens; otherwise every host answers 404
};

struct Traits {
  PathReading paths;
  bool http10 = false;                // otherwise 426
  bool wildcards_ignore_port = true;  // otherwise "*.x" does not match a Host with a port
  bool strips_final_dot = false;      // of Host
};

// Several balancers: each has its own address, and a request may be meant for any of them that knows its host.
std::unique_ptr<Controller> make(std::vector<Balancer> balancers, Traits traits);

// "h:8080" without its port.
std::string_view without_port(std::string_view host);
// A full match of RE2.
Pattern full(std::string_view expression);

}  // namespace gw::verify::envoy
