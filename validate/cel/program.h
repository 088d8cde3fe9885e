// Kubernetes' CEL: an expression is parsed once into a tree with numbered variables and evaluated many times, under the
// API server's cost limits.
#pragma once
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "diag/result.h"
#include "validate/cel/value.h"

namespace gw::validate {
class Pattern;
}

namespace gw::validate::cel {

// k8s.io/apiserver/pkg/apis/cel/config.go
inline constexpr std::uint64_t per_call_limit = 1'000'000;
inline constexpr std::int64_t runtime_budget = 10'000'000;

enum class Op : std::uint8_t {
  constant,
  variable,
  select,
  has,
  optional_select,
  index,
  optional_index,
  list,
  map,
  call,
  not_op,
  negate,
  and_op,
  or_op,
  conditional,
  equal,
  not_equal,
  less,
  less_equal,
  greater,
  greater_equal,
  add,
  subtract,
  multiply,
  divide,
  modulo,
  in,
  all,
  exists,
  exists_one,
  filter,
  map_macro
};

struct Function;

struct Expr {
  Op op = Op::constant;
  std::uint32_t slot = 0;      // variable; first one of a macro
  bool two_variables = false;  // all(k, v, ...)
  std::uint32_t offset = 0;    // in the text
  Any constant;
  std::string_view name, unescaped;    // select, has: as written, and with __namespace__ read as namespace
  const Function* function = nullptr;  // call
  const Pattern* pattern = nullptr;    // matches() with a constant expression
  std::vector<const Expr*> args;
};

class Program {
 public:
  // The error's message tells the column. Limits: 100,000 bytes, nesting of 250.
  static Result<std::unique_ptr<const Program>> parse(std::string_view text);

  struct Outcome {
    Any value;  // Tag::error: why it could not be computed; borrows from the arena
    std::uint64_t cost = 0;
    bool over_limit = false;
  };
  // Evaluates with `self`, and `oldSelf` for rules about changes. Costs are counted as cel-go does.
  Outcome evaluate(const Any& self, Arena& arena, const Any* old_self = nullptr) const;

  bool uses_old_self() const { return uses_old_self_; }

 private:
  friend class Parser;
  Program() = default;
  std::deque<Expr> nodes_;
  std::deque<std::string> texts_;
  std::deque<Pattern> patterns_;
  const Expr* root_ = nullptr;
  std::uint32_t slots_ = 2;
  bool uses_old_self_ = false;
};

}  // namespace gw::validate::cel
