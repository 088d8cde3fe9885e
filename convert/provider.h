// A controller whose Ingresses are read: a row of the table in providers/table.cpp.
#pragma once
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "convert/convert.h"
#include "convert/ir.h"
#include "kube/index.h"

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

// A kind of resource that a controller reads beside Ingress.
struct OwnKind {
  std::string_view group, kind;
  bool routes = true;  // false: it is only referred to (Middleware, BackendConfig)
};

struct Provider {
  std::string_view name;
  std::span<const std::string_view> controllers;  // IngressClass.spec.controller; a trailing '/' matches what follows
  std::span<const std::string_view> classes;      // class names by convention
  std::span<const std::string_view> prefixes;     // of its annotations, with the '/'
  void (*read)(const Input& input, Ir& ir, Ledger& ledger);
  std::vector<std::string_view> (*known)() = nullptr;  // full names of its annotations, for "did you mean"
  std::span<const OwnKind> kinds = {};
  bool (*beside)(const kube::Bundle&) = nullptr;  // is there something to read beside Ingresses?
  bool accounts = true;                           // every field of its own kinds must end as told or converted
  bool field_class_only = false;                  // it reads spec.ingressClassName and no annotation
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
