// The rooms of DESIGN.md, held against every #include line: which room may use which, which library lives where, and
// that files say why they exist. How long they may be is in style_test.py.
#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

namespace fs = std::filesystem;

namespace {

using Words = std::set<std::string>;

// yaml/ comes with kube/: every decoded object carries its tree node.
const std::map<std::string, Words> rooms = {
    {"diag", {}},
    {"language", {"diag"}},
    {"vendors", {"diag"}},
    {"yaml", {"diag"}},
    {"pki", {"diag"}},
    {"tree", {"yaml", "diag"}},
    {"kube", {"tree", "yaml", "diag"}},
    {"cluster", {"vendors", "kube", "yaml", "diag"}},
    {"route", {"vendors", "kube", "yaml", "diag"}},
    {"control", {"vendors", "cluster", "route", "kube", "yaml", "diag"}},
    {"convert", {"vendors", "language", "kube", "yaml", "diag"}},
    {"neighbours", {"kube", "yaml", "diag"}},
    {"validate", {"vendors", "route", "pki", "kube", "tree", "yaml", "diag"}},
    {"verify", {"vendors", "route", "language", "kube", "yaml", "diag"}},
    {"runtime", {"route", "pki", "kube", "yaml", "diag"}},
    {"graph", {"route", "kube", "yaml", "diag"}},
    {"export", {"graph", "route", "kube", "yaml", "diag"}},
    {"gitops", {"convert", "kube", "tree", "yaml", "diag"}},
    {"check", {"vendors", "convert", "verify", "route", "kube", "yaml", "diag"}},
    {"audit", {"vendors", "check", "convert", "validate", "verify", "route", "pki", "kube", "yaml", "diag"}},
    {"lsp", {"convert", "validate", "route", "kube", "tree", "yaml", "diag"}},
    {"cli", {"vendors",  "lsp",    "gitops",  "audit",   "check", "neighbours", "export", "graph", "control", "convert",
             "validate", "verify", "runtime", "cluster", "route", "kube",       "tree",   "yaml",  "pki",     "diag"}},
};

// The floors of convert/. On the lowest stands the neutral form, what all speak in, and the tables as others see them
// (provider.h, target.h, emit.h); readers and emitters do not know each other; what is left in convert/ itself leads a
// conversion through all of them.
const std::set<std::string> form_of_convert = {
    "bystanders.cpp", "bystanders.h", "codes.cpp",    "convert.h",  "emit.h",       "intent.h",   "ir.h",
    "ledger.cpp",     "ledger.h",     "metadata.cpp", "metadata.h", "movers.cpp",   "movers.h",   "object_names.cpp",
    "object_names.h", "paths.cpp",    "paths.h",      "profile.h",  "provider.cpp", "provider.h", "regex.cpp",
    "regex.h",        "target.h",     "tell.cpp",     "tell.h",     "words.cpp",    "words.h"};

// "form", "reading", "emitters" or "leading"; empty outside of convert/.
std::string floor_of(const std::string& path) {
  if (!path.starts_with("convert/")) return {};
  const std::string below = path.substr(std::string_view("convert/").size());
  if (below.starts_with("providers/")) return "reading";
  if (below.starts_with("emitters/")) return "emitters";
  return form_of_convert.contains(below) ? "form" : "leading";
}

struct Library {
  std::string_view name, header;  // the header's beginning
  Words users;
};
const Library libraries[] = {
    {"libyaml", "yaml.h", {"yaml"}},
    {"yaml-cpp", "yaml-cpp/", {"yaml"}},
    {"OpenSSL", "openssl/", {"pki", "runtime"}},
    {"nghttp2", "nghttp2/", {"runtime"}},
    {"libcurl", "curl/", {"cluster"}},
    {"RE2", "re2/", {"route", "validate", "verify"}},
    {"CLI11", "CLI/", {"cli"}},
};

struct File {
  std::string path, room;
  std::vector<std::string> lines;
};

std::vector<File> sources() {
  std::vector<File> files;
  for (const auto& [room, uses] : rooms) {
    if (!fs::is_directory(room)) continue;
    for (const auto& entry : fs::recursive_directory_iterator(room)) {
      const std::string extension = entry.path().extension().string();
      if (extension != ".cpp" && extension != ".h") continue;
      File file{entry.path().string(), room, {}};
      std::ifstream in(entry.path());
      for (std::string line; std::getline(in, line);) file.lines.push_back(line);
      files.push_back(std::move(file));
    }
  }
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.path < b.path; });
  return files;
}

