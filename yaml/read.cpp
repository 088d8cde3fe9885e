// A file is cut at its "---" lines, and the pieces are read on all cores; each costs only itself when it is bad.
#include "yaml/read.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <thread>

#include "diag/credentials.h"
#include "yaml/arena.h"
#include "yaml/build.h"
#include "yaml/bytes.h"
#include "yaml/problems.h"
#include "yaml/split.h"

namespace gw::yaml {
namespace {

using diag::Diagnostic;
using diag::FileId;
using diag::Severity;
using diag::Sink;
using diag::Span;

constexpr std::size_t batch_bytes = 1u << 18;  // work that one thread takes at a time
constexpr std::size_t batches_per_part = 8;

Diagnostic problem(std::string_view code, Severity severity, Span span, std::string message, std::string help) {
  Diagnostic d;
  d.code = code;
  d.severity = severity;
  d.layer = "yaml";
  d.message = std::move(message);
  d.help = std::move(help);
  d.span = span;
  return d;
}

Span span(FileId file, std::size_t begin, std::size_t end) {
  return {file, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(end)};
}

// The first "{{ ... }}" on one line, if any.
Span template_marker(FileId file, std::string_view text, const Chunk& chunk) {
  text = text.substr(0, chunk.end);  // never search beyond the chunk: there may be thousands of them
  std::size_t at = text.find("{{", chunk.begin);
  while (at < chunk.end) {
    std::size_t line_end = std::min(text.find('\n', at), chunk.end);
    std::size_t close = text.substr(0, line_end).find("}}", at);
    if (close != text.npos) return span(file, at, close + 2);
    at = text.find("{{", line_end);
  }
  return {};
}

// All that may be a value: everything but plain keys at the start of a line.
void redact_values(FileId file, std::string_view text, const Chunk& chunk, diag::Sources& sources) {
  constexpr std::string_view key = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_./ ";
  for (std::size_t at = chunk.begin; at < chunk.end;) {
    std::size_t end = std::min(text.find('\n', at), chunk.end);
    std::string_view line = text.substr(at, end - at);
    std::size_t colon = line.find_first_not_of(key);
    bool keyed = colon != line.npos && line[colon] == ':' && (colon + 1 == line.size() || line[colon + 1] == ' ');
    std::size_t value = line.find_first_not_of(' ', keyed ? colon + 1 : 0);
    if (value != line.npos) sources.redact(span(file, at + value, end));
    at = end + 1;
  }
}

// Reads pieces of one file into trees.
class Reader {
 public:
  Reader(FileId file, diag::Sources& sources, const Limits& limits, Sink& sink)
      : file_(file), sources_(sources), text_(sources.text(file)), limits_(limits), sink_(sink) {}

  void read(const Chunk& chunk, const std::shared_ptr<Arena>& arena, std::vector<Document>& out) const;

 private:
  bool bytes_allowed(const Chunk& chunk, const ByteCheck& check) const;
  void rest(const Chunk& rest) const;

  void refused(const Chunk& chunk) const;

