#include "lsp/typing.h"

#include <algorithm>

namespace gw::lsp {
namespace {

// "  - name: web" is two keys deep: an item at column 2, and "name" at column 4.
struct Row {
  std::size_t item = std::string_view::npos;  // column of the last "- "
  std::size_t column = 0;                     // of what follows
  std::string_view key, value;
  bool blank = true;
};

std::string_view unquoted(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.size() > 1 && (text.front() == '"' || text.front() == '\'') && text.back() == text.front())
    text = text.substr(1, text.size() - 2);
  return text;
}

Row row_of(std::string_view line) {
  Row out;
  std::size_t i = 0;
  const auto skip = [&] {
    while (i < line.size() && line[i] == ' ') ++i;
  };
  skip();
  while (i < line.size() && line[i] == '-' && (i + 1 == line.size() || line[i + 1] == ' ')) {
    out.item = i++;
    skip();
    out.blank = false;
  }
  out.column = i;
  if (i == line.size() || line[i] == '#') return out;
  out.blank = false;
  std::size_t colon = line.find(": ", i);
  if (colon == line.npos && line.ends_with(':')) colon = line.size() - 1;
  if (colon == line.npos) {
    out.value = line.substr(i);
    return out;
  }
  out.key = unquoted(line.substr(i, colon - i));
  std::string_view rest = line.substr(colon + 1);
  rest.remove_prefix(std::min(rest.find_first_not_of(' '), rest.size()));
  if (const auto comment = rest.find(" #"); comment != rest.npos) rest = rest.substr(0, comment);
  out.value = unquoted(rest);
  return out;
}

bool separator(std::string_view line) {
  return line.starts_with("---");
}

class Finder {
 public:
  Finder(const Lines& lines, std::uint32_t line) : lines_(lines), line_(line) {
    first_ = line;
    while (first_ > 0 && !separator(lines.line(first_ - 1))) --first_;
    last_ = line + 1;
    while (last_ < lines.count() && !separator(lines.line(last_))) ++last_;
  }

  // What the top of the object says.
  void head(Typing& out) const {
    std::string_view inside;
    for (std::uint32_t i = first_; i < last_; ++i) {
      const Row row = row_of(lines_.line(i));
      if (row.blank || i == line_) continue;
      if (row.column == 0) inside = row.key;
      if (row.column == 0 && row.key == "apiVersion") out.api_version = row.value;
      if (row.column == 0 && row.key == "kind") out.kind = row.value;
      if (row.column != 0 && inside == "metadata" && row.key == "namespace") out.ns = row.value;
      if (row.column != 0 && inside == "metadata" && row.key == "name") out.name = row.value;
    }
  }

  // The keys above that are less indented, from the root; a list item stands between them where there is one.
  void path(const Row& here, std::size_t column, Typing& out) const {
    std::vector<std::string> up;
    std::size_t inside = column;
    const auto leave_item = [&](const Row& row) {
      if (row.item == std::string_view::npos || row.item >= inside) return;
      up.emplace_back("[]");
      inside = row.item + 1;  // a list may stand at the column of its key
    };
    leave_item(here);
    for (std::uint32_t i = line_; i-- > first_ && inside > 0;) {
      const Row row = row_of(lines_.line(i));
      if (row.blank) continue;
      if (row.column < inside && !row.key.empty() && (row.value.empty() || row.value.front() == '|')) {
        up.emplace_back(row.key);
        inside = row.column;
      }
      leave_item(row);
    }
    std::reverse(up.begin(), up.end());
    out.path = std::move(up);
  }

  void beside(std::size_t column, Typing& out) const {
    const auto take = [&](std::uint32_t i) {
      const Row row = row_of(lines_.line(i));
      if (row.blank) return true;
      if (row.column < column) return false;
      if (row.column == column && !row.key.empty()) out.beside.emplace(row.key, row.value);
      return row.item == std::string_view::npos || row.column != column;
    };
    for (std::uint32_t i = line_ + 1; i < last_; ++i) {
      const Row row = row_of(lines_.line(i));
      if (!row.blank && (row.column < column || row.item != std::string_view::npos)) break;
      take(i);
    }
    if (row_of(lines_.line(line_)).item != std::string_view::npos) return;
    for (std::uint32_t i = line_; i-- > first_;)
      if (!take(i)) break;
  }

 private:
  const Lines& lines_;
  std::uint32_t line_, first_ = 0, last_ = 0;
};

}  // namespace

Typing typing_at(const Lines& lines, Position at) {
  Typing out;
  const std::string_view line = lines.line(at.line);
  const std::size_t cursor = std::min(lines.offset(at) - lines.start(at.line), line.size());
  const Finder finder(lines, at.line);
  finder.head(out);
  const Row whole = row_of(line);
  const Row typed = row_of(line.substr(0, cursor));
  const std::size_t column = whole.blank ? cursor : whole.column;
  finder.path(whole, column, out);
  finder.beside(column, out);
  out.value = !typed.key.empty();
  if (out.value) out.path.emplace_back(typed.key);
  out.prefix = typed.value;
  return out;
}

}  // namespace gw::lsp
