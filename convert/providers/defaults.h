// Guards in a controller's ConfigMap whose keys are those of its annotations: each holds for every Ingress that does
// not say otherwise itself.
#pragma once
#include <string>
#include <vector>

#include "convert/providers/config_maps.h"
#include "convert/providers/wishes.h"

namespace gw::convert {

struct ConfigMapTraits {
  ConfigMapNames names;
  // The first word of a snippet that may refuse a request or send it elsewhere; empty: it only tunes.
  std::string (*deciding)(std::string_view snippet) = nullptr;
};

// Snippets that decide go to ir.guards; the other guards come back, to be read as if every Ingress carried them.
std::vector<DefaultWish> guards_by_default(const Input& input, const ConfigMapTraits& traits, WishRows rows, Ir& ir,
                                           Ledger& ledger);

// Of HAProxy's configuration.
std::string deciding_haproxy_word(std::string_view snippet);

}  // namespace gw::convert