  FileId file_;
  diag::Sources& sources_;
  std::string_view text_;
  const Limits& limits_;
  Sink& sink_;
};

bool Reader::bytes_allowed(const Chunk& chunk, const ByteCheck& check) const {
  if (check.fault == ByteCheck::Fault::none) return true;
  std::size_t at = chunk.begin + check.at;
  bool utf8 = check.fault == ByteCheck::Fault::utf8;
  if (text_.substr(at).starts_with("\xEF\xBB\xBF")) {
    sink_.report(problem("GW001", Severity::error, span(file_, at, at + 3), "a byte order mark stands inside the text",
                         "remove it; it often comes from joining files that start with one"));
    return false;
  }
  sink_.report(problem("GW001", Severity::error, span(file_, at, at + 1),
                       utf8 ? "this byte is not valid UTF-8" : "control characters are not allowed",
                       utf8 ? "save the file as UTF-8" : "remove it, or write it as an escape such as \"\\x07\""));
  return false;
}

void Reader::refused(const Chunk& chunk) const {
  const std::string_view text = text_.substr(chunk.begin, chunk.end - chunk.begin);
  if (like_secret(text)) return redact_values(file_, text_, chunk, sources_);
  for (const diag::Hidden& one : diag::credentials_in(text))
    sources_.redact(span(file_, chunk.begin + one.begin, chunk.begin + one.end));
}

void Reader::rest(const Chunk& rest) const {
  std::string_view left = text_.substr(rest.begin, rest.end - rest.begin);
  std::size_t at = 0;
  while (at < left.size()) {
    std::size_t end = std::min(left.find('\n', at), left.size());
    std::string_view line = left.substr(at, end - at);
    std::size_t first = line.find_first_not_of(" \t\r");
    bool content = first != line.npos && line[first] != '#' && !line.substr(first).starts_with("...");
    if (content) {
      std::size_t begin = rest.begin + at + first;
      sink_.report(problem("GW019", Severity::warning, span(file_, begin, rest.begin + end),
                           "text after the end of the document is ignored by Kubernetes",
                           "put '---' on a line of its own between documents"));
      return;
    }
    at = end + 1;
  }
}

void Reader::read(const Chunk& chunk, const std::shared_ptr<Arena>& arena, std::vector<Document>& out) const {
  ByteCheck check = check_bytes(text_.substr(chunk.begin, chunk.end - chunk.begin));
  if (!bytes_allowed(chunk, check)) return refused(chunk);
  Span marker = template_marker(file_, text_, chunk);
  Piece piece{file_, text_, chunk.begin, chunk.end, check.ascii};
  if (text_.substr(piece.begin).starts_with("\xEF\xBB\xBF")) piece.begin += 3;
  for (;;) {
    Sink own;
    Built built = build(piece, limits_, *arena, own);
    if (!built.root) refused(chunk);
    if (!built.root && marker.known()) {
      sink_.report(problem("GW011", Severity::error, marker,
                           "not valid YAML: this looks like a Helm template that was not rendered",
                           "render it first: helm template CHART | gwctl ..."));
      return;
    }
    for (Diagnostic& d : own.take()) sink_.report(std::move(d));
    if (!built.root) return;
    if (marker.known()) {
      sink_.report(problem("GW011", Severity::info, marker, "template markers '{{ }}' in a value",
                           "render templates before gwctl reads them"));
      marker = {};
    }
    out.push_back({file_, built.root, arena, text_, static_cast<std::uint32_t>(piece.begin),
                   static_cast<std::uint32_t>(built.end)});
    std::size_t next = text_.find_first_not_of(" \t\r\n", built.end);
    bool another_json =
        built.root->is_map() && text_[built.root->span().begin] == '{' && next < chunk.end && text_[next] == '{';
    if (!another_json) {
      rest({built.end, chunk.end});
      return;
    }
    piece.begin = next;
  }
}

// Warnings about the file as a whole.
void check_file(FileId file, std::string_view text, Sink& sink) {
  if (text.starts_with("\xEF\xBB\xBF")) {
    sink.report(problem("GW013", Severity::warning, span(file, 0, 3), "the file starts with a byte order mark",
                        "save it as UTF-8 without BOM"));
  }
  std::size_t carriage_return = text.find('\r');
  if (carriage_return != text.npos && text.find('\n') == text.npos) {
    sink.report(problem("GW013", Severity::warning, span(file, carriage_return, carriage_return + 1),
                        "the lines end in CR alone; '---' lines are not seen", "end lines with LF"));
  }
}

bool utf16(std::string_view text) {
  return text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF");
}

std::vector<Chunk> batches_of(const std::vector<Chunk>& chunks) {
  std::vector<Chunk> out;  // index ranges
  std::size_t first = 0, bytes = 0;
  for (std::size_t i = 0; i < chunks.size(); ++i) {
    bytes += chunks[i].end - chunks[i].begin;
    if (bytes < batch_bytes && i + 1 < chunks.size()) continue;
    out.push_back({first, i + 1});
    first = i + 1;
    bytes = 0;
  }
  return out;
}

// The batches of one part, on all cores.
std::vector<Document> read_part(const Reader& reader, const std::vector<Chunk>& chunks,
                                std::span<const Chunk> batches) {
  std::vector<std::vector<Document>> results(batches.size());
  std::atomic<std::size_t> next = 0;
  auto work = [&] {
    for (std::size_t batch = next++; batch < batches.size(); batch = next++) {
      auto arena = std::make_shared<Arena>();
      for (std::size_t i = batches[batch].begin; i < batches[batch].end; ++i) {
        reader.read(chunks[i], arena, results[batch]);
      }
    }
  };
  std::vector<std::jthread> helpers;
  std::size_t threads = std::min<std::size_t>(std::thread::hardware_concurrency(), batches.size());
  for (std::size_t i = 1; i < threads; ++i) helpers.emplace_back(work);
  work();
  helpers.clear();
  std::vector<Document> out;
  for (auto& result : results)
    out.insert(out.end(), std::make_move_iterator(result.begin()), std::make_move_iterator(result.end()));
  return out;
}

}  // namespace

void read_parts(FileId file, diag::Sources& sources, const Limits& limits, Sink& sink,
                const std::function<void(std::vector<Document> part)>& take, Empty empty) {
  std::string_view text = sources.text(file);
  if (text.size() > limits.file_bytes) {
    sink.report(problem(
        "GW012", Severity::error, span(file, 0, 0),
        "the file has " + std::to_string(text.size()) + " bytes; the limit is " + std::to_string(limits.file_bytes),
        "split it, or raise --max-file-size"));
    return;
  }
  if (utf16(text)) {
    sink.report(problem("GW001", Severity::error, span(file, 0, 1), "the file is UTF-16", "save it as UTF-8"));
    return;
  }
  check_file(file, text, sink);
  Chunks parts = split(text);
  for (const BadSeparator& bad : parts.bad) {
    sink.report(problem("GW001", Severity::error, span(file, bad.begin, bad.end),
                        "only a comment may follow '---' on its line", "start the document on the next line"));
  }
  if (parts.chunks.size() > limits.documents) {
    const Chunk& over = parts.chunks[limits.documents];
    sink.report(problem("GW012", Severity::error, span(file, over.begin, over.begin),
                        "more than " + std::to_string(limits.documents) + " documents in one file", "split the file"));
    return;
  }
  const Reader reader(file, sources, limits, sink);
  const std::vector<Chunk> batches = batches_of(parts.chunks);
  for (std::span<const Chunk> left = batches; !left.empty();) {
    const std::size_t count = std::min(left.size(), batches_per_part);
    std::vector<Document> part = read_part(reader, parts.chunks, left.first(count));
    if (empty == Empty::drop) std::erase_if(part, [](const Document& document) { return document.root->is_null(); });
    take(std::move(part));
    left = left.subspan(count);
  }
}

std::vector<Document> read(FileId file, diag::Sources& sources, const Limits& limits, Sink& sink, Empty empty) {
  std::vector<Document> out;
  read_parts(
      file, sources, limits, sink,
      [&out](std::vector<Document> part) { std::move(part.begin(), part.end(), std::back_inserter(out)); }, empty);
  return out;
}

}  // namespace gw::yaml
