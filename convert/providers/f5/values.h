// Values of annotations that F5's controller takes; one that it does not take rejects the whole Ingress.
#pragma once
#include <string_view>

namespace gw::convert::f5::values {

bool path_mode(std::string_view v);      // nginx.org/path-regex
bool merge_kind(std::string_view v);     // "master" or "minion"
bool redirect_code(std::string_view v);  // a status of http-redirect-code
bool balance(std::string_view v);        // a method of lb-method
bool nginx_time(std::string_view v);     // "1m 30s", "60"
bool size(std::string_view v);           // "8m", "512"
bool buffers(std::string_view v);        // "8 4k"
bool positive(std::string_view v);       // a whole number over 0
bool reject_code(std::string_view v);    // a status of 400 to 599
bool root_path(std::string_view v);      // a path of app-root
bool target(std::string_view v);         // a path of rewrite-target
bool ports(std::string_view v);          // "80,8080"

}  // namespace gw::convert::f5::values
