// Regular expressions as syntax trees over bytes: the part of RE2's and PCRE's languages on which both agree about what
// matches, or, where that is asked for, the part of PCRE that a finite automaton can decide. Everything else is refused
// with a reason.
#pragma once
#include <bitset>
#include <cstdint>
#include <string_view>
#include <vector>

#include "diag/result.h"

namespace gw::language {

using ByteSet = std::bitset<256>;

// The bytes of paths that need no normalisation (RFC 3986 pchar without '%' and ';', and '/'). All dialects and all
// normalisations agree on texts over them.
const ByteSet& canonical_path_bytes();
// Printable ASCII: header and cookie values.
const ByteSet& printable_bytes();

struct Syntax {
  enum class Kind : std::uint8_t { empty, bytes, sequence, choice, repeat, begin, end, group, look };
  struct Node {
    Kind kind = Kind::empty;
    ByteSet bytes;                 // bytes
    std::vector<std::size_t> of;   // sequence, choice: any number; repeat, group, look: one
    unsigned least = 0, most = 0;  // repeat; most 0 is without limit
    unsigned number = 0;           // group: which one, from 1
    bool lazy = false;             // repeat: as few as possible first
    bool negative = false;         // look: what must not follow
  };
  std::vector<Node> nodes;
  std::size_t root = 0;
  unsigned groups = 0;  // capturing ones
  bool folded = false;  // some letter matches in both cases (also where Reading::spelled leaves it as written)
  bool dotted = false;  // Reading::spelled took some '.' for itself
};

// How parse_pcre reads a pattern.
struct Reading {
  bool fold_case = false;  // as with (?i) in front
  // As its author thinks of it: letters as written although (?i) holds, and the '.' of "socket.io" for itself.
  bool spelled = false;
};

// pattern: as in a manifest, inline flags such as (?i) included. Fails with the reason when the pattern is wrong or
// outside the common language.
Result<Syntax> parse_regex(std::string_view pattern, bool fold_case = false);

// The same for PCRE, with groups and look-aheads as nodes. Possessive repetitions of one character become look-aheads;
// back-references, look-behinds, conditionals, recursion and atomic groups are refused. The error has a help where no
// reader of PCRE would take the pattern.
Result<Syntax> parse_pcre(std::string_view pattern, const Reading& reading = {});

}  // namespace gw::language
