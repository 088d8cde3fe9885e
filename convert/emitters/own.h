// What the emitters of targets with objects of their own share: making objects, telling the ledger, and finding the
// rules of a route that demand the same.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "convert/target.h"

namespace gw::convert::own {

using nlohmann::ordered_json;

// An object with this spec; its metadata is the namespace and the name.
kube::OtherObject object(std::string_view api_version, std::string_view kind, const std::string& ns, std::string name,
                         const ordered_json& spec);

// Does a password stand in the object itself, rather than the name of a Secret? Then it is not written a second time.
bool holds_a_password(const kube::OtherObject& object);

// Carries an object of the input over, once however many routes refer to it: without status and what a cluster wrote
// into its metadata. Returns it, to be changed; null when it is there already.
kube::OtherObject* carry(PolicyContext& context, const kube::OtherObject& object);
ordered_json spec_of(const kube::OtherObject& object);  // of one that was read; null without
// The same in another namespace, with another spec.
kube::OtherObject* carry(PolicyContext& context, const kube::OtherObject& object, const std::string& ns,
                         const std::string& name);

// Says where a demand went; `near`: it differs a little, and the detail says how.
void settle(PolicyContext& context, const Intent& intent, const std::string& detail, bool near = false);
// The same for a field of the action that left the route, because an object says it.
void settle_field(PolicyContext& context, const Action& action, FieldClaim::Field field, Outcome outcome,
                  const std::string& detail);
// A demand that this target can say, but not here: refused; a security demand closes the rules.
void refuse(PolicyContext& context, const WrittenRoute& written, const std::vector<std::size_t>& rules,
            const Intent& intent, const std::string& why);

// Rules that forward and demand the same (but for rewrites, which are each rule's own).
struct Group {
  std::vector<std::size_t> rules;  // indices into the route's rules
  const Action* action = nullptr;  // of the first
};
// The rules of a route in groups that demand the same; rules that redirect, are closed or only rewrite are in none.
std::vector<Group> groups(const WrittenRoute& written);

// Whether every rule that forwards demands the same, so that a policy of the whole route says it.
bool one_demand(const WrittenRoute& written, const std::vector<Group>& groups);

// The name of the n-th object for a route: "<route>" or "<route>--<n>".
std::string numbered(const std::string& route, std::size_t n);

// Adds a filter ExtensionRef to a rule.
void extension(kube::HttpRouteRule& rule, std::string_view group, std::string_view kind, const std::string& name);

// targetRefs of rules by name; rules without a name get one.
ordered_json rule_targets(kube::HttpRoute& route, const std::vector<std::size_t>& rules);
// A spec that begins with its targets.
ordered_json with_targets(std::string_view key, ordered_json targets, const ordered_json& rest);

// Policies of Services: the first route that asks decides; one that asks otherwise is told.
class ServicePolicies {
 public:
  ServicePolicies(std::string_view api_version, std::string_view kind) : api_version_(api_version), kind_(kind) {}
  // Merges `part` into the Service's spec; false when the Service already has other values for these fields. `target`
  // says whom the policy is for; null where the Service itself names the policy.
  bool merge(PolicyContext& context, std::string_view ns, std::string_view service, const ordered_json& part,
             ordered_json (*target)(std::string_view ns, std::string_view service), std::string_view target_key) const;

 private:
  std::string_view api_version_, kind_;
};

// targetRefs of one Service, for them.
ordered_json service_target(std::string_view ns, std::string_view service);

// Headers of a request by which an authentication service knows its session, beside those that it always gets.
std::vector<std::string> headers_of_a_session();

std::string seconds(long n);                   // "30s", at most 99999 s
std::string cidr(const std::string& address);  // with a prefix length
// "http://auth.shop.svc.cluster.local:8080"
// The host name of an http or https URL; empty when it is no DNS name (an address, variables).
std::string host_of(std::string_view url);
// Grants objects of a kind of the target's in `from_ns` the use of a Service or Secret of another namespace.
void grant(PolicyContext& context, std::string_view group, std::string_view kind, const std::string& from_ns,
           std::string_view to_kind, const std::string& to_ns, const std::string& name);
// "https://*.example.com" as an anchored regular expression.
std::string origin_regex(std::string_view origin);
// Removes filters of a type; true when there was one.
bool drop_filters(kube::HttpRouteRule& rule, std::string_view type);

}  // namespace gw::convert::own
