// Manual pages in man(7) macros: one a command, from the command tree, and one of all codes, from their tables.
#include <algorithm>

#include "cli/explain.h"
#include "cli/tree.h"

namespace gw::cli {
namespace {

// Escapes what roff would read: backslashes, hyphens that are meant as such, and a dot or quote that opens a line.
std::string roff(std::string_view text) {
  std::string out;
  for (char c : text) {
    const bool line_start = out.empty() || out.back() == '\n';
    if (line_start && (c == '.' || c == '\'')) out += "\\&";
    if (c == '\\')
      out += "\\e";
    else if (c == '-')
      out += "\\-";
    else
      out += c;
  }
  return out;
}

std::string upper(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::toupper(c); });
  return text;
}

std::string dashed(std::string name) {
  std::replace(name.begin(), name.end(), ' ', '-');
  return name;
}

std::string first_line(const std::string& text) {
  return text.substr(0, text.find('\n'));
}

void write_flag(const FlagDoc& flag, std::string& out) {
  out += ".TP\n";
  std::string head;
  for (const std::string& name : flag.names) head += (head.empty() ? "" : ", ") + ("\\fB" + roff(name) + "\\fR");
  if (!flag.argument.empty()) head += (head.empty() ? "\\fI" : " \\fI") + roff(flag.argument) + "\\fR";
  out += head + "\n" + roff(flag.help);
  if (!flag.choices.empty()) {
    out += "\nOne of";
    for (const std::string& choice : flag.choices)
      out += (&choice == &flag.choices.front() ? " " : ", ") + roff(choice);
    out += ".";
  }
  out += "\n";
}

void write_flags(const CommandDoc& command, std::string& out) {
  const auto is_positional = [](const FlagDoc& flag) { return flag.names.empty(); };
  if (std::any_of(command.flags.begin(), command.flags.end(), is_positional)) {
    out += ".SH ARGUMENTS\n";
    for (const FlagDoc& flag : command.flags)
      if (is_positional(flag)) write_flag(flag, out);
  }
  out += ".SH OPTIONS\n";
  for (const FlagDoc& flag : command.flags)
    if (!is_positional(flag)) write_flag(flag, out);
}

void write_synopsis(const CommandDoc& command, std::string& out) {
  out += ".SH SYNOPSIS\n\\fB" + roff(command.name) + "\\fR";
  if (!command.commands.empty()) out += " \\fICOMMAND\\fR";
  for (const FlagDoc& flag : command.flags)
    if (flag.names.empty()) out += " \\fI" + roff(flag.argument) + "\\fR...";
  out += " [\\fIOPTIONS\\fR]\n";
}

void write_commands(const CommandDoc& command, std::string& out) {
  if (command.commands.empty()) return;
  out += ".SH COMMANDS\n";
  for (const CommandDoc& sub : command.commands)
    out += ".TP\n\\fB" + roff(dashed(sub.name)) + "\\fR(1)\n" + roff(first_line(sub.summary)) + "\n";
}

}  // namespace

std::string man_page_name(const CommandDoc& command) {
  return dashed(command.name) + ".1";
}

std::string man_page(const CommandDoc& command, const CommandDoc& root) {
  std::string out = ".\\\" Made by `./dev man` from the command tree; edit cli/*.cpp instead.\n";
  out += ".TH " + upper(roff(dashed(command.name))) + " 1 \"\" \"gwctl\" \"gwctl manual\"\n";
  out += ".SH NAME\n" + roff(dashed(command.name)) + " \\- " + roff(first_line(command.summary)) + "\n";
  write_synopsis(command, out);
  out += ".SH DESCRIPTION\n" + roff(command.summary) + "\n";
  write_commands(command, out);
  write_flags(command, out);
  if (!command.examples.empty()) {
    const bool titled = command.examples.starts_with("Examples:\n");
    out += std::string(".SH ") + (titled ? "EXAMPLES" : "NOTES") + "\n.nf\n";
    out += roff(titled ? command.examples.substr(10) : command.examples);
    if (out.back() != '\n') out += '\n';
    out += ".fi\n";
  }
  out +=
      ".SH EXIT STATUS\n0: clean. 1: findings at or above the asked severity, a loss that was not accepted, or a "
      "difference. 2: usage, unreadable input, I/O.\n";
  out += ".SH SEE ALSO\n";
  std::string see;
  if (&command != &root) see = "\\fB" + roff(root.name) + "\\fR(1)";
  for (const CommandDoc& sub : root.commands)
    if (sub.name != command.name) see += (see.empty() ? "" : ",\n") + ("\\fB" + roff(dashed(sub.name)) + "\\fR(1)");
  return out + see + ",\n\\fBgwctl\\-diagnostics\\fR(7)\n";
}

std::string diagnostics_page() {
  std::string out = ".\\\" Made by `./dev man` from the tables of codes; edit those instead.\n";
  out += ".TH GWCTL\\-DIAGNOSTICS 7 \"\" \"gwctl\" \"gwctl manual\"\n";
  out += ".SH NAME\ngwctl\\-diagnostics \\- the codes of findings and what to do about them\n";
  out +=
      ".SH DESCRIPTION\nEvery finding of gwctl carries a code. \\fBgwctl explain\\fR \\fICODE\\fR prints one of these "
      "entries. A line of a manifest keeps a finding away with a comment:\n.PP\n.nf\n  # gwctl:ignore GW214 \\-\\- "
      "the Service comes with another chart\n.fi\n";
  std::string_view layer;
  std::vector<Page> pages = code_pages();
  std::stable_sort(pages.begin(), pages.end(), [](const Page& a, const Page& b) { return a.layer < b.layer; });
  for (const Page& page : pages) {
    if (page.layer != layer) out += ".SH " + upper(roff(page.layer)) + "\n";
    layer = page.layer;
    out += ".TP\n\\fB" + std::string(page.code) + "\\fR " + roff(page.title);
    if (!page.severity.empty()) out += " (" + std::string(page.severity) + ")";
    out += "\n" + roff(page.text) + "\n";
  }
  return out + ".SH SEE ALSO\n\\fBgwctl\\fR(1),\n\\fBgwctl\\-explain\\fR(1),\n\\fBgwctl\\-validate\\fR(1)\n";
}

namespace {

void add_pages(const CommandDoc& command, const CommandDoc& root, std::map<std::string, std::string>& out) {
  out[man_page_name(command)] = man_page(command, root);
  for (const CommandDoc& sub : command.commands) add_pages(sub, root, out);
}

}  // namespace

std::map<std::string, std::string> man_pages(const CommandDoc& root) {
  std::map<std::string, std::string> out;
  add_pages(root, root, out);
  out["gwctl-diagnostics.7"] = diagnostics_page();
  return out;
}

}  // namespace gw::cli
