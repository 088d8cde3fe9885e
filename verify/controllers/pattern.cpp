#include "verify/controllers/pattern.h"

#include <re2/re2.h>

#include <cctype>
#include <mutex>
#include <unordered_map>

#include "verify/controllers/text.h"

namespace gw::verify {
namespace {

// Rewrites PCRE spellings that RE2 lacks; finds constructs that it cannot have.
class Translator {
 public:
  explicit Translator(std::string_view in, bool ignore_case) : in_(in), ignore_case_(ignore_case) {}

  std::string run() {
    while (at_ < in_.size()) step();
    return std::move(out_);
  }
  const std::string& pcre_only() const { return pcre_only_; }

 private:
  char peek(std::size_t ahead = 1) const { return at_ + ahead < in_.size() ? in_[at_ + ahead] : '\0'; }
  void copy(std::size_t count) {
    out_.append(in_.substr(at_, count));
    at_ += count;
  }
  void replace(std::size_t count, std::string_view with) {
    out_.append(with);
    at_ += count;
  }
  void only_pcre(std::string_view what) {
    if (pcre_only_.empty()) pcre_only_ = what;
  }

  void step() {
    const char c = in_[at_];
    if (c == '\\') return escape();
    if (in_class_) {
      if (c == ']' && at_ != class_start_) in_class_ = false;
      if (c == '[' && peek() == ':') return posix_class();
      return copy(1);
    }
    if (c == '[') {
      in_class_ = true;
      copy(1);
      if (at_ < in_.size() && in_[at_] == '^') copy(1);
      class_start_ = at_;
      return;
    }
    if (c == '(') return group();
    if (c == '$') return replace(1, R"((?:\n?\z))");  // PCRE's $ also stands before a final newline
    if (c == '*' || c == '+' || c == '?' || c == '}') {
      if (peek() == '+' && quantifier_ends_here()) only_pcre("a possessive quantifier");
      return copy(1);
    }
    if (ignore_case_ && static_cast<unsigned char>(c) >= 0x80) {  // PCRE folds ASCII only
      out_ += "(?-i:";
      copy(1);
      out_ += ')';
      return;
    }
    copy(1);
  }

  bool quantifier_ends_here() const {
    if (in_[at_] != '}') return at_ > 0;
    const auto open = in_.rfind('{', at_);
    return open != std::string_view::npos && open > 0 && at_ > open + 1 &&
           in_.substr(open + 1, at_ - open - 1).find_first_not_of("0123456789,") == std::string_view::npos;
  }

  void posix_class() {
    const auto end = in_.find(":]", at_);
    copy(end == std::string_view::npos ? 1 : end + 2 - at_);
  }

  void group() {
    if (peek() != '?') return copy(1);
    const char kind = peek(2);
    if (kind == '#') {
      const auto end = in_.find(')', at_);
      at_ = end == std::string_view::npos ? in_.size() : end + 1;
      return;
    }
    if (kind == '=' || kind == '!') only_pcre("look-ahead");
    if (kind == '>') only_pcre("an atomic group");
    if (kind == '|') only_pcre("a branch reset");
    if (kind == '(') only_pcre("a conditional group");
    if (kind == 'R' || kind == '&' || (kind >= '0' && kind <= '9')) only_pcre("recursion");
    if (kind == 'P' && (peek(3) == '=' || peek(3) == '>')) only_pcre("a back-reference");
    if (kind == '<' && (peek(3) == '=' || peek(3) == '!'))
      only_pcre("look-behind");
    else if (kind == '<')
      return replace(3, "(?P<");
    if (kind == '\'') return quoted_name();
    copy(3 < in_.size() - at_ ? 3 : in_.size() - at_);
  }

  void quoted_name() {
    const auto end = in_.find('\'', at_ + 3);
    if (end == std::string_view::npos) return copy(in_.size() - at_);
    out_ += "(?P<";
    out_ += in_.substr(at_ + 3, end - at_ - 3);
    out_ += '>';
    at_ = end + 1;
  }

  void escape() {
    const char c = peek();
    if (c >= '1' && c <= '9' && !in_class_) only_pcre("a back-reference");
    switch (c) {
      case 'Z':
        return replace(2, R"((?:\n?\z))");
      case 'h':
        return replace(2, in_class_ ? R"(\t )" : R"([\t ])");
      case 'H':
        return in_class_ ? replace(2, R"(\S)") : replace(2, R"([^\t ])");
      case 'e':
        return replace(2, R"(\x1b)");
      case 'N':
        return replace(2, "[^\\n]");
      case 'R':
        return replace(2, R"((?:\r\n|[\n\v\f\r]))");
      case '_':
        return replace(2, "_");
      case 'k':
      case 'g':
        only_pcre("a back-reference");
        break;
      case 'K':
      case 'G':
      case 'X':
        only_pcre("a PCRE anchor");
        break;
      default:
        break;
    }
    copy(at_ + 1 < in_.size() ? 2 : 1);
  }

