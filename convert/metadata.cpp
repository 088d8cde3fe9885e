#include "convert/metadata.h"

#include <algorithm>

#include "convert/movers.h"
#include "convert/provider.h"

namespace gw::convert {
namespace {

// What Argo CD, Flux, Helm and kubectl write to say that the object is theirs. A route that wore it would be taken for
// the Ingress's twin: pruned, or fought over.
constexpr std::string_view owners[] = {"argocd.argoproj.io/instance",
                                       "argocd.argoproj.io/tracking-id",
                                       "kustomize.toolkit.fluxcd.io/",
                                       "helm.toolkit.fluxcd.io/",
                                       "meta.helm.sh/",
                                       "kubectl.kubernetes.io/",
                                       "kapp.k14s.io/",
                                       "objectset.rio.cattle.io/",
                                       "field.cattle.io/",
                                       "app.kubernetes.io/managed-by",
                                       "deployment.kubernetes.io/",
                                       "config.kubernetes.io/",
                                       "internal.config.kubernetes.io/"};

bool begins_with_one_of(std::string_view key, std::span<const std::string_view> list) {
  return std::any_of(list.begin(), list.end(),
                     [&](std::string_view one) { return one.ends_with('/') ? key.starts_with(one) : key == one; });
}

bool fits(std::string_view pattern, std::string_view key) {
  const std::size_t star = pattern.find('*');
  if (star == pattern.npos) return pattern == key;
  return key.size() + 1 >= pattern.size() && key.starts_with(pattern.substr(0, star)) &&
         key.ends_with(pattern.substr(star + 1));
}

bool keeps(const Options& options, std::string_view word, std::string_view key) {
  return std::any_of(options.keep_metadata.begin(), options.keep_metadata.end(), [&](const std::string& one) {
    return one == word || one == "all" || (one != "none" && fits(one, key));
  });
}

}  // namespace

bool foreign_annotation(std::string_view key) {
  if (key.starts_with("kubernetes.io/ingress.") || begins_with_one_of(key, owners) || moved(key)) return false;
  for (const Provider& p : providers())
    for (const std::string_view prefix : p.prefixes)
      if (key.starts_with(prefix)) return false;
  return true;
}

bool keeps_label(const Options& options, std::string_view key) {
  return !begins_with_one_of(key, owners) && keeps(options, "labels", key);
}

bool keeps_annotation(const Options& options, std::string_view key) {
  return foreign_annotation(key) && keeps(options, "annotations", key);
}

kube::StringMap kept_labels(const Options& options, const kube::Object& object) {
  kube::StringMap kept;
  for (const auto& label : object.metadata.labels)
    if (keeps_label(options, label.first)) kept.push_back(label);
  return kept;
}

kube::StringMap kept_annotations(const Options& options, const kube::Object& object) {
  kube::StringMap kept;
  for (const auto& annotation : object.metadata.annotations)
    if (keeps_annotation(options, annotation.first)) kept.push_back(annotation);
  return kept;
}

}  // namespace gw::convert
