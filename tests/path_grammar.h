// Path expressions and substitutions as people write them for ingress-nginx, from a grammar: words, classes, groups
// that are captured or not, alternatives, optional slashes, counted and lazy repetition, anchors, case flags,
// look-aheads. Each remembers how it was built, so that texts on the edge of its language can be made from it.
#pragma once
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

namespace gw::test {

using Random = std::mt19937;

inline std::size_t below(Random& random, std::size_t limit) {
  return random() % limit;
}
inline bool once_in(Random& random, std::size_t count) {
  return below(random, count) == 0;
}
template <class T>
const T& any(Random& random, const std::vector<T>& from) {
  return from[below(random, from.size())];
}

// A piece of an expression: its spelling, and how to make a text that it matches (or nearly).
struct Piece {
  enum class Kind : std::uint8_t { text, bytes, sequence, choice, repeat, nothing } kind = Kind::nothing;
  std::string spelled;    // as it stands in the expression
  std::string chars;      // text: the text; bytes: some that fit
  std::vector<Piece> of;  // sequence, choice, repeat
  unsigned least = 0, most = 0;
};

class Grammar {
 public:
  explicit Grammar(Random& random) : random_(random) {}

  // An expression that begins with '/'.
  Piece path() {
    std::vector<Piece> parts{text("/")};
    if (once_in(random_, 12)) parts.push_back(silent("(?i)"));
    for (std::size_t n = 1 + below(random_, 3); n > 0; --n) {
      parts.push_back(element());
      if (n > 1) parts.push_back(slash());
    }
    parts.push_back(tail());
    return sequence(std::move(parts));
  }

  // What it is replaced by: mostly a group behind a few words.
  std::string target(unsigned groups) {
    static const std::vector<std::string> heads = {"/", "/", "/", "/v2/", "/new/", "/app/", "", "/api", "/x"};
    static const std::vector<std::string> ends = {"", "", "", "/", "/y", "x", "//"};
    std::string out = any(random_, heads);
    const std::size_t count = once_in(random_, 6) ? 0 : once_in(random_, 6) ? 2 : 1;
    for (std::size_t i = 0; i < count; ++i)
      out += (i > 0 && once_in(random_, 2) ? "/$" : "$") + std::to_string(1 + below(random_, std::min(groups + 1, 8U)));
    return out + any(random_, ends);
  }

 private:
  static Piece text(std::string_view chars) {
    std::string spelled;
    for (const char c : chars) {
      if (c == '.') spelled += '\\';
      spelled += c;
    }
    return {Piece::Kind::text, spelled, std::string(chars), {}, 0, 0};
  }
  static Piece silent(std::string_view spelled) { return {Piece::Kind::nothing, std::string(spelled), {}, {}, 0, 0}; }
  static Piece bytes(std::string_view spelled, std::string_view some) {
    return {Piece::Kind::bytes, std::string(spelled), std::string(some), {}, 0, 0};
  }
  static Piece sequence(std::vector<Piece> of) {
    Piece out{Piece::Kind::sequence, {}, {}, {}, 0, 0};
    for (const Piece& piece : of) out.spelled += piece.spelled;
    out.of = std::move(of);
    return out;
  }
  Piece grouped(Piece of) {
    of.spelled = (once_in(random_, 3) ? "(?:" : "(") + of.spelled + ")";
    return of;
  }
  static Piece repeated(Piece of, std::string_view how, unsigned least, unsigned most) {
    Piece out{Piece::Kind::repeat, of.spelled + std::string(how), {}, {}, least, most};
    out.of.push_back(std::move(of));
    return out;
  }
  Piece choice(std::vector<Piece> of) {
    Piece out{Piece::Kind::choice, {}, {}, {}, 0, 0};
    for (const Piece& piece : of) out.spelled += (out.spelled.empty() ? "" : "|") + piece.spelled;
    out.of = std::move(of);
    return grouped(std::move(out));
  }

