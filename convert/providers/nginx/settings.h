// The controller's ConfigMap, where it is among the input; else its defaults.
#pragma once
#include <string>
#include <vector>

#include "convert/provider.h"

namespace gw::convert::nginx {

struct Settings {
  const kube::ConfigMap* map = nullptr;
  bool ssl_redirect = true, force_ssl_redirect = false;
  int redirect_code = 308;
  bool hsts = true, hsts_subdomains = true, hsts_preload = false;
  std::string hsts_age = "31536000";
  bool snippets = false;
  bool use_port_in_redirects = false;
  bool preserve_slash = false;

  std::string hsts_value() const;
};

// Notes every key of the ConfigMap that has no counterpart.
Settings read_settings(const Input& input, Ledger& ledger);

// TCP and UDP services by their ConfigMaps; are there any?
bool streams_given(const kube::Bundle& bundle);
void read_streams(const Input& input, Ir& ir, Ledger& ledger);

}  // namespace gw::convert::nginx
