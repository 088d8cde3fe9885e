// Where secrets may stand in an object, however it is misspelt. Whoever shows, compares or writes out objects asks
// here.
#pragma once
#include <string_view>

#include "yaml/node.h"

namespace gw::kube {

// "Secret" in any letter case and number; also where the document is a list of them.
bool is_secret_kind(std::string_view kind);
bool is_secret(const yaml::Node& object);  // by its kind, in any spelling of upper and lower case

// Whether the value of this field of a Secret is harmless: its type, and those of its metadata that name it. All
// others, known or not, may hold a secret.
bool plain_secret_field(std::string_view field);
bool plain_secret_metadata(std::string_view field);

// Whether a header or a variable of this name carries a credential: Authorization, Cookie, X-Api-Key, ...
bool names_credential(std::string_view name);
// Whether a field of this name holds a secret itself (password, clientSecret), not the name of a Secret.
bool holds_credential(std::string_view field);

}  // namespace gw::kube
