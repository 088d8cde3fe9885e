#include "convert/arrange.h"

#include <algorithm>

#include "convert/providers/order.h"

namespace gw::convert {
namespace {

bool glued(const Rule& rule) {
  return rule.kind == PathKind::prefix && rule.path == "/" && rule.action && rule.action->rewrite &&
         rule.action->rewrite->prefix && rule.action->rewrite->value != "/";
}

class Ungluer {
 public:
  Ungluer(const Target& target, const Options& options, Ledger& ledger)
      : target_(target), options_(options), ledger_(ledger) {}

  void run(Rule& rule) {
    if (!glued(rule)) return;
    std::shared_ptr<Action>& other = done_[rule.action.get()];
    if (!other) other = without_glue(rule);
    rule.action = other;
  }

 private:
  std::shared_ptr<Action> without_glue(const Rule& rule) {
    auto action = std::make_shared<Action>(*rule.action);
    std::string head = action->rewrite->value;
    while (head.ends_with('/')) head.pop_back();
    Intent intent;
    intent.demand = RegexRewrite{"^/(.*)$", head + "/\\1"};
    intent.loss = Loss::rewrite;
    for (const FieldClaim& claim : action->claims)
      if (claim.field == FieldClaim::Field::rewrite && claim.claim != 0) intent.claims.push_back(claim.claim);
    action->rewrite = {};
    if (target_.meets(intent, options_)) {
      action->intents.push_back(std::move(intent));
      return action;
    }
    const std::string why = std::string(target_.name) + " makes '" + head + "x' of '/x' where '/' is replaced by '" +
                            head + "', and has no other form of this rewrite";
    for (const Claim claim : intent.claims) ledger_.settle(claim, Outcome::refused, why, "GW601", Loss::rewrite);
    if (intent.claims.empty())
      ledger_.note({"GW601",
                    diag::Severity::error,
                    why,
                    {},
                    rule.owner,
                    rule.at,
                    "serve the backend below '" + head + "'",
                    Loss::rewrite});
    action->closed = !options_.accepts(Loss::rewrite);
    return action;
  }

  const Target& target_;
  const Options& options_;
  Ledger& ledger_;
  std::map<const Action*, std::shared_ptr<Action>> done_;
};

}  // namespace

void arrange(Ir& ir, const Target& target, const Options& options, Ledger& ledger) {
  const Profile& of = profile(target.name);
  Ungluer unglue(target, options, ledger);
  for (Server& server : ir.servers) {
    if (of.glues_root)
      for (Rule& rule : server.rules) unglue.run(rule);
    keep_rank(server, of, ir, ledger);
  }
}

}  // namespace gw::convert
