// Findings for people: one line that says it, the source line with a caret, then help and related places.
#include "diag/render.h"

#include <nlohmann/json.hpp>

#include "diag/excerpt.h"
#include "diag/formats/format.h"

namespace gw::diag {
namespace {

struct Paint {
  bool on;
  std::string operator()(std::string_view code, std::string_view text) const {
    if (!on || text.empty()) return std::string(text);
    return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
  }
};
constexpr std::string_view bold = "1", red = "1;31", yellow = "1;33", blue = "1;34", green = "1;32";

std::string_view colour_of(Severity severity) {
  switch (severity) {
    case Severity::info:
      return blue;
    case Severity::warning:
      return yellow;
    case Severity::error:
      return red;
  }
  return red;
}

std::string place_of(const Sources& sources, Span span) {
  Position at = sources.position(span.file, span.begin);
  return printable(sources.name(span.file)) + ":" + std::to_string(at.line) + ":" + std::to_string(at.column);
}

void append_source(std::string& out, const Sources& sources, Span span, const Paint& paint) {
  Excerpt shown = excerpt(sources, span);
  if (shown.line.empty()) return;
  std::string number = " " + std::to_string(shown.number) + " | ";
  out += paint(blue, number) + shown.line + "\n";
  std::string margin(number.size() - 2, ' ');
  out += paint(blue, margin + "| ") + std::string(shown.caret_at, ' ') +
         paint(green, std::string(shown.caret_columns, '^')) + "\n";
}

// "   = help: first line", further lines indented below it.
void append_note(std::string& out, std::string_view label, std::string_view text, const Paint& paint) {
  std::string head = "   = ";
  out += paint(blue, head) + paint(bold, label) + ": ";
  for (std::size_t line_end = text.find('\n'); line_end != text.npos; line_end = text.find('\n')) {
    out += printable(text.substr(0, line_end)) + "\n" + std::string(head.size() + label.size() + 2, ' ');
    text.remove_prefix(line_end + 1);
  }
  out += printable(text) + "\n";
}

std::string headline(const Diagnostic& d, const Sources& sources, const Paint& paint) {
  std::string out;
  if (d.span.known()) {
    out = paint(bold, place_of(sources, d.span) + ":") + " ";
  } else if (!d.object.empty()) {
    out = paint(bold, printable(d.object.display()) + ":") + " ";
  }
  out += paint(colour_of(d.severity), std::string(name(d.severity)) + "[" + d.code + "]") + ": ";
  return out + paint(bold, printable(d.message));
}

}  // namespace

std::string render_text(const Diagnostic& d, const Sources& sources, bool colour) {
  Paint paint{colour};
  std::string out = headline(d, sources, paint) + "\n";
  if (d.span.known()) append_source(out, sources, d.span, paint);
  if (!d.help.empty()) append_note(out, "help", d.help, paint);
  for (const Related& related : d.related) {
    if (!related.span.known()) {
      append_note(out, "note", related.message, paint);
      continue;
    }
    append_note(out, "note", place_of(sources, related.span) + ": " + related.message, paint);
    append_source(out, sources, related.span, paint);
  }
  return out;
}

std::string render_concise(const Diagnostic& d, const Sources& sources) {
  return headline(d, sources, Paint{false});
}

std::string render_json(const Diagnostic& d, const Sources& sources) {
  return formats::dump(formats::to_json(d, sources));
}

}  // namespace gw::diag
