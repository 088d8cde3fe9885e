#include "cli/repair.h"

#include <sys/stat.h>

#include <algorithm>
#include <map>

#include "cli/files.h"

namespace gw::cli {
namespace {

using validate::Replacement;

constexpr std::uint32_t context = 3;  // lines around a change

bool clashes(const std::vector<Replacement>& made, const Replacement& one) {
  return std::any_of(made.begin(), made.end(), [&](const Replacement& each) {
    return each != one && one.begin < std::max(each.end, each.begin + 1) &&
           each.begin < std::max(one.end, one.begin + 1);
  });
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> out;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    out.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out;
}

// Lines [begin, end) of the old text (from 0) and what stands there instead.
struct Change {
  std::uint32_t begin = 0, end = 0;
  std::vector<std::string> lines;
};

class Differ {
 public:
  Differ(const diag::Sources& sources, diag::FileId file) : sources_(sources), file_(file) {
    text_ = sources.text(file);
    starts_ = {0};
    for (std::size_t at = text_.find('\n'); at != text_.npos; at = text_.find('\n', at + 1))
      if (at + 1 < text_.size()) starts_.push_back(static_cast<std::uint32_t>(at + 1));
  }

  std::string diff(const std::vector<Replacement>& replacements) {
    const std::vector<Change> changes = by_lines(replacements);
    std::string out = "--- " + sources_.name(file_) + "\n+++ " + sources_.name(file_) + "\n";
    std::int64_t moved = 0;
    for (std::size_t i = 0; i < changes.size();) {
      std::size_t last = i;
      while (last + 1 < changes.size() && changes[last + 1].begin <= changes[last].end + 2 * context) ++last;
      hunk({&changes[i], last - i + 1}, moved, out);
      i = last + 1;
    }
    return out;
  }

 private:
  std::uint32_t line_of(std::uint32_t offset) const {
    return static_cast<std::uint32_t>(std::upper_bound(starts_.begin(), starts_.end(), offset) - starts_.begin() - 1);
  }
  std::uint32_t count() const { return static_cast<std::uint32_t>(starts_.size()); }
  std::string line(std::uint32_t number) const { return sources_.line(file_, number + 1); }

  // Replacements that share lines become one change.
  std::vector<Change> by_lines(const std::vector<Replacement>& replacements) const {
    std::vector<Change> out;
    for (std::size_t i = 0; i < replacements.size();) {
      const std::uint32_t first = line_of(replacements[i].begin);
      std::uint32_t end = after(replacements[i]);
      std::size_t last = i;
      while (last + 1 < replacements.size() && line_of(replacements[last + 1].begin) < end) {
        ++last;
        end = std::max(end, after(replacements[last]));
      }
      const std::uint32_t begin_at = starts_[first];
      const std::uint32_t end_at = end < count() ? starts_[end] : static_cast<std::uint32_t>(text_.size());
      std::vector<Replacement> local(replacements.begin() + static_cast<std::ptrdiff_t>(i),
                                     replacements.begin() + static_cast<std::ptrdiff_t>(last) + 1);
      for (Replacement& each : local) {
        each.begin -= begin_at;
        each.end -= begin_at;
      }
      out.push_back({first, end, lines_of(validate::replace(text_.substr(begin_at, end_at - begin_at), local))});
      i = last + 1;
    }
    return out;
  }

  // The line after the last that a replacement touches; an insertion of whole lines touches none.
  std::uint32_t after(const Replacement& one) const {
    const std::uint32_t first = line_of(one.begin);
    if (one.begin == one.end) return one.text.ends_with('\n') ? first : first + 1;
    return line_of(one.end - 1) + 1;
  }

  void hunk(std::span<const Change> changes, std::int64_t& moved, std::string& out) const {
    const std::uint32_t begin = changes.front().begin - std::min(changes.front().begin, context);
    const std::uint32_t end = std::min(changes.back().end + context, count());
    std::string body;
    std::int64_t grown = 0;
    std::uint32_t at = begin;
    for (const Change& change : changes) {
      while (at < change.begin) body += " " + line(at++) + "\n";
      const bool hidden =
          change.begin < change.end &&
          sources_.redacted({file_, starts_[change.begin],
                             change.end < count() ? starts_[change.end] : static_cast<std::uint32_t>(text_.size())});
      while (at < change.end) body += "-" + line(at++) + "\n";
      for (const std::string& fresh : change.lines) body += "+" + (hidden ? std::string("***") : fresh) + "\n";
      grown += static_cast<std::int64_t>(change.lines.size()) - (change.end - change.begin);
    }
    while (at < end) body += " " + line(at++) + "\n";
    const std::int64_t old_count = end - begin, new_count = old_count + grown;
    auto range = [](std::int64_t first, std::int64_t lines) {
      return std::to_string(lines == 0 ? first - 1 : first) + "," + std::to_string(lines);
    };
    out += "@@ -" + range(begin + 1, old_count) + " +" + range(begin + 1 + moved, new_count) + " @@\n" + body;
    moved += grown;
  }

  const diag::Sources& sources_;
  diag::FileId file_;
  std::string_view text_;
  std::vector<std::uint32_t> starts_;
};

Status write_over(const std::string& path, const std::string& text) {
  struct stat info {};
  if (::lstat(path.c_str(), &info) == 0 && !S_ISREG(info.st_mode))
    return Error{"cannot repair " + path + ": it is not a regular file",
                 "links are not followed; name the file itself"};
  return write_file(path, text);
}

}  // namespace

Repairs::Repairs(const std::vector<diag::Diagnostic>& findings, const validate::Fixes& fixes,
                 const diag::Sources& sources)
    : sources_(sources) {
  std::map<std::pair<std::string, diag::FileId>, std::vector<Replacement>> by_file;  // in the order of names
  // Where two repairs want the same place, that of the graver finding is made.
  std::vector<const diag::Diagnostic*> order;
  for (const diag::Diagnostic& finding : findings) order.push_back(&finding);
  std::stable_sort(order.begin(), order.end(), [](auto* a, auto* b) { return a->severity > b->severity; });
  for (const diag::Diagnostic* each : order) {
    const diag::Diagnostic& finding = *each;
    const auto* edits = fixes.find(finding);
    if (!edits) continue;
    auto& made = by_file[{sources.name(finding.span.file), finding.span.file}];
    std::vector<Replacement> wanted;
    for (const validate::Edit& edit : *edits)
      wanted.push_back(validate::resolve(edit, sources.text(finding.span.file)));
    // A repair is made as a whole or not at all.
    const bool possible = std::none_of(wanted.begin(), wanted.end(), [&](const Replacement& one) {
      return (one.begin == one.end && one.text.empty()) || clashes(made, one);
    });
    if (!possible) continue;
    ++findings_;
    for (Replacement& one : wanted)
      if (std::find(made.begin(), made.end(), one) == made.end()) made.push_back(std::move(one));
  }
  for (auto& [key, replacements] : by_file) {
    if (replacements.empty()) continue;
    std::sort(replacements.begin(), replacements.end());
    files_.push_back({key.second, std::move(replacements)});
  }
}

std::string Repairs::diff() const {
  std::string out;
  for (const File& file : files_) out += Differ(sources_, file.id).diff(file.replacements);
  return out;
}

Status Repairs::write() const {
  for (const File& file : files_) {
    const std::string& path = sources_.name(file.id);
    if (path == "<stdin>")
      return Error{"standard input cannot be repaired", "--fix --diff shows what would be changed"};
    Status written = write_over(path, validate::replace(sources_.text(file.id), file.replacements));
    if (!written) return written;
  }
  return Unit{};
}

}  // namespace gw::cli
