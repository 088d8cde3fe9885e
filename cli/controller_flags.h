// --controller-flag: flags of the old controller's command line, as trace, convert, verify and audit take them.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "diag/result.h"

namespace CLI {
class App;
}

namespace gw::cli {

// Adds the flag, which may be given several times; the values go to `flags` as they are written.
void add_controller_flags(CLI::App& app, std::vector<std::string>& flags);

// A flag that the controller does not have is an error, and so is one that gwctl cannot follow. `controller` empty or
// "auto": one that any of the controllers has.
Status check_controller_flags(const std::vector<std::string>& flags, std::string_view controller);

}  // namespace gw::cli
