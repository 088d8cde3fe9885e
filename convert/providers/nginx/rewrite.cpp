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
