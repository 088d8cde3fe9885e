// A side of `gwctl review`: a directory or a file as it lies, or what a git revision has below the current directory.
#pragma once
#include <string>

#include "diag/result.h"

namespace gw::cli {

class Revision {
 public:
  Revision() = default;
  ~Revision();  // removes what was unpacked
  Revision(const Revision&) = delete;
  Revision& operator=(const Revision&) = delete;

  // `named` is a path where one exists, else a revision that git knows.
  Status open(const std::string& named);

  const std::string& path() const { return path_; }
  // `text` with the place of unpacked files taken out of it: "base/shop.yaml:3" instead of a temporary name.
  std::string shown(std::string text) const;

 private:
  std::string path_, unpacked_;  // unpacked_: a directory of ours; empty where nothing was unpacked
};

}  // namespace gw::cli
