// A text that borrows from the document of its object, and becomes a std::string where one is wanted.
#pragma once
#include <string>
#include <string_view>

namespace gw::kube {

struct Text : std::string_view {
  using std::string_view::string_view;
  Text(std::string_view text) : std::string_view(text) {}
  operator std::string() const { return std::string(data(), size()); }

  friend std::string operator+(std::string a, const Text& b) { return std::move(a.append(b)); }
  friend std::string operator+(const char* a, const Text& b) { return std::string(a).append(b); }
  friend std::string operator+(const Text& a, const char* b) { return std::string(a).append(b); }
  friend std::string operator+(const Text& a, const std::string& b) { return std::string(a).append(b); }
};

}  // namespace gw::kube
