#include "convert/providers/istio/istio.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <tuple>

#include "convert/providers/common.h"
#include "convert/providers/istio/openings.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/own.h"
#include "convert/providers/site.h"
#include "convert/providers/values.h"
#include "convert/regex.h"

namespace gw::convert {
namespace {

using istio::Gateways;
using istio::name_only;
using istio::Opening;

// What holds for every VirtualService, and the request that shows it.
constexpr std::string_view notes[][3] = {
    {"GW620",
     "paths with '//', dot segments, escapes, '#' or bytes that are not ASCII: Istio decodes what needs no escape and "
     "resolves dots, but keeps '//', before it matches and forwards; other gateways read such paths in their own way",
     "GET http://www.example.org/a//b%2Fc"},
    {"GW624", "a Service that is missing or lacks the port: 503 from Istio; a gateway answers 500",
     "GET http://www.example.org/"},
    {"GW627", "hosts with a final dot, none at all, two, or HTTP/1.0: gateways differ in what they answer",
     "GET http://www.example.org./"},
    {"GW629", "https with the server name of one host and the Host of another: gateways answer 404, 421 or the rules",
     "GET https://www.example.org/"},
    {"GW630",
     "the port of a Host stays in the Location of a redirect, and a rewritten prefix is cut by bytes: gateways may "
     "leave the port out and even the slashes",
     "GET http://www.example.org:8080/"},
};
class Reader {
 public:
  Reader(const Input& input, Ir& ir, Ledger& ledger)
      : input_(input), ir_(ir), ledger_(ledger), site_("istio", input, ir, ledger), gateways_(input, ledger) {}

  void run() {
    // Those of one host are joined, the older first.
    std::vector<const kube::OtherObject*> services;
    for (const kube::OtherObject* object : input_.own)
      if (object->kind == "VirtualService" && object->node) services.push_back(object);
    std::stable_sort(services.begin(), services.end(), [](const auto* a, const auto* b) {
      return std::tie(a->metadata.creation_timestamp, a->metadata.name, a->metadata.ns) <
             std::tie(b->metadata.creation_timestamp, b->metadata.name, b->metadata.ns);
    });
    for (const kube::OtherObject* object : services) service(*object);
    site_.finish(false);
    if (services.empty()) return;
    for (const auto& [code, message, request] : notes)
      ledger_.note(
          {std::string(code), diag::Severity::info, std::string(message), std::string(request), nullptr, nullptr});
  }

 private:
  void service(const kube::OtherObject& object) {
    Fields spec = Fields::spec(object, ledger_);
    const auto hosts = spec.list("hosts");
    const std::vector<Opening> open = gateways_.openings(spec, object.metadata.ns);
    if (const auto to = spec.list("exportTo"); !to.empty() && std::find(to.begin(), to.end(), "*") == to.end())
      spec.tell("exportTo", Outcome::approximated,
                "gateways in other namespaces do not see it; where the Gateway's pods run is not known");
    if (open.empty())
      return dismiss(ledger_, object, "GW605", "is for the mesh only: nothing of it concerns a gateway");
    if (hosts.empty())
      tell(ledger_, spec.ref(), Outcome::refused,
           "a VirtualService without hosts is included by another; write its routes there", Loss::other);
    bool reached = true;
    for (const yaml::Node* item : spec.items("http")) {
      Fields f = spec.at(*item, "http[]");
      if (reached) {
        reached = route(object, f, hosts, open);
        continue;
      }
      ledger_.leave_out(f.node());
      ledger_.note({"GW643",
                    diag::Severity::warning,
                    "this route is never used: one before it takes every request",
                    {},
                    &object,
                    f.node()});
    }
    for (const yaml::Node* item : spec.items("tls")) tls_route(object, spec.at(*item, "tls[]"), open);
    for (const yaml::Node* item : spec.items("tcp")) tcp_route(object, spec.at(*item, "tcp[]"), open);
    spec.rest();
  }

  // ---- http

