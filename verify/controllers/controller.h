// The old side: what a real Ingress controller answers, read from the Ingress manifests alone. Nothing here knows how
// gwctl converts them; otherwise verify would prove the converter equal to itself.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/index.h"
#include "route/profile.h"

namespace gw::verify {

struct ControllerOptions {
  // Data of the controller's own ConfigMap. Wins over a ConfigMap found in the input under a well-known name
  // (ingress-nginx-controller, nginx-config, haproxy-kubernetes-ingress, haproxy-ingress, ...).
  kube::StringMap config_map;
  std::vector<std::string> flags;  // of the controller's command line: "--strict-host=true", "providers.x.y=z"
  // A Secret or ConfigMap that the set lacks is taken to exist (verify); otherwise it is missing, as the controller
  // sees it.
  bool assume_secrets = false;
  // Where nothing of the set names a class, its Ingresses are taken to be of the controller's own (verify); otherwise
  // they are nobody's, as the controller sees it.
  bool assume_class = false;
};

// How a raw request path becomes the text that paths and regexes are compared with. On canonical paths (no "//", no dot
// segments, no escapes, no '#') every one of them is the identity.
enum class PathView : std::uint8_t {
  nginx,    // decoded, slashes merged, dot segments resolved, %2F is a slash; above the root: 400
  raw,      // as sent
  traefik,  // cleaned (clamped at the root), reserved characters stay encoded
};

struct PathRegex {
  std::string pattern;  // RE2 syntax when `re2`, flags included; matches when found anywhere in the path
  bool re2 = true;      // false: needs PCRE (look-around, back-reference, ...); its class can only be sampled
};

// A named value that rules test: a header, a cookie, a query parameter.
struct NamedValues {
  std::string name;
  std::vector<std::string> values;     // compared literally; empty with no regex: only presence counts
  std::vector<PathRegex> expressions;  // found anywhere in the value
};

// Everything about requests with one host pattern at which an answer may change. A request is also subject to the
// boundaries of every other pattern that its host matches where the controller falls through.
struct HostBoundaries {
  std::string host;    // lower case; "*.example.com"; empty: every host
  bool regex = false;  // `host` is a regular expression over the whole name (aliases)
  std::vector<std::string>
      paths;  // literals; the classes are: equal, p + "/...", p as a byte prefix, p without its "/"
  std::vector<PathRegex> regexes;
  std::vector<NamedValues> headers, cookies, queries;
  std::vector<std::string> preflights;  // origins for which a CORS preflight is worth asking
  std::vector<std::string> methods;     // "OPTIONS", ...
  std::vector<std::string> sampled;     // why a dimension can only be sampled, for people
  diag::Span span;                      // the first rule that names the host
  // What the side does for this host, as a number, without the host's own name and the names of its Services, which
  // stand in `services` in the order in which they are met. Hosts with equal numbers are answered alike but for names.
  // 0: nobody says.
  std::size_t shape = 0;
  std::vector<std::string> services;
};

struct Boundaries {
  PathView path_view = PathView::nginx;
  bool one_label_wildcards = true;        // "*.example.com" takes exactly one label
  bool falls_through = false;             // an unmatched path tries the wildcard and then the host-less rules
  std::vector<HostBoundaries> hosts;      // ascending by host
  std::vector<std::string> server_names;  // names whose TLS settings differ (certificates, pass-through)
  std::vector<std::pair<route::Scheme, std::uint16_t>> ports;  // besides 80 and 443, ascending
  bool tls_for_names_only = false;  // a host outside server_names has no certificate that clients would trust
  std::optional<std::vector<std::string>> certificates;  // names and wildcards of spec.tls; nullopt: not known
};

// Whether a client that asks for the host over https meets a certificate for it; true where nothing tells.
bool has_certificate(const Boundaries& side, std::string_view host);

// The names for which Ingresses ask for certificates: spec.tls with its hosts, or the hosts of the rules without any.
std::vector<std::string> certificate_hosts(const kube::Index& index);

// The port of a request that names none: the scheme's own where both sides know another one of the scheme, so that it
// is meant by its number; else 0, whatever listens for the scheme.
std::uint16_t plain_port(route::Scheme scheme, const Boundaries& old_side, const Boundaries& new_side);

class Controller : public route::Model {
 public:
  // What its rules compare with: hosts, paths, headers. Between them it answers alike.
  virtual Boundaries boundaries() const = 0;
  // False: built from the controller's documentation, never held against a running one.
  virtual bool measured() const = 0;
};

// `name`: one of controller_names(), or its other name in vendors/ingress_controllers. Null for one without a model.
// Borrows the Index for the call only; spans in answers point into the Sources that the Bundle was read from.
std::unique_ptr<Controller> make_controller(std::string_view name, const kube::Index& index,
                                            const ControllerOptions& options = {});

// The controller whose model answers for the routes of this object of a controller's own kind (IngressRoute,
// VirtualServer, HTTPProxy, VirtualService); empty: none does.
std::string_view model_of_kind(const kube::OtherObject& object);

// Is there a model of it? By either of its names.
bool has_model(std::string_view controller);

// Their names in a fixed order, for usage texts.
const std::vector<std::string_view>& controller_names();

// Guesses the controller of a set: by IngressClass.spec.controller, then class names, then annotation prefixes.
// Empty when there is no Ingress or nothing tells.
std::string detect(const kube::Index& index);

}  // namespace gw::verify
