// kubeconfig files as kubectl merges them: the first file that defines a name wins.
#include "cluster/kubeconfig.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cluster/plugin.h"
#include "diag/diagnostic.h"
#include "kube/load.h"
#include "yaml/read.h"
#include "yaml/scalar.h"

namespace gw::cluster {
namespace {

namespace fs = std::filesystem;
using yaml::Node;

struct File {
  fs::path directory;  // relative paths in it are meant from here
  const Node* root;
};

// The texts and trees of every kubeconfig file that was read.
struct Config {
  diag::Sources sources;
  std::vector<yaml::Document> documents;
  std::vector<File> files;
};

std::string text(const Node* map, std::string_view key) {
  const Node* value = map ? map->find(key) : nullptr;
  return value && value->is_string() ? std::string(value->string()) : std::string();
}
bool flag(const Node* map, std::string_view key) {
  const Node* value = map ? map->find(key) : nullptr;
  return value && value->kind() == yaml::Kind::boolean && value->boolean();
}

std::vector<std::string> paths(const std::string& file) {
  if (!file.empty()) return {file};
  std::vector<std::string> out;
  if (const char* list = std::getenv("KUBECONFIG"); list && *list) {
    std::string_view rest = list;
    while (!rest.empty()) {
      const auto colon = std::min(rest.find(':'), rest.size());
      if (colon > 0) out.emplace_back(rest.substr(0, colon));
      rest.remove_prefix(std::min(rest.size(), colon + 1));
    }
    return out;
  }
  if (const char* home = std::getenv("HOME")) out.push_back(std::string(home) + "/.kube/config");
  return out;
}

// A kubeconfig that does not exist is skipped unless it was named on the command line, as kubectl does.
Status read_files(const std::string& named, Config& config) {
  for (const std::string& path : paths(named)) {
    std::error_code error;
    if (named.empty() && !fs::exists(path, error)) continue;
    auto files = kube::read_inputs({path}, {}, config.sources);
    if (!files) return files.error();
    diag::Sink sink;
    auto documents = yaml::read(files->front(), config.sources, {}, sink);
    if (sink.failed() || documents.empty() || !documents.front().root->is_map())
      return Error{"'" + path + "' is not a kubeconfig file",
                   "it must be one YAML mapping with clusters, users and contexts"};
    config.files.push_back({fs::absolute(path).parent_path(), documents.front().root});
    config.documents.push_back(documents.front());
  }
  return Unit{};
}

struct Found {
  const File* file = nullptr;
  const Node* body = nullptr;
};

// The entry of a named list (clusters, users, contexts), and the file it stands in.
Found lookup(const Config& config, std::string_view list, std::string_view member, std::string_view name) {
  for (const File& file : config.files) {
    const Node* entries = file.root->find(list);
    if (!entries || !entries->is_seq()) continue;
    for (const Node& entry : entries->items())
      if (text(&entry, "name") == name) return {&file, entry.find(member)};
  }
  return {};
}

// "x-data" (base64) beats "x" (a path, relative to its kubeconfig file).
Result<std::string> pem(const Found& at, const std::string& key) {
  if (std::string data = text(at.body, key + "-data"); !data.empty()) {
    auto decoded = yaml::decode_base64(data);
    if (!decoded) return Error{"kubeconfig: " + key + "-data is not base64", "create the kubeconfig anew"};
    return std::move(*decoded);
  }
  const std::string path = text(at.body, key);
  if (path.empty()) return std::string();
  const fs::path full = at.file->directory / path;
  std::ifstream in(full, std::ios::binary);
  if (!in) return Error{"cannot read '" + full.string() + "' (kubeconfig: " + key + ")", {}};
  return std::string(std::istreambuf_iterator<char>(in), {});
}

ExecPlugin exec_plugin(const Found& user) {
  ExecPlugin plugin;
  const Node* exec = user.body ? user.body->find("exec") : nullptr;
  if (!exec) return plugin;
  plugin.api_version = text(exec, "apiVersion");
  plugin.command = text(exec, "command");
  plugin.install_hint = text(exec, "installHint");
  plugin.provide_cluster_info = flag(exec, "provideClusterInfo");
  if (plugin.command.starts_with('.') && plugin.command.find('/') != std::string::npos)
    plugin.command = (user.file->directory / plugin.command).string();
  if (const Node* args = exec->find("args"); args && args->is_seq())
    for (const Node& arg : args->items())
      if (arg.is_string()) plugin.args.emplace_back(arg.string());
  if (const Node* env = exec->find("env"); env && env->is_seq())
    for (const Node& variable : env->items())
      plugin.env.emplace_back(text(&variable, "name"), text(&variable, "value"));
  return plugin;
}

Status fill_user(const Found& user, Access& access) {
  auto certificate = pem(user, "client-certificate");
  if (!certificate) return certificate.error();
  auto key = pem(user, "client-key");
  if (!key) return key.error();
  access.client_certificate_pem = std::move(*certificate);
  access.client_key_pem = std::move(*key);
  access.token = text(user.body, "token");
  access.token_file = text(user.body, "tokenFile");
  if (!access.token_file.empty()) access.token_file = (user.file->directory / access.token_file).string();
  access.username = text(user.body, "username");
  access.password = text(user.body, "password");
  access.impersonate = text(user.body, "as");
  access.impersonate_uid = text(user.body, "as-uid");
  if (const Node* groups = user.body ? user.body->find("as-groups") : nullptr; groups && groups->is_seq())
    for (const Node& group : groups->items())
      if (group.is_string()) access.impersonate_groups.emplace_back(group.string());
  access.exec = exec_plugin(user);
  if (!access.exec.command.empty()) access.plugin = std::make_shared<PluginCredentials>();
  if (user.body && user.body->find("auth-provider") && access.token.empty())
    return Error{"kubeconfig: 'auth-provider' was removed from Kubernetes 1.26", "use the provider's exec plugin"};
  return Unit{};
}

}  // namespace

Result<Access> in_cluster(const std::string& account) {
  const char* host = std::getenv("KUBERNETES_SERVICE_HOST");
  const char* port = std::getenv("KUBERNETES_SERVICE_PORT");
  std::ifstream ca(account + "/ca.crt"), ns(account + "/namespace");
  if (!host || !port || !ca)
    return Error{"no kubeconfig was found", "give --kubeconfig FILE, set KUBECONFIG, or run inside a Pod"};
  Access access;
  const std::string name = host;
  access.server = "https://" + (name.find(':') == std::string::npos ? name : "[" + name + "]") + ":" + port;
  access.ca_pem.assign(std::istreambuf_iterator<char>(ca), {});
  access.token_file = account + "/token";
  if (ns) std::getline(ns, access.ns);
  return access;
}

Result<Access> find_access(const std::string& file, const std::string& wanted) {
  Config config;
  if (auto read = read_files(file, config); !read) return read.error();
  if (config.files.empty()) return in_cluster();
  std::string name = wanted;
  for (const File& each : config.files)
    if (name.empty()) name = text(each.root, "current-context");
  if (name.empty()) return Error{"the kubeconfig has no current-context", "choose one with --context"};
  const Found context = lookup(config, "contexts", "context", name);
  if (!context.body)
    return Error{"the kubeconfig has no context '" + name + "'", "kubectl config get-contexts lists them"};
  const Found cluster = lookup(config, "clusters", "cluster", text(context.body, "cluster"));
  if (!cluster.body) return Error{"context '" + name + "' names a cluster that the kubeconfig does not define", {}};

  Access access;
  access.server = text(cluster.body, "server");
  if (access.server.empty()) return Error{"the cluster of context '" + name + "' has no server", {}};
  while (access.server.ends_with('/')) access.server.pop_back();
  const std::string authority = access.server.substr(0, access.server.find('/', access.server.find("://") + 3));
  if (!access.server.starts_with("https://") && !access.server.starts_with("http://"))
    return Error{"the server of context '" + name + "' is not an http or https URL", "write https://HOST:PORT"};
  if (authority.find('@') != std::string::npos)
    return Error{"the server of context '" + name + "' holds a user name or password", "put them under users:"};
  access.insecure = flag(cluster.body, "insecure-skip-tls-verify");
  access.tls_server_name = text(cluster.body, "tls-server-name");
  access.proxy_url = text(cluster.body, "proxy-url");
  if (std::string ns = text(context.body, "namespace"); !ns.empty()) access.ns = ns;
  auto ca = pem(cluster, "certificate-authority");
  if (!ca) return ca.error();
  access.ca_pem = std::move(*ca);
  if (const std::string user = text(context.body, "user"); !user.empty())
    if (auto filled = fill_user(lookup(config, "users", "user", user), access); !filled) return filled.error();
  return access;
}

}  // namespace gw::cluster