  Piece word() {
    static const std::vector<std::string> words = {"api", "app", "foo",  "a",  "b",         "v1", "v2",
                                                   "en",  "ab",  "Shop", "aa", "socket.io", "x-y"};
    return text(any(random_, words));
  }
  Piece some_bytes() {
    switch (below(random_, 7)) {
      case 0:
        return bytes("[a-z]", "abvz");
      case 1:
        return bytes("\\d", "0129");
      case 2:
        return bytes("[^/]", "abA1-.");
      case 3:
        return bytes("\\w", "ab_1Z");
      case 4:
        return bytes("[ab]", "ab");
      case 5:
        return bytes("[^/.]", "ab1-");
      default:
        return bytes(".", "ab/.1");
    }
  }
  Piece repetition(Piece of) {
    switch (below(random_, 9)) {
      case 0:
        return repeated(std::move(of), "*", 0, 3);
      case 1:
      case 2:
        return repeated(std::move(of), "+", 1, 3);
      case 3:
        return repeated(std::move(of), "?", 0, 1);
      case 4:
        return repeated(std::move(of), "{2}", 2, 2);
      case 5:
        return repeated(std::move(of), "{1,2}", 1, 2);
      case 6:
        return repeated(std::move(of), "*?", 0, 3);
      case 7:
        return repeated(std::move(of), "+?", 1, 3);
      default:
        return repeated(std::move(of), "??", 0, 1);
    }
  }
  // What stands between two slashes.
  Piece element() {
    switch (below(random_, 12)) {
      case 0:
        return choice({word(), word()});
      case 1:
        return choice({word(), sequence({word(), slash(), word()})});
      case 2:
        return grouped(repetition(some_bytes()));
      case 3:
        return sequence({word(), repetition(some_bytes())});
      case 4:
        return sequence({word(), repetition(grouped(sequence({slash(), word()})))});
      case 5:
        return choice({word(), silent("")});
      case 6:
        return sequence({silent(once_in(random_, 2) ? "(?!api)" : "(?=a)"), word()});
      case 7:
        return sequence({word(), repetition(text("s"))});
      default:
        return word();
    }
  }
  Piece slash() { return once_in(random_, 8) ? repeated(text("/"), "?", 0, 1) : text("/"); }
  Piece rest() {
    static const std::vector<std::pair<std::string, std::string>> how = {{"*", ""}, {"*", ""},  {"*", ""},
                                                                         {"+", ""}, {"*?", ""}, {"+?", ""}};
    const std::string& times = any(random_, how).first;
    return repeated(once_in(random_, 5) ? bytes("[^/]", "abA1") : bytes(".", "ab/.1"), times, times[0] == '+' ? 1 : 0,
                    4);
  }
  Piece tail() {
    switch (below(random_, 14)) {
      case 0:
        return silent("");
      case 1:
        return silent("$");
      case 2:
        return text("/");
      case 3:
        return sequence({text("/"), grouped(rest())});
      case 4:
        return sequence({repeated(text("/"), "?", 0, 1), grouped(rest())});
      case 5:
        return sequence({choice({text("/"), silent("$")}), grouped(rest())});
      case 6:
        return grouped(rest());
      case 7:
        return repeated(grouped(sequence({text("/"), rest()})), "?", 0, 1);
      case 8:
        return sequence({text("/"), grouped(rest()), silent("$")});
      case 9:
        return sequence({repeated(grouped(sequence({text("/"), rest()})), "?", 0, 1), silent("$")});
      case 10:
        return sequence({text("/"), grouped(repeated(bytes("[^/]", "abA1"), "+", 1, 3)), repeated(text("/"), "?", 0, 1),
                         grouped(rest())});
      case 11:
        return sequence({grouped(silent("")), grouped(rest())});
      case 12:
        return sequence({repeated(text("/"), "*", 0, 2), grouped(rest()), repeated(text("/"), "?", 0, 1), silent("$")});
      default:
        return sequence({choice({text("/"), silent("$")}), rest()});
    }
  }

  Random& random_;
};

// A text that the expression matches, or nearly: repetitions go one beyond their counts, bytes are sometimes others.
inline void text_of(const Piece& piece, Random& random, std::string& out) {
  switch (piece.kind) {
    case Piece::Kind::nothing:
      break;
    case Piece::Kind::text:
      out += piece.chars;
      break;
    case Piece::Kind::bytes:
      out += once_in(random, 12) ? "/a9.x"[below(random, 5)] : piece.chars[below(random, piece.chars.size())];
      break;
    case Piece::Kind::sequence:
      for (const Piece& part : piece.of) text_of(part, random, out);
      break;
    case Piece::Kind::choice:
      text_of(piece.of[below(random, piece.of.size())], random, out);
      break;
    case Piece::Kind::repeat: {
      std::size_t times = piece.least + below(random, piece.most - piece.least + 1);
      if (once_in(random, 10)) times = times == 0 || once_in(random, 2) ? times + 1 : times - 1;
      for (; times > 0; --times) text_of(piece.of.front(), random, out);
      break;
    }
  }
}

}  // namespace gw::test
