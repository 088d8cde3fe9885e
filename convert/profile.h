// What a gateway is known to do with Gateway API fields: the extended features of its published conformance report, and
// how it reads what the specification leaves open. What a route uses and its target lacks is told before it is applied.
#pragma once
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

namespace gw::convert {

// Those that a converted route can use. Names and API versions stand in features().
enum class Feature : std::uint8_t {
  redirect_303,
  redirect_307,
  redirect_308,
  scheme_redirect,
  port_redirect,
  path_redirect,
  path_rewrite,  // ReplacePrefixMatch
  full_path_rewrite,
  host_rewrite,
  response_headers,
  cors,
  mirror,
  mirrors,  // more than one
  mirror_share,
  request_timeout,
  backend_timeout,
  method_match,
  query_match,
  regex_match,  // of paths, headers and query parameters
  named_rule,
  retry,
  session_persistence,
  external_auth,
  backend_tls,
  h2c_backend,
  listener_set,
  tls_route,
  tcp_route,
  udp_route,
};
inline constexpr std::size_t feature_count = static_cast<std::size_t>(Feature::udp_route) + 1;

// A minor version of Gateway API, v1.N; never: not in that channel.
using Minor = std::uint8_t;
inline constexpr Minor in_no_release = 255;

struct FeatureInfo {
  std::string_view name;         // as the conformance suite writes it; for what the suite has no name for, the field
  Minor standard, experimental;  // the first version whose CRDs have the field
};
const FeatureInfo& info(Feature feature);  // the feature's name in conformance reports, and since when the API has it

// How a gateway takes a RegularExpression path.
enum class Anchor : std::uint8_t { both, start, none };

// Which path a gateway tries first; exact ones always are.
enum class Rank : std::uint8_t {
  regex_first,  // expressions, then prefixes, longer ones first
  length,       // the longer of the two
};

class FeatureSet {
 public:
  constexpr FeatureSet() = default;
  constexpr FeatureSet(std::initializer_list<Feature> features) {  // NOLINT: a list of features is a set of them
    for (const Feature f : features) bits_ |= bit(f);
  }
  // Every feature without these.
  static constexpr FeatureSet all_but(std::initializer_list<Feature> features) {
    FeatureSet out;
    out.bits_ = ~FeatureSet(features).bits_;
    return out;
  }
  constexpr bool has(Feature f) const { return (bits_ & bit(f)) != 0; }  // is it one of them?

 private:
  static constexpr std::uint64_t bit(Feature f) { return std::uint64_t{1} << static_cast<unsigned>(f); }
  std::uint64_t bits_ = 0;
};

struct Profile {
  std::string_view target;
  std::string_view report;  // the one the features are from: "v1.6, traefik v3.7.10"
  FeatureSet features;
  Anchor anchor = Anchor::both;
  bool regex_from_slash = false;  // a pattern must begin with '/'
  std::string_view unsupported;   // what it does with a rule that uses an unsupported field
  Rank rank = Rank::regex_first;
  bool glues_root = false;  // "/" replaced by "/api" makes "/apix" of "/x"
};

std::span<const Profile> profiles();  // one row per target
// Never null for a name of targets().
const Profile& profile(std::string_view target);

}  // namespace gw::convert
