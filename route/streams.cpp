#include "route/streams.h"

#include <algorithm>
#include <map>
#include <tuple>

#include "diag/ascii.h"
#include "route/answers.h"
#include "route/target.h"

namespace gw::route {
namespace {

Answer answer_of(const L4Rule& rule) {
  Answer out = plain(200);
  out.rule = rule_ref(rule.source);
  std::size_t weighted = 0;
  for (const Backend& backend : rule.backends) weighted += backend.weight > 0 && backend.state == BackendState::ready;
  for (const Backend& backend : rule.backends) {
    if (backend.weight == 0 || backend.state != BackendState::ready) continue;
    if (weighted > 1) out.backends.push_back({backend.service.display(), backend.port, backend.weight});
    std::tie(out.backend, out.port) = std::tuple(backend.service.display(), backend.port);
  }
  if (weighted > 1) std::tie(out.backend, out.port) = std::tuple(std::string(), 0);
  if (weighted == 0) {
    out = no_answer("no backend takes the connection");
    out.rule = rule_ref(rule.source);
  }
  return out;
}

class WithStreams final : public Model {
 public:
  WithStreams(std::unique_ptr<Model> inner, std::vector<Stream> streams)
      : inner_(std::move(inner)), streams_(std::move(streams)) {}

  AnswerSet answer(const Request& request) const override {
    AnswerSet out = inner_->answer(request);
    const Stream* found = request.scheme == Scheme::https ? by_name(request) : nullptr;
    if (!found) return out;
    // A listener that ends TLS for the very name cannot stand beside one that does not.
    const bool open = std::all_of(out.any_of.begin(), out.any_of.end(), [](const Answer& a) { return !a.rule; });
    if (!open && found->host.starts_with("*")) return out;
    out.any_of = {found->answer};
    if (found->answer.status != 0) {  // nobody between client and backend reads the request
      out.any_of.front().backend_target = request.target;
      out.any_of.front().backend_host = request.host;
    }
    return out;
  }
  std::string refused() const override { return inner_->refused(); }

 private:
  const Stream* by_name(const Request& request) const {
    const std::string name = diag::lower(request.sni.value_or(std::string(split_host(request.host).host)));
    const kube::Port port = request.port != 0 ? request.port : 443;
    const Stream* best = nullptr;
    for (const Stream& stream : streams_) {
      if (stream.protocol != Protocol::tls || stream.port != port) continue;
      const bool wildcard = stream.host.starts_with("*.") && name.ends_with(stream.host.substr(1));
      if (!stream.host.empty() && stream.host != name && !wildcard) continue;
      if (!best || stream.host == name || (best->host != name && stream.host.size() > best->host.size()))
        best = &stream;
    }
    return best;
  }

  std::unique_ptr<Model> inner_;
  std::vector<Stream> streams_;
};

}  // namespace

std::vector<Stream> streams(const kube::Index& index, const Attachments& attachments) {
  const kube::Bundle& bundle = index.bundle();
  if (bundle.tls_routes.empty() && bundle.tcp_routes.empty() && bundle.udp_routes.empty()) return {};
  Options options;
  options.assume_endpoints = true;
  const std::shared_ptr<const Table> table = compile(index, attachments, options);
  std::map<std::tuple<Protocol, kube::Port, std::string>, Answer> found;
  for (const ParentStatus& parent : attachments.parents) {
    if (!parent.accepted || parent.route_kind == "HTTPRoute" || parent.route_kind == "GRPCRoute") continue;
    for (const ParentStatus::On& on : parent.on) {
      const ListenerStatus& status = attachments.listeners[on.listener];
      if (!status.usable) continue;
      const kube::Listener& listener = *status.listener;
      const kube::NamespacedName gateway = status.gateway->id();
      const Protocol protocol = listener.protocol == "UDP"   ? Protocol::udp
                                : listener.protocol == "TCP" ? Protocol::tcp
                                                             : Protocol::tls;
      for (const std::string& host : on.hostnames) {
        const std::string asked = host.starts_with("*.") ? "x" + host.substr(1) : host;
        const L4Rule* rule = protocol == Protocol::tls ? table->tls(gateway, listener.port, asked)
                                                       : table->l4(gateway, listener.port, protocol);
        if (rule)
          found.try_emplace({protocol, listener.port, protocol == Protocol::tls ? diag::lower(host) : std::string()},
                            answer_of(*rule));
      }
    }
  }
  std::vector<Stream> out;
  for (auto& [key, answer] : found)
    out.push_back({std::get<0>(key), std::get<1>(key), std::get<2>(key), std::move(answer)});
  return out;
}

std::unique_ptr<Model> with_streams(std::unique_ptr<Model> inner, std::vector<Stream> streams) {
  if (std::none_of(streams.begin(), streams.end(), [](const Stream& s) { return s.protocol == Protocol::tls; }))
    return inner;
  return std::make_unique<WithStreams>(std::move(inner), std::move(streams));
}

}  // namespace gw::route
