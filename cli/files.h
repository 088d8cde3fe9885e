// Every file that a command writes: complete or not at all, never through a link, never into a FIFO or a device.
#pragma once
#include <sys/types.h>

#include <string>
#include <string_view>

#include "diag/result.h"

namespace gw::cli {

// Replaces the file by way of a temporary one beside it, so that a full disk leaves the old text whole. A file that is
// there keeps its mode, a new one is 0644 less the umask; `mode` other than 0 is set in both cases.
Status write_file(const std::string& path, std::string_view text, mode_t mode = 0);

// The same for a file below a directory, which is made with what lies between. `relative` has no "..", and none of its
// directories may be a link.
Status write_below(const std::string& directory, const std::string& relative, std::string_view text, mode_t mode = 0);

}  // namespace gw::cli
