// A number that stands for what something says, and names that are told apart only by their order: two hosts whose
// configurations give the same number are configured alike.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "kube/box.h"
#include "kube/meta.h"

namespace gw::verify {

class Shape {
 public:
  // Changes value(); the order of calls counts.
  void add(std::size_t value) { hash_ = (hash_ ^ value) * 0x9E3779B97F4A7C15ULL + (hash_ >> 29) + 1; }
  void add(std::string_view text) { add(std::hash<std::string_view>{}(text)); }
  std::size_t value() const { return hash_ == 0 ? 1 : hash_; }  // never 0

 private:
  std::size_t hash_ = 0x243F6A8885A308D3ULL;
};

// Names by their first appearance: 0, 1, 2 ...
class Numbered {
 public:
  // The same for the same name.
  std::size_t number(std::string_view name) {
    for (std::size_t i = 0; i < few_.size(); ++i)
      if (few_[i] == name) return i;
    if (few_.size() < small) {
      few_.emplace_back(name);
      return few_.size() - 1;
    }
    return more_.try_emplace(std::string(name), few_.size() + more_.size()).first->second;
  }

 private:
  static constexpr std::size_t small = 16;
  std::vector<std::string> few_;
  std::unordered_map<std::string, std::size_t> more_;
};

// Everything that an object with fields() says, but for what `Own` takes out: it is asked first about every struct and
// returns true where it has added one in its own words.
template <class Own>
class FieldShape {
 public:
  FieldShape(Shape& out, Own own) : out_(out), own_(std::move(own)) {}

  template <class T>
  void operator()(std::string_view name, const T& value) {
    out_.add(name);
    put(value);
  }
  // As any other field.
  template <class T>
  void always(std::string_view name, const T& value) {
    (*this)(name, value);
  }
  void rest(std::string_view) {}

  // Each adds one value; absent ones are told from empty ones.
  void put(const kube::TextLike auto& value) { out_.add(std::string_view(value)); }
  void put(const kube::OptionalString& value) {
    out_.add(value ? 1 : 0);
    if (value) out_.add(std::string_view(*value));
  }
  void put(bool value) { out_.add(value ? 1 : 0); }
  void put(std::int32_t value) { out_.add(static_cast<std::size_t>(value)); }
  void put(std::int64_t value) { out_.add(static_cast<std::size_t>(value)); }
  void put(const kube::IntOrString& value) {
    out_.add(static_cast<std::size_t>(value.number));
    out_.add(std::string_view(value.name));
  }
  template <class A, class B>
  void put(const std::pair<A, B>& value) {
    put(value.first);
    put(value.second);
  }
  template <class T>
  void put(const std::optional<T>& value) {
    out_.add(value ? 1 : 0);
    if (value) put(*value);
  }
  template <class T>
  void put(const kube::Box<T>& value) {
    out_.add(value ? 1 : 0);
    if (value) put(*value);
  }
  template <class T>
  void put(const std::vector<T>& list) {
    out_.add(list.size());
    for (const T& item : list) put(item);
  }
  template <std::derived_from<kube::Fields> T>
  void put(const T& value) {
    if (own_(value)) return;
    fields(*this, const_cast<T&>(value));  // only read
  }

 private:
  Shape& out_;
  Own own_;
};

}  // namespace gw::verify
