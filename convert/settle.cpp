#include "convert/settle.h"

#include <algorithm>
#include <unordered_set>

#include "convert/tell.h"
#include "kube/wire.h"

namespace gw::convert {
namespace {

// Texts of a demand that a gateway would send as they are. Empty when HTTP has a place for them.
struct IllegalText {
  std::string operator()(const CookieAffinity& cookie) const {
    if (!cookie.name.empty() && !kube::wire::is_token(cookie.name)) return "the cookie's name is not a token";
    for (const std::string* part : {&cookie.path, &cookie.same_site, &cookie.domain})
      if (!kube::wire::is_field_value(*part) || part->find(';') != std::string::npos)
        return "an attribute of the cookie holds a character that ends it";
    return {};
  }
  std::string operator()(const HashBalance& hash) const {
    const bool named = hash.by == HashBalance::By::header || hash.by == HashBalance::By::cookie;
    return named && !kube::wire::is_token(hash.name) ? "the name to balance by is not a token" : "";
  }
  std::string operator()(const ExternalAuth& auth) const {
    for (const std::string& name : auth.response_headers)
      if (!kube::wire::is_token(name)) return "the name of an answer's header is not a token";
    for (const std::string* part : {&auth.url, &auth.path, &auth.method, &auth.signin})
      if (!kube::wire::is_field_value(*part)) return "the address of the check holds a control character";
    return {};
  }
  std::string operator()(const BasicAuth& auth) const {
    return kube::wire::is_field_value(auth.realm) ? "" : "the realm holds a control character";
  }
  template <class Other>
  std::string operator()(const Other&) const {
    return {};
  }
};

class Settler {
 public:
  Settler(const Target& target, const Options& options, Ledger& ledger)
      : target_(target), options_(options), ledger_(ledger) {}

  // True when a security demand is lost.
  bool drop_unmet(std::vector<Intent>& intents) {
    bool closed = false;
    std::erase_if(intents, [&](const Intent& intent) {
      const std::string illegal = std::visit(IllegalText{}, intent.demand);
      if (illegal.empty() && target_.meets(intent, options_)) return false;
      const bool accepted = intent.otherwise != Outcome::refused || options_.accepts(intent.loss);
      std::string_view why = !illegal.empty() ? illegal : target_.why_not ? target_.why_not(intent) : "";
      if (why.empty()) why = intent.without;
      for (const Claim claim : intent.claims) ledger_.settle(claim, intent.otherwise, why, code(intent), intent.loss);
      tell(ledger_, intent, intent.otherwise, why);
      // A request that would be forwarded wrongly is as bad as one that skips a check: both stay closed.
      if (!accepted && (security(intent.loss) || intent.loss == Loss::rewrite || intent.closes)) closed = true;
      return true;
    });
    return closed;
  }

  // What the target could have said, on a route that another refusal closes.
  void left_out(const std::vector<Intent>& intents) {
    for (const Intent& intent : intents)
      for (const Claim claim : intent.claims)
        ledger_.settle(claim, Outcome::refused, "its route is left out", {}, intent.loss);
  }

  // Browsers refuse '*' beside credentials; a gateway that names the origin instead would let every site read answers
  // to those who are signed in.
  void no_credentials_for_all(Action& action) {
    if (!action.cors || !action.cors->credentials) return;
    const std::vector<std::string>& origins = action.cors->origins;
    if (std::find(origins.begin(), origins.end(), "*") == origins.end()) return;
    CorsPolicy cors = *action.cors;
    cors.credentials = false;
    action.cors = std::move(cors);
    for (const FieldClaim& of : action.claims)
      if (of.field == FieldClaim::Field::cors)
        ledger_.settle(of.claim, Outcome::approximated,
                       "no credentials beside the origin '*': browsers refuse the two together; name the origins that "
                       "may send them",
                       "GW603");
  }

