// Why rules are rewritten to keep an order.
//
// nginx, HAProxy, Traefik and the load balancers of clouds each try the rules of a host in an order of their own; a
// provider lists the rules in it. A gateway does not take an order: it ranks the matches that it gets, Exact first,
// then by kind and length, and where two of them match the same request, the other one than before may answer. So the
// rank has to be made to say the order, and the only things that it looks at are the kind of a path and its length.
//
// Most hosts need nothing: their rules are either sorted as a gateway would sort them, or no two of them meet. What
// remains goes through three steps. First, rules that an earlier one covers are left out: they never answered, and
// would begin to. Second, where a rule would be tried too late, it becomes a regular expression, and what it has to go
// before as well where that would still rank higher: expressions rank among themselves by length alone. A prefix that
// is replaced has to stay a prefix, so there the expression behind it becomes a prefix instead, or the conflict is
// reported (GW641). Third, expressions that are too short for their place are padded with empty groups, "(?:)", which
// match nothing and count as length, up to the 1024 characters of a path.
//
// Everything rests on knowing whether two paths can meet. shape_of() reads that off the text of an expression that we
// wrote ourselves (escaped text with ".*" or "(/.*)?" behind it); of others it takes what every match starts with. A
// doubt counts as "they meet": it costs a longer expression, never another answer.
//
// keep_rank() does the same once more, on finished rules, for a gateway that ranks otherwise: Traefik goes by length
// alone.
#include "convert/providers/order.h"

#include <algorithm>

#include "convert/regex.h"

namespace gw::convert {
namespace {

constexpr std::size_t longest_pattern = 1024;
constexpr std::string_view padding = "(?:)";
constexpr std::size_t anchors = std::string_view("^(?:)$").size();  // what fit adds for a gateway that does not anchor

// "\." is "."; nothing when the pattern is more than escaped text.
std::optional<std::string> unescaped(std::string_view pattern) {
  std::string out;
  for (std::size_t i = 0; i < pattern.size(); ++i) {
    if (pattern[i] == '\\') {
      if (i + 1 == pattern.size() || std::isalnum(static_cast<unsigned char>(pattern[i + 1]))) return std::nullopt;
      out += pattern[++i];
    } else if (!literal(pattern.substr(i, 1))) {
      return std::nullopt;
    } else {
      out += pattern[i];
    }
  }
  return out;
}

bool below(std::string_view text, std::string_view element) {
  if (element == "/") return true;
  if (!text.starts_with(element)) return false;
  return text.size() == element.size() || text[element.size()] == '/' || element.ends_with('/');
}

bool same_scheme(const Rule& a, const Rule& b) {
  return a.scheme == b.scheme || a.scheme == Scheme::both || b.scheme == Scheme::both;
}

std::string small(std::string_view text) {
  std::string out(text);
  for (char& c : out) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return out;
}

bool plain_covers(const Shape& a, const Shape& b);

bool covers(const Shape& a, const Shape& b) {
  if (!a.folded && !b.folded) return plain_covers(a, b);
  if (!a.folded) return a.text == "/" && plain_covers(a, b);
  return plain_covers(a, {b.kind, small(b.text), true});
}

bool plain_covers(const Shape& a, const Shape& b) {
  switch (a.kind) {
    case Shape::Kind::exact:
      return b.kind == Shape::Kind::exact && a.text == b.text;
    case Shape::Kind::element:
      if (b.kind == Shape::Kind::exact || b.kind == Shape::Kind::element) return below(b.text, a.text);
      return a.text == "/" || b.text.starts_with(a.text + "/");
    case Shape::Kind::bytes:
      return b.text.starts_with(a.text);
    case Shape::Kind::other:
      return false;
  }
  return false;
}

// Could one path match both? Yes, when in doubt.
bool plain_meet(const Shape& a, const Shape& b);
bool meet(const Shape& a, const Shape& b) {
  if (a.folded == b.folded) return plain_meet(a, b);
  return plain_meet({a.kind, small(a.text), true}, {b.kind, small(b.text), true});
}

bool plain_meet(const Shape& a, const Shape& b) {
  using enum Shape::Kind;
  if (a.kind == exact && b.kind == exact) return a.text == b.text;
  if (a.kind == exact && b.kind != other) return plain_covers(b, a);
  if (b.kind == exact && a.kind != other) return plain_covers(a, b);
  if (a.kind == element && b.kind == element) return below(a.text, b.text) || below(b.text, a.text);
  if (a.kind == element && b.kind == bytes)
    return b.text.starts_with(a.text + "/") || a.text.starts_with(b.text) || a.text == "/";
  if (a.kind == bytes && b.kind == element) return plain_meet(b, a);
  if (a.kind == exact) return a.text.starts_with(b.text);
  if (b.kind == exact) return b.text.starts_with(a.text);
  return a.text.starts_with(b.text) || b.text.starts_with(a.text);
}

bool conditional(const Rule& rule) {
  return rule.conditions &&
         !(rule.conditions->headers.empty() && rule.conditions->query.empty() && rule.conditions->method.empty());
}
bool same_conditions(const Rule& a, const Rule& b) {
  if (conditional(a) != conditional(b)) return false;
  return !conditional(a) ||
         (a.conditions->headers == b.conditions->headers && a.conditions->query == b.conditions->query &&
          a.conditions->method == b.conditions->method);
}

struct Weight {
  int kind = 0;
  std::size_t length = 0, method = 0, headers = 0, query = 0;
  auto operator<=>(const Weight&) const = default;
};

class Keeper {
 public:
  Keeper(Server& server, const std::set<const yaml::Node*>& inherited, Ir& ir, Ledger& ledger)
      : rules_(server.rules), server_(server), inherited_(inherited), ir_(ir), ledger_(ledger) {}

