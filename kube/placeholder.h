// Text that something fills in before the API server sees it: ${DOMAIN} of Flux and envsubst, $(NAME) of kustomize,
// {{ .Values.host }} of Helm and its like, NAME_PLACEHOLDER and, for a host, REPLACE_ME of scripts and replacements.
#pragma once
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "yaml/node.h"

namespace gw::kube {

using Fillings = std::vector<std::pair<std::string, std::string>>;  // name, value

// NAME=VALUE of --set. A name may be written with or without "Values.".
std::string fill_in(std::string text, const Fillings& fillings);

struct Placeholder {
  std::string name;                // "DOMAIN", "Values.host"
  const yaml::Node* at = nullptr;  // the value that holds it
};
// Of an object that routes or that routes refer to: in its name, namespace, annotations and spec. Variables that
// gateways and controllers fill in themselves ($host, ${1}, $(headers.x)) are none.
std::vector<Placeholder> placeholders(const yaml::Node& object);
// Of a value; `names_only`: where it stands, the API wants a name or host, in which words of capitals are placeholders,
// too.
bool has_placeholder(std::string_view value, bool names_only);
// A quick look at a whole text.
bool may_hold_placeholders(std::string_view text);
// May an object of this group and kind end up in a conversion?
bool concerns_routing(std::string_view group, std::string_view kind);

}  // namespace gw::kube
