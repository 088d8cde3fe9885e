// Rates, connections, sizes and buffers.
#include "convert/providers/nginx/rows.h"
#include "convert/providers/sentences.h"

namespace gw::convert::nginx {
namespace {

constexpr std::string_view needs_policy = sentence::rate_limit;

void rate(Reading& r, const Value& v, char unit) {
  const long requests = to_int(v.text);
  if (requests <= 0)
    return r.ledger.settle(v.claim, Outcome::ignored, "no limit: ingress-nginx takes only numbers above 0", "GW605");
  RateLimit limit;
  limit.requests = static_cast<int>(requests);
  limit.unit = unit;
  limit.burst = static_cast<int>(requests * r.number("limit-burst-multiplier", 5));
  limit.exempt = split(r.text("limit-allowlist"));
  std::vector<Claim> claims = r.claims({"limit-burst-multiplier", "limit-allowlist"});
  claims.push_back(v.claim);
  r.demand(std::move(limit), std::move(claims), Loss::rate_limit, Outcome::refused, needs_policy);
}
void rps(Reading& r, const Value& v) {
  rate(r, v, 's');
}
void rpm(Reading& r, const Value& v) {
  rate(r, v, 'm');
}
void connections(Reading& r, const Value& v) {
  if (to_int(v.text) <= 0)
    return r.ledger.settle(v.claim, Outcome::ignored, "no limit: ingress-nginx takes only numbers above 0", "GW605");
  r.demand(ConnectionLimit{static_cast<int>(to_int(v.text))}, {v.claim}, Loss::rate_limit, Outcome::refused,
           needs_policy);
}
void bandwidth(Reading& r, const Value& v) {
  if (to_int(v.text) <= 0)
    return r.ledger.settle(v.claim, Outcome::ignored, "no limit: ingress-nginx takes only numbers above 0", "GW605");
  r.demand(BandwidthLimit{to_int(v.text) * 1024}, {v.claim}, Loss::rate_limit, Outcome::refused, needs_policy);
}
void rate_after(Reading& r, const Value& v) {
  r.ledger.settle(v.claim, Outcome::refused, "no gateway limits the bandwidth of the rest of an answer only", "GW601",
                  Loss::rate_limit);
}

void body_size(Reading& r, const Value& v) {
  const auto bytes = to_bytes(v.text);
  if (bytes && *bytes == 0) return r.ledger.settle(v.claim, Outcome::converted, "no limit, as Gateway API has none");
  r.demand(BodyLimit{bytes.value_or(0)}, {v.claim}, Loss::other, Outcome::approximated,
           "Gateway API has no limit: larger requests are no longer refused with 413");
}

constexpr std::string_view buffers = "sizes of buffers are the gateway's own";

constexpr Row rows[] = {
    {"limit-rps", integer, Invalid::dropped, {}, {}, rps},
    {"limit-rpm", integer, Invalid::dropped, {}, {}, rpm},
    {"limit-connections", integer, Invalid::dropped, {}, {}, connections},
    {"limit-rate", integer, Invalid::ignored, {}, {}, bandwidth},
    {"limit-rate-after", integer, Invalid::ignored, {}, {}, rate_after, "limit-rate"},
    {"limit-burst-multiplier", integer, Invalid::ignored, Outcome::ignored,
     "has an effect only beside limit-rps or limit-rpm"},
    {"limit-allowlist",
     cidrs,
     Invalid::dropped,
     Outcome::ignored,
     "has an effect only beside limit-rps or limit-rpm",
     nullptr,
     {},
     "limit-whitelist"},
    {"proxy-body-size", size, Invalid::ignored, {}, {}, body_size},
    {"client-body-buffer-size", size, Invalid::dropped, Outcome::approximated, buffers},
    {"proxy-buffer-size", size, Invalid::ignored, Outcome::approximated,
     "how large the header of an answer may be is the gateway's own limit"},
    {"proxy-buffers-number", integer, Invalid::ignored, Outcome::approximated, buffers},
    {"proxy-busy-buffers-size", size, Invalid::ignored, Outcome::approximated, buffers},
    {"proxy-max-temp-file-size", size, Invalid::ignored, Outcome::approximated, buffers},
    {"proxy-buffering", on_off, Invalid::ignored, Outcome::approximated, "gateways stream answers"},
    {"proxy-request-buffering", on_off, Invalid::ignored, Outcome::approximated, "gateways stream requests"},
};

}  // namespace

Rows limit_rows() {
  return rows;
}

}  // namespace gw::convert::nginx
