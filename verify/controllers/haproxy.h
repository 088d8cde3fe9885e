// What both HAProxy controllers share: raw paths, lower-cased hosts, \1 in replacements.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/index.h"
#include "route/answer.h"
#include "route/network.h"
#include "verify/controllers/pattern.h"

namespace gw::verify::haproxy {

struct Target {
  std::string path, query;                          // raw; query with '?'
  std::string raw() const { return path + query; }  // as sent
};

// Nullopt: HAProxy answers 400. "*" is a target of OPTIONS alone.
std::optional<Target> target(const route::Request& request);

// Lower case, without port; a final dot stays.
std::string host(const route::Request& request);

// "\1" by groups; everything else is literal.
std::string expand(std::string_view format, const std::vector<std::string_view>& groups);

// The networks of a list. Entries that do not parse are skipped or, when `all_or_nothing`, make the list nullopt.
// Nullopt, too, where none is left.
std::optional<std::vector<route::Network>> networks(const std::string& list, bool all_or_nothing);

// A Secret that the set lacks is missing only where the set holds any Secret.
bool secret_exists(const kube::Index& index, const std::string& ns, const std::string& reference);

// The connection fails before HTTP: status 0.
route::Answer no_answer(std::string why);

}  // namespace gw::verify::haproxy
