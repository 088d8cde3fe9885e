// Literals alone need no automaton: the classes around each are known. With regular expressions the automata's product
// tells which combinations exist.
#include "verify/paths.h"

#include <algorithm>
#include <map>
#include <set>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <unordered_set>
#include <utility>

#include "language/automata.h"

namespace gw::verify {
using namespace language;
namespace {

constexpr std::string_view nowhere = "/gwctl-none";  // a path that no rule is likely to name
constexpr std::size_t max_states = 6000;

bool resolved(std::string_view path) {
  if (path.empty() || path.front() != '/') return false;
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (path[i] != '/') continue;
    const std::string_view segment = path.substr(i + 1, path.find('/', i + 1) - i - 1);
    if (segment == "." || segment == ".." || (segment.empty() && i + 1 != path.size())) return false;
  }
  return true;
}

bool canonical(std::string_view path) {
  return resolved(path) && std::all_of(path.begin(), path.end(),
                                       [](char c) { return canonical_path_bytes()[static_cast<unsigned char>(c)]; });
}

std::string_view without_slash(std::string_view path) {
  return path.size() > 1 && path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
}

class Collector {
 public:
  bool add(std::string path) {
    if (path.empty() || path.front() != '/' || !known_.insert(path).second) return false;
    out.push_back(std::move(path));
    return true;
  }
  std::vector<std::string> out;

 private:
  std::unordered_set<std::string> known_;
};

// The texts at and around a literal.
void add_probes(Collector& into, std::string_view literal) {
  const std::string bare(without_slash(literal));
  const std::string with = bare == "/" ? bare : bare + "/";
  into.add(bare);
  into.add(with);
  into.add(with + "x");
  into.add(with + "x/y");
  if (bare != "/") into.add(bare + "x");
  const std::size_t parent = bare.rfind('/');
  if (parent != std::string::npos) into.add(parent == 0 ? "/" : bare.substr(0, parent));
}

// Which class a path is in, as far as literals tell: the longest literal that is a byte prefix of it decides which
// others are; how it goes on behind that one decides whether they hold by element.
class LiteralClasses {
 public:
  explicit LiteralClasses(const std::set<std::string>& literals) {
    for (const std::string& literal : literals) ids_.emplace(literal, ids_.size());
  }
  using Key = std::tuple<std::size_t, int, bool>;
  Key of(const std::string& path) const {
    const auto slash = ids_.find(path + "/");
    const bool slash_hits = slash != ids_.end();
    for (std::size_t length = path.size(); length > 0; --length) {
      const auto found = ids_.find(path.substr(0, length));
      if (found == ids_.end()) continue;
      const std::string_view rest = std::string_view(path).substr(length);
      const int how = rest.empty() ? 0 : rest == "/" ? 1 : rest.front() == '/' ? 2 : 3;
      return {found->second + 1, how, slash_hits};
    }
    return {0, path == "/" ? 0 : 3, slash_hits};
  }

 private:
  std::unordered_map<std::string, std::size_t> ids_;
};

void add_literal_classes(const std::set<std::string>& literals, PathClasses& out) {
  Collector probes;
  probes.add("/");
  for (const std::string& literal : literals) add_probes(probes, literal);
  probes.add(std::string(nowhere));
  std::stable_sort(probes.out.begin(), probes.out.end(),
                   [](const std::string& a, const std::string& b) { return a.size() < b.size(); });
  const LiteralClasses classes(literals);
  std::set<LiteralClasses::Key> seen;
  for (std::string& path : probes.out)
    if (seen.insert(classes.of(path)).second) out.paths.push_back(std::move(path));
  out.classes = seen.size();
}

struct RegexTests {
  std::vector<Syntax> read;
  std::vector<std::string> literals_of_unread;  // the plain text an unread pattern begins with
};

// "/app/(?!x).*" begins with "/app/".
std::string plain_start(std::string_view pattern) {
  while (pattern.starts_with("(?i)") || pattern.starts_with("^")) pattern.remove_prefix(pattern.front() == '^' ? 1 : 4);
  std::string out;
  for (char c : pattern) {
    if (!canonical_path_bytes()[static_cast<unsigned char>(c)] ||
        std::string_view("$()*+?.").find(c) != std::string_view::npos)
      break;
    out += c;
  }
  return out;
}

RegexTests read_regexes(const std::vector<const HostBoundaries*>& rows, PathClasses& out) {
  RegexTests tests;
  std::set<std::string> known;
  for (const HostBoundaries* row : rows)
    for (const PathRegex& regex : row->regexes) {
      if (!known.insert(regex.pattern).second) continue;
      Result<Syntax> syntax = parse_regex(regex.pattern);
      if (syntax && regex.re2) {
        tests.read.push_back(std::move(*syntax));
        continue;
      }
      out.sampled.push_back("the expression " + regex.pattern + " is only sampled" +
                            (syntax ? std::string(": it needs PCRE") : ": " + syntax.error().message));
      if (syntax)
        tests.read.push_back(std::move(*syntax));
      else
        tests.literals_of_unread.push_back(plain_start(regex.pattern));
    }
  return tests;
}

// Bytes beyond the canonical ones that an expression names by themselves: "`", "[", a space. They are tried as they are
// and as %XX; what servers make of either is up to them.
ByteSet named_bytes(const RegexTests& tests) {
  ByteSet out;
  for (const Syntax& syntax : tests.read)
    for (const Syntax::Node& node : syntax.nodes)
      if (node.kind == Syntax::Kind::bytes && node.bytes.count() <= 8) out |= node.bytes;
  for (unsigned byte = 0; byte < 256; ++byte)
    if (byte < ' ' || byte == '?' || byte == '#' || byte == '%' || byte == 0x7F) out.reset(byte);
  return out & ~canonical_path_bytes();
}

void add_example(const std::string& text, std::vector<std::string>& out) {
  if (!resolved(text)) return;
  out.push_back(text);
  if (!canonical(text)) out.push_back(encode_path(text));
}

void add_product(const std::set<std::string>& literals, const RegexTests& tests, PathClasses& out) {
  Automaton automaton(canonical_path_bytes() | named_bytes(tests));
  for (const std::string& literal : literals) {
    const std::string bare(without_slash(literal));
    automaton.add_equal(bare);
    automaton.add_prefix(bare);
    if (bare == "/") continue;
    automaton.add_equal(bare + "/");
    automaton.add_prefix(bare + "/");
  }
  for (const Syntax& syntax : tests.read) automaton.add_regex(syntax, Where::anywhere);
  const Exploration found = automaton.explore("/", max_states);
  if (!found.complete) out.sampled.push_back("the expressions of this host together are too large for an exact answer");
  out.classes = found.classes.size();
  for (const TextClass& each : found.classes) {
    const std::size_t before = out.paths.size();
    for (const std::string& example : each.examples)
      add_example(example, out.paths.size() == before ? out.paths : out.more);
  }
}

}  // namespace

