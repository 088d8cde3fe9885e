#include "convert/providers/nginx/rewrite.h"

#include "convert/providers/nginx/check.h"
#include "convert/regex.h"

namespace gw::convert::nginx {
namespace {

struct Target {
  std::string text;       // with \N for $N
  bool captures = false;  // some $N that the pattern has
  bool variables = false;
};

// "$3" of a pattern with two groups is empty.
Target read_target(std::string_view target, int groups) {
  Target out;
  for (std::size_t i = 0; i < target.size(); ++i) {
    if (target[i] != '$') {
      out.text += target[i];
      continue;
    }
    if (i + 1 < target.size() && target[i + 1] >= '1' && target[i + 1] <= '9') {
      const int n = target[++i] - '0';
      if (n <= groups) {
        out.text += "\\" + std::to_string(n);
        out.captures = true;
      }
    } else {
      out.variables = true;
    }
  }
  return out;
}

// Shapes of which the prefix alone is replaced: P(/|$)(.*) with /Q\2, P/(.*) with Q\1, P(.*) with Q\1.
bool prefix_shape(std::string_view path, const std::string& target, RewritePlan& plan) {
  struct Shape {
    std::string_view tail, group;
    bool slash;  // the tail begins at a '/'
  };
  static constexpr Shape shapes[] = {
      {"(/|$)(.*)", "\\2", true}, {"(/|$)(.*)$", "\\2", true}, {"/?(.*)", "\\1", false}, {"/(.*)", "\\1", true},
      {"/(.*)$", "\\1", true},    {"(.*)", "\\1", false},      {"(/.*)?", "\\1", true},  {"(/.*)?$", "\\1", true},
      {"(/.*)", "\\1", true},     {"(/.*)$", "\\1", true},
  };
  for (const Shape& shape : shapes) {
    if (!path.ends_with(shape.tail) || !target.ends_with(shape.group)) continue;
    std::string from(path.substr(0, path.size() - shape.tail.size()));
    std::string to = target.substr(0, target.size() - shape.group.size());
    if (!literal(from) || to.find('\\') != std::string::npos) continue;
    const bool rest_has_slash = shape.tail.starts_with("(/.*)");
    if (from.empty()) from = "/";
    // The rest that a gateway appends begins with '/'; so must what nginx appends.
    if (!rest_has_slash && shape.slash && !to.ends_with('/')) continue;
    if (!rest_has_slash && !shape.slash && from.ends_with('/') != to.ends_with('/') && shape.tail != "/?(.*)") continue;
    if (rest_has_slash && to.ends_with('/')) continue;
    plan.from = from;
    plan.value = to.empty() ? "/" : to;
    if (shape.tail == "/(.*)" || shape.tail == "/(.*)$" || shape.tail == "(/.*)" || shape.tail == "(/.*)$") {
      plan.differs = "'" + from + "' itself matches too";
      plan.request = from;
    }
    if (!shape.slash && from != "/") {
      plan.differs = "only whole path elements match: '" + from + "x' no longer does";
      plan.request = from + "x";
    }
    if (to.size() > 1 && to.ends_with('/') && from != "/" && shape.tail.starts_with("(/|$)")) {
      plan.differs = "'" + from + "' becomes '" + to.substr(0, to.size() - 1) + "', not '" + to + "'";
      plan.request = from;
    }
    return true;
  }
  return false;
}

}  // namespace

RewritePlan plan_rewrite(std::string_view path, std::string_view written) {
  RewritePlan plan;
  const Target target = read_target(written, captures(path));
  if (target.variables || !written.starts_with('/')) {
    plan.kind = RewritePlan::Kind::nothing;
    return plan;
  }
  // nginx matches anywhere and replaces the whole path; `(?i:...)` keeps the numbers of the groups.
  plan.expression = {"^(?i:.*?(?:" + std::string(path) + ")).*$", target.text};
  if (!target.captures) {
    plan.kind = RewritePlan::Kind::full;
    plan.value = target.text;
    return plan;
  }
  if (prefix_shape(path, target.text, plan)) {
    plan.kind = plan.from == plan.value ? RewritePlan::Kind::none : RewritePlan::Kind::head;
    return plan;
  }
  plan.kind = RewritePlan::Kind::regex;
  return plan;
}

namespace {

// Its first group, when it holds words without a meaning of their own and a '/' follows.
struct Words {
  std::string_view head, rest;
  std::vector<std::string_view> words;
  bool captured = true;
};
std::optional<Words> first_words(std::string_view path) {
  Words out;
  const std::size_t open = path.find('(');
  const std::size_t close = path.find(')', open == std::string_view::npos ? 0 : open);
  if (open == std::string_view::npos || close == std::string_view::npos) return std::nullopt;
  out.head = path.substr(0, open);
  out.rest = path.substr(close + 1);
  std::string_view inside = path.substr(open + 1, close - open - 1);
  if (inside.starts_with("?:")) inside.remove_prefix(2), out.captured = false;
  if (!literal(out.head) || !out.head.ends_with('/') || !(out.rest.starts_with('/') || out.rest.starts_with("(/")))
    return std::nullopt;
  for (std::size_t at = 0; at <= inside.size();) {
    const std::size_t end = std::min(inside.find('|', at), inside.size());
    const std::string_view word = inside.substr(at, end - at);
    if (word.empty() || !literal(word) || word.find('/') != std::string_view::npos) return std::nullopt;
    for (const std::string_view other : out.words)
      if (lower(other) == lower(word)) return std::nullopt;
    out.words.push_back(word);
    at = end + 1;
  }
  if (out.words.size() < 2) return std::nullopt;
  return out;
}

// "$1" becomes the word, "$2" becomes "$1".
std::string with_word(std::string_view target, std::string_view word) {
  std::string out;
  for (std::size_t i = 0; i < target.size(); ++i) {
    const bool number = target[i] == '$' && i + 1 < target.size() && target[i + 1] >= '1' && target[i + 1] <= '9';
    if (!number) {
      out += target[i];
      continue;
    }
    const char group = target[++i];
    out += group == '1' ? std::string(word) : std::string{'$', static_cast<char>(group - 1)};
  }
  return out;
}

bool split_into(std::string_view path, std::string_view target, std::vector<RewritePlan>& plans) {
  constexpr std::size_t most = 16;
  const auto words = first_words(path);
  if (!words) return false;
  for (const std::string_view word : words->words) {
    const std::string one = std::string(words->head) + std::string(word) + std::string(words->rest);
    const std::string to = words->captured ? with_word(target, word) : std::string(target);
    RewritePlan plan = plan_rewrite(one, to);
    if (plan.kind == RewritePlan::Kind::head || (plan.kind == RewritePlan::Kind::none && !plan.from.empty()))
      plans.push_back(std::move(plan));
    else if (plan.kind != RewritePlan::Kind::regex || !split_into(one, to, plans))
      return false;
    if (plans.size() > most) return false;
  }
  return true;
}

}  // namespace

std::vector<RewritePlan> split_rewrite(std::string_view path, std::string_view target) {
  std::vector<RewritePlan> plans;
  if (!split_into(path, target, plans)) plans.clear();
  return plans;
}

std::optional<Redirect> redirect_to(const UrlRedirect& from, std::string& why) {
  if (from.url.find_first_of("?#") != std::string::npos) {
    why = "a redirect to a query or a fragment cannot be written";
    return std::nullopt;
  }
  Redirect redirect;
  redirect.status = from.status;
  if (from.url.starts_with('/') && !from.url.starts_with("//")) {
    redirect.path = PathRewrite{false, from.url};
    return redirect;
  }
  const auto url = parse_url(from.url);
  if (!url || (url->scheme != "http" && url->scheme != "https")) {
    why = "'" + from.url + "' is no http or https URL";
    return std::nullopt;
  }
  redirect.scheme = url->scheme;
  redirect.host = lower(url->host);
  if (url->port) redirect.port = url->port;
  redirect.path = PathRewrite{false, url->path.empty() ? "/" : url->path};
  return redirect;
}

}  // namespace gw::convert::nginx
