// Paths and rewrites of ingress-nginx against PCRE2, which decides there: generated expressions and substitutions are
// converted for every target that has none of its own, and the route table answers paths at the boundary of both sides.
// What is `converted` answers alike; what is `approximated` differs only as it says. Fixed seed.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <doctest/doctest.h>
#include <pcre2.h>

#include <algorithm>
#include <map>
#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "convert/convert.h"
#include "kube/index.h"
#include "kube/load.h"
#include "path_grammar.h"
#include "route/attach.h"
#include "route/profile.h"

using namespace gw;

namespace {

using test::any;
using test::below;
using test::Random;

struct Pair {
  std::string path, target;
  test::Piece built;  // nothing: one of the common forms
};

// The common forms: a head, perhaps one of a few words or a class, a tail that is captured or not.
Pair common(Random& random) {
  static const std::vector<std::string> heads = {"/api", "/app/v1", "/foo", "/socket.io", "/a-b", "/Shop", "", "/x"};
  static const std::vector<std::string> middles = {"",       "/(v1|v2)", "/v[12]", "(?:-old)?", "/[a-z]{2}", "/(\\d+)",
                                                   "(/en)?", "/?",       "s?",     "/(a|bc)/d", "\\.json",   "/x{1,2}"};
  static const std::vector<std::string> tails = {"(/|$)(.*)", "/(.*)", "/?(.*)", "(.*)",   "/(.*)$",  "(?:/|$)(.*)",
                                                 "",          "$",     "/",      "(/.*)?", "(/.*)?$", "/([^/]+)/?(.*)",
                                                 "(/.*)",     "/(.+)", "(.*)$",  "()(.*)", "/$",      "/(.*?)$"};
  Pair out;
  const std::size_t kind = below(random, 20);
  if (kind == 0)
    out.path = "/(" + any(random, heads).substr(0, 4) + "|api|b)" + any(random, tails);
  else if (kind == 1)
    out.path = "/((?!api).*)";
  else if (kind == 2)
    out.path = any(random, heads) + "/(?!v1)(.*)";
  else
    out.path = any(random, heads) + (below(random, 3) == 0 ? any(random, middles) : "") + any(random, tails);
  if (out.path.empty() || out.path[0] != '/') out.path = "/" + out.path;
  if (below(random, 12) == 0) out.path = "/(?i)" + out.path.substr(1);
  static const std::vector<std::string> to = {"/$1", "/$2",    "/",       "/v2/$1",  "$1",   "/new/$2", "/new",
                                              "/$3", "/$1/$2", "/app/$1", "/api/$1", "/x$1", "/foo/$2", "/$2/$1"};
  out.target = any(random, to);
  return out;
}

// Half of them from the grammar.
Pair generated(Random& random) {
  if (test::once_in(random, 2)) return common(random);
  Pair out;
  test::Grammar grammar(random);
  out.built = grammar.path();
  out.path = out.built.spelled;
  unsigned groups = 0;
  for (std::size_t i = 0; i < out.path.size(); ++i)
    if (out.path[i] == '(' && (i == 0 || out.path[i - 1] != '\\') && out.path[i + 1] != '?') ++groups;
  out.target = grammar.target(groups);
  return out;
}

class Pcre {
 public:
  Pcre(const std::string& pattern, bool fold) {
    int error = 0;
    PCRE2_SIZE at = 0;
    code_ = pcre2_compile(reinterpret_cast<PCRE2_SPTR>(pattern.data()), pattern.size(), fold ? PCRE2_CASELESS : 0,
                          &error, &at, nullptr);
    if (code_) data_ = pcre2_match_data_create_from_pattern(code_, nullptr);
  }
  ~Pcre() {
    pcre2_match_data_free(data_);
    pcre2_code_free(code_);
  }
  Pcre(const Pcre&) = delete;
  Pcre& operator=(const Pcre&) = delete;
  bool valid() const { return code_ != nullptr; }

  // The groups of the first match.
  std::optional<std::vector<std::string>> match(const std::string& text) const {
    const int count = pcre2_match(code_, reinterpret_cast<PCRE2_SPTR>(text.data()), text.size(), 0, 0, data_, nullptr);
    if (count <= 0) return std::nullopt;
    std::vector<std::string> out;
    const PCRE2_SIZE* ends = pcre2_get_ovector_pointer(data_);
    for (int i = 0; i < count; ++i)
      out.push_back(ends[2 * i] == PCRE2_UNSET ? "" : text.substr(ends[2 * i], ends[2 * i + 1] - ends[2 * i]));
    return out;
  }

