// One host of ingress-nginx while its rules are written: phases in rules.cpp, what is forwarded in forward.cpp, and
// what concerns the host as a whole in whole_host.cpp. Internal to these three.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "convert/paths.h"
#include "convert/providers/nginx/rewrite.h"
#include "convert/providers/nginx/rules.h"

namespace gw::convert::nginx {

class HostWriter {
 public:
  HostWriter(const Host& host, const Hosts& hosts, const Input& input, const Settings& settings, Actions& actions,
             Ir& ir, Ledger& ledger)
      : host_(host), hosts_(hosts), input_(input), settings_(settings), actions_(actions), ir_(ir), ledger_(ledger) {}

  void run();  // writes the rules of the host

 private:
  std::string shown() const { return host_.name.empty() ? "(any)" : std::string(host_.name); }
  std::string sample(std::string_view scheme, std::string_view path) const;

  // ---- TLS
  const Host* wildcard_with_tls() const;
  void certificate_of(const Host& of);
  void choose_tls();

  // ---- phases
  Rule rule(const Location& l, PathKind kind, std::string_view path, Scheme scheme) const;
  static std::shared_ptr<Action> redirect_action(Redirect redirect);
  void app_root();
  bool to_https(const Config& c) const;

  // How the location is matched.
  struct Shape {
    PathKind kind = PathKind::prefix;
    std::string_view path;
  };

  void location(std::size_t i);
  bool alone(std::size_t i) const;
  void plan(std::size_t i, std::string_view target);
  bool never_reached(std::size_t i);
  void tell_differences(const Location& l, const std::string& differs);
  void lead_away(const Location& l, const Config& c);
  void respond(const Location& l, const Config& c, const Shape& shape, const RewritePlan& rewrite);
  void refuse_regex(const Location& l, const LocationPlan& plan);
  void trailing_slash(const Location& l, const Config& c);

  void add(Rule r) { server_.rules.push_back(std::move(r)); }

  void url_redirect(const Location& l, const Config& c, const Shape& shape);
  void https_redirect(const Location& l, const Config& c, const Shape& shape);

  // ---- forwarding
  std::shared_ptr<Action> plain_action(const Config& c, bool https);
  std::shared_ptr<Action> action_of(const Config& c, const Shape& shape, const RewritePlan& rewrite, bool https);
  std::shared_ptr<Action> under_snippet(const Config& c, const std::shared_ptr<Action>& action);
  void forward(const Location& l, const Config& c, const Shape& shape, const RewritePlan& rewrite, Scheme scheme);
  void backend_tls(const Config& c, const Backend& b);
  // Requests that would be forwarded in a language the backend does not speak are not forwarded.
  static bool no_http(const Config& c) { return c.protocol == "FCGI" || c.protocol == "AJP"; }

  std::string port_name(const Backend& b) const;
  void verify_backend(const Config& c, const Backend& b);

  // ---- canary
  void canary_rules(const Location& l, Rule& primary);

  // ---- the host as a whole
  void drop_doubles();
  void drop_covered_redirects();

  const Config* passthrough_config() const { return host_.first && host_.first->passthrough ? host_.first : nullptr; }

  void passthrough();
  void settle_switches(const Config& c);
  void settle_regex();
  void place();
  const Server& placed() const { return placed_ ? ir_.servers[*placed_] : server_; }

  Server copy_for(std::string_view name) const;
  void aliases();

  // By an alias or a redirect of a host that came before.
  bool taken(std::string_view name) const {
    return std::any_of(ir_.servers.begin(), ir_.servers.end(), [&](const Server& s) { return s.host == name; });
  }

  void www();

  const Host& host_;
  const Hosts& hosts_;
  const Input& input_;
  const Settings& settings_;
  Actions& actions_;
  Ir& ir_;
  Ledger& ledger_;
  Server server_;
  std::map<std::shared_ptr<Action>, std::shared_ptr<Action>> under_snippet_;
  PathOptions paths_;
  std::optional<std::size_t> placed_;  // in the Ir, where server_ moved to
  bool regex_ = false, has_certificate_ = false, app_root_ = false;
};

}  // namespace gw::convert::nginx
