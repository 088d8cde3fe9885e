// Walks an expression's tree. Errors are values: && and || absorb them when the other side decides.
#include <algorithm>
#include <cmath>
#include <limits>
#include <new>

#include "validate/cel/function.h"
#include "validate/cel/program.h"

namespace gw::validate::cel {
namespace {

constexpr std::uint64_t max_steps = 5'000'000;  // nodes visited; costs do not count constants

// Kubernetes charges a tenth of a unit for a character, rounded up.
std::uint64_t traversal(std::size_t size) {
  return (size + 9) / 10;
}
// A quarter for a character of a regular expression.
std::uint64_t regex_size(std::size_t size) {
  return (size + 3) / 4;
}

// The shorter of two sizes, as traversal() charges it. Short texts need not be counted.
std::uint64_t shorter(const Any& a, const Any& b) {
  if (a.is(Tag::string) && b.is(Tag::string)) {
    const std::uint32_t bytes = std::min(a.size, b.size);
    if (bytes <= 10) return bytes != 0;
  }
  return traversal(std::min(size_of(a), size_of(b)));
}

class Evaluator {
 public:
  Evaluator(Arena& arena, const Any& self, const Any* old_self, std::uint32_t slots)
      : arena_(arena), slots_(arena.make<Any>(slots)) {
    for (std::uint32_t i = 0; i < slots; ++i) new (&slots_[i]) Any;
    slots_[0] = self;
    if (old_self) slots_[1] = *old_self;
  }

  std::uint64_t cost() const { return cost_; }
  bool over_limit() const { return over_; }

  Any run(const Expr& expr) {
    if (over_ || cost_ > per_call_limit || ++steps_ > max_steps) {
      over_ = true;
      return error("the cost limit of one rule is exceeded");
    }
    switch (expr.op) {
      case Op::constant:
        return expr.constant;
      case Op::variable:
        ++cost_;
        return slots_[expr.slot];
      case Op::select:
        return select(expr);
      case Op::has:
        return has(expr);
      case Op::optional_select:
        return optional_select(expr);
      case Op::index:
        return index(expr, false);
      case Op::optional_index:
        return index(expr, true);
      case Op::list:
        return make_list(expr);
      case Op::map:
        return make_map(expr);
      case Op::call:
        return call(expr);
      case Op::not_op:
        return negate_boolean(expr);
      case Op::negate:
        return negate(expr);
      case Op::and_op:
        return logical(expr, false);
      case Op::or_op:
        return logical(expr, true);
      case Op::conditional:
        return conditional(expr);
      case Op::equal:
      case Op::not_equal:
        return equality(expr);
      case Op::less:
      case Op::less_equal:
      case Op::greater:
      case Op::greater_equal:
        return order(expr);
      case Op::add:
      case Op::subtract:
      case Op::multiply:
      case Op::divide:
      case Op::modulo:
        return arithmetic(expr);
      case Op::in:
        return contained(expr);
      case Op::all:
      case Op::exists:
      case Op::exists_one:
      case Op::filter:
      case Op::map_macro:
        return comprehend(expr);
    }
    return error("unknown operation");
  }

 private:
  static Any no_overload() { return error("no such overload"); }

  Any missing(std::string_view key) {
    const std::string text = "no such key: " + std::string(key);
    return error(arena_.copy(text));
  }

  // A field of an object, or Tag::error without a message when it is absent.
  Any field(const Any& base, const Expr& expr, bool& found) {
    found = false;
    if (base.tag == Tag::tree && base.tree->is(Type::map)) {
      for (std::string_view name : {expr.unescaped, expr.name}) {
        const Value* value = base.tree->find(name);
        const Schema* schema = value && base.schema ? base.schema->field(name) : nullptr;
        if (value && (schema || !base.schema || base.schema->open_to_cel)) {
          found = true;
          return from_value(*value, schema);
        }
        if (name.size() == expr.name.size()) break;  // nothing was escaped
      }
      return expr.op == Op::has ? error("no such key") : missing(expr.unescaped);
    }
    if (base.tag == Tag::map) {
      Any value = map_value(base, string(expr.name));
      found = !value.failed();
      return found ? value : missing(expr.name);
    }
    return no_overload();
  }

  Any select(const Expr& expr) {
    const Any base = run(*expr.args[0]);
    if (base.failed()) return base;
    ++cost_;
    bool found = false;
    if (base.tag == Tag::optional) return base.size ? wrap(field(base.items[0], expr, found), found) : base;
    return field(base, expr, found);
  }

