// The words of CEL (cel-spec langdef.md, "Syntax"): names, numbers, strings with their escapes, symbols.
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace gw::validate::cel {

enum class Kind : std::uint8_t { end, name, integer, unsigned_integer, floating, string, bytes, symbol };

struct Token {
  Kind kind = Kind::end;
  std::size_t at = 0;
  std::string_view text;  // names and symbols
  std::string value;      // strings
  std::int64_t integer = 0;
  double floating = 0;
};

struct SyntaxError {
  std::size_t at;
  std::string message;
};

class Lexer {
 public:
  explicit Lexer(std::string_view text) : text_(text) {}

  // The next token; Kind::end at the end, again and again. Throws SyntaxError for what is no token.
  Token next();

 private:
  void skip_space();
  std::size_t string_prefix() const;
  void read_string(Token& token, std::size_t prefix);
  void read_escape(Token& token);
  void read_number(Token& token);
  void read_symbol(Token& token);

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace gw::validate::cel
