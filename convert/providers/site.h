// Hosts and rules of the controllers' own resources, gathered from many objects and written in the order in which the
// controller tries them.
#pragma once
#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "convert/providers/offers.h"

namespace gw::convert {

// A rule that an object gives for one host.
struct SiteRule {
  const kube::Object* owner = nullptr;
  const yaml::Node* at = nullptr;
  std::string_view host;  // lower case; empty: every host
  std::string_view text = "/";
  Reach reach = Reach::element;
  const Wishes* wishes = nullptr;  // of site.wishes()
  Conditions conditions;
  std::vector<std::string> methods;  // a rule each
  std::vector<Backend> backends;
  long rank = 0;  // higher first; equal ones in the order of adding
  bool http = true, https = true;
  kube::Port http_port = 80, https_port = 443;
};

class Site {
 public:
  Site(std::string_view provider, const Input& input, Ir& ir, Ledger& ledger);

  // Wishes that live as long as the site.
  Wishes& wishes(const kube::Object& owner);
  Asking asking(Wishes& wishes) { return {input_, ir_, ledger_, wishes, {}}; }

  // The first object that names a host owns it. A host of other ports is another one.
  Server& server(std::string_view host, const kube::Object& owner, kube::Port http = 80, kube::Port https = 443);
  // The host listens on 443 (or that port) with this Secret; an empty name is told (GW609) and replaced.
  void certificate(std::string_view host, const kube::Object& owner, const yaml::Node* at, std::string_view ns,
                   std::string_view secret, kube::Port http = 80, kube::Port https = 443);
  // Adds a rule to its host; one whose expression RE2 cannot read is reported and left out.
  void add(SiteRule rule);

  // Writes every host to the Ir. `fall_through`: exact hosts also get what their wildcard and host-less rules say.
  void finish(bool fall_through);

 private:
  void write(Server& server, const SiteRule& rule);
  void write(Server& server, const SiteRule& from, const Offer& offer);

  Dialect dialect_;
  const Input& input_;
  Ir& ir_;
  Ledger& ledger_;
  std::deque<Wishes> wishes_;
  struct Key {
    std::string_view host;
    kube::Port http, https;
    auto operator<=>(const Key&) const = default;
  };
  std::map<Key, Server> servers_;
  std::map<Key, std::vector<SiteRule>> rules_;
  ActionCache actions_;
};

}  // namespace gw::convert
