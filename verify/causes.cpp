#include "verify/causes.h"

#include <algorithm>
#include <array>

#include "route/target.h"

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

// No rule of anybody: what a controller or gateway answers by itself.
bool own_answer(const Answer& answer) {
  return !answer.rule && answer.backend.empty() && answer.backends.empty() && answer.location.empty();
}

// One side refuses the method before it looks for a rule.
bool trace_or_connect(std::string_view, const Counterexample& found) {
  if (found.request.method != "TRACE" && found.request.method != "CONNECT") return false;
  const auto refuses = [](const Answer& answer) {
    return own_answer(answer) && (answer.status == 0 || answer.status >= 400);
  };
  return pairs(found, [&](const Answer& a, const Answer& b) { return refuses(a) || refuses(b); });
}

// Written as everybody writes it: what is refused for its spelling alone was not left out.
bool protected_route(std::string_view, const Counterexample& found) {
  if (found.aspect == Aspect::host_spelling || found.aspect == Aspect::path_spelling) return false;
  return pairs(found, [](const Answer& a, const Answer& b) {
    const bool guarded = a.status == 401 || a.status == 403 ||
                         has_attribute(a, {"auth", "allowlist", "denylist", "whitelist", "client-cert"});
    return guarded && (b.status == 0 || b.status == 404 || b.status == 500);
  });
}

// Nobody has a certificate for the name: what is answered under a default one, if anything, is each side's own affair.
bool no_certificate(std::string_view, const Counterexample& found) {
  if (found.request.scheme != route::Scheme::https) return false;
  // Without a name only the old controller's own certificate could serve it.
  const bool nameless = found.aspect == Aspect::server_name && found.detail == "no server name";
  if (!nameless && (found.aspect == Aspect::server_name || found.certificate)) return false;
  return pairs(found, [](const Answer& a, const Answer& b) {
    const bool refused = b.status == 0 || (own_answer(b) && (b.status == 404 || b.status == 421));
    return (a.status != 0 && refused) || (a.status == 0 && own_answer(b));
  });
}

bool other_server_name(std::string_view, const Counterexample& found) {
  return found.aspect == Aspect::server_name;
}

bool trailing_dot(std::string_view, const Counterexample& found) {
  return found.aspect == Aspect::host_spelling && found.detail == "trailing dot";
}

bool status_pages(std::string_view, const Counterexample& found) {
  return pairs(found,
               [](const Answer& a, const Answer& b) { return a.status == 200 && own_answer(a) && b.status == 404; });
}

bool cors_preflight(std::string_view, const Counterexample& found) {
  const auto sent = [&](std::string_view name) {
    return std::any_of(found.request.headers.begin(), found.request.headers.end(),
                       [&](const auto& header) { return route::equal_fold(header.first, name); });
  };
  if (sent("origin") && sent("access-control-request-method")) return false;
  return found.request.method == "OPTIONS" &&
         pairs(found, [](const Answer& a, const Answer&) { return a.status == 204 && a.backend.empty(); });
}

// A preflight of an origin that no rule allows: the browser refuses either answer.
bool cors_origin(std::string_view, const Counterexample& found) {
  return found.request.method == "OPTIONS" && pairs(found, [](const Answer& a, const Answer& b) {
           const bool passed_on = a.status == 200 && (!a.backend.empty() || !a.backends.empty());
           return passed_on && b.rule && (b.status == 200 || b.status == 204) && b.backend.empty() &&
                  b.backends.empty();
         });
}

bool limited(const std::vector<Answer>& answers) {
  return std::any_of(answers.begin(), answers.end(), [](const Answer& answer) {
    return std::find(answer.notes.begin(), answer.notes.end(), rate_limit) != answer.notes.end();
  });
}
bool limit_status(std::string_view, const Counterexample& found) {
  return found.difference == Difference::status && limited(found.old_answer.any_of) && limited(found.new_answer.any_of);
}

bool redirect_slash(std::string_view, const Counterexample& found) {
  return pairs(found, [&target = found.request.target](const Answer& a, const Answer& b) {
    if (!both_redirect(a, b)) return false;
    const Location before = parse(a.location), after = parse(b.location);
    return before.scheme == after.scheme && before.host == after.host && before.rest + "/" == after.rest &&
           after.rest == target;
  });
}

// RFC 3986 6.2.2.1: the letters of an escape may be written either way.
std::string upper_escapes(std::string text) {
  for (std::size_t i = 0; i + 2 < text.size(); ++i)
    if (text[i] == '%')
      for (std::size_t digit = i + 1; digit <= i + 2; ++digit)
        if (text[digit] >= 'a' && text[digit] <= 'f') text[digit] = static_cast<char>(text[digit] - 'a' + 'A');
  return text;
}

