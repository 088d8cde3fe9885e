// A controller whose Ingresses are read: a row of vendors/ingress_controllers and one of providers/table.cpp.
#pragma once
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "convert/convert.h"
#include "convert/ir.h"
#include "kube/index.h"
#include "vendors/ingress_controllers.h"

namespace gw::convert {

struct Input {
  const kube::Bundle& bundle;
  const kube::Index& index;
  const diag::Sources& sources;
  const Options& options;
  std::vector<const kube::Ingress*> ingresses;          // those of this controller
  std::vector<const kube::OtherObject*> own;            // the resources of its own kinds, by kind, namespace and name
  std::vector<const kube::IngressClass*> classes = {};  // of the ingresses, as far as they are among the input
  bool first = true;                                    // of several deployments of this controller
};

// Is the Service there, as far as the input tells? (docs/command-line.md: no Service at all means every Service is)
bool service_missing(const Input& input, std::string_view ns, std::string_view name);

using vendors::OwnKind;

// A controller (vendors/ingress_controllers.h) and what reads it; "openapi" and "ingress" are no controllers, and have
// neither classes nor annotations.
struct Provider : vendors::IngressController {
  void (*read)(const Input& input, Ir& ir, Ledger& ledger) = nullptr;
  std::vector<std::string_view> (*known)() = nullptr;  // full names of its annotations, for "did you mean"
  bool (*beside)(const kube::Bundle&) = nullptr;       // is there something to read beside Ingresses?
  bool accounts = true;                                // every field of its own kinds must end as told or converted
  bool field_class_only = false;                       // it reads spec.ingressClassName and no annotation
  // Of controllers whose Ingresses have load balancers of their own: is this one's reached from within the network
  // only? `others` are all Ingresses, of which some may share it. Null, or no answer: as the class is.
  std::optional<bool> (*internal)(const kube::Ingress& ingress, const kube::Index& others) = nullptr;
  bool knows_all = false;  // `known` is the whole list, and no version is to come
};

std::span<const Provider> providers();            // in the order in which a tie between two of them is decided
const Provider* provider(std::string_view name);  // null for a name that is none

// The providers.
void read_plain(const Input& input, Ir& ir, Ledger& ledger);
void read_nginx(const Input& input, Ir& ir, Ledger& ledger);
// Full names of the annotations that are read, for "did you mean".
std::vector<std::string_view> nginx_annotations();
// Does the set hold a ConfigMap of TCP or UDP services?
bool nginx_streams(const kube::Bundle& bundle);

}  // namespace gw::convert
