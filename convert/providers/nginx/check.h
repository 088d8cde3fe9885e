// Which values ingress-nginx takes for valid: its own character classes, measured.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diag/ascii.h"

namespace gw::convert::nginx {

using Check = bool (*)(std::string_view);

bool any(std::string_view);
bool boolean(std::string_view);  // as Go reads it: 1 t T TRUE true True and their opposites
bool truth(std::string_view);    // of a valid one
bool integer(std::string_view);
bool size(std::string_view);   // 10, 8k, 1m
bool basic(std::string_view);  // host:port/path
bool with_space(std::string_view);
bool extended(std::string_view);  // and ", "
bool url(std::string_view);
bool url_spaced_out(std::string_view);  // spaces are cut before the test
bool url_with_variables(std::string_view);
bool variable(std::string_view);
bool path_with_captures(std::string_view);
bool regex_text(std::string_view);
bool server_name(std::string_view);
bool server_names(std::string_view);
bool header_list(std::string_view);
bool cidrs(std::string_view);
bool http_method(std::string_view);
bool service_name(std::string_view);
bool error_codes(std::string_view);
bool ssl_ciphers(std::string_view);
bool hash_key(std::string_view);
bool on_off(std::string_view);
bool digits_age(std::string_view);
bool origins(std::string_view);
bool methods(std::string_view);
bool expose_headers(std::string_view);
bool cookie_domain(std::string_view);
bool next_upstream(std::string_view);
bool common_name(std::string_view);

// A fixed set of words, compared after trimming.
template <class... Words>
bool one_of(std::string_view value, Words... words) {
  return ((value == words) || ...);
}

std::string_view trim(std::string_view text);
std::vector<std::string> split(std::string_view text, char at = ',');  // trimmed, empty ones left out
using diag::lower;
long to_int(std::string_view text);
std::optional<long long> to_bytes(std::string_view text);

// scheme://host[:port][/path]
struct Url {
  std::string scheme, host, path;  // path with query; empty when there is none
  int port = 0;
};
std::optional<Url> parse_url(std::string_view text);

}  // namespace gw::convert::nginx
