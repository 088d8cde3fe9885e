// Why an offer becomes several rules, and when one on http redirects.
//
// An offer is what one path of one Ingress asks for, whatever its controller: a text and how far it reaches, a backend,
// the wishes of its Ingress and Service. A rule of the Ir says one thing on one scheme. Between the two stand four
// questions.
//
// What does it match? Controllers compare bytes where Gateway API compares path elements, or match expressions;
// spelled() asks language/ for exact paths and prefixes that match the same, and match() falls back to an expression.
//
// What does it do? Rules with the same wishes share one Action, so that later stages see that they are alike and may
// stand in one route; a rewrite depends on the path, so it makes an Action of its own.
//
// Under which conditions? Every method is a rule of its own, as a match has one.
//
// On which scheme? That is emit(), and its decision is this. A path redirects to https where its Ingress says so, or,
// without a word of it, where the controller does so by itself (Dialect::redirect) for paths with TLS; never where it
// serves no http, and never as a default backend. A path that redirects is served on https only. A controller that
// redirects whole hosts (whole_host_redirect) has one rule for it already, and nothing is added here. A path that does
// not redirect is served on both, as one rule where http and https do the same, as two where an https answer carries
// HSTS; on https only if the host has TLS and, for controllers where each Ingress brings its own (own_https), if this
// one does.
#include "convert/providers/offers.h"

#include <algorithm>

#include "convert/providers/common.h"
#include "convert/providers/order.h"
#include "convert/providers/own.h"
#include "convert/regex.h"
#include "convert/target.h"

