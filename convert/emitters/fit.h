// A written route held against what its target supports: fields that it lacks are taken out or brought into its form,
// and told; what would be answered wrongly without them gets no backend.
#pragma once
#include "convert/emitters/plan.h"

namespace gw::convert {

// After the target's own objects had their turn. Rules that cannot be served are removed: the route may end without
// any.
void fit(const WrittenRoute& written, PolicyContext& context);

// Does the target leave the mirrors of such a rule in place?
bool keeps_mirrors(const Action& action, const PolicyContext& context);

// Listeners, streams and policies of backends.
void fit_infrastructure(const Plan& plan, PolicyContext& context);

// The pattern for a gateway that wants it to begin with '/': "(?i)(?:/a|.*/b).*" is "/(?i)(?:a|(?:.*/)?b).*". Nothing
// when it has no such form.
std::optional<std::string> from_slash(std::string_view pattern);

}  // namespace gw::convert
