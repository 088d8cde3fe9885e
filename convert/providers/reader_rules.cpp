// From the hosts that were read to rules: in the order of the controller, paths that are written twice as one,
// redirects of whole hosts, and the notes that concern them.
#include <algorithm>

#include "convert/providers/common.h"
#include "convert/providers/ingress_reader.h"
#include "convert/providers/order.h"
#include "convert/providers/own.h"

namespace gw::convert {

void IngressReader::finish(Host& h) {
  std::stable_sort(h.offers.begin(), h.offers.end(), d_.before ? d_.before : longest_first);
  if (d_.equals != Equals::first) join_equals(h);
  std::set<const yaml::Node*> quiet = inherited_;
  for (const Offer& offer : h.offers)
    if (borrowed_.contains({h.server.host, offer.at})) quiet.insert(offer.at);
  OfferWriter writer(d_, input_, ir_, ledger_, actions_);
  if (d_.whole_host_redirect && h.server.tls && h.wishes->https_redirect.value_or(true) && !h.offers.empty())
    writer.redirect_host(h.server, *h.owner, *h.wishes);
  if (!h.wishes->app_root.empty()) writer.app_root(h.server, *h.owner, *h.wishes);
  std::set<std::string_view> texts;
  for (const Offer& offer : h.offers) texts.insert(offer.text);
  for (Offer& offer : h.offers) {
    offer.crowded = offer.text.size() > 1 && offer.text.ends_with('/') &&
                    texts.contains(offer.text.substr(0, offer.text.size() - 1));
    // In front: the plain path that takes "/foo/" would cover it.
    if (d_.slash_redirect && offer.text.size() > 1 && offer.text.ends_with('/') && offer.reach != Reach::regex &&
        !texts.contains(offer.text.substr(0, offer.text.size() - 1)))
      writer.slash_redirect(h.server, offer);
    writer.write(h.server, offer, *h.wishes);
  }
  keep_order(h.server, quiet, ir_, ledger_);
  tls_ = tls_ || h.server.tls;
  no_tls_ = no_tls_ || !h.server.tls;
  for (const Rule& rule : h.server.rules) redirects_ = redirects_ || (rule.action && rule.action->redirect);
  if (!h.server.rules.empty()) ir_.servers.push_back(std::move(h.server));
}

bool IngressReader::equal(const Offer& a, const Offer& b) const {
  const auto bare = [this](const Offer& o) {
    std::string_view text = o.text;
    while (d_.equals == Equals::random && o.reach == Reach::element && text.size() > 1 && text.ends_with('/'))
      text.remove_suffix(1);
    return text;
  };
  return a.reach == b.reach && bare(a) == bare(b);
}

// Equal offers of a host in the order of reading become one.
void IngressReader::join_equals(Host& h) {
  std::vector<Offer> kept;
  std::vector<Offer*> all;
  for (Offer& offer : h.offers) all.push_back(&offer);
  std::stable_sort(all.begin(), all.end(), [](const Offer* a, const Offer* b) { return a->place < b->place; });
  for (Offer* offer : all) {
    const auto same = std::find_if(kept.begin(), kept.end(), [&](const Offer& k) {
      const bool meet = k.ingress == offer->ingress || !d_.together || d_.together(input_, k, *offer);
      return meet && equal(k, *offer);
    });
    if (same == kept.end()) {
      kept.push_back(*offer);
    } else if (d_.equals == Equals::split) {
      split(*same, *offer);
    } else if (same->ingress == offer->ingress && !offer->fallback) {
      *same = *offer;
    } else {
      random(*same, *offer, h.server.host);
    }
  }
  h.offers = std::move(kept);
  std::stable_sort(h.offers.begin(), h.offers.end(), d_.before ? d_.before : longest_first);
}

void IngressReader::random(const Offer& kept, const Offer& other, std::string_view host) {
  ledger_.note({"GW640",
                diag::Severity::warning,
                "path '" + std::string(other.text) + "' of host '" + (host.empty() ? "(any)" : std::string(host)) +
                    "' also stands in " + kept.ingress->object_id().display() + ": after every change " +
                    std::string(d_.provider) + " picks one of them at random; that one is converted",
                {},
                other.ingress,
                other.at,
                "leave out the one that is not meant"});
}

void IngressReader::split(Offer& into, const Offer& other) {
  auto joined = into.special ? std::make_shared<Special>(*into.special) : std::make_shared<Special>();
  const auto backend_of = [&](const Offer& o) {
    if (const auto backend = make_backend(*o.ingress, *o.backend, input_, ledger_))
      joined->backends.push_back(*backend);
  };
  if (!joined->answered) backend_of(into);
  joined->answered = true;
  backend_of(other);
  for (Backend& backend : joined->backends) backend.weight = 1;
  into.special = std::move(joined);
  ledger_.note({"GW646",
                diag::Severity::warning,
                "path '" + std::string(other.text) + "' is written more than once: " + std::string(d_.provider) +
                    " splits its requests evenly, and so do the weights of the rule",
                {},
                other.ingress,
                other.at});
}

// Hosts that only lead to another one; a host with rules of its own keeps them.
void IngressReader::redirect_hosts(const std::vector<const kube::Ingress*>& ingresses) {
  std::set<std::string_view> done;
  for (const kube::Ingress* ingress : ingresses) {
    const Wishes& w = *wishes_.at(ingress);
    for (const std::string& from : w.redirect_hosts) {
      const std::string_view name = normal_host(ir_.keep(from), ir_);
      if (ingress->spec.rules.empty() || hosts_.contains(name) || !done.insert(name).second) continue;
      Server s;
      s.host = name;
      s.owner = ingress;
      Rule rule;
      rule.owner = ingress;
      rule.at = ingress->spec.node;
      rule.action = std::make_shared<Action>();
      Redirect to;
      to.host = ingress->spec.rules.front().host;
      rule.action->redirect = std::move(to);
      s.rules.push_back(std::move(rule));
      ir_.servers.push_back(std::move(s));
    }
  }
}

void IngressReader::notes() {
  if (input_.ingresses.empty()) return;
  ledger_.note({"GW642", diag::Severity::info,
                "requests that no route answers: the old controller listens on port 80 whatever its rules are and "
                "answers 404; a Gateway has no http listener where no route wants one",
                "GET http://unknown.example.org/", nullptr, nullptr});
  const bool wildcard =
      std::any_of(hosts_.begin(), hosts_.end(), [](const auto& entry) { return entry.first.starts_with("*."); }) ||
      std::any_of(kept_.begin(), kept_.end(), [](const Wishes& w) {
        return std::any_of(w.redirect_hosts.begin(), w.redirect_hosts.end(),
                           [](const std::string& host) { return host.starts_with("*."); });
      });
  for (const DialectNote& note : d_.notes) {
    using When = DialectNote::When;
    const bool concerns = note.when == When::always || (note.when == When::wildcard && wildcard) ||
                          (note.when == When::tls && tls_) || (note.when == When::no_tls && no_tls_) ||
                          (note.when == When::redirect && redirects_);
    if (concerns)
      ledger_.note({std::string(note.code), diag::Severity::info, std::string(note.message), std::string(note.request),
                    nullptr, nullptr});
  }
}

}  // namespace gw::convert