 private:
  pcre2_code* code_ = nullptr;
  pcre2_match_data* data_ = nullptr;
};

// The path that the backend gets from ingress-nginx; nothing where it answers 404.
struct Nginx {
  Nginx(const Pair& pair, bool fold, bool dots)
      : location("^" + (dots ? dotted(pair.path) : pair.path), fold),
        rewrite(dots ? dotted(pair.path) : pair.path, fold),
        target(pair.target) {}

  static std::string dotted(std::string path) {
    for (std::size_t i = 1; i + 1 < path.size(); ++i)
      if (path[i] == '.' && std::isalnum(static_cast<unsigned char>(path[i - 1])) &&
          std::isalnum(static_cast<unsigned char>(path[i + 1])))
        path.replace(i++, 1, "\\.");
    return path;
  }

  std::optional<std::string> answer(const std::string& path) const {
    if (!location.match(path)) return std::nullopt;
    const auto groups = rewrite.match(path);
    if (!groups) return path;
    std::string out;
    for (std::size_t i = 0; i < target.size(); ++i) {
      if (target[i] != '$') {
        out += target[i];
        continue;
      }
      const std::size_t group = static_cast<std::size_t>(target[++i] - '0');
      if (group < groups->size()) out += (*groups)[group];
    }
    return out;
  }

  Pcre location, rewrite;
  std::string target;
};

// Texts of the pattern's own words and their neighbours.
std::vector<std::string> boundary(const Pair& pair, Random& random) {
  static const std::vector<std::string> words = {
      "api", "app", "v1",  "v2",   "v3", "foo", "socket.io", "socketxio", "a-b", "Shop", "shop", "API",  "x",   "xx",
      "xxx", "en",  "old", "json", "b",  "a",   "bc",        "d",         "12",  "s",    "foos", "apix", "apis"};
  std::string plain;
  int depth = 0;
  for (const char c : pair.path) {
    if (c == '(') ++depth;
    if (c == ')') --depth;
    if (depth == 0 && (std::isalnum(static_cast<unsigned char>(c)) || c == '/' || c == '-' || c == '.')) plain += c;
  }
  std::set<std::string> out = {"/",         "/x",         plain,         plain + "/",
                               plain + "x", plain + "/x", plain + "/x/", plain + "/v1/y"};
  for (int tries = 0; out.size() < 200 && tries < 1000; ++tries) {
    std::string path;
    if (pair.built.kind != test::Piece::Kind::nothing && below(random, 4) != 0)
      text_of(pair.built, random, path);
    else if (below(random, 2) == 0)
      path = plain;
    if (path != plain && below(random, 2) == 0) {
      out.insert(path);
      continue;
    }
    for (std::size_t n = below(random, 4); n > 0; --n) path += (below(random, 5) == 0 ? "" : "/") + any(random, words);
    if (below(random, 3) == 0) path += "/";
    if (below(random, 8) == 0 && path.size() > 2) path.erase(below(random, path.size() - 1) + 1, 1);
    if (below(random, 8) == 0)
      for (char& c : path) c = static_cast<char>(below(random, 2) ? std::toupper(c) : std::tolower(c));
    out.insert(path);
  }
  std::vector<std::string> normal;
  for (const std::string& path : out)
    if (path.starts_with('/') && path.find("//") == std::string::npos && path.find("/.") == std::string::npos)
      normal.push_back(path);
  return normal;
}

std::string undoubled(const std::string& path) {
  std::string out;
  for (const char c : path)
    if (c != '/' || !out.ends_with('/')) out += c;
  return out;
}

struct Told {
  std::string outcome, detail;
  bool says(std::string_view what) const { return detail.find(what) != std::string::npos; }
};

// Is a difference one of those that were told?
bool covered(const Told& told, const Pair& pair, const std::string& path, const std::optional<std::string>& now) {
  const bool folds = told.says("letter case"), dots = told.says("'.' is a dot");
  const Nginx spelled(pair, !folds, dots);
  const bool inline_flag = pair.path.find("(?i)") != std::string::npos && folds;
  Pair without = pair;
  if (inline_flag) without.path.replace(without.path.find("(?i)"), 4, "");
  const Nginx plain(without, !folds, dots);
  const auto old = inline_flag ? plain.answer(path) : spelled.answer(path);
  if (old == now) return true;
  // "/foo" and "/foo/" are one path to a prefix.
  if (told.says("last '/'")) {
    const std::string bare = path.ends_with('/') ? path.substr(0, path.size() - 1) : path;
    const Nginx& side = inline_flag ? plain : spelled;
    if (now && side.answer(bare + "/y")) return true;
  }
  if (told.says("whole path elements") && !now) return true;
  if (told.says("doubled slashes") && old && now && undoubled(*old) == undoubled(*now)) return true;
  return false;
}

struct Batch {
  std::vector<Pair> pairs;
  std::vector<Told> told;
  std::unique_ptr<route::Model> model;

