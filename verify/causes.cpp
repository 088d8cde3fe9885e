#include "verify/causes.h"

#include <algorithm>
#include <array>

namespace gw::verify {
namespace {

using route::Answer;

// Every pair of an old and a new answer fits.
template <class F>
bool pairs(const Counterexample& found, F&& fits) {
  const auto& before = found.old_answer.any_of;
  const auto& after = found.new_answer.any_of;
  return !before.empty() && !after.empty() && std::all_of(before.begin(), before.end(), [&](const Answer& a) {
    return std::all_of(after.begin(), after.end(), [&](const Answer& b) { return fits(a, b); });
  });
}

bool has_attribute(const Answer& answer, std::initializer_list<std::string_view> names) {
  return std::any_of(answer.attributes.begin(), answer.attributes.end(), [&](const std::string& attribute) {
    return std::any_of(names.begin(), names.end(), [&](std::string_view name) { return attribute.starts_with(name); });
  });
}

// scheme, host, port and the rest of a Location; an empty host for a relative one.
struct Location {
  std::string scheme, host, port, rest;
};
Location parse(const std::string& text) {
  Location out;
  const std::size_t at = text.find("://");
  if (at == text.npos) return {{}, {}, {}, text};
  out.scheme = text.substr(0, at);
  const std::size_t end = std::min(text.find_first_of("/?", at + 3), text.size());
  out.host = text.substr(at + 3, end - at - 3);
  out.rest = text.substr(end);
  if (const std::size_t colon = out.host.rfind(':'); colon != out.host.npos) {
    out.port = out.host.substr(colon + 1);
    out.host.resize(colon);
  }
  if ((out.scheme == "http" && out.port == "80") || (out.scheme == "https" && out.port == "443")) out.port.clear();
  return out;
}

bool both_redirect(const Answer& a, const Answer& b) {
  return a.status == b.status && !a.location.empty() && !b.location.empty();
}

bool fragment(std::string_view, const Counterexample& found) {
  return found.request.target.find('#') != std::string::npos;
}

bool trace_or_connect(std::string_view, const Counterexample& found) {
  return pairs(found, [](const Answer& a, const Answer&) { return a.status == 405; });
}

bool protected_route(std::string_view, const Counterexample& found) {
  return pairs(found, [](const Answer& a, const Answer& b) {
    const bool guarded = a.status == 401 || a.status == 403 ||
                         has_attribute(a, {"auth", "allowlist", "denylist", "whitelist", "client-cert"});
    return guarded && (b.status == 0 || b.status == 404 || b.status == 500);
  });
}

bool no_certificate(std::string_view, const Counterexample& found) {
  return found.request.scheme == route::Scheme::https && found.aspect != Aspect::server_name &&
         pairs(found, [](const Answer& a, const Answer& b) { return a.status != 0 && b.status == 0; });
}

bool other_server_name(std::string_view, const Counterexample& found) {
  return found.aspect == Aspect::server_name;
}

// No rule of anybody: what the old controller answers by itself.
bool own_answer(const Answer& answer) {
  return !answer.rule && answer.backend.empty() && answer.backends.empty() && answer.location.empty();
}

bool status_pages(std::string_view, const Counterexample& found) {
  return pairs(found,
               [](const Answer& a, const Answer& b) { return a.status == 200 && own_answer(a) && b.status == 404; });
}

bool cors_preflight(std::string_view, const Counterexample& found) {
  return found.request.method == "OPTIONS" &&
         pairs(found, [](const Answer& a, const Answer&) { return a.status == 204 && a.backend.empty(); });
}

bool redirect_slash(std::string_view, const Counterexample& found) {
  return pairs(found, [](const Answer& a, const Answer& b) {
    if (!both_redirect(a, b)) return false;
    const Location before = parse(a.location), after = parse(b.location);
    return before.scheme == after.scheme && before.host == after.host && before.rest + "/" == after.rest;
  });
}

bool redirect_spelling(std::string_view, const Counterexample& found) {
  return pairs(found, [](const Answer& a, const Answer& b) {
    if (!both_redirect(a, b)) return false;
    const auto same_letter = [](char x, char y) {
      const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
      return lower(x) == lower(y);
    };
    Location before = parse(a.location), after = parse(b.location);
    for (Location* each : {&before, &after}) {
      if (each->host.ends_with('.')) each->host.pop_back();
      if (each->rest.ends_with('?')) each->rest.pop_back();
      if (each->rest.ends_with('/')) each->rest.pop_back();
    }
    return before.scheme == after.scheme && before.rest == after.rest &&
           std::equal(before.host.begin(), before.host.end(), after.host.begin(), after.host.end(), same_letter);
  });
}

bool redirect_query(std::string_view, const Counterexample& found) {
  return found.aspect == Aspect::query && pairs(found, [](const Answer& a, const Answer& b) {
           if (!both_redirect(a, b)) return false;
           return a.location.substr(0, a.location.find('?')) == b.location.substr(0, b.location.find('?'));
         });
}

bool empty_query(std::string_view, const Counterexample& found) {
  return found.difference == Difference::target && pairs(found, [](const Answer& a, const Answer& b) {
           return a.upstream_target + "?" == b.upstream_target || a.upstream_target == b.upstream_target + "?";
         });
}

bool letter_case(std::string_view, const Counterexample& found) {
  return found.aspect == Aspect::path_spelling && found.detail == "letter case";
}

bool missing_backend(std::string_view, const Counterexample& found) {
  return pairs(found, [](const Answer& a, const Answer& b) {
    return (a.status == 502 || a.status == 503) && (b.status == 500 || b.status == 503);
  });
}

bool wildcard_label(std::string_view host, const Counterexample& found) {
  return host.starts_with("*.") && pairs(found, [](const Answer& a, const Answer& b) {
           return own_answer(a) && (a.status == 404 || a.status == 200) && b.rule;
         });
}

bool path_spelling(std::string_view, const Counterexample& found) {
  return found.aspect == Aspect::path_spelling && found.impact != Impact::security;
}

constexpr std::array rows = {
    Cause{"fragment", "a '#' in a request target is malformed: ingress-nginx cuts it off, others answer 400", fragment},
    Cause{"trace-method", "ingress-nginx refuses TRACE and CONNECT with 405", trace_or_connect},
    Cause{"left-out", "the old controller guards this route; what the target cannot guard is left out, not opened",
          protected_route},
    Cause{"no-certificate",
          "there is no certificate for the name: the old controller serves its own one, a Gateway has no listener",
          no_certificate},
    Cause{"server-name", "only a client that names one host in TLS and another in HTTP sees this", other_server_name},
    Cause{"status-pages", "pages of the old controller itself, /healthz and the like", status_pages},
    Cause{"cors-preflight",
          "ingress-nginx answers every OPTIONS of a host with CORS itself; a CORS filter only real preflights",
          cors_preflight},
    Cause{"redirect-slash", "the old redirect drops one trailing slash; the page that is reached is the same",
          redirect_slash},
    Cause{"redirect-spelling", "the two Locations spell the same address: a default port, letter case, a final '/'",
          redirect_spelling},
    Cause{"redirect-query", "one of the redirects drops the query", redirect_query},
    Cause{"empty-query", "one side drops the '?' of an empty query", empty_query},
    Cause{"wildcard-depth", "a wildcard of Gateway API takes more labels and more characters than the old one",
          wildcard_label},
    Cause{"letter-case", "the old controller matches these paths whatever their letter case", letter_case},
    Cause{"no-endpoint", "no endpoint answers: the status of the error is another", missing_backend},
    Cause{"path-spelling", "an unusual spelling of the path (doubled slash, dots, escapes) is normalised otherwise",
          path_spelling},
};

}  // namespace

std::span<const Cause> causes() {
  return rows;
}

const Cause* cause(std::string_view name) {
  const auto* found = std::find_if(rows.begin(), rows.end(), [&](const Cause& c) { return c.name == name; });
  return found == rows.end() ? nullptr : found;
}

const Cause* cause_of(std::string_view host, const Counterexample& found) {
  const auto* row = std::find_if(rows.begin(), rows.end(), [&](const Cause& c) { return c.fits(host, found); });
  return row == rows.end() ? nullptr : row;
}

}  // namespace gw::verify
