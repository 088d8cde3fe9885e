// A request as the curl command that sends it exactly so.
#pragma once
#include <string>
#include <string_view>

#include "route/request.h"

namespace gw::verify {

// address: where the gateway listens, an IP. Quoted for a POSIX shell.
std::string curl_line(const route::Request& request, std::string_view address = "127.0.0.1");

// "GET https://host/path, SNI other" for people, on one line without control bytes.
std::string display(const route::Request& request);

}  // namespace gw::verify
