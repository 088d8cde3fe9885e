#include "validate/fixes.h"

#include <algorithm>

namespace gw::validate {
namespace {

std::uint32_t line_begin(std::string_view text, std::uint32_t at) {
  const auto newline = at == 0 ? std::string_view::npos : text.rfind('\n', at - 1);
  return newline == std::string_view::npos ? 0 : static_cast<std::uint32_t>(newline + 1);
}

// After the line's newline.
std::uint32_t line_end(std::string_view text, std::uint32_t at) {
  const auto newline = text.find('\n', at);
  return static_cast<std::uint32_t>(newline == std::string_view::npos ? text.size() : newline + 1);
}

bool blank(std::string_view text) {
  return text.find_first_not_of(" \t\r\n") == std::string_view::npos;
}

Replacement remove_lines(diag::Span span, std::string_view text, std::string_view before) {
  const std::uint32_t begin = line_begin(text, span.begin);
  // A block's span may reach to the start of the line that follows it.
  std::uint32_t last = span.end;
  while (last > span.begin && blank(text.substr(last - 1, 1))) --last;
  const std::uint32_t end = line_end(text, last);
  const std::string_view rest = text.substr(last, end - last);
  const auto comment = rest.find_first_not_of(" \t\r\n");
  std::string_view lead = text.substr(begin, span.begin - begin);
  lead.remove_prefix(std::min(lead.find_first_not_of(" \t"), lead.size()));
  if (lead != before || (comment != std::string_view::npos && rest[comment] != '#'))
    return {span.begin, span.begin, {}};
  return {begin, end, {}};
}

}  // namespace

Fixes::Key Fixes::key(const diag::Diagnostic& f) {
  return {f.span.file, f.span.begin, f.span.end, f.code, f.path, f.message};
}
void Fixes::add(const diag::Diagnostic& finding, std::vector<Edit> edits) {
  edits_.emplace(key(finding), std::move(edits));
}
const std::vector<Edit>* Fixes::find(const diag::Diagnostic& finding) const {
  const auto it = edits_.find(key(finding));
  return it == edits_.end() ? nullptr : &it->second;
}

Replacement resolve(const Edit& edit, std::string_view text) {
  const diag::Span span = edit.span;
  const std::string_view written = text.substr(span.begin, span.end - span.begin);
  const Replacement impossible{span.begin, span.begin, {}};
  switch (edit.repair) {
    case Repair::none:
      return impossible;
    case Repair::replace: {
      // A quoted scalar stays quoted.
      const bool quoted =
          written.size() >= 2 && (written[0] == '"' || written[0] == '\'') && written.back() == written[0];
      const std::string quote = quoted ? std::string(1, written[0]) : std::string();
      return {span.begin, span.end, quote + edit.text + quote};
    }
    case Repair::quote:
      if (written.empty() || written.find_first_of("\"\\\n") != std::string_view::npos) return impossible;
      return {span.begin, span.end, '"' + std::string(written) + '"'};
    case Repair::unquote:
      if (written.size() < 3 || (written[0] != '"' && written[0] != '\'') || written.back() != written[0])
        return impossible;
      return {span.begin, span.end, std::string(written.substr(1, written.size() - 2))};
    case Repair::remove_item:
      return remove_lines(span, text, "- ");
    case Repair::remove_lines:
      return remove_lines(span, text, "");
    case Repair::insert: {
      const std::uint32_t begin = line_begin(text, span.begin);
      const std::string_view indent = text.substr(begin, span.begin - begin);
      if (!blank(indent)) return impossible;
      return {begin, begin, std::string(indent) + edit.text + "\n"};
    }
  }
  return impossible;
}

std::string replace(std::string_view text, const std::vector<Replacement>& replacements) {
  std::string out;
  std::uint32_t done = 0;
  for (const Replacement& each : replacements) {
    if (each.begin < done) continue;
    out += text.substr(done, each.begin - done);
    out += each.text;
    done = each.end;
  }
  out += text.substr(done);
  return out;
}

}  // namespace gw::validate
