// `gwctl serve --engine envoy`: the exported configuration in a real Envoy that is started, fed and ended here.
#pragma once
#include <map>
#include <string>

#include "cli/command.h"

namespace gw::cli {

struct ServeEnvoy {
  Inputs inputs;
  std::map<int, int> port_map;
  std::string admin;  // ADDRESS:PORT or none
  bool watch = false, demo = false;
};

// Runs until SIGTERM or SIGINT; SIGHUP (and, with watch, a changed file) writes the configuration anew, which Envoy
// reads by itself. The binary: $GWCTL_ENVOY, else `envoy` on PATH.
int serve_with_envoy(const ServeEnvoy& options);

}  // namespace gw::cli
