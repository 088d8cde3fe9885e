// Validation decides three fates: the whole Ingress is dropped, its locations answer 503, or the value is ignored.
#include <algorithm>

#include "verify/controllers/ingress_nginx.h"
#include "verify/controllers/nginx_variables.h"
#include "verify/shape.h"

namespace gw::verify::ingress_nginx {
namespace {

using Check = bool (*)(std::string_view);

constexpr std::string_view basic = "-._~/:";
constexpr std::string_view extended = "-._~/:, ";
constexpr std::string_view url = "-._~/:,?&=";
constexpr std::string_view url_with_variables = "-._~/:, ?&=$";
constexpr std::string_view regex = "-._~/:^$[](){}*+?|&=\\";

std::string without_spaces(std::string_view text) {
  std::string out(text);
  std::erase(out, ' ');
  return out;
}

bool anything(std::string_view) {
  return true;
}
bool is_bool(std::string_view v) {
  return parse_bool(v).has_value();
}
bool is_int(std::string_view v) {
  return parse_int(v).has_value();
}
bool is_basic(std::string_view v) {
  return only(without_spaces(v), basic);
}
bool is_basic_or_space(std::string_view v) {
  return only(v, "-._~/: ");
}
bool is_extended(std::string_view v) {
  return only(v, extended);
}
bool is_url(std::string_view v) {
  return only(v, url);
}
bool is_spaced_url(std::string_view v) {
  return only(without_spaces(v), url);
}
bool is_variable_url(std::string_view v) {
  return only(without_spaces(v), url_with_variables);
}
bool is_regex(std::string_view v) {
  return only(v, regex);
}
bool is_server_name(std::string_view v) {
  return only(trim(v), regex);
}
bool is_server_names(std::string_view v) {
  const auto names = split(v, ',');
  return std::all_of(names.begin(), names.end(), [](const std::string& name) { return is_server_name(name); });
}
bool is_path_with_captures(std::string_view v) {
  return only(v, "-._~/:$");
}
bool is_spaced_path_with_captures(std::string_view v) {
  return is_path_with_captures(without_spaces(v));
}
bool is_headers(std::string_view v) {
  return only(without_spaces(v), "-_,");
}
bool is_variable(std::string_view v) {
  return only(without_spaces(v), "-_${}");
}
bool is_size(std::string_view v) {
  std::string text = lower(without_spaces(v));
  if (!text.empty() && std::string_view("bkmg").find(text.back()) != std::string_view::npos) text.pop_back();
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}
bool is_networks(std::string_view v) {
  const auto items = split(v, ',');
  return std::all_of(items.begin(), items.end(),
                     [](const std::string& item) { return parse_network(trim(item)).has_value(); });
}
bool is_auth_type(std::string_view v) {
  return v.find("basic") != v.npos || v.find("digest") != v.npos;
}
bool is_secret_type(std::string_view v) {
  return v.find("auth-file") != v.npos || v.find("auth-map") != v.npos;
}
bool is_error_codes(std::string_view v) {
  const std::string text = without_spaces(v);
  for (const std::string& code : split(text, ','))
    if (!code.empty() && (code.size() != 3 || (code[0] != '4' && code[0] != '5' && code[0] != ',') || !is_int(code)))
      return false;
  return true;
}
bool is_service_name(std::string_view v) {
  return !v.empty() && v.size() <= 63 && v.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == v.npos &&
         v[0] >= 'a' && v[0] <= 'z' && v.back() != '-';
}
bool is_connection(std::string_view v) {
  const std::string text = without_spaces(v);
  return text == "close" || text == "keep-alive";
}
bool is_method(std::string_view v) {
  const std::string text = without_spaces(v);
  for (std::string_view method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "CONNECT", "OPTIONS", "TRACE"})
    if (text == method) return true;
  return false;
}
bool is_balance(std::string_view v) {
  for (std::string_view name : {"round_robin", "chash", "chashsubset", "sticky_balanced", "sticky_persistent", "ewma"})
    if (trim(v) == name) return true;
  return false;
}
bool is_any_or_all(std::string_view v) {
  return trim(v) == "any" || trim(v) == "all";
}
bool is_cookie(std::string_view v) {
  return trim(v) == "cookie";
}
bool is_protocol(std::string_view v) {
  const std::string text = lower(trim(v));
  for (std::string_view protocol : {"auto_http", "http", "https", "grpc", "grpcs", "fcgi"})
    if (text == protocol) return true;
  return false;
}
bool is_ciphers(std::string_view v) {
  return only(without_spaces(v), "!:+-_@=");
}
bool is_name(std::string_view v) {
  return only(without_spaces(v), ".-_");
}

enum class Invalid : std::uint8_t { ignored, denies, drops, by_reader };

struct Row {
  std::string_view name;
  int risk;  // 0 Low, 1 Medium, 2 High, 3 Critical
  Check valid;
  Invalid invalid;
  std::string_view alias = {};
};

// Every annotation whose risk or validation can change an answer; what is absent here is Low and harmless when invalid.
constexpr Row rows[] = {
    {"allowlist-source-range", 1, is_networks, Invalid::denies, "whitelist-source-range"},
    {"denylist-source-range", 1, is_networks, Invalid::denies},
    {"affinity", 0, is_cookie, Invalid::ignored},
    {"affinity-canary-behavior", 0, anything, Invalid::ignored},
    {"affinity-mode", 1, anything, Invalid::ignored},
    {"app-root", 1, is_path_with_captures, Invalid::ignored},
    {"auth-always-set-cookie", 0, is_bool, Invalid::by_reader},
    {"auth-cache-duration", 1, is_extended, Invalid::by_reader},
    {"auth-cache-key", 1, is_variable, Invalid::ignored},
    {"auth-method", 0, is_method, Invalid::by_reader},
    {"auth-proxy-set-headers", 1, is_basic, Invalid::ignored},
    {"auth-realm", 1, is_basic_or_space, Invalid::by_reader},
    {"auth-request-redirect", 1, is_spaced_url, Invalid::by_reader},
    {"auth-response-headers", 1, is_headers, Invalid::by_reader},
    {"auth-secret", 1, is_basic, Invalid::by_reader},
    {"auth-secret-type", 0, is_secret_type, Invalid::by_reader},
    {"auth-signin", 2, is_variable_url, Invalid::ignored},
    {"auth-signin-redirect-param", 1, is_spaced_url, Invalid::ignored},
    {"auth-snippet", 3, anything, Invalid::ignored},
    {"auth-tls-error-page", 2, anything, Invalid::ignored},
    {"auth-tls-match-cn", 2, anything, Invalid::ignored},
    {"auth-tls-secret", 1, is_basic, Invalid::drops},
    {"auth-tls-verify-client", 1, anything, Invalid::ignored},
    {"auth-type", 0, is_auth_type, Invalid::drops},
    {"auth-url", 2, is_variable_url, Invalid::drops},
    {"backend-protocol", 0, is_protocol, Invalid::ignored},
    {"canary", 0, is_bool, Invalid::ignored},
    {"canary-by-cookie", 1, is_basic, Invalid::ignored},
    {"canary-by-header", 1, is_basic, Invalid::ignored},
    {"canary-by-header-pattern", 1, is_regex, Invalid::ignored},
    {"canary-by-header-value", 1, is_basic, Invalid::ignored},
    {"canary-weight", 0, is_int, Invalid::ignored},
    {"canary-weight-total", 0, is_int, Invalid::ignored},
    {"client-body-buffer-size", 0, is_size, Invalid::drops},
    {"configuration-snippet", 3, anything, Invalid::ignored},
    {"connection-proxy-header", 0, is_connection, Invalid::drops},
    {"cors-allow-headers", 1, anything, Invalid::ignored},
    {"cors-allow-methods", 1, anything, Invalid::ignored},
    {"cors-allow-origin", 1, anything, Invalid::ignored},
    {"cors-expose-headers", 1, anything, Invalid::ignored},
    {"custom-headers", 1, is_basic, Invalid::ignored},
    {"custom-http-errors", 0, is_error_codes, Invalid::drops},
    {"default-backend", 0, is_service_name, Invalid::drops},
    {"enable-cors", 0, is_bool, Invalid::ignored},
    {"enable-global-auth", 0, is_bool, Invalid::ignored},
    {"fastcgi-index", 1, is_name, Invalid::drops},
    {"fastcgi-params-configmap", 1, is_basic, Invalid::drops},
    {"force-ssl-redirect", 1, is_bool, Invalid::ignored},
    {"from-to-www-redirect", 0, is_bool, Invalid::drops},
    {"http2-push-preload", 0, is_bool, Invalid::drops},
    {"limit-allowlist", 0, is_networks, Invalid::drops, "limit-whitelist"},
    {"limit-connections", 0, is_int, Invalid::drops},
    {"limit-rpm", 0, is_int, Invalid::drops},
    {"limit-rps", 0, is_int, Invalid::drops},
    {"load-balance", 0, is_balance, Invalid::drops},
    {"mirror-host", 2, is_server_name, Invalid::ignored},
    {"mirror-target", 2, is_server_name, Invalid::ignored},
    {"modsecurity-snippet", 3, anything, Invalid::ignored},
    {"modsecurity-transaction-id", 2, is_variable, Invalid::ignored},
    {"opentelemetry-operation-name", 1, is_name, Invalid::ignored},
    {"opentelemetry-trust-incoming-span", 1, is_bool, Invalid::ignored},
    {"permanent-redirect", 1, is_url, Invalid::by_reader},
    {"permanent-redirect-code", 0, is_int, Invalid::by_reader},
    {"preserve-trailing-slash", 1, is_bool, Invalid::ignored},
    {"proxy-cookie-domain", 1, anything, Invalid::ignored},
    {"proxy-cookie-path", 1, anything, Invalid::ignored},
    {"proxy-next-upstream", 1, anything, Invalid::ignored},
    {"proxy-redirect-from", 1, anything, Invalid::ignored},
    {"proxy-redirect-to", 1, anything, Invalid::ignored},
    {"proxy-ssl-ciphers", 1, anything, Invalid::ignored},
    {"proxy-ssl-name", 2, is_server_name, Invalid::ignored},
    {"proxy-ssl-secret", 1, is_basic, Invalid::drops},
    {"relative-redirects", 0, is_bool, Invalid::drops},
    {"rewrite-target", 1, is_path_with_captures, Invalid::ignored},
    {"satisfy", 0, is_any_or_all, Invalid::ignored},
    {"server-alias", 2, is_server_names, Invalid::drops},
    {"server-snippet", 3, anything, Invalid::ignored},
    {"service-upstream", 0, is_bool, Invalid::ignored},
    {"session-cookie-domain", 1, is_basic, Invalid::ignored},
    {"session-cookie-expires", 1, anything, Invalid::ignored},
    {"session-cookie-max-age", 1, anything, Invalid::ignored},
    {"session-cookie-name", 1, is_basic, Invalid::ignored},
    {"session-cookie-path", 1, is_spaced_url, Invalid::ignored},
    {"ssl-ciphers", 0, is_ciphers, Invalid::drops},
    {"ssl-passthrough", 0, is_bool, Invalid::drops},
    {"ssl-redirect", 0, is_bool, Invalid::ignored},
    {"stream-snippet", 3, anything, Invalid::ignored},
    {"temporal-redirect", 1, is_url, Invalid::drops},
    {"temporal-redirect-code", 0, is_int, Invalid::by_reader},
    {"upstream-hash-by", 2, is_variable, Invalid::drops},
    {"upstream-hash-by-subset", 0, is_bool, Invalid::drops},
    {"upstream-hash-by-subset-size", 0, is_int, Invalid::drops},
    {"upstream-vhost", 0, is_server_name, Invalid::drops},
    {"use-port-in-redirects", 0, is_bool, Invalid::ignored},
    {"use-regex", 0, is_bool, Invalid::ignored},
    {"x-forwarded-prefix", 1, is_spaced_path_with_captures, Invalid::drops},
};

const Row* row_of(std::string_view name) {
  const auto row = std::find_if(std::begin(rows), std::end(rows), [&](const Row& r) { return r.name == name; });
  return row == std::end(rows) ? nullptr : row;
}

// Reads the annotations of one Ingress into the shape that servers are built from.
class Reader {
 public:
  Reader(const kube::Ingress& ingress, const Settings& settings, const kube::Index& index)
      : ingress_(ingress), settings_(settings), index_(index) {}

