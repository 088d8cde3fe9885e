#include "convert/providers/istio/istio.h"

#include <algorithm>

#include "convert/providers/common.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/own.h"
#include "convert/providers/site.h"
#include "convert/providers/values.h"
#include "convert/regex.h"

namespace gw::convert {
namespace {

// What one of the servers of a Gateway opens.
struct Opening {
  std::vector<std::string> hosts;
  kube::Port port = 80;
  bool https = false, passthrough = false, redirect = false, http = false, tcp = false;
  std::string ns, credential;
  bool guarded = false;  // asks clients for certificates
};

bool opens(const std::string& pattern, const std::string& host) {
  if (pattern == "*" || pattern == host) return true;
  if (pattern.starts_with("*.")) return host.ends_with(pattern.substr(1));
  return host.starts_with("*.") && pattern.ends_with(host.substr(1));
}

class Reader {
 public:
  Reader(const Input& input, Ir& ir, Ledger& ledger)
      : input_(input), ir_(ir), ledger_(ledger), site_("istio", input, ir, ledger) {}

  void run() {
    for (const kube::OtherObject* object : input_.own)
      if (object->kind == "Gateway" && object->node) gateway(*object);
    for (const kube::OtherObject* object : input_.own)
      if (object->kind == "VirtualService" && object->node) service(*object);
    site_.finish(false);
  }

 private:
  void gateway(const kube::OtherObject& object) {
    Fields spec(object, object.node->find("spec"), "spec");
    spec.skip("selector");
    for (const yaml::Node* item : spec.items("servers")) {
      Fields f = spec.at(*item, "servers[]");
      Opening o;
      o.ns = object.metadata.ns;
      for (const std::string& host : f.list("hosts"))
        o.hosts.push_back(host.substr(host.find('/') == std::string::npos ? 0 : host.find('/') + 1));
      Fields port = f.object("port");
      o.port = static_cast<kube::Port>(port.number("number").value_or(80));
      const std::string protocol = port.text("protocol");
      port.skip("name");
      port.skip("targetPort");
      port.rest(ledger_);
      Fields tls = f.object("tls");
      const std::string mode = tls.text("mode");
      o.credential = tls.text("credentialName");
      o.redirect = tls.on("httpsRedirect");
      o.passthrough = mode == "PASSTHROUGH" || mode == "AUTO_PASSTHROUGH";
      o.https = protocol == "HTTPS" && !o.passthrough;
      o.http = protocol == "HTTP" || protocol == "HTTP2" || protocol == "GRPC";
      o.tcp = protocol == "TCP" || protocol == "TLS";
      if (mode == "MUTUAL" || mode == "OPTIONAL_MUTUAL") {
        o.guarded = true;
        tell(ledger_, tls.ref("mode"), Outcome::refused,
             "client certificates are the listener's: write tls.frontendValidation; routes of these hosts are left out",
             Loss::client_certificate);
      }
      for (const char* known : {"minProtocolVersion", "maxProtocolVersion", "cipherSuites"})
        if (tls.take(known))
          tell(ledger_, tls.ref(known), Outcome::approximated, "TLS settings are the gateway's own", Loss::none);
      for (const char* known : {"serverCertificate", "privateKey", "caCertificates"})
        if (tls.take(known))
          tell(ledger_, tls.ref(known), Outcome::refused,
               "a file of the proxy is no Secret: name one with credentialName", Loss::other);
      tls.rest(ledger_);
      f.skip("name");
      f.skip("bind");
      f.skip("defaultEndpoint");
      f.rest(ledger_);
      if (o.port != 80 && o.port != 443)
        tell(ledger_, f.ref("port"), Outcome::approximated,
             "routes hang on listeners of 80 and 443; add one of port " + std::to_string(o.port) + " to the Gateway",
             Loss::none);
      gateways_[object.metadata.ns + "/" + object.metadata.name].push_back(std::move(o));
    }
    spec.rest(ledger_);
  }

