// Traefik's entry points: names of ports that stand in its static configuration. What --entry-point says goes first,
// then what the input holds of that configuration (arguments of a Deployment, a file in a ConfigMap).
#pragma once
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/provider.h"

namespace gw::convert::traefik {

class EntryPoints {
 public:
  explicit EntryPoints(const Input& input);

  // Of a name that is given or configured; "web" and "websecure" are the chart's 80 and 443.
  std::optional<kube::Port> port(std::string_view name) const;
  // What a port of TLS is taken to be when nothing tells: not 443, which everybody reaches.
  static constexpr kube::Port guess = 8443;

 private:
  void read_argument(std::string_view argument);
  void read_arguments(const kube::OtherObject& workload);
  void read_file(std::string_view text);
  void configure(std::string_view name, std::string_view address);

  std::map<std::string, kube::Port, std::less<>> given_, configured_;
};

}  // namespace gw::convert::traefik
