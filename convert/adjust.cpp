#include "convert/adjust.h"

#include <algorithm>
#include <unordered_set>

namespace gw::convert {
namespace {

using diag::Severity;

constexpr std::string_view challenge = "/.well-known/acme-challenge";

bool to_https(const Rule& rule) {
  return rule.action && rule.action->redirect && rule.action->redirect->scheme == "https" &&
         !rule.action->redirect->host && rule.scheme != Scheme::https;
}
bool answers_challenge(const Rule& rule) {
  return rule.kind == PathKind::prefix && !rule.conditions &&
         (rule.path == "/" || (challenge.starts_with(rule.path) &&
                               (rule.path.size() == challenge.size() || challenge[rule.path.size()] == '/')));
}

const Rule* longest(const Server& server, bool (*wanted)(const Rule&)) {
  const Rule* best = nullptr;
  for (const Rule& r : server.rules)
    if (wanted(r) && answers_challenge(r) && (!best || r.path.size() > best->path.size())) best = &r;
  return best;
}

// The release of Gateway API in whose standard channel a thing first stood (1.N).
constexpr int redirect_codes_since = 5, cors_since = 5, listener_sets_since = 5, tls_routes_since = 5,
              l4_routes_since = 6;

int older_code(int status) {
  return status == 308 ? 301 : status == 307 || status == 303 ? 302 : status;
}

std::string release(int minor) {
  return "v1." + std::to_string(minor);
}

class Fitter {
 public:
  Fitter(const Options& options, Ledger& ledger) : options_(options), ledger_(ledger) {}

  void run(Ir& ir) {
    for (Server& server : ir.servers)
      for (Rule& rule : server.rules)
        if (rule.action && seen_.insert(rule.action.get()).second) fit(rule, server);
    for (const Stream& stream : ir.streams) fit(stream);
    if (options_.listener_sets && lacks(listener_sets_since))
      missing("ListenerSet", listener_sets_since, nullptr, nullptr);
  }

 private:
  bool lacks(int since) const { return options_.api_minor < since && !options_.experimental; }

  void fit(Rule& rule, const Server& server) {
    Action& action = *rule.action;
    if (action.redirect && options_.api_minor < redirect_codes_since) {
      const int older = older_code(action.redirect->status);
      if (older != action.redirect->status)
        ledger_.note({"GW635", Severity::warning,
                      "redirects of host '" + std::string(server.host) + "' say " + std::to_string(older) + ", not " +
                          std::to_string(action.redirect->status) + ", which Gateway API has since " +
                          release(redirect_codes_since) + "; a client may turn a POST into a GET",
                      "POST http://" + std::string(server.host) + "/", rule.owner, rule.at,
                      "use Gateway API " + release(redirect_codes_since) + " or later"});
      action.redirect->status = older;
    }
    if (action.cors && lacks(cors_since)) {
      ledger_.note({"GW635", Severity::error,
                    "the CORS filter is in the standard channel since " + release(cors_since) + ": it is left out", {},
                    rule.owner, rule.at, "use Gateway API " + release(cors_since) + " or --channel experimental",
                    Loss::other});
      action.cors.reset();
    }
  }

  void fit(const Stream& stream) {
    switch (stream.kind) {
      case Stream::Kind::passthrough:
        if (lacks(tls_routes_since)) missing("TLSRoute", tls_routes_since, stream.owner, stream.at);
        return;
      case Stream::Kind::tcp:
        if (lacks(l4_routes_since)) missing("TCPRoute", l4_routes_since, stream.owner, stream.at);
        return;
      case Stream::Kind::udp:
        if (lacks(l4_routes_since)) missing("UDPRoute", l4_routes_since, stream.owner, stream.at);
        return;
    }
  }

  void missing(const std::string& kind, int since, const kube::Object* owner, const yaml::Node* at) {
    ledger_.note({"GW635", Severity::error,
                  kind + " is in the standard channel of Gateway API since " + release(since) + "; " +
                      release(options_.api_minor) + " does not serve it",
                  {}, owner, at, "use Gateway API " + release(since) + " or later", Loss::other});
  }

  const Options& options_;
  Ledger& ledger_;
  std::unordered_set<const Action*> seen_;
};

}  // namespace

void spare_acme(Ir& ir) {
  for (Server& server : ir.servers) {
    const Rule* redirect = longest(server, to_https);
    const Rule* forward = longest(server, [](const Rule& r) {
      return r.scheme != Scheme::http && !(r.action && r.action->redirect) && !r.backends.empty();
    });
    if (!redirect || !forward) continue;
    Rule spared = *forward;
    spared.scheme = Scheme::http;
    spared.path = challenge;
    if (spared.action) {
      spared.action = std::make_shared<Action>(*spared.action);
      std::erase_if(spared.action->response_headers,
                    [](const HeaderEdit& h) { return h.name == "Strict-Transport-Security"; });
    }
    server.rules.insert(server.rules.begin(), std::move(spared));
  }
}

void fit_release(Ir& ir, const Options& options, Ledger& ledger) {
  Fitter(options, ledger).run(ir);
}

}  // namespace gw::convert
