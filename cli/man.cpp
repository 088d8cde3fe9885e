// Manual pages in man(7) macros, one a command, from the command tree.
#include <algorithm>

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
  return out + see + "\n";
}

}  // namespace gw::cli
