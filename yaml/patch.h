// The escape \' in double quotes: Go's reader takes it, libyaml refuses it. The backslash is taken out where libyaml
// stumbled, and the document is read again; places still are those of the file.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace gw::yaml {

class Patch {
 public:
  explicit Patch(std::string_view text) : original_(text) {}

  // With the escapes taken out.
  std::string_view text() const { return removed_.empty() ? original_ : std::string_view(patched_); }
  // Offset in the original of an offset in text().
  std::size_t original(std::size_t offset) const;

  // libyaml stopped at this offset of text() for an unknown escape. True when the text was changed and may be read
  // again.
  bool mend_escape(std::size_t offset);

 private:
  std::string_view original_;
  std::string patched_;
  std::vector<std::size_t> removed_;  // offsets in the original, ascending
  std::size_t attempts_ = 0;
};

}  // namespace gw::yaml
