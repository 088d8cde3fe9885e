// What Traefik, F5 NGINX and the two HAProxy controllers answered, the converted configuration answers too, or the
// report of that conversion names the class of requests.
#include "convert_oracle.h"
#include "tests/evidence.h"

using namespace faithful;

namespace {

bool odd_path(const Seen& s) {
  for (const char* bad : {"//", "/.", "%", "#", "\\", ";", "|", "\"", "<", ">", "^", "`", "{", "}"})
    if (s.path.find(bad) != std::string::npos) return true;
  for (const char c : s.path)
    if (static_cast<unsigned char>(c) > 126 || c == ' ') return true;
  return s.path.empty() || s.path[0] != '/';
}
bool odd_host(const Seen& s) {
  return s.want == 400 || s.host.empty() || s.host.ends_with('.') || s.host.starts_with('.') ||
         s.host.find_first_of("/_ ") != std::string::npos || s.request.value("http10", false) ||
         (s.request.contains("headers") && s.request["headers"].dump().find("\"Host\"") != std::string::npos);
}
bool many_labels(const Seen& s) {
  return std::count(s.host.begin(), s.host.end(), '.') >= 3 || s.host.find('_') != std::string::npos ||
         s.host.starts_with('.');
}
bool odd_method(const Seen& s) {
  return text(s.request, "method") == "TRACE" || text(s.request, "method") == "CONNECT";
}
bool secure_differs(const Seen& s) {
  return https(s) && (refused_here(s) || s.want == 0 || s.want == 404);
}
std::string without_port(std::string url) {
  const std::size_t at = url.find("://");
  if (at == std::string::npos) return url;
  std::size_t end = url.find_first_of("/?", at + 3);
  if (end == std::string::npos) end = url.size();
  for (std::size_t i = at; i < end; ++i) url[i] = static_cast<char>(std::tolower(static_cast<unsigned char>(url[i])));
  const std::size_t colon = url.find(':', at + 3);
  if (colon != std::string::npos && colon < end) url.erase(colon, end - colon);
  return url;
}
std::string path_only(const std::string& url) {
  const std::string s = without_port(url.substr(0, url.find('?')));
  const std::size_t at = s.find("://");
  return at == std::string::npos ? s : s.substr(at + 3);
}
// The same redirect but for port, letter case of the host, and query.
bool location(const Seen& s) {
  if (s.want < 300 || s.want >= 400 || s.ours.status < 300 || s.ours.status >= 400) return false;
  return path_only(text(s.outcome, "location")) == path_only(s.ours.location);
}
bool backend_state(const Seen& s) {
  // A path whose Service is missing may not be there at all.
  return s.want == 502 || s.want == 503 || s.want == 404 || s.ours.status == 503 || s.ours.status == 500;
}
// Written as plain paths: "/foo/" takes "/foo" as well.
bool bare_prefix(const Seen& s) {
  return s.path.size() > 1 && !s.path.ends_with('/') && s.ours.status == 200;
}
bool closed(const Seen& s) {
  return s.ours.status == 404 || s.ours.status == 500 || s.ours.status == 0;
}
bool path_differs(const Seen& s) {
  return s.want >= 400 || closed(s) || s.want == 0 ||
         (s.ours.status == 200 && text(s.outcome, "upstream_target") != s.ours.backend_target);
}
bool silent_port(const Seen& s) {
  return s.want == 404 && s.ours.status == 0;
}
bool other_port(const Seen& s) {
  return s.request.contains("port") && s.request["port"] != 80 && s.request["port"] != 443;
}
bool redirects(const Seen& s) {
  return s.want >= 300 && s.want < 400 && s.ours.status >= 300 && s.ours.status < 400;
}
bool not_served(const Seen& s) {
  return s.want == 404 || s.ours.status == 404 || s.ours.status == 0;
}
bool health(const Seen& s) {
  return s.path == "/healthz" || (s.path == "*" && text(s.request, "method") == "OPTIONS");
}
bool preflight(const Seen& s) {
  return text(s.request, "method") == "OPTIONS";
}
bool limited(const Seen& s) {
  return s.want == 403 || s.want == 429;
}
// The routes are closed, or only lead elsewhere what would have been refused.
bool guarded(const Seen& s) {
  return closed(s) || s.want == 403 || s.want == 401;
}
bool no_answer(const Seen& s) {
  return s.want == 0 || s.want == 502;
}

constexpr Explanation common[] = {{"GW620", odd_path},   {"GW621", many_labels},    {"GW627", odd_host},
                                  {"GW634", odd_method}, {"GW622", secure_differs}, {"GW629", secure_differs},
                                  {"GW630", location},   {"GW624", backend_state},  {"GW602", guarded},
                                  {"GW610", not_served}, {"GW616", closed},         {"GW642", silent_port},
                                  {"GW603", bare_prefix}};

std::vector<Explanation> with(std::initializer_list<Explanation> more) {
  std::vector<Explanation> all(std::begin(common), std::end(common));
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

void check(const Controller& controller, std::size_t equal) {
  const Counts counts = run(controller);
  report(controller.name, counts);
  CHECK(counts.equal >= evidence::at_least(equal));
  CHECK(counts.unexplained.empty());
}

// The controller's own ConfigMap, where a record has one.
std::string config_map(const json& record) {
  if (!record.contains("controller_configmap")) return {};
  return "\n---\n" + json{{"apiVersion", "v1"},
                          {"kind", "ConfigMap"},
                          {"metadata", {{"name", "haproxy-ingress"}, {"namespace", "ingress-controller"}}},
                          {"data", record["controller_configmap"]}}
                         .dump();
}

}  // namespace

TEST_CASE("what Traefik answered") {
  static const auto explanations = with({
      {"router.middlewares", path_differs},
      {"router.entrypoints", other_port},
      {"service.serversscheme", no_answer},
  });
  check({"traefik", "traefik-ingress.jsonl", explanations, nullptr,
         [](const json& r) -> std::string {
           return r["static"] != "default" ? "another static configuration, which no manifest shows" : "";
         }},
        490);
}

TEST_CASE("what F5 NGINX answered") {
  static const auto explanations = with({
      {"GW606", not_served},
      {"GW626", [](const Seen& s) { return s.want == 413; }},
      {"GW640", not_served},
      {"listen-ports", other_port},
      {"redirect-to-https", not_served},
      {"rewrites", path_differs},
      {"rewrite-target", path_differs},
      {"rewritePath", path_differs},
      {"return", closed},
  });
  check({"f5-nginx", "f5-nginx.jsonl", explanations, nullptr, nullptr}, 490);
}

TEST_CASE("what haproxytech answered") {
  static const auto explanations = with({
      {"GW625", health},
      {"cors-enable", preflight},
      {"path-rewrite", path_differs},
      {"rate-limit-requests", limited},
  });
  check({"haproxytech", "haproxytech.jsonl", explanations, nullptr, nullptr}, 535);
}

TEST_CASE("what haproxy-ingress answered") {
  static const auto explanations = with({
      {"app-root", redirects},
      {"cors-enable", preflight},
      {"redirect-from", redirects},
      {"redirect-from-regex", closed},
      {"redirect-to", [](const Seen& s) { return redirects(s) || closed(s); }},
      {"rewrite-target", path_differs},
  });
  check({"haproxy-ingress", "haproxy-ingress.jsonl", explanations, config_map, nullptr}, 545);
}
