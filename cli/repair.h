// `gwctl validate --fix`: writes the safe repairs of findings into the files, or shows them as a diff.
#pragma once
#include <cstddef>
#include <string>
#include <vector>

#include "diag/diagnostic.h"
#include "diag/result.h"
#include "validate/fixes.h"

namespace gw::cli {

// The texts of the files after the repairs.
class Repairs {
 public:
  Repairs(const std::vector<diag::Diagnostic>& findings, const validate::Fixes& fixes, const diag::Sources& sources);

  std::size_t findings() const { return findings_; }  // that are repaired
  std::size_t files() const { return files_.size(); }
  std::string diff() const;  // unified, three lines of context; parts of Secrets are "***"
  // Through a temporary file beside each, so that none is half written; links are not followed.
  Status write() const;

 private:
  struct File {
    diag::FileId id;
    std::vector<validate::Replacement> replacements;  // sorted, disjoint
  };
  const diag::Sources& sources_;  // outlives the Repairs
  std::vector<File> files_;
  std::size_t findings_ = 0;
};

}  // namespace gw::cli
