// libyaml counts characters; spans count bytes.
#pragma once
#include <cstddef>
#include <string_view>

namespace gw::yaml {

// Turns character numbers into byte offsets. Marks come in nearly rising order, so a cursor that walks both ways is
// cheap.
class Marks {
 public:
  Marks(std::string_view text, bool ascii) : text_(text), ascii_(ascii) {}

  // At most text.size().
  std::size_t byte(std::size_t character) {
    if (ascii_) return character < text_.size() ? character : text_.size();
    while (character_ < character && byte_ < text_.size()) {
      ++character_;
      do ++byte_;
      while (byte_ < text_.size() && continues(byte_));
    }
    while (character_ > character) {
      --character_;
      do --byte_;
      while (continues(byte_));
    }
    return byte_;
  }

 private:
  bool continues(std::size_t at) const { return (static_cast<unsigned char>(text_[at]) & 0xC0u) == 0x80u; }

  std::string_view text_;
  bool ascii_;
  std::size_t character_ = 0;
  std::size_t byte_ = 0;
};

}  // namespace gw::yaml
