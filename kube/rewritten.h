// Objects that were made, as whoever reads the written text meets them: written piece by piece as if into one file and
// read again, so that the largest set needs no single text and no limit of a file stands in its way.
#pragma once
#include <string>
#include <vector>

#include "kube/load.h"

namespace gw::kube {

class Rewritten {
 public:
  // Places in findings are lines of the file `name` that all pieces together would make.
  Rewritten(std::string name, diag::Sources& sources) : name_(std::move(name)), sources_(sources) {}

  // Pieces come in the order in which `write` would put the whole.
  void add(const Bundle& piece);
  // Reads what was written since the last call.
  Bundle read(diag::Sink& sink);

 private:
  void close();

  std::string name_;
  diag::Sources& sources_;
  std::string text_;
  std::uint32_t lines_ = 0;  // in texts that are closed
  std::vector<diag::FileId> files_;
};

}  // namespace gw::kube