  std::string_view in_;
  bool ignore_case_;
  std::size_t at_ = 0;
  bool in_class_ = false;
  std::size_t class_start_ = 0;
  std::string out_, pcre_only_;
};

re2::RE2::Options options() {
  re2::RE2::Options out;
  out.set_encoding(re2::RE2::Options::EncodingLatin1);
  out.set_log_errors(false);
  return out;
}

}  // namespace

namespace {

// The rules of a large cluster repeat their expressions; compiled, each takes kilobytes.
std::shared_ptr<const re2::RE2> shared_expression(const std::string& text) {
  constexpr std::size_t remembered = 4096;
  static std::mutex mutex;
  static std::unordered_map<std::string, std::weak_ptr<const re2::RE2>> known;
  const std::lock_guard lock(mutex);
  if (const auto found = known.find(text); found != known.end())
    if (auto there = found->second.lock()) return there;
  auto made = std::make_shared<const re2::RE2>(text, options());
  if (known.size() >= remembered) known.clear();
  known[text] = made;
  return made;
}

}  // namespace

Pattern::Pattern(std::string_view text, Case letter_case) {
  const bool ignore = letter_case == Case::ignored;
  Translator translator(text, ignore);
  translated_ = translator.run();
  if (ignore) translated_.insert(0, "(?i)");
  if (!translator.pcre_only().empty()) {
    state_ = State::needs_pcre;
    why_ = "the expression " + std::string(text) + " uses " + translator.pcre_only();
    return;
  }
  std::shared_ptr<const re2::RE2> compiled = shared_expression(translated_);
  if (!compiled->ok()) {
    const bool size =
        compiled->error_code() == re2::RE2::ErrorRepeatSize || compiled->error_code() == re2::RE2::ErrorPatternTooLarge;
    state_ = size ? State::needs_pcre : State::invalid;
    why_ = "the expression " + std::string(text) + ": " + compiled->error();
    return;
  }
  compiled_ = std::move(compiled);
  state_ = State::ok;
}

Pattern Pattern::go(std::string_view text) {
  re2::RE2::Options quiet;
  quiet.set_log_errors(false);
  Pattern out;
  out.translated_ = text;
  auto compiled = std::make_shared<re2::RE2>(out.translated_, quiet);
  out.state_ = compiled->ok() ? State::ok : State::invalid;
  out.why_ = compiled->error();
  if (compiled->ok()) out.compiled_ = std::move(compiled);
  return out;
}

std::string Pattern::quote(std::string_view literal) {
  std::string out;
  for (char c : literal) {
    if (std::string_view(R"(\.+*?()|[]{}^$)").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

bool plain_captures(std::string_view pattern, std::string_view target, char marker) {
  const auto at = target.find(marker);
  if (at == std::string_view::npos) return true;
  if (at + 2 != target.size()) return false;
  for (std::string_view head : {"(?i)", "^"})
    if (pattern.starts_with(head)) pattern.remove_prefix(head.size());
  for (const auto& [group, tail] : {std::pair<char, std::string_view>{'2', "(/|$)(.*)"}, {'1', "(.*)"}})
    if (target.back() == group && pattern.ends_with(tail) &&
        only(pattern.substr(0, pattern.size() - tail.size()), "-_~/"))
      return true;
  return false;
}

bool Pattern::found(std::string_view subject) const {
  return compiled_->Match({subject.data(), subject.size()}, 0, subject.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

std::vector<std::string_view> Pattern::groups(std::string_view subject) const {
  std::vector<re2::StringPiece> pieces(static_cast<std::size_t>(compiled_->NumberOfCapturingGroups()) + 1);
  if (!compiled_->Match({subject.data(), subject.size()}, 0, subject.size(), re2::RE2::UNANCHORED, pieces.data(),
                        static_cast<int>(pieces.size())))
    return {};
  std::vector<std::string_view> out;
  for (const auto& piece : pieces) out.emplace_back(piece.data() ? piece.data() : "", piece.size());
  return out;
}

std::string Pattern::replace_all(std::string_view subject, std::string_view replacement) const {
  std::string out(subject), error;
  const re2::StringPiece rewrite(replacement.data(), replacement.size());
  if (compiled_ && compiled_->CheckRewriteString(rewrite, &error)) re2::RE2::GlobalReplace(&out, *compiled_, rewrite);
  return out;
}

}  // namespace gw::verify
