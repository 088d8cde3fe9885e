#include "convert/providers/nginx/rewrite.h"

#include "convert/providers/nginx/check.h"
#include "convert/regex.h"

namespace gw::convert::nginx {
namespace {

// "^path", anywhere: '^' binds the first branch of an alternation alone.
struct Location {
  explicit Location(std::string_view path) : anchored("^" + std::string(path)) {}
  language::PathPattern pattern() const { return {anchored, true, false, true}; }
  std::string anchored;
};

// `rewrite "(?i)path" target`: found anywhere, and the whole path is replaced.
language::Substitution substitution(std::string_view path, std::string_view target) {
  language::Substitution out;
  out.search = {path, true, false, true};
  out.parts = parts_of(target, '$', static_cast<unsigned>(captures(path)));
  return out;
}

bool has_variables(std::string_view target) {
  for (std::size_t i = 0; i < target.size(); ++i)
    if (target[i] == '$' && !(i + 1 < target.size() && target[i + 1] >= '0' && target[i + 1] <= '9')) return true;
  return false;
}

std::string regex_target(std::string_view path, std::string_view target) {
  std::string out;
  for (const language::Part& part : parts_of(target, '$', static_cast<unsigned>(captures(path))))
    out += part.group < 0 ? part.text : "\\" + std::to_string(part.group);
  return out;
}

std::string differs(const PathPieces& pieces) {
  if (pieces.differs.empty()) return {};
  return pieces.differs + (pieces.request.empty() ? "" : " ('" + pieces.request + "')");
}

RewritePlan plan_of(const PathPiece& piece, const PathPieces& pieces) {
  RewritePlan plan;
  plan.kind = piece.rewrite == PathPiece::Rewrite::prefix ? RewritePlan::Kind::head
              : piece.rewrite == PathPiece::Rewrite::full ? RewritePlan::Kind::full
                                                          : RewritePlan::Kind::none;
  plan.value = piece.value;
  plan.differs = differs(pieces);
  return plan;
}

// The value of a header that is made of the path, where it is the same for all paths of a piece.
void forwarded(LocationPlan& plan, const language::PathPattern& pattern, std::string_view path,
               std::string_view prefix) {
  if (prefix.find('$') == std::string_view::npos) return;
  const auto to = substitution(path, prefix);
  const PathPieces values = path_pieces(pattern, &to, {});
  for (Part& part : plan.parts)
    for (const PathPiece& value : values.pieces)
      if (value.path == part.path && value.rewrite != PathPiece::Rewrite::prefix)
        part.rewrite.forwarded = value.rewrite == PathPiece::Rewrite::full ? value.value : value.path;
}

// What needs no automaton: plain text without a rewrite.
bool plain_location(std::string_view path, std::string_view target, LocationPlan& plan) {
  if (!target.empty() || !literal(path) || !path.starts_with('/')) return false;
  if (path == "/") {
    plan.parts.push_back({PathKind::prefix, "/", {}});
    return true;
  }
  plan.parts.push_back({PathKind::regex, "(?i)" + std::string(path) + ".*", {}});
  return true;
}

}  // namespace

LocationPlan plan_location(std::string_view path, std::string_view target, std::string_view forwarded_prefix,
                           const PathOptions& options) {
  LocationPlan plan;
  if (plain_location(path, target, plan)) return plan;
  const Location location(path);
  const bool nothing = !target.empty() && (has_variables(target) || !(target.starts_with('/') || target[0] == '$'));
  const auto to = substitution(path, target);
  const PathPieces pieces = path_pieces(location.pattern(), target.empty() || nothing ? nullptr : &to, options);
  plan.why_not = pieces.why_not;
  plan.instead = pieces.instead;
  for (const PathPiece& piece : pieces.pieces) {
    Part part{piece.kind, piece.path, plan_of(piece, pieces)};
    if (nothing) part.rewrite.kind = RewritePlan::Kind::nothing;
    if (pieces.needs_regex_rewrite) {
      part.rewrite.kind = RewritePlan::Kind::regex;
      // nginx matches anywhere and replaces the whole path; `(?i:...)` keeps the numbers of the groups.
      part.rewrite.expression = {"^(?i:.*?(?:" + std::string(path) + ")).*$", regex_target(path, target)};
    }
    plan.parts.push_back(std::move(part));
  }
  if (!forwarded_prefix.empty()) forwarded(plan, location.pattern(), path, forwarded_prefix);
  return plan;
}

bool leads_away(std::string_view target) {
  return target.starts_with("http://") || target.starts_with("https://");
}

std::vector<std::pair<Part, Redirect>> redirects_of(std::string_view path, std::string_view target, std::string& why) {
  std::vector<std::pair<Part, Redirect>> out;
  const std::size_t slash = target.find('/', target.find("://") + 3);
  const std::string origin(target.substr(0, slash));
  const std::string_view rest = slash == std::string_view::npos ? "/" : target.substr(slash);
  const auto redirect = redirect_to({origin, 302, 0}, why);
  if (!redirect) return out;
  const Location location(path);
  const auto to = substitution(path, rest);
  const PathPieces pieces = path_pieces(location.pattern(), &to, {});
  if (has_variables(rest) || pieces.needs_regex_rewrite || pieces.pieces.empty()) {
    why = "the path of '" + std::string(target) + "' cannot be made by a gateway";
    return out;
  }
  for (const PathPiece& piece : pieces.pieces) {
    Redirect one = *redirect;
    one.path.reset();
    if (piece.rewrite != PathPiece::Rewrite::none)
      one.path = PathRewrite{piece.rewrite == PathPiece::Rewrite::prefix, piece.value};
    out.push_back({{piece.kind, piece.path, plan_of(piece, pieces)}, std::move(one)});
  }
  return out;
}

std::optional<std::string> app_root_path(std::string_view written) {
  for (const std::string_view query : {"$is_args$args", "?$args", "?$query_string"})
    if (written.ends_with(query)) written.remove_suffix(query.size());
  if (written.find('$') != std::string_view::npos) return std::nullopt;
  return std::string(written);
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
    why = "'" + from.url + "' is not an http or https URL";
    return std::nullopt;
  }
  redirect.scheme = url->scheme;
  redirect.host = lower(url->host);
  if (url->port) redirect.port = url->port;
  redirect.path = PathRewrite{false, url->path.empty() ? "/" : url->path};
  return redirect;
}

}  // namespace gw::convert::nginx
