// Routes of a VirtualServer: conditions, splits, actions, and what VirtualServerRoutes add to them.
#include <algorithm>

#include "convert/providers/common.h"
#include "convert/providers/f5/virtual_server_reader.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/values.h"
#include "convert/regex.h"

namespace gw::convert::f5 {

void VirtualServerReader::routes(const kube::OtherObject& object, Fields& spec, std::string_view key, const Host& host,
                                 const Upstreams& upstreams, int depth) {
  std::set<std::string> seen;
  for (const yaml::Node* item : spec.items(key)) {
    Fields f = spec.at(*item, std::string(key) + "[]");
    const std::string path = f.text("path"), child = f.text("route");
    if (!seen.insert(path).second)
      tell(ledger_, f.ref("path"), Outcome::refused, "the path stands twice: the controller refuses the resource",
           Loss::other);
    if (!child.empty()) {
      f.rest();
      delegate(object, f, child, path, host, depth);
      continue;
    }
    std::vector<Intent> intents = host.intents;
    guards(f, intents);
    f.tell("add-header-inherit", Outcome::approximated, header_inherit);
    if (f.take("errorPages"))
      intents.push_back(
          {ErrorPages{}, {}, Loss::other, Outcome::refused, "Gateway API has no error pages", f.ref("errorPages")});
    for (const char* later : {"matches", "splits", "action"}) f.take(later);
    if (f.rest()) intents.push_back(unknown_guard(f.ref()));
    // Matches first, then splits or the action.
    long rank = 1000;
    for (const yaml::Node* m : f.items("matches")) {
      Fields match = f.at(*m, "matches[]");
      Conditions conditions;
      std::vector<std::string> methods;
      bool refused = false;
      for (const yaml::Node* c : match.items("conditions"))
        refused = !condition(match.at(*c, "conditions[]"), conditions, methods) || refused;
      if (refused)
        ledger_.leave_out(match.node());
      else
        split(object, match, path, host, upstreams, intents, conditions, methods, rank--);
      match.rest();
    }
    split(object, f, path, host, upstreams, intents, {}, {}, 0);
    if (path.size() > 1 && path.starts_with('/') && path.ends_with('/') &&
        !has_route(spec.peek(key), path.substr(0, path.size() - 1)) &&
        !has_route(routes_, path.substr(0, path.size() - 1)))
      slash_redirect(object, f, path, host);
  }
}

bool VirtualServerReader::has_route(const yaml::Node* list, const std::string& path) {
  return list && list->is_seq() && std::any_of(list->items().begin(), list->items().end(), [&](const yaml::Node& item) {
           const std::string text = text_of(item.find("path"));
           return text == path || text == "=" + path;
         });
}

// A subroute repeats the expression or exact path of the route, or begins with its prefix.
std::string VirtualServerReader::outside_of(const Fields& spec, const std::string& under) {
  const yaml::Node* list = spec.peek("subroutes");
  if (!list || !list->is_seq()) return {};
  for (const yaml::Node& item : list->items()) {
    const std::string path = text_of(item.find("path"));
    if (under.starts_with('/') ? !path.starts_with(under) : path != under) return path;
  }
  return {};
}

void VirtualServerReader::delegate(const kube::OtherObject& object, const Fields& f, const std::string& name,
                                   const std::string& under, const Host& host, int depth) {
  const auto [ns, local] = qualified(name, object.metadata.ns);
  const kube::OtherObject* child = find_own(input_, "VirtualServerRoute", ns, local);
  if (!child || !child->node || depth > 4) {
    tell(ledger_, f.ref("route"), Outcome::refused,
         "VirtualServerRoute '" + name + "' is not among the input: its routes are missing", Loss::backend);
    return;
  }
  used_.insert(child);
  Fields spec = Fields::spec(*child, ledger_);
  if (nginx::lower(spec.text("host")) != host.name) {
    tell(ledger_, spec.ref("host"), Outcome::ignored, "it names another host: the controller ignores it", Loss::none);
    ledger_.settle(child->node, Outcome::ignored, "it names another host");
    return;
  }
  spec.skip("ingressClassName", class_of_gateway);
  if (const std::string outside = outside_of(spec, under); !outside.empty()) {
    tell(ledger_, spec.ref("subroutes"), Outcome::ignored,
         "'" + outside + "' does not lie below '" + under + "': the controller ignores the whole resource", Loss::none);
    ledger_.settle(child->node, Outcome::ignored, "the controller ignores the whole resource");
    return;
  }
  const Upstreams own = upstreams(spec);
  spec.take("subroutes");
  Host under_host = host;
  if (spec.rest()) under_host.intents.push_back(unknown_guard(spec.ref()));
  routes(*child, spec, "subroutes", under_host, own, depth + 1);
}

// nginx compares the values of a map without regard to case.
bool VirtualServerReader::condition(Fields f, Conditions& to, std::vector<std::string>& methods) {
  std::string value = f.text("value");
  const std::string header = f.text("header"), cookie = f.text("cookie"), argument = f.text("argument"),
                    variable = f.text("variable");
  if (f.rest(true)) return false;
  if (value.starts_with('!')) {
    tell(ledger_, f.ref("value"), Outcome::refused, "Gateway API has no negation; this match is left out", Loss::auth);
    return false;
  }
  const bool regex = value.starts_with('~');
  const bool fold = !regex || value.starts_with("~*");
  if (regex) value = value.substr(value.starts_with("~*") ? 2 : 1);
  std::string pattern = (fold ? "(?i)" : "") + (regex ? ".*(?:" + value + ").*" : escape_regex(value));
  const bool caseless = std::none_of(value.begin(), value.end(), [](unsigned char c) { return std::isalpha(c); });
  const bool exact = !regex && caseless;
  if (!header.empty()) {
    to.headers.push_back({header, exact ? value : pattern, !exact});
  } else if (!argument.empty()) {
    to.query.push_back({argument, exact ? value : pattern, !exact});
  } else if (!cookie.empty()) {
    to.headers.push_back({"Cookie",
                          "(?:.*;)?\\s*" + escape_regex(cookie) + "=" + (fold ? "(?i:" : "(?:") +
                              (regex ? "[^;]*(?:" + value + ")[^;]*" : escape_regex(value)) + ")\\s*(?:;.*)?",
                          true});
  } else if (variable == "$request_method" && !regex) {
    std::string upper = value;
    for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    methods.push_back(upper);
  } else {
    tell(ledger_, f.ref("variable"), Outcome::refused, "a variable of NGINX decides; this match is left out",
         Loss::auth);
    return false;
  }
  return true;
}

void VirtualServerReader::split(const kube::OtherObject& object, Fields& f, const std::string& path, const Host& host,
                                const Upstreams& upstreams, const std::vector<Intent>& intents,
                                const Conditions& conditions, const std::vector<std::string>& methods, long rank) {
  Wishes& w = site_.wishes(object);
  w.plain.intents = intents;
  if (host.redirect != 0) w.https_redirect = true, w.https_code = host.redirect;
  std::vector<Backend> backends;
  const auto parts = f.items("splits");
  for (const yaml::Node* item : parts) {
    Fields part = f.at(*item, "splits[]");
    const int weight = static_cast<int>(part.number("weight").value_or(0));
    action(part.object("action"), upstreams, w, backends, weight);
    part.rest();
  }
  if (!parts.empty())
    f.tell("action", Outcome::refused, "beside splits the controller refuses the resource", Loss::other);
  Fields one = f.object("action");
  if (parts.empty() && !one) return;
  const Action& a = w.plain;
  if (parts.size() > 1 && (w.redirect || w.rewrite.kind != RewriteWish::Kind::none || !a.request_headers.empty() ||
                           !a.response_headers.empty()))
    w.plain.intents.push_back({Foreign{},
                               {},
                               Loss::rewrite,
                               Outcome::refused,
                               "one part of a split does more than pass on; a rule of Gateway API does it for all",
                               f.ref("splits")});
  if (parts.empty()) action(one, upstreams, w, backends, 1);
  SiteRule rule;
  rule.owner = &object;
  rule.at = f.node();
  rule.host = host.name;
  rule.wishes = &w;
  rule.conditions = conditions;
  rule.methods = methods;
  rule.backends = std::move(backends);
  place(rule, path, rank);
  if (rule.reach == Reach::regex && w.rewrite.kind == RewriteWish::Kind::prefix) {
    w.rewrite.kind = RewriteWish::Kind::pattern;
    w.rewrite.pattern = std::string(rule.text);
    for (char& c : w.rewrite.target)
      if (c == '$') c = '\\';
  }
  site_.add(std::move(rule));
}

// "/p" of a route "/p/" leads there, unless it is a route itself.
void VirtualServerReader::slash_redirect(const kube::OtherObject& object, const Fields& f, const std::string& path,
                                         const Host& host) {
  Wishes& w = site_.wishes(object);
  w.redirect = Redirect{{}, {}, {}, PathRewrite{false, path}, 301};
  SiteRule rule;
  rule.owner = &object;
  rule.at = f.node();
  rule.host = host.name;
  rule.wishes = &w;
  rule.reach = Reach::exact;
  rule.text = ir_.keep(path.substr(0, path.size() - 1));
  rule.rank = 1'900'000'000;
  if (host.redirect != 0) rule.http = false;
  site_.add(std::move(rule));
}

// "=/p", "~ ^/p", "~* /p", "/p".
void VirtualServerReader::place(SiteRule& rule, const std::string& path, long rank) {
  const auto found = [](std::string text) {
    const bool start = text.starts_with('^'), end = text.ends_with('$') && !text.ends_with("\\$");
    if (top_level_alternation(text)) return ".*(?:" + text + ").*";
    if (start) text.erase(0, 1);
    if (end) text.pop_back();
    return (start ? "" : ".*") + text + (end ? "" : ".*");
  };
  if (path.starts_with('=')) {
    rule.reach = Reach::exact;
    rule.text = ir_.keep(path.substr(1));
    rule.rank = 2'000'000'000 + rank;
  } else if (path.starts_with('~')) {
    rule.reach = Reach::regex;
    const bool fold = path.starts_with("~*");
    rule.text = ir_.keep((fold ? "(?i)" : "") + found(std::string(nginx::trim(path.substr(fold ? 2 : 1)))));
    rule.rank = 1'000'000'000 + rank - 2000 * static_cast<long>(regexes_++);
  } else {
    rule.text = ir_.keep(path.empty() ? "/" : path);
    rule.reach = rule.text == "/" ? Reach::element : Reach::bytes;
    rule.rank = static_cast<long>(rule.text.size()) * 2000 + rank;
  }
}

void VirtualServerReader::action(Fields f, const Upstreams& upstreams, Wishes& w, std::vector<Backend>& to,
                                 int weight) {
  const auto pass = [&](const std::string& name, const FieldRef& ref) {
    const auto at = upstreams.find(name);
    if (at == upstreams.end())
      return tell(ledger_, ref, Outcome::refused,
                  "upstream '" + name + "' does not exist: the controller refuses the resource", Loss::backend);
    w.plain.intents.insert(w.plain.intents.end(), at->second.intents.begin(), at->second.intents.end());
    if (!at->second.read_timeout.empty()) w.plain.backend_timeout = at->second.read_timeout;
    if (!at->second.backend) return;
    to.push_back(*at->second.backend);
    to.back().weight = weight;
  };
  if (const std::string name = f.text("pass"); !name.empty()) pass(name, f.ref("pass"));
  if (Fields redirect = f.object("redirect"); redirect) {
    const std::string url = redirect.text("url");
    const int code = static_cast<int>(redirect.number("code").value_or(301));
    redirect.rest();
    this->redirect(w, f.ref("redirect"), url, code);
  }
  if (f.take("return"))
    w.plain.intents.push_back(
        {Foreign{}, {}, Loss::rewrite, Outcome::refused, "Gateway API has no fixed answers", f.ref("return")});
  if (Fields proxy = f.object("proxy"); proxy) {
    pass(proxy.text("upstream"), proxy.ref("upstream"));
    if (const std::string path = proxy.text("rewritePath"); !path.empty()) {
      w.rewrite.kind = RewriteWish::Kind::prefix;
      w.rewrite.target = path;
      w.rewrite.field = proxy.ref("rewritePath");
    }
    Fields request = proxy.object("requestHeaders"), response = proxy.object("responseHeaders");
    headers(request, "set", HeaderEdit::Op::set, w.plain.request_headers);
    if (const bool pass_all = request.on("pass"); request.has("pass") && !pass_all)
      tell(ledger_, request.ref("pass"), Outcome::refused, "all headers of the request but some cannot be dropped",
           Loss::other);
    request.rest();
    headers(response, "add", HeaderEdit::Op::add, w.plain.response_headers);
    for (const std::string& name : response.list("hide"))
      w.plain.response_headers.push_back({HeaderEdit::Op::remove, name, {}});
    response.tell("pass", Outcome::approximated, "gateways pass on what NGINX hides (Date, Server, X-Accel-*)");
    response.tell("ignore", Outcome::approximated, "gateways do not act on X-Accel-*, Expires and Cache-Control");
    response.rest();
    proxy.rest();
  }
  f.rest();
}

void VirtualServerReader::headers(Fields& f, std::string_view key, HeaderEdit::Op op, std::vector<HeaderEdit>& to) {
  for (const yaml::Node* item : f.items(key)) {
    Fields h = f.at(*item, key);
    const std::string name = h.text("name"), value = h.text("value");
    h.skip("always", "a gateway adds it to every answer");
    if (value.find('$') != std::string::npos)
      tell(ledger_, h.ref("value"), Outcome::refused, "a header made of variables of NGINX cannot be expressed",
           Loss::other);
    else
      to.push_back({op, name, value});
    h.rest();
  }
}

void VirtualServerReader::redirect(Wishes& w, const FieldRef& ref, std::string url, int code) {
  // "${scheme}://${host}${request_uri}" and the like.
  Redirect to;
  to.status = code;
  const auto cut = [&](std::string_view word) {
    if (!url.starts_with(word)) return false;
    url.erase(0, word.size());
    return true;
  };
  if (!cut("${scheme}://")) {
    const std::size_t end = url.find("://");
    if (end != std::string::npos) to.scheme = url.substr(0, end), url.erase(0, end + 3);
  }
  if (!cut("${host}")) {
    const std::size_t end = url.find_first_of("/$");
    std::string host = url.substr(0, end);
    if (const std::size_t colon = host.find(':'); colon != std::string::npos) {
      to.port = small_int(host.substr(colon + 1));
      host.resize(colon);
    }
    if (!host.empty()) to.host = host;
    url.erase(0, end == std::string::npos ? url.size() : end);
  }
  if (!cut("${request_uri}")) to.path = PathRewrite{false, url.empty() ? "/" : url};
  if (url.find('$') != std::string::npos) {
    w.plain.intents.push_back({Foreign{},
                               {},
                               Loss::rewrite,
                               Outcome::refused,
                               "a Location made of variables of NGINX cannot be expressed",
                               ref});
    return;
  }
  w.redirect = std::move(to);
}

}  // namespace gw::convert::f5
