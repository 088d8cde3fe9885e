// Memory of one document tree or of many: freed all at once, addresses never change.
#pragma once
#include <cstddef>
#include <cstring>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <vector>

namespace gw::yaml {

class Arena {
 public:
  // Lives as long as the arena.
  template <class T>
  const T* copy(std::span<const T> values) {
    static_assert(std::is_trivially_copyable_v<T> && std::is_trivially_destructible_v<T>);
    if (values.empty()) return nullptr;
    void* place = allocate(values.size_bytes(), alignof(T));
    std::memcpy(place, values.data(), values.size_bytes());
    return static_cast<const T*>(place);
  }
  std::string_view copy(std::string_view text) {
    if (text.empty()) return {};
    void* place = allocate(text.size(), 1);
    std::memcpy(place, text.data(), text.size());
    return {static_cast<const char*>(place), text.size()};
  }

 private:
  void* allocate(std::size_t size, std::size_t alignment) {
    std::size_t skip = (alignment - used_ % alignment) % alignment;
    if (blocks_.empty() || used_ + skip + size > capacity_) {
      capacity_ = size > block_ / 4 ? size : block_;
      blocks_.push_back(std::make_unique_for_overwrite<std::byte[]>(capacity_));
      if (block_ < 1u << 16) block_ *= 2;
      used_ = skip = 0;
    }
    void* place = blocks_.back().get() + used_ + skip;
    used_ += skip + size;
    return place;
  }

  std::vector<std::unique_ptr<std::byte[]>> blocks_;
  std::size_t block_ = 1u << 10;  // an object of a cluster has an arena of its own
  std::size_t capacity_ = 0;
  std::size_t used_ = 0;
};

}  // namespace gw::yaml
