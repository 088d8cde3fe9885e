#include "convert/bystanders.h"
#include "kube/ingress_class.h"

#include <algorithm>

namespace gw::convert {
namespace {

// Domains, with everything below them.
constexpr std::string_view domains[] = {
    "cert-manager.io",
    "external-dns.alpha.kubernetes.io",
    "external-dns.kubernetes.io",
    "argoproj.io",
    "helm.sh",
    "kubectl.kubernetes.io",
    "kustomize.toolkit.fluxcd.io",
    "fluxcd.io",
    "kustomize.config.k8s.io",
    "config.kubernetes.io",
    "config.k8s.io",
    "internal.config.kubernetes.io",
    "app.kubernetes.io",
    "deployment.kubernetes.io",
    "field.cattle.io",
    "cattle.io",
    "prometheus.io",
    "grafana.com",
    "datadoghq.com",
    "newrelic.com",
    "dynatrace.com",
    "stakater.com",
    "gethomepage.dev",
    "hajimari.io",
    "backstage.io",
    "reloader.dev",
    "kapp.k14s.io",
    "kbld.k14s.io",
    "keel.sh",
    "velero.io",
    "kyverno.io",
    "gatekeeper.sh",
    "kube-linter.io",
    "kube-score",
    "polaris.fairwinds.com",
    "goldilocks.fairwinds.com",
    "skaffold.dev",
    "tilt.dev",
    "werf.io",
    "meta.helm.sh",
    "pulumi.com",
    "terraform.io",
    "crossplane.io",
    "sealedsecrets.bitnami.com",
    "jenkins.io",
    "gitlab.com",
    "github.com",
    "tekton.dev",
    "janitor",
    "cluster-autoscaler.kubernetes.io",
    "gwctl.dev",
};

// Last words that tell people something, under whatever prefix.
constexpr std::string_view words[] = {
    "owner",   "team",       "squad",    "contact",    "description", "docs",        "documentation", "runbook",
    "version", "commit",     "revision", "build",      "release",     "environment", "cost-center",   "repository",
    "source",  "maintainer", "ticket",   "created-by", "managed-by",  "checksum",    "slack",         "email"};

}  // namespace

bool for_bystanders(std::string_view key) {
  const std::size_t slash = key.find('/');
  if (slash == std::string_view::npos) return true;  // a word of one's own: controllers have prefixes
  const std::string_view domain = key.substr(0, slash), word = key.substr(slash + 1);
  if (key == "kubernetes.io/tls-acme" || key == "kubernetes.io/description" || key == "kubernetes.io/change-cause" ||
      key == kube::class_annotation)
    return true;
  if (std::find(std::begin(words), std::end(words), word) != std::end(words)) return true;
  return std::any_of(std::begin(domains), std::end(domains), [&](std::string_view known) {
    return domain == known || (domain.ends_with(known) && domain[domain.size() - known.size() - 1] == '.');
  });
}

}  // namespace gw::convert
