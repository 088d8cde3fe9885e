// Ingress controllers as facts: names, classes, prefixes of annotations, kinds. One row each, and the only list of
// them; what a controller does is said where it is read (convert/providers) and where it is modelled
// (verify/controllers).
#pragma once
#include <span>
#include <string_view>

namespace gw::vendors {

// A kind of resource that a controller reads besides Ingress.
struct OwnKind {
  std::string_view group, kind;
  bool routes = true;  // false: it is only referred to (Middleware, BackendConfig)
};

using Words = std::span<const std::string_view>;

struct IngressController {
  std::string_view name;    // as --from and --as take it
  std::string_view alias;   // another name that they take; empty: none
  std::string_view title;   // as its makers write it
  Words controllers;        // IngressClass.spec.controller; a trailing '/' matches what follows. Empty: by class name
  Words classes;            // names of its class by convention
  Words more_classes = {};  // other names that installations give it
  Words prefixes;           // of its annotations, its own first; one without a final '/' is a whole name
  std::span<const OwnKind> kinds = {};
};

// In the order in which a tie between two of them is decided.
std::span<const IngressController> ingress_controllers();
// By name or alias; null for a name that is none.
const IngressController* ingress_controller(std::string_view name);

}  // namespace gw::vendors
