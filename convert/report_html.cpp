#include "convert/report_html.h"

#include <nlohmann/json.hpp>

#include "diag/markup.h"

namespace gw::convert {
namespace {

using diag::escape_markup;
using nlohmann::ordered_json;

// A table cell must hold neither '|' nor a line end.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '|' || c == '<' || c == '`' || c == '*' || c == '_') out += '\\';
    out += c == '\n' || c == '\r' ? ' ' : c;
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

constexpr std::string_view head =
    "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><meta http-equiv=\"Content-Security-Policy\" "
    "content=\"default-src 'none'; style-src 'unsafe-inline'\"><meta name=\"viewport\" "
    "content=\"width=device-width\"><title>Conversion report</title><style>:root{color-scheme:light "
    "dark}body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 "
    "1rem}table{border-collapse:collapse;width:100%}td,th{border-bottom:1px solid #8884;padding:.35rem "
    ".6rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}.refused,.error{color:#c0392b}.approximated,."
    "warning,.unknown{color:#b9770e}.converted,.policy{color:#1e8449}dl{display:flex;flex-wrap:wrap;gap:1.5rem}dt{"
    "opacity:.7}dd{margin:0;font-size:1.6rem}</style><h1>Conversion report</h1>";

}  // namespace

std::string report_html(std::string_view json) {
  const ordered_json all = ordered_json::parse(json);
  std::string out(head);
  out += "<dl>";
  for (const auto& [key, value] : all["summary"].items())
    out += "<div><dt>" + escape_markup(key) + "</dt><dd>" + escape_markup(text_of(value)) + "</dd></div>";
  out +=
      "</dl><h2>Annotations</h2><table><tr><th>Outcome<th>Object<th>Annotation<th>Value<th>What became of "
      "it<th>Place</tr>\n";
  for (const ordered_json& a : all["annotations"]) out += html_row(a, "key");
  if (!all["fields"].empty()) {
    out +=
        "</table><h2>Fields of the controllers' own resources</h2><table><tr><th>Outcome<th>Object<th>Field<th>Value"
        "<th>What became of it<th>Place</tr>\n";
    for (const ordered_json& f : all["fields"]) out += html_row(f, "field");
  }
  out += "</table><h2>Findings</h2><table><tr><th>Severity<th>Code<th>Message<th>Place</tr>\n";
  for (const ordered_json& f : all["findings"]) {
    const std::string severity = text_of(f["severity"]);
    out += "<tr><td class=\"" + escape_markup(severity) + "\">" + escape_markup(severity);
    for (const char* field : {"code", "message"}) out += "<td>" + escape_markup(text_of(f[field]));
    out += "<td>" + escape_markup(where(f)) + "</tr>\n";
  }
  return out + "</table></html>\n";
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
