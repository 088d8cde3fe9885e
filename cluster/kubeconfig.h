// How to reach a cluster: kubeconfig files as kubectl merges them, or the Pod's own service account.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "diag/result.h"

namespace gw::cluster {

// A credential plugin (client.authentication.k8s.io/v1, v1beta1), run when its credential is first needed and again
// when it has expired or was refused.
struct ExecPlugin {
  std::string api_version, command, install_hint;
  std::vector<std::string> args;
  std::vector<std::pair<std::string, std::string>> env;
  bool provide_cluster_info = false;
};

class PluginCredentials;

// Credentials are never printed; an Access has no textual form on purpose.
struct Access {
  std::string server;  // https://host:port
  std::string ca_pem;  // empty: the system's trust
  std::string tls_server_name;
  bool insecure = false;
  std::string proxy_url;
  std::string client_certificate_pem, client_key_pem;
  std::string token, token_file;
  std::string username, password;
  ExecPlugin exec;                            // command empty: none
  std::shared_ptr<PluginCredentials> plugin;  // with exec: shared by every Client of this Access
  std::string impersonate, impersonate_uid;
  std::vector<std::string> impersonate_groups;
  std::string ns = "default";  // of the context
};

// file: --kubeconfig; empty: $KUBECONFIG (a list, merged; the first file that sets a value wins), ~/.kube/config, then
// the service account of the Pod. context: --context; empty: current-context.
Result<Access> find_access(const std::string& file, const std::string& context);

// The Pod's own service account, from its mounted directory. KUBERNETES_SERVICE_HOST and _PORT say where.
Result<Access> in_cluster(const std::string& account = "/var/run/secrets/kubernetes.io/serviceaccount");

struct Credential {
  std::string token, client_certificate_pem, client_key_pem;
  std::int64_t expires = 0;  // seconds since 1970; 0: the plugin gave no time
};
// Runs the plugin (at most 60 s).
Result<Credential> run_plugin(const ExecPlugin& plugin, const Access& access);

}  // namespace gw::cluster
