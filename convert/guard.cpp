#include "convert/guard.h"

#include <algorithm>
#include <map>

namespace gw::convert {
namespace {

class Spreader {
 public:
  explicit Spreader(Ir& ir) : ir_(ir) {}

  void run() {
    for (Server& server : ir_.servers)
      for (Rule& rule : server.rules)
        if (!rule.action || !rule.action->redirect) spread(rule, server.deployment);
  }

 private:
  void spread(Rule& rule, std::uint16_t deployment) {
    std::vector<std::size_t> within;
    for (std::size_t i = 0; i < ir_.guards.size(); ++i) {
      const Guard& guard = ir_.guards[i];
      if (guard.owner ? guard.owner == rule.owner : guard.deployment == deployment) within.push_back(i);
    }
    if (within.empty()) return;
    std::shared_ptr<Action>& guarded = guarded_[{rule.action.get(), within}];
    if (!guarded) {
      guarded = rule.action ? std::make_shared<Action>(*rule.action) : std::make_shared<Action>();
      for (const std::size_t i : within) guarded->intents.push_back(ir_.guards[i].intent);
      if (rule.action) kept_.push_back(rule.action);  // its address is a key
    }
    rule.action = guarded;
  }

  Ir& ir_;
  std::map<std::pair<const Action*, std::vector<std::size_t>>, std::shared_ptr<Action>> guarded_;
  std::vector<std::shared_ptr<Action>> kept_;
};

}  // namespace

void spread_guards(Ir& ir) {
  if (!ir.guards.empty()) Spreader(ir).run();
}

}  // namespace gw::convert
