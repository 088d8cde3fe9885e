// What gateways on Envoy share when they are asked without a socket: ports, server names, virtual hosts with ordered
// matches, and how Envoy tests a match. The order and the outcome of a match are each gateway's own.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "route/profiles/envoy_gateway.h"
#include "route/profiles/flat.h"

namespace gw::route::envoy {

bool known_method(std::string_view method);  // Envoy's HTTP/1 parser refuses others
bool is_preflight(const Request& request);   // OPTIONS with Origin and Access-Control-Request-Method
bool is_upgrade(const Request& request);     // Connection: upgrade and an Upgrade header
// Host sees the port; of repeated headers any may fit.
bool header_fits(const FlatNamed& header, const Request& request);
// Path, method, headers and query; `path` is normalised.
bool fits(const FlatMatch& match, const Request& request, const std::string& path);
// How much of a path a prefix takes: its trailing slash is not part of it.
std::size_t prefix_length(const FlatMatch& match, const std::string& path);

// A match on the listener that the route hangs on.
struct Entry {
  std::size_t match = 0, listener = 0;
};
// Entries in the order in which they are tried. Those of one group match alike and are one route.
struct Hosts {
  std::map<std::string, std::vector<std::vector<Entry>>> by_name;
  std::string refused;  // why Envoy refuses the table; every host answers 404
};
struct Chain {
  std::string name;  // of the SNI; "" for every one
  std::shared_ptr<const Hosts> hosts;
  bool handshake = true;
  bool misdirects = false;  // 421 where Host is not what the SNI asked for
};
struct Port {
  std::shared_ptr<const Hosts> http;
  std::vector<Chain> https;
};

// A request as routes see it.
struct Seen {
  const Request& request;
  std::string path, tail;  // tail: the query with its '?'
};

struct CoreTraits {
  Traits paths;
  bool http10 = false;                // otherwise 426
  bool wildcards_ignore_port = true;  // otherwise "*.x" does not match a Host with a port
};

class Core : public Model {
 public:
  AnswerSet answer(const Request& request) const final;
  std::string refused() const final;
  bool answers_when_refused() const final { return true; }

 protected:
  Core(Flat flat, const CoreTraits& traits) : flat_(std::move(flat)), traits_(traits) {}
  // Adds the answers of a group whose entries fit; false: none does after all.
  virtual bool serve(const std::vector<Entry>& group, const Seen& seen, AnswerSet& out) const = 0;

  // One answer for each kind of backend. Weights are those of the backends; `target` and `host` go to the backend.
  void forward(const std::vector<const Backend*>& backends, const Action& action, const Seen& seen,
               const std::string& target, const std::string& host, AnswerSet& out) const;
  const FlatRule& rule_of(const Entry& entry) const { return flat_.rules[flat_.matches[entry.match].rule]; }

  Flat flat_;
  CoreTraits traits_;
  std::map<kube::Port, Port> ports_;

 private:
  const std::vector<std::vector<Entry>>* find(const Hosts& hosts, const std::string& authority) const;
  AnswerSet routed(const Hosts& hosts, const Chain* chain, const std::string& sni, Request& request) const;
};

// Envoy's Location: a port in Host stays unless one is written or it is the default of a scheme that changes.
std::string location_of(const Redirect& redirect, const std::string& port, const std::string& path, const Seen& seen);

// An order of matches as the spec has it; `kind` ranks exact, prefix and regex.
std::tuple<int, long, int, long, long, bool, std::size_t, std::size_t, std::size_t> spec_order(const Flat& flat,
                                                                                               std::size_t match,
                                                                                               int regex_rank);

}  // namespace gw::route::envoy
