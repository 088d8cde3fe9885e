// F5 NGINX Ingress Controller: one Ingress a host, or a master and its minions; raw nginx locations; one bad value
// rejects the whole Ingress.
#include <algorithm>
#include <set>

#include "convert/providers/common.h"
#include "convert/providers/dialects.h"
#include "convert/providers/f5/annotations.h"
#include "convert/providers/f5/values.h"
#include "convert/providers/f5/virtual_server.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/nginx/snippet.h"
#include "convert/providers/reader.h"
#include "convert/providers/values.h"
#include "convert/regex.h"

namespace gw::convert {
namespace {

using namespace f5::values;

// ---- the whole Ingress

// "serviceName=s rewrite=/x;…"
std::vector<std::pair<std::string, std::string>> rewrites(std::string_view text) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const std::string& item : nginx::split(text, ';')) {
    const std::size_t space = item.find(" rewrite=");
    if (item.starts_with("serviceName=") && space != std::string::npos && item[space + 9] == '/')
      out.emplace_back(item.substr(12, space - 12), item.substr(space + 9));
    else
      out.emplace_back();
  }
  return out;
}

std::set<std::string> services(const kube::Ingress& ingress) {
  std::set<std::string> out;
  if (ingress.spec.default_backend && ingress.spec.default_backend->service)
    out.insert(ingress.spec.default_backend->service->name);
  for (const auto& rule : ingress.spec.rules)
    if (rule.http)
      for (const auto& path : rule.http->paths)
        if (path.backend.service) out.insert(path.backend.service->name);
  return out;
}

std::string rejected(const kube::Ingress& ingress, const Wishes& w) {
  if (ingress.spec.rules.empty()) return "it has no rules";
  std::set<std::string> hosts;
  for (const auto& rule : ingress.spec.rules) {
    if (rule.host.empty()) return "a rule has no host";
    if (!hosts.insert(rule.host).second) return "host " + rule.host + " stands in two rules";
  }
  const auto known = services(ingress);
  for (const auto& [service, to] : rewrites(w.text("rewrites")))
    if (!known.contains(service)) return "rewrites is not valid or names a Service that it does not use";
  for (const char* key : {"ssl-services", "grpc-services", "websocket-services"})
    for (const std::string& service : nginx::split(w.text(key)))
      if (!known.contains(service)) return std::string(key) + " names a Service that it does not use";
  for (const auto& rule : ingress.spec.rules)
    if (rule.http)
      for (const auto& path : rule.http->paths) {
        if (path.path.empty() && path.path_type != "Exact" && path.path_type != "Prefix") continue;
        if (!path.path.starts_with('/') || path.path.find_first_of("; \t\n") != std::string::npos)
          return "path '" + path.path + "' is not valid";
      }
  const std::string_view kind = w.text("mergeable-ingress-type");
  const bool paths =
      !ingress.spec.rules.empty() && ingress.spec.rules[0].http && !ingress.spec.rules[0].http->paths.empty();
  if (!kind.empty() && ingress.spec.rules.size() != 1) return "a master or minion has exactly one rule";
  if (kind == "master" && paths) return "a master has no paths";
  if (kind == "minion" && !paths) return "a minion has paths";
  if (kind == "minion" && !ingress.spec.tls.empty()) return "a minion has no tls";
  return {};
}

// NGINX refuses the whole configuration, and with it every later change of anybody.
std::string refused(const kube::Ingress& ingress, const Wishes& w) {
  const bool regex = w.text("path-regex").starts_with("case_");
  if (regex && w.find("rewrites")) return "rewrites beside a path-regex";
  for (const auto& rule : ingress.spec.rules) {
    std::set<std::string> seen;
    if (!rule.http) continue;
    for (const auto& path : rule.http->paths) {
      if (w.text("path-regex").empty() && path.path.find_first_of("{}") != std::string::npos)
        return "braces in path '" + path.path + "'";
      if (w.find("rewrite-target") && path.path_type == "Exact" && w.text("path-regex").empty())
        return "rewrite-target beside the Exact path '" + path.path + "'";
      if (!regex && path.path_type != "Exact" && !seen.insert(path.path.empty() ? "/" : path.path).second)
        return "path '" + path.path + "' twice on one host";
    }
  }
  return {};
}