  struct Match {
    std::string text = "/";
    Reach reach = Reach::element;
    Conditions conditions;
    std::string method;
    bool refused = false;
    int scheme = 0;  // 1: http only, 2: https only
  };

  // {exact}, {prefix}, {regex}: the expression for a whole value.
  std::optional<ValueMatch> value_of(Fields f, std::string name, bool fold) {
    const std::string exact = f.text("exact"), prefix = f.text("prefix"), regex = f.text("regex");
    const bool any = f.node() && f.node()->is_map() && f.node()->size() == 0;
    const std::string front = fold ? "(?i)" : "";
    if (f.rest(true)) return std::nullopt;
    if (any) return ValueMatch{std::move(name), ".*", true};
    if (!regex.empty()) return ValueMatch{std::move(name), front + regex, true};
    if (!prefix.empty()) return ValueMatch{std::move(name), front + escape_regex(prefix) + ".*", true};
    if (fold) return ValueMatch{std::move(name), front + escape_regex(exact), true};
    return ValueMatch{std::move(name), exact, false};
  }

  Match match(Fields f) {
    Match m;
    const bool fold = f.on("ignoreUriCase");
    if (Fields uri = f.object("uri"); uri) {
      const std::string exact = uri.text("exact"), prefix = uri.text("prefix"), regex = uri.text("regex");
      if (fold || !regex.empty()) {
        m.reach = Reach::regex;
        m.text = (fold ? "(?i)" : "") +
                 (!regex.empty() ? regex : escape_regex(exact.empty() ? prefix : exact) + (exact.empty() ? ".*" : ""));
      } else if (!exact.empty()) {
        m.reach = Reach::exact;
        m.text = exact;
      } else if (prefix != "/") {
        m.reach = Reach::bytes;
        m.text = prefix;
      }
      m.refused = uri.rest(true);
    }
    const auto add = [&](std::string_view key, std::vector<ValueMatch>& to) {
      Fields map = f.object(key);
      if (!map) return;
      for (const yaml::Entry& e : map.node()->entries()) {
        const std::string name(e.key.string());
        if (auto v = value_of(map.object(name), name, false))
          to.push_back(std::move(*v));
        else
          m.refused = true;
      }
    };
    add("headers", m.conditions.headers);
    add("queryParams", m.conditions.query);
    if (Fields method = f.object("method"); method) {
      m.method = method.text("exact");
      if (m.method.empty() || method.rest(true)) refuse(m, f.ref("method"), "only whole methods can be expressed");
    }
    if (Fields authority = f.object("authority"); authority)
      if (auto v = value_of(f.object("authority"), "Host", true)) m.conditions.headers.push_back(std::move(*v));
    if (Fields scheme = f.object("scheme"); scheme) {
      const std::string exact = scheme.text("exact");
      m.scheme = exact == "https" ? 2 : 1;
      if (scheme.rest(true) || (exact != "http" && exact != "https"))
        refuse(m, f.ref("scheme"), "only http and https can be expressed");
    }
    if (f.take("withoutHeaders")) refuse(m, f.ref("withoutHeaders"), "Gateway API has no negation");
    for (const char* key : {"sourceLabels", "sourceNamespace", "gateways", "port"})
      if (f.take(key)) refuse(m, f.ref(key), "Gateway API does not choose by it");
    f.skip("name", name_only);
    f.skip("statPrefix", name_only);
    if (f.rest(true)) m.refused = true;
    if (m.refused) ledger_.leave_out(f.node());
    return m;
  }
  void refuse(Match& m, const FieldRef& ref, std::string_view why) {
    tell(ledger_, ref, Outcome::refused, std::string(why) + "; this match is left out", Loss::other);
    m.refused = true;
  }