  // The openings of the Gateways that a VirtualService names; nothing when it is for the mesh only.
  std::vector<Opening> openings(Fields& spec, const std::string& ns) {
    std::vector<Opening> all;
    for (const std::string& name : spec.list("gateways")) {
      if (name == "mesh") continue;
      const auto [where, local] = qualified(name, ns);
      const auto at = gateways_.find(std::string(where) + "/" + std::string(local));
      if (at == gateways_.end()) {
        tell(ledger_, spec.ref("gateways"), Outcome::approximated,
             "Gateway '" + name + "' is not among the input: http on port 80 is taken", Loss::none);
        all.push_back({{"*"}, 80, false, false, false, true, false, ns, {}, false});
      } else {
        all.insert(all.end(), at->second.begin(), at->second.end());
      }
    }
    return all;
  }

  void service(const kube::OtherObject& object) {
    Fields spec(object, object.node->find("spec"), "spec");
    const auto hosts = spec.list("hosts");
    const std::vector<Opening> open = openings(spec, object.metadata.ns);
    spec.skip("exportTo");
    if (open.empty()) {
      ledger_.note({"GW605",
                    diag::Severity::warning,
                    object.object_id().display() + " is for the mesh only: nothing of it concerns a gateway",
                    {},
                    &object,
                    spec.node()});
      return;
    }
    if (hosts.empty())
      tell(ledger_, spec.ref(), Outcome::refused,
           "a VirtualService without hosts is included by another; write its routes there", Loss::other);
    long rank = 1'000'000;
    for (const yaml::Node* item : spec.items("http")) route(object, spec.at(*item, "http[]"), hosts, open, rank);
    for (const yaml::Node* item : spec.items("tls")) tls_route(object, spec.at(*item, "tls[]"), open);
    for (const yaml::Node* item : spec.items("tcp")) tcp_route(object, spec.at(*item, "tcp[]"), open);
    spec.rest(ledger_);
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
    if (f.rest(ledger_, true)) return std::nullopt;
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
      m.refused = uri.rest(ledger_, true);
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
      if (m.method.empty() || method.rest(ledger_, true)) refuse(m, f.ref("method"), "only whole methods can be said");
    }
    if (Fields authority = f.object("authority"); authority)
      if (auto v = value_of(f.object("authority"), "Host", true)) m.conditions.headers.push_back(std::move(*v));
    if (Fields scheme = f.object("scheme"); scheme) m.scheme = scheme.text("exact") == "https" ? 2 : 1;
    if (f.take("withoutHeaders")) refuse(m, f.ref("withoutHeaders"), "Gateway API has no negation");
    for (const char* key : {"sourceLabels", "sourceNamespace", "gateways", "port"})
      if (f.take(key)) refuse(m, f.ref(key), "Gateway API does not choose by it");
    f.skip("name");
    f.skip("statPrefix");
    if (f.rest(ledger_, true)) m.refused = true;
    return m;
  }
  void refuse(Match& m, const FieldRef& ref, std::string_view why) {
    tell(ledger_, ref, Outcome::refused, std::string(why) + "; this match is left out", Loss::other);
    m.refused = true;
  }

  std::optional<Backend> destination(const kube::OtherObject& object, Fields f) {
    const std::string host = f.text("host"), subset = f.text("subset");
    const std::string port = f.object("port").text("number");
    f.skip("port");
    const auto labels = nginx::split(host, '.');
    const std::string ns = labels.size() > 1 ? labels[1] : object.metadata.ns;
    if (!subset.empty())
      tell(ledger_, f.ref("subset"), Outcome::refused,
           "pods of one Service cannot be chosen: give subset '" + subset + "' a Service of its own", Loss::backend);
    if (labels.size() > 2 && labels[2] != "svc") {
      tell(ledger_, f.ref("host"), Outcome::refused, "'" + host + "' is no Service of the cluster", Loss::backend);
      return std::nullopt;
    }
    f.rest(ledger_);
    if (labels.empty()) return std::nullopt;
    return own_backend(object, f.node(), ns, labels[0], port, input_, ir_, ledger_);
  }

