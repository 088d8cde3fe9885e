#include "convert/names.h"

#include <algorithm>
#include <type_traits>

#include "diag/render.h"
#include "kube/load.h"
#include "kube/paths.h"
#include "kube/placeholder.h"

namespace gw::convert {

void leave_out_unnameable(kube::Bundle& bundle, diag::Sink& sink) {
  kube::each_kind(bundle, [&](auto& objects) {
    std::erase_if(objects, [&](const auto& object) {
      const kube::Metadata& metadata = object.metadata;
      // Some kinds have names of more than letters and digits (those of RBAC); namespaces and Ingresses have not.
      constexpr bool strict = std::is_same_v<std::decay_t<decltype(object)>, kube::Ingress>;
      const bool in_namespace = !metadata.ns.empty() && !kube::is_object_name(metadata.ns);
      const bool bad_name = !metadata.name.empty() &&
                            !(strict ? kube::is_object_name(metadata.name) : kube::is_path_segment(metadata.name));
      if (!in_namespace && !bad_name) return false;
      // What routes and holds one was told as such when it was read; others are of no concern.
      if (kube::has_placeholder(in_namespace ? metadata.ns : metadata.name, true)) return true;
      diag::Diagnostic found;
      found.code = "GW654";
      found.layer = "convert";
      found.help = "names are lower-case letters, digits, '-' and '.'";
      found.message = std::string(in_namespace ? "the namespace '" : "the name '") +
                      diag::printable(in_namespace ? metadata.ns : metadata.name) +
                      "' is not one that Kubernetes allows; the object is left out";
      found.object = object.object_id();
      const kube::Place place = kube::Place(object.node).below("metadata").below(in_namespace ? "namespace" : "name");
      if (const yaml::Node* node = place) found.span = node->span();
      sink.report(std::move(found));
      return true;
    });
  });
}

}  // namespace gw::convert
