// A language over normalised paths as the smallest deterministic automaton.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "language/terms.h"

namespace gw::language {

// Where a normalised path stands: nothing read, after '/', after "/.", after "/..", inside a segment.
enum class At : std::uint8_t { nothing, slash, dot, dots, segment };
// The position behind one more byte of a normalised path; nullopt where such a path cannot go on so.
std::optional<At> step(At at, unsigned char byte);
// Can a normalised path end here?
inline bool may_end(At at) {
  return at == At::slash || at == At::segment;
}

// One byte for each set that `terms` does not tell apart, pleasant ones first, and whom they stand for.
struct Alphabet {
  std::vector<unsigned char> letters;
  std::vector<ByteSet> stands_for;
  std::size_t slash = 0;  // which of them is '/'
};
// The bytes of paths in classes that none of the terms' byte sets tells apart, a readable byte first.
Alphabet alphabet_of(const Terms& terms);

struct Dfa {
  static constexpr std::uint32_t limit = 4096;
  Alphabet alphabet;
  std::vector<std::vector<std::uint32_t>> next;  // by state and letter
  std::vector<bool> accepts;
  std::uint32_t start = 0, dead = 0;
  std::uint32_t below = 0;     // after a '/': whatever follows is accepted
  std::uint32_t nonempty = 0;  // after a '/': whatever follows is accepted, but not nothing
  std::uint32_t bytes = 0;     // inside a segment: whatever follows is accepted
};

// Nothing when it would have more than Dfa::limit states. `normal`: over normalised paths; else over all texts.
std::optional<Dfa> dfa_of(Terms& terms, Term language, bool normal = true);

// The shortest normalised path in the language, or nothing; nothing, too, when it grew too large (terms.exhausted()).
std::optional<std::string> shortest(Terms& terms, Term language);

}  // namespace gw::language
