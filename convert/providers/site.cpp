#include "convert/providers/site.h"

#include <algorithm>

#include "convert/object_names.h"
#include "convert/providers/common.h"
#include "convert/providers/order.h"
#include "convert/regex.h"

namespace gw::convert {

Site::Site(std::string_view provider, const Input& input, Ir& ir, Ledger& ledger)
    : input_(input), ir_(ir), ledger_(ledger) {
  dialect_.provider = provider;
}

Wishes& Site::wishes(const kube::Object& owner) {
  Wishes& w = wishes_.emplace_back();
  w.object = &owner;
  return w;
}

Server& Site::server(std::string_view host, const kube::Object& owner, kube::Port http, kube::Port https) {
  Server& s = servers_[{host, http, https}];
  if (!s.owner) s.owner = &owner, s.host = host, s.http_port = http, s.https_port = https;
  return s;
}

void Site::certificate(std::string_view host, const kube::Object& owner, const yaml::Node* at, std::string_view ns,
                       std::string_view secret, kube::Port http, kube::Port https) {
  Server& s = server(host, owner, http, https);
  s.tls = true;
  if (!s.certificates.empty()) return;
  if (secret.empty()) {
    secret = ir_.keep(dns_name("tls-" + (host.empty() ? std::string("default") : host_slug(host))));
    ledger_.note({"GW609",
                  diag::Severity::warning,
                  "no Secret is named for " +
                      (host.empty() ? std::string("hosts without a name") : "host '" + std::string(host) + "'") +
                      "; the listener refers to '" + std::string(secret) + "'",
                  {},
                  &owner,
                  at,
                  "create that Secret, or name one"});
  }
  s.certificates.push_back({ir_.keep(std::string(ns)), ir_.keep(std::string(secret))});
}

void Site::add(SiteRule rule) {
  server(rule.host, *rule.owner, rule.http_port, rule.https_port);
  if (rule.reach == Reach::regex)
    if (const auto why = not_re2(rule.text)) {
      ledger_.note(
          {"GW616",
           diag::Severity::error,
           "path '" + std::string(rule.text) + "' has " + *why + ", which gateways cannot read: it is left out",
           {},
           rule.owner,
           rule.at,
           {},
           Loss::other});
      return;
    }
  rules_[{rule.host, rule.http_port, rule.https_port}].push_back(std::move(rule));
}

void Site::write(Server& server, const SiteRule& from) {
  OfferWriter writer(dialect_, input_, ir_, ledger_, actions_);
  Offer offer;
  offer.wishes = from.wishes;
  offer.at = from.at;
  offer.text = from.text;
  offer.reach = from.reach;
  for (const Offer& one : writer.spelled(offer)) write(server, from, one);
}

void Site::write(Server& server, const SiteRule& from, const Offer& offer) {
  OfferWriter writer(dialect_, input_, ir_, ledger_, actions_);
  Wishes& w = const_cast<Wishes&>(*from.wishes);
  if (!w.shared) w.shared = std::make_shared<Action>(w.plain);
  std::vector<std::string> methods = from.methods;
  if (methods.empty()) methods.emplace_back();
  for (const std::string& method : methods) {
    Rule rule;
    rule.owner = from.owner;
    rule.at = from.at;
    writer.match(rule, offer);
    if (!method.empty() || !from.conditions.headers.empty() || !from.conditions.query.empty()) {
      Conditions c = from.conditions;
      c.method = method;
      rule.conditions = std::make_shared<Conditions>(std::move(c));
    }
    if (!w.redirect) rule.backends = from.backends;
    if (w.https_redirect.value_or(false) && from.http) {
      writer.redirect_to_https(server, rule, w, writer.action(offer, true).get());
      if (!from.https || !server.tls) continue;
      rule.scheme = Scheme::https;
    } else if (!from.http) {
      rule.scheme = Scheme::https;
    } else if (!from.https) {
      rule.scheme = Scheme::http;
    }
    const std::shared_ptr<Action> plain = writer.action(offer, false), secure = writer.action(offer, true);
    if (rule.scheme == Scheme::both && server.tls && plain != secure) {
      Rule other = rule;
      other.scheme = Scheme::https;
      other.action = secure;
      server.rules.push_back(std::move(other));
      rule.scheme = Scheme::http;
    }
    rule.action = rule.scheme == Scheme::https ? secure : plain;
    server.rules.push_back(std::move(rule));
  }
}

void Site::finish(bool fall_through) {
  std::map<Key, std::set<const yaml::Node*>> borrowed;
  if (fall_through) {
    const auto before = rules_;
    for (auto& [key, rules] : rules_)
      for (const auto& [other, more] : before) {
        const std::string_view wide = other.host, host = key.host;
        const bool within = wide.empty() ? !host.empty() : wide.starts_with("*.") && wide != host && covers(wide, host);
        if (!within || other.http != key.http || other.https != key.https) continue;
        for (const SiteRule& rule : more) {
          rules.push_back(rule);
          borrowed[key].insert(rule.at);
        }
      }
  }
  for (auto& [key, server] : servers_) {
    auto& rules = rules_[key];
    std::stable_sort(rules.begin(), rules.end(), [](const SiteRule& a, const SiteRule& b) { return a.rank > b.rank; });
    for (const SiteRule& rule : rules)
      if (!rule.http && !server.tls)
        certificate(key.host, *rule.owner, rule.at, rule.owner->metadata.ns, {}, key.http, key.https);
    for (const SiteRule& rule : rules) write(server, rule);
    keep_order(server, borrowed[key], ir_, ledger_);
    if (!server.rules.empty() || server.tls) ir_.servers.push_back(std::move(server));
  }
}

}  // namespace gw::convert