struct Include {
  std::string target;
  bool quoted;
};
std::vector<Include> includes(const File& file) {
  std::vector<Include> found;
  for (const std::string& line : file.lines) {
    if (!line.starts_with("#include ")) continue;
    const bool is_quoted = line[9] == '"';
    const std::size_t end = line.find(is_quoted ? '"' : '>', 10);
    found.push_back({line.substr(10, end - 10), is_quoted});
  }
  return found;
}

}  // namespace

TEST_CASE("a room includes only the rooms below it, written from the root") {
  for (const File& file : sources()) {
    for (const Include& include : includes(file)) {
      if (!include.quoted) continue;
      const std::string room = include.target.substr(0, include.target.find('/'));
      CHECK_MESSAGE(rooms.contains(room), file.path << " includes \"" << include.target << "\", which is in no room");
      CHECK_MESSAGE(fs::exists(include.target),
                    file.path << " includes \"" << include.target << "\", which is not there");
      const bool allowed = room == file.room || rooms.at(file.room).contains(room);
      CHECK_MESSAGE(allowed, file.path << " includes \"" << include.target << "\"; " << file.room << "/ may not use "
                                       << room << "/");
    }
  }
}

TEST_CASE("no include of convert/ runs up: leading, then readers beside emitters, then the neutral form") {
  const std::map<std::string, Words> below = {{"leading", {"leading", "reading", "emitters", "form"}},
                                              {"reading", {"reading", "form"}},
                                              {"emitters", {"emitters", "form"}},
                                              {"form", {"form"}}};
  std::map<std::string, std::size_t> files;
  for (const File& file : sources()) {
    const std::string floor = floor_of(file.path);
    if (floor.empty()) continue;
    ++files[floor];
    for (const Include& include : includes(file))
      if (const std::string to = floor_of(include.target); !to.empty())
        CHECK_MESSAGE(below.at(floor).contains(to),
                      file.path << " (" << floor << ") includes \"" << include.target << "\" (" << to << ")");
  }
  CHECK(files.size() == 4);
  for (const std::string& name : form_of_convert) CHECK_MESSAGE(fs::exists("convert/" + name), name);
}

TEST_CASE("a library lives in its room") {
  for (const File& file : sources())
    for (const Include& include : includes(file))
      for (const Library& library : libraries)
        if (!include.quoted && include.target.starts_with(library.header))
          CHECK_MESSAGE(library.users.contains(file.room), file.path << " uses " << library.name);
}

TEST_CASE("the libraries of cli/ and the JSON library stay out of headers") {
  for (const File& file : sources()) {
    if (!file.path.ends_with(".h")) continue;
    for (const Include& include : includes(file)) {
      CHECK_MESSAGE(!include.target.starts_with("CLI/"), file.path);
      CHECK_MESSAGE(include.target != "regex", file.path << ": std::regex is slow and overflows the stack");
      CHECK_MESSAGE(include.target != "nlohmann/json.hpp", file.path << ": use json_fwd.hpp in headers");
    }
  }
}

TEST_CASE("a file says why it exists") {
  std::size_t count = 0, total = 0;
  for (const File& file : sources()) {
    REQUIRE_MESSAGE(!file.lines.empty(), file.path << " is empty");
    const std::string header = file.path.substr(0, file.path.rfind('.')) + ".h";
    const bool told_by_header = file.path.ends_with(".cpp") && fs::exists(header);
    CHECK_MESSAGE((told_by_header || file.lines.front().starts_with("// ")),
                  file.path << " does not open with why it exists");
    ++count;
    total += file.lines.size();
  }
  MESSAGE(count << " files, " << total << " lines");
}
