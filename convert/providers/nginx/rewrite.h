// What a rewrite-target does to the paths of one location, and where a redirect leads.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "convert/intent.h"
#include "convert/ir.h"
#include "convert/paths.h"
#include "convert/providers/nginx/config.h"

namespace gw::convert::nginx {

struct RewritePlan {
  enum class Kind : std::uint8_t {
    none,     // the path stays
    full,     // always the same path
    head,     // the prefix is replaced
    regex,    // anything else
    nothing,  // a variable of nginx, or no absolute path: no gateway can
  } kind = Kind::none;
  std::string value;                     // full, head: what takes its place
  std::string differs;                   // what is answered otherwise, with a request; empty: nothing
  RegexRewrite expression;               // regex
  std::optional<std::string> forwarded;  // x-forwarded-prefix, where it is made of the path
};

// One match of a location of a host with regular expressions.
struct Part {
  PathKind kind = PathKind::prefix;
  std::string path;
  RewritePlan rewrite;
};
struct LocationPlan {
  std::vector<Part> parts;
  std::string why_not;  // there are none: "a back-reference"
  std::string instead;  // what to write in its place; may be empty
};
// path: as written. target: of the rewrite; empty: none.
LocationPlan plan_location(std::string_view path, std::string_view target, std::string_view forwarded_prefix,
                           const PathOptions& options);

// "https://new.example.com/$1": the location redirects (302). Nothing, and `why`, where no RequestRedirect says it.
bool leads_away(std::string_view target);
// The parts of a location and where each of them redirects to, for a target with captures. Empty where it cannot be
// written; `why` then says the reason.
std::vector<std::pair<Part, Redirect>> redirects_of(std::string_view path, std::string_view target, std::string& why);

// The path of app-root; nothing where it holds variables that a gateway does not have.
std::optional<std::string> app_root_path(std::string_view written);

// Nothing, and `why`, for a URL that no RequestRedirect can name.
std::optional<Redirect> redirect_to(const UrlRedirect& from, std::string& why);

}  // namespace gw::convert::nginx