  // For a gateway with this rank; the rules come in the order of Gateway API.
  void run_for(const Profile& profile) {
    rank_ = profile.rank;
    for (const Rule& rule : rules_) shapes_.push_back(shape_of(rule));
    make_expressions();
    pad();
  }

  void run() {
    if (rules_.size() < 2) return;
    for (const Rule& rule : rules_) shapes_.push_back(shape_of(rule));
    drop_covered();
    if (!in_order()) {
      make_expressions();
      pad();
    }
  }

 private:
  Weight weight(const Rule& r) const {
    Weight w;
    const bool better = rank_ == Rank::length || (r.kind == PathKind::regex) == !ir_.prefixes_first;
    w.kind = r.kind == PathKind::exact ? 2 : better ? 1 : 0;
    w.length = w.kind == 2 ? 0 : r.path.size();
    if (rank_ == Rank::length && r.kind == PathKind::regex) w.length += anchors;
    if (conditional(r)) {
      w.method = r.conditions->method.empty() ? 0 : 1;
      w.headers = r.conditions->headers.size();
      w.query = r.conditions->query.size();
    }
    return w;
  }

  // Is the whole list already sorted by what Gateway API goes by? Then no pair needs a look.
  bool in_order() const {
    for (std::size_t i = 1; i < rules_.size(); ++i)
      if (weight(rules_[i - 1]) < weight(rules_[i])) return false;
    return true;
  }

  bool pair(std::size_t i, std::size_t j) const {
    return same_scheme(rules_[i], rules_[j]) && meet(shapes_[i], shapes_[j]);
  }
  // Does Gateway API try i before j? Rules of one route keep their order where all else is equal.
  bool before(std::size_t i, std::size_t j) const {
    const Weight a = weight(rules_[i]), b = weight(rules_[j]);
    return a > b || (a == b && rules_[i].owner == rules_[j].owner);
  }

  void drop_covered() {
    std::vector<Rule> kept;
    std::vector<Shape> shapes;
    for (std::size_t j = 0; j < rules_.size(); ++j) {
      const Rule* by = nullptr;
      for (std::size_t i = 0; i < kept.size() && !by; ++i) {
        const bool wide = kept[i].scheme == Scheme::both || kept[i].scheme == rules_[j].scheme;
        const bool identical = kept[i].kind == rules_[j].kind && kept[i].path == rules_[j].path;
        if (wide && (!conditional(kept[i]) || same_conditions(kept[i], rules_[j])) &&
            (identical || covers(shapes[i], shapes_[j])))
          by = &kept[i];
      }
      if (by) {
        tell_covered(rules_[j], *by);
        continue;
      }
      kept.push_back(rules_[j]);
      shapes.push_back(shapes_[j]);
    }
    rules_ = std::move(kept);
    shapes_ = std::move(shapes);
  }
  void tell_covered(const Rule& rule, const Rule& by) {
    if ((rule.owner == by.owner && rule.at == by.at) || inherited_.contains(rule.at)) return;
    const std::string host = server_.host.empty() ? "(any)" : std::string(server_.host);
    ledger_.note({"GW643",
                  diag::Severity::warning,
                  "path '" + std::string(rule.path) + "' of host '" + host + "' is never used: '" +
                      std::string(by.path) + "' of " + by.owner->object_id().display() + " goes first",
                  {},
                  rule.owner,
                  rule.at});
  }

