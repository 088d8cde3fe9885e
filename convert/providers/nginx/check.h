// Which values ingress-nginx takes for valid: its own character classes, measured.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "diag/ascii.h"

namespace gw::convert::nginx {

using Check = bool (*)(std::string_view);

bool any(std::string_view);                 // every text
bool boolean(std::string_view);             // as Go reads it: 1 t T TRUE true True and their opposites
bool truth(std::string_view);               // of a valid one
bool integer(std::string_view);             // a sign and up to 17 digits
bool size(std::string_view);                // 10, 8k, 1m
bool basic(std::string_view);               // host:port/path
bool with_space(std::string_view);          // host:port/path and spaces
bool extended(std::string_view);            // and ", "
bool url(std::string_view);                 // and ",?&="
bool url_spaced_out(std::string_view);      // spaces are cut before the test
bool url_with_variables(std::string_view);  // and spaces and '$'
bool variable(std::string_view);            // nginx variables: $a_b, ${a}
bool path_with_captures(std::string_view);  // a path with $1
bool regex_text(std::string_view);          // what an expression of a path may hold
bool server_name(std::string_view);         // a name or an expression, trimmed
bool server_names(std::string_view);        // a list of those
bool header_list(std::string_view);         // names of headers
bool cidrs(std::string_view);               // addresses and networks of both families
bool http_method(std::string_view);         // one method, trimmed
bool service_name(std::string_view);        // a DNS label that begins with a letter
bool error_codes(std::string_view);         // a list of 4xx and 5xx
bool ssl_ciphers(std::string_view);         // OpenSSL's notation
bool hash_key(std::string_view);            // text and variables
bool on_off(std::string_view);              // "on" or "off", trimmed
bool digits_age(std::string_view);          // an integer, trimmed
bool origins(std::string_view);             // of CORS: schemes, hosts, ports, '*'
bool methods(std::string_view);             // letters, ',' and spaces
bool expose_headers(std::string_view);      // names of headers, '*'
bool cookie_domain(std::string_view);       // as extended()
bool next_upstream(std::string_view);       // words of proxy_next_upstream
bool common_name(std::string_view);         // begins with "CN="

// A fixed set of words, compared after trimming.
template <class... Words>
bool one_of(std::string_view value, Words... words) {
  return ((value == words) || ...);
}

std::string_view trim(std::string_view text);                          // without white space at both ends
std::vector<std::string> split(std::string_view text, char at = ',');  // trimmed, empty ones left out
using diag::lower;
long to_int(std::string_view text);                        // 0 for a text that is none
std::optional<long long> to_bytes(std::string_view text);  // 8k = 8192; nullopt unless size()

// scheme://host[:port][/path]
struct Url {
  std::string scheme, host, path;  // path with query; empty when there is none
  int port = 0;
};
// nullopt without scheme or host, with a user, or with a port outside 1..65535.
std::optional<Url> parse_url(std::string_view text);

}  // namespace gw::convert::nginx