// The same address, written otherwise; a slash that the old redirect drops counts where the new one keeps the
// request's.
bool redirect_spelling(std::string_view, const Counterexample& found) {
  return pairs(found, [&target = found.request.target](const Answer& a, const Answer& b) {
    if (!both_redirect(a, b)) return false;
    const auto same_letter = [](char x, char y) {
      const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; };
      return lower(x) == lower(y);
    };
    Location before = parse(a.location), after = parse(b.location);
    for (Location* each : {&before, &after}) {
      if (each->host.ends_with('.')) each->host.pop_back();
      if (each->rest.ends_with('?')) each->rest.pop_back();
      if (each->rest.empty()) each->rest = "/";
    }
    const bool kept = before.rest + "/" == after.rest && after.rest == target;
    return before.scheme == after.scheme && (upper_escapes(before.rest) == upper_escapes(after.rest) || kept) &&
           std::equal(before.host.begin(), before.host.end(), after.host.begin(), after.host.end(), same_letter);
  });
}

bool old_protocol(std::string_view, const Counterexample& found) {
  return found.aspect == Aspect::protocol &&
         pairs(found, [](const Answer&, const Answer& b) { return b.status == 426 && own_answer(b); });
}

// Permanent or not as before, to the same address; the other code keeps the method, or does not.
bool redirect_code(std::string_view, const Counterexample& found) {
  const auto permanent = [](int status) { return status == 301 || status == 308; };
  const auto temporary = [](int status) { return status == 302 || status == 303 || status == 307; };
  return pairs(found, [&](const Answer& a, const Answer& b) {
    if (a.location.empty() || b.location.empty() || a.status == b.status) return false;
    if (!(permanent(a.status) && permanent(b.status)) && !(temporary(a.status) && temporary(b.status))) return false;
    const Location before = parse(a.location), after = parse(b.location);
    const std::string rest = before.rest.empty() ? "/" : before.rest;
    return before.scheme == after.scheme && route::equal_fold(before.host, after.host) &&
           (rest == after.rest || (rest + "/" == after.rest && after.rest == found.request.target));
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
           return a.backend_target + "?" == b.backend_target || a.backend_target == b.backend_target + "?";
         });
}

