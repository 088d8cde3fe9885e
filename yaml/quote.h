// How a text is written so that every reader gets the same text back.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

namespace gw::yaml {

// "text" with JSON's escapes, which YAML knows too. What YAML does not allow raw is escaped; broken UTF-8 becomes
// U+FFFD.
void append_double_quoted(std::string& out, std::string_view text);
// Block style: plain where that is safe, else quoted.
void append_yaml(std::string& out, std::string_view text);
// KYAML: keys are plain only when made of letters, digits, '_', and '-' '.' '/' inside.
void append_kyaml_key(std::string& out, std::string_view text);
// KYAML: text of several lines over several lines of source.
void append_kyaml_lines(std::string& out, std::string_view text, std::size_t spaces);

// True when `text` reads back exactly as a block scalar ("|").
bool fits_block_scalar(std::string_view text);
// "|" and its content, every line indented by `spaces`; the last line has no newline.
void append_block_scalar(std::string& out, std::string_view text, std::size_t spaces);

}  // namespace gw::yaml
