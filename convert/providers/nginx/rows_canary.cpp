// Canary Ingresses; servers.cpp hangs them on the upstream they share.
#include <algorithm>

#include "convert/providers/nginx/rows.h"

namespace gw::convert::nginx {
namespace {

bool regex_or_space(std::string_view v) {
  return regex_text(v);
}

void canary(Reading& r, const Value& v) {
  CanarySettings& c = r.config.canary;
  c.claims = r.claims({"canary", "canary-weight", "canary-weight-total", "canary-by-header", "canary-by-header-value",
                       "canary-by-header-pattern", "canary-by-cookie"});
  if (!truth(v.text)) {
    for (const Claim claim : c.claims) r.ledger.settle(claim, Outcome::converted, "no canary");
    return;
  }
  c.enabled = true;
  c.weight = static_cast<int>(r.number("canary-weight", 0));
  c.total = static_cast<int>(std::max<long>(100, r.number("canary-weight-total", 100)));
  c.weight = std::clamp(c.weight, 0, c.total);
  c.header = r.text("canary-by-header");
  c.header_value = r.text("canary-by-header-value");
  c.header_pattern = r.text("canary-by-header-pattern");
  c.cookie = r.text("canary-by-cookie");
}

constexpr std::string_view off = "canary is not on; ingress-nginx ignores it";

constexpr Row rows[] = {
    {"canary", boolean, Invalid::ignored, {}, {}, canary},
    {"canary-weight", integer, Invalid::ignored, Outcome::ignored, off, nullptr, "canary"},
    {"canary-weight-total", integer, Invalid::ignored, Outcome::ignored, off, nullptr, "canary"},
    {"canary-by-header", basic, Invalid::ignored, Outcome::ignored, off, nullptr, "canary"},
    {"canary-by-header-value", basic, Invalid::ignored, Outcome::ignored, off, nullptr, "canary"},
    {"canary-by-header-pattern", regex_or_space, Invalid::ignored, Outcome::ignored, off, nullptr, "canary"},
    {"canary-by-cookie", basic, Invalid::ignored, Outcome::ignored, off, nullptr, "canary"},
};

}  // namespace

Rows canary_rows() {
  return rows;
}

}  // namespace gw::convert::nginx