  Any has(const Expr& expr) {
    const Any base = run(*expr.args[0]);
    if (base.failed()) return base;
    ++cost_;
    bool found = false;
    const Any value = field(base, expr, found);
    if (!found && value.failed() && !base.is_map()) return value;
    return boolean(found);
  }

  Any wrap(const Any& value, bool present) {
    Any out;
    out.tag = Tag::optional;
    if (present) {
      out.items = new (arena_.make<Any>(1)) Any(value);
      out.size = 1;
    }
    return out;
  }

  Any optional_select(const Expr& expr) {
    Any base = run(*expr.args[0]);
    if (base.failed()) return base;
    if (base.tag == Tag::optional) {
      if (base.size == 0) return base;
      base = base.items[0];
    }
    ++cost_;
    bool found = false;
    const Any value = field(base, expr, found);
    return wrap(value, found);
  }

  Any index(const Expr& expr, bool optional) {
    const Any base = run(*expr.args[0]);
    if (base.failed()) return base;
    const Any key = run(*expr.args[1]);
    if (key.failed()) return key;
    ++cost_;
    const Any value = at(base, key);
    if (optional) return wrap(value, !value.failed());
    return value;
  }

  Any at(const Any& base, const Any& key) {
    if (base.is_list()) {
      if (!key.is(Tag::integer)) return no_overload();
      if (key.integer < 0 || static_cast<std::uint64_t>(key.integer) >= size_of(base)) {
        return error(arena_.copy("index out of bounds: " + std::to_string(key.integer)));
      }
      return element(base, static_cast<std::size_t>(key.integer));
    }
    if (!base.is_map()) return no_overload();
    const Any value = map_value(base, key);
    if (value.failed() && key.is(Tag::string)) return missing(key.string());
    return value;
  }

  Any make_list(const Expr& expr) {
    Any* items = arena_.make<Any>(expr.args.size());
    for (std::size_t i = 0; i < expr.args.size(); ++i) {
      new (&items[i]) Any(run(*expr.args[i]));
      if (items[i].failed()) return items[i];
    }
    cost_ += 10;
    return list(items, expr.args.size());
  }

  Any make_map(const Expr& expr) {
    MapItem* fields = arena_.make<MapItem>(expr.args.size() / 2);
    for (std::size_t i = 0; i < expr.args.size(); i += 2) {
      MapItem& item = *new (&fields[i / 2]) MapItem{run(*expr.args[i]), run(*expr.args[i + 1])};
      if (item.key.failed()) return item.key;
      if (item.value.failed()) return item.value;
    }
    cost_ += 30;
    Any out;
    out.tag = Tag::map;
    out.fields = fields;
    out.size = static_cast<std::uint32_t>(expr.args.size() / 2);
    return out;
  }

  Any call(const Expr& expr) {
    Any* args = arena_.make<Any>(expr.args.size());
    for (std::size_t i = 0; i < expr.args.size(); ++i) {
      new (&args[i]) Any(run(*expr.args[i]));
      if (args[i].failed()) return args[i];
    }
    const std::span<const Any> all(args, expr.args.size());
    charge_before(*expr.function, all);
    if (cost_ > per_call_limit) return run(expr);  // reports the limit
    const Any result = expr.function->run({all, arena_, expr.pattern});
    if (expr.function->cost == Cost::traverse_result) cost_ += traversal(2 * size_of(result));
    return result;
  }

  void charge_before(const Function& function, std::span<const Any> args) {
    const std::size_t first = args.empty() ? 0 : size_of(args[0]);
    switch (function.cost) {
      case Cost::one:
        ++cost_;
        break;
      case Cost::traverse_first:
        cost_ += traversal(first);
        break;
      case Cost::traverse_twice:
        cost_ += traversal(2 * first);
        break;
      case Cost::traverse_result:
        break;
      case Cost::regex:
        cost_ += traversal(first + 1) * regex_size(size_of(args[1]));
        break;
      case Cost::product:
        cost_ += traversal(first) * traversal(size_of(args[1]));
        break;
      case Cost::walk_list:
        cost_ += first;
        break;
      case Cost::format:
        cost_ += traversal(size_of(args[1]) + 1) * regex_size(256);
        break;
    }
  }

  Any negate_boolean(const Expr& expr) {
    const Any value = run(*expr.args[0]);
    if (value.failed()) return value;
    ++cost_;
    return value.is(Tag::boolean) ? boolean(!value.boolean) : no_overload();
  }

  Any negate(const Expr& expr) {
    const Any value = run(*expr.args[0]);
    if (value.failed()) return value;
    ++cost_;
    if (value.is(Tag::floating)) return floating(-value.floating);
    if (!value.is(Tag::integer)) return no_overload();
    if (value.integer == std::numeric_limits<std::int64_t>::min()) return error("integer overflow");
    return integer(-value.integer);
  }

