#include "convert/providers/nginx/notes.h"

#include <algorithm>

namespace gw::convert::nginx {

Facts facts_of(const Hosts& hosts) {
  Facts f;
  for (const auto& [name, host] : hosts.by_name) {
    if (f.host.empty() && !name.empty() && !name.starts_with("*.")) f.host = name;
    f.wildcard = f.wildcard || name.starts_with("*.");
    f.regex = f.regex || regex_host(host);
    for (const Location& l : host.locations) {
      f.catch_all = f.catch_all || (name.empty() && l.backend);
      f.guarded = f.guarded || (l.implicit && l.config &&
                                (l.config->protected_ || !l.config->denied.empty() || !l.config->host_intents.empty()));
    }
  }
  return f;
}

namespace {

void add_facts(const Ir& ir, Facts& f) {
  for (const Server& server : ir.servers) {
    f.tls = f.tls || server.tls;
    f.plain = f.plain || !server.tls;
    for (const Rule& rule : server.rules) {
      if (!rule.action || !rule.action->redirect) continue;
      f.redirects = true;
      f.urls = f.urls || rule.action->redirect->host.has_value();
    }
  }
  if (f.host.empty()) f.host = "www.example.org";
}

struct NoteRow {
  std::string_view code;
  bool (*concerns)(const Facts&);
  std::string_view message;
  std::string_view path;  // of a request that shows it; a scheme in front replaces http
};

constexpr NoteRow rows[] = {
    {"GW620", [](const Facts&) { return true; },
     "paths with '//', dot segments, escapes (%2F too) or bytes that are not ASCII: ingress-nginx decodes and cleans a "
     "path before it matches and forwards the raw one, refuses '..' above the root, %00 and bad escapes with 400, and "
     "cuts at '#'; Gateway API matches what the gateway sees",
     "/a//b%2Fc"},
    {"GW621", [](const Facts& f) { return f.wildcard; },
     "hosts with two or more labels under a wildcard: ingress-nginx takes *.example.com for one label ([A-Za-z0-9_-]), "
     "Gateway API for one or more",
     "http://a.b.example.com/"},
    {"GW622", [](const Facts& f) { return f.plain; },
     "https to a host without TLS: ingress-nginx answers with its self-signed certificate; the output has no listener "
     "for it",
     "https:/"},
    {"GW623", [](const Facts& f) { return f.redirects; },
     "redirects to https or to the www name: ingress-nginx cuts one '/' off the end of path and query, a gateway keeps "
     "it",
     "/path/"},
    {"GW624", [](const Facts&) { return true; },
     "requests to a Service or a port that does not exist: 503 from ingress-nginx, 500 from a gateway; a canary "
     "without endpoints gives "
     "way to its primary in ingress-nginx only; a refused connection is 502 after a retry",
     "/"},
    {"GW625", [](const Facts&) { return true; },
     "/healthz and /nginx_status of hosts that nobody names: ingress-nginx answers itself",
     "http://unknown.example.org/healthz"},
    {"GW626", [](const Facts&) { return true; },
     "bodies over 1 MiB (413), X-Forwarded-* of the client (replaced, the old ones kept as X-Original-Forwarded-For), "
     "HSTS on answers of "
     "the controller itself: defaults of ingress-nginx that a gateway has otherwise",
     "/"},
    {"GW627", [](const Facts&) { return true; },
     "requests with an empty, doubled or missing Host, or one with a trailing dot: ingress-nginx answers 400, or "
     "ignores the dot",
     "/"},
    {"GW628", [](const Facts& f) { return f.regex; },
     "hosts with regular expressions: ingress-nginx matches without regard to case on the decoded path, and a rewrite "
     "decodes and encodes "
     "it anew; a prefix match of the output regards case",
     "/API/x"},
    {"GW629", [](const Facts& f) { return f.tls; },
     "https with a server name that no host has, or with another one than Host: ingress-nginx answers for Host with "
     "the certificate of "
     "the name, a gateway refuses the handshake, answers 421 or 404",
     "https://unknown.example.org/"},
    {"GW630", [](const Facts& f) { return f.redirects; },
     "Location of redirects: ingress-nginx drops the query for app-root and permanent or temporal redirects, writes a "
     "URL without path as it "
     "is, keeps Host's port for app-root, writes :80 or :443 for www, and keeps Host's letter case; a gateway keeps "
     "the query and writes its own port",
     "/?q=1"},
    {"GW631", [](const Facts& f) { return f.guarded; },
     "paths that no rule names, on a host whose first Ingress asks for authentication, an address or a client "
     "certificate: ingress-nginx "
     "answers 401, 403 or 503, the output 404",
     "/not-there"},
    {"GW632", [](const Facts&) { return true; },
     "weights, affinity and header rules belong to the Service in ingress-nginx, so they hold for every path that uses "
     "it",
     "/"},
    {"GW634", [](const Facts&) { return true; },
     "methods TRACE and CONNECT: ingress-nginx answers 405, a gateway may forward them", "/"},
    {"GW633", [](const Facts& f) { return f.wildcard || f.catch_all; },
     "paths that an exact host does not have: ingress-nginx answers 404 and never looks at wildcard or host-less "
     "rules; gateways differ",
     "/not-there"},
};

}  // namespace

void add_notes(Facts facts, const Ir& ir, Ledger& ledger) {
  add_facts(ir, facts);
  for (const NoteRow& row : rows) {
    if (!row.concerns(facts)) continue;
    std::string request = "GET ";
    if (row.path.starts_with("http"))
      request += row.path.find("://") != std::string_view::npos ? std::string(row.path) : "https://" + facts.host + "/";
    else
      request += "http://" + facts.host + std::string(row.path);
    ledger.note(
        {std::string(row.code), diag::Severity::info, std::string(row.message), std::move(request), nullptr, nullptr});
  }
}

}  // namespace gw::convert::nginx
