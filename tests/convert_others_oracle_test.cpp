// What Traefik, F5 NGINX and the two HAProxy controllers answered, the converted configuration answers too, or the report
// of that conversion names the class of requests.
#include "convert_oracle.h"

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
  return std::count(s.host.begin(), s.host.end(), '.') >= 3 || s.host.find('_') != std::string::npos || s.host.starts_with('.');
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
  return s.want == 502 || s.want == 503 || s.ours.status == 503 || s.ours.status == 500;
}
bool closed(const Seen& s) {
  return s.ours.status == 404 || s.ours.status == 500 || s.ours.status == 0;
}
bool path_differs(const Seen& s) {
  return s.want >= 400 || closed(s) || s.want == 0 ||
         (s.ours.status == 200 && text(s.outcome, "upstream_target") != s.ours.upstream_target);
}
bool any_closed(const Seen& s) {
  return closed(s) || s.want >= 400;
}

constexpr Explanation common[] = {{"GW620", odd_path},     {"GW621", many_labels}, {"GW627", odd_host},
                                  {"GW634", odd_method},   {"GW622", secure_differs}, {"GW629", secure_differs},
                                  {"GW630", location},     {"GW624", backend_state},  {"GW602", closed},
                                  {"GW616", closed}};

std::vector<Explanation> with(std::initializer_list<Explanation> more) {
  std::vector<Explanation> all(std::begin(common), std::end(common));
  all.insert(all.end(), more.begin(), more.end());
  return all;
}

void check(const Controller& controller, std::size_t equal) {
  const Counts counts = run(controller);
  if (!counts.present) return;
  report(controller.name, counts);
  CHECK(counts.equal >= equal);
  CHECK(counts.unexplained.empty());
}

}  // namespace

TEST_CASE("what Traefik answered") {
  static const auto explanations = with({});
  check({"traefik", "traefik-ingress.jsonl", explanations,
         nullptr,
         [](const json& r) -> std::string {
           return r["static"] != "default" ? "another static configuration, which no manifest shows" : "";
         }},
        1);
}

TEST_CASE("what F5 NGINX answered") {
  static const auto explanations = with({
      {"GW606", any_closed},
      {"rewrites", path_differs},
      {"rewrite-target", path_differs},
  });
  check({"f5-nginx", "f5-nginx.jsonl", explanations, nullptr, nullptr}, 1);
}

TEST_CASE("what haproxytech answered") {
  static const auto explanations = with({
      {"path-rewrite", path_differs},
  });
  check({"haproxytech", "haproxytech.jsonl", explanations, nullptr, nullptr}, 1);
}

TEST_CASE("what haproxy-ingress answered") {
  static const auto explanations = with({
      {"rewrite-target", path_differs},
  });
  check({"haproxy-ingress", "haproxy-ingress.jsonl", explanations, nullptr, nullptr}, 1);
}