namespace gw::convert {
namespace {

bool empty(const Action& a) {
  return !a.redirect && !a.rewrite && a.rewrite_host.empty() && a.request_headers.empty() &&
         a.response_headers.empty() && !a.cors && a.mirrors.empty() && a.request_timeout.empty() &&
         a.backend_timeout.empty() && a.intents.empty() && !a.closed;
}

void merge(Action& into, const Action& more) {
  const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  append(into.request_headers, more.request_headers);
  append(into.response_headers, more.response_headers);
  append(into.mirrors, more.mirrors);
  append(into.intents, more.intents);
  append(into.claims, more.claims);
  if (into.rewrite_host.empty()) into.rewrite_host = more.rewrite_host;
  // What stands on the Service beats the Ingress.
  if (!more.request_timeout.empty()) into.request_timeout = more.request_timeout;
  if (!more.backend_timeout.empty()) into.backend_timeout = more.backend_timeout;
  if (!into.cors) into.cors = more.cors;
}

}  // namespace

void OfferWriter::match(Rule& rule, const Offer& offer) const {
  rule.path = offer.text;
  const RewriteWish::Kind rewrite = offer.rewrite().kind;
  const auto& redirect = offer.wishes->redirect;
  const bool prefix_rewrite = (redirect && redirect->path && redirect->path->prefix) ||
                              rewrite == RewriteWish::Kind::prefix || rewrite == RewriteWish::Kind::strip ||
                              rewrite == RewriteWish::Kind::add;
  switch (offer.reach) {
    case Reach::exact:
      rule.kind = PathKind::exact;
      return;
    case Reach::element:
      rule.kind = PathKind::prefix;
      if (offer.text.size() > 1 && offer.text.ends_with('/')) rule.path = offer.text.substr(0, offer.text.size() - 1);
      return;
    case Reach::bytes:
      rule.kind = PathKind::prefix;
      // Only a prefix match can replace what it matched.
      if (offer.text == "/" || (prefix_rewrite && offer.text.starts_with('/'))) return;
      rule.kind = PathKind::regex;
      rule.path = ir_.keep(bytes_regex(offer.text));
      return;
    case Reach::regex:
      rule.kind = PathKind::regex;
      return;
  }
}

std::vector<Offer> OfferWriter::spelled(const Offer& offer) const {
  const RewriteWish& wish = offer.rewrite();
  const bool by_pattern = wish.kind == RewriteWish::Kind::pattern && (!wish.in_place || wish.pattern.starts_with('^'));
  const bool below = offer.reach == Reach::bytes && offer.text.size() > 1 && offer.text.ends_with('/') &&
                     (wish.kind == RewriteWish::Kind::none || wish.kind == RewriteWish::Kind::whole);
  if (offer.fallback || (!by_pattern && offer.reach != Reach::regex && !below)) return {offer};
  std::string text = offer.reach == Reach::regex   ? std::string(offer.text)
                     : offer.reach == Reach::bytes ? bytes_regex(offer.text)
                     : offer.reach == Reach::exact ? escape_regex(offer.text)
                                                   : element_regex(offer.text);
  const language::PathPattern pattern{text, false, true, false};
  language::Substitution to;
  if (by_pattern) {
    to.search = {wish.pattern, false, false, true};
    to.parts = parts_of(wish.target, '\\', static_cast<unsigned>(captures(wish.pattern)));
    to.in_place = wish.in_place;
  }
  PathOptions options;
  options.exact = input_.options.exact_paths || offer.crowded;
  options.regex_rewrite = target(input_.options.to)->meets({RegexRewrite{"a", "b"}, {}, {}, {}, {}}, input_.options);
  const PathPieces pieces = path_pieces(pattern, by_pattern ? &to : nullptr, options);
  if (pieces.pieces.empty() || pieces.needs_regex_rewrite) return {offer};
  tell_spelled(offer, pieces);
  std::vector<Offer> out;
  for (const PathPiece& piece : pieces.pieces) {
    Offer one = offer;
    one.text = ir_.keep(piece.path);
    one.reach = piece.kind == PathKind::exact    ? Reach::exact
                : piece.kind == PathKind::prefix ? Reach::element
                                                 : Reach::regex;
    if (by_pattern) {
      RewriteWish own = wish;
      own.kind = piece.rewrite == PathPiece::Rewrite::prefix ? RewriteWish::Kind::prefix
                 : piece.rewrite == PathPiece::Rewrite::full ? RewriteWish::Kind::whole
                                                             : RewriteWish::Kind::none;
      own.target = piece.value;
      if (own.kind == RewriteWish::Kind::none)
        for (const Claim c : own.claims) ledger_.settle(c, Outcome::converted, "the path stays as it is", "");
      one.own_rewrite = std::move(own);
    }
    out.push_back(std::move(one));
  }
  return out;
}

void OfferWriter::tell_spelled(const Offer& offer, const PathPieces& pieces) const {
  if (pieces.differs.empty() || d_.slash_redirect) return;
  const std::string why =
      "written as plain paths: " + pieces.differs + (pieces.request.empty() ? "" : " ('" + pieces.request + "')");
  const RewriteWish& wish = offer.rewrite();
  for (const Claim c : wish.claims) ledger_.settle(c, Outcome::approximated, why, "GW603");
  if (!wish.claims.empty()) return;
  ledger_.note({"GW603",
                diag::Severity::warning,
                "path '" + std::string(offer.text) + "' is " + why,
                {},
                offer.wishes->object,
                offer.at});
}

void OfferWriter::rewrite(Action& a, const Offer& offer) const {
  const RewriteWish& wish = offer.rewrite();
  static constexpr std::string_view needs_regex =
      "Gateway API rewrites no path by a regular expression; use a target with policies (--to envoy-gateway)";
  const auto settle = [&](Outcome outcome, std::string_view detail, std::string_view code) {
    for (const Claim c : wish.claims) ledger_.settle(c, outcome, detail, code);
    if (wish.claims.empty()) tell(ledger_, wish.field, outcome, detail, Loss::rewrite);
  };
  const auto refuse = [&](Demand demand, std::string_view why) {
    a.intents.push_back({std::move(demand), wish.claims, Loss::rewrite, Outcome::refused, why, wish.field});
  };
  switch (wish.kind) {
    case RewriteWish::Kind::none:
      return;
    case RewriteWish::Kind::whole:
      a.rewrite = PathRewrite{false, wish.target};
      return settle(Outcome::converted, "URLRewrite of the whole path", "");
    case RewriteWish::Kind::pattern:
      if (const auto why = not_re2(wish.pattern))
        return refuse(Foreign{wish.pattern}, ir_.keep("its expression has " + *why + ", which gateways cannot read"));
      return refuse(RegexRewrite{wish.pattern, wish.target}, needs_regex);
    case RewriteWish::Kind::strip:
    case RewriteWish::Kind::add:
    case RewriteWish::Kind::prefix:
      break;
  }
  std::string target = wish.target;
  const std::string_view text = offer.text;
  if (wish.kind == RewriteWish::Kind::add) {
    target = text == "/" ? wish.target : wish.target + std::string(text);
  } else if (wish.kind == RewriteWish::Kind::strip) {
    const auto cut = std::find_if(wish.prefixes.begin(), wish.prefixes.end(),
                                  [&](const std::string& p) { return text.starts_with(p); });
    if (cut == wish.prefixes.end()) {
      const bool later = std::any_of(wish.prefixes.begin(), wish.prefixes.end(),
                                     [&](const std::string& p) { return p.starts_with(text); });
      if (!later && offer.reach != Reach::regex)
        return settle(Outcome::ignored, "no path of the rule starts with a prefix that is cut off", "GW605");
      return refuse(Foreign{wish.target},
                    "it cuts a prefix that the rule does not name: give that path a rule of its own");
    }
    target = text.substr(cut->size());
    if (!target.starts_with('/')) target.insert(0, "/");
  }
  if (offer.reach == Reach::regex)
    return refuse(Foreign{wish.target}, "the part of the path that an expression matched cannot be replaced");
  if (offer.reach == Reach::exact) {
    a.rewrite = PathRewrite{false, target};
    return settle(Outcome::converted, "URLRewrite of the whole path, which is matched exactly", "");
  }
  a.rewrite = PathRewrite{true, target};
  if (offer.reach == Reach::bytes && text != "/" && !text.ends_with('/'))
    return settle(Outcome::approximated,
                  ir_.keep("URLRewrite replaces path elements: " + std::string(text) +
                           "x is not matched any more, and slashes are not doubled"),
                  "GW603");
  settle(Outcome::converted, "URLRewrite of the matched prefix", "");
}

std::shared_ptr<Action> OfferWriter::action(const Offer& offer, bool https) {
  std::shared_ptr<Action> made = make_action(offer, https);
  return empty(*made) ? nullptr : made;
}

std::shared_ptr<Action> OfferWriter::make_action(const Offer& offer, bool https) {
  const std::string_view hsts = offer.fallback               ? std::string_view{}
                                : offer.wishes->hsts.empty() ? d_.hsts
                                                             : std::string_view(offer.wishes->hsts);
  const bool with_hsts = https && !hsts.empty() && hsts != "off";
  const bool by_path = offer.rewrite().kind != RewriteWish::Kind::none;
  std::string key = with_hsts ? "https" : "";
  if (by_path)
    key += "\n" + std::string(offer.text) + "\n" + std::to_string(static_cast<int>(offer.reach)) +
           std::to_string(static_cast<int>(offer.rewrite().kind)) + offer.rewrite().target;
  if (offer.fallback) key += "\nfallback";
  // What an annotation makes of one path alone is shared with no other.
  std::shared_ptr<Action> alone;
  auto& slot = offer.special ? alone : actions_[{offer.wishes, offer.service, std::move(key)}];
  if (slot) return slot;
  slot = offer.wishes->shared && !(offer.fallback && d_.default_backend == DefaultBackend::everywhere)
             ? std::make_shared<Action>(*offer.wishes->shared)
             : std::make_shared<Action>();
  if (offer.service) merge(*slot, offer.service->plain);
  if (offer.wishes->redirect && !offer.fallback) slot->redirect = *offer.wishes->redirect;
  if (offer.special) {
    if (offer.special->redirect) slot->redirect = *offer.special->redirect;
    slot->intents.insert(slot->intents.end(), offer.special->intents.begin(), offer.special->intents.end());
  }
  for (const Claim c : offer.rewrite().claims) slot->claims.push_back({FieldClaim::Field::rewrite, c});
  if (by_path && !slot->redirect && !offer.fallback) rewrite(*slot, offer);
  if (with_hsts)
    slot->response_headers.push_back({HeaderEdit::Op::set, "Strict-Transport-Security", std::string(hsts)});
  return slot;
}

void OfferWriter::redirect_to_https(Server& server, const Rule& rule, const Wishes& of_host,
                                    const Action* action) const {
  Rule r = rule;
  r.scheme = Scheme::http;
  r.backends.clear();
  r.action = std::make_shared<Action>();
  Redirect to;
  to.scheme = "https";
  to.status = of_host.https_code != 0 ? of_host.https_code : d_.code;
  if (of_host.https_port.value_or(0) != 0) to.port = *of_host.https_port;
  if (of_host.rewritten_first && action && action->rewrite) to.path = *action->rewrite;
  r.action->redirect = std::move(to);
  server.rules.push_back(std::move(r));
}

void OfferWriter::slash_redirect(Server& server, const Offer& offer) const {
  Rule r;
  r.owner = offer.ingress;
  r.at = offer.at;
  r.kind = PathKind::exact;
  r.path = offer.text.substr(0, offer.text.size() - 1);
  if (d_.whole_host_redirect && !server.rules.empty() && server.rules.front().scheme == Scheme::http)
    r.scheme = Scheme::https;
  r.action = std::make_shared<Action>();
  r.action->redirect = Redirect{{}, {}, {}, PathRewrite{false, std::string(offer.text)}, 301};
  server.rules.push_back(std::move(r));
}

void OfferWriter::redirect_host(Server& server, const kube::Ingress& ingress, const Wishes& wishes) const {
  Rule rule;
  rule.owner = &ingress;
  rule.at = ingress.spec.node;
  redirect_to_https(server, rule, wishes);
}

// Of the path's own match and the header: more specific than the path alone.
void OfferWriter::forwarded_redirect(Server& server, Rule rule, const Wishes& of_host) const {
  rule.backends.clear();
  auto conditions = std::make_shared<Conditions>();
  conditions->headers.push_back({"X-Forwarded-Proto", "http", false});
  rule.conditions = std::move(conditions);
  if (d_.whole_host_redirect && !server.rules.empty() && server.rules.front().scheme == Scheme::http)
    rule.scheme = Scheme::https;
  rule.action = std::make_shared<Action>();
  Redirect to;
  to.scheme = "https";
  to.status = of_host.https_code != 0 ? of_host.https_code : 301;
  rule.action->redirect = std::move(to);
  server.rules.push_back(std::move(rule));
}

void OfferWriter::emit(Server& server, Rule rule, const Offer& offer, const Wishes& host_wishes) {
  const Wishes& of_host = d_.joins ? host_wishes : *offer.wishes;
  const bool wants_https = offer.wishes->https && of_host.https, wants_http = offer.wishes->http && of_host.http;
  if (!wants_http && !wants_https) return;
  const bool on_https = wants_https && (server.tls || !wants_http) && (!d_.own_https || offer.tls || !server.tls);
  const auto plain = [&](bool https) { return action(offer, https); };
  const std::optional<bool> asked = of_host.https_redirect;
  const bool redirects = asked.value_or(d_.redirect != TlsScope::none) && wants_http && !offer.fallback &&
                         (offer.tls || (asked.value_or(false) && d_.redirect != TlsScope::named_hosts));
  if (redirects || !wants_http) {
    server.tls = true;
    if (server.certificates.empty()) {
      kube::IngressTls none;
      none.node = offer.at;
      add_certificate(server, *offer.ingress, TlsFor{&none, false}, ir_, ledger_);
    }
    rule.action = plain(true);
    if (redirects && !d_.whole_host_redirect) redirect_to_https(server, rule, of_host, rule.action.get());
    rule.scheme = Scheme::https;
    if (wants_https) server.rules.push_back(std::move(rule));
    return;
  }
  rule.action = plain(false);
  if (!on_https && server.tls) rule.scheme = Scheme::http;
  if (on_https && plain(true) != rule.action) {
    Rule secure = rule;
    secure.scheme = Scheme::https;
    secure.action = plain(true);
    server.rules.push_back(std::move(secure));
    rule.scheme = Scheme::http;
  }
  server.rules.push_back(std::move(rule));
}

void OfferWriter::write(Server& server, const Offer& offer, const Wishes& of_host) {
  for (const Offer& one : spelled(offer)) write_one(server, one, of_host);
}

void OfferWriter::write_one(Server& server, const Offer& offer, const Wishes& of_host) {
  Rule rule;
  rule.owner = offer.ingress;
  rule.at = offer.at;
  match(rule, offer);
  const Wishes& w = *offer.wishes;
  const Special* special = offer.special.get();
  if (special && special->answered)
    rule.backends = special->backends;
  else if (!w.redirect)
    if (const auto backend = make_backend(*offer.ingress, *offer.backend, input_, ledger_))
      rule.backends.push_back(*backend);
  Conditions conditions = w.conditions;
  std::vector<std::string> methods = w.methods;
  if (of_host.forwarded_redirect) forwarded_redirect(server, rule, of_host);
  if (special) {
    const Conditions& more = special->conditions;
    conditions.headers.insert(conditions.headers.end(), more.headers.begin(), more.headers.end());
    conditions.query.insert(conditions.query.end(), more.query.begin(), more.query.end());
    methods.insert(methods.end(), special->methods.begin(), special->methods.end());
  }
  const bool plain = conditions.headers.empty() && conditions.query.empty();
  if (methods.empty()) methods.emplace_back();
  for (const std::string& method : methods) {
    Rule one = rule;
    if (!offer.fallback && (!plain || !method.empty())) {
      Conditions c = conditions;
      if (!method.empty()) c.method = method;
      one.conditions = std::make_shared<Conditions>(std::move(c));
    }
    emit(server, std::move(one), offer, of_host);
  }
}

void OfferWriter::app_root(Server& server, const kube::Ingress& ingress, const Wishes& wishes) {
  Rule r;
  r.owner = &ingress;
  r.at = ingress.spec.node;
  r.kind = PathKind::exact;
  r.path = "/";
  if (!server.rules.empty() && server.rules.front().scheme == Scheme::http) r.scheme = Scheme::https;
  r.action = std::make_shared<Action>();
  r.action->redirect = Redirect{{}, {}, {}, PathRewrite{false, wishes.app_root}, 302};
  server.rules.push_back(std::move(r));
}

}  // namespace gw::convert
