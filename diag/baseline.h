// Known findings, kept in a file: they are told no more, and new ones stand out.
#pragma once
#include <cstddef>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "diag/diagnostic.h"
#include "diag/result.h"

namespace gw::diag {

// 16 hexadecimal digits of code, object (apiVersion, kind, namespace, name) and field path; without an object of code,
// file name and message. Lines may move and files be renamed.
std::string fingerprint(const Diagnostic& finding, const Sources& sources);

class Baseline {
 public:
  // From the text that write() made; an error tells the line that is not understood.
  static Result<Baseline> parse(std::string_view text);
  // A text file, one finding a line, sorted, so that its diff can be reviewed.
  static std::string write(const std::vector<Diagnostic>& findings, const Sources& sources);

  // Takes out the findings that the baseline knows, each entry as often as it is listed. Gives how many.
  std::size_t apply(std::vector<Diagnostic>& findings, const Sources& sources);
  // After apply(): the lines of entries that nothing matched, ready to be removed.
  std::vector<std::string> stale() const;
  // After apply(): the baseline without its stale entries.
  std::string prune() const;

 private:
  struct Entry {
    std::string line;
    bool used = false;
  };
  std::multimap<std::string, Entry> entries_;  // by fingerprint
};

}  // namespace gw::diag
