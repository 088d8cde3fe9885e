// What a rewrite-target does to the path of one location, and where a redirect leads.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/intent.h"
#include "convert/ir.h"
#include "convert/providers/nginx/config.h"

namespace gw::convert::nginx {

struct RewritePlan {
  enum class Kind : std::uint8_t {
    none,     // the path stays
    full,     // always the same path
    head,     // `from` and what follows it: the prefix is replaced
    regex,    // anything else
    nothing,  // a variable of nginx, or no absolute path: no gateway can
  } kind = Kind::none;
  std::string value;        // full, head: what takes its place
  std::string from;         // head: the literal path
  std::string differs;      // requests that get another path; empty: none
  std::string request;      // path of one of them
  RegexRewrite expression;  // full and head too: what a target with regular expressions writes
};

RewritePlan plan_rewrite(std::string_view path, std::string_view target);

// A path with a group of plain words, as one path a word: "/(v1|v2)/(.*)" to "/x/$1/$2" replaces two prefixes. Nothing
// when the parts are no replaced prefixes, or when they would answer requests of each other.
std::vector<RewritePlan> split_rewrite(std::string_view path, std::string_view target);

// Nothing, and `why`, for a URL that no RequestRedirect can name.
std::optional<Redirect> redirect_to(const UrlRedirect& from, std::string& why);

}  // namespace gw::convert::nginx
