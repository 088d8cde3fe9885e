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

// Credentials where they do not belong: in URLs and snippets of annotations, and once more in what kubectl remembers.
std::string careless() {
  const std::string url = "https://user:" + canary + "@elsewhere.example.com/";
  const std::string snippet = "proxy_set_header Authorization \"Basic " + canary +
                              "\"; more_set_input_headers 'X-Api-Key: " + canary + "'; set $api_key \"" + canary +
                              "\";";
  std::string escaped;
  for (const char c : snippet) escaped += c == '"' ? "\\\"" : c == '\'' ? "''" : std::string(1, c);
  const auto ingress = [](const std::string& name, const std::string& annotations) {
    return "---\napiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: " + name +
           "\n  namespace: shop\n  annotations:\n" + annotations +
           "spec:\n  ingressClassName: nginx\n  rules:\n  - host: " + name +
           ".example.com\n    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: "
           "{number: 80}}}}]}\n";
  };
  const std::string nginx = "    nginx.ingress.kubernetes.io/", f5 = "    nginx.org/";
  return ingress("asks", nginx + "auth-url: " + url + "\n" + nginx + "auth-signin: " + url + "\n" + nginx +
                             "mirror-target: " + url + "\n    example.com/dsn: postgres://u:" + canary + "@db/x\n") +
         ingress("moved", nginx + "permanent-redirect: " + url + "\n") +
         ingress("typed", nginx + "auth-url: \"" + url + "\"\n" + nginx + "proxy-body-size: \"" + url + "\"\n" + nginx +
                              "no-such-thing: " + url + "\n") +
         ingress("text", nginx + "configuration-snippet: |\n      " + snippet + "\n      lua_" + snippet + "\n" +
                             nginx + "server-snippet: |\n      set $db_password " + canary +
                             ";\n    kubectl.kubernetes.io/last-applied-configuration: '{\"a\":\"" + escaped +
                             "\"}'\n") +
         ingress("other", f5 + "server-snippets: |\n      " + snippet + "\n" + f5 + "location-snippets: |\n      " +
                              snippet + "\n");
}

const char* const gateways =
    "---\napiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: shop}\nspec:\n"
    "  gatewayClassName: any\n  listeners:\n  - {name: http, port: 80, protocol: HTTP}\n"
    "  - {name: https, port: 443, protocol: HTTPS, tls: {certificateRefs: [{name: shop-tls}]}}\n"
    "---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r, namespace: shop}\nspec:\n"
    "  parentRefs: [{name: g}]\n  rules: [{backendRefs: [{name: web, port: 80}]}]\n";

// Where one of the secrets shows, with what stands around it; empty where none does.
std::string leak(const std::string& text) {
  for (const std::string& secret : {canary, encoded, user_encoded, encoded.substr(0, 24)})
    if (const auto at = text.find(secret); at != std::string::npos) return text.substr(at < 80 ? 0 : at - 80, 200);
  return {};
}

