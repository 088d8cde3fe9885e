#include "validate/cel/lexer.h"

#include <array>
#include <charconv>
#include <cstdlib>

namespace gw::validate::cel {
namespace {

bool name_start(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_';
}
bool digit(char c) {
  return c >= '0' && c <= '9';
}

void append_utf8(std::string& out, std::uint32_t c) {
  auto put = [&out](std::uint32_t byte) { out += static_cast<char>(byte); };
  if (c < 0x80) {
    put(c);
  } else if (c < 0x800) {
    put(0xC0 | c >> 6);
    put(0x80 | (c & 0x3F));
  } else if (c < 0x10000) {
    put(0xE0 | c >> 12);
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  } else {
    put(0xF0 | c >> 18);
    put(0x80 | (c >> 12 & 0x3F));
    put(0x80 | (c >> 6 & 0x3F));
    put(0x80 | (c & 0x3F));
  }
}

}  // namespace

Token Lexer::next() {
  skip_space();
  Token token;
  token.at = at_;
  if (at_ >= text_.size()) return token;
  const char c = text_[at_];
  if (const std::size_t prefix = string_prefix(); prefix != std::string_view::npos) {
    read_string(token, prefix);
  } else if (name_start(c)) {
    token.kind = Kind::name;
    const std::size_t begin = at_;
    while (at_ < text_.size() && (name_start(text_[at_]) || digit(text_[at_]))) ++at_;
    token.text = text_.substr(begin, at_ - begin);
  } else if (digit(c) || (c == '.' && at_ + 1 < text_.size() && digit(text_[at_ + 1]))) {
    read_number(token);
  } else {
    read_symbol(token);
  }
  return token;
}

void Lexer::skip_space() {
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f') {
      ++at_;
    } else if (text_.substr(at_, 2) == "//") {
      while (at_ < text_.size() && text_[at_] != '\n') ++at_;
    } else {
      return;
    }
  }
}

// Length of [rRbB]* before a quote, or npos when no string begins here.
std::size_t Lexer::string_prefix() const {
  for (std::size_t n = 0; n <= 2 && at_ + n < text_.size(); ++n) {
    const char c = text_[at_ + n];
    if (c == '"' || c == '\'') return n;
    if (c != 'r' && c != 'R' && c != 'b' && c != 'B') break;
  }
  return std::string_view::npos;
}

void Lexer::read_string(Token& token, std::size_t prefix) {
  bool raw = false;
  token.kind = Kind::string;
  for (std::size_t i = 0; i < prefix; ++i) {
    if (text_[at_ + i] == 'r' || text_[at_ + i] == 'R') {
      raw = true;
    } else {
      token.kind = Kind::bytes;
    }
  }
  at_ += prefix;
  const char quote = text_[at_];
  std::string_view close = text_.substr(at_, 1);
  if (at_ + 2 < text_.size() && text_[at_ + 1] == quote && text_[at_ + 2] == quote) close = text_.substr(at_, 3);
  at_ += close.size();
  while (true) {
    if (at_ >= text_.size()) throw SyntaxError{token.at, "a string is not closed"};
    if (text_.substr(at_, close.size()) == close) break;
    const char c = text_[at_];
    if (c == '\n' && close.size() == 1) throw SyntaxError{token.at, "a string is not closed on its line"};
    if (c == '\\' && !raw) {
      read_escape(token);
    } else {
      token.value += c;
      ++at_;
    }
  }
  at_ += close.size();
}

void Lexer::read_escape(Token& token) {
  const std::size_t begin = at_++;
  if (at_ >= text_.size()) throw SyntaxError{begin, "a string is not closed"};
  const char c = text_[at_++];
  constexpr std::string_view letters = "abfnrtv\\'\"`?";
  constexpr std::string_view bytes = "\a\b\f\n\r\t\v\\'\"`?";
  if (const auto i = letters.find(c); i != std::string_view::npos) {
    token.value += bytes[i];
    return;
  }
  int base = 16;
  std::size_t count = 0;
  if (c == 'x' || c == 'X') {
    count = 2;
  } else if (c == 'u') {
    count = 4;
  } else if (c == 'U') {
    count = 8;
  } else if (c >= '0' && c <= '3') {
    base = 8;
    count = 3;
    --at_;
  } else {
    throw SyntaxError{begin, "unknown escape in a string"};
  }
  const std::string_view digits = text_.substr(at_, count);
  std::uint32_t code = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), code, base);
  if (digits.size() != count || fault != std::errc{} || end != digits.data() + count || code > 0x10FFFF) {
    throw SyntaxError{begin, "incomplete escape in a string"};
  }
  at_ += count;
  if (token.kind == Kind::bytes) {
    token.value += static_cast<char>(code);
  } else {
    append_utf8(token.value, code);
  }
}

void Lexer::read_number(Token& token) {
  const std::size_t begin = at_;
  const bool hex = text_.substr(at_, 2) == "0x" || text_.substr(at_, 2) == "0X";
  bool real = false;
  if (hex) at_ += 2;
  auto hex_digit = [](char c) { return digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'); };
  while (at_ < text_.size()) {
    const char c = text_[at_];
    if (hex ? hex_digit(c) : digit(c)) {
      ++at_;
    } else if (!hex && c == '.' && !real && at_ + 1 < text_.size() && digit(text_[at_ + 1])) {
      real = true;
      ++at_;
    } else if (!hex && (c == 'e' || c == 'E')) {
      real = true;
      ++at_;
      if (at_ < text_.size() && (text_[at_] == '+' || text_[at_] == '-')) ++at_;
    } else {
      break;
    }
  }
  const std::string_view body = text_.substr(begin, at_ - begin);
  if (real) {
    token.kind = Kind::floating;
    token.floating = std::strtod(std::string(body).c_str(), nullptr);
    return;
  }
  const std::string_view digits = hex ? body.substr(2) : body;
  std::uint64_t number = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number, hex ? 16 : 10);
  if (fault != std::errc{} || digits.empty() || end != digits.data() + digits.size()) {
    throw SyntaxError{begin, "a number is out of range"};
  }
  token.integer = static_cast<std::int64_t>(number);
  token.kind = Kind::integer;
  if (at_ < text_.size() && (text_[at_] == 'u' || text_[at_] == 'U')) {
    token.kind = Kind::unsigned_integer;
    ++at_;
  }
}

void Lexer::read_symbol(Token& token) {
  static constexpr std::array<std::string_view, 7> pairs = {"&&", "||", "==", "!=", "<=", ">=", "[?"};
  token.kind = Kind::symbol;
  for (std::string_view pair : pairs) {
    if (text_.substr(at_, 2) == pair) {
      token.text = pair;
      at_ += 2;
      return;
    }
  }
  if (std::string_view("+-*/%!<>?:.,()[]{}").find(text_[at_]) == std::string_view::npos) {
    throw SyntaxError{at_, "unexpected character"};
  }
  token.text = text_.substr(at_++, 1);
}

}  // namespace gw::validate::cel
