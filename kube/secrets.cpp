#include "kube/secrets.h"

#include <algorithm>

#include "diag/ascii.h"

namespace gw::kube {

bool is_secret_kind(std::string_view kind) {
  const std::string small = diag::lower(kind);
  return small == "secret" || small == "secrets" || small == "secretlist";
}

bool is_secret(const yaml::Node& object) {
  const yaml::Node* kind = object.find("kind");
  return kind != nullptr && kind->is_string() && is_secret_kind(kind->string());
}

bool plain_secret_field(std::string_view field) {
  constexpr std::string_view plain[] = {"apiVersion", "kind", "metadata", "type", "sops"};
  return std::find(std::begin(plain), std::end(plain), field) != std::end(plain);
}

bool plain_secret_metadata(std::string_view field) {
  constexpr std::string_view plain[] = {"name", "namespace",  "labels",          "generateName",
                                        "uid",  "generation", "resourceVersion", "creationTimestamp"};
  return std::find(std::begin(plain), std::end(plain), field) != std::end(plain);
}

bool names_credential(std::string_view name) {
  constexpr std::string_view words[] = {"authorization", "cookie",    "password",   "passwd", "secret",
                                        "token",         "api-key",   "api_key",    "apikey", "access-key",
                                        "access_key",    "signature", "private-key"};
  const std::string small = diag::lower(name);
  return std::any_of(std::begin(words), std::end(words),
                     [&](std::string_view word) { return small.find(word) != small.npos; });
}

bool holds_credential(std::string_view field) {
  constexpr std::string_view words[] = {"password",   "passwd",      "clientsecret", "client_secret", "keyvalue",
                                        "privatekey", "private_key", "apikey",       "api_key",       "api-key",
                                        "token",      "accesskey",   "access_key"};
  const std::string small = diag::lower(field);
  return std::any_of(std::begin(words), std::end(words), [&](std::string_view word) { return small.ends_with(word); });
}

}  // namespace gw::kube