  Annotations read() {
    Shape written;
    for (const auto& [key, value] : ingress_.metadata.annotations) {
      written.add(key);
      written.add(value);
    }
    out_.written = written.value();
    if (word_blocked() || risky() || invalid()) return std::move(out_);
    aliases();
    canary();
    rewrite();
    redirect();
    access();
    external_auth();
    basic_auth();
    client_certificates();
    cors();
    backend();
    limits();
    snippets();
    read_effects(
        ingress_, settings_, index_, [this](std::string_view name) { return text(name); }, out_);
    return std::move(out_);
  }

 private:
  // As written; an empty value falls back to the alias.
  const std::string* raw(std::string_view name) const {
    const kube::StringMap& map = ingress_.metadata.annotations;
    const std::string* value = kube::find(map, settings_.prefix + std::string(name));
    const Row* row = row_of(name);
    if ((!value || value->empty()) && row && !row->alias.empty())
      if (const std::string* other = kube::find(map, settings_.prefix + std::string(row->alias));
          other && !other->empty())
        return other;
    return value;
  }
  bool passes(std::string_view name, const std::string& value) const {
    const Row* row = row_of(name);
    return !settings_.validate || value.empty() || !row ||
           (row->valid(value) && value.find_first_of("\r\n") == std::string::npos) || row->valid == anything;
  }
  bool present_but_invalid(std::string_view name) const {
    const std::string* value = raw(name);
    return value && !passes(name, *value);
  }
  std::string text(std::string_view name) const {
    const std::string* value = raw(name);
    return value && passes(name, *value) ? std::string(trim(*value)) : std::string();
  }
  bool boolean(std::string_view name, bool fallback) const {
    const std::string* value = raw(name);
    return value ? parse_bool(*value).value_or(fallback) : fallback;
  }
  std::int64_t integer(std::string_view name, std::int64_t fallback) const {
    const std::string* value = raw(name);
    return value ? parse_int(*value).value_or(fallback) : fallback;
  }
  void drop(std::string why) {
    if (out_.dropped.empty()) out_.dropped = std::move(why);
  }
  void attribute(std::string name, std::string_view value) {
    out_.attributes.push_back(std::move(name) + "=" + std::string(value));
  }
  // A Secret or ConfigMap "ns/name" or "name" that the Ingress may use.
  bool reachable(const std::string& reference, bool secret) const {
    const auto slash = reference.find('/');
    kube::NamespacedName id{ingress_.metadata.ns, reference};
    if (slash != std::string::npos) id = {reference.substr(0, slash), reference.substr(slash + 1)};
    if (id.ns != ingress_.metadata.ns && !settings_.cross_namespace) return false;
    return settings_.assume_secrets || (secret ? index_.secret(id) != nullptr : index_.config_map(id) != nullptr);
  }