std::string read(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

// Reports about manifests that hold credentials themselves. What convert prints is left out: a header that a snippet
// sets is what the new route must set, too.
void add_careless(std::vector<std::string>& commands) {
  const auto add = [&](const std::string& command) { commands.push_back(command); };
  for (const char* target : {"standard", "envoy-gateway", "traefik", "kong", "nginx-gateway-fabric", "istio", "gke",
                             "kgateway", "agentgateway", "cilium"})
    for (const char* more : {"", " --accept-loss all"})
      add(std::string("convert c.yaml --to ") + target + more + " 2>&1 >/dev/null ; echo end");
  for (const char* report : {"c.json", "c.md", "c.html"})
    add(std::string("convert c.yaml --report ") + report + " 2>&1 >/dev/null ; cat " + report);
  for (const char* format :
       {"text", "concise", "json", "json-lines", "sarif", "junit", "github", "gitlab", "markdown", "html"})
    add(std::string("validate c.yaml --format ") + format);
  for (const char* format : {"text", "json", "markdown", "html"}) {
    add(std::string("audit c.yaml -o ") + format);
    add(std::string("verify c.yaml --accept-loss all -o ") + format);
  }
  for (const char* format : {"text", "mermaid", "dot", "svg", "html"}) add(std::string("graph c.yaml -o ") + format);
  for (const char* format : {"text", "json", "markdown"}) {
    add(std::string("diff c.yaml d.yaml -o ") + format);
    add(std::string("diff d.yaml c.yaml -o ") + format);
  }
  for (const char* format : {"markdown", "json"}) add(std::string("plan c.yaml -o ") + format);
  for (const char* command : {"routes c.yaml", "validate b.yaml", "convert b.yaml 2>&1 >/dev/null", "audit b.yaml"})
    add(command);
  add("export envoy c.yaml");
  for (const char* host : {"asks", "moved", "text"})
    add(std::string("trace c.yaml --as ingress-nginx --request 'GET http://") + host + ".example.com/'");
}

// Credentials of a cluster: a plugin's output, a proxy's password, a broken plugin, a token file.
void add_clusters(const fs::path& folder, std::vector<std::string>& commands) {
  const auto config = [&](const std::string& name, const std::string& cluster, const std::string& user) {
    std::ofstream(folder / name)
        << "apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters:\n- name: c\n  cluster: {" + cluster +
               "}\nusers:\n- name: u\n  user: {" + user + "}\ncontexts:\n- name: c\n  context: {cluster: c, user: u}\n";
    for (const char* command : {"convert", "audit", "plan"})
      commands.push_back(std::string(command) + " --kubeconfig " + name);
  };
  const auto plugin = [](const std::string& script) {
    return "exec: {apiVersion: client.authentication.k8s.io/v1, command: /bin/sh, interactiveMode: Never, args: [-c, "
           "\"" +
           script + "\"]}";
  };
  const std::string nowhere = "server: \"http://127.0.0.1:1\"";
  config("proxied", nowhere + ", proxy-url: \"http://user:" + canary + "@127.0.0.1:1\"", "token: " + canary);
  config("in-url", "server: \"https://user:" + canary + "@127.0.0.1:1\"", "token: " + canary);
  config("plugged", nowhere,
         plugin("echo '{\\\"kind\\\":\\\"ExecCredential\\\",\\\"status\\\":{\\\"token\\\":\\\"" + canary + "\\\"}}'"));
  config("babbling", nowhere, plugin("echo no json " + canary));
  config("failing", nowhere, plugin("echo " + canary + "; exit 3"));
  config("no-key", nowhere, "client-key-data: \"!" + canary + "\", client-certificate-data: \"!" + canary + "\"");
  std::ofstream(folder / "token") << canary;
  config("by-file", nowhere, "tokenFile: token");
}

// A log with tokens in its queries, replayed; a server that is asked with credentials, with every log it can write.
void add_runs(const fs::path& folder, std::vector<std::string>& commands) {
  std::ofstream log(folder / "access.log");
  for (int i = 0; i < 20; ++i)
    log << "10.0.0.1 - " << canary << " [25/Nov/2026:10:00:0" << i % 10 << " +0000] \"GET //a/../b" << i
        << "?token=" << canary << "&x=1 HTTP/1.1\" 200 5 \"https://u:" << canary << "@r.example.com/\" \"" << canary
        << "\"\nbroken line with " << canary << "\n";
  log.close();
  for (const char* format : {"text", "json"})
    commands.push_back(std::string("verify i.yaml --access-log access.log --log-host shop.example.com -o ") + format);
  for (const char* format : {"text", "json"})
    commands.push_back(
        std::string("serve g.yaml --demo-backends --address-pool 127.78.0.0/24 --port-map 80=18780,443=18743 --admin "
                    "127.78.0.99:18790 --access-log - --access-log-format ") +
        format +
        " --ready-file ready --status-dir status & for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do [ "
        "-e ready ] && break; sleep 0.2; done; cat ready; curl -s -o /dev/null -H 'Authorization: Bearer " +
        canary + "' -H 'Cookie: s=" + canary +
        "' -H 'Host: shop.example.com' http://127.78.0.1:18780/ ; for page in / /config_dump /stats "
        "/metrics; do curl -s http://127.78.0.99:18790$page; done; kill %1 2>/dev/null || kill "
        "$!; wait; rm -f ready; cat status/* 2>/dev/null; echo end");
}

}  // namespace

TEST_CASE("a canary in Secrets and in a kubeconfig is in no output") {
  const char* binary = std::getenv("GWCTL");
  REQUIRE(binary != nullptr);
  const fs::path folder = fs::temp_directory_path() / ("gwctl-canary-" + std::to_string(getpid()));
  fs::create_directories(folder);
  std::ofstream(folder / "i.yaml") << manifests() << ingresses;
  std::ofstream(folder / "c.yaml") << careless().substr(4);
  std::ofstream(folder / "g.yaml") << manifests() << gateways;
  const auto harmless = [](std::string text) {
    for (std::size_t at; (at = text.find(canary)) != std::string::npos;)
      text.replace(at, canary.size(), "SomethingElse");
    return text;
  };
  std::ofstream(folder / "d.yaml") << harmless(careless()).substr(4);
  std::string broken = careless().substr(4);  // a document that is no YAML is shown, too
  for (std::size_t at; (at = broken.find("''")) != std::string::npos;) broken.replace(at, 2, "'");
  std::ofstream(folder / "b.yaml") << broken;
  std::ofstream(folder / "h.yaml") << harmless(manifests()) << gateways;
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
  add_careless(commands);
  add_clusters(folder, commands);
  add_runs(folder, commands);

  // The search finds what it must find: a command that is asked to show Secrets, and each way of writing one.
  const fs::path shown = folder / "shown";
  REQUIRE(std::system((std::string(binary) + " fmt --show-secrets -o json " + (folder / "g.yaml").string() + " > " +
                       shown.string() + " 2>&1")
                          .c_str()) == 0);
  CHECK(!leak(read(shown)).empty());
  for (const std::string& secret : {canary, encoded, user_encoded}) CHECK(!leak("before " + secret + " after").empty());
  CHECK(leak("nothing of the kind").empty());

  std::size_t masked = 0;
  for (const std::string& command : commands) {
    const std::string line = "cd " + folder.string() + " && ( timeout 60 " + binary + " " + command + " ) > out 2>&1";
    const int code = std::system(line.c_str());
    const std::string text = read(folder / "out");
    CAPTURE(command);
    CHECK(WEXITSTATUS(code) <= 2);
    CHECK(!text.empty());
    masked += text.find("***") != std::string::npos;
    CHECK_MESSAGE(leak(text).empty(), "it shows the canary: " << leak(text));
  }
  CHECK(masked > 40);  // they do show the places where credentials stand
  MESSAGE(commands.size() << " command lines, " << masked << " with something hidden");
  fs::remove_all(folder);
}