void prepare(Asking& asking, const kube::Ingress& ingress) {
  Wishes& w = asking.wishes;
  if (w.dropped.empty()) w.dropped = rejected(ingress, w);
  if (const std::string parent =
          w.find("basic-auth-realm") && !w.find("basic-auth-secret") ? "basic-auth-secret"
          : (w.find("hsts-max-age") || w.find("hsts-include-subdomains") || w.find("hsts-behind-proxy")) &&
                  !w.find("hsts")
              ? "hsts"
              : "";
      !parent.empty() && w.dropped.empty())
    w.dropped = "an annotation needs " + parent + " beside it";
  const bool snippet = w.find("server-snippets") || w.find("location-snippets");
  if (snippet && w.dropped.empty() && !asking.input.options.accepts(Loss::snippet))
    w.dropped = "snippets need -enable-snippets; without it the controller rejects the Ingress";
  for (const auto& [key, value] : ingress.metadata.annotations)
    if (key.starts_with("nginx.com/") && w.dropped.empty()) w.dropped = key + " needs NGINX Plus";
  if (w.dropped.empty())
    if (const std::string why = refused(ingress, w); !why.empty())
      asking.ledger.note({"GW607",
                          diag::Severity::error,
                          why + ": NGINX refuses the whole configuration and every later change of anybody",
                          {},
                          &ingress,
                          nullptr,
                          "repair it before anything is converted",
                          Loss::other});
  if (const Given* given = w.find("rewrites")) asking.converted(*given, "URLRewrite of the paths of each Service");
  if (w.text("mergeable-ingress-type") == "minion") w.https_redirect.reset();
}

// Rewrites of one Service's paths; a target with captures of the path that it stands on.
void own_rewrite(Offer& offer) {
  const Wishes& w = *offer.wishes;
  if (const Given* given = w.find("rewrites"); given && offer.backend->service)
    for (const auto& [service, to] : rewrites(given->text))
      if (service == offer.backend->service->name) {
        RewriteWish& wish = offer.own_rewrite.emplace();
        wish.kind = RewriteWish::Kind::prefix;
        wish.target = to;
        wish.claims = {given->claim};
        return;
      }
  if (w.rewrite.kind != RewriteWish::Kind::pattern) return;
  if (w.rewrite.target.find('?') != std::string::npos) {
    auto special = std::make_shared<Special>();
    special->intents.push_back({Foreign{w.rewrite.target}, w.rewrite.claims, Loss::rewrite, Outcome::refused,
                                "a query that is made of the path cannot be expressed"});
    offer.special = std::move(special);
    offer.own_rewrite.emplace();
    return;
  }
  RewriteWish& wish = offer.own_rewrite.emplace(w.rewrite);
  std::string_view text = offer.text;
  if (offer.reach == Reach::regex && text.ends_with(".*")) text.remove_suffix(2);
  wish.pattern = "^" + std::string(text) + ".*$";
  for (char& c : wish.target)
    if (c == '$') c = '\\';
}

// A location of its own text; the modes of path-regex.
bool match(Offer& offer, Asking& asking) {
  Wishes& w = const_cast<Wishes&>(*offer.wishes);
  const std::string_view mode = w.text("path-regex");
  if (!mode.empty() && offer.type == "Exact") {
    asking.ledger.note(
        {"GW643",
         diag::Severity::warning,
         "path '" + std::string(offer.text) +
             "' is never used: beside path-regex the controller writes an Exact path so that nothing matches it",
         {},
         offer.ingress,
         offer.at});
    return false;
  }
  if (mode.starts_with("case_")) {
    const std::string fold = mode == "case_insensitive" ? "(?i)" : "";
    const std::string_view text = offer.text;
    // `^` binds the first branch only.
    std::string body(text);
    if (top_level_alternation(text)) {
      const std::size_t bar = text.find('|');
      body = "(?:" + std::string(text.substr(0, bar)) + "|.*(?:" + std::string(text.substr(bar + 1)) + "))";
    }
    const bool end = body.ends_with('$') && !body.ends_with("\\$");
    if (end) body.pop_back();
    offer.text = asking.ir.keep(fold + body + (end ? "" : ".*"));
    offer.reach = Reach::regex;
  } else if (mode == "exact") {
    offer.reach = Reach::exact;
  }
  own_rewrite(offer);
  if (offer.text.find('%') != std::string_view::npos && offer.reach != Reach::regex) {
    asking.ledger.note({"GW643",
                        diag::Severity::warning,
                        "path '" + std::string(offer.text) + "' is never used: the controller's template drops the '%'",
                        {},
                        offer.ingress,
                        offer.at});
    return false;
  }
  return true;
}

