// A .case file: command lines, the files they read, and what they must say. CONTRIBUTING.md describes the format; here
// it is read, and written again with the outcome of a run in place of what was expected (`./dev accept`).
#pragma once
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

namespace gw::test {

// One stretch of the file: `$ command`, `-- title --` with its text, or plain lines (comments, blanks).
struct Block {
  enum class Kind { prose, command, section } kind;
  std::string head;  // the command, or the title
  std::string text;  // with line ends
};

inline std::vector<std::string_view> lines_of(std::string_view text) {
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    lines.push_back(text.substr(0, end + 1));
    text.remove_prefix(end + 1);
  }
  return lines;
}

inline std::string_view without_newline(std::string_view line) {
  return line.ends_with('\n') ? line.substr(0, line.size() - 1) : line;
}

// What a section says about a command: "stdout", "stderr", "exit 1", "stdout has", "out.json is". Anything else is an
// input file.
struct Expectation {
  std::string subject;  // stdout, stderr, exit, or a file
  enum class How { equal, has, ignored } how = How::equal;
};
inline bool parse_expectation(std::string_view title, Expectation& out) {
  const std::size_t space = title.rfind(' ');
  const std::string_view last = space == title.npos ? "" : title.substr(space + 1);
  const std::string_view first = title.substr(0, space);
  if (title == "stdout" || title == "stderr") return out = {std::string(title), Expectation::How::equal}, true;
  if (first == "exit") return out = {"exit", Expectation::How::equal}, true;
  if (last == "has") return out = {std::string(first), Expectation::How::has}, true;
  if (last == "is") return out = {std::string(first), Expectation::How::equal}, true;
  if (last == "ignored") return out = {std::string(first), Expectation::How::ignored}, true;
  return false;
}

inline std::vector<Block> parse_case(std::string_view text) {
  std::vector<Block> blocks;
  for (std::string_view line : lines_of(text)) {
    const std::string_view bare = without_newline(line);
    Expectation expectation;
    const bool in_section =
        !blocks.empty() && blocks.back().kind == Block::Kind::section && !blocks.back().head.starts_with("exit ");
    const bool in_file = in_section && !parse_expectation(blocks.back().head, expectation);
    if (bare.size() > 6 && bare.starts_with("-- ") && bare.ends_with(" --"))
      blocks.push_back({Block::Kind::section, std::string(bare.substr(3, bare.size() - 6)), ""});
    else if (!in_file && bare.starts_with("$ "))
      blocks.push_back({Block::Kind::command, std::string(bare.substr(2)), ""});
    else if (in_section)
      blocks.back().text += line;
    else
      blocks.push_back({Block::Kind::prose, "", std::string(line)});
  }
  return blocks;
}

inline std::string format_case(const std::vector<Block>& blocks) {
  std::string out;
  for (const Block& block : blocks) {
    if (block.kind == Block::Kind::command) out += "$ " + block.head + "\n";
    if (block.kind == Block::Kind::section) out += "-- " + block.head + " --\n";
    if (block.kind != Block::Kind::command) out += block.text;
    if (!out.empty() && out.back() != '\n') out += '\n';
  }
  return out;
}

// Every line of `wanted` appears in `text`, in this order.
inline bool has_lines(std::string_view text, std::string_view wanted, std::string& missing) {
  for (std::string_view line : lines_of(wanted)) {
    const std::string_view bare = without_newline(line);
    const std::size_t at = text.find(bare);
    if (at == text.npos) return missing = bare, false;
    text.remove_prefix(at + bare.size());
  }
  return true;
}

}  // namespace gw::test
