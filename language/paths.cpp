// Sets of paths from automata, and substitutions that change a prefix or the whole path.
#include "language/paths.h"

#include <algorithm>
#include <deque>
#include <map>
#include <set>

#include "language/dfa.h"
#include "language/follow.h"
#include "language/spell.h"

namespace gw::language {
namespace {

constexpr std::size_t max_matches = 32, max_class = 4, max_spelled = 4, longest_pattern = 1024, max_states = 4096;

// Syntaxes with the terms made of them.
struct Work {
  Terms terms;
  std::deque<Syntax> syntaxes;

  Result<const Syntax*> read(const PathPattern& pattern, bool spelled) {
    if (pattern.text.size() > longest_pattern) return Error{"more than 1,024 characters", {}};
    auto syntax = parse_pcre(pattern.text, {pattern.fold_case, spelled});
    if (!syntax) return syntax.error();
    syntaxes.push_back(std::move(*syntax));
    return &syntaxes.back();
  }
  Term language(const PathPattern& pattern, const Syntax& syntax) {
    const Term term = terms.of(syntax, pattern.to_end ? Terms::done : Terms::all);
    return pattern.anywhere ? terms.of(any(), term) : term;
  }
  Term text(std::string_view literal, Term then) {
    Syntax syntax;
    syntax.nodes.emplace_back();
    syntax.nodes.back().kind = Syntax::Kind::sequence;
    for (const char c : literal) {
      syntax.nodes.front().of.push_back(syntax.nodes.size());
      syntax.nodes.emplace_back();
      syntax.nodes.back().kind = Syntax::Kind::bytes;
      syntax.nodes.back().bytes.set(static_cast<unsigned char>(c));
    }
    syntaxes.push_back(std::move(syntax));
    return terms.of(syntaxes.back(), then);
  }
  Term matched(const std::vector<PathMatch>& matches) {
    std::vector<Term> out;
    for (const PathMatch& match : matches) {
      using enum PathMatch::Kind;
      const std::string slashed = match.text == "/" ? "/" : match.text + "/";
      if (match.kind == exact || match.kind == element) out.push_back(text(match.text, Terms::done));
      if (match.kind == element || match.kind == below) out.push_back(text(slashed, Terms::all));
      if (match.kind == bytes) out.push_back(text(match.text, Terms::all));
    }
    return terms.any_of(std::move(out));
  }
  Term either_not_both(Term one, Term other) {
    return terms.any_of({terms.all_of({one, terms.no(other)}), terms.all_of({other, terms.no(one)})});
  }
  // Which limit stopped it.
  Error too_large() const {
    return {terms.exhausted() ? "more than 12,000 steps to decide what it matches" : "more than 4,096 states", {}};
  }
  std::string differing(Term one, Term other) {
    return shortest(terms, either_not_both(one, other)).value_or(std::string());
  }

 private:
  const Syntax& any() {
    static const Syntax syntax = std::move(*parse_pcre("(?s:.)*", {}));
    return syntax;
  }
};

// All words of a language that is a finite set of texts and prefixes.
class Enumeration {
 public:
  explicit Enumeration(const Dfa& dfa) : dfa_(dfa), open_(dfa.next.size()) {}

  std::optional<std::vector<PathMatch>> run() {
    std::string text;
    if (!visit(dfa_.start, text)) return std::nullopt;
    std::sort(out_.begin(), out_.end(), [](const PathMatch& a, const PathMatch& b) { return a.text < b.text; });
    return std::move(out_);
  }

  // Some prefix does not match with its '/' alone: "/foo/(.+)".
  bool needs_more() const { return needs_more_; }

 private:
  bool add(PathMatch::Kind kind, std::string_view text) {
    out_.push_back({kind, std::string(text)});
    return out_.size() <= max_matches;
  }

  bool visit(std::uint32_t state, std::string& text) {
    using enum PathMatch::Kind;
    if (state == dfa_.dead) return true;
    if (state == dfa_.bytes) return add(bytes, text);
    if (state == dfa_.nonempty) needs_more_ = true;
    if (state == dfa_.below || state == dfa_.nonempty)
      return add(text == "/" ? element : below, text == "/" ? text : text.substr(0, text.size() - 1));
    if (open_[state] || ++visits_ > 20000) return false;
    open_[state] = true;
    const std::uint32_t slash = dfa_.next[state][dfa_.alphabet.slash];
    const bool element_ends = dfa_.accepts[state] && (slash == dfa_.below || slash == dfa_.nonempty);
    if (element_ends && slash == dfa_.nonempty) needs_more_ = true;
    bool ok = !dfa_.accepts[state] || add(element_ends ? element : exact, text);
    for (std::size_t letter = 0; ok && letter < dfa_.alphabet.letters.size(); ++letter)
      if (!(element_ends && letter == dfa_.alphabet.slash)) ok = along(state, letter, text);
    open_[state] = false;
    return ok;
  }