std::string encode_path(std::string_view path) {
  static constexpr std::string_view hex = "0123456789ABCDEF";
  std::string out;
  for (char c : path) {
    const auto byte = static_cast<unsigned char>(c);
    if (canonical_path_bytes()[byte] || c == ';')
      out += c;
    else
      out += {'%', hex[byte >> 4], hex[byte & 15]};
  }
  return out;
}

PathClasses path_classes(const std::vector<const HostBoundaries*>& rows) {
  PathClasses out;
  std::set<std::string> literals, odd;
  for (const HostBoundaries* row : rows)
    for (const std::string& path : row->paths) (canonical(path) ? literals : odd).insert(path);
  const RegexTests tests = read_regexes(rows, out);
  for (const std::string& start : tests.literals_of_unread)
    if (canonical(start)) literals.insert(start);
  if (tests.read.empty())
    add_literal_classes(literals, out);
  else
    add_product(literals, tests, out);
  Collector all;
  for (std::string& path : out.paths) all.add(std::move(path));
  for (const std::string& path : odd)
    for (const std::string& spelled : {path, encode_path(path)}) add_probes(all, spelled);
  out.paths = std::exchange(all.out, {});
  for (std::string& path : out.more) all.add(std::move(path));
  // A class of an expression may hold texts around a literal that a rewrite treats apart.
  if (!tests.read.empty() && literals.size() <= 100)
    for (const std::string& literal : literals) add_probes(all, literal);
  out.more = std::move(all.out);
  for (std::vector<std::string>* list : {&out.paths, &out.more})
    std::erase_if(*list, [](const std::string& path) {
      return path.find_first_of(" \t\r\n") != std::string::npos || path.find('\0') != std::string::npos;
    });
  return out;
}

std::vector<Spelling> spellings(const std::string& path) {
  const std::string bare(without_slash(path));
  const std::string below = bare == "/" ? "" : bare;  // to put something behind
  const std::size_t inner = bare.rfind('/');
  std::vector<Spelling> out = {
      {"/" + path, "doubled slash"},
      {below + "//x", "doubled slash"},
      {"/." + path, "dot segment"},
      {below + "/.", "dot segment"},
      {"/x/.." + path, "parent segment"},
      {below + "/..", "parent segment"},
      {"/.." + path, "parent segment above the root"},
      {below + "/../x", "parent segment"},
      {"/x/%2e%2e" + path, "encoded dots"},
      {below + "/%2E%2e/x", "encoded dots"},
      {below + "%2Fx", "encoded separator"},
      {below + "/x%2fy", "encoded slash"},
      {below + "/%41", "encoded letter"},
      {below + "/%20", "encoded space"},
      {below + "/%C3%a9", "encoded UTF-8"},
      {below + "/%25", "encoded percent sign"},
      {below + "/%3F", "encoded question mark"},
      {below + "/%00", "encoded zero byte"},
      {below + "/%zz", "bad escape"},
      {below + "/x#y", "fragment"},
      {below + ";v=1", "path parameter"},
      {below + "/;v=1", "path parameter"},
      {below + "/x\\y", "backslash"},
  };
  if (inner != std::string::npos && inner > 0) {
    out.push_back({bare.substr(0, inner) + "//" + bare.substr(inner + 1), "doubled slash"});
    out.push_back({bare.substr(0, inner) + "%2F" + bare.substr(inner + 1), "encoded separator"});
  }
  if (bare.size() > 1 && bare.back() != '/' && bare.back() != '%') {
    static constexpr std::string_view hex = "0123456789ABCDEF";
    const auto byte = static_cast<unsigned char>(bare.back());
    out.push_back({bare.substr(0, bare.size() - 1) + "%" + hex[byte >> 4] + hex[byte & 15], "encoded letter"});
    std::string shouted = bare;
    for (char& c : shouted)
      if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
    if (shouted != bare) out.push_back({std::move(shouted), "letter case"});
  }
  return out;
}

}  // namespace gw::verify
