// CEL's grammar (cel-spec langdef.md), by recursive descent. Macros are expanded while parsing; names become slots.
#include <array>
#include <cstdlib>

#include "validate/cel/function.h"
#include "validate/cel/lexer.h"
#include "validate/cel/program.h"

namespace gw::validate::cel {
namespace {

constexpr std::size_t max_bytes = 100'000;
constexpr unsigned max_depth = 250;

struct Operator {
  std::string_view symbol;
  Op op;
  int level;
};
constexpr Operator operators[] = {
    {"||", Op::or_op, 1}, {"&&", Op::and_op, 2},     {"==", Op::equal, 3},   {"!=", Op::not_equal, 3},
    {"<", Op::less, 3},   {"<=", Op::less_equal, 3}, {">", Op::greater, 3},  {">=", Op::greater_equal, 3},
    {"in", Op::in, 3},    {"+", Op::add, 4},         {"-", Op::subtract, 4}, {"*", Op::multiply, 5},
    {"/", Op::divide, 5}, {"%", Op::modulo, 5},
};

struct Macro {
  std::string_view name;
  Op op;
};
constexpr Macro macros[] = {
    {"all", Op::all},       {"exists", Op::exists}, {"exists_one", Op::exists_one}, {"existsOne", Op::exists_one},
    {"filter", Op::filter}, {"map", Op::map_macro},
};

// "__namespace__" is the property "namespace" (k8s.io/apiserver/pkg/apis/cel/escaping.go).
std::string unescape(std::string_view name) {
  static constexpr std::string_view words[] = {
      "true", "false",  "null", "in",   "as",      "break",     "const",  "continue", "else", "for",  "function",
      "if",   "import", "let",  "loop", "package", "namespace", "return", "var",      "void", "while"};
  if (name.size() > 4 && name.substr(0, 2) == "__" && name.substr(name.size() - 2) == "__") {
    for (std::string_view word : words) {
      if (name.substr(2, name.size() - 4) == word) return std::string(word);
    }
  }
  static constexpr std::pair<std::string_view, char> signs[] = {
      {"__dot__", '.'}, {"__dash__", '-'}, {"__slash__", '/'}};
  std::string out;
  for (std::size_t i = 0; i < name.size();) {
    bool replaced = false;
    for (auto [sign, c] : signs) {
      if (name.substr(i, sign.size()) == sign) {
        out += c;
        i += sign.size();
        replaced = true;
        break;
      }
    }
    if (replaced) continue;
    if (name.substr(i, 15) == "__underscores__") {
      out += "__";
      i += 15;
      continue;
    }
    out += name[i++];
  }
  return out;
}

}  // namespace

class Parser {
 public:
  Parser(std::string_view text, Program& program) : lexer_(text), program_(program) {
    variables_ = {{"self", 0}, {"oldSelf", 1}};
    advance();
  }

  const Expr* parse() {
    const Expr* root = conditional();
    if (token_.kind != Kind::end) fail("unexpected text after the expression");
    return root;
  }

 private:
  struct Variable {
    std::string_view name;
    std::uint32_t slot;
  };

  [[noreturn]] void fail(std::string message) { throw SyntaxError{token_.at, std::move(message)}; }

  // Counts nesting while a rule of the grammar is being read.
  struct Deeper {
    explicit Deeper(Parser& p) : parser(p) {
      if (++parser.depth_ > max_depth) parser.fail("nested too deeply");
    }
    ~Deeper() { --parser.depth_; }
    Parser& parser;
  };

  void advance() { token_ = lexer_.next(); }
  bool symbol(std::string_view text) const { return token_.kind == Kind::symbol && token_.text == text; }
  bool accept(std::string_view text) {
    if (!symbol(text)) return false;
    advance();
    return true;
  }
  void expect(std::string_view text) {
    if (!accept(text)) fail("'" + std::string(text) + "' is missing");
  }

  Expr* make(Op op, std::vector<const Expr*> args = {}) {
    Expr& expr = program_.nodes_.emplace_back();
    expr.op = op;
    expr.offset = static_cast<std::uint32_t>(token_.at);
    expr.args = std::move(args);
    return &expr;
  }
  std::string_view keep(std::string text) { return program_.texts_.emplace_back(std::move(text)); }

  const Expr* conditional() {
    const Deeper deeper(*this);
    const Expr* condition = binary(1);
    if (!accept("?")) return condition;
    const Expr* yes = binary(1);
    expect(":");
    const Expr* no = conditional();
    return make(Op::conditional, {condition, yes, no});
  }

