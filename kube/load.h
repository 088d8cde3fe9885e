// From files to a Bundle. Every document is decoded by kind; lists are opened; what does not fit is reported and left
// out, and never costs another object.
#pragma once
#include <array>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "diag/diagnostic.h"
#include "diag/result.h"
#include "kube/bundle.h"
#include "yaml/read.h"

namespace gw::kube {

struct LoadOptions {
  yaml::Limits limits;
  bool recursive = false;
  std::string ns;        // keep only this namespace; empty keeps all
  std::string selector;  // label selector, kubectl's syntax; empty keeps all
  std::string default_namespace = "default";
  std::vector<std::pair<std::string, std::string>> set;  // placeholders and what takes their place
};
// An Error where `options.selector` is not written as kubectl takes it.
Status check_selector(const LoadOptions& options);

// Reads paths (file, directory, "-") into sources, where every file counts (definitions, objects of before).
// Directories give *.yaml *.yml *.json in name order; a FIFO, a device, a link loop or a file over the limit is an
// error of the world. Manifests are read by kube/survey.h.
Result<std::vector<diag::FileId>> read_inputs(const std::vector<std::string>& paths, const LoadOptions& options,
                                              diag::Sources& sources);

// One object of the input before it is typed: List items are separate.
struct RawObject {
  yaml::Document document;
  const yaml::Node* node = nullptr;
  std::string_view api_version, kind;  // an item of a typed list (IngressList) has them from its list
  std::string ns = {};                 // that its kustomization gives it; empty: none
  bool encrypted = false;              // by SOPS: there, but not to be read
};

// Splits documents into objects (List and typed lists are opened), reports GW003 for what has no apiVersion or kind.
std::vector<RawObject> objects(const std::vector<yaml::Document>& documents, diag::Sink& sink);

// Decodes. Findings: GW004 unknown kind of a known group (with "did you mean"), GW010 defined twice, GW101 unknown
// field (with "did you mean"; the object is kept), GW103 wrong type (the object is left out). Values of Secrets are
// redacted in sources. Of objects defined twice the last one counts, as with kubectl apply.
Bundle decode(const std::vector<RawObject>& raw, const LoadOptions& options, diag::Sources& sources, diag::Sink& sink);
// The same, letting go of each tree when its object is decoded: what objects point at is folded (yaml/fold.h).
Bundle decode(std::vector<RawObject>&& raw, const LoadOptions& options, diag::Sources& sources, diag::Sink& sink);

// The same for a set that comes in parts. What the constructor is given outlives the Decoder.
class Decoder {
 public:
  Decoder(const LoadOptions& options, diag::Sources& sources, diag::Sink& sink);
  ~Decoder();
  // Decodes a part of the objects, in order; their trees are let go.
  void add(std::vector<RawObject> part);
  void add_file(diag::FileId file);  // read with the options' limits
  // The Bundle of everything that was added. Call once.
  Bundle finish();

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

// The same from text in memory (tests, standard input already read).
Bundle load_text(std::string name, std::string text, diag::Sources& sources, diag::Sink& sink);

// Writes objects in the order of each_kind, names ascending within a kind; comments above each document in YAML.
void write(const Bundle& bundle, yaml::Style style, std::string& out);
// The same, handed on in parts.
void write(const Bundle& bundle, yaml::Style style, const std::function<void(std::string_view)>& sink);

// A place inside an object: a node, or what is reached from it over members of mappings and items of list members; as
// far as that is written. The tree is looked at when the place is asked for, not before.
struct Place {
  static constexpr std::size_t none = ~std::size_t{0};
  struct Step {
    std::string_view member;
    std::size_t item = none;  // of the list that the member is
  };
  Place(const yaml::Node* at = nullptr) : node(at) {}
  Place(const Located& located, std::string_view member, std::size_t item = none)
      : node(located.node), steps{Step{member, item}} {}
  Place below(std::string_view member, std::size_t item = none) const;  // a step further

  const yaml::Node* in(const yaml::Node* base) const;  // of another reading of `node`
  operator const yaml::Node*() const { return in(node); }
  const yaml::Node* operator->() const { return in(node); }
  explicit operator bool() const { return node != nullptr; }

  const yaml::Node* node = nullptr;
  std::array<Step, 3> steps{};  // up to the first without a member
};

// A finding about a place inside an object: fills object, path ("spec.rules[0].host") and span from the tree.
// Without a place the object's own first line is meant.
diag::Diagnostic finding(const Object& object, const Place& at, std::string code, diag::Severity severity,
                         std::string layer, std::string message, std::string help = {});
// Field path of a node below an object's root, found by position; empty when it is the root.
std::string path_of(const yaml::Node& root, const yaml::Node& target);

}  // namespace gw::kube
