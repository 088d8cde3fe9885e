// A semantic rule: what the API server cannot see. Rules are rows of validate/rules/registry.cpp.
#pragma once
#include <span>
#include <string_view>

#include "diag/diagnostic.h"
#include "kube/index.h"
#include "route/attach.h"
#include "validate/validate.h"

namespace gw::validate {

// Where findings go. Everything outlives the run.
struct Reporting {
  const diag::Sources& sources;
  const Options& options;
  diag::Sink& sink;
};

// What a rule may look at.
struct Context : Reporting {
  const kube::Bundle& bundle;
  const kube::Index& index;
  const route::Attachments& attachments;  // of the whole set, with certificate facts

  // "Not found" in a partial set is a warning: is this namespace given in full? True with --complete, when the set
  // holds the Namespace object itself, or (for Services) when it holds any Service.
  bool complete(std::string_view ns) const;
  // Severity of a reference that leads nowhere: error where the set is complete, else warning.
  diag::Severity missing(std::string_view ns) const {
    return complete(ns) ? diag::Severity::error : diag::Severity::warning;
  }
};

struct SemanticRule {
  std::string_view code;  // "GW201"
  diag::Severity severity = diag::Severity::error;
  std::string_view layer;        // reference, conflict, lint
  std::string_view title;        // one line, for lists
  std::string_view explanation;  // for `gwctl explain`: why it matters, what to do
  // Several rows may share one function that reports all their codes; it runs once. Null: check_raw is the rule.
  void (*check)(const Context& context);
  bool opt_in = false;  // told only when it is asked for by name
  // Looks at one object as it was written.
  void (*check_raw)(const Reporting& to, const kube::RawObject& raw) = nullptr;
};

// Every rule, by code.
std::span<const SemanticRule> semantic_rules();

}  // namespace gw::validate
