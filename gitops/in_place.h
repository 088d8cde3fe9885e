// `convert --in-place`: what the Ingresses of a kustomize tree become, written beside them, with the tree kept working:
// entries in kustomization.yaml, name references that kustomize lacks, and the patches of overlays said for the routes.
#pragma once
#include <string>
#include <vector>

#include "convert/convert.h"
#include "diag/diagnostic.h"
#include "kube/load.h"

namespace gw::gitops {

inline constexpr std::string_view routes_file = "gateway-api.yaml";
inline constexpr std::string_view names_file = "gateway-api-names.yaml";

struct Change {
  std::string path, before, after;  // before: empty for a new file
};

struct InPlace {
  std::vector<Change> changes;     // by path
  std::vector<std::string> roots;  // overlays that nobody builds on
  std::size_t bases = 0, ingresses = 0, patches = 0;
  bool lost = false;  // a loss that was not accepted, or a patch that could not be said
};

// Reads DIR and tells what would be written; writes nothing. Findings go to the sink: GW024 names a patch that stays
// behind, GW025 an object of another tool that names an Ingress.
Result<InPlace> in_place(const std::string& directory, const convert::Options& options, const kube::LoadOptions& load,
                         diag::Sources& sources, diag::Sink& sink);

// One hunk, as `diff -u` writes it.
std::string unified(const Change& change);

}  // namespace gw::gitops
