// What ingress-nginx does to a request besides routing it, in the words of route::Effect.
#include <algorithm>

#include "route/own/demand.h"
#include "verify/controllers/ingress_nginx.h"

namespace gw::verify::ingress_nginx {
namespace {

using route::Effect;
using Kind = Effect::Kind;

constexpr std::string_view default_methods = "GET, PUT, POST, DELETE, PATCH, OPTIONS";
constexpr std::string_view default_headers =
    "DNT,Keep-Alive,User-Agent,X-Requested-With,If-Modified-Since,Cache-Control,Content-Type,Range,Authorization";

std::string or_else(std::string text, std::string_view otherwise) {
  return text.empty() ? std::string(otherwise) : text;
}

// The data of a ConfigMap "ns/name" or "name".
const kube::StringMap* data_of(const kube::Index& index, const std::string& reference, std::string_view home) {
  const auto slash = reference.find('/');
  kube::NamespacedName id{std::string(home), reference};
  if (slash != std::string::npos) id = {reference.substr(0, slash), reference.substr(slash + 1)};
  const kube::ConfigMap* map = reference.empty() ? nullptr : index.config_map(id);
  return map ? &map->data : nullptr;
}

class Reader {
 public:
  Reader(const kube::Ingress& ingress, const Settings& settings, const kube::Index& index,
         const std::function<std::string(std::string_view)>& text, Annotations& out)
      : ingress_(ingress), settings_(settings), index_(index), text_(text), out_(out) {
    demand_.object = "Ingress " + ingress.id().display();
  }

  void read() {
    guards();
    headers();
    cors();
    mirror();
    if (settings_.snippets && !(text_("configuration-snippet") + text_("server-snippet")).empty()) {
      unknown(Kind::request_header);
      unknown(Kind::response_header);
    }
    out_.effects.insert(out_.effects.end(), demand_.effects.begin(), demand_.effects.end());
  }

 private:
  void unknown(Kind kind) {
    out_.unknown_effects = static_cast<std::uint8_t>(out_.unknown_effects | 1U << static_cast<unsigned>(kind));
  }
  void add(Kind kind, std::string what) { out_.effects.push_back({kind, std::move(what), demand_.object}); }

  void guards() {
    const std::string allow = text_("allowlist-source-range"), deny = text_("denylist-source-range");
    const std::vector<std::string> allowed = allow.empty() ? settings_.allow_texts : split_trimmed(allow, ',');
    const std::vector<std::string> denied = deny.empty() ? settings_.deny_texts : split_trimmed(deny, ',');
    if (!denied.empty()) demand_.deny_all(denied);
    if (!allowed.empty()) demand_.allow_only(allowed);
    if (out_.basic_auth) demand_.guard("basic auth");
    const bool global = out_.global_auth && !settings_.global_auth_url.empty();
    if (!out_.auth.url.empty() || global) {
      const std::string& url = out_.auth.url.empty() ? settings_.global_auth_url : out_.auth.url;
      demand_.guard("external auth by " + route::own::address_of_url(url));
      if (url.find('$') != std::string::npos) unknown(Kind::guard);
    }
    if (!out_.tls_auth.empty()) {
      const std::string how = text_("auth-tls-verify-client");
      if (how != "off")
        demand_.guard(how.starts_with("optional") ? "client certificate, optional" : "client certificate");
    }
    if (out_.satisfy_any && demand_.effects.size() > 1) {
      std::string any = "any of:";
      for (const Effect& effect : demand_.effects) any += " " + effect.what + ";";
      demand_.effects.clear();
      demand_.guard(any);
    }
  }

  void set_headers(Kind kind, const char* how, const kube::StringMap* data) {
    if (!data) return;
    for (const auto& [name, value] : *data) {
      if (value.find('$') != std::string::npos) unknown(kind);
      add(kind, std::string(how) + " " + lower(name) + ": " + std::string(trim(value)));
    }
  }

