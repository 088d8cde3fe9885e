// Texts of objects, 16 bytes each: Text borrows from the document of its object, String owns, OptionalString may be
// absent. All of them become a std::string where one is wanted.
#pragma once
#include <compare>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace gw::kube {

struct Text : std::string_view {
  using std::string_view::string_view;
  Text(std::string_view text) : std::string_view(text) {}
  operator std::string() const { return std::string(data(), size()); }
};

template <class T>
concept TextLike = std::convertible_to<const T&, std::string_view>;

// Texts of up to 15 bytes need no memory of their own. At most 4 GiB.
class String {
 public:
  String() = default;
  String(std::string_view text) { copy(text); }
  String(const std::string& text) : String(std::string_view(text)) {}
  String(const char* text) : String(std::string_view(text)) {}
  String(const String& other) : String() { *this = other; }
  String(String&& other) noexcept : String() { swap(other); }
  String& operator=(const String& other) {
    if (this == &other) return *this;
    return other.absent() ? become_absent() : *this = std::string_view(other);
  }
  String& operator=(String&& other) noexcept {
    swap(other);
    return *this;
  }
  String& operator=(std::string_view text) {
    String copied(text);
    swap(copied);
    return *this;
  }
  String& operator=(const std::string& text) { return *this = std::string_view(text); }
  String& operator=(const char* text) { return *this = std::string_view(text); }
  ~String() {
    if (length() == outside) delete[] pointer();
  }

  const char* data() const { return length() == outside ? pointer() : bytes_; }  // not terminated by a zero
  std::size_t size() const { return length() == outside ? outside_size() : length() & inside; }  // in bytes
  bool empty() const { return size() == 0; }
  const char* begin() const { return data(); }
  const char* end() const { return data() + size(); }  // behind the last byte
  char operator[](std::size_t i) const { return data()[i]; }
  char back() const { return data()[size() - 1]; }  // of a text that is not empty
  operator std::string_view() const { return {data(), size()}; }
  operator std::string() const { return std::string(data(), size()); }
  std::string_view view() const { return *this; }

  // Each is std::string_view's.
  std::size_t find(auto what, std::size_t from = 0) const { return view().find(what, from); }
  // Each is std::string_view's.
  std::size_t find_first_of(auto what, std::size_t from = 0) const { return view().find_first_of(what, from); }
  // Each is std::string_view's.
  bool starts_with(auto what) const { return view().starts_with(what); }
  bool ends_with(auto what) const { return view().ends_with(what); }  // as std::string_view's
  // A copy of a part; `from` is at most size().
  std::string substr(std::size_t from, std::size_t count = std::string::npos) const {
    return std::string(view().substr(from, count));
  }

  friend bool operator==(const String& a, const String& b) { return a.view() == b.view(); }
  friend auto operator<=>(const String& a, const String& b) { return a.view() <=> b.view(); }
  template <TextLike T>
  friend bool operator==(const String& a, const T& b) {
    return a.view() == std::string_view(b);
  }
  template <TextLike T>
  friend auto operator<=>(const String& a, const T& b) {
    return a.view() <=> std::string_view(b);
  }

 private:
  friend class OptionalString;
  static constexpr unsigned char inside = 15;     // the longest that bytes_ holds
  static constexpr unsigned char outside = 0x80;  // bytes_ is a pointer and a size
  static constexpr unsigned char none = 0x40;     // an absent OptionalString

  unsigned char length() const { return static_cast<unsigned char>(bytes_[inside]); }
  void set_length(unsigned char length) { bytes_[inside] = static_cast<char>(length); }
  char* pointer() const {
    char* out;
    std::memcpy(&out, bytes_, sizeof out);
    return out;
  }
  std::uint32_t outside_size() const {
    std::uint32_t out;
    std::memcpy(&out, bytes_ + sizeof(char*), sizeof out);
    return out;
  }
  bool absent() const { return length() == none; }
  String& become_absent() {
    *this = String();
    set_length(none);
    return *this;
  }
  void copy(std::string_view text);  // into one that owns nothing
  void swap(String& other) noexcept { std::swap(bytes_, other.bytes_); }

  alignas(char*) char bytes_[inside + 1] = {};
};
static_assert(sizeof(String) == 16);

// std::optional<String> in the 16 bytes of a String, with the same operations.
class OptionalString {
 public:
  OptionalString() { value_.become_absent(); }
  OptionalString(std::nullopt_t) : OptionalString() {}
  OptionalString(String text) : value_(std::move(text)) {}
  OptionalString(const TextLike auto& text) : value_(std::string_view(text)) {}
  OptionalString(const std::optional<std::string>& text) : OptionalString() {
    if (text) value_ = *text;
  }

  bool has_value() const { return !value_.absent(); }
  explicit operator bool() const { return has_value(); }
  const String& operator*() const { return value_; }
  String& operator*() { return value_; }
  const String* operator->() const { return &value_; }
  // A copy.
  std::string value_or(std::string_view otherwise) const {
    return std::string(has_value() ? value_.view() : otherwise);
  }
  String& emplace() { return value_ = String(); }
  void reset() { value_.become_absent(); }  // absent afterwards
  operator std::optional<std::string>() const {
    return has_value() ? std::optional<std::string>(value_) : std::nullopt;
  }

  friend bool operator==(const OptionalString& a, const OptionalString& b) {
    return a.has_value() == b.has_value() && a.value_ == b.value_;
  }
  friend bool operator==(const OptionalString& a, std::nullopt_t) { return !a.has_value(); }
  template <TextLike T>
  friend bool operator==(const OptionalString& a, const T& b) {
    return a.has_value() && a.value_ == b;
  }
  friend auto operator<=>(const OptionalString& a, const OptionalString& b) {
    const auto there = a.has_value() <=> b.has_value();
    return there != 0 ? there : a.value_ <=> b.value_;
  }

 private:
  String value_;
};

// Copies.
inline std::vector<std::string> strings(const std::vector<String>& texts) {
  return {texts.begin(), texts.end()};
}

template <class T>
concept ObjectText = std::same_as<T, Text> || std::same_as<T, String>;
template <ObjectText T>
std::string operator+(std::string a, const T& b) {
  return std::move(a.append(b.data(), b.size()));
}
template <ObjectText T>
std::string operator+(const char* a, const T& b) {
  return std::string(a).append(b.data(), b.size());
}
template <ObjectText T>
std::string operator+(char a, const T& b) {
  return std::string(1, a).append(b.data(), b.size());
}
template <ObjectText T, TextLike U>
std::string operator+(const T& a, const U& b) {
  return std::string(a).append(std::string_view(b));
}
template <ObjectText T>
std::string operator+(const T& a, char b) {
  return std::string(a) + b;
}

}  // namespace gw::kube
