// Traefik's Middlewares that change where a request goes or answer it; the rest is named as not modelled.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "kube/bundle.h"
#include "route/answer.h"
#include "route/request.h"
#include "verify/controllers/controller.h"
#include "verify/controllers/pattern.h"

namespace gw::verify::traefik {

// A request on its way through a chain.
struct Passage {
  const route::Request& request;
  std::string path;   // escaped
  std::string query;  // with '?'
  std::optional<route::Answer> answer;
};

struct Middleware {
  enum class Kind : std::uint8_t {
    strip_prefix,
    strip_prefix_regex,
    add_prefix,
    replace_path,
    replace_path_regex,
    redirect_scheme,
    redirect_regex,
    ip_allow_list,
    basic_auth,
    harmless,
    unknown
  };
  Kind kind = Kind::unknown;
  std::string name;                 // "stripPrefix"
  std::vector<std::string> values;  // prefixes, ranges
  Pattern expression;
  std::string text;  // prefix, path, replacement, scheme
  std::string port;
  bool permanent = false;

  // Changes the path on its way, or answers.
  void apply(Passage& passage) const;
  // Adds the texts at which this Middleware begins to answer otherwise.
  void bound(HostBoundaries& host) const;
};

// "ns-name@kubernetescrd" with chains opened; empty when it does not exist.
std::vector<Middleware> middlewares(const kube::Bundle& bundle, std::string_view reference);

}  // namespace gw::verify::traefik