  void headers() {
    const std::string_view ns = ingress_.metadata.ns;
    set_headers(Kind::response_header, "set", data_of(index_, text_("custom-headers"), ns));
    const auto named = [&](std::string_view key) -> const kube::StringMap* {
      const std::string* reference = kube::find(settings_.config_map, key);
      return reference ? data_of(index_, *reference, ns) : nullptr;
    };
    set_headers(Kind::request_header, "set", named("proxy-set-headers"));
    set_headers(Kind::response_header, "add", named("add-headers"));
    if (const std::string prefix = text_("x-forwarded-prefix"); !prefix.empty() && !out_.rewrite_target.empty()) {
      if (prefix.find('$') != std::string::npos) unknown(Kind::request_header);
      add(Kind::request_header, "set x-forwarded-prefix: " + prefix);
    }
    if (!text_("auth-response-headers").empty() || !text_("connection-proxy-header").empty())
      unknown(Kind::request_header);
  }

  // To "*" nginx adds credentials that no browser then sends.
  void cors() {
    if (!out_.cors.enabled) return;
    const std::string credentials = text_("cors-allow-credentials"), age = text_("cors-max-age");
    route::own::cors_effects(
        out_.effects, demand_.object, out_.cors.any ? std::vector<std::string>{"*"} : out_.cors.origins,
        split_trimmed(or_else(text_("cors-allow-methods"), default_methods), ','),
        split_trimmed(or_else(text_("cors-allow-headers"), default_headers), ','),
        split_trimmed(text_("cors-expose-headers"), ','), !out_.cors.any && parse_bool(credentials).value_or(true),
        static_cast<long>(parse_int(age).value_or(1728000)));
  }

  void mirror() {
    const std::string target = text_("mirror-target");
    if (target.empty()) return;
    std::string host = route::own::address_of_url(target.substr(0, target.find('$')));
    host = host.substr(0, host.find('/'));
    const auto dot = host.find('.'), colon = host.find(':');
    if (dot == std::string::npos || host.find('.', dot + 1) != std::string::npos || colon == std::string::npos)
      return unknown(Kind::mirror);
    add(Kind::mirror, "to " + host.substr(dot + 1, colon - dot - 1) + "/" + host.substr(0, dot) + host.substr(colon));
  }

  const kube::Ingress& ingress_;
  const Settings& settings_;
  const kube::Index& index_;
  const std::function<std::string(std::string_view)>& text_;
  Annotations& out_;
  route::own::Demand demand_;
};

std::string hsts(const Settings& settings) {
  const std::string* age = kube::find(settings.config_map, "hsts-max-age");
  return "max-age=" + (age ? *age : "31536000") +
         (truthy(settings.config_map, "hsts-include-subdomains", true) ? "; includeSubDomains" : "") +
         (truthy(settings.config_map, "hsts-preload", false) ? "; preload" : "");
}

}  // namespace

void read_effects(const kube::Ingress& ingress, const Settings& settings, const kube::Index& index,
                  const std::function<std::string(std::string_view)>& text, Annotations& out) {
  Reader(ingress, settings, index, text, out).read();
}

// HSTS is of the answers over https under a certificate; a client certificate is asked for there alone.
void settle_effects(const Settings& settings, const Server& server, Location& location, KnownEffects& shared) {
  const Annotations& annotations = *location.annotations;
  for (const bool https : {false, true}) {
    auto effects = std::make_shared<route::Effects>();
    for (const Effect::Kind kind : route::effect_kinds)
      if ((annotations.unknown_effects >> static_cast<unsigned>(kind) & 1U) == 0) effects->know(kind);
    for (const Effect& effect : annotations.effects)
      if (https || !effect.what.starts_with("client certificate"))
        effects->add(effect.kind, effect.what, effect.object);
    if (https && server.certificate && truthy(settings.config_map, "hsts", true))
      effects->add(Kind::response_header, "set strict-transport-security: " + hsts(settings), "HSTS of ingress-nginx");
    location.effects[https] = shared.try_emplace({effects->known, effects->list}, effects).first->second;
  }
}

}  // namespace gw::verify::ingress_nginx
