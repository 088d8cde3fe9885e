#include "route/cors.h"

#include <algorithm>

#include "route/target.h"

namespace gw::route {
namespace {

std::string_view header(const RequestView& request, std::string_view name) {
  for (const HeaderView& header : request.headers)
    if (equal_fold(header.name, name)) return header.value;
  return {};
}

bool whole_labels(std::string_view text) {
  bool begun = false;
  for (const char c : text) {
    const bool label =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    if (!label && (c != '.' || !begun)) return false;
    begun = label;
  }
  return begun;
}

// The wildcard of a host stands for one label or more, whole ones: what is before it ends, and what is behind it
// begins, a label. "*" alone is every origin.
bool pattern_fits(std::string_view pattern, std::string_view origin) {
  const auto star = pattern.find('*');
  if (star == std::string_view::npos || pattern == "*") return pattern == "*" || equal_fold(pattern, origin);
  const std::string_view head = pattern.substr(0, star), tail = pattern.substr(star + 1);
  const bool apart =
      (head.ends_with("://") || head.ends_with('.')) && (tail.empty() || tail.front() == '.' || tail.front() == ':');
  return apart && origin.size() > head.size() + tail.size() && equal_fold(origin.substr(0, head.size()), head) &&
         equal_fold(origin.substr(origin.size() - tail.size()), tail) &&
         whole_labels(origin.substr(head.size(), origin.size() - head.size() - tail.size()));
}

std::string join(const std::vector<std::string>& items) {
  std::string out;
  for (const std::string& item : items) out += (out.empty() ? "" : ", ") + item;
  return out;
}

// A list as an answer: '*' cannot go with credentials, so there the asked value is echoed.
std::string listed(const std::vector<std::string>& items, std::string_view asked, bool credentials) {
  const bool any = std::find(items.begin(), items.end(), "*") != items.end();
  if (!any) return join(items);
  return credentials || !asked.empty() ? std::string(asked) : "*";
}

}  // namespace

bool is_preflight(const RequestView& request) {
  return request.method == "OPTIONS" && !header(request, "origin").empty() &&
         !header(request, "access-control-request-method").empty();
}

bool origin_allowed(const CorsPolicy& policy, std::string_view origin) {
  return !origin.empty() && std::any_of(policy.origins.begin(), policy.origins.end(),
                                        [&](const std::string& pattern) { return pattern_fits(pattern, origin); });
}

HeaderChanges cors_headers(const CorsPolicy& policy, const RequestView& request, bool preflight) {
  const std::string_view origin = header(request, "origin");
  // Whoever keeps answers must know that this one depends on the origin, allowed or not.
  const HeaderChange vary{HeaderChange::Op::add, "vary", "Origin"};
  if (!origin_allowed(policy, origin)) return {vary};
  HeaderChanges out;
  const auto set = [&](const char* name, std::string value) {
    if (!value.empty()) out.push_back({HeaderChange::Op::set, name, std::move(value)});
  };
  set("access-control-allow-origin", std::string(origin));
  if (policy.credentials) set("access-control-allow-credentials", "true");
  if (preflight) {
    set("access-control-allow-methods",
        listed(policy.methods, header(request, "access-control-request-method"), policy.credentials));
    set("access-control-allow-headers",
        listed(policy.headers, header(request, "access-control-request-headers"), policy.credentials));
    set("access-control-max-age", std::to_string(policy.max_age));
  }
  set("access-control-expose-headers", join(policy.expose));
  out.push_back(vary);
  return out;
}

}  // namespace gw::route