  std::optional<Backend> destination(const kube::OtherObject& object, Fields f) {
    const std::string host = f.text("host"), subset = f.text("subset");
    Fields port_of = f.object("port");
    const std::string port = port_of.text("number");
    port_of.rest();
    const auto labels = nginx::split(host, '.');
    const std::string ns = labels.size() > 1 ? labels[1] : std::string(object.metadata.ns);
    if (!subset.empty())
      tell(ledger_, f.ref("subset"), Outcome::refused,
           "pods of one Service cannot be chosen: give subset '" + subset + "' a Service of its own", Loss::backend);
    if (labels.size() > 2 && labels[2] != "svc") {
      tell(ledger_, f.ref("host"), Outcome::refused, "'" + host + "' is no Service of the cluster", Loss::backend);
      return std::nullopt;
    }
    if (labels.size() == 2)
      f.tell("host", Outcome::approximated,
             "Istio knows names without dots and whole ones, and answers 503 for this one: write " + labels[0] + "." +
                 labels[1] + ".svc.cluster.local");
    f.rest();
    if (!labels.empty() && labels[0] != nginx::lower(labels[0])) {
      tell(ledger_, f.ref("host"), Outcome::refused, "'" + labels[0] + "' is not a Service name", Loss::backend);
      return std::nullopt;
    }
    if (labels.empty() || labels.size() == 2) return std::nullopt;
    return own_backend(object, f.node(), ns, labels[0], port, input_, ir_, ledger_);
  }

  void headers(Fields f, std::vector<HeaderEdit>& to) {
    for (const auto& [key, op] : {std::pair{"set", HeaderEdit::Op::set}, {"add", HeaderEdit::Op::add}})
      for (auto& [name, value] : f.map(key)) {
        if (value.find('%') != std::string::npos)
          tell(ledger_, f.ref(key), Outcome::refused, "a header made of variables of Envoy cannot be expressed",
               Loss::other);
        else
          to.push_back({op, name, value});
      }
    for (const std::string& name : f.list("remove")) to.push_back({HeaderEdit::Op::remove, name, {}});
    f.rest();
  }

  void header_pair(Fields& f, Wishes& w) {
    headers(f.object("request"), w.plain.request_headers);
    headers(f.object("response"), w.plain.response_headers);
    f.rest();
  }

  void cors(Fields f, Wishes& w) {
    CorsPolicy c;
    for (const yaml::Node* item : f.items("allowOrigins")) {
      Fields origin = f.at(*item, "allowOrigins[]");
      if (const std::string exact = origin.text("exact"); !exact.empty()) c.origins.push_back(exact);
      if (origin.has("prefix") || origin.has("regex"))
        tell(ledger_, origin.ref(), Outcome::refused, "the CORS filter takes origins with a wildcard, no expressions",
             Loss::other);
    }
    for (std::string& one : f.list("allowOrigin")) c.origins.push_back(std::move(one));
    c.methods = f.list("allowMethods");
    c.headers = f.list("allowHeaders");
    c.expose = f.list("exposeHeaders");
    c.credentials = f.on("allowCredentials");
    if (const auto age = f.time("maxAge")) c.max_age = static_cast<std::int32_t>(age->count() / 1000);
    if (f.text("unmatchedPreflights") == "IGNORE")
      f.tell("unmatchedPreflights", Outcome::approximated, "the gateway decides about preflights of other origins");
    f.rest();
    w.plain.cors = std::move(c);
  }

  void redirect(Fields& f, Wishes& w, Asking& asking) {
    Redirect to;
    if (const std::string v = f.text("scheme"); !v.empty()) to.scheme = v;
    if (const std::string v = f.text("authority"); !v.empty()) {
      const std::size_t colon = v.find(':');
      to.host = v.substr(0, colon);
      if (colon != std::string::npos) to.port = small_int(v.substr(colon + 1));
    }
    if (const auto v = f.number("port")) to.port = static_cast<kube::Port>(*v);
    if (const std::string v = f.text("prefixRewrite"); !v.empty()) to.path = PathRewrite{true, v};
    if (const std::string v = f.text("uri"); !v.empty()) to.path = PathRewrite{false, v};
    to.status = static_cast<int>(f.number("redirectCode").value_or(301));
    if (f.text("derivePort") == "FROM_REQUEST_PORT")
      f.tell("derivePort", Outcome::approximated, "the port of the scheme or the listener is written");
    if (f.rest(true)) asking.demand(Foreign{}, {}, Loss::rewrite, "a field of the redirect is not converted");
    w.redirect = to;
  }