  void make_expressions() {
    for (bool changed = true; changed;) {
      changed = false;
      for (std::size_t i = 0; i < rules_.size(); ++i)
        for (std::size_t j = i + 1; j < rules_.size(); ++j) {
          if (!pair(i, j) || before(i, j)) continue;
          if (rank_ == Rank::length && rules_[i].kind == PathKind::regex) continue;  // see pad
          if (rules_[i].kind == PathKind::prefix && replaces_prefix(rules_[i]) && to_prefix(j)) {
            changed = true;
            continue;
          }
          // What is tried first has to be an expression to go before one, or to be longer than its like.
          // Where prefixes go before expressions, both have to be one.
          const bool both = rules_[j].kind == PathKind::exact || ir_.prefixes_first;
          changed = to_expression(rules_[i]) || changed;
          if (both) changed = to_expression(rules_[j]) || changed;
        }
    }
  }
  // An expression behind a prefix that is rewritten: a prefix too, where it begins with plain text.
  bool to_prefix(std::size_t j) {
    Rule& rule = rules_[j];
    const Shape& shape = shapes_[j];
    if (rule.kind != PathKind::regex || shape.kind == Shape::Kind::other || shape.kind == Shape::Kind::exact)
      return false;
    const std::string_view pattern = rule.path;
    const std::size_t flag = shape.folded ? 4 : 0, tail = shape.kind == Shape::Kind::bytes ? 2 : 6;
    std::string text = unescaped(pattern.substr(flag, pattern.size() - flag - tail)).value_or(shape.text);
    if (text.size() > 1 && text.ends_with('/')) text.pop_back();
    const bool elements = shape.kind == Shape::Kind::bytes && !pattern.substr(0, pattern.size() - tail).ends_with('/');
    rule.kind = PathKind::prefix;
    rule.path = ir_.keep(text);
    shapes_[j] = shape_of(rule);
    if (inherited_.contains(rule.at) || !told_.insert(rule.at).second) return true;
    ledger_.note({"GW603",
                  diag::Severity::warning,
                  "path '" + text + "' is written as PathPrefix, behind a prefix that is rewritten" +
                      (elements ? ": only whole path elements match ('" + text + "x')" : "") +
                      (shape.folded || flag != 0 ? "; letter case matters" : ""),
                  {},
                  rule.owner,
                  rule.at});
    return true;
  }
  bool to_expression(Rule& rule) {
    if (rule.kind == PathKind::regex) return false;
    if (replaces_prefix(rule)) {
      if (stuck_.insert(&rule).second) tell_stuck(rule);
      return false;
    }
    rule.path = ir_.keep(rule.kind == PathKind::exact ? escape_regex(rule.path) : element_regex(rule.path));
    rule.kind = PathKind::regex;
    return true;
  }

  // Only a prefix match can replace what it matched.
  static bool replaces_prefix(const Rule& rule) {
    const Action* action = rule.action.get();
    return action && ((action->rewrite && action->rewrite->prefix) ||
                      (action->redirect && action->redirect->path && action->redirect->path->prefix));
  }
  void tell_stuck(const Rule& rule) {
    ledger_.note({"GW641",
                  diag::Severity::warning,
                  "path '" + std::string(rule.path) + "' of host '" + std::string(server_.host) +
                      "' keeps no place among expressions: it replaces its prefix, which only a PathPrefix has",
                  {},
                  rule.owner,
                  rule.at});
  }

