// Codes of findings: each literal in the sources has a page that `gwctl explain` prints, and no code has two pages.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "convert/convert.h"
#include "validate/rule.h"

namespace fs = std::filesystem;

namespace {

// "GW" or "IN" and three digits between quotes, with the files that write it.
std::map<std::string, std::string> codes_in(const fs::path& room) {
  std::map<std::string, std::string> found;
  for (const auto& entry : fs::recursive_directory_iterator(room)) {
    if (entry.path().extension() != ".cpp" && entry.path().extension() != ".h") continue;
    std::ifstream in(entry.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    for (std::size_t at = text.find('"'); at != std::string::npos; at = text.find('"', at + 1)) {
      const std::string code = text.substr(at + 1, 6);
      if (code.size() < 6 || code[5] != '"' || (!code.starts_with("GW") && !code.starts_with("IN"))) continue;
      if (code.find_first_not_of("0123456789", 2) == 5) found.emplace(code.substr(0, 5), entry.path().string());
    }
  }
  return found;
}

// Codes that several providers report, and words one of which every message of the code has: a code has one meaning.
struct Meaning {
  std::string_view code;
  std::vector<std::string_view> words;
};
const Meaning meanings[] = {
    {"GW606",
     {"ignores the whole", "ignores this whole", "the controller ignores this", "serves nothing of it",
      "ingress-nginx ignores it"}},
    {"GW611", {"belongs to"}},
    {"GW630", {"Location", "redirect"}},
    {"GW643", {"never used", "does not serve"}},
    {"GW644", {"left out", "refuses it", "leaves it out"}},
    {"GW646", {"more than once"}},
    {"GW651", {"the redirect"}},
};

// The lines of `text` around the place `at`: where a message is built.
std::string around(const std::string& text, std::size_t at) {
  std::size_t begin = at, end = at;
  for (int lines = 0; begin > 0 && lines < 10; --begin) lines += text[begin - 1] == '\n';
  for (int lines = 0; end < text.size() && lines < 7; ++end) lines += text[end] == '\n';
  return text.substr(begin, end - begin);
}

}  // namespace

TEST_CASE("a code has one meaning: its messages share their words") {
  for (const Meaning& meaning : meanings) {
    std::size_t seen = 0;
    for (const auto& entry : fs::recursive_directory_iterator("convert")) {
      if (entry.path().extension() != ".cpp" || entry.path() == "convert/codes.cpp") continue;
      std::ifstream in(entry.path());
      const std::string text{std::istreambuf_iterator<char>(in), {}};
      const std::string quoted = '"' + std::string(meaning.code) + '"';
      for (std::size_t at = text.find(quoted); at != std::string::npos; at = text.find(quoted, at + 1), ++seen) {
        const std::string message = around(text, at);
        const bool shared = std::any_of(meaning.words.begin(), meaning.words.end(),
                                        [&](std::string_view words) { return message.find(words) != message.npos; });
        CHECK_MESSAGE(shared, entry.path().string() << " reports " << meaning.code << " for something else:\n"
                                                    << message);
      }
    }
    CHECK_MESSAGE(seen > 0, meaning.code << " is reported nowhere");
  }
}

TEST_CASE("a code that convert reports has exactly one page, and pages stand in the order of their codes") {
  std::set<std::string> pages;
  std::string last;
  for (const gw::convert::CodePage& page : gw::convert::code_pages()) {
    const std::string code(page.code);
    CHECK_MESSAGE(last < code, code << " stands behind " << last);
    pages.insert(last = code);
  }
  for (const gw::validate::SemanticRule& rule : gw::validate::semantic_rules())
    CHECK_MESSAGE(pages.insert(std::string(rule.code)).second,
                  rule.code << " is a rule of validate and a code of convert");
  std::size_t seen = 0;
  for (const auto& [code, file] : codes_in("convert")) {
    CHECK_MESSAGE(pages.contains(code), file << " reports " << code << ", which `gwctl explain` does not know");
    ++seen;
  }
  CHECK(seen > 30);
}
