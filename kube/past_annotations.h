// Names that stand on many an Ingress and that no controller of today reads: retired ones, keys of a ConfigMap written
// as an annotation, names of another controller's habit. What has no effect today is told as that, not as a loss.
#pragma once
#include <string>
#include <string_view>

namespace gw::kube {

// Why the annotation (its whole name) has no effect, and what has instead, as a sentence; empty for any other name.
std::string past_annotation(std::string_view name);

}  // namespace gw::kube