  void headers(Fields f, std::vector<HeaderEdit>& to) {
    for (const auto& [key, op] : {std::pair{"set", HeaderEdit::Op::set}, {"add", HeaderEdit::Op::add}})
      for (auto& [name, value] : f.map(key)) {
        if (value.find('%') != std::string::npos)
          tell(ledger_, f.ref(key), Outcome::refused, "a header made of variables of Envoy cannot be said",
               Loss::other);
        else
          to.push_back({op, name, value});
      }
    for (const std::string& name : f.list("remove")) to.push_back({HeaderEdit::Op::remove, name, {}});
    f.rest(ledger_);
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
    if (const auto age = duration(f.text("maxAge"))) c.max_age = static_cast<std::int32_t>(age->count() / 1000);
    f.skip("unmatchedPreflights");
    f.rest(ledger_);
    w.plain.cors = std::move(c);
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
          headers(h.object("request"), w.plain.request_headers),
              headers(h.object("response"), w.plain.response_headers);
      }
      part.rest(ledger_);
      if (!backend) continue;
      backend->weight = static_cast<std::int32_t>(weight.value_or(parts.size() == 1 ? 1 : 0));
      backends.push_back(*backend);
    }
    if (Fields r = f.object("redirect"); r) {
      Redirect to;
      if (const std::string v = r.text("scheme"); !v.empty()) to.scheme = v;
      if (const std::string v = r.text("authority"); !v.empty()) to.host = v.substr(0, v.find(':'));
      if (const auto v = r.number("port")) to.port = static_cast<kube::Port>(*v);
      if (const std::string v = r.text("uri"); !v.empty()) to.path = PathRewrite{false, v};
      to.status = static_cast<int>(r.number("redirectCode").value_or(301));
      r.skip("derivePort");
      r.rest(ledger_);
      w.redirect = to;
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
        w.rewrite.field = f.ref("rewrite");
        regex.rest(ledger_);
      }
      r.rest(ledger_);
    }
    if (const auto t = duration(f.text("timeout"))) w.plain.request_timeout = gep_duration(*t);
    if (Fields r = f.object("retries"); r) {
      Retry retry;
      retry.attempts = static_cast<int>(r.number("attempts").value_or(2));
      if (const auto t = duration(r.text("perTryTimeout"))) retry.timeout_seconds = whole_seconds(*t);
      for (const char* known : {"retryOn", "retryRemoteLocalities", "retryIgnorePreviousHosts", "backoff"})
        r.skip(known);
      r.rest(ledger_);
      asking.field = f.ref("retries");
      if (retry.attempts > 0)
        asking.demand(retry, {}, Loss::other, "retries need --channel experimental or a target with policies",
                      Outcome::approximated);
    }
    std::vector<Fields> mirrors;
    if (f.take("mirror")) mirrors.push_back(f.object("mirror"));
    for (const yaml::Node* item : f.items("mirrors")) {
      Fields m = f.at(*item, "mirrors[]");
      mirrors.push_back(m.object("destination"));
      if (m.has("percentage"))
        tell(ledger_, m.ref("percentage"), Outcome::approximated, "every request is mirrored, not a share of them",
             Loss::none);
    }
    for (const char* known : {"mirrorPercentage", "mirrorPercent", "mirror_percent"})
      if (f.take(known))
        tell(ledger_, f.ref(known), Outcome::approximated, "every request is mirrored, not a share of them",
             Loss::none);
    for (Fields& m : mirrors)
      if (const auto backend = destination(object, m)) w.plain.mirrors.push_back({*backend});
    if (Fields c = f.object("corsPolicy"); c) cors(c, w);
    if (Fields h = f.object("headers"); h) {
      headers(h.object("request"), w.plain.request_headers);
      headers(h.object("response"), w.plain.response_headers);
      h.rest(ledger_);
    }
    asking.field = f.ref("directResponse");
    if (f.take("directResponse")) asking.demand(Foreign{}, {}, Loss::rewrite, "Gateway API has no fixed answers");
    asking.field = f.ref("delegate");
    if (f.take("delegate"))
      asking.demand(Foreign{}, {}, Loss::rewrite, "a route that another VirtualService goes on with is not read");
    if (f.take("fault")) tell(ledger_, f.ref("fault"), Outcome::approximated, "no faults are injected", Loss::none);
  }

  void route(const kube::OtherObject& object, Fields f, const std::vector<std::string>& hosts,
             const std::vector<Opening>& open, long& rank) {
    Wishes& w = site_.wishes(object);
    Asking asking = site_.asking(w);
    std::vector<Match> matches;
    const auto items = f.items("match");
    for (const yaml::Node* item : items) matches.push_back(match(f.at(*item, "match[]")));
    if (items.empty()) matches.emplace_back();
    std::vector<Backend> backends;
    actions(object, f, w, asking, backends);
    f.skip("name");
    asking.field = f.ref();
    if (f.rest(ledger_))
      asking.demand(Foreign{}, {}, Loss::auth, "a field of the route that may guard is not converted");
    for (const Match& m : matches) {
      --rank;
      if (m.refused) continue;
      for (const std::string& host : hosts) add(object, f, host, m, w, backends, open, rank);
    }
  }

  void add(const kube::OtherObject& object, const Fields& f, const std::string& host, const Match& m, const Wishes& w,
           const std::vector<Backend>& backends, const std::vector<Opening>& open, long rank) {
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
      if (!std::any_of(o.hosts.begin(), o.hosts.end(), [&](const std::string& p) { return opens(p, host); })) continue;
      if (o.guarded && !input_.options.accepts(Loss::client_certificate)) continue;
      rule.http = rule.http || (o.http && m.scheme != 2);
      rule.https = rule.https || (o.https && m.scheme != 1);
      if (o.https) site_.certificate(rule.host, object, f.node(), o.ns, o.credential);
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
      for (const char* known : {"port", "gateways", "sourceLabels", "destinationSubnets", "sourceNamespace"})
        m.skip(known);
      for (const std::string& host : m.list("sniHosts")) {
        Stream one = stream;
        one.host = normal_host(ir_.keep(host), ir_);
        const bool opened = std::any_of(open.begin(), open.end(), [](const Opening& o) { return o.passthrough; });
        if (opened) ir_.streams.push_back(std::move(one));
      }
      m.rest(ledger_);
    }
    f.rest(ledger_);
  }
  void tcp_route(const kube::OtherObject& object, Fields f, const std::vector<Opening>& open) {
    Stream stream;
    stream.kind = Stream::Kind::tcp;
    stream.owner = &object;
    stream.at = f.node();
    destinations(object, f, stream);
    std::vector<kube::Port> ports;
    for (const yaml::Node* item : f.items("match")) {
      Fields m = f.at(*item, "match[]");
      if (const auto port = m.number("port")) ports.push_back(static_cast<kube::Port>(*port));
      for (const char* known : {"gateways", "sourceLabels", "destinationSubnets", "sourceNamespace"}) m.skip(known);
      m.rest(ledger_);
    }
    f.rest(ledger_);
    if (ports.empty())
      for (const Opening& o : open)
        if (o.tcp) ports.push_back(o.port);
    for (const kube::Port port : ports) {
      Stream one = stream;
      one.port = port;
      ir_.streams.push_back(std::move(one));
    }
  }
  void destinations(const kube::OtherObject& object, Fields& f, Stream& stream) {
    for (const yaml::Node* item : f.items("route")) {
      Fields part = f.at(*item, "route[]");
      const auto weight = part.number("weight");
      auto backend = destination(object, part.object("destination"));
      part.rest(ledger_);
      if (!backend) continue;
      backend->weight = static_cast<std::int32_t>(weight.value_or(1));
      stream.backends.push_back(*backend);
    }
  }

  const Input& input_;
  Ir& ir_;
  Ledger& ledger_;
  Site site_;
  std::map<std::string, std::vector<Opening>> gateways_;
};

}  // namespace

void read_istio(const Input& input, Ir& ir, Ledger& ledger) {
  Reader(input, ir, ledger).run();
}

}  // namespace gw::convert
