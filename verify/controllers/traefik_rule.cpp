#include "verify/controllers/traefik_rule.h"

#include <algorithm>

#include "verify/controllers/text.h"

namespace gw::verify::traefik {

class Rule::Parser {
 public:
  explicit Parser(std::string_view text) : rest_(text) {}

  std::optional<Node> run(std::string& unmodelled) {
    auto node = either();
    space();
    if (!node || !rest_.empty()) return std::nullopt;
    unmodelled = unmodelled_;
    return node;
  }

 private:
  static constexpr int deepest = 32;

  void space() { rest_.remove_prefix(std::min(rest_.find_first_not_of(" \t\r\n"), rest_.size())); }
  bool take(std::string_view word) {
    space();
    if (!rest_.starts_with(word)) return false;
    rest_.remove_prefix(word.size());
    return true;
  }

  std::optional<Node> joined(std::string_view sign, Kind kind, std::optional<Node> (Parser::*part)()) {
    Node out;
    out.kind = kind;
    do {
      auto one = (this->*part)();
      if (!one) return std::nullopt;
      out.parts.push_back(std::move(*one));
    } while (take(sign));
    return out.parts.size() == 1 ? std::move(out.parts.front()) : std::move(out);
  }
  std::optional<Node> either() { return joined("||", Kind::any, &Parser::both); }
  std::optional<Node> both() { return joined("&&", Kind::all, &Parser::one); }

  std::optional<Node> one() {
    if (++depth_ > deepest) return std::nullopt;
    std::optional<Node> out;
    if (take("!")) {
      if (auto inner = one()) {
        out.emplace();
        out->kind = Kind::none_of;
        out->parts.push_back(std::move(*inner));
      }
    } else if (take("(")) {
      out = either();
      if (!take(")")) out.reset();
    } else {
      out = matcher();
    }
    --depth_;
    return out;
  }

  std::optional<Node> matcher() {
    space();
    const std::size_t open = rest_.find('(');
    if (open == std::string_view::npos) return std::nullopt;
    const std::string name(trim(rest_.substr(0, open)));
    rest_.remove_prefix(open + 1);
    Node node;
    do {
      space();
      if (rest_.empty() || (rest_[0] != '`' && rest_[0] != '"')) return std::nullopt;
      const std::size_t close = rest_.find(rest_[0], 1);
      if (close == std::string_view::npos) return std::nullopt;
      node.values.emplace_back(rest_.substr(1, close - 1));
      rest_.remove_prefix(close + 1);
    } while (take(","));
    if (!take(")")) return std::nullopt;
    return named(name, std::move(node));
  }

  struct Row {
    std::string_view name;
    Kind kind;
    std::size_t least, most;
    bool expression;  // the last value is one
  };
  std::optional<Node> named(const std::string& name, Node node) {
    static constexpr Row rows[] = {
        {"Host", Kind::host, 1, 99, false},
        {"HostRegexp", Kind::host_regexp, 1, 1, true},
        {"Path", Kind::path, 1, 99, false},
        {"PathPrefix", Kind::prefix, 1, 99, false},
        {"PathRegexp", Kind::path_regexp, 1, 1, true},
        {"Method", Kind::method, 1, 99, false},
        {"Header", Kind::header, 2, 2, false},
        {"HeaderRegexp", Kind::header_regexp, 2, 2, true},
        {"Query", Kind::query, 1, 2, false},
        {"QueryRegexp", Kind::query_regexp, 2, 2, true},
    };
    const auto* row =
        std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) { return equal_fold(r.name, name); });
    if (row == std::end(rows) || node.values.size() < row->least || node.values.size() > row->most) {
      unmodelled_ = "the matcher " + name + " is not modelled";
      node.kind = Kind::unknown;
      return node;
    }
    node.kind = row->kind;
    if (row->kind == Kind::host)
      for (std::string& host : node.values) host = lower(host);
    const bool braces = std::any_of(node.values.begin(), node.values.end(),
                                    [](const std::string& v) { return v.find('{') != std::string::npos; });
    if (!row->expression && braces && row->kind != Kind::header && row->kind != Kind::query)
      unmodelled_ = "braces of the old rule syntax are not modelled";
    if (row->expression) {
      node.expression = Pattern::go(node.values.back());
      if (node.expression.state() != Pattern::State::ok) return std::nullopt;
    }
    return node;
  }

  std::string_view rest_;
  std::string unmodelled_;
  int depth_ = 0;
};

