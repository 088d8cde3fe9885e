#include "convert/acme.h"

#include <algorithm>
#include <memory>

namespace gw::convert {
namespace {

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

}  // namespace gw::convert