  // What the controller takes for the value of a header: no line ends among them.
  static bool header_value(std::string_view value) {
    return !value.empty() && only(value, "_ :;.,\\/\"'?!(){}[]@<>=-+*#$&`|~^%");
  }

  // custom-headers names a ConfigMap; each of its names must be in global-allowed-response-headers.
  bool headers_allowed(const std::string& reference) const {
    if (!reachable(reference, false)) return false;
    const auto slash = reference.find('/');
    kube::NamespacedName id{ingress_.metadata.ns, reference};
    if (slash != std::string::npos) id = {reference.substr(0, slash), reference.substr(slash + 1)};
    const kube::ConfigMap* map = index_.config_map(id);
    const std::string* list = kube::find(settings_.config_map, "global-allowed-response-headers");
    const std::vector<std::string> allowed = split_trimmed(list ? *list : "", ',');
    return !map || std::all_of(map->data.begin(), map->data.end(), [&](const auto& header) {
      return std::find(allowed.begin(), allowed.end(), header.first) != allowed.end() && header_value(header.second);
    });
  }

  bool word_blocked() {
    const std::string* list = kube::find(settings_.config_map, "annotation-value-word-blocklist");
    if (!list) return false;
    for (const auto& [key, value] : ingress_.metadata.annotations)
      for (const std::string& word : split_trimmed(*list, ','))
        if (key.starts_with(settings_.prefix) && value.find(word) != std::string::npos)
          drop("the value of " + key + " contains the blocked word " + word);
    return !out_.dropped.empty();
  }

