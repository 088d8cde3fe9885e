// Labels and annotations that an Ingress has for somebody else's sake: they go with it to its routes.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "convert/convert.h"

namespace gw::convert {

// Is the annotation neither a controller's, nor moved elsewhere (convert/movers.h), nor a mark of who owns the object?
bool foreign_annotation(std::string_view key);
// Does --keep-metadata keep it? The words labels, annotations, all and none, or names with '*'.
bool keeps_label(const Options& options, std::string_view key);
bool keeps_annotation(const Options& options, std::string_view key);

// The labels of an object that go along, in their order.
kube::StringMap kept_labels(const Options& options, const kube::Object& object);
// The annotations of an object that go along, in their order.
kube::StringMap kept_annotations(const Options& options, const kube::Object& object);

}  // namespace gw::convert
