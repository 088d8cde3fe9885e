// `gwctl explain route NAMESPACE/NAME`: what a route hangs on, which policies hold for it, and what they amount to.
#pragma once
#include <string>

#include "cli/command.h"

namespace gw::cli {

// Prints the routes of this name; returns the exit code.
int explain_route(const std::string& name, const Inputs& inputs, bool json);

}  // namespace gw::cli
