// A line is drawn as cells, so that what is shown may be wider or narrower than its bytes and the caret still fits.
#include "diag/excerpt.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "diag/text.h"

namespace gw::diag {
namespace {

constexpr std::size_t widest = 110;  // columns of a source line that are shown
constexpr unsigned tab_columns = 4;

// A character of the source line as it is drawn.
struct Cell {
  std::string text;
  unsigned columns;
  std::uint32_t offset;
};

// The part of a line that can matter for the excerpt: a line may be as long as a file.
Span near(const Sources& sources, Span line, std::uint32_t at) {
  constexpr std::uint32_t bytes = 4 * widest;
  std::string_view text = sources.text(line.file);
  auto continues = [&](std::uint32_t i) { return (static_cast<unsigned char>(text[i]) & 0xC0u) == 0x80u; };
  if (at > line.begin + bytes) {
    line.begin = at - bytes;
    while (line.begin < at && continues(line.begin)) ++line.begin;
  }
  if (line.end > at + bytes) {
    line.end = at + bytes;
    while (line.end > at && continues(line.end)) --line.end;
  }
  return line;
}

// Redacted bytes become one "***", whatever their number: a secret's length is kept as well.
std::vector<Cell> draw(const Sources& sources, Span part) {
  std::vector<Cell> cells;
  std::string_view text = sources.text(part.file);
  std::vector<Span> hidden = sources.redactions(part);
  for (std::uint32_t at = part.begin; at < part.end;) {
    CodePoint c = decode_utf8(text.substr(0, part.end), at);
    bool secret = std::ranges::any_of(hidden, [&](const Span& h) { return h.begin < at + c.bytes && at < h.end; });
    if (secret) {
      if (cells.empty() || cells.back().text != "***") cells.push_back({"***", 3, at});
    } else if (c.value == '\t') {
      cells.push_back({std::string(tab_columns, ' '), tab_columns, at});
    } else {
      Cell cell{"", 0, at};
      append_printable(cell.text, text, c, at);
      bool escaped = cell.text != text.substr(at, c.bytes);
      cell.columns = escaped ? static_cast<unsigned>(cell.text.size()) : columns_of(c.value);
      cells.push_back(std::move(cell));
    }
    at += c.bytes;
  }
  return cells;
}

// The part of a line around [begin, end) that fits the width; "…" stands for what was cut.
Excerpt cut(const std::vector<Cell>& cells, std::uint32_t begin, std::uint32_t end) {
  auto is_past = [](std::uint32_t offset) { return [=](const Cell& cell) { return cell.offset > offset; }; };
  auto first = static_cast<std::size_t>(std::ranges::find_if(cells, is_past(begin)) - cells.begin());
  if (first > 0 && (first < cells.size() || begin <= cells.back().offset)) --first;
  std::size_t total = 0, before = 0;
  for (std::size_t i = 0; i < cells.size(); ++i) {
    if (i == first) before = total;
    total += cells[i].columns;
  }
  if (first >= cells.size()) before = total;

  Excerpt out;
  std::size_t from = 0;
  if (total > widest && before > widest / 2) {
    std::size_t skip = before - widest / 3, skipped = 0;
    while (from < first && skipped < skip) skipped += cells[from++].columns;
    out.line = "…";
    out.caret_at = 1;
  }
  std::size_t used = out.caret_at;
  out.caret_columns = 0;
  bool reached = false;
  for (std::size_t i = from; i < cells.size(); ++i) {
    if (used + cells[i].columns > widest) {
      out.line += "…";
      break;
    }
    if (i == first) out.caret_at = used, reached = true;
    if (i >= first && (i == first || cells[i].offset < end)) out.caret_columns += cells[i].columns;
    out.line += cells[i].text;
    used += cells[i].columns;
  }
  if (!reached) out.caret_at = used;
  out.caret_columns = std::max<std::size_t>(1, out.caret_columns);
  return out;
}

}  // namespace

Excerpt excerpt(const Sources& sources, Span span) {
  std::uint32_t number = sources.position(span.file, span.begin).line;
  Span line = sources.line_span(span.file, number);
  Excerpt out =
      line.begin == line.end ? Excerpt{} : cut(draw(sources, near(sources, line, span.begin)), span.begin, span.end);
  out.number = number;
  while (!out.line.empty() && out.line.back() == ' ') out.line.pop_back();
  return out;
}

}  // namespace gw::diag