// Exact, then expressions in the order of the file, then the longest prefix.
bool before(const Offer& a, const Offer& b) {
  const auto key = [](const Offer& o) {
    const int kind = o.fallback ? 3 : o.reach == Reach::exact ? 0 : o.reach == Reach::regex ? 1 : 2;
    return std::tuple(kind, kind == 2 ? ~o.text.size() : 0, o.place);
  };
  return key(a) < key(b);
}

bool joins(const Wishes& w) {
  return w.text("mergeable-ingress-type") == "minion";
}

// Of the same second the larger UID goes first; files seldom show it.
std::vector<const kube::Ingress*> order(std::vector<const kube::Ingress*> ingresses) {
  ingresses = by_age(std::move(ingresses), Ties::ascending);
  std::stable_sort(ingresses.begin(), ingresses.end(), [](const kube::Ingress* a, const kube::Ingress* b) {
    const kube::Metadata &x = a->metadata, &y = b->metadata;
    return x.creation_timestamp == y.creation_timestamp && !x.uid.empty() && !y.uid.empty() && x.uid > y.uid;
  });
  return ingresses;
}

constexpr DialectNote notes[] = {
    {"GW620", DialectNote::When::always,
     "paths with '//', dot segments, escapes or bytes that are not ASCII: NGINX decodes and cleans a path before it "
     "matches, forwards the raw one (cleaned where it is rewritten), and answers 400 for '..' above the root, %00 and "
     "bad escapes",
     "GET http://www.example.org/a//b%2Fc"},
    {"GW624", DialectNote::When::always,
     "a Service or port that is missing, has no endpoints, or refuses: 502 from the controller, 500 or 503 from a "
     "gateway",
     "GET http://www.example.org/"},
    {"GW626", DialectNote::When::always,
     "bodies over 1 MiB (413), Host forwarded without its port and in lower case, X-Forwarded-*: defaults of the "
     "controller",
     "GET http://www.example.org/"},
    {"GW627", DialectNote::When::always,
     "requests with an empty, doubled or missing Host, or one with a trailing dot: NGINX answers 400 or ignores the "
     "dot",
     "GET http://www.example.org./"},
    {"GW629", DialectNote::When::tls,
     "https with a server name other than Host, or of a host without TLS: the controller chooses the certificate by "
     "the one and the rules by the other (404 for what has no TLS); a gateway refuses the handshake or answers 421",
     "GET https://unknown.example.org/"},
    {"GW630", DialectNote::When::always,
     "Location of redirects: the controller writes https://host:443, drops the query for app-root, and keeps the raw "
     "path",
     "GET http://www.example.org/?q=1"},
    {"GW633", DialectNote::When::wildcard,
     "paths that an exact host does not have: the controller answers 404 and never looks at the wildcard; gateways "
     "differ. On https a host without TLS gives way to a wildcard with TLS",
     "GET http://www.example.org/not-there"},
    {"GW634", DialectNote::When::always, "methods TRACE and CONNECT: NGINX answers 405 and 400 itself",
     "TRACE http://www.example.org/"},
};

constexpr std::string_view config_maps[] = {"nginx-config", "nginx-ingress"};
constexpr std::string_view charts[] = {"nginx-ingress"};

// A template of one's own may say anything.
std::string deciding_text(std::string_view text) {
  return text.find("{{") != std::string_view::npos ? "a template" : nginx::deciding_directive(text);
}

const Dialect traits{
    .provider = "f5-nginx",
    .rows = f5::annotation_rows(),
    .prefix = Reach::bytes,
    .implementation = Reach::bytes,
    .one_owner = true,
    .slash_redirect = true,
    .default_backend = DefaultBackend::own_hosts,
    .tls = TlsMatch::exact,
    .redirect = TlsScope::named_hosts,
    .code = 301,
    .whole_host_redirect = true,
    .notes = notes,
    .match = match,
    .before = before,
    .prepare = prepare,
    .order = order,
    .joins = joins,
    .config_map = {{config_maps, charts}, deciding_text},
    .rival = f5::older_virtual_server,
};

}  // namespace

void read_f5(const Input& input, Ir& ir, Ledger& ledger) {
  if (!input.ingresses.empty())
    read_ingresses(traits, input, ir, ledger);
  else
    guards_by_default(input, traits.config_map, f5::annotation_rows(), ir, ledger);  // of VirtualServers, too
  f5::read_virtual_servers(input, ir, ledger);
}

std::vector<std::string_view> f5_annotations() {
  return full_names("nginx.org/", f5::annotation_rows());
}

}  // namespace gw::convert
