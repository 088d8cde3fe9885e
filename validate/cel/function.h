// The functions a CEL expression may call: one row each.
#pragma once
#include <algorithm>
#include <cstdint>
#include <span>
#include <string_view>

#include "validate/cel/value.h"

namespace gw::validate::cel {

// What a function works with: the arguments (the receiver first) and memory for what it makes.
struct Call {
  std::span<const Any> args;
  Arena& arena;
  const Pattern* pattern = nullptr;  // of matches(), when constant
};

// How much a call costs beyond 1 (cel-go interpreter/runtimecost.go, k8s.io/apiserver/pkg/cel/library/cost.go).
enum class Cost : std::uint8_t {
  one,
  traverse_first,
  traverse_twice,
  traverse_result,
  regex,
  product,
  walk_list,
  format
};

struct Function {
  std::string_view name;            // "size", "format.dns1123Label"
  bool member;                      // e.f(...) or f(e, ...)
  std::uint8_t min_args, max_args;  // with the receiver
  Any (*run)(const Call&);
  Cost cost = Cost::one;
};

inline Any no_overload() {
  return error("no such overload");
}
// Copied into the evaluation's arena.
inline Any made(const Call& call, std::string_view text) {
  return string(call.arena.copy(text));
}
// Are all arguments strings?
inline bool strings(const Call& call) {
  return std::all_of(call.args.begin(), call.args.end(), [](const Any& a) { return a.is(Tag::string); });
}

std::span<const Function> string_functions();    // strings, and what lists have alike
std::span<const Function> network_functions();   // addresses, networks, URLs
std::span<const Function> quantity_functions();  // 500m, 1Gi

// nullptr when there is no such function; `args` counts the receiver.
const Function* find_function(std::string_view name, bool member, std::size_t args);
// Is there a function of that name at all? For messages.
bool function_exists(std::string_view name);

}  // namespace gw::validate::cel