  void actions(const kube::OtherObject& object, Fields& f, Wishes& w, Asking& asking, std::vector<Backend>& backends) {
    const auto parts = f.items("route");
    for (const yaml::Node* item : parts) {
      Fields part = f.at(*item, "route[]");
      auto backend = destination(object, part.object("destination"));
      const auto weight = part.number("weight");
      if (part.take("headers")) {
        Fields h = part.object("headers");
        if (parts.size() > 1)
          tell(ledger_, part.ref("headers"), Outcome::refused,
               "headers of one destination among several are not written", Loss::other);
        else
          header_pair(h, w);
      }
      part.rest();
      if (!backend) continue;
      backend->weight = static_cast<std::int32_t>(weight.value_or(parts.size() == 1 ? 1 : 0));
      backends.push_back(*backend);
    }
    if (Fields r = f.object("redirect"); r) {
      asking.field = r.ref();
      redirect(r, w, asking);
    }
    if (Fields r = f.object("rewrite"); r) {
      if (const std::string v = r.text("authority"); !v.empty()) w.plain.rewrite_host = v;
      if (const std::string v = r.text("uri"); !v.empty()) {
        w.rewrite.kind = RewriteWish::Kind::prefix;
        w.rewrite.target = v;
        w.rewrite.field = f.ref("rewrite");
      }
      if (Fields regex = r.object("uriRegexRewrite"); regex) {
        w.rewrite.kind = RewriteWish::Kind::pattern;
        w.rewrite.pattern = regex.text("match");
        w.rewrite.target = regex.text("rewrite");
        w.rewrite.in_place = true;
        w.rewrite.field = f.ref("rewrite");
        regex.rest();
      }
      r.rest();
    }
    if (const auto t = f.time("timeout")) w.plain.request_timeout = gep_duration(*t);
    if (Fields r = f.object("retries"); r) {
      Retry retry;
      retry.attempts = static_cast<int>(r.number("attempts").value_or(2));
      if (const auto t = r.time("perTryTimeout")) retry.timeout_seconds = whole_seconds(*t);
      for (const char* known : {"retryOn", "retryRemoteLocalities", "retryIgnorePreviousHosts", "backoff"})
        r.tell(known, Outcome::approximated, "the gateway decides what is tried again, when and where");
      r.rest();
      asking.field = f.ref("retries");
      if (retry.attempts > 0)
        asking.demand(retry, {}, Loss::other, "retries need --channel experimental or a target with policies",
                      Outcome::approximated);
    }
    mirrors(object, f, w);
    if (Fields c = f.object("corsPolicy"); c) cors(c, w);
    if (Fields h = f.object("headers"); h) {
      header_pair(h, w);
    }
    asking.field = f.ref("directResponse");
    if (f.take("directResponse")) asking.demand(Foreign{}, {}, Loss::rewrite, "Gateway API has no fixed answers");
    asking.field = f.ref("delegate");
    if (f.take("delegate"))
      asking.demand(Foreign{}, {}, Loss::rewrite, "a route that another VirtualService goes on with is not read");
    if (Fields fault = f.object("fault"); fault) {
      fault.tell("delay", Outcome::approximated, "no faults are injected");
      asking.field = fault.ref("abort");
      if (fault.take("abort"))
        asking.demand(Foreign{}, {}, Loss::rewrite,
                      "Gateway API has no fixed answers: what is refused would get through");
      fault.rest();
    }
  }