  const Operator* operator_at(int level) const {
    if (token_.kind != Kind::symbol && !(token_.kind == Kind::name && token_.text == "in")) return nullptr;
    for (const Operator& row : operators) {
      if (row.symbol == token_.text && row.level == level) return &row;
    }
    return nullptr;
  }

  const Expr* binary(int level) {
    if (level > 5) return unary();
    const Expr* left = binary(level + 1);
    unsigned chain = 0;
    while (const Operator* row = operator_at(level)) {
      if (++chain > 2 * max_depth) fail("a chain of operators is too long");
      advance();
      const Expr* right = binary(level + 1);
      const bool joins = row->op == Op::and_op || row->op == Op::or_op;
      if (joins && chain > 1) {  // a && b && c is one node
        const_cast<Expr*>(left)->args.push_back(right);
      } else {
        left = make(row->op, {left, right});
      }
    }
    return left;
  }

  const Expr* unary() {
    const Deeper deeper(*this);
    if (accept("!")) return make(Op::not_op, {unary()});
    if (symbol("-")) {
      advance();
      if (token_.kind == Kind::integer) {
        token_.integer = static_cast<std::int64_t>(0 - static_cast<std::uint64_t>(token_.integer));
        return member();
      }
      if (token_.kind == Kind::floating) {
        token_.floating = -token_.floating;
        return member();
      }
      return make(Op::negate, {unary()});
    }
    return member();
  }

  const Expr* member() {
    const Expr* base = primary();
    unsigned chain = 0;
    while (true) {
      if (++chain > max_depth) fail("nested too deeply");
      if (symbol(".")) {
        advance();
        const bool optional = accept("?");
        base = select(base, optional);
      } else if (symbol("[") || symbol("[?")) {
        const Op op = symbol("[?") ? Op::optional_index : Op::index;
        advance();
        const Expr* key = conditional();
        expect("]");
        base = make(op, {base, key});
      } else {
        return base;
      }
    }
  }

  const Expr* select(const Expr* base, bool optional) {
    if (token_.kind != Kind::name) fail("a field name is missing after '.'");
    const std::string_view name = token_.text;
    advance();
    if (optional || !symbol("(")) {
      Expr* expr = make(optional ? Op::optional_select : Op::select, {base});
      expr->name = keep(std::string(name));
      expr->unescaped = keep(unescape(name));
      return expr;
    }
    if (base->op == Op::select && base->args.empty()) {  // an unknown name: the qualifier of a function
      return call(std::string(base->name) + "." + std::string(name), nullptr);
    }
    for (const Macro& macro : macros) {
      if (macro.name == name) return expand(macro, base);
    }
    return call(std::string(name), base);
  }

  const Expr* primary() {
    const Deeper deeper(*this);
    Expr* expr = nullptr;
    switch (token_.kind) {
      case Kind::end:
        fail("the expression ends too early");
      case Kind::integer:
        expr = make(Op::constant);
        expr->constant = integer(token_.integer);
        break;
      case Kind::unsigned_integer:
        expr = make(Op::constant);
        expr->constant = integer(token_.integer);
        expr->constant.tag = Tag::unsigned_integer;
        break;
      case Kind::floating:
        expr = make(Op::constant);
        expr->constant = floating(token_.floating);
        break;
      case Kind::string:
      case Kind::bytes:
        expr = make(Op::constant);
        expr->constant = string(keep(std::move(token_.value)));
        if (token_.kind == Kind::bytes) expr->constant.tag = Tag::bytes;
        break;
      case Kind::name:
        return named();
      case Kind::symbol:
        return bracketed();
    }
    advance();
    return expr;
  }

  const Expr* bracketed() {
    if (accept("(")) {
      const Expr* inner = conditional();
      expect(")");
      return inner;
    }
    if (accept("[")) return make(Op::list, until("]"));
    if (accept("{")) {
      std::vector<const Expr*> parts;
      while (!symbol("}")) {
        parts.push_back(conditional());
        expect(":");
        parts.push_back(conditional());
        if (!accept(",")) break;
      }
      expect("}");
      return make(Op::map, std::move(parts));
    }
    fail("unexpected '" + std::string(token_.text) + "'");
  }

  std::vector<const Expr*> until(std::string_view close) {
    std::vector<const Expr*> args;
    while (!symbol(close)) {
      args.push_back(conditional());
      if (!accept(",")) break;
    }
    expect(close);
    return args;
  }

