// ingress-nginx: annotations make a Config an Ingress, Configs make hosts and locations, locations make rules.
#include <algorithm>
#include <set>
#include <unordered_set>

#include "convert/providers/common.h"
#include "convert/providers/nginx/hosts.h"
#include "convert/providers/nginx/notes.h"
#include "convert/providers/nginx/rules.h"

namespace gw::convert {
namespace {

using namespace nginx;

// What an Ingress without a path of its own would have said says nothing.
void settle_unused(const std::vector<Config>& configs, const std::set<const Config*>& used, Ledger& ledger) {
  for (const Config& c : configs) {
    const bool served = c.dropped.empty() && used.contains(&c);
    if (served && !c.canary.enabled) continue;
    std::string why = !c.dropped.empty() ? "ingress-nginx ignores the whole Ingress because of " + c.dropped
                      : c.canary.enabled ? std::string("ingress-nginx ignores it on a canary")
                                         : std::string("no path of this Ingress is served");
    const kube::StringMap& annotations = c.ingress->metadata.annotations;
    for (std::uint32_t i = 0; i < annotations.size(); ++i) {
      if (!annotations[i].first.starts_with(prefix) || !ledger.taken(*c.ingress, i)) continue;
      const Claim claim = ledger.take(*c.ingress, i);
      if (ledger.entry(claim).settled) continue;
      // Its routes are gone with it: nothing that it protected is open.
      ledger.settle(claim, c.dropped.empty() ? Outcome::ignored : Outcome::approximated, why);
    }
  }
}

// Annotations whose effect another one hides (a redirect of every path, a denied Ingress).
void settle_hidden(const std::vector<Config>& configs, Ledger& ledger) {
  for (const Config& c : configs) {
    const bool hidden = c.redirect || c.snippet_redirect || !c.denied.empty();
    if (!hidden) continue;
    const std::string_view why = c.denied.empty() ? "every path redirects before it has an effect"
                                                  : "every path answers 503 before it has an effect";
    const kube::StringMap& annotations = c.ingress->metadata.annotations;
    for (std::uint32_t i = 0; i < annotations.size(); ++i) {
      if (!annotations[i].first.starts_with(prefix) || !ledger.taken(*c.ingress, i)) continue;
      const Claim claim = ledger.take(*c.ingress, i);
      if (!ledger.entry(claim).settled) ledger.settle(claim, Outcome::approximated, why);
    }
  }
}

// Details of one backend protocol that the chosen protocol does not use.
void settle_rest(const std::vector<Config>& configs, const Ir& ir, Ledger& ledger) {
  for (const Config& c : configs) {
    if (!c.dropped.empty()) continue;
    const auto rest = [&](Claim claim, std::string_view why) {
      if (claim != 0 && !ledger.entry(claim).settled) ledger.settle(claim, Outcome::ignored, why, "GW605");
    };
    const bool tls = c.protocol == "HTTPS" || c.protocol == "GRPCS";
    if (!tls) {
      rest(c.claims.ssl_name, "has an effect only with backend-protocol HTTPS");
      rest(c.claims.ssl_secret, "has an effect only with backend-protocol HTTPS");
      rest(c.claims.ssl_verify, "has an effect only with backend-protocol HTTPS");
    }
    if (!ir.http2.contains(c.ingress)) rest(c.claims.protocol, "no path of this Ingress is forwarded");
    rest(c.claims.forwarded_prefix, "no path of this Ingress is forwarded");
    rest(c.claims.vhost, "no path of this Ingress is forwarded");
    rest(c.claims.mirror, "no path of this Ingress is forwarded");
    rest(c.claims.www, "no host to redirect");
    rest(c.claims.app_root, "no host to redirect");
    rest(c.claims.alias, "no host to serve alike");
    rest(c.claims.regex, "no path of this Ingress is served");
    rest(c.claims.rewrite, "no path of this Ingress is forwarded");
    rest(c.claims.passthrough, "no host to pass through");
  }
}

// Demands that no rule carries: their Ingress has no path that is forwarded, or the first Ingress of its host decides.
void settle_uncarried(const std::vector<Config>& configs, const Ir& ir, Ledger& ledger) {
  std::unordered_set<Claim> carried;
  std::unordered_set<const Action*> seen;
  const auto carry = [&](const std::vector<Intent>& intents) {
    for (const Intent& intent : intents) carried.insert(intent.claims.begin(), intent.claims.end());
  };
  for (const Server& server : ir.servers) {
    carry(server.intents);
    for (const Rule& rule : server.rules)
      if (rule.action && seen.insert(rule.action.get()).second) carry(rule.action->intents);
  }
  for (const Config& c : configs)
    for (const std::vector<Intent>* intents : {&c.intents, &c.host_intents})
      for (const Intent& intent : *intents)
        for (const Claim claim : intent.claims)
          if (!carried.contains(claim) && !ledger.entry(claim).settled)
            ledger.settle(claim, security(intent.loss) ? Outcome::approximated : Outcome::ignored,
                          "no path of this Ingress is forwarded, or an older Ingress decides for the host");
}

void note_dropped(const std::vector<Config>& configs, Ledger& ledger) {
  for (const Config& c : configs)
    if (!c.dropped.empty())
      ledger.note(
          {"GW606",
           diag::Severity::warning,
           c.ingress->object_id().display() + " is not converted: ingress-nginx ignores it because of " + c.dropped,
           {},
           c.ingress,
           nullptr});
}

}  // namespace

void read_nginx(const Input& input, Ir& ir, Ledger& ledger) {
  const Settings settings = read_settings(input, ir, ledger);
  std::vector<Config> configs;
  configs.reserve(input.ingresses.size());
  for (const kube::Ingress* ingress : by_age(input.ingresses, Ties::descending))
    configs.push_back(read_config(*ingress, input, settings, ir, ledger));
  Hosts hosts = make_hosts(configs, ir, ledger);
  Facts facts = facts_of(hosts);
  Actions actions;
  std::set<const Config*> used;
  ir.servers.reserve(ir.servers.size() + hosts.by_name.size());
  for (auto& [name, host] : hosts.by_name) {
    write_host(host, hosts, input, settings, actions, ir, ledger);
    for (const Location& l : host.locations) used.insert(l.config);
    host.locations = {};  // nobody looks at them again
  }
  read_streams(input, ir, ledger);
  settle_unused(configs, used, ledger);
  settle_hidden(configs, ledger);
  settle_rest(configs, ir, ledger);
  settle_uncarried(configs, ir, ledger);
  note_dropped(configs, ledger);
  add_notes(std::move(facts), ir, ledger);
}

bool nginx_streams(const kube::Bundle& bundle) {
  return streams_given(bundle);
}

std::vector<std::string_view> nginx_annotations() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Row& r : families()) {
      all.push_back(std::string(prefix) + std::string(r.key));
      if (!r.alias.empty()) all.push_back(std::string(prefix) + std::string(r.alias));
    }
    return all;
  }();
  return {names.begin(), names.end()};
}

}  // namespace gw::convert
