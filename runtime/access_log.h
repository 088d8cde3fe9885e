// The access log: a line a request with the rule that won. A full disk costs lines, never requests.
#pragma once
#include <memory>
#include <string>

#include "runtime/stats.h"

namespace gw::runtime {

class LogFile;
// "-" is standard output, "none" nothing (null). A file that cannot be opened is tried again at each reload.
std::shared_ptr<LogFile> open_access_log(const std::string& path);
// Writes to `file`, one line per request, as JSON or as text. One for each worker.
std::unique_ptr<AccessLog> make_access_log(std::shared_ptr<LogFile> file, bool json);

}  // namespace gw::runtime
