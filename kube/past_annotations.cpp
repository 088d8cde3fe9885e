#include "kube/past_annotations.h"

#include <algorithm>

namespace gw::kube {
namespace {

struct Row {
  std::string_view name;  // after the prefix; a trailing '*' matches what follows
  std::string_view truth;
};

constexpr std::string_view influx = "removed in ingress-nginx 1.8 with the InfluxDB module: nothing is sent today";
constexpr std::string_view opentracing =
    "removed in ingress-nginx 1.10: nothing is traced by it today; enable-opentelemetry took its place";
constexpr std::string_view global_rate =
    "removed in ingress-nginx 1.12: nothing is limited by it today; limit-rps and limit-rpm count for each controller "
    "Pod";
constexpr std::string_view lua_waf =
    "removed in ingress-nginx 0.27 with its firewall: nothing is checked by it today; enable-modsecurity has a "
    "firewall";
constexpr std::string_view health = "removed in ingress-nginx 0.21: it has no effect today";
constexpr std::string_view trace_keys =
    "ingress-nginx never had it as an annotation: it was a key of the ConfigMap, removed in 1.10: nothing is traced by "
    "it "
    "today";
constexpr std::string_view no_rate =
    "ingress-nginx has no such annotation: you have no rate limit today; it has limit-rps, limit-rpm and "
    "limit-connections";
constexpr std::string_view no_addresses =
    "ingress-nginx has no such annotation: every address comes in today; it has allowlist-source-range";

constexpr Row nginx[] = {
    {"add-base-url", "removed in ingress-nginx 0.22: pages are sent as they are today"},
    {"base-url-scheme", "removed in ingress-nginx 0.22: pages are sent as they are today"},
    {"grpc-backend",
     "removed in ingress-nginx 0.21: backends get HTTP/1.1 today; backend-protocol: GRPC took its place"},
    {"secure-backends",
     "removed in ingress-nginx 0.21: backends get plain HTTP today; backend-protocol: HTTPS took its place"},
    {"secure-verify-ca-secret",
     "removed in ingress-nginx 1.8: nothing is verified today; proxy-ssl-secret took its place"},
    {"session-cookie-hash", "removed in ingress-nginx 0.24: it has no effect today"},
    {"mirror-uri", "removed in ingress-nginx 0.29: nothing is mirrored today; mirror-target took its place"},
    {"upstream-max-fails", health},
    {"upstream-fail-timeout", health},
    {"enable-influxdb", influx},
    {"influxdb-*", influx},
    {"enable-opentracing", opentracing},
    {"opentracing-*", opentracing},
    {"jaeger-*", trace_keys},
    {"zipkin-*", trace_keys},
    {"datadog-*", trace_keys},
    {"global-rate-limit*", global_rate},
    {"lua-resty-waf*", lua_waf},
    {"rewrite-log", "ingress-nginx never had it: nothing is logged by it today; its name is enable-rewrite-log"},
    {"rate-limit*", no_rate},
    {"ratelimit*", no_rate},
    {"limit-req*", no_rate},
    {"limit-rpd", no_rate},
    {"rps", no_rate},
    {"ip-whitelist", no_addresses},
    {"ip-allowlist", no_addresses},
    {"allow-source-range", no_addresses},
    {"websocket-services", "an annotation of F5 NGINX's controller; ingress-nginx passes upgrades to every Service"},
    {"enable-websocket*", "ingress-nginx has no such annotation: it passes upgrades to every Service"},
    {"client-max-body-size", "ingress-nginx has no such annotation: its own limit holds today; it has proxy-body-size"},
    {"max-body-size", "ingress-nginx has no such annotation: its own limit holds today; it has proxy-body-size"},
    {"body-size", "ingress-nginx has no such annotation: its own limit holds today; it has proxy-body-size"},
    {"rewrites", "an annotation of F5 NGINX's controller: nothing is rewritten by it today; here it is rewrite-target"},
    {"redirect-to-https",
     "an annotation of F5 NGINX's controller: it redirects nothing today; here it is ssl-redirect"},
    {"from-to-www", "ingress-nginx has no such annotation: nothing is redirected today; it has from-to-www-redirect"},
    {"cors-enabled", "ingress-nginx has no such annotation: no CORS headers are set today; it has enable-cors"},
    {"cors-enable", "ingress-nginx has no such annotation: no CORS headers are set today; it has enable-cors"},
};

// Keys of a ConfigMap that are no annotations, with a blank between them.
constexpr std::string_view nginx_settings =
    " access-log-params access-log-path add-headers allow-backend-server-header allow-cross-namespace-resources "
    "allow-snippet-annotations annotation-value-word-blocklist annotations-risk-level bind-address block-cidrs "
    "block-referers block-user-agents brotli-level brotli-min-length brotli-types client-body-timeout "
    "client-header-buffer-size client-header-timeout compute-full-forwarded-for debug-connections default-type "
    "disable-access-log disable-ipv6 disable-ipv6-dns enable-access-log-for-default-backend enable-aio-write "
    "enable-brotli enable-multi-accept enable-ocsp enable-owasp-modsecurity-crs enable-real-ip enable-serial-reloads "
    "enable-syslog enable-underscores-in-headers error-log-level error-log-path forwarded-for-header "
    "forwarded-for-proxy-protocol-header generate-request-id geoip2-autoreload-in-minutes "
    "global-allowed-response-headers global-auth-cache-duration global-auth-cache-key global-auth-method "
    "global-auth-request-redirect global-auth-response-headers global-auth-signin global-auth-signin-redirect-param "
    "global-auth-snippet global-auth-url grpc-buffer-size-kb gzip-disable gzip-level gzip-min-length gzip-types "
    "hide-headers hsts hsts-include-subdomains hsts-max-age hsts-preload http-access-log-path http-redirect-code "
    "http-snippet http2-max-concurrent-streams http2-max-field-size http2-max-header-size http2-max-requests "
    "ignore-invalid-headers keep-alive keep-alive-requests large-client-header-buffers limit-conn-status-code "
    "limit-conn-zone-variable limit-req-status-code location-snippet log-format-escape-json log-format-escape-none "
    "log-format-stream log-format-upstream lua-shared-dicts main-snippet map-hash-bucket-size max-worker-connections "
    "max-worker-open-files nginx-status-ipv4-whitelist nginx-status-ipv6-whitelist no-auth-locations "
    "no-tls-redirect-locations opentelemetry-config otel-max-export-batch-size otel-max-queuesize otel-sampler "
    "otel-sampler-parent-based otel-sampler-ratio otel-schedule-delay-millis otel-service-name otlp-collector-host "
    "otlp-collector-port proxy-add-original-uri-header proxy-headers-hash-bucket-size proxy-headers-hash-max-size "
    "proxy-protocol-header-timeout proxy-real-ip-cidr proxy-set-headers proxy-ssl-location-only "
    "proxy-stream-next-upstream proxy-stream-next-upstream-timeout proxy-stream-next-upstream-tries "
    "proxy-stream-responses proxy-stream-timeout retry-non-idempotent reuse-port server-name-hash-bucket-size "
    "server-name-hash-max-size server-tokens skip-access-log-urls ssl-buffer-size ssl-dh-param ssl-ecdh-curve "
    "ssl-protocols ssl-reject-handshake ssl-session-cache ssl-session-cache-size ssl-session-ticket-key "
    "ssl-session-tickets ssl-session-timeout stream-access-log-path strict-validate-path-type syslog-host syslog-port "
    "upstream-keepalive-connections upstream-keepalive-requests upstream-keepalive-time upstream-keepalive-timeout "
    "use-forwarded-headers use-geoip use-geoip2 use-gzip use-http2 use-proxy-protocol variables-hash-bucket-size "
    "variables-hash-max-size worker-cpu-affinity worker-processes worker-shutdown-timeout ";

constexpr std::string_view traefik_limits =
    "an annotation of Traefik 1, not read since 2.0: nothing is limited today; a "
    "Middleware (rateLimit, inFlightReq) took its place";
constexpr std::string_view traefik_auth =
    "an annotation of Traefik 1, not read since 2.0: nobody is asked for credentials today; a Middleware (basicAuth, "
    "forwardAuth) took its place";
constexpr std::string_view traefik_addresses =
    "an annotation of Traefik 1, not read since 2.0: every address comes in today; a Middleware (ipAllowList) took its "
    "place";
constexpr std::string_view traefik_redirect =
    "an annotation of Traefik 1, not read since 2.0: nothing is redirected by it today; a Middleware (redirectScheme, "
    "redirectRegex) or the entry point redirects";
constexpr std::string_view traefik_path =
    "an annotation of Traefik 1, not read since 2.0: the path goes on as it is today; a Middleware (stripPrefix, "
    "replacePath) took its place";
constexpr std::string_view traefik_headers =
    "an annotation of Traefik 1, not read since 2.0: no header is set by it today; a Middleware (headers) took its "
    "place";
constexpr std::string_view traefik_service =
    "an annotation of Traefik 1, not read since 2.0: it has no effect today; annotations of the Service "
    "(traefik.ingress.kubernetes.io/service.…) took its place";
constexpr std::string_view traefik_other = "an annotation of Traefik 1, not read since 2.0: it has no effect today";

constexpr Row traefik[] = {
    {"priority",
     "an annotation of Traefik 1, not read since 2.0: the longer rule goes first today; router.priority took its "
     "place"},
    {"frontend-entry-points",
     "an annotation of Traefik 1, not read since 2.0: every entry point serves it today; router.entrypoints took its "
     "place"},
    {"ssl-redirect", traefik_redirect},
    {"ssl-temporary-redirect", traefik_redirect},
    {"ssl-host", traefik_redirect},
    {"ssl-force-host", traefik_redirect},
    {"redirect-*", traefik_redirect},
    {"app-root", traefik_redirect},
    {"rule-type", traefik_path},
    {"rewrite-target", traefik_path},
    {"request-modifier", traefik_path},
    {"whitelist-*", traefik_addresses},
    {"auth-*", traefik_auth},
    {"rate-limit", traefik_limits},
    {"max-conn-*", traefik_limits},
    {"custom-request-headers", traefik_headers},
    {"custom-response-headers", traefik_headers},
    {"custom-frame-options-value", traefik_headers},
    {"frame-deny", traefik_headers},
    {"hsts-*", traefik_headers},
    {"content-*", traefik_headers},
    {"browser-xss-filter", traefik_headers},
    {"custom-browser-xss-value", traefik_headers},
    {"referrer-policy", traefik_headers},
    {"affinity", traefik_service},
    {"session-cookie-name", traefik_service},
    {"load-balancer-method", traefik_service},
    {"service-weights", traefik_service},
    {"preserve-host", traefik_service},
    {"responseforwarding-flushinterval", traefik_service},
    {"circuit-breaker-expression", traefik_other},
    {"buffering", traefik_other},
    {"error-pages", traefik_other},
    {"pass-tls-cert", traefik_other},
    {"pass-client-tls-cert", traefik_other},
    {"swarm-loadbalancer", traefik_other},
};

constexpr std::string_view apisix_proposal =
    "a name of a proposal; APISIX reads upstream-retries and upstream-connect-timeout, -read-timeout and -send-timeout "
    "(since 1.8): this one has no effect today";
constexpr Row apisix[] = {{"retry", apisix_proposal}, {"timeout.*", apisix_proposal}};

constexpr Row alb[] = {
    {"attributes",
     "a name of the controller's version 1: it has no effect today; load-balancer-attributes took its place"},
    {"connection-idle-timeout",
     "a name of the controller's version 1: it has no effect today; load-balancer-attributes took its place"},
    {"security-group-inbound-cidrs",
     "a name of the controller's version 1: every address comes in today; inbound-cidrs took its place"},
    {"successCodes", "a name of the controller's version 1: it has no effect today; success-codes took its place"},
    {"healthcheckPath",
     "a name of the controller's version 1: it has no effect today; healthcheck-path took its place"},
    {"ignore-host-header", "a name of the controller's version 1: it has no effect today"},
    {"target-control-port",
     "the controller reads it with a Service and its port only (target-control-port.NAME.PORT): it has no effect "
     "today"},
    {"enable-multi-cluster", "the controller has no such annotation: it has multi-cluster-target-group"},
};

constexpr std::string_view haproxy_settings =
    " acme-emails acme-endpoint acme-expiring acme-shared acme-terms-agreed allow-local-bind auth-log-format "
    "auth-proxy "
    "auth-tls-default-secret bind-ip-addr-healthz bind-ip-addr-prometheus bind-ip-addr-stats bind-ip-addr-tcp "
    "bind-fronting-proxy bind-http bind-http-passthrough bind-https bind-ip-addr-http close-sessions-duration "
    "cookie-key "
    "cpu-map create-default-frontends cross-namespace-secrets-ca cross-namespace-secrets-crt "
    "cross-namespace-secrets-passwd cross-namespace-services default-backend-redirect default-backend-redirect-code "
    "dns-accepted-payload-size dns-cluster-domain dns-hold-obsolete dns-hold-valid dns-resolvers dns-timeout-retry "
    "drain-support drain-support-redispatch external-has-lua fcgi-enabled-apps fronting-proxy-port groupname "
    "healthz-port http-frontends http-log-format http-passthrough-port http-port http-response-prometheus-root "
    "https-log-format https-port https-to-http-port load-server-state master-exit-on-failure max-connections "
    "modsecurity-args modsecurity-endpoints modsecurity-timeout-connect modsecurity-timeout-hello "
    "modsecurity-timeout-idle modsecurity-timeout-processing modsecurity-timeout-server modsecurity-use-coraza "
    "nbproc-ssl "
    "nbthread no-redirect-locations no-tls-redirect-locations original-forwarded-for-hdr path-type-order peers-name "
    "peers-port peers-table-global prometheus-port real-ip-hdr ssl-dh-default-max-size ssl-dh-param ssl-engine "
    "ssl-headers-prefix ssl-mode-async stats-auth stats-port stats-proxy-protocol stats-ssl-cert strict-host "
    "syslog-endpoint syslog-format syslog-length syslog-tag tcp-log-format timeout-client timeout-client-fin "
    "timeout-stop "
    "use-chroot use-cpu-map use-forwarded-proto use-haproxy-user use-htx use-proxy-protocol username "
    "worker-max-reloads ";

struct Controller {
  std::string_view prefix, name;
  const Row* rows = nullptr;
  std::size_t count = 0;
  std::string_view settings = {};  // keys of its ConfigMap
};
template <std::size_t N>
constexpr Controller with(std::string_view prefix, std::string_view name, const Row (&rows)[N],
                          std::string_view settings = {}) {
  return {prefix, name, rows, N, settings};
}
constexpr Controller controllers[] = {
    with("nginx.ingress.kubernetes.io/", "ingress-nginx", nginx, nginx_settings),
    with("traefik.ingress.kubernetes.io/", "Traefik", traefik),
    with("k8s.apisix.apache.org/", "APISIX", apisix),
    with("alb.ingress.kubernetes.io/", "the AWS controller", alb),
    {"haproxy-ingress.github.io/", "HAProxy Ingress", nullptr, 0, haproxy_settings},
    {"ingress.kubernetes.io/", "HAProxy Ingress", nullptr, 0, haproxy_settings},
};

bool names(const Row& row, std::string_view word) {
  if (!row.name.ends_with('*')) return row.name == word;
  return word.starts_with(row.name.substr(0, row.name.size() - 1));
}

}  // namespace

std::string past_annotation(std::string_view name) {
  for (const Controller& c : controllers) {
    if (!name.starts_with(c.prefix)) continue;
    const std::string_view word = name.substr(c.prefix.size());
    const Row* found = std::find_if(c.rows, c.rows + c.count, [&](const Row& row) { return names(row, word); });
    if (found != c.rows + c.count) return std::string(found->truth);
    if (word.find(' ') == word.npos && c.settings.find(" " + std::string(word) + " ") != c.settings.npos)
      return std::string(c.name) + " reads " + std::string(word) +
             " in its ConfigMap only, for all Ingresses: as an annotation it has no effect today";
  }
  return {};
}

}  // namespace gw::kube
