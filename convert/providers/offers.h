// From an offer to rules of the Ir: its match, its action, https beside http.
#pragma once
#include <map>
#include <memory>
#include <vector>

#include "convert/paths.h"
#include "convert/providers/reader.h"

namespace gw::convert {

// Actions shared by the rules of one Ingress (and Service), so that equal rules stay recognisable.
using ActionCache = std::map<std::tuple<const Wishes*, const Wishes*, std::string>, std::shared_ptr<Action>>;

class OfferWriter {
 public:
  OfferWriter(const Dialect& dialect, const Input& input, Ir& ir, Ledger& ledger, ActionCache& actions)
      : d_(dialect), input_(input), ir_(ir), ledger_(ledger), actions_(actions) {}

  // Appends the rules of the offer; `of_host` are the wishes of the Ingress that has the host.
  void write(Server& server, const Offer& offer, const Wishes& of_host);
  // Adds the rule that redirects exactly "/" to the app-root.
  void app_root(Server& server, const kube::Ingress& ingress, const Wishes& wishes);
  // "/foo" of an offer of "/foo/" leads there.
  void slash_redirect(Server& server, const Offer& offer) const;
  // Every http request of the host leads to https.
  void redirect_host(Server& server, const kube::Ingress& ingress, const Wishes& wishes) const;

  // The offer as exact paths and prefixes, where they say what its expression or its rewrite by an expression says.
  std::vector<Offer> spelled(const Offer& offer) const;
  // The parts of it, for rules that come from no Ingress.
  void match(Rule& rule, const Offer& offer) const;
  std::shared_ptr<Action> action(const Offer& offer, bool https);  // null where nothing is asked for
  // action: of the rule; where the path is rewritten before the redirect, it leads to the rewritten one.
  void redirect_to_https(Server& server, const Rule& rule, const Wishes& of_host, const Action* action = nullptr) const;

 private:
  void write_one(Server& server, const Offer& offer, const Wishes& of_host);
  void tell_spelled(const Offer& offer, const PathPieces& pieces) const;
  void rewrite(Action& action, const Offer& offer) const;
  void forwarded_redirect(Server& server, Rule rule, const Wishes& of_host) const;
  std::shared_ptr<Action> make_action(const Offer& offer, bool https);
  void emit(Server& server, Rule rule, const Offer& offer, const Wishes& of_host);

  const Dialect& d_;
  const Input& input_;
  Ir& ir_;
  Ledger& ledger_;
  ActionCache& actions_;
};

}  // namespace gw::convert
