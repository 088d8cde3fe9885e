// The two sides that verify and test ask: the model of an old controller, and that of a gateway.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "diag/result.h"
#include "kube/bundle.h"
#include "route/streams.h"
#include "verify/equivalence.h"

namespace gw::cli {

// One side with everything its model borrows.
struct Prepared {
  verify::Side side;
  std::string name;
  bool measured = true, gateway = false;
  std::vector<route::Stream> streams;
  std::unique_ptr<route::Model> model;
};

// The implementation whose answers are asked for: `profile`, that of a target, or the one whose objects are there.
std::string implementation(const std::string& profile, const std::string& target, const kube::Bundle& bundle);

// Takes the objects of the implementation's own out of the bundle.
Result<Prepared> gateway_side(kube::Bundle& bundle, const std::string& profile);
// `as`: the controller's name, or auto.
Result<Prepared> controller_side(const kube::Bundle& bundle, const std::string& as,
                                 const std::vector<std::string>& flags);

}  // namespace gw::cli
