// TCP and UDP ports of both sides: which backends take the connections. (TLS by server names is asked as https.)
#pragma once
#include <vector>

#include "route/streams.h"
#include "verify/equivalence.h"

namespace gw::verify {

// One row a port that either side listens on, appended to the report, whose verdicts are settled again. `modelled`:
// the old side's streams are known; otherwise the new side's are told as not modelled.
void compare_streams(const std::vector<route::Stream>& old_side, const std::vector<route::Stream>& new_side,
                     bool modelled, const Options& options, Report& report);

}  // namespace gw::verify
