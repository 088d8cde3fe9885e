// A recursive-descent parser for the common language of RE2 and PCRE. Anything doubtful is refused: a wrong refusal
// costs a proof, a wrong reading would make one false.
#include "language/syntax.h"

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <utility>

namespace gw::language {
namespace {

constexpr std::size_t max_depth = 200;
constexpr unsigned max_count = 1000;      // RE2's limit of a counted repetition
constexpr std::size_t max_nodes = 20000;  // keeps hostile patterns small

ByteSet range(unsigned char first, unsigned char last) {
  ByteSet set;
  for (unsigned byte = first; byte <= last; ++byte) set.set(byte);
  return set;
}
ByteSet bytes_of(std::string_view text) {
  ByteSet set;
  for (char c : text) set.set(static_cast<unsigned char>(c));
  return set;
}

const ByteSet digits = range('0', '9');
const ByteSet lower = range('a', 'z');
const ByteSet upper = range('A', 'Z');
const ByteSet word = digits | lower | upper | bytes_of("_");
const ByteSet space = bytes_of("\t\n\f\r ");

struct NamedClass {
  std::string_view name;
  ByteSet set;
};
const std::array<NamedClass, 13> posix_classes = {{
    {"alnum", digits | lower | upper},
    {"alpha", lower | upper},
    {"ascii", range(0, 127)},
    {"blank", bytes_of("\t ")},
    {"cntrl", range(0, 31) | range(127, 127)},
    {"digit", digits},
    {"graph", range('!', '~')},
    {"lower", lower},
    {"print", range(' ', '~')},
    {"punct", range('!', '/') | range(':', '@') | range('[', '`') | range('{', '~')},
    {"upper", upper},
    {"word", word},
    {"xdigit", digits | range('a', 'f') | range('A', 'F')},
}};

struct EscapedByte {
  char letter;
  unsigned char byte;
};
constexpr std::array<EscapedByte, 5> escaped_bytes = {{{'a', 7}, {'f', 12}, {'n', 10}, {'r', 13}, {'t', 9}}};

std::optional<ByteSet> class_escape(char letter) {
  switch (letter) {
    case 'd':
      return digits;
    case 'D':
      return ~digits;
    case 'w':
      return word;
    case 'W':
      return ~word;
    case 's':
      return space;
    case 'S':
      return ~space;
    default:
      return std::nullopt;
  }
}

void fold(ByteSet& set) {
  for (unsigned c = 'a'; c <= 'z'; ++c) {
    const unsigned capital = c - 'a' + 'A';
    const bool either = set[c] || set[capital];
    set[c] = either;
    set[capital] = either;
  }
}

bool is_digit(char c) {
  return c >= '0' && c <= '9';
}
int hex_value(char c) {
  if (is_digit(c)) return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

struct Refused {
  std::string why;
};

class Parser {
 public:
  Parser(std::string_view pattern, bool fold_case) : text_(pattern), fold_(fold_case) {}
  Parser(std::string_view pattern, const Reading& reading)
      : text_(pattern), fold_(reading.fold_case), pcre_(true), spelled_(reading.spelled) {}

  Syntax parse() {
    const std::size_t root = alternatives(0);
    if (at_ != text_.size()) throw Refused{"unmatched )"};
    syntax_.root = root;
    return std::move(syntax_);
  }

 private:
  using Kind = Syntax::Kind;

  bool more() const { return at_ < text_.size(); }
  char peek(std::size_t ahead = 0) const { return at_ + ahead < text_.size() ? text_[at_ + ahead] : '\0'; }
  bool take(std::string_view token) {
    if (!text_.substr(at_).starts_with(token)) return false;
    at_ += token.size();
    return true;
  }

  std::size_t add(Kind kind, std::vector<std::size_t> of = {}) {
    if (syntax_.nodes.size() >= max_nodes) throw Refused{"the pattern is too large"};
    Syntax::Node node;
    node.kind = kind;
    node.of = std::move(of);
    syntax_.nodes.push_back(std::move(node));
    return syntax_.nodes.size() - 1;
  }
  std::size_t add_bytes(ByteSet set) {
    with_case(set);
    const std::size_t node = add(Kind::bytes);
    syntax_.nodes[node].bytes = set;
    return node;
  }
  void with_case(ByteSet& set) {
    if (!fold_) return;
    ByteSet both = set;
    fold(both);
    syntax_.folded = syntax_.folded || both != set;
    if (!spelled_) set = both;
  }
  std::size_t add_byte(unsigned char byte) {
    ByteSet set;
    set.set(byte);
    return add_bytes(set);
  }

  std::size_t alternatives(std::size_t depth) {
    if (depth > max_depth) throw Refused{"groups are nested too deeply"};
    std::vector<std::size_t> branches{sequence(depth)};
    while (take("|")) branches.push_back(sequence(depth));
    return branches.size() == 1 ? branches.front() : add(Kind::choice, std::move(branches));
  }

  std::size_t sequence(std::size_t depth) {
    std::vector<std::size_t> parts;
    while (more() && peek() != '|' && peek() != ')') {
      if (take("\\Q")) {
        quoted(parts);
        continue;
      }
      const std::optional<std::size_t> part = atom(depth);
      if (part) parts.push_back(repeated(*part));
    }
    if (parts.empty()) return add(Kind::empty);
    return parts.size() == 1 ? parts.front() : add(Kind::sequence, std::move(parts));
  }

  // "\\Qa.b\\E+" repeats only the b.
  void quoted(std::vector<std::size_t>& parts) {
    std::optional<std::size_t> last;
    while (more() && !take("\\E")) {
      if (last) parts.push_back(*last);
      if (static_cast<unsigned char>(peek()) >= 0x80) throw Refused{"quoted bytes outside ASCII"};
      last = add_byte(static_cast<unsigned char>(text_[at_++]));
    }
    if (last) parts.push_back(repeated(*last));
  }

  std::optional<std::size_t> atom(std::size_t depth) {
    const char c = text_[at_++];
    switch (c) {
      case '(':
        return group(depth);
      case '[':
        return add_class();
      case '.':
        if (spelled_ && between_words()) return add_byte('.');
        return add_bytes(dot_all_ ? ~ByteSet{} : ~bytes_of("\n"));
      case '^':
        if (multi_line_ && !pcre_) throw Refused{"(?m)"};
        return add(Kind::begin);
      case '$':
        if (multi_line_ && !pcre_) throw Refused{"(?m)"};
        return add(Kind::end);
      case '\\':
        return escape();
      case '*':
      case '+':
      case '?':
        throw Refused{std::string("nothing to repeat before '") + c + "'"};
      case '{': {
        --at_;
        unsigned least = 0, most = 0;
        if (counted(least, most)) throw Refused{"nothing to repeat before '{'"};
        ++at_;
        return literal(c);
      }
      default:
        return literal(c);
    }
  }

  // Of "socket.io" or "v1.2": the '.' was taken already.
  bool between_words() {
    const auto wordlike = [&](std::size_t i) {
      return i < text_.size() && (word[static_cast<unsigned char>(text_[i])] || text_[i] == '-');
    };
    const bool here = at_ >= 2 && wordlike(at_ - 2) && (at_ < 3 || text_[at_ - 3] != '\\') && wordlike(at_);
    syntax_.dotted = syntax_.dotted || here;
    return here;
  }

  std::size_t literal(char first) {
    if (static_cast<unsigned char>(first) < 0x80) return add_byte(static_cast<unsigned char>(first));
    if (fold_) throw Refused{"letters outside ASCII without regard to case"};
    std::vector<std::size_t> code_point{add_byte(static_cast<unsigned char>(first))};
    while (more() && (static_cast<unsigned char>(peek()) & 0xC0) == 0x80)
      code_point.push_back(add_byte(static_cast<unsigned char>(text_[at_++])));
    return add(Kind::sequence, std::move(code_point));
  }

  // One escape; the backslash is taken already.
  std::size_t escape() {
    if (!more()) throw Refused{"a lone \\ at the end"};
    const char c = text_[at_++];
    if (std::optional<ByteSet> set = class_escape(c)) return add_bytes(*set);
    if (c == 'A') return add(Kind::begin);
    if (c == 'z' || (pcre_ && c == 'Z')) return add(Kind::end);
    if (pcre_ && c == 'K') return add(Kind::empty);
    return add_byte(escaped_byte(c));
  }

  unsigned char escaped_byte(char c) {
    for (const EscapedByte& row : escaped_bytes)
      if (row.letter == c) return row.byte;
    if (c == 'x') return hex_byte();
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (letter || is_digit(c) || c == '_' || static_cast<unsigned char>(c) >= 0x80 || c < ' ')
      throw Refused{is_digit(c) ? "a back-reference" : std::string("the escape \\") + (c < ' ' ? '?' : c)};
    return static_cast<unsigned char>(c);
  }

  unsigned char hex_byte() {
    int value = 0;
    const bool braces = take("{");
    std::size_t count = 0;
    while (hex_value(peek()) >= 0 && (braces || count < 2)) {
      value = value * 16 + hex_value(text_[at_++]);
      if (++count > 6) break;
    }
    if (count == 0 || (!braces && count != 2) || (braces && !take("}")) || value >= 0x80)
      throw Refused{"an escape outside ASCII"};
    return static_cast<unsigned char>(value);
  }

  std::size_t add_class() {
    const bool negated = take("^");
    ByteSet set;
    bool first = true;
    while (true) {
      if (!more()) throw Refused{"a [ without ]"};
      if (peek() == ']' && !first) break;
      first = false;
      if (peek() == '[' && (peek(1) == ':' || peek(1) == '.' || peek(1) == '=')) {
        set |= posix_class();
        continue;
      }
      class_item(set);
    }
    ++at_;
    with_case(set);
    const std::size_t node = add(Kind::bytes);
    syntax_.nodes[node].bytes = negated ? ~set : set;
    return node;
  }

  void class_item(ByteSet& set) {
    if (peek() == '\\')
      if (std::optional<ByteSet> escaped = class_escape(peek(1))) {
        at_ += 2;
        if (peek() == '-' && peek(1) != ']') throw Refused{"a class as end of a range"};
        set |= *escaped;
        return;
      }
    const unsigned char low = class_byte();
    if (peek() != '-' || peek(1) == ']' || at_ + 1 >= text_.size()) {
      set.set(low);
      return;
    }
    ++at_;
    if (peek() == '[' || (peek() == '\\' && class_escape(peek(1)))) throw Refused{"a class as end of a range"};
    const unsigned char high = class_byte();
    if (high < low) throw Refused{"a range that runs backwards"};
    set |= range(low, high);
  }

  unsigned char class_byte() {
    const char c = text_[at_++];
    if (static_cast<unsigned char>(c) >= 0x80) throw Refused{"a class with bytes outside ASCII"};
    if (c != '\\') return static_cast<unsigned char>(c);
    if (!more()) throw Refused{"a lone \\ at the end"};
    return escaped_byte(text_[at_++]);
  }

  ByteSet posix_class() {
    if (!take("[:")) throw Refused{"a collating element"};
    const bool negated = take("^");
    for (const NamedClass& row : posix_classes)
      if (text_.substr(at_).starts_with(row.name) && text_.substr(at_ + row.name.size()).starts_with(":]")) {
        at_ += row.name.size() + 2;
        return negated ? ~row.set : row.set;
      }
    throw Refused{"an unknown [:class:]"};
  }

  // A group, or flags until the end of the enclosing group (then nothing).
  std::optional<std::size_t> group(std::size_t depth) {
    const bool fold_outside = fold_, dot_outside = dot_all_, multi_outside = multi_line_;
    bool only_flags = false;
    capturing_ = true;
    if (take("?"))
      only_flags = group_head();
    else if (peek() == '*')
      throw Refused{"a (*VERB)"};
    if (only_flags) return std::nullopt;
    const unsigned number = capturing_ ? ++syntax_.groups : 0;
    const bool look = look_, negative = negative_;
    look_ = negative_ = false;
    std::size_t inner = alternatives(depth + 1);
    if (!take(")")) throw Refused{"a ( without )"};
    if (pcre_ && number != 0) {
      inner = add(Kind::group, {inner});
      syntax_.nodes[inner].number = number;
    } else if (look) {
      inner = add(Kind::look, {inner});
      syntax_.nodes[inner].negative = negative;
    }
    fold_ = fold_outside;
    dot_all_ = dot_outside;
    multi_line_ = multi_outside;
    return inner;
  }

  // After "(?". True when the group only sets flags.
  bool group_head() {
    capturing_ = false;
    if (take(":")) return false;
    if (pcre_ && (peek() == '=' || peek() == '!')) {
      look_ = true;
      negative_ = text_[at_++] == '!';
      return false;
    }
    if (pcre_ && peek() == '#') return comment();
    if (text_.substr(at_).starts_with("<=") || text_.substr(at_).starts_with("<!"))
      throw Refused{pcre_ ? "a look-behind" : "look-around"};
    if (peek() == '=' || peek() == '!') throw Refused{"look-around"};
    if (peek() == '>') throw Refused{"an atomic group"};
    if (peek() == '(') throw Refused{"a conditional"};
    if (peek() == 'R' || peek() == '&' || is_digit(peek())) throw Refused{"recursion"};
    if (take("P<") || take("<")) {
      while (more() && word[static_cast<unsigned char>(peek())]) ++at_;
      if (!take(">")) throw Refused{"a group name"};
      capturing_ = true;
      return false;
    }
    bool value = true;
    while (more()) {
      const char flag = text_[at_++];
      switch (flag) {
        case 'i':
          fold_ = value;
          break;
        case 's':
          dot_all_ = value;
          break;
        case 'm':
          multi_line_ = value;
          break;
        case '-':
          value = false;
          break;
        case ':':
          return false;
        case ')':
          return true;
        default:
          throw Refused{"a (?...) group that RE2 and PCRE do not share"};
      }
    }
    throw Refused{"a ( without )"};
  }

  bool comment() {
    while (more() && peek() != ')') ++at_;
    if (!take(")")) throw Refused{"a ( without )"};
    return true;
  }

  // x*+ of one character is x*(?!x): it takes all there are.
  std::size_t possessive(std::size_t node, unsigned least, unsigned most) {
    if (syntax_.nodes[node].kind != Kind::bytes) throw Refused{"a possessive repetition"};
    const std::size_t look = add(Kind::look, {node});
    syntax_.nodes[look].negative = true;
    if (most == 0) return add(Kind::sequence, {repeat_of(node, least, 0), look});
    const std::size_t all = repeat_of(node, most, most);
    if (least == most) return all;
    const std::size_t fewer = most == 1 ? add(Kind::empty) : repeat_of(node, least, most - 1);
    return add(Kind::choice, {all, add(Kind::sequence, {fewer, look})});
  }
  std::size_t repeat_of(std::size_t node, unsigned least, unsigned most) {
    const std::size_t out = add(Kind::repeat);
    syntax_.nodes[out].of = {node};
    syntax_.nodes[out].least = least;
    syntax_.nodes[out].most = most;
    return out;
  }

  std::size_t repeated(std::size_t node) {
    unsigned least = 0, most = 0;
    if (take("*")) {
    } else if (take("+")) {
      least = 1;
    } else if (take("?")) {
      most = 1;
    } else if (peek() != '{' || !counted(least, most)) {
      return node;
    }
    if (peek() == '+' && !pcre_) throw Refused{"a possessive repetition"};
    if (take("+")) return most == empty_count ? add(Kind::empty) : possessive(node, least, most);
    const bool lazy = take("?");  // the same texts match
    if (peek() == '*' || peek() == '+' || peek() == '?') throw Refused{"a repetition of a repetition"};
    if (peek() == '{') {
      unsigned ignored_least = 0, ignored_most = 0;
      if (counted(ignored_least, ignored_most)) throw Refused{"a repetition of a repetition"};
    }
    const std::size_t out = add(most == empty_count ? Kind::empty : Kind::repeat);
    if (most == empty_count) return out;
    syntax_.nodes[out].of = {node};
    syntax_.nodes[out].least = least;
    syntax_.nodes[out].most = most;
    syntax_.nodes[out].lazy = lazy;
    return out;
  }

  static constexpr unsigned empty_count = ~0U;  // {0}

  // "{n}", "{n,}", "{n,m}"; false leaves the brace as a literal.
  bool counted(unsigned& least, unsigned& most) {
    const std::size_t start = at_;
    ++at_;
    if (peek() == ',') throw Refused{"{,n}, which is text for some and a count for others"};
    const std::optional<unsigned> low = number();
    std::optional<unsigned> high = low;
    if (low && take(",")) high = peek() == '}' ? std::optional<unsigned>(empty_count) : number();
    if (!low || !high || !take("}")) {
      at_ = start;
      return false;
    }
    const bool unlimited = *high == empty_count;
    if (*low > max_count || (!unlimited && (*high > max_count || *high < *low))) throw Refused{"a repetition count"};
    least = *low;
    most = unlimited ? 0 : (*high == 0 ? empty_count : *high);
    return true;
  }
  std::optional<unsigned> number() {
    if (!is_digit(peek())) return std::nullopt;
    if (peek() == '0' && is_digit(peek(1))) throw Refused{"{0n}, which is text for some and a count for others"};
    unsigned value = 0;
    while (is_digit(peek())) {
      value = value * 10 + static_cast<unsigned>(text_[at_++] - '0');
      if (value > 100000) throw Refused{"a repetition count"};
    }
    return value;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  bool fold_ = false, dot_all_ = false, multi_line_ = false, pcre_ = false, spelled_ = false;
  bool capturing_ = false, look_ = false, negative_ = false;  // of the group whose head was read last
  Syntax syntax_;
};

}  // namespace

// Is the pattern wrong for everybody?
static bool broken(std::string_view why) {
  constexpr std::string_view wrong[] = {"unmatched )",         "nothing to repeat", "a lone \\",
                                        "a [ without ]",       "a ( without )",     "a range that runs backwards",
                                        "an unknown [:class:]"};
  return std::any_of(std::begin(wrong), std::end(wrong), [&](std::string_view one) { return why.starts_with(one); });
}

const ByteSet& canonical_path_bytes() {
  static const ByteSet set = digits | lower | upper | bytes_of("-._~!$&'()*+,=:@/");
  return set;
}

const ByteSet& printable_bytes() {
  static const ByteSet set = range(' ', '~');
  return set;
}

Result<Syntax> parse_regex(std::string_view pattern, bool fold_case) {
  try {
    return Parser(pattern, fold_case).parse();
  } catch (const Refused& refused) {
    return Error{refused.why, {}};
  }
}

Result<Syntax> parse_pcre(std::string_view pattern, const Reading& reading) {
  try {
    return Parser(pattern, reading).parse();
  } catch (const Refused& refused) {
    return Error{refused.why, broken(refused.why) ? "write a regular expression" : ""};
  }
}

}  // namespace gw::language