  Batch(std::vector<Pair> of, bool exact) : pairs(std::move(of)), told(pairs.size()) {
    std::string text;
    for (std::size_t i = 0; i < pairs.size(); ++i) {
      const std::string name = "i" + std::to_string(i);
      text +=
          "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: " + name +
          "\n  annotations:\n    nginx.ingress.kubernetes.io/rewrite-target: '" + pairs[i].target +
          "'\n    nginx.ingress.kubernetes.io/use-regex: 'true'\nspec:\n  ingressClassName: nginx\n  rules:\n"
          "  - host: " +
          name + ".test\n    http:\n      paths:\n      - path: '" + pairs[i].path +
          "'\n        pathType: ImplementationSpecific\n        backend: {service: {name: web, port: {number: 80}}}\n";
    }
    diag::Sources sources;
    diag::Sink sink;
    const kube::Bundle in = kube::load_text("in.yaml", text, sources, sink);
    convert::Options options;
    options.from = "ingress-nginx";
    options.exact_paths = exact;
    kube::Bundle out;
    const auto outcomes = convert::convert(in, options, sources, sink, out);
    REQUIRE(bool(outcomes));
    for (const convert::Entry& e : outcomes->ledger.entries()) {
      if (!e.object || !e.key().ends_with("rewrite-target")) continue;
      told[std::stoul(e.object->metadata.name.substr(1))] = {std::string(convert::name(e.outcome)), e.detail};
    }
    const kube::Index index(out);
    model = route::make_model("gwctl", index, route::attach(index));
  }

  std::optional<std::string> now(std::size_t i, const std::string& path) const {
    route::Request request;
    request.host = "i" + std::to_string(i) + ".test";
    request.target = path;
    const route::AnswerSet set = model->answer(request);
    REQUIRE(set.any_of.size() == 1);
    if (set.any_of.front().backend.empty()) return std::nullopt;
    return set.any_of.front().backend_target;
  }
};

}  // namespace

TEST_CASE("generated paths and rewrites against PCRE2") {
  constexpr std::size_t batches = 80, size = 250;
  Random random(19);
  std::map<std::string, std::size_t> outcomes;
  std::size_t asked = 0, wrong = 0, differing = 0;
  for (std::size_t n = 0; n < batches; ++n) {
    std::vector<Pair> pairs;
    while (pairs.size() < size) {
      Pair pair = generated(random);
      // A target that equals the path is no rewrite to ingress-nginx.
      if (pair.path != pair.target && Pcre("^" + pair.path, true).valid()) pairs.push_back(std::move(pair));
    }
    const Batch batch(std::move(pairs), n % 4 == 3);
    for (std::size_t i = 0; i < size; ++i) {
      const Pair& pair = batch.pairs[i];
      const Told& told = batch.told[i];
      ++outcomes[told.outcome];
      if (told.outcome != "converted" && told.outcome != "approximated") continue;
      const Nginx old(pair, true, false);
      for (const std::string& path : boundary(pair, random)) {
        ++asked;
        std::optional<std::string> before = old.answer(path);
        if (before && before->empty()) before = "/";  // nginx answers 500 there
        const auto now = batch.now(i, path);
        if (before == now) continue;
        ++differing;
        if (told.outcome == "approximated" && covered(told, pair, path, now)) continue;
        if (++wrong > 20) continue;
        CAPTURE(n);
        CAPTURE(pair.path);
        CAPTURE(pair.target);
        CAPTURE(path);
        CAPTURE(before.value_or("404"));
        CAPTURE(now.value_or("404"));
        CHECK_MESSAGE(false, told.outcome, ": ", told.detail);
      }
    }
  }
  CHECK(wrong == 0);
  CHECK(outcomes["converted"] > 200);
  CHECK(outcomes["approximated"] > batches * size / 4);
  MESSAGE(batches * size << " pairs: " << outcomes["converted"] << " converted, " << outcomes["approximated"]
                         << " approximated, " << outcomes["refused"] << " refused; " << asked << " paths, " << differing
                         << " told to differ");
}
