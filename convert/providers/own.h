// What the readers of the controllers' own resources share: fields that are taken one by one, and what nobody took.
#pragma once
#include <chrono>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "convert/provider.h"
#include "convert/tell.h"

namespace gw::convert {

struct Asking;

// A scalar as its text: numbers and booleans as written. Empty for none.
std::string text_of(const yaml::Node* node);

// A mapping whose keys are taken one by one; `rest` tells those that nobody took, so that there is no second list of
// names.
class Fields {
 public:
  // `node` may be null or no mapping: then it is empty.
  Fields(const kube::Object& object, const yaml::Node* node, std::string path, Ledger& ledger)
      : object_(object), node_(node), path_(std::move(path)), ledger_(ledger) {}
  // What stands under "spec".
  static Fields spec(const kube::OtherObject& object, Ledger& ledger) {
    ledger.read(object.node);
    return {object, object.node->find("spec"), "spec", ledger};
  }

  const yaml::Node* take(std::string_view key);      // null when it is not there
  std::string text(std::string_view key);            // a scalar as written; empty when it is not there
  std::optional<long> number(std::string_view key);  // one that is none is told
  bool on(std::string_view key);                     // is it true?
  // A time of the controller; one that cannot be read is told.
  std::optional<std::chrono::milliseconds> time(std::string_view key);
  std::vector<std::string> list(std::string_view key);                         // of scalars; one scalar counts
  std::vector<const yaml::Node*> items(std::string_view key);                  // of a sequence
  std::vector<std::pair<std::string, std::string>> map(std::string_view key);  // of scalars
  Fields object(std::string_view key);                                         // empty when it is not there
  Fields at(const yaml::Node& node, std::string_view name) const;              // of an item
  // Known, and without effect on what a client gets from a gateway: `why` is told in the report only.
  void skip(std::string_view key, std::string_view why);
  // Takes it and tells its fate; false when it is not there.
  bool tell(std::string_view key, Outcome outcome, std::string_view detail, Loss loss = Loss::none);

  bool has(std::string_view key) const { return peek(key); }
  // What stands under a key, which stays untaken; null also where there is no mapping.
  const yaml::Node* peek(std::string_view key) const { return node_ ? node_->find(key) : nullptr; }
  explicit operator bool() const { return node_ && node_->is_map(); }
  const yaml::Node* node() const { return node_; }
  const std::string& path() const { return path_; }
  const kube::Object& owner() const { return object_; }
  FieldRef ref(std::string_view key = {}) const;  // the place of a field, or of the mapping itself

  // Tells every field that was not taken. True when one of them may decide who comes in, or `strict` and there is any.
  bool rest(bool strict = false) const;

 private:
  const kube::Object& object_;
  const yaml::Node* node_;
  std::string path_;
  Ledger& ledger_;
  std::set<std::string, std::less<>> taken_;
};

// The controller makes nothing of the whole resource: told once, and all its fields are accounted for.
void dismiss(Ledger& ledger, const kube::Object& object, std::string code, std::string_view why);

// The resource of this kind among the provider's own; null when it is not among the input.
const kube::OtherObject* find_own(const Input& input, std::string_view kind, std::string_view ns,
                                  std::string_view name);

// Takes out of the list what is an expression and no origin, and tells it under `key`; false when nothing is left.
bool plain_origins(CorsPolicy& policy, Fields& f, std::string_view key);

// Is the gateway that is written for the very proxy that reads this input now? Then its own objects go on.
bool same_proxy(const Input& input, std::string_view target);

// The object goes on as it is, with the route that refers to it.
void keep_as_it_is(Asking& asking, const kube::OtherObject& object, Claim claim);

// A Service by name and port, as most resources write it: {name, port: number or name}.
std::optional<Backend> own_backend(const kube::Object& owner, const yaml::Node* at, std::string_view ns,
                                   std::string_view name, std::string_view port, const Input& input, Ir& ir,
                                   Ledger& ledger);

}  // namespace gw::convert
