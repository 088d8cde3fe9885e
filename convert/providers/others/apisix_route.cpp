// ApisixRoute: rules by host, path and conditions with a priority; plugins beside them; streams by port.
#include <algorithm>

#include "convert/object_names.h"
#include "convert/providers/common.h"
#include "convert/providers/dialects.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/own.h"
#include "convert/providers/sentences.h"
#include "convert/providers/site.h"
#include "convert/providers/values.h"
#include "convert/regex.h"

namespace gw::convert {
namespace {

class Reader {
 public:
  Reader(const Input& input, Ir& ir, Ledger& ledger)
      : input_(input), ir_(ir), ledger_(ledger), site_("apisix", input, ir, ledger) {}

  void run() {
    for (const kube::OtherObject* object : input_.own)
      if (object->kind == "ApisixTls" && object->node) certificate(*object);
    for (const kube::OtherObject* object : input_.own)
      if (object->kind == "ApisixRoute" && object->node) read(*object);
    site_.finish(true);
  }

 private:
  struct Secret {
    std::string host, ns, name;
    const kube::OtherObject* object;
  };

  void certificate(const kube::OtherObject& object) {
    Fields spec = Fields::spec(object, ledger_);
    spec.skip("ingressClassName", "the Gateway's class takes its place");
    Fields secret = spec.object("secret");
    const std::string name = secret.text("name"), ns = secret.text("namespace");
    secret.rest();
    const bool client = spec.tell("client", Outcome::refused,
                                  "client certificates are the listener's: write tls.frontendValidation; the hosts are "
                                  "left out",
                                  Loss::client_certificate);
    for (const std::string& host : spec.list("hosts")) {
      if (client && !input_.options.accepts(Loss::client_certificate)) guarded_.push_back(nginx::lower(host));
      certificates_.push_back({nginx::lower(host), ns.empty() ? std::string(object.metadata.ns) : ns, name, &object});
    }
    spec.rest();
  }

  void read(const kube::OtherObject& object) {
    Fields spec = Fields::spec(object, ledger_);
    spec.skip("ingressClassName", "the Gateway's class takes its place");
    for (const yaml::Node* item : spec.items("http")) http(object, spec.at(*item, "http[]"));
    for (const yaml::Node* item : spec.items("stream")) stream(object, spec.at(*item, "stream[]"));
    spec.rest();
  }

  void http(const kube::OtherObject& object, Fields f) {
    Wishes& w = site_.wishes(object);
    Asking asking = site_.asking(w);
    f.skip("name", "a name for reports of APISIX");
    const long priority = f.number("priority").value_or(0);
    if (f.has("websocket")) f.skip("websocket", "gateways upgrade connections by themselves");
    timeouts(f.object("timeout"), w, asking);
    std::vector<Backend> backends;
    for (const yaml::Node* item : f.items("backends")) backend(object, f.at(*item, "backends[]"), backends);
    if (f.take("upstreams"))
      tell(ledger_, f.ref("upstreams"), Outcome::refused,
           "an ApisixUpstream may lead outside the cluster; name Services in backends", Loss::backend);
    for (const char* key : {"plugin_config_name", "plugin_config_namespace"})
      if (f.take(key)) {
        asking.field = f.ref(key);
        asking.demand(Foreign{}, {}, Loss::auth, "an ApisixPluginConfig may ask for credentials; it is not converted");
      }
    Fields authentication = f.object("authentication");
    if (authentication.on("enable")) {
      asking.field = f.ref("authentication");
      asking.demand(Foreign{authentication.text("type")}, {}, Loss::auth,
                    "APISIX asks for the credentials of its consumers, which no target has");
      for (const char* key : {"type", "keyAuth", "jwtAuth", "ldapAuth"}) authentication.take(key);
    }
    authentication.rest();
    for (const yaml::Node* item : f.items("plugins")) plugin(f.at(*item, "plugins[]"), w, asking);
    asking.field = f.ref();
    match(object, f, f.object("match"), w, asking, backends, priority);
    if (f.rest()) asking.demand(Foreign{}, {}, Loss::auth, "a field of the route that may guard is not converted");
  }

  void timeouts(Fields f, Wishes& w, Asking& asking) {
    if (const auto read = f.time("read")) w.plain.backend_timeout = gep_duration(*read);
    asking.field = f.ref("connect");
    if (const auto connect = f.time("connect"))
      asking.demand(ConnectTimeout{whole_seconds(*connect)}, {}, Loss::other, "Gateway API has no connect timeout",
                    Outcome::approximated);
    f.tell("send", Outcome::approximated, "Gateway API has no time for sending");
    f.rest();
  }

