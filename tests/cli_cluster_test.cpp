// Commands that read a cluster say the same as with the objects' files, send GET only, and never show a secret.
#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "fake_api.h"

using namespace gw;
using Json = nlohmann::json;
namespace fs = std::filesystem;

namespace {

// In every place that holds a secret: Secrets, their annotations, an auth annotation's Secret, the kubeconfig.
constexpr const char* canary = "c4n4ry";
constexpr const char* canary_base64 = "YzRuNHJ5";

const std::string secrets = R"(apiVersion: v1
kind: Secret
metadata:
  name: shop-tls
  namespace: shop
  annotations: {note: c4n4ry, kubectl.kubernetes.io/last-applied-configuration: '{"data":{"tls.key":"YzRuNHJ5"}}'}
type: kubernetes.io/tls
data: {tls.crt: YzRuNHJ5, tls.key: YzRuNHJ5}
---
apiVersion: v1
kind: Secret
metadata: {name: users, namespace: shop}
data: {auth: YzRuNHJ5}
stringData: {plain: c4n4ry, broken: [c4n4ry]}
---
apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: private
  namespace: shop
  annotations: {nginx.ingress.kubernetes.io/auth-secret: users, nginx.ingress.kubernetes.io/auth-type: basic}
spec:
  ingressClassName: nginx
  rules:
  - host: private.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: frontend, port: {number: 80}}}}]}
)";

struct Ran {
  std::string out, err;
  int status = 0;
};

struct Folder {
  fs::path path = fs::temp_directory_path() / ("gwctl-cli-cluster-" + std::to_string(::getpid()));
  Folder() { fs::create_directories(path); }
  ~Folder() { fs::remove_all(path); }
  std::string write(const std::string& name, const std::string& text) const {
    std::ofstream(path / name) << text;
    return (path / name).string();
  }
  static std::string text(const fs::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  Ran run(const std::string& arguments) const {
    const char* program = std::getenv("GWCTL");
    const std::string command = std::string(program ? program : "build/gwctl") + " " + arguments + " >" +
                                (path / "out").string() + " 2>" + (path / "err").string() + " </dev/null";
    const int status = std::system(command.c_str());
    return {text(path / "out"), text(path / "err"), WIFEXITED(status) ? WEXITSTATUS(status) : -1};
  }
};

// Serves the objects of some files by group, namespace and plural, as the API server lists them.
class Cluster {
 public:
  explicit Cluster(const std::string& json_lines) {
    std::istringstream in(json_lines);
    for (std::string line; std::getline(in, line);) objects_.push_back(Json::parse(line));
  }
  test::ApiReply answer(const test::ApiRequest& request) const {
    if (request.path() == "/apis") return {200, R"({"groups":[]})"};
    std::string plural = request.path().substr(request.path().rfind('/') + 1);
    Json items = Json::array();
    std::string kind = "Thing";
    for (Json object : objects_) {
      if (plural_of(object["kind"]) != plural) continue;
      const std::string in = "/namespaces/" + object["metadata"].value("namespace", "") + "/";
      if (request.has("/namespaces/") && !request.has(in)) continue;
      kind = object["kind"];
      object["metadata"].update({{"uid", "u"}, {"resourceVersion", "1"}, {"managedFields", Json::array()}});
      object["status"] = Json::object();
      object.erase("apiVersion");  // items of a typed list have neither
      object.erase("kind");
      items.push_back(std::move(object));
    }
    Json list = {{"kind", kind + "List"}, {"metadata", Json::object()}, {"items", items}};
    list["apiVersion"] = request.path().starts_with("/api/v1") ? "v1" : "networking.k8s.io/v1";
    return {200, list.dump()};
  }

 private:
  static std::string plural_of(std::string kind) {
    for (char& c : kind) c = static_cast<char>(std::tolower(c));
    return kind + (kind.ends_with("s") ? "es" : "s");
  }
  std::vector<Json> objects_;
};

std::string kubeconfig(const std::string& url) {
  return "apiVersion: v1\nkind: Config\ncurrent-context: lab\nclusters: [{name: lab, cluster: {server: \"" + url +
         "\"}}]\nusers: [{name: me, user: {token: " + canary + ", password: " + canary +
         "}}]\ncontexts: [{name: lab, context: {cluster: lab, user: me, namespace: shop}}]\n";
}

// docs/reader-role.yaml, as RBAC reads it.
class Role {
 public:
  explicit Role(const Json& object) : rules_(object["rules"]) {}
  bool allows(const std::string& path) const {
    const Asked asked = asked_for(path);
    return std::any_of(rules_.begin(), rules_.end(), [&](const Json& rule) {
      if (asked.plural.empty()) return holds(rule, "nonResourceURLs", path) && holds(rule, "verbs", "get");
      return holds(rule, "apiGroups", asked.group) && holds(rule, "resources", asked.plural) &&
             holds(rule, "verbs", "list");
    });
  }