bool letter_case(std::string_view, const Counterexample& found) {
  if (found.aspect == Aspect::path_spelling) return found.detail == "letter case";
  // The same path with a query: its spelling is what differs.
  const std::string_view path = std::string_view(found.request.target).substr(0, found.request.target.find('?'));
  return found.aspect == Aspect::query && found.difference == Difference::backend &&
         std::any_of(path.begin(), path.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
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

bool malformed_target(std::string_view, const Counterexample& found) {
  static constexpr std::string_view details[] = {"encoded zero byte", "bad escape", "backslash",
                                                 "parent segment above the root"};
  if (found.aspect != Aspect::path_spelling) return false;
  if (std::find(std::begin(details), std::end(details), found.detail) != std::end(details)) return true;
  return only_by_hand(found.detail) && found.detail != "doubled slash" &&
         pairs(found, [](const Answer& a, const Answer& b) { return a.status == 400 || b.status == 400; });
}

bool hand_made_path(std::string_view, const Counterexample& found) {
  return found.aspect == Aspect::path_spelling && only_by_hand(found.detail);
}

// The gateway redirects or refuses before it looks for a route.
bool escaped_slash(std::string_view, const Counterexample& found) {
  return found.aspect == Aspect::path_spelling && found.detail == "encoded slash" &&
         pairs(found, [](const Answer&, const Answer& b) {
           return !b.rule && b.backend.empty() && b.backends.empty() && (b.status == 307 || b.status == 400);
         });
}

bool path_spelling(std::string_view, const Counterexample& found) {
  return found.aspect == Aspect::path_spelling && found.impact != Impact::security;
}

constexpr std::array rows = {
    Cause{"fragment", "a '#' in a request target is malformed: ingress-nginx cuts it off, others answer 400", fragment,
          true, "Browsers and client libraries keep the fragment of a URL to themselves."},
    Cause{"trace-method", "one side refuses TRACE and CONNECT by itself", trace_or_connect, true,
          "Browsers may not send TRACE, and CONNECT asks for a proxy, which neither side is."},
    Cause{"no-certificate",
          "there is no certificate for the name: the old controller serves its own one, a Gateway has no listener",
          no_certificate, true,
          "Over https, for a name without a certificate of its own. Clients refused the old controller's own "
          "certificate, too, unless they check none. A name that has a certificate (spec.tls) is never excused so."},
    Cause{"server-name", "only a client that names one host in TLS and another in HTTP sees this", other_server_name,
          true, "Browsers and client libraries name the host of the URL in both."},
    Cause{"left-out", "the old controller guards this route; what the target cannot guard is left out, not opened",
          protected_route},
    Cause{"status-pages", "pages of the old controller itself, /healthz and the like", status_pages, true,
          "Load balancers may ask for /healthz at the old controller's address: point their health checks elsewhere."},
    Cause{"cors-preflight",
          "ingress-nginx answers every OPTIONS of a host with CORS itself; a CORS filter only real preflights",
          cors_preflight, true,
          "An OPTIONS that is not a preflight: browsers send none. Preflights are never excused so."},
    Cause{"cors-origin",
          "a preflight of an origin that is not allowed: the old controller passes it to the backend, the gateway "
          "answers",
          cors_origin},
    Cause{"limit-status", "too many requests are refused on both sides, with another status", limit_status},
    Cause{"redirect-slash", "the old redirect drops one trailing slash; the page that is reached is the same",
          redirect_slash, true, "The new redirect keeps the URL as it was asked for."},
    Cause{"redirect-spelling", "the two Locations spell the same address: a default port, letter case, a final '/'",
          redirect_spelling, true, "A client that follows either reaches the same page."},
    Cause{"redirect-code", "another code redirects to the same address, as permanently as before", redirect_code, true,
          "For GET and HEAD, which end on the same page. A POST that is redirected may become a GET, and is never "
          "excused so."},
    Cause{"http-1.0", "the gateway refuses HTTP/1.0 with 426", old_protocol, true,
          "Browsers and client libraries speak HTTP/1.1 or later; old health checks may not."},
    Cause{"redirect-query", "one of the redirects drops the query", redirect_query},
    Cause{"empty-query", "one side drops the '?' of an empty query", empty_query},
    Cause{"wildcard-depth", "a wildcard of Gateway API takes more labels and more characters than the old one",
          wildcard_label},
    Cause{"letter-case", "the old controller matches these paths whatever their letter case", letter_case},
    Cause{"no-endpoint", "no endpoint answers: the status of the error is another", missing_backend, true,
          "The request fails on both sides, as 502, 503 or 500."},
    Cause{"trailing-dot", "the host is written with the final dot of the DNS root, and one side does not know it so",
          trailing_dot, true, "https://shop.example.com./ has to be typed."},
    Cause{"malformed-target", "a malformed target (bad escape, zero byte, above the root): one side refuses it",
          malformed_target, true,
          "What is above the root, %zz, %00 or a backslash is not a path of a well-formed URL."},
    Cause{"hand-made-path", "doubled slashes, dot segments and needless escapes in a path are normalised otherwise",
          hand_made_path, true,
          "URL libraries resolve dot segments and leave letters alone before they send, and joining a path to a base "
          "URL makes no doubled slash. If clients of yours glue texts together, --access-log finds them."},
    Cause{"escaped-slash", "the gateway itself redirects or refuses a path with an encoded slash (%2F)", escaped_slash,
          true,
          "It does so for every host. Where clients of yours send %2F, tell it to leave the path alone: for Envoy "
          "Gateway a ClientTrafficPolicy with path.escapedSlashesAction: KeepUnchanged."},
    Cause{"path-spelling", "an unusual spelling of the path (an encoded slash, space or letter) is treated otherwise",
          path_spelling},
};

bool denied(const Answer& answer) {
  return answer.status == 401 || answer.status == 403;
}

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

bool standing(const Counterexample& found) {
  const Cause* row = cause(found.cause);
  if (!row || !row->standing || found.difference == Difference::guard) return false;
  if (row->name == "redirect-code" && found.request.method != "GET" && found.request.method != "HEAD") return false;
  const auto& before = found.old_answer.any_of;
  const auto& after = found.new_answer.any_of;
  const bool guarded = std::any_of(before.begin(), before.end(), denied);
  const bool served = std::any_of(after.begin(), after.end(), [](const Answer& b) { return b.status == 200; });
  return !guarded || !served || std::any_of(after.begin(), after.end(), denied);
}

bool agrees_to(std::string_view word, std::string_view cause) {
  return !cause.empty() &&
         (word == cause || (word == "path-spelling" && (cause == "hand-made-path" || cause == "malformed-target")));
}

bool only_by_hand(std::string_view detail) {
  static constexpr std::string_view details[] = {
      "doubled slash", "dot segment",       "parent segment", "parent segment above the root",
      "encoded dots",  "encoded separator", "encoded letter", "encoded zero byte",
      "bad escape",    "fragment",          "backslash",      "trailing dot"};
  return std::find(std::begin(details), std::end(details), detail) != std::end(details);
}

std::string standing_page() {
  std::string out =
      "Every move off an Ingress controller changes the answers to some requests, for every host and whatever the "
      "manifests say. verify counts them in one line and leaves the verdict at PROVED_MODULO; --strict makes each of "
      "them DIFFERS, --accept NAME agrees to one. A guard (401, 403) that is lost is never among them.\n\n";
  for (const Cause& row : rows)
    if (row.standing)
      out += std::string(row.name) + ": " + std::string(row.title) + ". " + std::string(row.more) + "\n\n";
  return out +
         "What a browser or a client library sends is never among them: the path with and without its final slash, "
         "letter case, queries, encoded spaces, UTF-8, percent and question marks, a slash encoded within a name "
         "(%2F) that a rule treats otherwise, path parameters (;v=1), the host in capital letters or with a port, HEAD "
         "and POST, preflights.";
}

}  // namespace gw::verify
