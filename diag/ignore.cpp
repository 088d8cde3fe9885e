// Comments are found in the text, not in the tree: they must work where a document could not be read, too.
#include "diag/ignore.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace gw::diag {
namespace {

constexpr std::string_view marker = "gwctl:ignore";
constexpr std::string_view blanks = " \t\r";

struct Ignore {
  std::vector<std::string_view> codes;
  Span comment;
  std::uint32_t begin = 0, end = 0;  // offsets for which it holds
  bool used = false;
};

struct Line {
  std::uint32_t begin, end;
};

std::vector<Line> lines_of(std::string_view text) {
  std::vector<Line> out;
  for (std::size_t at = 0; at < text.size();) {
    std::size_t end = std::min(text.find('\n', at), text.size());
    out.push_back({static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(end)});
    at = end + 1;
  }
  return out;
}

bool is_content(std::string_view line) {
  std::size_t first = line.find_first_not_of(blanks);
  return first != line.npos && line[first] != '#';
}

// Where "# gwctl:ignore" starts in a line; npos when it does not occur as a comment.
std::size_t find_comment(std::string_view line) {
  std::size_t at = line.find(marker);
  if (at == line.npos) return line.npos;
  std::size_t hash = line.find_last_not_of(blanks, at == 0 ? 0 : at - 1);
  if (hash == line.npos || line[hash] != '#') return line.npos;
  return hash == 0 || blanks.find(line[hash - 1]) != blanks.npos ? hash : line.npos;
}

// "GW205, GW114 -- reason" -> GW205 GW114
std::vector<std::string_view> codes_of(std::string_view text) {
  std::vector<std::string_view> out;
  text = text.substr(0, text.find("--"));
  for (std::size_t at = text.find_first_not_of(" \t\r,:"); at != text.npos;) {
    std::size_t end = std::min(text.find_first_of(" \t\r,", at), text.size());
    out.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(" \t\r,", end);
  }
  return out;
}

std::vector<Ignore> find_ignores(FileId file, std::string_view text) {
  std::vector<Ignore> out;
  if (text.find(marker) == text.npos) return out;
  std::vector<Line> lines = lines_of(text);
  auto view = [&](std::size_t i) { return text.substr(lines[i].begin, lines[i].end - lines[i].begin); };
  auto is_separator = [&](std::size_t i) { return view(i).starts_with("---"); };
  bool header = true;  // no content since the document's start
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (is_separator(i)) header = true;
    std::size_t comment = find_comment(view(i));
    bool content = is_content(view(i)) && !is_separator(i);
    if (comment != std::string_view::npos) {
      Ignore ignore;
      auto begin = static_cast<std::uint32_t>(lines[i].begin + comment);
      ignore.comment = {file, begin, lines[i].end};
      ignore.codes = codes_of(view(i).substr(view(i).find(marker) + marker.size()));
      std::size_t from = i, to = i;
      while (!content && from + 1 < lines.size() && (from == i || !is_content(view(from)))) ++from;
      to = from;
      if (header && !content) {
        while (to + 1 < lines.size() && !is_separator(to + 1)) ++to;
      }
      ignore.begin = lines[from].begin;
      ignore.end = lines[to].end + 1;
      out.push_back(std::move(ignore));
    }
    if (content) header = false;
  }
  return out;
}

bool silences(const Ignore& ignore, const Diagnostic& d) {
  if (d.span.begin < ignore.begin || d.span.begin >= ignore.end) return false;
  std::string_view code = d.code;
  return std::ranges::any_of(ignore.codes, [&](std::string_view known) {
    return code == known || (code.starts_with(known) && code[known.size()] == '.');
  });
}

Diagnostic unused(const Ignore& ignore) {
  Diagnostic d;
  d.code = "GW017";
  d.severity = ignore.codes.empty() ? Severity::warning : Severity::info;
  d.layer = "lint";
  d.message = ignore.codes.empty() ? "this comment names no code to ignore" : "this comment silences nothing";
  d.help = ignore.codes.empty() ? "write '# gwctl:ignore CODE -- reason'" : "remove it";
  d.span = ignore.comment;
  return d;
}

}  // namespace

std::size_t apply_ignores(std::vector<Diagnostic>& findings, const Sources& sources, bool tell_unused) {
  std::vector<std::vector<Ignore>> files;
  for (FileId file = 0; file < sources.size(); ++file) files.push_back(find_ignores(file, sources.text(file)));
  std::size_t silenced = std::erase_if(findings, [&](const Diagnostic& d) {
    bool unreadable = d.layer == "yaml" && d.severity == Severity::error;
    if (!d.span.known() || unreadable) return false;
    bool any = false;
    for (Ignore& ignore : files[d.span.file]) {
      if (!silences(ignore, d)) continue;
      any = ignore.used = true;
    }
    return any;
  });
  if (!tell_unused) return silenced;
  for (const auto& ignores : files) {
    for (const Ignore& ignore : ignores) {
      if (!ignore.used) findings.push_back(unused(ignore));
    }
  }
  return silenced;
}

}  // namespace gw::diag