  void run(Ir& ir) {
    for (Server& server : ir.servers) {
      const bool whole = drop_unmet(server.intents);
      for (Rule& rule : server.rules) {
        if (!rule.action) {
          if (whole) rule.action = std::make_shared<Action>();
        } else if (seen_.insert(rule.action.get()).second) {
          no_credentials_for_all(*rule.action);
          if (drop_unmet(rule.action->intents)) rule.action->closed = true;
          if (rule.action->closed || whole) left_out(rule.action->intents);
        }
        if (whole) {
          // Shared actions may serve other hosts too.
          rule.action = std::make_shared<Action>(*rule.action);
          rule.action->closed = true;
        }
      }
    }
    for (const Server& server : ir.servers)
      if (server.host.empty() || server.host.starts_with("*.")) wide_.push_back(&server);
    for (Server& server : ir.servers) close(server);
    std::erase_if(ir.servers, [](const Server& s) { return s.rules.empty() && !s.tls; });
  }

 private:
  static std::string_view code(const Intent& intent) {
    if (intent.otherwise == Outcome::refused)
      return security(intent.loss) ? "GW602" : intent.loss == Loss::unknown ? "GW604" : "GW601";
    return intent.otherwise == Outcome::approximated ? "GW603" : "";
  }

  static bool closed(const Rule& rule) { return rule.action && rule.action->closed && !rule.action->redirect; }

  // Could `other` answer a request that is meant for `rule`?
  static bool shadows(const Rule& other, const Rule& rule) {
    if (&other == &rule || (other.scheme != rule.scheme && other.scheme != Scheme::both && rule.scheme != Scheme::both))
      return false;
    if (other.kind == PathKind::regex || rule.kind == PathKind::regex || other.path == "/" || rule.path == "/")
      return true;
    return rule.path.starts_with(other.path) || other.path == rule.path;
  }

  static bool wider(const Server& other, const Server& server) {
    if (&other == &server || other.rules.empty() || other.deployment != server.deployment) return false;
    if (other.host.empty()) return true;
    return other.host.starts_with("*.") && server.host.ends_with(other.host.substr(1)) && other.host != server.host;
  }

  void close(Server& server) {
    if (std::none_of(server.rules.begin(), server.rules.end(), closed)) return;
    const bool below = std::any_of(wide_.begin(), wide_.end(), [&](const Server* o) { return wider(*o, server); });
    std::vector<Rule> kept;
    for (Rule& rule : server.rules) {
      if (closed(rule)) ledger_.leave_out(rule.at);
      if (!closed(rule)) {
        kept.push_back(rule);
        continue;
      }
      const bool caught = below || std::any_of(server.rules.begin(), server.rules.end(), [&](const Rule& other) {
                            return !closed(other) && shadows(other, rule);
                          });
      if (!caught) continue;
      Rule blocked = rule;
      blocked.backends.clear();
      blocked.action = std::make_shared<Action>();
      blocked.action->closed = true;
      kept.push_back(std::move(blocked));
    }
    server.rules = std::move(kept);
    // A host of which only redirects are left has nothing to redirect to.
    const bool only_redirects = std::all_of(server.rules.begin(), server.rules.end(), [](const Rule& r) {
      return r.action && (r.action->redirect || r.action->closed);
    });
    const bool any_https_redirect = std::any_of(server.rules.begin(), server.rules.end(), [](const Rule& r) {
      return r.action && r.action->redirect && !r.action->redirect->scheme;
    });
    if (only_redirects && !any_https_redirect && !below) server.rules.clear(), server.tls = false;
  }

  const Target& target_;
  const Options& options_;
  Ledger& ledger_;
  std::unordered_set<const Action*> seen_;
  std::vector<const Server*> wide_;  // wildcard and host-less servers
};

}  // namespace

void settle(Ir& ir, const Target& target, const Options& options, Ledger& ledger) {
  Settler(target, options, ledger).run(ir);
}

}  // namespace gw::convert