 private:
  struct Asked {
    std::string group, plural;  // plural empty: no list of objects
  };
  // /api/v1[/namespaces/NS]/PLURAL, /apis/GROUP/VERSION[/namespaces/NS]/PLURAL
  static Asked asked_for(const std::string& path) {
    static const std::regex core("/api/v1/(?:namespaces/[^/]+/)?([^/]+)"),
        named("/apis/([^/]+)/[^/]+/(?:namespaces/[^/]+/)?([^/]+)");
    std::smatch found;
    if (std::regex_match(path, found, core)) return {"", found[1]};
    if (std::regex_match(path, found, named)) return {found[1], found[2]};
    return {};
  }
  static bool holds(const Json& rule, const char* list, const std::string& wanted) {
    const Json all = rule.value(list, Json::array());
    return std::any_of(all.begin(), all.end(), [&](const std::string& one) {
      return one == wanted || one == "*" || (one.ends_with("/*") && wanted.starts_with(one.substr(0, one.size() - 1)));
    });
  }
  Json rules_;
};

// Places are named differently, and findings are sorted by place.
std::string without_places(const std::string& text) {
  Json report = Json::parse(text, nullptr, false);
  if (report.is_object() && report.contains("findings")) {
    for (Json& finding : report["findings"])
      for (const char* key : {"file", "line", "column", "end_line", "end_column", "fingerprint", "at"})
        finding.erase(key);
    std::sort(report["findings"].begin(), report["findings"].end());
    if (report.contains("summary")) report["summary"].erase("files");
  }
  static const std::regex place(R"re("(file|line)": ["A-Za-z0-9:/._-]+|[A-Za-z0-9:/._-]+:[0-9]+)re");
  return std::regex_replace(report.is_object() ? report.dump(1) : text, place, "@");
}

}  // namespace

TEST_CASE("from the cluster as from files") {
  Folder folder;
  const std::string sample = "testdata/sample/shop.yaml testdata/sample/services.yaml";
  const std::string more = folder.write("secrets.yaml", secrets);
  const Cluster cluster(folder.run("fmt --show-secrets -o json " + sample + " " + more).out);
  test::FakeApi api([&](const test::ApiRequest& request) { return cluster.answer(request); });
  const std::string from = "--kubeconfig " + folder.write("config", kubeconfig(api.url())) + " ";
  for (const std::string command :
       {"convert", "convert -o json", "validate --format json", "validate --format sarif", "verify -o json",
        "audit -o json", "audit -o html", "graph", "graph -o svg", "routes", "plan"}) {
    CAPTURE(command);
    const Ran files = folder.run(command + " " + sample + " " + more), all = folder.run(command + " -A " + from);
    if (!command.ends_with("sarif") && !command.ends_with("html") && command != "plan")  // they show or list files
      CHECK(without_places(files.out) == without_places(all.out));
    CHECK(files.status == all.status);
    for (const Ran& ran : {files, all})
      for (const char* secret : {canary, canary_base64}) CHECK((ran.out + ran.err).find(secret) == std::string::npos);
  }
  CHECK(api.requests().size() > 20);
  for (const test::ApiRequest& request : api.requests()) {
    CHECK(request.method == "GET");
    CHECK(!request.has("watch"));
  }
}

TEST_CASE("the namespace that is read is told, and files are not mixed with a cluster") {
  Folder folder;
  test::FakeApi api([](const test::ApiRequest&) -> test::ApiReply { return {403, canary}; });
  const std::string config = folder.write("config", kubeconfig(api.url()));
  const Ran own = folder.run("convert --kubeconfig " + config);
  CHECK(own.err.starts_with("gwctl: reading namespace shop (the context's); -n chooses another, -A reads all\n"));
  CHECK(own.err.find("answered 403 to every list in namespace shop") != std::string::npos);
  CHECK(own.err.find(canary) == std::string::npos);
  CHECK(folder.run("convert -n web --kubeconfig " + config).err.find("in namespace web") != std::string::npos);
  const Ran both = folder.run("convert testdata/sample/shop.yaml --kubeconfig " + config);
  CHECK(both.status == 2);
  CHECK(both.err.find("files and a cluster were given") != std::string::npos);
  const Ran none = folder.run("audit --kubeconfig " + config + " --context other");
  CHECK(none.status == 2);
  CHECK(none.err.find("no context 'other'") != std::string::npos);
}