  void backend(const kube::OtherObject& object, Fields f, std::vector<Backend>& to) {
    const std::string name = f.text("serviceName"), port = f.text("servicePort");
    const long weight = f.number("weight").value_or(1);
    f.skip("resolveGranularity", "gateways choose endpoints themselves");
    if (const std::string subset = f.text("subset"); !subset.empty())
      f.tell("subset", Outcome::refused, "pods of one Service cannot be chosen: give the subset a Service of its own",
             Loss::backend);
    f.rest();
    auto made = own_backend(object, f.node(), object.metadata.ns, name, port, input_, ir_, ledger_);
    if (!made) return;
    made->weight = static_cast<std::int32_t>(std::clamp<long>(weight, 0, 1'000'000));
    to.push_back(*made);
  }

  // "/foo" is that path alone, "/foo*" what begins with it.
  void match(const kube::OtherObject& object, const Fields& rule, Fields f, const Wishes& w, Asking& asking,
             const std::vector<Backend>& backends, long priority) {
    std::vector<std::string> hosts = f.list("hosts"), paths = f.list("paths");
    SiteRule one;
    one.owner = &object;
    one.at = rule.node();
    one.wishes = &w;
    one.backends = backends;
    one.methods = f.list("methods");
    for (const char* key : {"remoteAddrs", "filter_func"})
      if (f.take(key)) {
        asking.field = f.ref(key);
        asking.demand(Foreign{}, {}, Loss::allow_list, "Gateway API does not choose by it");
      }
    for (const yaml::Node* item : f.items("exprs")) expression(f.at(*item, "exprs[]"), one.conditions, asking);
    if (f.rest(true)) asking.demand(Foreign{}, {}, Loss::auth, "a condition of the route is not converted");
    if (hosts.empty()) hosts.emplace_back();
    if (paths.empty()) paths.emplace_back("/*");
    for (const std::string& host : hosts)
      for (const std::string& path : paths) add(one, nginx::lower(host), path, priority);
  }

