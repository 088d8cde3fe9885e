// Bytes that YAML does not allow anywhere, found before parsing.
#pragma once
#include <cstddef>
#include <string_view>

namespace gw::yaml {

struct ByteCheck {
  enum class Fault { none, utf8, control };
  Fault fault = Fault::none;
  std::size_t at = 0;  // of the first fault
  bool ascii = true;   // no byte above 0x7F up to the fault
  bool tab = false;    // a tab occurs
};

// A byte order mark is only allowed at the very start.
ByteCheck check_bytes(std::string_view text);

}  // namespace gw::yaml
