// Rules and filters: which rules are invalid, and what the filters of a valid one do.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "kube/gateway.h"
#include "route/backends.h"
#include "route/policies.h"
#include "route/table.h"

namespace gw::route {

// Why a rule cannot be used. It is dropped and its route is PartiallyInvalid (or not Accepted when none is left); one
// that is `answered` stays, so that nothing else takes its requests, and answers them 500.
struct RuleProblem {
  std::string reason;  // UnsupportedValue, IncompatibleFilters
  std::string message;
  const yaml::Node* at = nullptr;
  bool answered = false;
};
// Why a rule cannot be used; nullopt when it can.
std::optional<RuleProblem> problem(const kube::HttpRouteRule& rule);
std::optional<RuleProblem> problem(const kube::GrpcRouteRule& rule);
// A filter whose bytes must not get onto the wire (kube/wire.h).
std::optional<RuleProblem> wire_problem(const std::vector<kube::RouteFilter>& filters);

// Whether RE2 takes a pattern; the message is empty then.
std::string regex_error(const std::string& pattern);

// What backends and filters of one route are compiled with.
struct FilterContext {
  BackendLookup lookup;
  const BackendTlsPolicies& policies;
  std::uint32_t& next_backend;  // dense numbers
  bool asks_services = false;   // see Options
};

// The backend of a reference, with its weight, its TLS and, where it does not resolve, its state.
Backend make_backend(const FilterContext& context, const kube::BackendRef& ref);
// Adds what the filters do to the action, in their order.
void apply_filters(const FilterContext& context, const std::vector<kube::RouteFilter>& filters, Action& action);

// The service that a filter of type ExternalAuth asks; a backend in state invalid says why it cannot be asked.
ExternalAuth make_auth(const FilterContext& context, const kube::ExternalAuth& from);

// GEP-2257 "1h30m", "10s", "500ms"; nullopt when malformed.
std::optional<std::chrono::milliseconds> duration(std::string_view text);

}  // namespace gw::route
