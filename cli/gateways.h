// Commands that look at Gateways take Ingresses as well: an input without any Gateway is converted first, and told.
#pragma once
#include <memory>

#include "cli/command.h"
#include "route/attach.h"
#include "route/table.h"

namespace gw::cli {

// The routing of an input, everything that graph and routes need.
struct Routing {
  kube::Bundle ingresses;              // what was converted; its trees stay alive
  std::unique_ptr<kube::Index> index;  // of loaded.bundle
  route::Attachments attachments;
  std::shared_ptr<const route::Table> table;
};

// Converts loaded.bundle's Ingresses into Gateway API objects when there is no Gateway (and no route), then attaches
// and compiles. Findings go to loaded.sink. Secrets that are absent are taken to exist.
int make_routing(Loaded& loaded, Routing& routing);

}  // namespace gw::cli