  bool risky() {
    for (const Row& row : rows)
      for (std::string_view name : {row.name, row.alias})
        if (!name.empty() && row.risk > settings_.risk &&
            kube::find(ingress_.metadata.annotations, settings_.prefix + std::string(name)))
          drop("the annotation " + std::string(name) + " is too risky for annotations-risk-level");
    return !out_.dropped.empty();
  }

  bool invalid() {
    for (const Row& row : rows) {
      if (!present_but_invalid(row.name)) continue;
      if (row.invalid == Invalid::drops) drop("the annotation " + std::string(row.name) + " has an invalid value");
      if (row.invalid == Invalid::denies) out_.denied = true;
    }
    return !out_.dropped.empty();
  }

  void aliases() {
    out_.aliases = split_trimmed(text("server-alias"), ',');
    std::sort(out_.aliases.begin(), out_.aliases.end());
    out_.aliases.erase(std::unique(out_.aliases.begin(), out_.aliases.end()), out_.aliases.end());
  }

  void canary() {
    Canary& canary = out_.canary;
    canary.enabled = boolean("canary", false);
    if (!canary.enabled) return;
    canary.weight = integer("canary-weight", 0);
    canary.total = integer("canary-weight-total", 100);
    canary.header = text("canary-by-header");
    canary.header_value = text("canary-by-header-value");
    canary.header_pattern = text("canary-by-header-pattern");
    canary.cookie = text("canary-by-cookie");
  }

