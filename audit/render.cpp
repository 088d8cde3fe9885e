// The report as text and as Markdown.
#include <algorithm>

#include "audit/audit.h"
#include "audit/tables.h"
#include "diag/markup.h"
#include "diag/render.h"

namespace gw::audit {
namespace {

constexpr std::size_t most_rows = 200, most_places = 5;

std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(
      std::count_if(text.begin(), text.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
}

std::vector<std::string> lines_of(const std::string& note) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at < note.size();) {
    const std::size_t end = std::min(note.find('\n', at), note.size());
    out.push_back(note.substr(at, end - at));
    at = end + 1;
  }
  return out;
}

void write_text(const Table& table, std::string& out) {
  std::vector<std::size_t> widths(table.head.size());
  const auto widen = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], std::min<std::size_t>(width_of(diag::printable(row[i])), 60));
  };
  widen(table.head);
  for (const auto& row : table.rows) widen(row);
  const auto write = [&](const std::vector<std::string>& row) {
    std::string line = " ";
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string cell = diag::printable(row[i]);
      line += " " + cell + std::string(widths[i] > width_of(cell) ? widths[i] - width_of(cell) + 1 : 1, ' ');
    }
    out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  };
  out += "\n" + table.title + "\n";
  for (const std::string& line : lines_of(table.note)) out += "  (" + diag::printable(line) + ")\n";
  write(table.head);
  for (const auto& row : table.rows) write(row);
}

std::string markdown_text(const std::string& raw) {
  return diag::escape_markdown(diag::printable(raw));
}

std::string where(const Finding& finding) {
  return finding.place.empty() ? finding.object : finding.place;
}

std::string places(const FindingGroup& group) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < std::min(group.findings.size(), most_places); ++i)
    out.push_back(where(*group.findings[i]));
  if (group.findings.size() > most_places)
    out.push_back("and " + std::to_string(group.findings.size() - most_places) + " more");
  return joined(out);
}

}  // namespace

std::string render_text(const Report& report) {
  std::string out = headline(report) + "\n" + inventory(report) + "\n";
  for (const Table& table : tables(report, most_rows)) write_text(table, out);
  if (!report.findings.empty()) out += "\nFindings of the conversion to " + report.target + "\n";
  for (const FindingGroup& group : grouped(report.findings)) {
    const Finding& first = *group.findings.front();
    out += "  " + group.severity + "[" + group.code + "] x" + std::to_string(group.findings.size()) + ": " +
           diag::printable(first.message) + "\n    at " + diag::printable(places(group)) + "\n";
    if (!first.help.empty()) out += "    help: " + diag::printable(first.help) + "\n";
  }
  return out;
}

std::string render_markdown(const Report& report) {
  std::string out =
      "# Migration audit\n\n**" + markdown_text(headline(report)) + "**\n\n" + markdown_text(inventory(report)) + "\n";
  const auto row_text = [](const std::vector<std::string>& row) {
    std::string line = "|";
    for (const std::string& cell : row) line += " " + markdown_text(cell) + " |";
    return line + "\n";
  };
  for (const Table& table : tables(report, most_rows)) {
    out += "\n## " + table.title + "\n\n";
    for (const std::string& line : lines_of(table.note)) out += markdown_text(line) + "\n\n";
    out += row_text(table.head) + "|";
    for (std::size_t i = 0; i < table.head.size(); ++i) out += "---|";
    out += "\n";
    for (const auto& row : table.rows) out += row_text(row);
  }
  if (!report.findings.empty()) out += "\n## Findings of the conversion to " + markdown_text(report.target) + "\n\n";
  for (const FindingGroup& group : grouped(report.findings))
    out += "- " + group.severity + " " + group.code + ", " + std::to_string(group.findings.size()) +
           " times: " + markdown_text(group.findings.front()->message) + " (" + markdown_text(places(group)) + ")\n";
  return out;
}

}  // namespace gw::audit