  const Expr* named() {
    const std::string_view name = token_.text;
    const std::size_t at = token_.at;
    if (name == "true" || name == "false" || name == "null") {
      Expr* expr = make(Op::constant);
      if (name != "null") expr->constant = boolean(name == "true");
      advance();
      return expr;
    }
    advance();
    if (name == "has" && symbol("(")) return presence();
    if (symbol("(")) return call(std::string(name), nullptr);
    for (auto it = variables_.rbegin(); it != variables_.rend(); ++it) {
      if (it->name != name) continue;
      Expr* expr = make(Op::variable);
      expr->slot = it->slot;
      program_.uses_old_self_ |= it->slot == 1;
      return expr;
    }
    if (!symbol(".")) throw SyntaxError{at, "unknown name '" + std::string(name) + "'"};
    Expr* qualifier = make(Op::select);  // without operand: select() reads it as a qualifier
    qualifier->name = keep(std::string(name));
    advance();
    const Expr* result = select(qualifier, false);
    if (result->op != Op::call) throw SyntaxError{at, "unknown name '" + std::string(name) + "'"};
    return result;
  }

  const Expr* presence() {
    advance();
    const Expr* field = conditional();
    expect(")");
    if (field->op != Op::select) fail("has() takes a field: has(a.b)");
    const_cast<Expr*>(field)->op = Op::has;
    return field;
  }

  const Expr* call(const std::string& name, const Expr* receiver) {
    const std::size_t at = token_.at;
    advance();
    std::vector<const Expr*> args = until(")");
    if (receiver) args.insert(args.begin(), receiver);
    const Function* function = find_function(name, receiver != nullptr, args.size());
    if (!function) {
      throw SyntaxError{at, function_exists(name) ? "wrong number of arguments for " + name + "()"
                                                  : "unknown function " + name + "()"};
    }
    Expr* expr = make(Op::call, std::move(args));
    expr->function = function;
    if (function->cost == Cost::regex && expr->args[1]->op == Op::constant && expr->args[1]->constant.is(Tag::string)) {
      const Pattern& pattern = program_.patterns_.emplace_back(std::string(expr->args[1]->constant.string()));
      expr->pattern = &pattern;
    }
    return expr;
  }

  const Expr* expand(const Macro& macro, const Expr* range) {
    const std::size_t at = token_.at;
    advance();
    std::vector<std::string_view> names;
    while (true) {  // one or two variables, then expressions
      if (token_.kind != Kind::name) fail("a variable name is missing");
      names.push_back(token_.text);
      advance();
      expect(",");
      if (names.size() == 2 || macro.op == Op::filter || macro.op == Op::map_macro || !second_variable()) break;
    }
    const std::size_t scope = variables_.size();
    const std::uint32_t first = next_slot_;
    for (std::string_view name : names) variables_.push_back({name, next_slot_++});
    program_.slots_ = std::max(program_.slots_, next_slot_);
    std::vector<const Expr*> args = until(")");
    variables_.resize(scope);
    next_slot_ = first;
    const std::size_t limit = macro.op == Op::map_macro ? 2 : 1;
    if (args.empty() || args.size() > limit) {
      throw SyntaxError{at, "wrong number of arguments for " + std::string(macro.name) + "()"};
    }
    args.insert(args.begin(), range);
    Expr* expr = make(macro.op, std::move(args));
    expr->slot = first;
    expr->two_variables = names.size() == 2;
    return expr;
  }

  // After "all(a," : is "b," next, so that b is a variable?
  bool second_variable() {
    if (token_.kind != Kind::name) return false;
    Lexer ahead = lexer_;
    const Token following = ahead.next();
    return following.kind == Kind::symbol && following.text == ",";
  }

  Lexer lexer_;
  Program& program_;
  Token token_;
  std::vector<Variable> variables_;
  std::uint32_t next_slot_ = 2;
  unsigned depth_ = 0;
};

Result<std::unique_ptr<const Program>> Program::parse(std::string_view text) {
  if (text.size() > max_bytes) return Error{"the rule is longer than 100000 bytes", {}};
  std::unique_ptr<Program> program(new Program);
  try {
    Parser parser(text, *program);
    program->root_ = parser.parse();
  } catch (const SyntaxError& fault) {
    return Error{"at character " + std::to_string(fault.at + 1) + ": " + fault.message, {}};
  }
  for (const Pattern& pattern : program->patterns_) {
    if (!pattern.error().empty()) return Error{"a regular expression is wrong: " + pattern.error(), {}};
  }
  return std::unique_ptr<const Program>(std::move(program));
}

}  // namespace gw::validate::cel