  void rewrite() {
    out_.rewrite_target = text("rewrite-target");
    out_.ssl_redirect = boolean("ssl-redirect", settings_.ssl_redirect);
    out_.force_ssl_redirect = boolean("force-ssl-redirect", settings_.force_ssl_redirect);
    out_.preserve_trailing_slash = boolean("preserve-trailing-slash", settings_.preserve_trailing_slash);
    out_.use_regex = boolean("use-regex", false);
    out_.ports_in_redirects = boolean("use-port-in-redirects", settings_.ports_in_redirects);
    if (std::string root = text("app-root"); root.starts_with('/')) out_.app_root = root;
  }

  // temporal-redirect beats permanent-redirect; a code out of range falls back to the default one.
  void redirect() {
    for (std::string_view name : {"from-to-www-redirect", "relative-redirects", "temporal-redirect"})
      if (const std::string* value = raw(name); value && value->empty()) return;
    const bool www = boolean("from-to-www-redirect", false), relative = boolean("relative-redirects", false);
    const bool temporal = !text("temporal-redirect").empty();
    const std::string kind = temporal ? "temporal-redirect" : "permanent-redirect";
    for (const std::string& name : {kind, kind + "-code"}) {
      if (present_but_invalid(name)) return drop("the annotation " + name + " has an invalid value");
      if (const std::string* value = raw(name); value && value->empty()) return;
    }
    const std::string target = text(kind);
    if (temporal && (!lower(target).starts_with("http") || target.find(':') == std::string::npos)) return;
    const std::int64_t code = integer(kind + "-code", 0);
    const bool in_range = code >= 300 && code <= (temporal ? 307 : 308);
    out_.redirect_code = in_range ? static_cast<int>(code) : temporal ? 302 : 301;
    out_.redirect_url = target;
    out_.www = www;
    out_.relative_redirects = relative;
  }