  bool along(std::uint32_t state, std::size_t letter, std::string& text) {
    const std::uint32_t to = dfa_.next[state][letter];
    if (to == dfa_.dead) return true;
    const ByteSet& stands_for = dfa_.alphabet.stands_for[letter];
    if (stands_for.count() > max_class) return false;
    for (unsigned byte = 0; byte < 256; ++byte) {
      if (!stands_for[byte]) continue;
      text += static_cast<char>(byte);
      const bool ok = visit(to, text);
      text.pop_back();
      if (!ok) return false;
    }
    return true;
  }

  const Dfa& dfa_;
  std::vector<bool> open_;
  std::vector<PathMatch> out_;
  std::size_t visits_ = 0;
  bool needs_more_ = false;
};

// What a substitution makes of the paths of one match.
class OneMatch {
 public:
  OneMatch(Work& work, Term language, const Syntax& search, const Substitution& to, PathMatch match,
           Differences& differences)
      : work_(work),
        language_(language),
        match_(std::move(match)),
        differences_(differences),
        text_(match_.text == "/" ? "" : match_.text),
        known_(text_ + "/"),
        follower_(work.terms, search, to, match_.kind == PathMatch::Kind::exact ? match_.text.size() : known_.size()) {}

  std::optional<RewrittenMatch> run() {
    using enum RewrittenMatch::Kind;
    RewrittenMatch out{match_, same, {}};
    if (match_.kind == PathMatch::Kind::exact) {
      const auto made = concrete(match_.text);
      if (!made) return std::nullopt;
      out.kind = *made == match_.text ? same : full;
      out.value = *made;
      return out;
    }
    if (!explore()) return std::nullopt;
    if (!made_) made_ = bare_slash();
    if (!made_) return std::nullopt;
    Follower::Made& made = *made_;
    if (!made.rest) {
      out.kind = full;
      out.value = made.head + made.tail;
    } else {
      if (!made.tail.empty() || !made.head.ends_with('/')) return std::nullopt;
      made.head.pop_back();
      if (made.head.ends_with('/')) {
        differences_.doubled = true;
        while (made.head.ends_with('/')) made.head.pop_back();
      }
      out.kind = made.head == text_ ? same : prefix;
      out.value = made.head.empty() ? "/" : made.head;
    }
    compare_ends(out);
    return out;
  }

 private:
  // Of a path of which everything is known.
  std::optional<std::string> concrete(std::string_view path) {
    Follower::State state = follower_.start();
    for (std::size_t i = 0; i < path.size(); ++i) state = follower_.step(state, static_cast<unsigned char>(path[i]), i);
    const auto made = follower_.made(state, path.size(), path, false);
    return made ? std::optional(made->head) : std::nullopt;
  }
  bool in_language(std::string_view path) {
    Term term = language_;
    for (std::size_t i = 0; i < path.size(); ++i)
      term = work_.terms.after(term, static_cast<unsigned char>(path[i]), i == 0);
    return work_.terms.ends(term, false);
  }
  std::optional<Follower::Made> bare_slash() {
    const auto made = concrete(known_);
    if (!made) return std::nullopt;
    return Follower::Made{*made, {}, false};
  }