  // A share in percent; a number below a millionth of the requests is none.
  static std::int32_t millionths(const yaml::Node* share) {
    const std::string text = text_of(share && share->is_map() ? share->find("value") : share);
    if (text.empty()) return 1'000'000;
    double percent = 100;
    std::from_chars(text.data(), text.data() + text.size(), percent);
    return static_cast<std::int32_t>(std::clamp(percent, 0.0, 100.0) * 10'000 + 0.5);
  }

  void mirrors(const kube::OtherObject& object, Fields& f, Wishes& w) {
    std::int32_t share = 1'000'000;
    for (const char* known : {"mirrorPercentage", "mirrorPercent", "mirror_percent"})
      if (const yaml::Node* node = f.take(known)) {
        ledger_.settle(node, Outcome::converted, "percent of the mirror");
        share = millionths(node);
      }
    std::vector<std::pair<Fields, std::int32_t>> targets;
    if (f.take("mirror")) targets.emplace_back(f.object("mirror"), share);
    for (const yaml::Node* item : f.items("mirrors")) {
      Fields m = f.at(*item, "mirrors[]");
      const yaml::Node* node = m.take("percentage");
      if (node) ledger_.settle(node, Outcome::converted, "percent of the mirror");
      targets.emplace_back(m.object("destination"), millionths(node));
      m.rest();
    }
    for (auto& [m, part] : targets)
      if (const auto backend = destination(object, m); backend && part > 0) w.plain.mirrors.push_back({*backend, part});
  }

  static bool everything(const Match& m) {
    return m.text == "/" && m.reach == Reach::element && m.method.empty() && m.scheme == 0 && !m.refused &&
           m.conditions.headers.empty() && m.conditions.query.empty();
  }

  // False: it takes every request, and nothing behind it is reached.
  bool route(const kube::OtherObject& object, Fields f, const std::vector<std::string>& hosts,
             const std::vector<Opening>& open) {
    Wishes& w = site_.wishes(object);
    Asking asking = site_.asking(w);
    std::vector<Match> matches;
    const auto items = f.items("match");
    for (const yaml::Node* item : items) matches.push_back(match(f.at(*item, "match[]")));
    if (items.empty()) matches.emplace_back();
    std::vector<Backend> backends;
    actions(object, f, w, asking, backends);
    f.skip("name", name_only);
    asking.field = f.ref();
    if (f.rest()) asking.demand(Foreign{}, {}, Loss::auth, "a field of the route that may guard is not converted");
    for (const Match& m : matches) {
      --rank_;
      if (m.refused) continue;
      // What takes everything goes behind the routes of all VirtualServices of the host.
      const long rank = everything(m) ? rank_ - 1'000'000'000 : rank_;
      for (const std::string& host : hosts) add(object, f, host, m, w, backends, open, rank);
      if (everything(m)) return false;
    }
    return true;
  }

  void add(const kube::OtherObject& object, const Fields& f, const std::string& host, const Match& m, const Wishes& w,
           const std::vector<Backend>& backends, const std::vector<Opening>& open, long rank) {
    std::set<std::string> names;
    for (const Opening& o : open) names.merge(served(o, host, object.metadata.ns));
    for (const std::string& name : names) add_host(object, f, name, m, w, backends, open, rank);
  }

  void add_host(const kube::OtherObject& object, const Fields& f, const std::string& host, const Match& m,
                const Wishes& w, const std::vector<Backend>& backends, const std::vector<Opening>& open, long rank) {
    SiteRule rule;
    rule.owner = &object;
    rule.at = f.node();
    rule.host = host == "*" ? std::string_view{} : normal_host(ir_.keep(host), ir_);
    rule.text = ir_.keep(m.text);
    rule.reach = m.reach;
    rule.conditions = m.conditions;
    if (!m.method.empty()) rule.methods = {m.method};
    rule.backends = backends;
    rule.rank = rank;
    rule.http = rule.https = false;
    const Wishes* wishes = &w;
    for (const Opening& o : open) {
      if (served(o, host, object.metadata.ns).empty()) continue;
      if (o.guarded && !input_.options.accepts(Loss::client_certificate)) continue;
      rule.http = rule.http || (o.http && m.scheme != 2);
      rule.https = rule.https || (o.https && m.scheme != 1);
      if (o.https) site_.certificate(rule.host, object, f.node(), o.credential_ns, o.credential);
      if (o.http && o.redirect) {
        Wishes& own = site_.wishes(object);
        own = w;
        own.shared.reset();
        own.https_redirect = true;
        own.https_code = 301;
        wishes = &own;
      }
    }
    rule.wishes = wishes;
    if (rule.http || rule.https) site_.add(std::move(rule));
  }

  // ---- streams

  void tls_route(const kube::OtherObject& object, Fields f, const std::vector<Opening>& open) {
    Stream stream;
    stream.kind = Stream::Kind::passthrough;
    stream.owner = &object;
    stream.at = f.node();
    destinations(object, f, stream);
    for (const yaml::Node* item : f.items("match")) {
      Fields m = f.at(*item, "match[]");
      const auto port = m.number("port");
      const auto names = m.list("sniHosts");
      const bool narrowed = narrows(m);
      for (const std::string& host : names) {
        Stream one = stream;
        one.host = normal_host(ir_.keep(host), ir_);
        const bool opened = std::any_of(open.begin(), open.end(), [&](const Opening& o) {
          return o.passthrough && (!port || *port == o.port || o.assumed) &&
                 !served(o, host, object.metadata.ns).empty();
        });
        if (opened && !narrowed) ir_.streams.push_back(std::move(one));
        if (!opened)
          m.tell("sniHosts", Outcome::ignored, "no server of its Gateways passes TLS of this name and port through");
      }
    }
    f.rest();
  }
  void tcp_route(const kube::OtherObject& object, Fields f, const std::vector<Opening>& open) {
    Stream stream;
    stream.kind = Stream::Kind::tcp;
    stream.owner = &object;
    stream.at = f.node();
    destinations(object, f, stream);
    std::vector<kube::Port> ports;
    const auto matches = f.items("match");
    bool any = matches.empty();  // port that its Gateways open
    for (const yaml::Node* item : matches) {
      Fields m = f.at(*item, "match[]");
      const auto port = m.number("port");
      if (narrows(m)) continue;
      any = any || !port;
      if (port) ports.push_back(static_cast<kube::Port>(*port));
    }
    f.rest();
    if (any)
      for (const Opening& o : open)
        if (o.tcp) ports.push_back(o.port);
    for (const kube::Port port : ports) {
      Stream one = stream;
      one.port = port;
      ir_.streams.push_back(std::move(one));
    }
  }
  // Is the match for some clients or addresses only? Then it is told, and left out.
  bool narrows(Fields& match) {
    bool any = false;
    for (const char* key :
         {"gateways", "sourceLabels", "sourceNamespace", "sourceSubnet", "sourceSubnets", "destinationSubnets"})
      any =
          match.tell(key, Outcome::refused, "a stream is not chosen by it; this match is left out", Loss::allow_list) ||
          any;
    any = match.rest(true) || any;
    if (any) ledger_.leave_out(match.node());
    return any;
  }

  void destinations(const kube::OtherObject& object, Fields& f, Stream& stream) {
    for (const yaml::Node* item : f.items("route")) {
      Fields part = f.at(*item, "route[]");
      const auto weight = part.number("weight");
      auto backend = destination(object, part.object("destination"));
      part.rest();
      if (!backend) continue;
      backend->weight = static_cast<std::int32_t>(weight.value_or(1));
      stream.backends.push_back(*backend);
    }
  }

  const Input& input_;
  Ir& ir_;
  Ledger& ledger_;
  Site site_;
  Gateways gateways_;
  long rank_ = 0;
};

}  // namespace

void read_istio(const Input& input, Ir& ir, Ledger& ledger) {
  if (!input.ingresses.empty()) read_istio_ingresses(input, ir, ledger);
  Reader(input, ir, ledger).run();
}

}  // namespace gw::convert
