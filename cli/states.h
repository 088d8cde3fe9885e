// Two states of a set of manifests side by side: objects, routes, behaviour and issues. `gwctl diff` prints it.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "cli/command.h"
#include "diag/baseline.h"
#include "kube/changes.h"
#include "verify/equivalence.h"

namespace gw::cli {

// One state with everything that was learnt of it.
struct State {
  diag::Sources sources;
  std::vector<kube::RawObject> raw;
  kube::Bundle bundle;
  std::vector<diag::Diagnostic> findings;            // reading and validate
  std::map<std::string, const yaml::Node*> objects;  // "HTTPRoute shop/web" of its group
  std::map<std::string, std::string> routes;         // a match and where it is → what happens
  std::string model_name;                            // "gateway (gwctl)", "ingress-nginx"
  std::unique_ptr<route::Model> model;               // null: nothing routes
  verify::Boundaries boundaries;
};

// `profile` answers for Gateways (empty: the implementation whose objects are there); Ingresses without a Gateway are
// answered by the controller they were written for.
Status read_state(const std::vector<std::string>& paths, const kube::LoadOptions& options, const std::string& profile,
                  State& state);

struct ObjectChange {
  std::string object;
  std::vector<kube::FieldChange> fields;
};

struct StateDiff {
  std::vector<std::string> added, removed;  // objects
  std::vector<ObjectChange> changed;
  struct RouteChange {
    std::string match, old, now;  // empty: not there
  };
  std::vector<RouteChange> routes;
  bool compared = false;  // behaviour
  verify::Report behaviour;
  std::vector<diag::Diagnostic> introduced, fixed;
  std::size_t unchanged = 0;
};

// What changes between two states. Behaviour is compared where both of them have a routing table.
StateDiff compare_states(const State& old, const State& now, const verify::Options& options);

}  // namespace gw::cli
