// Places in a text as the protocol counts them: lines from 0, characters in UTF-16 code units (LSP 3.17, Position).
#pragma once
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "lsp/rpc.h"

namespace gw::lsp {

struct Position {
  std::uint32_t line = 0, character = 0;
};

// The text's lines, for many conversions. Borrows the text. Lines end at LF, CRLF or a lone CR.
class Lines {
 public:
  explicit Lines(std::string_view text);

  // A place past the end of its line is the end of that line; one past the last line is the end of the text.
  std::size_t offset(Position at) const;
  Position position(std::size_t offset) const;
  std::string_view line(std::uint32_t number) const;  // without its line end; empty past the last
  std::uint32_t count() const { return static_cast<std::uint32_t>(starts_.size()); }
  std::size_t start(std::uint32_t number) const { return number < starts_.size() ? starts_[number] : text_.size(); }

 private:
  std::string_view text_;
  std::vector<std::size_t> starts_;
};

// {"line": n, "character": n}; places that are none are 0.
Position position_of(const Json& value);
Json to_json(Position at);
Json range(const Lines& lines, std::size_t begin, std::size_t end);

// One entry of contentChanges: a range and its new text, or a whole text.
void apply(const Json& change, std::string& text);

// "file:///a%20b" and "/a b"; other schemes stand for themselves.
std::string path_of_uri(std::string_view uri);
std::string uri_of_path(std::string_view path);

}  // namespace gw::lsp
