// ingress-nginx while it answers: phases in ingress_nginx_answer.cpp, where answers may change in
// ingress_nginx_boundaries.cpp. Internal to these two.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "verify/controllers/answers.h"
#include "verify/controllers/ingress_nginx.h"
#include "verify/controllers/nginx_uri.h"

namespace gw::verify::ingress_nginx {

struct Context {
  const route::Request& request;
  NginxTarget target;
  std::string host;       // normalised; empty for HTTP/1.0 without one
  std::string best_host;  // what Location and the backend get
  std::string scheme;     // as the controller believes it
  const Server* server = nullptr;
  const Location* location = nullptr;
};

// The locations of a server by their paths: nginx keeps them in a tree, and a host may have tens of thousands.
class Locations {
 public:
  explicit Locations(const std::vector<Location>& all) {
    for (const Location& location : all) {
      (location.exact ? exact_ : prefix_).try_emplace(location.path, &location);
      if (location.path.ends_with('/') && !location.annotations->denied) slashed_[location.path] = &location;
      if (!location.exact) lengths_.insert(location.path.size());
    }
  }
  const Location* exact(const std::string& uri) const { return find(exact_, uri); }
  // Of "/a" the location "/a/"; null for none.
  const Location* with_slash(const std::string& uri) const { return find(slashed_, uri + "/"); }
  // The longest prefix; null for none.
  const Location* longest(std::string_view uri) const {
    for (auto length = lengths_.upper_bound(uri.size()); length != lengths_.begin();)
      if (const Location* found = find(prefix_, uri.substr(0, *--length))) return found;
    return nullptr;
  }

 private:
  using ByPath = std::unordered_map<std::string_view, const Location*>;
  static const Location* find(const ByPath& in, std::string_view path) {
    const auto found = in.find(path);
    return found == in.end() ? nullptr : found->second;
  }

  ByPath exact_, prefix_, slashed_;
  std::set<std::size_t> lengths_;  // of prefixes
};

class Model final : public Controller {
 public:
  explicit Model(Configuration configuration) : config_(std::move(configuration)) {
    name_servers();
    for (const auto& [name, server] : config_.servers)
      if (!server.regex) locations_.try_emplace(&server, server.locations);
  }

  std::string refused() const override { return config_.refused; }
  bool measured() const override { return true; }
  Boundaries boundaries() const override;

  route::AnswerSet answer(const route::Request& request) const override;

 private:
  using Answers = std::vector<route::Answer>;

  // ---- which server
  void name_servers();
  void name_alias(const std::string& alias, const Server& server);
  const Server* server_for(const std::string& host, std::string& why) const;
  std::optional<route::Answer> accept(Context& context) const;
  static void trust_forwarded(Context& context);

  // ---- server level
  void at_server(Context& context, Answers& out) const;
  route::Answer passed_through(const Context& context) const;
  route::Answer www_redirect(const Context& context, const std::string& to) const;
  std::optional<route::Answer> app_root(const Context& context) const;

  // ---- which location
  std::optional<route::Answer> locate(Context& context) const;
  route::Answer to_slash(const Context& context, const Location& location) const;
  std::string absolute(const Context& context, const Location& location, std::string to) const;

  // ---- rewrite phase
  void at_location(Context& context, Answers& out) const;
  void error_pages(const Location& location, Answers& out) const;
  static bool too_large(const Context& context);
  static bool preflight(const Context& context);
  route::Answer configured_redirect(const Context& context) const;
  std::optional<route::Answer> rewrite(const Context& context, std::string& target) const;
  bool certificate_for(const std::string& host) const;
  bool to_https(const Context& context) const;
  route::Answer https_redirect(const Context& context) const;

  // ---- access phase
  Network client(const Context& context) const;
  int by_address(const Context& context) const;
  void at_access(const Context& context, route::Answer passed, Answers& out) const;
  void decide_access(const Context& context, route::Answer passed, Answers& out) const;
  bool without_auth(const Context& context) const;
  bool external_auth(const Context& context) const;
  route::Answer sign_in(const Context& context) const;

  // ---- balancer

  static route::WeightedBackend backend(const Upstream& upstream, std::uint64_t weight) {
    return {upstream.ns + "/" + upstream.service, upstream.port, weight};
  }

  route::Answer forward(const Context& context, const Upstream& primary, std::string target) const;
  const Upstream* alternative(const Upstream& primary) const;

  static std::optional<std::int64_t> canary_share(const Context& context, const Upstream& primary,
                                                  const Upstream& canary, std::int64_t total);
  static void describe(const Context& context, route::Answer& answer);
  HostBoundaries boundaries_of(const Server& server) const;

  Configuration config_;
  std::unordered_map<const Server*, Locations> locations_;  // of those without expressions
  std::map<std::string, const Server*, std::less<>> exact_;
  std::vector<std::pair<std::string, const Server*>> heads_, tails_;  // ".suffix", "prefix."
  std::vector<std::pair<Pattern, const Server*>> expressions_;
  std::vector<std::string> certificates_;
};

}  // namespace gw::verify::ingress_nginx