  // Every path below the text: what is made of it has one form.
  bool explore() {
    struct Visit {
      Follower::State state;
      Term term;
      At at;
      std::size_t position;
    };
    Follower::State state = follower_.start();
    Term term = language_;
    for (std::size_t i = 0; i < known_.size(); ++i) {
      const auto byte = static_cast<unsigned char>(known_[i]);
      state = follower_.step(state, byte, i);
      term = work_.terms.after(term, byte, i == 0);
    }
    const Alphabet alphabet = alphabet_of(work_.terms);
    std::set<std::tuple<Follower::State, Term, At>> seen;
    std::deque<Visit> queue{{std::move(state), term, At::slash, known_.size()}};
    while (!queue.empty()) {
      if (seen.size() > max_states || follower_.failed() || work_.terms.exhausted()) return false;
      const Visit visit = std::move(queue.front());
      queue.pop_front();
      if (visit.position > known_.size() && may_end(visit.at) && work_.terms.ends(visit.term, false))
        if (!agree(follower_.made(visit.state, visit.position, known_, true))) return false;
      for (const unsigned char letter : alphabet.letters) {
        const auto at = step(visit.at, letter);
        if (!at) continue;
        const Term next = work_.terms.after(visit.term, letter, false);
        if (next == Terms::never) continue;
        Follower::State to = follower_.step(visit.state, letter, visit.position);
        if (seen.emplace(to, next, *at).second) queue.push_back({std::move(to), next, *at, known_.size() + 1});
      }
    }
    return true;
  }
  bool agree(std::optional<Follower::Made> made) {
    if (!made) return false;
    if (!made_) made_ = *made;
    return *made == *made_;
  }

  // "/foo" and "/foo/", of which gateways make what they make of all.
  void compare_ends(const RewrittenMatch& out) {
    const auto expected = [&](std::string_view rest) -> std::string {
      if (out.kind == RewrittenMatch::Kind::full) return out.value;
      const std::string head = out.value == "/" && out.kind == RewrittenMatch::Kind::prefix ? "" : out.value;
      const std::string base = out.kind == RewrittenMatch::Kind::same ? text_ : head;
      const std::string path = base + std::string(rest);
      return path.empty() ? "/" : path;
    };
    for (const std::string& path : {text_, known_}) {
      if (path.empty() || !in_language(path)) continue;
      const auto made = concrete(path);
      if (made && *made == expected(path == text_ ? "" : "/")) continue;
      differences_.bare = true;
      if (differences_.request.empty() || path.size() < differences_.request.size()) differences_.request = path;
    }
  }

