// A secret in every place where people keep them never reaches any output: every command that reads manifests, every
// format, raw and in base64.
#include <doctest/doctest.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

namespace fs = std::filesystem;

namespace {

const std::string canary = "Canary7Secret9Value";
const std::string encoded = "Q2FuYXJ5N1NlY3JldDlWYWx1ZQ==";           // base64 of it
const std::string user_encoded = "dXNlcjpDYW5hcnk3U2VjcmV0OVZhbHVl";  // of user:…

std::string manifests() {
  return "apiVersion: v1\nkind: Secret\nmetadata:\n  name: shop-tls\n  namespace: shop\n  annotations:\n"
         "    kubectl.kubernetes.io/last-applied-configuration: '{\"data\":{\"tls.key\":\"" +
         encoded + "\"},\"stringData\":{\"k\":\"" + canary +
         "\"}}'\ntype: kubernetes.io/tls\ndata:\n  tls.crt: " + encoded + "\n  tls.key: " + encoded +
         "\nstringData:\n  password: " + canary +
         "\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: odd, namespace: shop}\nstringData:\n  broken: {but: " +
         canary +
         "}\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: auth, namespace: shop}\ndata: {auth: " + user_encoded +
         "}\nunknownField: 1\n---\napiVersion: v1\nkind: Secret\nmetadata: {name: ca, namespace: shop}\ndata: "
         "{ca.crt: " +
         encoded + "}\nstringData: {token: \"" + canary + "\"}\n";
}

const char* const ingresses =
    "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: web\n  namespace: shop\n  annotations:\n"
    "    nginx.ingress.kubernetes.io/auth-type: basic\n    nginx.ingress.kubernetes.io/auth-secret: auth\n"
    "    nginx.ingress.kubernetes.io/auth-tls-secret: shop/ca\n"
    "spec:\n  ingressClassName: nginx\n  tls: [{hosts: [shop.example.com], secretName: shop-tls}]\n  rules:\n"
    "  - host: shop.example.com\n    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: "
    "{number: 80}}}}]}\n";

const char* const gateways =
    "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: shop}\nspec:\n"
    "  gatewayClassName: any\n  listeners:\n  - {name: http, port: 80, protocol: HTTP}\n"
    "  - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: shop-tls}]}}\n"
    "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: shop}\nspec:\n"
    "  parentRefs: [{name: g}]\n  rules: [{backendRefs: [{name: web, port: 80}]}]\n";

std::string read(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("a canary in Secrets and in a kubeconfig is in no output") {
  const char* binary = std::getenv("GWCTL");
  REQUIRE(binary != nullptr);
  const fs::path folder = fs::temp_directory_path() / ("gwctl-canary-" + std::to_string(getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / "i.yaml") << manifests() << ingresses;
  std::ofstream(folder / "g.yaml") << manifests() << gateways;
  std::string other = manifests();
  for (std::size_t at; (at = other.find(canary)) != std::string::npos;)
    other.replace(at, canary.size(), "SomethingElse");
  std::ofstream(folder / "h.yaml") << other << gateways;
  std::ofstream(folder / "config")
      << "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: c\n  cluster: "
         "{server: \"http://127.0.0.1:1\"}\nusers:\n- name: u\n  user: {token: " +
             canary + ", password: " + canary + ", username: u, client-key-data: " + encoded +
             "}\ncontexts:\n- name: c\n  context: {cluster: c, user: u}\n";
  std::vector<std::string> commands;
  for (const char* format : {"yaml", "json", "kyaml"}) commands.push_back(std::string("convert i.yaml -o ") + format);
  for (const char* report : {"r.json", "r.md", "r.html"})
    commands.push_back(std::string("convert i.yaml --to envoy-gateway --accept-loss all --report ") + report +
                       " ; cat " + report);
  for (const char* target : {"envoy-gateway", "traefik", "kong", "nginx-gateway-fabric", "istio"})
    commands.push_back(std::string("convert i.yaml --accept-loss all --to ") + target);
  for (const char* format :
       {"text", "concise", "json", "json-lines", "sarif", "junit", "github", "gitlab", "markdown", "html"})
    for (const char* file : {"i.yaml", "g.yaml"})
      commands.push_back(std::string("validate ") + file + " --format " + format);
  for (const char* format : {"text", "json", "markdown", "html"}) {
    commands.push_back(std::string("audit i.yaml -o ") + format);
    commands.push_back(std::string("verify i.yaml -o ") + format);
  }
  for (const char* format : {"text", "mermaid", "dot", "svg", "html"})
    commands.push_back(std::string("graph g.yaml -o ") + format);
  for (const char* format : {"text", "json", "markdown"}) {
    commands.push_back(std::string("diff g.yaml h.yaml -o ") + format);
    commands.push_back(std::string("diff h.yaml g.yaml -o ") + format);
  }
  for (const char* format : {"text", "json"}) commands.push_back(std::string("routes g.yaml -o ") + format);
  for (const char* file : {"i.yaml", "g.yaml"}) commands.push_back(std::string("plan ") + file);
  commands.emplace_back("plan i.yaml --output-dir p ; cat p/README.md p/*/*.sh p/*/*.md p/03-apply/manifests/*");
  commands.emplace_back("export envoy g.yaml -o yaml");
  commands.emplace_back("export envoy g.yaml -o json");
  commands.emplace_back("export envoy g.yaml --xds-dir x ; cat x/*");
  commands.emplace_back("trace i.yaml --as ingress-nginx --request 'GET https://shop.example.com/'");
  commands.emplace_back("trace g.yaml --as gateway --request 'GET http://shop.example.com/' -o json-lines");
  for (const char* command : {"convert", "validate", "audit", "graph", "verify"})
    commands.push_back(std::string(command) + " --kubeconfig config --context c");
  commands.emplace_back("convert --kubeconfig config --context nowhere");

  for (const std::string& command : commands) {
    const std::string line = "cd " + folder.string() + " && ( timeout 60 " + binary + " " + command + " ) > out 2>&1";
    const int code = std::system(line.c_str());
    const std::string text = read(folder / "out");
    CAPTURE(command);
    CHECK(WEXITSTATUS(code) <= 2);
    CHECK(!text.empty());
    for (const std::string& secret : {canary, encoded, user_encoded, encoded.substr(0, 24)}) {
      const auto at = text.find(secret);
      CHECK_MESSAGE(
          at == std::string::npos,
          "it shows the canary: " << (at == std::string::npos ? "" : text.substr(at < 80 ? 0 : at - 80, 200)));
    }
  }
  MESSAGE(commands.size() << " command lines");
  fs::remove_all(folder);
}
