// Objects that a tree does not show as they will be: a kustomization changes them, or several files define them (one a
// cluster). What is wrong between them and others may be right in what is built.
#pragma once
#include <map>
#include <set>
#include <string>
#include <vector>

#include "diag/diagnostic.h"
#include "kube/bundle.h"
#include "kube/survey.h"
#include "validate/catalogue.h"

namespace gw::validate {

class Unfinished {
 public:
  // Borrows the sources.
  Unfinished(const kube::Survey& survey, const kube::Bundle& bundle, const diag::Sources& sources);
  // Errors about such objects, and about what refers to them, become warnings that say why.
  void soften(std::vector<diag::Diagnostic>& findings) const;

 private:
  using Key = std::string;  // kind, namespace and name
  struct Why {
    std::string text;       // "Gateway infra/web is changed by apps/kustomization.yaml"
    bool replaced = false;  // its fields are written by a replacement: not even its own are as they will be
  };

  void collect_changed(const kube::Survey& survey, const diag::Sources& sources);
  void collect_repeated(const kube::Survey& survey);
  void collect_edges(const kube::Bundle& bundle);
  const Why* why(const diag::Diagnostic& finding) const;
  bool apart(const diag::Diagnostic& finding) const;

  const diag::Sources& sources_;
  std::map<Key, Why> unfinished_;
  std::map<Key, std::vector<Key>> refers_;    // from a route or Ingress to its Gateways and Services
  std::vector<std::set<std::string>> built_;  // the files of each kustomization, with those of what it builds on
};

// What the experimental channel has is no error in a tree that does not say which channel its cluster has.
void soften_channel(std::vector<diag::Diagnostic>& findings, ApiVersion version);

}  // namespace gw::validate
