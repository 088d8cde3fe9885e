// Makers of answers that all models share.
#pragma once
#include <string>
#include <utility>

#include "kube/core.h"
#include "route/answer.h"
#include "verify/controllers/controller.h"

namespace gw::verify {

// Nothing but a status.
inline route::Answer status(int code) {
  route::Answer out;
  out.status = code;
  return out;
}

// With this Location.
inline route::Answer redirect(int code, std::string location) {
  route::Answer out = status(code);
  out.location = std::move(location);
  return out;
}

// The model does not know, and why.
inline route::Answer unmodelled(std::string why) {
  route::Answer out;
  out.unmodelled = std::move(why);
  return out;
}

// "http" or "https".
inline std::string_view scheme_of(const route::Request& request) {
  return request.scheme == route::Scheme::https ? "https" : "http";
}

// The Ingress, at the place of one of its paths.
inline route::RuleRef rule_ref(const kube::Ingress& ingress, const kube::Located& at) {
  const yaml::Node* node = at.node ? at.node : ingress.node;
  return {"Ingress " + ingress.id().display(), node ? node->span() : diag::Span{}};
}

// Sorts and removes doubles of every list; then merges entries of the same host.
void tidy(Boundaries& boundaries);

}  // namespace gw::verify
