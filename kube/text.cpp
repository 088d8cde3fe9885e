#include "kube/text.h"

namespace gw::kube {

void String::copy(std::string_view text) {
  if (text.size() <= inside) {
    text.copy(bytes_, text.size());
    return set_length(static_cast<unsigned char>(text.size()));
  }
  const auto size = static_cast<std::uint32_t>(text.size());
  char* const own = new char[size];
  text.copy(own, size);
  std::memcpy(bytes_, &own, sizeof own);
  std::memcpy(bytes_ + sizeof own, &size, sizeof size);
  set_length(outside);
}

}  // namespace gw::kube
