// One look at a set of manifests as `gwctl validate` takes it: read, held against the kinds, decoded, held against the
// rules. The command and the language server both look so, and find the same.
#pragma once
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "kube/survey.h"
#include "validate/validate.h"

namespace gw::validate {

// "yaml", "schema", "cel", "reference", "conflict", "lint"
std::vector<std::string> layer_names();

// Which findings are asked for; empty lists choose everything that is on by default.
struct Selection {
  std::vector<std::string> layers, select, ignore, enable;  // codes by their beginnings, like "GW2"; `enable`: whole

  bool has_layer(std::string_view layer) const;
  bool told(std::string_view code) const;
  // Takes out what is not asked for.
  void choose(std::vector<diag::Diagnostic>& findings) const;
};

// The set as it is read. Everything outlives the call.
struct Read {
  diag::Sources& sources;
  diag::Sink& sink;
  kube::Survey& survey;           // filled by the feed
  const kube::LoadOptions& load;  // looked at after the feed has begun: reading a cluster decides the namespace
};
using Take = std::function<void(std::vector<kube::RawObject> part)>;

struct Looked {
  std::size_t objects = 0;
  ErrorTypes types;
  Fixes fixes;
  std::vector<diag::Diagnostic> findings;  // all of them, also those that the selection would take out by their code
  kube::Bundle bundle;                     // filled where `keep_bundle` asks for it
};

// `feed` hands the objects on in parts and gives the error of reading them.
Status look(const Read& read, const std::function<Status(const Take&)>& feed, Options options,
            const Selection& selection, Looked& out, bool keep_bundle = false);

}  // namespace gw::validate
