// Codes of findings: each literal in the sources has a page that `gwctl explain` prints, and no code has two pages.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <string>

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

}  // namespace

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
