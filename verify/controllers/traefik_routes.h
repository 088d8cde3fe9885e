// IngressRoutes: the routers that Traefik's CRD provider makes of them, as documented.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "kube/index.h"
#include "route/answer.h"
#include "verify/controllers/traefik_middleware.h"
#include "verify/controllers/traefik_rule.h"

namespace gw::verify::traefik {

struct OwnRouter {
  std::shared_ptr<const Rule> rule;
  std::int64_t priority = 0;
  std::vector<std::string> entry_points;
  bool tls = false;
  std::vector<Middleware> middlewares;
  std::vector<route::WeightedBackend> backends;
  std::string unmodelled;  // why its answer is not known; empty: it is
  route::RuleRef origin;
};

// A route whose rule cannot be read, or whose Middleware or Service is missing, has no router.
std::vector<OwnRouter> own_routers(const kube::Index& index);

}  // namespace gw::verify::traefik
