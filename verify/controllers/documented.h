// Controllers known from their documentation alone: one ordered list of (host, path) rules. What the documentation
// leaves open (normalisation of odd paths) is answered as not modelled.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kube/index.h"
#include "verify/controllers/controller.h"
#include "verify/controllers/pattern.h"

namespace gw::verify::documented {

enum class Kind : std::uint8_t { exact, element, byte_prefix, regex };

struct Rule {
  std::string host;  // "", "a.x", "*.x"
  Kind kind = Kind::byte_prefix;
  std::string path;
  Pattern expression;                  // of regex
  std::vector<std::string> methods;    // empty: every one
  std::string balancer;                // which of several load balancers carries it; "" for the only one
  std::optional<int> https_code;       // plain http is answered with this code: a redirect, or an error from 400 on
  std::string https_port;              // of the redirect: ":443" or empty
  bool http = true, https = true;      // where the rule listens
  bool strip = false;                  // the matched prefix is removed
  std::optional<route::Answer> fixed;  // 503 for a missing Service, or why it is not modelled
  std::string backend;
  kube::Port port = 0;
  route::RuleRef origin;
};

struct Traits {
  bool multi_label = false;    // "*.x" takes several labels
  bool falls_through = false;  // rules of other hosts are tried
  int unmatched = 404;
};

// Rules in the order in which the controller tries them. With `falls_through` off, the most specific host that any
// rule of the balancer names is chosen first.
std::unique_ptr<Controller> make(std::vector<Rule> rules, Traits traits);

// The Service behind a path; no endpoints or no Service: `broken` is the status.
void attach(Rule& rule, const kube::Index& index, const kube::Ingress& ingress, const kube::IngressBackend& backend,
            int broken);

bool element_match(const std::string& prefix, const std::string& path);  // the path itself, or something below it
// Ingresses that the controller takes, oldest first, then by namespace/name.
std::vector<const kube::Ingress*> by_age(const kube::Index& index,
                                         bool (*takes)(const kube::Index&, const kube::Ingress&));
std::string annotation(const kube::Ingress& ingress, std::string_view name);  // trimmed; empty when it is not there

}  // namespace gw::verify::documented
