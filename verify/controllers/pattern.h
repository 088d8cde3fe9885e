// Regular expressions of PCRE controllers (nginx, HAProxy) run on RE2: same leftmost-first answers where RE2 knows the
// construct, and an honest "no" where it does not.
#pragma once
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace re2 {
class RE2;
}

namespace gw::verify {

class Pattern {
 public:
  enum class State : std::uint8_t {
    ok,
    needs_pcre,  // valid there, but RE2 has no such construct (look-around, back-reference, possessive, ...)
    invalid,     // no engine takes it
  };
  enum class Case : std::uint8_t { sensitive, ignored };

  Pattern() = default;
  // `text` as PCRE reads it, on bytes.
  explicit Pattern(std::string_view text, Case letter_case = Case::sensitive);

  // Go's dialect (RE2 itself) on UTF-8.
  static Pattern go(std::string_view text);
  // The text as an expression that matches only itself.
  static std::string quote(std::string_view literal);

  State state() const { return state_; }
  const std::string& why() const { return why_; }  // for invalid and needs_pcre
  // The same expression in RE2's syntax, flags included.
  const std::string& re2() const { return translated_; }

  // Found anywhere in the subject. Precondition for both: ok.
  bool found(std::string_view subject) const;
  // Groups 0..n of the leftmost match; empty when there is none. Groups that did not take part are empty views.
  std::vector<std::string_view> groups(std::string_view subject) const;
  // Every match replaced, "\\1" by groups; the subject as it was where the replacement does not fit.
  std::string replace_all(std::string_view subject, std::string_view replacement) const;

 private:
  std::shared_ptr<const re2::RE2> compiled_;
  std::string translated_, why_;
  State state_ = State::invalid;
};

// Whether the classes of paths decide what a replacement gives: no group in it, or "P(.*)" with "Q<m>1" and
// "P(/|$)(.*)" with "Q<m>2", where P is literal and <m> the marker ('$' or '\\'). Other captures can only be sampled.
bool plain_captures(std::string_view pattern, std::string_view target, char marker);

}  // namespace gw::verify