  std::vector<Network> networks(std::string_view name, const std::vector<Network>& fallback) {
    const std::string* value = raw(name);
    if (!value) return fallback;
    std::vector<Network> out;
    for (const std::string& item : split(*value, ','))
      if (auto network = parse_network(trim(item)))
        out.push_back(*network);
      else
        out_.denied = true;
    attribute(std::string(name), *value);
    return out;
  }

  void access() {
    out_.allow = networks("allowlist-source-range", settings_.allow);
    out_.deny = networks("denylist-source-range", settings_.deny);
    out_.satisfy_any = text("satisfy") == "any";
  }

  void external_auth() {
    out_.global_auth = boolean("enable-global-auth", true);
    const std::string target = text("auth-url");
    if (target.empty()) return;
    const auto scheme = target.find("://");
    const std::string host =
        scheme == std::string::npos ? "" : target.substr(scheme + 3, target.find('/', scheme + 3) - scheme - 3);
    if (scheme == 0 || host.empty() || host.find("..") != std::string::npos || present_but_invalid("auth-method") ||
        present_but_invalid("auth-response-headers")) {
      out_.denied = true;
      return;
    }
    // A bad value here makes the controller forget the whole authentication: the location is open.
    for (std::string_view name : {"auth-cache-duration", "auth-request-redirect", "auth-always-set-cookie"})
      if (present_but_invalid(name)) return;
    if (const std::string map = text("auth-proxy-set-headers"); !map.empty() && !reachable(map, false))
      out_.denied = true;
    out_.auth = {target, text("auth-signin"), text("auth-signin-redirect-param")};
    attribute("auth", "external " + target);
  }

  void basic_auth() {
    if (text("auth-type").empty()) return;
    if (present_but_invalid("auth-secret-type")) return drop("the annotation auth-secret-type has an invalid value");
    const std::string secret = text("auth-secret");
    if (secret.empty() || !reachable(secret, true)) {
      out_.denied = true;
      return;
    }
    if (present_but_invalid("auth-realm")) return drop("the annotation auth-realm has an invalid value");
    out_.basic_auth = true;
    attribute("auth", text("auth-type"));
  }

  void client_certificates() {
    const std::string secret = text("auth-tls-secret");
    if (secret.empty()) return;
    if (secret.find('/') == std::string::npos || !reachable(secret, true))
      out_.tls_auth_error = out_.denied = true;
    else
      out_.tls_auth = secret;
    attribute("auth-tls", secret);
  }

  void cors() {
    out_.cors.enabled = boolean("enable-cors", false);
    if (!out_.cors.enabled) return;
    const std::string origins = text("cors-allow-origin");
    for (const std::string& origin : split_trimmed(origins, ',')) {
      if (origin == "*") out_.cors.origins.clear();
      if (origin == "*") break;
      const auto scheme = origin.find("://");
      if (scheme == std::string::npos ? origin != "null" : !only(origin.substr(scheme + 3), "*-.:")) continue;
      out_.cors.origins.push_back(origin);
    }
    out_.cors.any = out_.cors.origins.empty();
    std::string expression;
    for (const std::string& origin : out_.cors.origins) {
      std::string quoted = Pattern::quote(origin);
      if (const auto star = quoted.find("\\*"); star != std::string::npos) quoted.replace(star, 2, "[A-Za-z0-9-]+");
      expression += (expression.empty() ? "((" : "|(") + quoted + ")";
    }
    if (!out_.cors.any) out_.cors.expression = Pattern(expression + ")$", Pattern::Case::ignored);
    attribute("cors", origins.empty() ? "*" : origins);
  }