  Any logical(const Expr& expr, bool decisive) {
    Any fault;
    for (const Expr* arg : expr.args) {
      const Any value = run(*arg);
      if (value.is(Tag::boolean)) {
        if (value.boolean == decisive) return value;
      } else if (!fault.failed()) {
        fault = value.failed() ? value : no_overload();
      }
      if (over_) return value;
    }
    return fault.failed() ? fault : boolean(!decisive);
  }

  Any conditional(const Expr& expr) {
    const Any condition = run(*expr.args[0]);
    if (condition.failed()) return condition;
    if (!condition.is(Tag::boolean)) return no_overload();
    return run(*expr.args[condition.boolean ? 1 : 2]);
  }

  Any equality(const Expr& expr) {
    const Any left = run(*expr.args[0]);
    if (left.failed()) return left;
    const Any right = run(*expr.args[1]);
    if (right.failed()) return right;
    cost_ += shorter(left, right);
    return boolean(equal(left, right) == (expr.op == Op::equal));
  }

  Any order(const Expr& expr) {
    const Any left = run(*expr.args[0]);
    if (left.failed()) return left;
    const Any right = run(*expr.args[1]);
    if (right.failed()) return right;
    double difference = 0;
    if (left.is(Tag::string) && right.is(Tag::string)) {
      cost_ += shorter(left, right);
      difference = left.string().compare(right.string());
    } else {
      ++cost_;
      if (left.tag == right.tag &&
          (left.is(Tag::integer) || left.is(Tag::duration) || left.is(Tag::timestamp) || left.is(Tag::boolean))) {
        const std::int64_t a = left.is(Tag::boolean) ? left.boolean : left.integer;
        const std::int64_t b = right.is(Tag::boolean) ? right.boolean : right.integer;
        difference = a < b ? -1 : a > b ? 1 : 0;
      } else if (left.numeric() && right.numeric()) {
        difference = as_double(left) - as_double(right);
      } else {
        return no_overload();
      }
    }
    if (expr.op == Op::less) return boolean(difference < 0);
    if (expr.op == Op::less_equal) return boolean(difference <= 0);
    if (expr.op == Op::greater) return boolean(difference > 0);
    return boolean(difference >= 0);
  }

  static double as_double(const Any& value) {
    if (value.is(Tag::floating)) return value.floating;
    if (value.is(Tag::unsigned_integer)) return static_cast<double>(value.unsigned_integer);
    return static_cast<double>(value.integer);
  }

  Any arithmetic(const Expr& expr) {
    const Any left = run(*expr.args[0]);
    if (left.failed()) return left;
    const Any right = run(*expr.args[1]);
    if (right.failed()) return right;
    if (expr.op == Op::add && left.is(Tag::string) && right.is(Tag::string)) {
      cost_ += traversal(size_of(left) + size_of(right));
      if (cost_ > per_call_limit) return run(expr);
      return string(arena_.copy(std::string(left.string()) + std::string(right.string())));
    }
    ++cost_;
    if (expr.op == Op::add && left.is_list() && right.is_list()) return concatenate(left, right);
    if (left.is(Tag::floating) && right.is(Tag::floating)) return on_doubles(expr.op, left.floating, right.floating);
    if (left.is(Tag::integer) && right.is(Tag::integer)) return on_integers(expr.op, left.integer, right.integer);
    const bool times = (left.is(Tag::duration) || left.is(Tag::timestamp)) && right.is(Tag::duration);
    if (times && (expr.op == Op::add || expr.op == Op::subtract)) {
      Any out = left;
      const std::int64_t unit = left.is(Tag::timestamp) ? 1'000'000'000 : 1;
      const std::int64_t by = right.integer / unit;
      const bool overflow = expr.op == Op::add ? __builtin_add_overflow(left.integer, by, &out.integer)
                                               : __builtin_sub_overflow(left.integer, by, &out.integer);
      return overflow ? error("duration overflow") : out;
    }
    return no_overload();
  }

  static Any on_doubles(Op op, double a, double b) {
    if (op == Op::add) return floating(a + b);
    if (op == Op::subtract) return floating(a - b);
    if (op == Op::multiply) return floating(a * b);
    if (op == Op::divide) return floating(a / b);
    return no_overload();
  }

