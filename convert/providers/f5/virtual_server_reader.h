// F5 NGINX's own resources while they are read: servers and their guards in virtual_server.cpp, routes in
// virtual_server_routes.cpp, TransportServers in transport_server.cpp. Internal to these three.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "convert/providers/own.h"
#include "convert/providers/site.h"

namespace gw::convert::f5 {

inline constexpr std::string_view needs_policy =
    "Gateway API has no such policy in its standard channel; use a target with policies (--to envoy-gateway)";
inline constexpr std::string_view class_of_gateway = "the Gateway's class takes its place";
inline constexpr std::string_view header_inherit =
    "headers of a route are added to those of its host, as the output says";

struct Upstream {
  std::optional<Backend> backend;
  std::vector<Intent> intents;
  std::string read_timeout;
};
using Upstreams = std::map<std::string, Upstream>;

class VirtualServerReader {
 public:
  VirtualServerReader(const Input& input, Ir& ir, Ledger& ledger)
      : input_(input), ir_(ir), ledger_(ledger), site_("f5-nginx", input, ir, ledger) {}

  void run();  // reads every one of the input

 private:
  // ---- upstreams
  Upstreams upstreams(Fields& spec);

  // ---- the server

  struct Host {
    std::string_view name;
    std::vector<Intent> intents;
    int redirect = 0;  // of http to https
  };

  void server(const kube::OtherObject& object);
  static Intent unknown_guard(FieldRef ref);
  const kube::Ingress* older_ingress(const kube::OtherObject& object, std::string_view host) const;
  void guards(Fields& f, std::vector<Intent>& to);
  void policy(Fields ref, std::vector<Intent>& to);
  void rate_limit(Fields& f, std::vector<Intent>& to);

  // ---- routes
  void routes(const kube::OtherObject& object, Fields& spec, std::string_view key, const Host& host,
              const Upstreams& upstreams, int depth);
  static bool has_route(const yaml::Node* list, const std::string& path);
  static std::string outside_of(const Fields& spec, const std::string& under);

  void delegate(const kube::OtherObject& object, const Fields& f, const std::string& name, const std::string& under,
                const Host& host, int depth);
  bool condition(Fields f, Conditions& to, std::vector<std::string>& methods);

  void split(const kube::OtherObject& object, Fields& f, const std::string& path, const Host& host,
             const Upstreams& upstreams, const std::vector<Intent>& intents, const Conditions& conditions,
             const std::vector<std::string>& methods, long rank);
  void slash_redirect(const kube::OtherObject& object, const Fields& f, const std::string& path, const Host& host);
  void place(SiteRule& rule, const std::string& path, long rank);
  void action(Fields f, const Upstreams& upstreams, Wishes& w, std::vector<Backend>& to, int weight);
  void headers(Fields& f, std::string_view key, HeaderEdit::Op op, std::vector<HeaderEdit>& to);
  void redirect(Wishes& w, const FieldRef& ref, std::string url, int code);

  // ---- TransportServer
  void transport(const kube::OtherObject& object);
  void listeners();
  kube::Port port_of(const kube::OtherObject& object, const std::string& name, const Fields& spec);

  const Input& input_;
  Ir& ir_;
  Ledger& ledger_;
  Site site_;
  std::set<const kube::OtherObject*> used_;
  const yaml::Node* routes_ = nullptr;       // of the VirtualServer that is read
  std::map<std::string, kube::Port> ports_;  // of listeners
  std::size_t regexes_ = 0;
};

}  // namespace gw::convert::f5
