// Line tables and code-point counts are built when a place is first asked for: most runs ask for none.
#include "diag/source.h"

#include <algorithm>
#include <cassert>

namespace gw::diag {
namespace {

constexpr std::uint32_t block = 1024;

std::uint32_t count_code_points(std::string_view text) {
  std::uint32_t count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xC0u) != 0x80u;
  return count;
}

std::vector<std::uint32_t> find_line_starts(std::string_view text) {
  std::vector<std::uint32_t> starts;
  starts.reserve(static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n')) + 1);
  starts.push_back(0);
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool last_of_break = text[i] == '\n' || (text[i] == '\r' && text.substr(i + 1, 1) != "\n");
    if (last_of_break) starts.push_back(static_cast<std::uint32_t>(i + 1));
  }
  return starts;
}

}  // namespace

FileId Sources::add(std::string name, std::string text, std::uint32_t lines_before) {
  std::lock_guard lock(mutex_);
  File& file = files_.emplace_back();
  file.name = std::move(name);
  file.text = std::move(text);
  file.size = static_cast<std::uint32_t>(file.text.size());
  file.lines_before = lines_before;
  return static_cast<FileId>(files_.size() - 1);
}

std::size_t Sources::size() const {
  std::lock_guard lock(mutex_);
  return files_.size();
}

const std::string& Sources::name(FileId file) const {
  std::lock_guard lock(mutex_);
  assert(file < files_.size());
  return files_[file].name;
}

std::string_view Sources::text(FileId file) const {
  std::lock_guard lock(mutex_);
  assert(file < files_.size());
  return files_[file].text;
}

const std::vector<std::uint32_t>& Sources::lines(const File& file) const {
  if (file.line_starts.empty()) file.line_starts = find_line_starts(file.text);
  return file.line_starts;
}

std::uint32_t Sources::code_points_before(const File& file, std::uint32_t offset) {
  std::string_view text = file.text;
  if (file.code_points.empty()) {
    std::uint32_t total = 0;
    for (std::size_t at = 0; at <= text.size(); at += block) {
      file.code_points.push_back(total);
      total += count_code_points(text.substr(at, block));
    }
  }
  std::uint32_t from = offset / block;
  return file.code_points[from] + count_code_points(text.substr(from * block, offset - from * block));
}

Position Sources::position(FileId id, std::uint32_t offset) const {
  std::lock_guard lock(mutex_);
  assert(id < files_.size());
  const File& file = files_[id];
  offset = std::min(offset, file.size);
  const auto& starts = lines(file);
  auto after = std::upper_bound(starts.begin(), starts.end(), offset);
  std::uint32_t start = *(after - 1);
  const std::uint32_t line = file.lines_before + static_cast<std::uint32_t>(after - starts.begin());
  if (file.text.empty()) return {line, 1};
  // The table of code points is for lines of a megabyte.
  const std::uint32_t before = offset - start < block
                                   ? count_code_points(std::string_view(file.text).substr(start, offset - start))
                                   : code_points_before(file, offset) - code_points_before(file, start);
  return {line, before + 1};
}

Span Sources::line_span(FileId id, std::uint32_t line) const {
  std::lock_guard lock(mutex_);
  assert(id < files_.size());
  const File& file = files_[id];
  const auto& starts = lines(file);
  line -= file.lines_before;
  assert(line >= 1 && line <= starts.size());
  std::uint32_t begin = starts[line - 1];
  std::uint32_t end = line < starts.size() ? starts[line] : file.size;
  if (file.text.empty()) return {id, begin, begin};
  while (end > begin && (file.text[end - 1] == '\n' || file.text[end - 1] == '\r')) --end;
  return {id, begin, end};
}

std::string Sources::line(FileId id, std::uint32_t number) const {
  Span span = line_span(id, number);
  std::lock_guard lock(mutex_);
  const File& file = files_[id];
  if (file.text.empty()) return {};
  std::string out = file.text.substr(span.begin, span.end - span.begin);
  for (const Span& hidden : file.redacted) {
    for (std::uint32_t at = std::max(hidden.begin, span.begin); at < std::min(hidden.end, span.end); ++at) {
      out[at - span.begin] = '*';
    }
  }
  return out;
}

void Sources::redact(Span span) {
  if (!span.known() || span.begin >= span.end) return;
  std::lock_guard lock(mutex_);
  assert(span.file < files_.size());
  files_[span.file].redacted.push_back(span);
}

bool Sources::redacted(Span span) const {
  if (!span.known()) return false;
  std::lock_guard lock(mutex_);
  assert(span.file < files_.size());
  return std::ranges::any_of(files_[span.file].redacted,
                             [&](const Span& hidden) { return hidden.begin < span.end && span.begin < hidden.end; });
}

std::vector<Span> Sources::redactions(Span span) const {
  std::vector<Span> out;
  if (!span.known()) return out;
  std::lock_guard lock(mutex_);
  assert(span.file < files_.size());
  for (const Span& hidden : files_[span.file].redacted) {
    if (hidden.begin < span.end && span.begin < hidden.end) out.push_back(hidden);
  }
  return out;
}

void Sources::forget_texts() {
  std::lock_guard lock(mutex_);
  for (File& file : files_) {
    lines(file);
    file.text = {};
    file.code_points = {};
  }
}

}  // namespace gw::diag