  static Any on_integers(Op op, std::int64_t a, std::int64_t b) {
    std::int64_t out = 0;
    bool overflow = false;
    if (op == Op::add) overflow = __builtin_add_overflow(a, b, &out);
    if (op == Op::subtract) overflow = __builtin_sub_overflow(a, b, &out);
    if (op == Op::multiply) overflow = __builtin_mul_overflow(a, b, &out);
    if (op == Op::divide || op == Op::modulo) {
      if (b == 0) return error(op == Op::divide ? "division by zero" : "modulus by zero");
      if (b == -1 && a == std::numeric_limits<std::int64_t>::min()) return error("integer overflow");
      out = op == Op::divide ? a / b : a % b;
    }
    return overflow ? error("integer overflow") : integer(out);
  }

  Any concatenate(const Any& left, const Any& right) {
    const std::size_t a = size_of(left), b = size_of(right);
    cost_ += (a + b) / 16;  // cel-go links lists; copying is bounded here
    if (cost_ > per_call_limit) return error("the cost limit of one rule is exceeded");
    Any* items = arena_.make<Any>(a + b);
    for (std::size_t i = 0; i < a; ++i) new (&items[i]) Any(element(left, i));
    for (std::size_t i = 0; i < b; ++i) new (&items[a + i]) Any(element(right, i));
    return list(items, a + b);
  }

  Any contained(const Expr& expr) {
    const Any item = run(*expr.args[0]);
    if (item.failed()) return item;
    const Any base = run(*expr.args[1]);
    if (base.failed()) return base;
    if (base.is_map()) {
      ++cost_;
      return boolean(!map_value(base, item).failed());
    }
    if (!base.is_list()) return no_overload();
    const std::size_t size = size_of(base);
    cost_ += size;
    for (std::size_t i = 0; i < size; ++i) {
      if (equal(item, element(base, i))) return boolean(true);
    }
    return boolean(false);
  }

  // The key of entry i: of a map, or the index of a list.
  static Any entry_key(const Any& range, std::size_t i) {
    if (range.is_list()) return integer(static_cast<std::int64_t>(i));
    return range.tag == Tag::map ? range.fields[i].key : string(range.tree->fields[i].key);
  }
  static Any entry_value(const Any& range, std::size_t i) {
    if (range.is_list()) return element(range, i);
    if (range.tag == Tag::map) return range.fields[i].value;
    const Field& field = range.tree->fields[i];
    return from_value(field.value, range.schema ? range.schema->field(field.key) : nullptr);
  }

  Any comprehend(const Expr& expr) {
    const Any range = run(*expr.args[0]);
    if (range.failed()) return range;
    if (!range.is_list() && !range.is_map()) return no_overload();
    const std::size_t size = size_of(range);
    const bool collects = expr.op == Op::filter || expr.op == Op::map_macro;
    Any* made = collects ? arena_.make<Any>(size) : nullptr;
    std::size_t count = 0;
    Any fault;
    if (collects) cost_ += 10;
    for (std::size_t i = 0; i < size; ++i) {
      if (expr.two_variables) {
        slots_[expr.slot] = entry_key(range, i);
        slots_[expr.slot + 1] = entry_value(range, i);
      } else {
        slots_[expr.slot] = range.is_list() ? element(range, i) : entry_key(range, i);
      }
      cost_ += collects ? 12 : 3;
      const Any test = run(*expr.args[1]);
      if (over_) return test;
      if (expr.op == Op::map_macro && expr.args.size() == 2) {
        if (test.failed()) return test;
        new (&made[count++]) Any(test);
        continue;
      }
      const bool known = test.is(Tag::boolean);
      if (expr.op == Op::all || expr.op == Op::exists) {
        if (known && test.boolean == (expr.op == Op::exists)) return test;
        if (!known && !fault.failed()) fault = test.failed() ? test : no_overload();
        continue;
      }
      if (!known) return test.failed() ? test : no_overload();
      if (!test.boolean) continue;
      if (expr.op == Op::filter) new (&made[count]) Any(slots_[expr.slot]);
      if (expr.op == Op::map_macro) {
        const Any value = run(*expr.args[2]);
        if (value.failed()) return value;
        new (&made[count]) Any(value);
      }
      ++count;
    }
    if (fault.failed()) return fault;
    if (collects) return list(made, count);
    if (expr.op == Op::exists_one) return boolean(count == 1);
    return boolean(expr.op == Op::all);
  }

  Arena& arena_;
  Any* slots_;
  std::uint64_t cost_ = 0;
  std::uint64_t steps_ = 0;
  bool over_ = false;
};

}  // namespace

Program::Outcome Program::evaluate(const Any& self, Arena& arena, const Any* old_self) const {
  Evaluator evaluator(arena, self, old_self, slots_);
  Outcome out;
  out.value = evaluator.run(*root_);
  out.cost = evaluator.cost();
  out.over_limit = evaluator.over_limit() || out.cost > per_call_limit;
  return out;
}

}  // namespace gw::validate::cel
