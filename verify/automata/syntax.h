// Regular expressions as syntax trees over bytes: the part of RE2's and PCRE's languages on which both agree about what
// matches. What they do not share, or what no finite automaton can decide, is refused with a reason; such a pattern can
// only be sampled.
#pragma once
#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

#include "diag/result.h"

namespace gw::verify {

using ByteSet = std::bitset<256>;

// The bytes of paths that need no normalisation (RFC 3986 pchar without '%' and ';', and '/'). All dialects and all
// normalisations agree on texts over them.
const ByteSet& canonical_path_bytes();
// Printable ASCII: header and cookie values.
const ByteSet& printable_bytes();

struct Syntax {
  enum class Kind : std::uint8_t { empty, bytes, sequence, choice, repeat, begin, end };
  struct Node {
    Kind kind = Kind::empty;
    ByteSet bytes;                 // bytes
    std::vector<std::size_t> of;   // sequence, choice: any number; repeat: one
    unsigned least = 0, most = 0;  // repeat; most 0 is without limit
  };
  std::vector<Node> nodes;
  std::size_t root = 0;
};

// pattern: as in a manifest, inline flags such as (?i) included. Fails with the reason when the pattern is wrong or
// outside the common language.
Result<Syntax> parse_regex(std::string_view pattern, bool fold_case = false);

}  // namespace gw::verify
