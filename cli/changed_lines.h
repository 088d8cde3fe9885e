// Which lines of which files changed since a git revision, so that a check can speak only of what is new.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "diag/diagnostic.h"
#include "diag/result.h"

namespace gw::cli {

class ChangedLines {
 public:
  // Reads `git diff --unified=0` (paths relative to the working directory); files that git does not know are all new.
  static ChangedLines parse(const std::string& diff, const std::string& untracked);
  // Does the finding, or the line above it, lie on a changed line?
  bool touches(const diag::Diagnostic& finding, const diag::Sources& sources) const;

 private:
  struct Range {
    std::uint32_t first, count;
  };
  std::map<std::string, std::vector<Range>> files_;  // by path from the working directory, "./" removed
};

// Asks git. An error when git or the revision is not there.
Result<ChangedLines> changed_lines(const std::string& revision);

}  // namespace gw::cli