  void add(SiteRule rule, const std::string& host, const std::string& path, long priority) {
    if (std::find(guarded_.begin(), guarded_.end(), host) != guarded_.end()) return;
    rule.host = normal_host(ir_.keep(host), ir_);
    std::string text = path;
    const bool prefix = text.ends_with('*');
    if (prefix) text.pop_back();
    if (!text.starts_with('/')) text.insert(0, "/");
    rule.rank = priority * 1'000'000 + (prefix ? 0 : 500'000) + static_cast<long>(text.size());
    rule.reach = !prefix ? Reach::exact : text == "/" ? Reach::element : Reach::bytes;
    rule.text = ir_.keep(text);
    for (const Secret& s : certificates_)
      if (s.host == host || covers(s.host, host)) site_.certificate(rule.host, *s.object, s.object->node, s.ns, s.name);
    site_.add(std::move(rule));
  }

  void expression(Fields f, Conditions& to, Asking& asking) {
    Fields subject = f.object("subject");
    const std::string scope = subject.text("scope"), name = subject.text("name"), op = f.text("op"),
                      value = f.text("value");
    subject.rest();
    const auto set = f.list("set");
    f.rest();
    asking.field = f.ref();
    std::optional<ValueMatch> made;
    if (op == "Equal") made = ValueMatch{name, value, false};
    if (op == "RegexMatch") made = ValueMatch{name, ".*(?:" + value + ").*", true};
    if (op == "RegexMatchCaseInsensitive") made = ValueMatch{name, "(?i).*(?:" + value + ").*", true};
    if (op == "In" && !set.empty()) {
      std::string any;
      for (const std::string& one : set) any += (any.empty() ? "" : "|") + escape_regex(one);
      made = ValueMatch{name, any, true};
    }
    if (made && scope == "Header")
      to.headers.push_back(std::move(*made));
    else if (made && scope == "Query")
      to.query.push_back(std::move(*made));
    else
      asking.demand(Foreign{}, {}, Loss::auth,
                    ir_.keep("Gateway API has no condition " + op + " over " + (scope.empty() ? "nothing" : scope)));
  }

  void plugin(Fields f, Wishes& w, Asking& asking) {
    const std::string name = f.text("name");
    const bool off = f.text("enable") == "false";
    if (off) {
      f.skip("config", "the plugin is off");
      f.skip("secretRef", "the plugin is off");
      return void(f.rest());
    }
    Fields config = f.object("config");
    asking.field = f.ref("name");
    if (name == "redirect" && config.on("http_to_https")) {
      w.https_redirect = true;
      w.https_code = 301;
    } else if (name == "proxy-rewrite") {
      rewrite(config, w);
    } else if (name == "ip-restriction") {
      addresses(config, asking);
    } else if (name == "cors") {
      cors(config, w);
    } else {
      if (config.node()) ledger_.settle(config.node(), Outcome::refused, "the plugin is not converted");
      f.take("secretRef");
      asking.demand(Foreign{name}, {}, Loss::auth,
                    ir_.keep("plugin '" + name + "' is not converted; it may answer by itself"));
      return void(f.rest());
    }
    if (config.rest() || f.rest())
      asking.demand(Foreign{name}, {}, Loss::auth, "a field of the plugin that may guard is not converted");
  }

  void rewrite(Fields& config, Wishes& w) {
    if (const std::string uri = config.text("uri"); !uri.empty()) {
      w.rewrite.kind = RewriteWish::Kind::whole;
      w.rewrite.target = uri;
      w.rewrite.field = config.ref("uri");
    }
    if (const auto pair = config.list("regex_uri"); pair.size() == 2) {
      w.rewrite.kind = RewriteWish::Kind::pattern;
      w.rewrite.pattern = pair[0];
      w.rewrite.target = pair[1];
      for (char& c : w.rewrite.target)
        if (c == '$') c = '\\';
      w.rewrite.field = config.ref("regex_uri");
    }
    if (const std::string host = config.text("host"); !host.empty()) w.plain.rewrite_host = host;
    Fields headers = config.object("headers");
    for (const auto& [key, op] : {std::pair{"set", HeaderEdit::Op::set}, {"add", HeaderEdit::Op::add}})
      for (auto& [name, value] : headers.map(key)) w.plain.request_headers.push_back({op, name, value});
    for (const std::string& name : headers.list("remove"))
      w.plain.request_headers.push_back({HeaderEdit::Op::remove, name, {}});
    headers.rest();
  }

  void addresses(Fields& config, Asking& asking) {
    for (const auto& [key, deny] : {std::pair{"whitelist", false}, {"blacklist", true}}) {
      std::string all;
      for (const std::string& one : config.list(key)) all += one + ",";
      if (all.empty()) continue;
      std::vector<std::string> bad;
      AddressList list{deny, networks(all, bad)};
      if (!bad.empty()) asking.demand(Foreign{all}, {}, Loss::allow_list, "an entry of its list is not a network");
      asking.demand(std::move(list), {}, Loss::allow_list, sentence::auth);
    }
    config.tell("message", Outcome::approximated, "what a refused client gets is the gateway's own");
  }

  void cors(Fields& config, Wishes& w) {
    CorsPolicy c;
    const auto words = [&](std::string_view key) {
      const std::string text = config.text(key);
      return nginx::split(text.empty() || text == "**" ? "*" : std::string_view(text));
    };
    c.origins = words("allow_origins");
    c.methods = words("allow_methods");
    c.headers = words("allow_headers");
    c.expose = nginx::split(config.text("expose_headers"));
    c.credentials = config.on("allow_credential");
    if (const auto age = config.number("max_age")) c.max_age = static_cast<std::int32_t>(*age);
    if (plain_origins(c, config, "allow_origins")) w.plain.cors = std::move(c);
  }

  void stream(const kube::OtherObject& object, Fields f) {
    Stream made;
    made.owner = &object;
    made.at = f.node();
    f.skip("name", "a name for reports of APISIX");
    const std::string protocol = nginx::lower(f.text("protocol"));
    made.kind = protocol == "udp" ? Stream::Kind::udp : Stream::Kind::tcp;
    Fields match = f.object("match");
    made.port = static_cast<kube::Port>(match.number("ingressPort").value_or(0));
    const bool narrowed =
        match.tell("host", Outcome::refused, "a stream by server name is not converted", Loss::backend);
    match.rest();
    backend(object, f.object("backend"), made.backends);
    const bool guarded = f.tell("plugins", Outcome::refused,
                                "routes of TCP and UDP have no filters; the stream is left out", Loss::auth);
    f.rest();
    if (made.port <= 0 || narrowed || (guarded && !input_.options.accepts(Loss::auth)))
      return ledger_.leave_out(f.node());
    ir_.streams.push_back(std::move(made));
  }

  const Input& input_;
  Ir& ir_;
  Ledger& ledger_;
  Site site_;
  std::vector<Secret> certificates_;
  std::vector<std::string> guarded_;  // hosts that ask clients for certificates
};

}  // namespace

void read_apisix_routes(const Input& input, Ir& ir, Ledger& ledger) {
  Reader(input, ir, ledger).run();
}

}  // namespace gw::convert
