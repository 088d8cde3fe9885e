// The Ingresses of one controller while they are read: hosts and paths in reader.cpp, the rules made of them in
// reader_rules.cpp. Internal to these two.
#pragma once
#include <deque>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "convert/providers/offers.h"
#include "convert/providers/reader.h"

namespace gw::convert {

struct Host {
  Server server;
  const kube::Ingress* owner = nullptr;
  const Wishes* wishes = nullptr;  // of the owner
  std::vector<Offer> offers;
};

class IngressReader {
 public:
  IngressReader(const Dialect& dialect, const Input& input, Ir& ir, Ledger& ledger)
      : d_(dialect), own_(*provider(dialect.provider)), input_(input), ir_(ir), ledger_(ledger) {}

  void run();  // reads every one of the input

 private:
  // ---- annotations
  void read_annotations(const kube::Ingress& ingress);
  void drop_annotations(const kube::Ingress& ingress, const Wishes& w);
  void place_all(const kube::Ingress& ingress);
  const Wishes* service_wishes(const Offer& offer);

  // ---- hosts and paths
  Host& host(std::string_view name, const kube::Ingress& ingress, const Wishes& w);
  void pass_through(const kube::Ingress& ingress, const kube::IngressRule& rule, std::string_view name);
  void claim(const kube::Ingress& ingress, const Wishes& w);
  void join(const kube::Ingress& ingress, const Wishes& w);
  static void inherit_guards(const Host& h, Offer& offer);
  static bool takes_joins(const Wishes& w) { return w.text("mergeable-ingress-type") == "master"; }

  void add_paths(Host& h, const kube::Ingress& ingress, const kube::IngressRule& rule, const Wishes& w, bool tls);
  void leave_rest(const kube::Ingress& ingress, const kube::IngressRule& rule, const kube::HttpIngressPath& bad);
  bool add(Host& h, Offer offer);
  std::optional<std::string> unreadable(Offer& offer);
  bool gone(const Offer& offer);
  void lost_host(const kube::Ingress& ingress, const kube::IngressRule& rule, const kube::Object& owner);

  static bool contains(const std::vector<kube::Text>& hosts, std::string_view host) {
    return std::find(hosts.begin(), hosts.end(), host) != hosts.end();
  }
  bool tls_of(const kube::Ingress& ingress, const Wishes& w, Server& s);
  void default_backend(const kube::Ingress& ingress);

  // ---- more hosts
  void add_aliases();
  bool within(std::string_view host, std::string_view wildcard) const;
  void inherit();
  void share_certificates();

  // ---- rules
  void finish(Host& h);
  bool equal(const Offer& a, const Offer& b) const;
  void join_equals(Host& h);
  void random(const Offer& kept, const Offer& other, std::string_view host);
  void split(Offer& into, const Offer& other);
  void redirect_hosts(const std::vector<const kube::Ingress*>& ingresses);
  void notes();

  const Dialect& d_;
  const Provider& own_;
  const Input& input_;
  Ir& ir_;
  Ledger& ledger_;
  std::vector<DefaultWish> defaults_;
  std::deque<Wishes> kept_;
  std::map<const kube::Ingress*, const Wishes*> wishes_;
  std::map<const kube::Service*, const Wishes*> service_wishes_;
  std::map<std::string_view, Host> hosts_;
  std::set<const yaml::Node*> inherited_;
  std::set<std::pair<std::string_view, const yaml::Node*>> borrowed_;
  ActionCache actions_;
  std::size_t places_ = 0, groups_ = 0;
  bool tls_ = false, no_tls_ = false, redirects_ = false;
};

}  // namespace gw::convert
