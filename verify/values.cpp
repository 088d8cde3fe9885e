#include "verify/values.h"

#include <algorithm>
#include <map>
#include <set>

#include "diag/ascii.h"
#include "language/automata.h"

namespace gw::verify {
using namespace language;
namespace {

constexpr std::size_t max_product = 300;  // combinations a host; beyond that pairs
constexpr std::string_view other_value = "gwctl-other";

enum class In : std::uint8_t { header, cookie, query, method };

struct Dimension {
  In in;
  std::string name;
  std::vector<std::optional<std::string>> choices;  // nullopt: absent
};

struct Tested {
  std::set<std::string> values;
  std::set<std::string> expressions;
};

std::string writable_in_query(const std::string& value) {
  std::string out = value;
  for (char& c : out)
    if (c == '&' || c == '#' || c == ' ') c = '+';
  return out;
}

// Absent, every literal, another value, and one text for each combination of expressions that exists.
Dimension dimension(In in, const std::string& name, const Tested& tested, std::vector<std::string>& sampled) {
  Dimension out{in, name, {std::nullopt}};
  std::set<std::string> texts(tested.values.begin(), tested.values.end());
  texts.insert(std::string(other_value));
  Automaton automaton(printable_bytes());
  std::size_t read = 0;
  for (const std::string& expression : tested.expressions) {
    const Result<Syntax> syntax = parse_regex(expression);
    if (syntax) {
      automaton.add_regex(*syntax, Where::anywhere);
      ++read;
    } else {
      sampled.push_back("the expression " + expression + " for " + name +
                        " is only sampled: " + syntax.error().message);
    }
  }
  if (read != 0) {
    for (const std::string& value : tested.values) automaton.add_equal(value);
    const Exploration found = automaton.explore("", 2000);
    if (!found.complete) sampled.push_back("the expressions for " + name + " are too large for an exact answer");
    for (const TextClass& each : found.classes)
      for (const std::string& example : each.examples)
        if (!example.empty() && example.front() != ' ' && example.back() != ' ') {
          texts.insert(example);
          break;
        }
  }
  for (const std::string& text : texts) out.choices.emplace_back(text);
  return out;
}

template <class Rows, class Member>
void collect(const Rows& rows, Member member, In in, std::vector<Dimension>& out, std::vector<std::string>& sampled) {
  std::map<std::string, Tested> by_name;
  std::map<std::string, std::string> spelling;
  for (const HostBoundaries* row : rows)
    for (const NamedValues& tested : row->*member) {
      const std::string key = in == In::header ? diag::lower(tested.name) : tested.name;
      spelling.emplace(key, tested.name);
      by_name[key].values.insert(tested.values.begin(), tested.values.end());
      for (const PathRegex& regex : tested.expressions) by_name[key].expressions.insert(regex.pattern);
    }
  for (const auto& [key, tested] : by_name)
    if (key != "host") out.push_back(dimension(in, spelling[key], tested, sampled));
}

void add_methods(const std::vector<const HostBoundaries*>& rows, std::vector<Dimension>& out) {
  std::set<std::string> methods;
  for (const HostBoundaries* row : rows) methods.insert(row->methods.begin(), row->methods.end());
  if (methods.empty()) return;
  methods.insert({"HEAD", "POST"});
  methods.erase("GET");
  Dimension dimension{In::method, "", {std::nullopt}};
  for (const std::string& method : methods) dimension.choices.emplace_back(method);
  out.push_back(std::move(dimension));
}

using Choice = std::vector<std::size_t>;  // index into each dimension's choices

Extras build(const std::vector<Dimension>& dimensions, const Choice& choice) {
  Extras out;
  std::string cookies;
  for (std::size_t i = 0; i < dimensions.size(); ++i) {
    const std::optional<std::string>& value = dimensions[i].choices[choice[i]];
    if (!value) continue;
    switch (dimensions[i].in) {
      case In::header:
        out.headers.emplace_back(dimensions[i].name, *value);
        break;
      case In::cookie:
        cookies += (cookies.empty() ? "" : "; ") + dimensions[i].name + "=" + *value;
        break;
      case In::query:
        out.query += (out.query.empty() ? "" : "&") + dimensions[i].name + "=" + writable_in_query(*value);
        break;
      case In::method:
        out.method = *value;
        break;
    }
  }
  if (!cookies.empty()) out.headers.emplace_back("Cookie", cookies);
  return out;
}

void add_all(const std::vector<Dimension>& dimensions, std::size_t at, Choice& choice, std::vector<Extras>& out) {
  if (at == dimensions.size()) {
    out.push_back(build(dimensions, choice));
    return;
  }
  for (choice[at] = 0; choice[at] < dimensions[at].choices.size(); ++choice[at])
    add_all(dimensions, at + 1, choice, out);
  choice[at] = 0;
}

void add_pairs(const std::vector<Dimension>& dimensions, std::vector<Extras>& out) {
  Choice choice(dimensions.size(), 0);
  out.push_back(build(dimensions, choice));
  for (std::size_t a = 0; a < dimensions.size(); ++a) {
    for (choice[a] = 1; choice[a] < dimensions[a].choices.size(); ++choice[a]) {
      out.push_back(build(dimensions, choice));
      for (std::size_t b = a + 1; b < dimensions.size() && out.size() < 4 * max_product; ++b) {
        for (choice[b] = 1; choice[b] < dimensions[b].choices.size(); ++choice[b])
          out.push_back(build(dimensions, choice));
        choice[b] = 0;
      }
    }
    choice[a] = 0;
  }
}

void add_preflights(const std::vector<const HostBoundaries*>& rows, std::vector<Extras>& out) {
  std::set<std::string> origins;
  for (const HostBoundaries* row : rows) origins.insert(row->preflights.begin(), row->preflights.end());
  for (const std::string& origin : origins) {
    Extras& preflight = out.emplace_back();
    preflight.method = "OPTIONS";
    preflight.headers = {{"Origin", origin}, {"Access-Control-Request-Method", "PUT"}};
  }
}

}  // namespace

ExtraClasses extra_classes(const std::vector<const HostBoundaries*>& rows) {
  ExtraClasses out;
  std::vector<Dimension> dimensions;
  collect(rows, &HostBoundaries::headers, In::header, dimensions, out.sampled);
  collect(rows, &HostBoundaries::cookies, In::cookie, dimensions, out.sampled);
  collect(rows, &HostBoundaries::queries, In::query, dimensions, out.sampled);
  add_methods(rows, dimensions);
  std::size_t product = 1;
  for (const Dimension& each : dimensions) product = std::min(product * each.choices.size(), max_product + 1);
  if (product <= max_product) {
    Choice choice(dimensions.size(), 0);
    add_all(dimensions, 0, choice, out.all);
    add_preflights(rows, out.all);
    return out;
  }
  out.sampled.push_back("headers, cookies, query parameters and methods are combined in pairs, not in every way");
  add_pairs(dimensions, out.all);
  add_preflights(rows, out.all);
  return out;
}

}  // namespace gw::verify