  void backend() {
    for (const std::string& code : split_trimmed(text("custom-http-errors"), ','))
      out_.custom_errors.push_back(static_cast<int>(parse_int(code).value_or(0)));
    out_.default_backend = text("default-backend");
    out_.upstream_vhost = text("upstream-vhost");
    out_.service_upstream = boolean("service-upstream", settings_.service_upstream);
    out_.ssl_passthrough = boolean("ssl-passthrough", false);
    if (text("affinity") == "cookie") {
      out_.affinity_cookie = text("session-cookie-name");
      if (out_.affinity_cookie.empty()) out_.affinity_cookie = "INGRESSCOOKIE";
      attribute("affinity", "cookie " + out_.affinity_cookie);
    }
    out_.legacy_canary_affinity = text("affinity-canary-behavior") == "legacy";
    out_.backend_protocol = "HTTP";
    if (std::string protocol = text("backend-protocol"); !protocol.empty()) {
      std::transform(protocol.begin(), protocol.end(), protocol.begin(),
                     [](char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c; });
      out_.backend_protocol = protocol;
      if (protocol != "HTTP") attribute("backend-protocol", protocol);
    }
    if (const std::string map = text("custom-headers"); !map.empty() && !headers_allowed(map)) out_.denied = true;
    if (const std::string secret = text("proxy-ssl-secret"); !secret.empty())
      if (secret.find('/') == std::string::npos || !reachable(secret, true)) out_.denied = true;
    if (!text("mirror-target").empty()) attribute("mirror", text("mirror-target"));
    if (!out_.custom_errors.empty()) attribute("custom-http-errors", text("custom-http-errors"));
  }

  void limits() {
    for (std::string_view name : {"limit-rps", "limit-rpm", "limit-connections"})
      if (integer(name, 0) > 0) {
        out_.rate_limited = true;
        attribute(std::string(name), text(name));
      }
    const std::string* size = raw("proxy-body-size");
    if (!size) size = kube::find(settings_.config_map, "proxy-body-size");
    std::string digits = size && is_size(*size) ? lower(trim(*size)) : "1m";
    const std::int64_t unit = digits.ends_with('k')   ? 1 << 10
                              : digits.ends_with('m') ? 1 << 20
                              : digits.ends_with('g') ? 1 << 30
                                                      : 1;
    if (unit != 1 || digits.ends_with('b')) digits.pop_back();
    out_.body_limit = parse_int(digits).value_or(1) * unit;
    for (std::string_view name :
         {"proxy-body-size", "proxy-connect-timeout", "proxy-read-timeout", "proxy-send-timeout"})
      if (const std::string value = text(name); !value.empty()) attribute(std::string(name), value);
  }

  void snippets() {
    if (!settings_.snippets) return;
    for (std::string_view name : {"configuration-snippet", "server-snippet"})
      if (const auto line = deciding_line(text(name)))
        out_.unmodelled = "the " + std::string(name) + " may answer by itself: " + *line;
    if (!text("modsecurity-snippet").empty()) out_.unmodelled = "the modsecurity-snippet may answer by itself";
  }

  const kube::Ingress& ingress_;
  const Settings& settings_;
  const kube::Index& index_;
  Annotations out_;
};

}  // namespace

Annotations annotations(const kube::Ingress& ingress, const Settings& settings, const kube::Index& index) {
  return Reader(ingress, settings, index).read();
}

}  // namespace gw::verify::ingress_nginx
