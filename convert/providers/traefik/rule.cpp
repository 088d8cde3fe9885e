#include "convert/providers/traefik/rule.h"

#include "convert/regex.h"

namespace gw::convert::traefik {
namespace {

constexpr std::size_t most_alternatives = 256;
constexpr int deepest = 64;

// expression = term { "||" term };  term = factor { "&&" factor };  factor = "!" factor | "(" expression ")" | call
class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  Result<std::vector<Alternative>> run() {
    std::vector<Alternative> all = either(false, 0);
    space();
    if (error_.empty() && at_ < text_.size()) error_ = "there is more than a rule";
    if (!error_.empty()) return Error{error_ + " at character " + std::to_string(at_ + 1), {}};
    return all;
  }

 private:
  void space() {
    while (at_ < text_.size() && std::isspace(static_cast<unsigned char>(text_[at_]))) ++at_;
  }
  bool eat(std::string_view word) {
    space();
    if (!text_.substr(at_).starts_with(word)) return false;
    at_ += word.size();
    return true;
  }
  void fail(std::string what) {
    if (error_.empty()) error_ = std::move(what);
  }

  // A negation turns "or" into "and": the parser passes it down.
  std::vector<Alternative> either(bool negated, int depth) {
    std::vector<Alternative> all = both(negated, depth);
    while (error_.empty() && eat("||")) {
      std::vector<Alternative> more = both(negated, depth);
      all = negated ? product(all, more) : sum(std::move(all), std::move(more));
    }
    return all;
  }
  std::vector<Alternative> both(bool negated, int depth) {
    std::vector<Alternative> all = factor(negated, depth);
    while (error_.empty() && eat("&&")) {
      std::vector<Alternative> more = factor(negated, depth);
      all = negated ? sum(std::move(all), std::move(more)) : product(all, more);
    }
    return all;
  }
  std::vector<Alternative> factor(bool negated, int depth) {
    if (depth > deepest) return fail("the rule is nested too deeply"), std::vector<Alternative>{};
    if (eat("!")) return factor(!negated, depth + 1);
    if (eat("(")) {
      std::vector<Alternative> inner = either(negated, depth + 1);
      if (!eat(")")) fail("')' is missing");
      return inner;
    }
    return call(negated);
  }

  std::vector<Alternative> call(bool negated) {
    space();
    Matcher m;
    m.negated = negated;
    while (at_ < text_.size() && std::isalnum(static_cast<unsigned char>(text_[at_]))) m.name += text_[at_++];
    if (m.name.empty()) return fail("a matcher is missing"), std::vector<Alternative>{};
    if (!eat("(")) return fail("'(' is missing"), std::vector<Alternative>{};
    while (!eat(")")) {
      space();
      const char quote = at_ < text_.size() ? text_[at_] : '\0';
      const std::size_t end =
          quote == '`' || quote == '"' || quote == '\'' ? text_.find(quote, at_ + 1) : std::string_view::npos;
      if (end == std::string_view::npos) return fail("a quoted text is missing"), std::vector<Alternative>{};
      m.arguments.emplace_back(text_.substr(at_ + 1, end - at_ - 1));
      at_ = end + 1;
      eat(",");
    }
    return one_by_one(std::move(m));
  }

  // PathPrefix(`/a`, `/b`) of the v2 syntax: any of them.
  static std::vector<Alternative> one_by_one(Matcher m) {
    const bool any = m.name == "Path" || m.name == "PathPrefix" || m.name == "PathRegexp" || m.name == "HostRegexp";
    if (!any || m.negated || m.arguments.size() < 2) return {{std::move(m)}};
    std::vector<Alternative> all;
    for (std::string& argument : m.arguments) all.push_back({Matcher{m.name, {std::move(argument)}, false}});
    return all;
  }

  std::vector<Alternative> sum(std::vector<Alternative> a, std::vector<Alternative> b) {
    if (a.size() + b.size() > most_alternatives) fail("the rule has too many alternatives");
    a.insert(a.end(), b.begin(), b.end());
    return a;
  }
  std::vector<Alternative> product(const std::vector<Alternative>& a, const std::vector<Alternative>& b) {
    std::vector<Alternative> all;
    if (a.size() * b.size() > most_alternatives) return fail("the rule has too many alternatives"), all;
    for (const Alternative& x : a)
      for (const Alternative& y : b) {
        all.push_back(x);
        all.back().insert(all.back().end(), y.begin(), y.end());
      }
    return all;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::string error_;
};

}  // namespace

Result<std::vector<Alternative>> parse_rule(std::string_view text) {
  return Parser(text).run();
}

std::string whole(std::string_view found) {
  const bool start = found.starts_with('^'), end = found.ends_with('$') && !found.ends_with("\\$");
  if (top_level_alternation(found)) return ".*(?:" + std::string(found) + ").*";
  std::string out(start ? found.substr(1) : found);
  if (end) out.pop_back();
  return (start ? "" : ".*") + out + (end ? "" : ".*");
}

// The '}' of the '{' at `open`: "{tone:[a-z]{2}}" has braces within.
static std::size_t closing(std::string_view text, std::size_t open) {
  int depth = 0;
  for (std::size_t i = open; i < text.size(); ++i) {
    if (text[i] == '{') ++depth;
    if (text[i] == '}' && --depth == 0) return i;
  }
  return std::string_view::npos;
}

std::string braces(std::string_view path, std::string_view other) {
  std::string out;
  for (std::size_t at = 0; at < path.size(); ++at) {
    const auto end = path[at] == '{' ? closing(path, at) : std::string_view::npos;
    if (end == std::string_view::npos) {
      out += escape_regex(path.substr(at, 1));
      continue;
    }
    const std::string_view body = path.substr(at + 1, end - at - 1);
    const auto colon = body.find(':');
    out += "(?:" + std::string(colon == std::string_view::npos ? other : body.substr(colon + 1)) + ")";
    at = end;
  }
  return out;
}

}  // namespace gw::convert::traefik
