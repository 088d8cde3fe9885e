#include "convert/report_html.h"

#include <nlohmann/json.hpp>

#include "diag/markup.h"
#include "diag/page.h"
#include "diag/render.h"

namespace gw::convert {
namespace {

using diag::escape_markup;
using nlohmann::ordered_json;

// A table cell must hold neither '|' nor a line end.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : diag::printable(text)) {
    if (c == '|' || c == '<' || c == '`' || c == '*' || c == '_') out += '\\';
    out += c;
  }
  return out;
}

std::string text_of(const ordered_json& value) {
  return value.is_string() ? value.get<std::string>() : value.is_null() ? std::string() : value.dump();
}

std::string where(const ordered_json& row) {
  const std::string file = row.value("file", "");
  return file.empty() ? std::string() : file + ":" + text_of(row.value("line", ordered_json(0)));
}

// An annotation or a field: `name` is where its name stands.
std::string html_row(const ordered_json& row, const char* name) {
  const std::string outcome = text_of(row["outcome"]);
  std::string out = "<tr><td class=\"" + escape_markup(outcome) + "\">" + escape_markup(outcome);
  for (const char* key : {"object", name, "value", "detail"}) out += "<td>" + escape_markup(text_of(row[key]));
  return out + "<td>" + escape_markup(where(row)) + "</tr>\n";
}

std::string markdown_row(const ordered_json& row, const char* name) {
  std::string out = "|";
  for (const char* key : {"outcome", "object", name, "value", "detail"}) out += " " + cell(text_of(row[key])) + " |";
  return out + " " + cell(where(row)) + " |\n";
}

constexpr std::string_view style =
    "table{width:100%}dl{display:flex;flex-wrap:wrap;gap:1.5rem}dt{color:var(--soft)}dd{margin:0;font-size:1.6rem}\n"
    ".refused,.error{color:var(--bad)}.approximated,.warning,.unknown{color:var(--warn)}.converted,.policy{color:var(--"
    "good)}"
    "\n";

std::string html_table(std::string_view label, std::string_view heads, const std::string& rows) {
  return diag::scroll_box(
      label, "<table><thead><tr>" + std::string(heads) + "</tr></thead><tbody>\n" + rows + "</tbody></table>");
}

}  // namespace

std::string report_html(std::string_view json) {
  const ordered_json all = ordered_json::parse(json);
  std::string out = "<h1>Conversion report</h1>\n<dl>", rows;
  for (const auto& [key, value] : all["summary"].items())
    out += "<div><dt>" + escape_markup(key) + "</dt><dd>" + escape_markup(text_of(value)) + "</dd></div>";
  for (const ordered_json& a : all["annotations"]) rows += html_row(a, "key");
  out += "</dl>\n<h2>Annotations</h2>\n" +
         html_table("Annotations", "<th>Outcome<th>Object<th>Annotation<th>Value<th>What became of it<th>Place", rows);
  if (!all["fields"].empty()) {
    rows.clear();
    for (const ordered_json& f : all["fields"]) rows += html_row(f, "field");
    out += "<h2>Fields of custom resources</h2>\n" +
           html_table("Fields", "<th>Outcome<th>Object<th>Field<th>Value<th>What became of it<th>Place", rows);
  }
  rows.clear();
  for (const ordered_json& f : all["findings"]) {
    const std::string severity = text_of(f["severity"]);
    rows += "<tr><td class=\"" + escape_markup(severity) + "\">" + escape_markup(severity);
    for (const char* field : {"code", "message"}) rows += "<td>" + escape_markup(text_of(f[field]));
    rows += "<td>" + escape_markup(where(f)) + "</tr>\n";
  }
  out += "<h2>Findings</h2>\n" + html_table("Findings", "<th>Severity<th>Code<th>Message<th>Place", rows);
  return diag::html_page({.title = "Conversion report", .style = style, .body = out});
}

std::string report_markdown(std::string_view json) {
  const ordered_json all = ordered_json::parse(json);
  std::string out = "# Conversion report\n\n";
  for (const auto& [key, value] : all["summary"].items()) out += "- " + key + ": " + text_of(value) + "\n";
  out +=
      "\n## Annotations\n\n| outcome | object | annotation | value | what became of it | place "
      "|\n|---|---|---|---|---|---|\n";
  for (const ordered_json& a : all["annotations"]) out += markdown_row(a, "key");
  if (!all["fields"].empty()) {
    out +=
        "\n## Fields of the controllers' own resources\n\n| outcome | object | field | value | what became of it | "
        "place "
        "|\n|---|---|---|---|---|---|\n";
    for (const ordered_json& f : all["fields"]) out += markdown_row(f, "field");
  }
  out += "\n## Findings\n\n| severity | code | message | place |\n|---|---|---|---|\n";
  for (const ordered_json& f : all["findings"])
    out += "| " + cell(text_of(f["severity"])) + " | " + cell(text_of(f["code"])) + " | " +
           cell(text_of(f["message"])) + " | " + cell(where(f)) + " |\n";
  return out;
}

}  // namespace gw::convert
