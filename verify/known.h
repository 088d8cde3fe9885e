// Differences that were agreed upon: a YAML or JSON file that a team reviews, so that CI stays green only for those.
//
//   accepted:
//   - host: shop.example.com        # optional; "*" at its start or end stands for anything, "*" alone for the
//                                   # hosts that no rule names
//     aspect: path-spelling         # optional; see name(Aspect)
//     detail: doubled slash         # optional
//     difference: status            # optional; see name(Difference)
//     scheme: https                 # optional; http or https
//     method: TRACE                 # optional
//     path: /api/                   # optional; the request's path begins with it
//     old: 308                      # optional; status before
//     new: 301                      # optional; status after
//     cause: redirect-slash         # optional; see causes.h
//     cause: redirect-slash         # optional; a name of causes.h
//     reason: agreed with the shop team on 2026-11-02   # required
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "diag/diagnostic.h"
#include "verify/equivalence.h"
#include "yaml/node.h"

namespace gw::verify {

struct Accepted {
  std::string host, aspect, detail, difference, cause, scheme, method, path, reason;
  std::optional<int> old_status, new_status;
  diag::Span span;
  mutable std::size_t used = 0;
};

// Reports entries without a reason, unknown fields and words to the sink; those entries accept nothing.
std::vector<Accepted> read_known(const yaml::Document& document, diag::Sink& sink);

// The reason of the first entry that fits; empty: none.
std::string accepted_reason(const std::vector<Accepted>& known, std::string_view host, const Counterexample& found);

}  // namespace gw::verify
