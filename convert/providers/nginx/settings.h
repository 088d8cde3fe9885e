// The controller's ConfigMap, where it is among the input; else its defaults.
#pragma once
#include <string>
#include <vector>

#include "convert/provider.h"

namespace gw::convert::nginx {

enum class Risk : std::uint8_t { low, medium, high, critical };  // of an annotation, as the controller ranks them

struct Settings {
  const kube::ConfigMap* map = nullptr;
  bool ssl_redirect = true, force_ssl_redirect = false;
  int redirect_code = 308;
  bool hsts = true, hsts_subdomains = true, hsts_preload = false;
  std::string hsts_age = "31536000";
  bool snippets = false;
  bool use_port_in_redirects = false;
  bool preserve_slash = false;
  Risk risk = Risk::high;                  // annotations above it drop their Ingress
  std::vector<std::string> blocked_words;  // in a value of an annotation, they drop its Ingress

  // What the ConfigMap demands of every Ingress that does not say otherwise itself.
  std::vector<Intent> auth;         // without auth-url, and not with enable-global-auth: "false"
  std::vector<Intent> allow, deny;  // without a list of its own
  std::vector<Intent> firewall;     // without enable-modsecurity: "false"
  std::vector<Intent> always;

  std::string hsts_value() const;  // of the header Strict-Transport-Security
};

// Notes every key of the ConfigMap that neither guards nor has a counterpart.
Settings read_settings(const Input& input, Ir& ir, Ledger& ledger);

// TCP and UDP services by their ConfigMaps; are there any?
bool streams_given(const kube::Bundle& bundle);
// Adds to `ir` what the ConfigMaps of TCP and UDP services forward: "port: ns/service:port".
void read_streams(const Input& input, Ir& ir, Ledger& ledger);

}  // namespace gw::convert::nginx
