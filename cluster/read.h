// A cluster's objects as input of convert, validate, verify, audit and graph: only get and list requests are sent.
#pragma once
#include <functional>
#include <string>

#include "cluster/client.h"
#include "diag/diagnostic.h"
#include "kube/load.h"

namespace gw::cluster {

struct ReadOptions {
  std::string ns;          // one namespace; empty: all
  std::string fallback;    // with every namespace wanted and refused: the one to read instead, told; empty: none
  std::string selector;    // label selector for Ingresses, kubectl's syntax; the rest is read whole
  std::size_t page = 500;  // objects a request
  // Called after each page: plural of the kind, objects so far, objects left (0 when the server does not say).
  std::function<void(std::string_view kind, std::size_t read, std::size_t left)> progress;
};

// Lists every kind gwctl has a type for and, by discovery, the policy and vendor kinds of the groups it converts. A
// kind that is not installed is left out silently; one that this user may not list is told (GW020, by kind and
// namespace) and the rest goes on. Secrets that no gateway uses (Helm releases, tokens, pull secrets) are not asked
// for. Every object is a text of its own, "cluster:Ingress/shop/web", written as YAML without what the server adds
// (status, managedFields, uid, ...); creationTimestamp is kept, since precedence depends on it.
// An Error means that the cluster does not answer at all or refuses the credentials.
Result<std::vector<kube::RawObject>> read(Client& client, const ReadOptions& options, diag::Sources& sources,
                                          diag::Sink& sink);

// The definitions of custom resources (apiextensions.k8s.io/v1), each a text of its own. A refusal is an Error: without
// them nothing can be said about the kinds that they define.
Result<std::vector<yaml::Document>> read_definitions(Client& client, diag::Sources& sources, diag::Sink& sink);

}  // namespace gw::cluster
