// The notation of the built-in description: one line a value, indented below what holds it.
//
//   kind GROUP KIND VERSION [cluster] [status] [unserved] [deprecated] [native] [like VERSION]
//   shape NAME TYPE ATTRIBUTE...            what several places share, by `use NAME`
//     name TYPE ATTRIBUTE...                a property; `*` is a list's item or a map's value
//     %any, %one, %all, %not                a branch of anyOf, oneOf, allOf, not
//     ? EXPRESSION                          a CEL rule of the value above, and below it
//     = what to tell                        when the rule does not hold
//
// TYPE: object list string bool integer int32 int64 number int-or-string any, or a string format (date-time, ipv4,
// ...). ATTRIBUTE: `!` required; `1..64` length, items, entries or range; `~hostname` a pattern of
// validate/patterns.cpp, or
// ~`regex`; {A,B} the allowed values; =JSON default; set, keys(a,b) list types; nullable; open (unknown fields stay);
// anytype (a format without a type).
//
// `@` after a name, an attribute or `?` says where it holds: s standard channel, x experimental, 6 and 7 the release,
// both joined (x7), several with commas (s6,x6). The core group is written `-`.
#pragma once
#include <cstdint>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "validate/catalogue.h"

namespace gw::validate {

// One bit for each of: standard v1.6, experimental v1.6, standard v1.7, experimental v1.7.
using Variants = std::uint8_t;
// The bit of one release and channel.
constexpr Variants variant(ApiVersion version, Channel channel) {
  return static_cast<Variants>(1u << (2 * static_cast<unsigned>(version) + static_cast<unsigned>(channel)));
}

class NotationCatalogue : public Catalogue {
 public:
  // The texts must outlive it. A mistake in them is ours: an assertion fails.
  NotationCatalogue(const std::vector<std::string_view>& texts, Variants wanted);

 private:
  struct Line {
    std::string_view text;  // without indentation
    std::uint32_t indent;
  };

  void add_kind(std::size_t line);
  const Schema* compile(std::size_t kind, diag::Sink& sink) const override;
  Schema* value(std::string_view text, std::size_t line) const;
  void children(std::size_t line, Schema& out) const;
  void attribute(std::string_view token, Schema& out) const;
  const Schema* shape(std::string_view name) const;
  bool holds(std::string_view condition) const;

  std::vector<Line> lines_;
  std::vector<std::size_t> kind_lines_;  // by kind
  std::unordered_map<std::string_view, std::size_t> shape_lines_;
  mutable std::unordered_map<std::string_view, const Schema*> shapes_;
  mutable SchemaStore store_;
  Variants wanted_;
};

}  // namespace gw::validate
