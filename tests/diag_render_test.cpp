// Findings as people see them: places, carets, suggestions, and nothing that a terminal would obey or a secret would
// leak.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <thread>

#include "diag/render.h"
#include "diag/suggest.h"

using namespace gw::diag;

namespace {

Diagnostic finding(Span span, std::string message = "wrong", std::string help = {}) {
  Diagnostic d;
  d.code = "GW102";
  d.layer = "schema";
  d.message = std::move(message);
  d.help = std::move(help);
  d.span = span;
  return d;
}

std::string caret_line(const std::string& rendered) {
  std::size_t caret = rendered.find('^');
  std::size_t begin = rendered.rfind('\n', caret) + 1;
  return rendered.substr(begin, rendered.find('\n', caret) - begin);
}

}  // namespace

TEST_CASE("positions count lines of every kind and columns in code points") {
  Sources sources;
  std::string text = "ab\r\ncd\ref\n\xC3\xA9x\xF0\x9F\x98\x80y";
  FileId file = sources.add("a.yaml", text);
  struct Row {
    std::uint32_t offset;
    Position want;
  };
  const Row rows[] = {{0, {1, 1}},  {4, {2, 1}},  {7, {3, 1}},  {10, {4, 1}},
                      {12, {4, 2}}, {17, {4, 4}}, {18, {4, 5}}, {999, {4, 5}}};
  for (const Row& row : rows) {
    CHECK(sources.position(file, row.offset).line == row.want.line);
    CHECK(sources.position(file, row.offset).column == row.want.column);
  }
  CHECK(sources.line(file, 2) == "cd");
  CHECK(sources.line(file, 4) == "\xC3\xA9x\xF0\x9F\x98\x80y");

  std::string wide;
  for (int i = 0; i < 5000; ++i) wide += "\xC3\xA9";
  FileId second = sources.add("b.yaml", wide);
  CHECK(sources.position(second, 9998).column == 5000);
}

TEST_CASE("a finding shows its line, a caret below it, and what to write") {
  Sources sources;
  FileId file = sources.add("shop.yaml", "a: 1\n    timeout: \"60s\"\n");
  auto d = finding({file, 18, 23}, "'60s' is not a whole number of seconds", "write \"60\", not \"60s\"");
  CHECK(render_text(d, sources) ==
        "shop.yaml:2:14: error[GW102]: '60s' is not a whole number of seconds\n"
        " 2 |     timeout: \"60s\"\n"
        "   |              ^^^^^\n"
        "   = help: write \"60\", not \"60s\"\n");
  CHECK(render_concise(d, sources) == "shop.yaml:2:14: error[GW102]: '60s' is not a whole number of seconds");
  d.related.push_back({{file, 0, 1}, "first given here"});
  CHECK(render_text(d, sources).find("note: shop.yaml:1:1: first given here\n 1 | a: 1\n") != std::string::npos);
  CHECK(render_text(d, sources, true).find("\x1b[") != std::string::npos);

  Diagnostic cluster = finding({});
  cluster.object = {"v1", "Ingress", "shop", "web"};
  CHECK(render_concise(cluster, sources) == "Ingress shop/web: error[GW102]: wrong");
}

TEST_CASE("the caret stands right under tabs, wide characters and cut lines") {
  Sources sources;
  FileId tabs = sources.add("t", "\t\tkey: x\n");
  CHECK(caret_line(render_text(finding({tabs, 2, 5}), sources)) == "   |         ^^^");
  FileId wide = sources.add("w", "\xE6\x97\xA5\xE6\x9C\xAC: x\n");
  CHECK(caret_line(render_text(finding({wide, 8, 9}), sources)) == "   |       ^");
  CHECK(caret_line(render_text(finding({wide, 0, 3}), sources)) == "   | ^^");

  std::string line = "start " + std::string(500, 'a') + " HERE " + std::string(500, 'b') + "\n";
  FileId longer = sources.add("l", line);
  auto at = static_cast<std::uint32_t>(line.find("HERE"));
  std::string out = render_text(finding({longer, at, at + 4}), sources);
  std::string caret = caret_line(out);
  std::size_t begin = out.find("| ") + 2;
  std::string shown = out.substr(begin, out.find('\n', begin) - begin);
  CHECK(shown.find("HERE") != std::string::npos);
  CHECK(shown.starts_with("…"));
  CHECK(shown.ends_with("…"));
  CHECK(shown.size() < 130);
  std::size_t column = shown.find("HERE") - (std::string("…").size() - 1);
  CHECK(caret.find('^') - 5 == column);
  FileId end = sources.add("e", "abc\n");
  CHECK(caret_line(render_text(finding({end, 3, 3}), sources)) == "   |    ^");
}

