// A patch of kustomize put on an object, and the difference of two objects as a patch.
#pragma once
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

#include "tree/kustomization.h"
#include "yaml/node.h"

namespace gw::gitops {

using Json = nlohmann::ordered_json;

Json to_json(const yaml::Node& node);  // scalars as the types that Kubernetes reads

// Strategic merge of an Ingress: maps are merged, lists replaced, null deletes. Empty where `$patch: delete` removes
// it.
std::optional<Json> merged(Json object, const Json& patch);
// A list of RFC 6902; empty where it does not apply.
std::optional<Json> patched(const Json& object, const Json& operations);

// Operations that make `to` of `from`, each replacing one field of spec or one label or annotation.
Json difference(const Json& from, const Json& to);

}  // namespace gw::gitops
