// The dashboard's question "which rule would answer this URL?", asked of the table that is being served.
#pragma once
#include <string>
#include <string_view>

#include "runtime/server.h"

namespace gw::runtime {

// `query` is what follows the '?' of /trace: url=…, percent-encoded, and method=…; a URL without a port means the
// listeners of port 80 or 443. JSON:
// {"status","rule","detail","location","target","backends":[{"backend","weight","ready"}]}, or {"error"}.
std::string trace_json(const Server& server, std::string_view query);

}  // namespace gw::runtime