std::optional<Rule> Rule::parse(std::string_view text) {
  Rule rule;
  auto root = Parser(text).run(rule.unmodelled_);
  if (!root) return std::nullopt;
  rule.root_ = std::move(*root);
  return rule;
}

namespace {

std::vector<std::string> query_values(const std::string& query, const std::string& name) {
  std::vector<std::string> out;
  for (const std::string& pair : split(query, '&')) {
    const std::size_t equals = pair.find('=');
    if (go_unescape(pair.substr(0, equals)) == name)
      out.push_back(equals == std::string::npos ? std::string() : go_unescape(pair.substr(equals + 1)));
  }
  return out;
}

bool contains(const std::vector<std::string>& list, const std::string& value) {
  return std::find(list.begin(), list.end(), value) != list.end();
}

}  // namespace

bool Rule::matches(const Node& node, const route::Request& request, const GoTarget& target, const std::string& host) {
  const auto below = [&](const Node& part) { return matches(part, request, target, host); };
  const auto found = [&](const std::vector<std::string>& values) {
    return std::any_of(values.begin(), values.end(), [&](const std::string& v) { return node.expression.found(v); });
  };
  switch (node.kind) {
    case Kind::all:
      return std::all_of(node.parts.begin(), node.parts.end(), below);
    case Kind::any:
      return std::any_of(node.parts.begin(), node.parts.end(), below);
    case Kind::none_of:
      return !below(node.parts.front());
    case Kind::host:
      return contains(node.values, host);
    case Kind::host_regexp:
      return node.expression.found(host);
    case Kind::path:
      return contains(node.values, target.routing);
    case Kind::prefix:
      return std::any_of(node.values.begin(), node.values.end(),
                         [&](const std::string& p) { return target.routing.starts_with(p); });
    case Kind::path_regexp:
      return node.expression.found(target.routing);
    case Kind::method:
      return contains(node.values, request.method);
    case Kind::header:
      return contains(header_values(request, node.values[0]), node.values[1]);
    case Kind::header_regexp:
      return found(header_values(request, node.values[0]));
    case Kind::query: {
      const auto values = query_values(target.query, node.values[0]);
      return node.values.size() == 1 ? !values.empty() : contains(values, node.values[1]);
    }
    case Kind::query_regexp:
      return found(query_values(target.query, node.values[0]));
    case Kind::unknown:
      return true;
  }
  return false;
}

bool Rule::matches(const route::Request& request, const GoTarget& target, const std::string& host) const {
  return matches(root_, request, target, host);
}

void Rule::collect(const Node& node, const std::function<void(const Node&)>& visit) {
  visit(node);
  for (const Node& part : node.parts) collect(part, visit);
}

std::vector<HostBoundaries> Rule::bounds() const {
  HostBoundaries all;
  std::vector<HostBoundaries> out;
  const auto host = [&](const std::string& name, bool regex) {
    out.emplace_back();
    out.back().host = name;
    out.back().regex = regex;
  };
  collect(root_, [&](const Node& node) {
    const auto values = [&](std::vector<NamedValues>& to) {
      NamedValues v;
      v.name = node.values[0];
      if (node.expression.state() == Pattern::State::ok)
        v.expressions.push_back({node.expression.re2(), true});
      else if (node.values.size() > 1)
        v.values.push_back(node.values[1]);
      to.push_back(std::move(v));
    };
    switch (node.kind) {
      case Kind::host:
        for (const std::string& name : node.values) host(name, false);
        break;
      case Kind::host_regexp:
        host(node.expression.re2(), true);
        break;
      case Kind::path:
      case Kind::prefix:
        all.paths.insert(all.paths.end(), node.values.begin(), node.values.end());
        break;
      case Kind::path_regexp:
        all.regexes.push_back({node.expression.re2(), true});
        break;
      case Kind::method:
        all.methods.insert(all.methods.end(), node.values.begin(), node.values.end());
        break;
      case Kind::header:
      case Kind::header_regexp:
        values(all.headers);
        break;
      case Kind::query:
      case Kind::query_regexp:
        values(all.queries);
        break;
      case Kind::all:
      case Kind::any:
      case Kind::none_of:
      case Kind::unknown:
        break;
    }
  });
  if (out.empty()) host({}, false);
  for (HostBoundaries& one : out) {
    const std::string name = one.host;
    const bool regex = one.regex;
    one = all;
    one.host = name;
    one.regex = regex;
  }
  return out;
}

}  // namespace gw::verify::traefik
