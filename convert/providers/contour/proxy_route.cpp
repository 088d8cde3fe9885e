// What a route of an HTTPProxy matches and does: conditions, services, headers, rewrites, timeouts, balancing.
#include <algorithm>

#include "convert/providers/common.h"
#include "convert/providers/contour/proxy_reader.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/sentences.h"
#include "convert/providers/values.h"
#include "convert/regex.h"

namespace gw::convert::contour {
namespace {

// Written one after the other; slashes become one.
std::string joined(const std::string& a, const std::string& b) {
  std::string out;
  for (const char c : a + b)
    if (c != '/' || !out.ends_with('/')) out += c;
  return out;
}

}  // namespace

void ProxyReader::conditions(Fields& f, Where& where) {
  for (const yaml::Node* item : f.items("conditions")) {
    Fields c = f.at(*item, "conditions[]");
    if (const std::string prefix = c.text("prefix"); !prefix.empty()) where.prefix = joined(where.prefix, prefix);
    if (const std::string exact = c.text("exact"); !exact.empty())
      where.path = {joined(where.prefix, exact), Reach::exact};
    if (const std::string regex = c.text("regex"); !regex.empty())
      where.path = {joined(escape_regex(where.prefix), regex), Reach::regex};
    if (Fields header = c.object("header"); header) value_match(header, where.conditions.headers, where);
    if (Fields query = c.object("queryParameter"); query) value_match(query, where.conditions.query, where);
    if (c.rest(true)) where.refused = true;
  }
  one_each(f, where.conditions.headers, where);
  one_each(f, where.conditions.query, where);
}

// A name has one condition: "is there" adds nothing to a value that is asked for.
void ProxyReader::one_each(Fields& f, std::vector<ValueMatch>& conditions, Where& where) {
  std::vector<ValueMatch> kept;
  for (ValueMatch& condition : conditions) {
    const auto same = std::find_if(kept.begin(), kept.end(), [&](const ValueMatch& k) {
      return nginx::lower(k.name) == nginx::lower(condition.name);
    });
    const auto any = [](const ValueMatch& v) { return v.regex && v.value == ".*"; };
    if (same == kept.end())
      kept.push_back(std::move(condition));
    else if (any(*same))
      *same = std::move(condition);
    else if (!any(condition) && (same->value != condition.value || same->regex != condition.regex))
      refuse(where, f.ref("conditions"), "Gateway API tests '" + condition.name + "' once");
  }
  conditions = std::move(kept);
}

void ProxyReader::value_match(Fields& f, std::vector<ValueMatch>& to, Where& where) {
  const std::string name = f.text("name");
  const std::string fold = f.on("ignoreCase") ? "(?i)" : "";
  struct Row {
    std::string_view key, before, after;
    bool literal;
  };
  static constexpr Row rows[] = {{"exact", "", "", true},
                                 {"contains", ".*", ".*", true},
                                 {"prefix", "", ".*", true},
                                 {"suffix", ".*", "", true},
                                 {"regex", "", "", false}};
  for (const Row& row : rows) {
    const std::string value = f.text(row.key);
    if (value.empty()) continue;
    if (row.key == "exact" && fold.empty()) {
      to.push_back({name, value, false});
      continue;
    }
    std::string pattern = fold;
    pattern.append(row.before).append(row.literal ? escape_regex(value) : value).append(row.after);
    to.push_back({name, std::move(pattern), true});
  }
  if (f.on("present")) to.push_back({name, ".*", true});
  for (const char* negative : {"notpresent", "notcontains", "notexact", "notregex"})
    if (const std::string value = f.text(negative); !value.empty() && value != "false")
      refuse(where, f.ref(negative), "Gateway API has no negation");
  f.skip("treatMissingAsEmpty", "of negations, which are refused");
  if (f.rest(true)) where.refused = true;
}

// `alone`: the route has no other Service.
void ProxyReader::service(const kube::OtherObject& object, Fields f, std::vector<Backend>& to, Asking* asking,
                          bool alone) {
  const std::string name = f.text("name"), port = f.text("port"), protocol = f.text("protocol");
  const int weight = static_cast<int>(f.number("weight").value_or(0));
  const bool mirror = f.on("mirror");
  if (asking && f.take("validation")) {
    asking->field = f.ref("validation");
    asking->demand(Foreign{name}, {}, Loss::backend_tls,
                   "a checked certificate of the backend needs a BackendTLSPolicy with its name and authority");
  } else if (asking && (protocol == "tls" || protocol == "h2")) {
    asking->field = f.ref("protocol");
    asking->demand(InsecureBackendTls{}, {}, Loss::backend_tls, sentence::backend_tls);
  }
  if (protocol == "h2c") tell(ledger_, f.ref("protocol"), Outcome::approximated, sentence::h2c, Loss::none);
  if (asking && alone) {
    headers(f.object("requestHeadersPolicy"), asking->wishes.plain.request_headers, asking);
    headers(f.object("responseHeadersPolicy"), asking->wishes.plain.response_headers, nullptr);
  }
  for (const char* key : {"requestHeadersPolicy", "responseHeadersPolicy"})
    if (!asking)
      f.tell(key, Outcome::ignored, "a TCP stream has no headers");
    else if (!alone)
      f.tell(key, Outcome::refused, "headers of one Service among several are not written", Loss::other);
  for (const char* known : {"slowStartPolicy", "healthPort"}) f.tell(known, Outcome::approximated, gateways_own);
  f.tell("cookieRewritePolicies", Outcome::refused, no_cookies, Loss::other);
  if (!asking && (protocol == "tls" || protocol == "h2" || f.has("validation")))
    tell(ledger_, f.ref(f.has("validation") ? "validation" : "protocol"), Outcome::refused,
         "TLS to the backend of a stream needs a BackendTLSPolicy", Loss::backend_tls);
  f.take("validation");
  if (f.rest() && asking) {
    asking->field = f.ref();
    asking->demand(Foreign{name}, {}, Loss::auth, "a field of the service that may guard is not converted");
  }
  auto backend = own_backend(object, f.node(), object.metadata.ns, name, port, input_, ir_, ledger_);
  if (!backend) return;
  backend->weight = weight;
  if (mirror && !asking) {
    f.tell("mirror", Outcome::approximated, "a stream is not mirrored");
  } else if (mirror) {
    // The weight of a mirror is a percentage; without one every request is mirrored.
    const std::int32_t percent = f.has("weight") ? std::clamp<std::int32_t>(weight, 0, 100) : 100;
    backend->weight = 1;
    if (percent > 0) asking->wishes.plain.mirrors.push_back({*backend, percent * 10'000});
  } else {
    to.push_back(*backend);
  }
}

void ProxyReader::headers(Fields f, std::vector<HeaderEdit>& to, Asking* request) {
  for (const yaml::Node* item : f.items("set")) {
    Fields h = f.at(*item, "set[]");
    const std::string name = h.text("name"), value = h.text("value");
    if (value.find('%') != std::string::npos)
      tell(ledger_, h.ref("value"), Outcome::refused, "a header made of variables of Envoy cannot be expressed",
           Loss::other);
    else if (request && nginx::lower(name) == "host")
      request->wishes.plain.rewrite_host = value;
    else
      to.push_back({HeaderEdit::Op::set, name, value});
  }
  for (const std::string& name : f.list("remove")) to.push_back({HeaderEdit::Op::remove, name, {}});
  f.rest();
}

// Without any weight all have equal shares; beside one, a Service without weight has none.
void ProxyReader::share(std::vector<Backend>& backends) {
  if (std::all_of(backends.begin(), backends.end(), [](const Backend& b) { return b.weight == 0; }))
    for (Backend& b : backends) b.weight = 1;
}

// A rewrite of the prefix by its first rule that fits, else by the one without a prefix.
void ProxyReader::rewrite(Fields f, const std::string& text, Wishes& w) {
  for (const yaml::Node* item : f.items("replacePrefix")) {
    Fields one = f.at(*item, "replacePrefix[]");
    const std::string prefix = one.text("prefix"), to = one.text("replacement");
    one.rest();
    if (!prefix.empty() && prefix != text) continue;
    w.rewrite.kind = RewriteWish::Kind::prefix;
    w.rewrite.target = to;
    w.rewrite.field = one.ref();
    if (!prefix.empty()) break;
  }
  if (text == "/" && w.rewrite.kind == RewriteWish::Kind::prefix && !w.rewrite.target.ends_with('/'))
    tell(ledger_, f.ref(), Outcome::approximated,
         "Contour pastes the replacement: /x becomes " + w.rewrite.target + "x; Gateway API sets a slash between",
         Loss::none);
  f.rest();
}

void ProxyReader::redirect(Fields f, Wishes& w) {
  Redirect to;
  if (const std::string v = f.text("scheme"); !v.empty()) to.scheme = v;
  if (const std::string v = f.text("hostname"); !v.empty()) to.host = v;
  if (const auto v = f.number("port")) to.port = static_cast<kube::Port>(*v);
  if (const std::string v = f.text("path"); !v.empty()) to.path = PathRewrite{false, v};
  if (const std::string v = f.text("prefix"); !v.empty()) to.path = PathRewrite{true, v};
  to.status = static_cast<int>(f.number("statusCode").value_or(302));
  f.rest();
  w.redirect = to;
}

void ProxyReader::route(const kube::OtherObject& object, Fields f, const Host& host, Where where) {
  conditions(f, where);
  Wishes& w = site_.wishes(object);
  Asking asking = site_.asking(w);
  asking.field = f.ref();
  w.plain.intents = host.intents;
  w.plain.cors = host.cors;
  const std::string text = where.path ? where.path->first : where.prefix.empty() ? "/" : where.prefix;
  if (text == "/") where.path.reset();  // also an exact one takes every path
  std::vector<Backend> backends;
  const auto services = f.items("services");
  for (const yaml::Node* item : services)
    service(object, f.at(*item, "services[]"), backends, &asking, services.size() == 1);
  share(backends);
  asking.field = f.ref();
  const bool insecure = f.on("permitInsecure");
  f.skip("enableWebsockets", "gateways upgrade connections without being asked");
  timeouts(f.object("timeoutPolicy"), w);
  if (Fields retry = f.object("retryPolicy"); retry) {
    asking.field = f.ref("retryPolicy");
    retries(retry, asking);
  }
  if (Fields path = f.object("pathRewritePolicy"); path) rewrite(path, text, w);
  headers(f.object("requestHeadersPolicy"), w.plain.request_headers, &asking);
  headers(f.object("responseHeadersPolicy"), w.plain.response_headers, nullptr);
  if (Fields r = f.object("requestRedirectPolicy"); r) redirect(r, w);
  balance(f, asking);
  // Lists of a route take the place of those of its host.
  if (f.has("ipAllowPolicy") || f.has("ipDenyPolicy"))
    std::erase_if(w.plain.intents, [](const Intent& i) { return i.loss == Loss::allow_list; });
  addresses(f, w.plain.intents);
  struct Guard {
    std::string_view key;
    Loss loss;
    std::string_view why;
  };
  static constexpr Guard guards[] = {
      {"authPolicy", Loss::auth, needs_policy},
      {"jwtVerificationPolicy", Loss::auth, needs_policy},
      {"rateLimitPolicy", Loss::rate_limit, needs_policy},
      {"directResponsePolicy", Loss::rewrite, "Gateway API has no fixed answers"},
      {"internalRedirectPolicy", Loss::other, "redirects that the gateway follows itself cannot be expressed"},
  };
  for (const Guard& g : guards) {
    if (!f.take(g.key)) continue;
    asking.field = f.ref(g.key);
    asking.demand(Foreign{std::string(g.key)}, {}, g.loss, g.why);
  }
  f.tell("healthCheckPolicy", Outcome::approximated, gateways_own);
  f.tell("cookieRewritePolicies", Outcome::refused, no_cookies, Loss::other);
  asking.field = f.ref();
  if (f.rest()) asking.demand(Foreign{}, {}, Loss::auth, "a field of the route that may guard is not converted");
  // What an exact path or an expression matches is the whole path.
  if (w.redirect && w.redirect->path && where.path) w.redirect->path->prefix = false;
  if (where.refused) return ledger_.leave_out(f.node());
  if (host.tls && !insecure) w.https_redirect = true, w.https_code = 301;
  add(object, f, host, where, text, w, std::move(backends));
}

void ProxyReader::timeouts(Fields f, Wishes& w) {
  if (f.text("response") == "infinity")
    w.plain.request_timeout = "0s";
  else if (const auto time = f.time("response"))
    w.plain.request_timeout = gep_duration(*time);
  for (const char* known : {"idle", "idleConnection"})
    f.tell(known, Outcome::approximated, "Gateway API has no idle time");
  f.rest();
}

// A count of -1 turns retries off; 0 is the default of one.
void ProxyReader::retries(Fields& f, Asking& asking) {
  Retry r;
  r.attempts = static_cast<int>(f.number("count").value_or(1));
  if (r.attempts == 0) r.attempts = 1;
  if (const auto time = f.time("perTryTimeout")) r.timeout_seconds = whole_seconds(*time);
  for (const std::string& code : f.list("retriableStatusCodes"))
    if (const auto n = small_int(code)) r.codes.push_back(*n);
  f.tell("retryOn", Outcome::approximated, "the gateway decides which failures are tried again");
  f.rest();
  if (r.attempts < 0) return;
  asking.demand(r, {}, Loss::other, "retries need --channel experimental or a target with policies",
                Outcome::approximated);
}

void ProxyReader::balance(Fields& f, Asking& asking) {
  Fields policy = f.object("loadBalancerPolicy");
  const std::string strategy = policy.text("strategy");
  asking.field = f.ref("loadBalancerPolicy");
  if (strategy == "WeightedLeastRequest")
    asking.demand(LeastRequest{}, {}, Loss::other, sentence::balancing, Outcome::approximated);
  if (strategy == "Cookie") {
    CookieAffinity c;
    c.name = "X-Contour-Session-Affinity";
    asking.demand(std::move(c), {}, Loss::other, sentence::session);
  }
  if (strategy == "Random") policy.tell("strategy", Outcome::approximated, sentence::balancing);
  const auto hashes = policy.items("requestHashPolicies");
  if (strategy != "RequestHash") {
    policy.skip("requestHashPolicies", "of strategy RequestHash only");
  } else if (hashes.size() == 1) {
    hash(policy.at(*hashes.front(), "requestHashPolicies[]"), asking);
  } else {
    policy.tell("requestHashPolicies", Outcome::approximated, "a hash of several values cannot be expressed");
  }
  policy.rest();
}

void ProxyReader::hash(Fields f, Asking& asking) {
  HashBalance by;
  if (Fields header = f.object("headerHashOptions"); header) by = {HashBalance::By::header, header.text("headerName")};
  if (Fields query = f.object("queryParameterHashOptions"); query)
    by = {HashBalance::By::query, query.text("parameterName")};
  f.skip("hashSourceIP", "the address, where neither header nor parameter is named");
  f.skip("terminal", "of one policy among several");
  f.rest();
  asking.demand(by, {}, Loss::other, sentence::balancing, Outcome::approximated);
}

void ProxyReader::add(const kube::OtherObject& object, const Fields& f, const Host& host, const Where& where,
                      const std::string& text, const Wishes& w, std::vector<Backend> backends) {
  SiteRule rule;
  rule.owner = &object;
  rule.at = f.node();
  rule.host = host.name;
  rule.text = ir_.keep(text);
  rule.reach = where.path ? where.path->second : text == "/" ? Reach::element : Reach::bytes;
  rule.wishes = &w;
  rule.conditions = where.conditions;
  rule.backends = std::move(backends);
  const long kind = rule.reach == Reach::exact ? 2 : rule.reach == Reach::regex ? 1 : 0;
  rule.rank = kind * 10'000'000'000 + static_cast<long>(text.size()) * 1'000'000 +
              static_cast<long>(where.conditions.headers.size()) * 100'000 +
              static_cast<long>(where.conditions.query.size()) * 10'000 + std::min(added_++, 9'999L);
  site_.add(std::move(rule));
}

}  // namespace gw::convert::contour