  Work& work_;
  Term language_;
  PathMatch match_;
  Differences& differences_;
  std::string text_, known_;
  Follower follower_;
  std::optional<Follower::Made> made_;
};

}  // namespace

Result<PathSet> path_set(const PathPattern& pattern, bool readable) {
  Work work;
  const auto syntax = work.read(pattern, readable);
  if (!syntax) return syntax.error();
  const Term language = work.language(pattern, **syntax);
  const auto dfa = dfa_of(work.terms, language);
  if (!dfa) return work.too_large();
  PathSet out;
  out.spelled = readable;
  Enumeration enumeration(*dfa);
  auto matches = enumeration.run();
  // Letter by letter in both cases an expression reads better.
  const bool spelled_out = !readable && pattern.fold_case && matches && matches->size() > max_spelled;
  if (!matches || spelled_out || (enumeration.needs_more() && !readable)) {
    out.expression = true;
    return out;
  }
  out.matches = std::move(*matches);
  if (!readable) return out;
  out.differences.letter_case = (*syntax)->folded;
  out.differences.dots = (*syntax)->dotted;
  out.differences.bare = enumeration.needs_more();
  for (PathMatch& match : out.matches) {
    if (match.kind != PathMatch::Kind::below) continue;
    match.kind = PathMatch::Kind::element;
    out.differences.bare = true;
  }
  if (out.differences.any()) {
    const auto written = work.read(pattern, false);
    if (!written) return written.error();
    out.differences.request = work.differing(work.language(pattern, **written), work.matched(out.matches));
    if (out.differences.request.empty() && !work.terms.exhausted()) out.differences = {};
  }
  return out;
}

std::optional<RewrittenPaths> rewritten(const PathPattern& pattern, const PathSet& set, const Substitution& to) {
  Work work;
  const bool spelled = set.spelled && !set.expression;
  const auto syntax = work.read(pattern, spelled), search = work.read(to.search, spelled);
  if (!syntax || !search) return std::nullopt;
  const Term language = work.language(pattern, **syntax);
  RewrittenPaths out;
  if (set.expression) {
    const auto one = OneMatch(work, language, **search, to, {PathMatch::Kind::element, "/"}, out.differences).run();
    if (!one || one->kind == RewrittenMatch::Kind::prefix || out.differences.any() || work.terms.exhausted())
      return std::nullopt;
    out.matches.push_back(*one);
    return out;
  }
  out.differences = set.differences;
  for (PathMatch match : set.matches) {
    if (match.kind == PathMatch::Kind::below) {
      match.kind = PathMatch::Kind::element;
      out.differences.bare = true;
      if (out.differences.request.empty()) out.differences.request = match.text;
    }
    if (match.kind == PathMatch::Kind::bytes) {
      if (match.text.ends_with('/') || match.text.empty()) return std::nullopt;
      match.kind = PathMatch::Kind::element;
      out.differences.elements = true;
      if (out.differences.request.empty()) out.differences.request = match.text + "x";
    }
    const auto one = OneMatch(work, language, **search, to, match, out.differences).run();
    if (!one || work.terms.exhausted()) return std::nullopt;
    out.matches.push_back(*one);
  }
  return out;
}

Result<std::string> telling_path(const PathPattern& one, const PathPattern& other) {
  Work work;
  const auto left = work.read(one, false), right = work.read(other, false);
  if (!left) return left.error();
  if (!right) return right.error();
  const Term first = work.language(one, **left), second = work.language(other, **right);
  std::string out = work.differing(first, second);
  if (work.terms.exhausted()) return work.too_large();
  return out;
}

Result<std::optional<std::string>> substituted(std::string_view path, const Substitution& to) {
  Work work;
  const auto search = work.read(to.search, false);
  if (!search) return search.error();
  Follower follower(work.terms, **search, to, path.size());
  Follower::State state = follower.start();
  for (std::size_t i = 0; i < path.size() && !follower.failed(); ++i)
    state = follower.step(state, static_cast<unsigned char>(path[i]), i);
  if (follower.failed() || work.terms.exhausted()) return work.too_large();
  if (!follower.matches(state, path.size())) return std::optional<std::string>();
  const auto made = follower.made(state, path.size(), path, false);
  if (!made) return work.too_large();
  return std::optional(made->head);
}

bool same_texts(const PathPattern& one, const PathPattern& other, bool spelled) {
  Work work;
  const auto left = work.read(one, spelled), right = work.read(other, spelled);
  if (!left || !right) return false;
  const Term a = work.language(one, **left), b = work.language(other, **right);
  const auto dfa = dfa_of(work.terms, work.either_not_both(a, b), false);
  return dfa && dfa->start == dfa->dead;
}

Result<std::vector<std::string>> texts_of(const PathPattern& pattern, std::size_t most, bool spelled) {
  Work work;
  const auto syntax = work.read(pattern, spelled);
  if (!syntax) return syntax.error();
  for (const Syntax::Node& node : (*syntax)->nodes)
    if (node.kind == Syntax::Kind::bytes && node.bytes.count() < 128 && (node.bytes & ~canonical_path_bytes()).any())
      return Error{"characters that no path has", {}};
  const auto dfa = dfa_of(work.terms, work.language(pattern, **syntax), false);
  if (!dfa) return work.too_large();
  const auto matches = Enumeration(*dfa).run();
  if (!matches || matches->size() > most) return Error{"too many texts", {}};
  std::vector<std::string> out;
  for (const PathMatch& match : *matches) {
    if (match.kind != PathMatch::Kind::exact) return Error{"too many texts", {}};
    out.push_back(match.text);
  }
  return out;
}

Result<std::string> re2_for(const PathPattern& pattern) {
  Work work;
  const auto syntax = work.read(pattern, false);
  if (!syntax) return syntax.error();
  const Term language = work.language(pattern, **syntax);
  for (const std::string& spelled : spellings(pattern)) {
    if (spelled.size() > longest_pattern || !parse_regex(spelled)) continue;
    const PathPattern whole{spelled, false, true, false};
    const auto read = work.read(whole, false);
    if (!read) continue;
    if (work.differing(language, work.language(whole, **read)).empty() && !work.terms.exhausted()) return spelled;
  }
  if (pattern.fold_case) {
    PathPattern spelled = pattern;
    spelled.fold_case = false;
    if (const auto small = re2_for(spelled); small && small->find("(?i)") == std::string::npos)
      if (const std::string both = "(?i)" + *small; same_texts(pattern, {both, false, true, false})) return both;
  }
  const auto dfa = dfa_of(work.terms, language, false);
  if (!dfa) return work.too_large();
  auto out = spell(*dfa, longest_pattern);
  if (!out) return Error{"more than 1,024 characters without what RE2 cannot say", {}};
  return std::move(*out);
}

}  // namespace gw::language
