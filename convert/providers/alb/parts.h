// Annotations of the AWS Load Balancer Controller in the words of its Gateway: parts of a LoadBalancerConfiguration, a
// TargetGroupConfiguration and a ListenerRuleConfiguration.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "convert/providers/wishes.h"

namespace gw::convert::alb {

// The spec that the annotation (its name after the prefix) becomes part of; nothing where the Gateway has no field.
std::optional<AwsPart> part_of(std::string_view key, std::string_view value);

// auth-type with the annotations beside it, as an action.
std::optional<AwsPart> authentication(const Wishes& wishes);
std::optional<AwsPart> token_check(std::string_view value);                // jwt-validation
std::optional<AwsPart> fixed_response(std::string_view action_json);       // {"type": "fixed-response", …}
std::optional<AwsPart> source_addresses(std::string_view condition_json);  // {"field": "source-ip", …}

}  // namespace gw::convert::alb
