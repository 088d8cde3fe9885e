// Everything wrong with a set of manifests: what the API server would refuse, and what it cannot see.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "diag/diagnostic.h"
#include "kube/load.h"
#include "validate/catalogue.h"
#include "validate/fixes.h"
#include "validate/violation.h"

namespace gw::validate {

// Objects by group, kind, namespace and name.
class OldObjects {
 public:
  explicit OldObjects(const std::vector<kube::RawObject>& objects);  // borrows their trees
  const yaml::Node* find(const kube::RawObject& object) const;       // null when there was none

 private:
  std::map<std::string, const yaml::Node*> nodes_;
};

struct Options {
  Channel channel = Channel::standard;
  bool channel_said = true;  // false: what only the other channel has is no error in a tree
  ApiVersion api_version = ApiVersion::v1_6;
  const Catalogue* crds = nullptr;  // asked before the built-in description; outlives the call
  bool cel = true;                  // run CEL rules
  bool rules = true;                // run the semantic rules (check() only)
  bool complete = false;            // the set is the whole cluster: what is absent does not exist
  bool partial = false;             // the set is part of what will be: a namespace in it is not given in full
  std::string profile;              // an implementation's name: its limits are told
  std::int64_t now = 0;             // seconds since 1970, for certificates; 0: the current time
  const OldObjects* old = nullptr;  // the objects as they are now, for rules about changes; outlives the call
  Fixes* fixes = nullptr;           // filled with safe repairs; outlives the call
  std::function<bool(std::string_view code)> told;  // of the semantic rules; null: every code
};

// Which error the API server would give, beside the finding: diag::Diagnostic has no room for it.
class ErrorTypes {
 public:
  // Remembers the API server's type of the error.
  void add(const diag::Diagnostic& finding, ErrorType type);
  // "FieldValueInvalid", ...; empty for findings that are not the API server's.
  std::string_view find(const diag::Diagnostic& finding) const;

 private:
  using Key = std::tuple<diag::FileId, std::uint32_t, std::uint32_t, std::string, std::string, std::string>;
  static Key key(const diag::Diagnostic& finding);
  std::map<Key, ErrorType> types_;
};

// Schema and CEL, on all cores: every object against its kind. Layers "schema" and "cel".
void check_objects(const std::vector<kube::RawObject>& objects, const Options& options, diag::Sink& sink,
                   ErrorTypes* types = nullptr);

// The rules of validate/rules/ that look at objects as they were written.
void check_written(const std::vector<kube::RawObject>& objects, const diag::Sources& sources, const Options& options,
                   diag::Sink& sink);

// The other rules, over a decoded set.
void check_rules(const kube::Bundle& bundle, const diag::Sources& sources, const Options& options, diag::Sink& sink);

// Both, for a set that was made rather than read (convert's output): it is written out and read again as a file `name`.
void check(const kube::Bundle& bundle, const std::string& name, const Options& options, diag::Sources& sources,
           diag::Sink& sink);

}  // namespace gw::validate