  void pad() {
    for (std::size_t i = rules_.size(); i-- > 0;) {
      if (rules_[i].kind != PathKind::regex) continue;
      std::size_t need = 0;
      for (std::size_t j = i + 1; j < rules_.size(); ++j)
        if ((rules_[j].kind == PathKind::regex || rank_ == Rank::length) && pair(i, j) && !before(i, j))
          need = std::max(need, rules_[j].path.size() + (rules_[i].path.size() < rules_[j].path.size() &&
                                                                 rules_[i].owner == rules_[j].owner && !more(j, i)
                                                             ? 0
                                                             : 1));
      if (need <= rules_[i].path.size()) continue;
      std::string text(rules_[i].path);
      while (text.size() < need && text.size() + padding.size() <= longest_pattern) text += padding;
      if (text.size() < need) tell_too_long(rules_[i]);
      rules_[i].path = ir_.keep(std::move(text));
    }
  }
  // Does a have more conditions, so that it goes first at equal length?
  bool more(std::size_t a, std::size_t b) const {
    Weight x = weight(rules_[a]), y = weight(rules_[b]);
    x.length = y.length = 0;
    return x > y;
  }
  void tell_too_long(const Rule& rule) {
    ledger_.note({"GW641",
                  diag::Severity::warning,
                  "the order of the rules of host '" + std::string(server_.host) +
                      "' cannot be kept: a path of Gateway API has at most 1024 characters",
                  {},
                  rule.owner,
                  rule.at});
  }

  std::vector<Rule>& rules_;
  std::set<const Rule*> stuck_;  // told that they cannot be expressions
  std::vector<Shape> shapes_;
  const Server& server_;
  const std::set<const yaml::Node*> inherited_;
  Ir& ir_;
  Ledger& ledger_;
  std::set<const yaml::Node*> told_;
  Rank rank_ = Rank::regex_first;
};

}  // namespace

std::string bytes_regex(std::string_view text) {
  return escape_regex(text) + ".*";
}
std::string element_regex(std::string_view text) {
  if (text == "/") return "/.*";
  if (text.ends_with('/')) text.remove_suffix(1);
  return escape_regex(text) + "(/.*)?";
}

Shape shape_of(const Rule& rule) {
  using Kind = Shape::Kind;
  if (rule.kind == PathKind::exact) return {Kind::exact, std::string(rule.path)};
  if (rule.kind == PathKind::prefix) {
    std::string_view text = rule.path;
    if (text.size() > 1 && text.ends_with('/')) text.remove_suffix(1);
    return {Kind::element, std::string(text)};
  }
  std::string_view pattern = rule.path;
  const bool folded = pattern.starts_with("(?i)");
  if (folded) pattern.remove_prefix(4);
  while (pattern.ends_with(padding)) pattern.remove_suffix(padding.size());
  const auto of = [&](Kind kind, std::string text) -> Shape {
    return {kind, folded ? small(text) : std::move(text), folded};
  };
  if (pattern.ends_with("(/.*)?"))
    if (auto text = unescaped(pattern.substr(0, pattern.size() - 6))) return of(Kind::element, std::move(*text));
  if (pattern.ends_with(".*"))
    if (auto text = unescaped(pattern.substr(0, pattern.size() - 2))) return of(Kind::bytes, std::move(*text));
  if (auto text = unescaped(pattern)) return of(Kind::exact, std::move(*text));
  if (top_level_alternation(pattern)) return {Kind::other, {}, folded};
  return of(Kind::other, std::string(literal_head(pattern)));
}

void keep_order(Server& server, const std::set<const yaml::Node*>& inherited, Ir& ir, Ledger& ledger) {
  Keeper(server, inherited, ir, ledger).run();
}

void keep_rank(Server& server, const Profile& profile, Ir& ir, Ledger& ledger) {
  const auto is = [&](PathKind kind) {
    return std::any_of(server.rules.begin(), server.rules.end(), [&](const Rule& r) { return r.kind == kind; });
  };
  if (profile.rank == Rank::regex_first || !is(PathKind::regex) || !is(PathKind::prefix)) return;
  const auto key = [](const Rule& r) {
    return std::pair(r.kind == PathKind::exact ? 2 : r.kind == PathKind::regex ? 1 : 0, r.path.size());
  };
  std::vector<std::size_t> places(server.rules.size());
  for (std::size_t i = 0; i < places.size(); ++i) places[i] = i;
  std::stable_sort(places.begin(), places.end(),
                   [&](std::size_t a, std::size_t b) { return key(server.rules[a]) > key(server.rules[b]); });
  Server sorted;
  sorted.host = server.host;
  for (const std::size_t place : places) sorted.rules.push_back(server.rules[place]);
  Keeper(sorted, {}, ir, ledger).run_for(profile);
  for (std::size_t i = 0; i < places.size(); ++i) {
    server.rules[places[i]].path = sorted.rules[i].path;
    server.rules[places[i]].kind = sorted.rules[i].kind;
  }
}

}  // namespace gw::convert
