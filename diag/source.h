// Where text came from: files by number, byte spans, and line:column for people.
#pragma once
#include <cstdint>
#include <deque>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace gw::diag {

using FileId = std::uint32_t;
inline constexpr FileId no_file = ~FileId{0};

// Half-open range of byte offsets in one file.
struct Span {
  FileId file = no_file;
  std::uint32_t begin = 0;
  std::uint32_t end = 0;
  bool known() const { return file != no_file; }
  bool operator==(const Span&) const = default;
};

// 1-based; the column counts code points.
struct Position {
  std::uint32_t line = 0;
  std::uint32_t column = 0;
  auto operator<=>(const Position&) const = default;
};

// Owns every text that was read. Texts never move, so views into them stay valid as long as the Sources live.
// Every member may be called from several threads. Lines end at LF, CRLF or a lone CR.
class Sources {
 public:
  // `lines_before`: the text goes on where another of the same name ended, and its lines are counted from there.
  FileId add(std::string name, std::string text, std::uint32_t lines_before = 0);
  std::size_t size() const;                    // how many files; their ids are below it
  const std::string& name(FileId file) const;  // as it was given; `file` must be one of them
  std::string_view text(FileId file) const;    // all of it; the view lives as long as this

  // An offset at or past the end gives the place just after the last byte.
  Position position(FileId file, std::uint32_t offset) const;
  // The bytes of a line (1-based) without its line end.
  Span line_span(FileId file, std::uint32_t line) const;
  // The line without its line end, with every redacted byte replaced by '*'.
  std::string line(FileId file, std::uint32_t line) const;
  // Marks bytes (values of a Secret) that no renderer may show.
  void redact(Span span);
  // True when any byte of the span was redacted.
  bool redacted(Span span) const;
  // The redacted spans that touch this one.
  std::vector<Span> redactions(Span span) const;
  // Drops the texts; lines of positions are still told, columns and the texts themselves are not.
  void forget_texts();

 private:
  struct File {
    std::string name;
    std::string text;
    std::uint32_t size = 0, lines_before = 0;
    mutable std::vector<std::uint32_t> line_starts;  // built at first use
    mutable std::vector<std::uint32_t> code_points;  // before each block of 1,024 bytes
    std::vector<Span> redacted;
  };
  const std::vector<std::uint32_t>& lines(const File& file) const;
  static std::uint32_t code_points_before(const File& file, std::uint32_t offset);

  mutable std::mutex mutex_;
  std::deque<File> files_;
};

}  // namespace gw::diag
