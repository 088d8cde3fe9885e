#include "convert/providers/nginx/upstream.h"

#include "convert/providers/common.h"
#include "convert/providers/nginx/check.h"

namespace gw::convert::nginx {

Wire wire(const Config& c) {
  if (c.protocol == "HTTPS") return Wire::tls;
  if (c.protocol == "GRPC") return Wire::h2c;
  if (c.protocol == "GRPCS") return Wire::h2_tls;
  return Wire::http1;
}

void rewrite_host(const Config& c, Action& action, Ledger& ledger) {
  if (c.upstream_vhost.empty()) return;
  const std::string host = lower(c.upstream_vhost);
  const bool constant =
      host.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789.-") == std::string::npos && !host.ends_with('.');
  if (!constant)
    return ledger.settle(c.claims.vhost, Outcome::refused, "'" + c.upstream_vhost + "' is not a plain host name",
                         "GW601", Loss::other);
  action.rewrite_host = host;
  ledger.settle(c.claims.vhost, Outcome::converted, "URLRewrite hostname");
}

void mirror(const Config& c, Action& action, Ir& ir, Ledger& ledger) {
  if (c.mirror_url.empty()) return;
  std::string url = c.mirror_url;
  if (url.ends_with("$request_uri")) url.resize(url.size() - std::string_view("$request_uri").size());
  const auto to = parse_url(url);
  const auto labels = to ? split(to->host, '.') : std::vector<std::string>{};
  const bool cluster =
      !labels.empty() && service_name(labels[0]) && (labels.size() == 1 || (labels.size() >= 3 && labels[2] == "svc"));
  if (!to || !cluster || to->scheme != "http" || !(to->path.empty() || to->path == "/"))
    return ledger.settle(c.claims.mirror, Outcome::refused, "only a Service of the cluster can take mirrored requests",
                         "GW601", Loss::other);
  Mirror m;
  m.backend.ns = labels.size() > 1 ? ir.keep(labels[1]) : std::string_view(c.ingress->metadata.ns);
  m.backend.name = ir.keep(labels[0]);
  m.backend.port = to->port ? to->port : 80;
  action.mirrors.push_back(m);
  ledger.settle(c.claims.mirror, Outcome::converted, "RequestMirror");
}

bool made_of_path(const Config& c) {
  return c.forwarded_prefix.find('$') != std::string::npos;
}

void settle_forwarded(const Config& c, const RewritePlan& rewrite, Ledger& ledger) {
  if (c.forwarded_prefix.empty()) return;
  if (c.rewrite_target.empty())
    return ledger.settle(c.claims.forwarded_prefix, Outcome::ignored, "ingress-nginx sends it only with rewrite-target",
                         "GW605");
  if (made_of_path(c) && !rewrite.forwarded)
    return ledger.settle(c.claims.forwarded_prefix, Outcome::refused,
                         "'" + c.forwarded_prefix + "' is made of the path, which no header of a gateway is", "GW601",
                         Loss::other);
  ledger.settle(c.claims.forwarded_prefix, Outcome::converted, "RequestHeaderModifier");
}
// The header with its value for this path.
std::shared_ptr<Action> with_forwarded(const Config& c, const RewritePlan& rewrite, std::shared_ptr<Action> action) {
  if (!rewrite.forwarded || c.rewrite_target.empty()) return action;
  action = action ? std::make_shared<Action>(*action) : std::make_shared<Action>();
  action->request_headers.push_back({HeaderEdit::Op::set, "X-Forwarded-Prefix", *rewrite.forwarded});
  return action;
}

}  // namespace gw::convert::nginx
