// The file is for people to review: a fingerprint, then the code and object that it stands for.
#include "diag/baseline.h"

#include <algorithm>
#include <cstdint>

#include "diag/render.h"

namespace gw::diag {
namespace {

constexpr std::string_view header =
    "# Findings that gwctl does not report again. Written by `gwctl validate --baseline-mode write`.\n";

std::string hex(std::uint64_t value) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out += digits[(value >> shift) & 15];
  return out;
}

class Fnv1a {
 public:
  void add(std::string_view text) {
    for (char c : text) byte(static_cast<unsigned char>(c));
    byte(0);
  }
  std::uint64_t value() const { return value_; }

 private:
  void byte(unsigned char c) { value_ = (value_ ^ c) * 0x100000001B3u; }
  std::uint64_t value_ = 0xCBF29CE484222325u;
};

std::string_view base_name(std::string_view path) {
  return path.substr(path.find_last_of('/') + 1);
}

bool is_fingerprint(std::string_view word) {
  return word.size() == 16 && word.find_first_not_of("0123456789abcdef") == word.npos;
}

}  // namespace

std::string fingerprint(const Diagnostic& d, const Sources& sources) {
  Fnv1a hash;
  hash.add(d.code);
  if (d.object.empty()) {
    if (d.span.known()) hash.add(base_name(sources.name(d.span.file)));
    hash.add(d.message);
  } else {
    for (const std::string& part : {d.object.api_version, d.object.kind, d.object.ns, d.object.name, d.path})
      hash.add(part);
  }
  return hex(hash.value());
}

std::string Baseline::write(const std::vector<Diagnostic>& findings, const Sources& sources) {
  std::vector<std::string> lines;
  for (const Diagnostic& d : findings) {
    std::string about = d.object.empty() && d.span.known() ? std::string(base_name(sources.name(d.span.file)))
                                                           : d.object.display() + " " + d.path;
    lines.push_back(fingerprint(d, sources) + " " + d.code + " " + printable(about));
  }
  std::ranges::sort(lines, {}, [](const std::string& line) { return line.substr(17); });
  std::string out(header);
  for (std::string& line : lines) out += line.substr(0, line.find_last_not_of(' ') + 1) + "\n";
  return out;
}

Result<Baseline> Baseline::parse(std::string_view text) {
  Baseline out;
  std::size_t number = 0;
  while (!text.empty()) {
    ++number;
    std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.ends_with('\r')) line.remove_suffix(1);
    if (line.empty() || line.starts_with('#')) continue;
    std::string_view print = line.substr(0, line.find(' '));
    if (!is_fingerprint(print)) {
      return Error{"line " + std::to_string(number) + " of the baseline is not an entry",
                   "write the baseline anew with --write-baseline"};
    }
    out.entries_.emplace(print, Entry{std::string(line)});
  }
  return out;
}

std::size_t Baseline::apply(std::vector<Diagnostic>& findings, const Sources& sources) {
  return std::erase_if(findings, [&](const Diagnostic& d) {
    auto [first, last] = entries_.equal_range(fingerprint(d, sources));
    auto entry = std::find_if(first, last, [](const auto& known) { return !known.second.used; });
    if (entry == last) return false;
    return entry->second.used = true;
  });
}

std::vector<std::string> Baseline::stale() const {
  std::vector<std::string> out;
  for (const auto& [print, entry] : entries_) {
    if (!entry.used) out.push_back(entry.line);
  }
  return out;
}

std::string Baseline::prune() const {
  std::vector<std::string> lines;
  for (const auto& [print, entry] : entries_) {
    if (entry.used) lines.push_back(entry.line);
  }
  std::ranges::sort(lines, {},
                    [](const std::string& line) { return line.substr(std::min<std::size_t>(17, line.size())); });
  std::string out(header);
  for (const std::string& line : lines) out += line + "\n";
  return out;
}

}  // namespace gw::diag