TEST_CASE("nothing that a terminal obeys is printed") {
  CHECK(printable("a\x1b[31mb\n\t\x7f") == "a\\x1b[31mb\\n\\t\\x7f");
  CHECK(printable("\xE2\x80\xAE"
                  "x") == "\\u{202e}x");
  CHECK(printable("\xFF"
                  "ok\xC3\xA9") == "\\xffok\xC3\xA9");
  CHECK(printable("\xC2\x9B") == "\\x9b");
  Sources sources;
  FileId file = sources.add("bad\x1b]0;name", "key: \x1b[2J\x07\n");
  std::string out = render_text(finding({file, 5, 9}, "text\x1b[0m", "a\nb\x08"), sources);
  CHECK(std::ranges::none_of(out, [](char c) { return (c >= 0 && c < 0x20 && c != '\n') || c == 0x7F; }));
}

TEST_CASE("redacted bytes are never shown, nor how many there are") {
  Sources sources;
  FileId file = sources.add("s", "password: hunter2canary # x\n");
  sources.redact({file, 10, 23});
  std::string out = render_text(finding({file, 10, 23}), sources);
  CHECK(out.find("hunter2") == std::string::npos);
  CHECK(out.find(" 1 | password: *** # x\n   |           ^^^\n") != std::string::npos);
  CHECK(sources.line(file, 1).find("canary") == std::string::npos);
  CHECK(sources.redacted({file, 12, 13}));
  CHECK(!sources.redacted({file, 0, 10}));
}

TEST_CASE("findings leave the sink in the order of the text, whoever brought them first") {
  Sources sources;
  FileId b = sources.add("b.yaml", "xxxxxxxxxx"), a = sources.add("a.yaml", "xxxxxxxxxx");
  Sink sink;
  {
    std::vector<std::jthread> threads;
    for (std::uint32_t i = 0; i < 8; ++i) {
      threads.emplace_back([&, i] { sink.report(finding({i % 2 ? a : b, 7 - i, 8 - i})); });
    }
  }
  CHECK(sink.failed());
  auto all = sink.take();
  CHECK(sink.count(Severity::error) == 0);
  REQUIRE(all.size() == 8);
  auto key = [](const Diagnostic& d) { return std::pair(d.span.file, d.span.begin); };
  CHECK(std::ranges::is_sorted(all, {}, key));
  sort_by_file_name(all, sources);
  CHECK(all.front().span.file == a);
}

TEST_CASE("suggestions are near, and absent when nothing is") {
  constexpr std::array<std::string_view, 6> words{"backendRefs", "parentRefs", "hostnames",
                                                  "rules",       "matches",    "ports"};
  struct Row {
    std::string_view typed, want;
  };
  const Row rows[] = {{"backendRef", "backendRefs"},
                      {"backendrefs", "backendRefs"},
                      {"hostname", "hostnames"},
                      {"ruels", "rules"},
                      {"match", "matches"},
                      {"zzzzzz", ""},
                      {"", ""},
                      {"port", "ports"},
                      {"parentRefs", "parentRefs"}};
  for (const Row& row : rows) CHECK_MESSAGE(nearest(row.typed, words) == row.want, row.typed);
  CHECK(edit_distance("kitten", "sitting", 10) == 3);
  CHECK(edit_distance("ab", "ba", 10) == 1);
  CHECK(edit_distance("abcdefgh", "zzzzzzzz", 2) == 3);
}