TEST_CASE("files are held against the definitions that a cluster has") {
  Folder folder;
  const Cluster cluster(
      R"({"apiVersion":"apiextensions.k8s.io/v1","kind":"CustomResourceDefinition","metadata":{"name":"widgets.example.org"},)"
      R"("spec":{"group":"example.org","names":{"kind":"Widget","plural":"widgets"},"scope":"Namespaced",)"
      R"("versions":[{"name":"v1","served":true,"storage":true,"schema":{"openAPIV3Schema":{"type":"object","properties":)"
      R"({"spec":{"type":"object","properties":{"size":{"type":"integer","maximum":3}}}}}}}]}})");
  test::FakeApi api([&](const test::ApiRequest& request) {
    test::ApiReply reply = cluster.answer(request);
    Json list = Json::parse(reply.body);
    list["apiVersion"] = "apiextensions.k8s.io/v1";
    return test::ApiReply{200, list.dump()};
  });
  const std::string config = folder.write("config", kubeconfig(api.url()));
  const std::string file = folder.write(
      "w.yaml", "apiVersion: example.org/v1\nkind: Widget\nmetadata: {name: w, namespace: shop}\nspec: {size: 4}\n");
  const Ran ran = folder.run("validate --format concise " + file + " --crds cluster --kubeconfig " + config);
  CHECK(ran.status == 1);
  CHECK_MESSAGE(ran.out.find("w.yaml:4:14: error") != std::string::npos, ran.out);
  for (const test::ApiRequest& request : api.requests())
    CHECK(request.path() == "/apis/apiextensions.k8s.io/v1/customresourcedefinitions");
  CHECK(folder.run("validate --format concise " + file).out.find("w.yaml:4:14") == std::string::npos);
}

TEST_CASE("no command sends more than the role of the documentation allows") {
  Folder folder;
  const Role role(Json::parse(folder.run("fmt -o json docs/reader-role.yaml").out));
  CHECK(role.allows("/apis/gateway.networking.k8s.io/v1/namespaces/shop/httproutes"));
  CHECK_FALSE(role.allows("/api/v1/namespaces/shop/pods"));
  CHECK_FALSE(role.allows("/metrics"));
  const Cluster cluster(folder.run("fmt -o json testdata/sample/shop.yaml testdata/sample/services.yaml").out);
  test::FakeApi api([&](const test::ApiRequest& request) -> test::ApiReply {
    if (request.path() == "/apis")
      return {200, R"({"groups":[{"name":"gateway.networking.k8s.io","versions":[{"version":"v1"}],"preferredVersion":)"
                   R"({"version":"v1"}},{"name":"traefik.io","versions":[{"version":"v1alpha1"}],"preferredVersion":)"
                   R"({"version":"v1alpha1"}},{"name":"apps","versions":[{"version":"v1"}]}]})"};
    if (request.path() == "/apis/gateway.networking.k8s.io/v1")
      return {200, R"({"resources":[{"name":"httproutes","kind":"HTTPRoute","namespaced":true,"verbs":["list","get"]},)"
                   R"({"name":"httproutes/status","kind":"HTTPRoute","namespaced":true,"verbs":["patch"]}]})"};
    if (request.path() == "/apis/traefik.io/v1alpha1")
      return {200, R"({"resources":[{"name":"middlewares","kind":"Middleware","namespaced":true,"verbs":["list"]}]})"};
    return cluster.answer(request);
  });
  const std::string from = " --kubeconfig " + folder.write("config", kubeconfig(api.url()));
  std::size_t before = 0;
  for (const std::string command :
       {"convert -A", "convert -n shop", "validate -A", "validate -A --crds cluster", "verify -A", "audit -A",
        "plan -A", "graph -A", "routes -A", "trace -A --request 'GET http://shop.example.com/'", "export envoy -A"}) {
    CAPTURE(command);
    CHECK(folder.run(command + from).status <= 1);
    const auto all = api.requests();
    CHECK(all.size() > before + 5);
    for (std::size_t i = before; i < all.size(); ++i) {
      CAPTURE(all[i].target);
      CHECK(all[i].method == "GET");
      CHECK_FALSE(all[i].has("watch"));
      CHECK(all[i].body.empty());
      CHECK(role.allows(all[i].path()));
    }
    before = all.size();
  }
}

TEST_CASE("the commands of a plan read what the plan was made from") {
  Folder folder;
  const Cluster cluster(folder.run("fmt -o json testdata/sample/shop.yaml testdata/sample/services.yaml").out);
  test::FakeApi api([&](const test::ApiRequest& request) { return cluster.answer(request); });
  const std::string flags = "--kubeconfig " + folder.write("config", kubeconfig(api.url())) + " --context lab -A";
  const Json plan = Json::parse(folder.run("plan -o json --to envoy-gateway " + flags).out);
  std::string live;
  std::vector<std::string> commands;
  for (const Json& stage : plan["stages"])
    for (const std::string command : stage["commands"]) {
      if (command.find("--live-old") != std::string::npos) live = command;
      if (command.starts_with("gwctl verify") || command.starts_with("gwctl audit")) commands.push_back(command);
    }
  REQUIRE(live.starts_with("gwctl verify " + flags + " --live-old http"));
  REQUIRE(commands.size() == 3);
  for (const std::string& command : commands) {
    const std::string words = command.substr(6, command.find(" --live-old") - 6);
    CAPTURE(words);
    const std::size_t before = api.requests().size();
    CHECK(folder.run(words.substr(0, words.find(" > "))).status <= 1);
    CHECK(api.requests().size() > before);
  }
}
