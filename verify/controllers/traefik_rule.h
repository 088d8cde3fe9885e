// Rules of Traefik's IngressRoutes as it evaluates them: matchers joined by &&, || and !, with parentheses.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "route/request.h"
#include "verify/controllers/controller.h"
#include "verify/controllers/go_url.h"
#include "verify/controllers/pattern.h"

namespace gw::verify::traefik {

class Rule {
 public:
  // Nothing for a rule that Traefik refuses: it has no such router then.
  static std::optional<Rule> parse(std::string_view text);

  // `host` without port, in lower case.
  bool matches(const route::Request& request, const GoTarget& target, const std::string& host) const;
  // Why the answer hangs on what a request does not show (the client's address); empty: it does not.
  const std::string& unmodelled() const { return unmodelled_; }
  // One entry a host that it names ("" where it names none), with the places where its answer may change.
  std::vector<HostBoundaries> bounds() const;

 private:
  enum class Kind : std::uint8_t {
    all,
    any,
    none_of,
    host,
    host_regexp,
    path,
    prefix,
    path_regexp,
    method,
    header,
    header_regexp,
    query,
    query_regexp,
    unknown
  };
  struct Node {
    Kind kind = Kind::all;
    std::vector<Node> parts;
    std::vector<std::string> values;
    Pattern expression;
  };
  class Parser;
  static bool matches(const Node& node, const route::Request& request, const GoTarget& target, const std::string& host);
  static void collect(const Node& node, const std::function<void(const Node&)>& visit);

  Node root_;
  std::string unmodelled_;
};

}  // namespace gw::verify::traefik
