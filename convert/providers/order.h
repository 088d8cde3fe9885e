// The order in which an old controller tries the rules of a host, said in Gateway API, which has an order of its own:
// Exact before RegularExpression before PathPrefix, longer before shorter (so do Envoy Gateway, NGINX Gateway Fabric
// and gwctl's own data path; the spec leaves the rank of expressions open; Istio has PathPrefix before them).
#pragma once
#include <set>
#include <string>

#include "convert/ir.h"
#include "convert/profile.h"

namespace gw::convert {

// What a path matches, as far as the order needs it.
struct Shape {
  enum class Kind : std::uint8_t {
    exact,
    element,  // "/foo" and what is below it
    bytes,    // whatever starts so
    other,    // an expression; `text` is what every match starts with
  } kind = Kind::other;
  std::string text;     // in small letters if `folded`
  bool folded = false;  // "(?i)"
};
Shape shape_of(const Rule& rule);  // what the rule's path matches, without its conditions

// Expressions for whole paths, as Gateway API implementations match them.
std::string bytes_regex(std::string_view text);    // starts with it
std::string element_regex(std::string_view text);  // it, or it and '/' and more

// `server.rules` come in the order in which the old controller tries them. Rules that an earlier one covers are taken
// out and reported (GW643); where Gateway API would try others first, paths become expressions whose length, padded
// with empty groups, keeps the order; what a prefix must go before becomes a shorter prefix where the prefix is
// rewritten, and so cannot be an expression (GW603). Rules at an `inherited` place come from a wider host: nobody is
// told that they are covered.
void keep_order(Server& server, const std::set<const yaml::Node*>& inherited, Ir& ir, Ledger& ledger);

// The rules of a server, in the order that Gateway API gives them, for a gateway with a rank of its own: prefixes
// become expressions where it would try them too early. What cannot be arranged is an error (GW641).
void keep_rank(Server& server, const Profile& profile, Ir& ir, Ledger& ledger);

}  // namespace gw::convert
