#include "audit/plan.h"

#include <algorithm>
#include <map>
#include <set>

#include "convert/classify.h"
#include "convert/own_hosts.h"
#include "convert/profile.h"
#include "diag/ascii.h"
#include "diag/render.h"
#include "kube/kinds.h"

namespace gw::audit {
namespace {

constexpr std::string_view crds =
    "https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.6.3/standard-install.yaml";
constexpr std::string_view alpha_prefix = "external-dns.alpha.kubernetes.io/",
                           ga_prefix = "external-dns.kubernetes.io/";
constexpr std::size_t most_hosts = 20;

// What the input says that changes the plan.
struct Facts {
  std::set<std::string> hosts, namespaces;
  std::size_t ingresses = 0;
  // Of what was converted, by kind as kubectl takes it and by namespace; "" where that was left open.
  std::map<std::pair<std::string, std::string>, std::set<std::string>> names;
  bool plain = false;  // there are Ingresses, not only routes of other kinds
  bool tls = false, cert_manager = false, argo_cd = false, flux = false;
  bool dns_alpha = false, dns_ga = false, dns_target = false;  // external-dns, by annotation prefix
  bool dns_weighted = false;                                   // set-identifier or a weight of a provider

  bool external_dns() const { return dns_alpha || dns_ga; }
  bool gitops() const { return argo_cd || flux; }
  std::string prefix() const { return std::string(dns_ga && !dns_alpha ? ga_prefix : alpha_prefix); }
};

std::string open_or(const kube::Object& object) {
  return object.metadata.ns_open ? std::string() : std::string(object.metadata.ns);
}

Facts facts_of(const kube::Bundle& bundle) {
  Facts facts;
  facts.ingresses = bundle.ingresses.size();
  for (const kube::OtherObject& other : bundle.others) {
    const std::string_view group = kube::group_of(other.api_version);
    facts.flux = facts.flux || group.ends_with("toolkit.fluxcd.io");
    facts.argo_cd = facts.argo_cd || (group == "argoproj.io" && other.kind.starts_with("Application"));
  }
  for (const kube::Ingress& ingress : bundle.ingresses) {
    facts.namespaces.insert(ingress.metadata.ns);
    facts.names[{"ingress", open_or(ingress)}].insert(std::string(ingress.metadata.name));
    for (const kube::IngressRule& rule : ingress.spec.rules)
      if (!rule.host.empty()) facts.hosts.insert(rule.host);
    facts.tls = facts.tls || !ingress.spec.tls.empty();
    for (const auto& [key, value] : ingress.metadata.annotations) {
      facts.cert_manager = facts.cert_manager || key.starts_with("cert-manager.io/") || key == "kubernetes.io/tls-acme";
      facts.argo_cd = facts.argo_cd || key.starts_with("argocd.argoproj.io/");
      facts.dns_alpha = facts.dns_alpha || key.starts_with(alpha_prefix);
      facts.dns_ga = facts.dns_ga || key.starts_with(ga_prefix);
      if (!key.starts_with(alpha_prefix) && !key.starts_with(ga_prefix)) continue;
      facts.dns_target = facts.dns_target || key.ends_with("/target");
      facts.dns_weighted = facts.dns_weighted || key.ends_with("/set-identifier") || key.ends_with("-weight");
    }
  }
  for (const kube::OtherObject& object : bundle.others) {
    const auto [provider, kind] = convert::owner_of_kind(object);
    if (provider == nullptr || !kind->routes) continue;
    ++facts.ingresses;
    facts.namespaces.insert(object.metadata.ns);
    for (std::string& host : convert::own_hosts(object))
      if (host != "*") facts.hosts.insert(std::move(host));
    facts.names[{diag::lower(object.kind), open_or(object)}].insert(std::string(object.metadata.name));
    const yaml::Node* spec = object.node != nullptr ? object.node->find("spec") : nullptr;
    facts.tls = facts.tls || (spec != nullptr && spec->is_map() && spec->find("tls") != nullptr);
  }
  return facts;
}

// "kubectl VERB ingress a b -n shop REST", a line per kind and namespace: never more than what was converted.
std::vector<std::string> of_converted(const Facts& facts, const std::string& verb, const std::string& rest) {
  std::vector<std::string> lines;
  for (const auto& [place, names] : facts.names) {
    const auto& [kind, ns] = place;
    std::string line = "kubectl " + verb + " " + kind;
    for (const std::string& name : names) line += " " + shell_word(name);
    lines.push_back(line + (ns.empty() ? "" : " -n " + shell_word(ns)) + rest);
  }
  return lines;
}

std::string sync_line(const Facts& facts) {
  return facts.flux ? "flux reconcile kustomization NEW-KUSTOMIZATION --with-source"
                    : "argocd app sync NEW-APPLICATION";
}

Stage know(const PlanOptions& options) {
  const std::string directory = shell_word(options.directory);
  std::vector<std::string> notes{"Nothing in the cluster changes."};
  if (options.cluster)
    notes.emplace_back(
        "kubectl and helm must speak to the cluster that was read: export KUBECONFIG and kubectl config use-context as "
        "gwctl was told.");
  if (options.saved_input)
    notes.push_back("The plan was made from standard input: save it as " + std::string(saved_name) + " first.");
  return {"know",
          "Know what there is",
          {"gwctl audit " + options.inputs + " --to " + options.target + " -o html > audit.html",
           "gwctl convert " + options.inputs + " --to " + options.target + " --report report.html --output-dir " +
               directory + " --split kind",
           "gwctl validate -R " + directory, "gwctl verify " + options.inputs + " --to " + options.target},
          notes,
          {"rm -r " + directory},
          "every loss is either fixed or accepted by name (--accept-loss), and every difference of verify is agreed "
          "upon (--known)"};
}

Stage install(const PlanOptions& options, const Facts& facts) {
  Stage stage{"install", "Install the CRDs and the controller, beside the old one",
              {},        {"The old controller keeps all traffic: it does not read Gateways."},
              {},        "the GatewayClass is Accepted"};
  const Install* row = install_of(options.target);
  if (options.target != "standard")
    stage.notes.push_back("What is written keeps to the features of " +
                          std::string(convert::profile(options.target).report) +
                          ": install that release or a later one, with its own CRDs.");
  const bool brings = row != nullptr && row->brings_crds;
  if (!brings) stage.commands.push_back("kubectl apply --server-side -f " + std::string(crds));
  if (row != nullptr) {
    if (!row->install.empty()) stage.commands.emplace_back(row->install);
    if (!row->ready.empty()) stage.commands.emplace_back(row->ready);
    if (!row->undo.empty()) stage.undo.emplace_back(row->undo);
    if (!row->note.empty()) stage.notes.emplace_back(row->note);
  }
  stage.commands.emplace_back("kubectl get gatewayclass");
  if (!brings) {
    stage.undo.push_back("kubectl delete -f " + std::string(crds));
    stage.notes.emplace_back(
        "Deleting the CRDs deletes every Gateway and route of the cluster with them: only while nobody else uses "
        "them.");
    stage.notes.emplace_back(
        "A cluster that has Gateway API v1.7 keeps it, and this line is left out: the upgrade policy of that release "
        "(ValidatingAdmissionPolicy safe-upgrades.gateway.networking.k8s.io) refuses CRDs of v1.6 and older ones. On "
        "v1.7, gwctl convert --api-version v1.7 writes retries on the standard channel; going back to v1.6 loses them, "
        "and sessionPersistence has other fields there.");
  }
  if (facts.cert_manager)
    stage.notes.emplace_back(
        "cert-manager must watch Gateways: --set config.enableGatewayAPI=true (with ListenerSets also "
        "config.enableGatewayAPIListenerSet=true), and it must be restarted after the CRDs are there.");
  return stage;
}

Stage apply(const PlanOptions& options, const Facts& facts) {
  const std::string directory = shell_word(options.directory);
  Stage stage{"apply",
              "Apply side by side",
              {"kubectl apply --dry-run=server -R -f " + directory, "kubectl apply -R -f " + directory},
              {},
              {"kubectl delete -R -f " + directory},
              "every Gateway is Programmed and every route Accepted and ResolvedRefs"};
  if (facts.gitops()) {
    stage.commands = {"kubectl apply --dry-run=server -R -f " + directory, "git add " + directory,
                      "git commit -m 'Gateway API beside Ingress'", "git push", sync_line(facts)};
    stage.undo = {"git revert --no-edit HEAD   # the commit of this stage", "git push", sync_line(facts)};
  }
  stage.commands.emplace_back("kubectl wait gateway --all -A --for=condition=Programmed --timeout=5m");
  stage.commands.emplace_back(
      "kubectl get httproute -A -o custom-columns="
      "'NAME:.metadata.name,ACCEPTED:.status.parents[*].conditions[?(@.type==\"Accepted\")].status'");
  stage.notes.emplace_back(
      "kubectl wait knows the condition of Gateways, not of routes: theirs stand under each parent, hence the table.");
  if (facts.flux)
    stage.notes.emplace_back(
        "Flux: put the files beside the Ingresses and into the kustomization.yaml there (gwctl convert --in-place "
        "DIR). "
        "A Kustomization with wait: true, and helm install --wait, call every Gateway API object ready at once, "
        "whatever "
        "its conditions say: only the commands above really wait.");
  if (facts.external_dns())
    stage.notes.emplace_back(
        "external-dns need not read Gateways yet: it does so only with a source gateway-httproute. Where an Ingress "
        "has a host "
        "name as its address (CNAME) and the Gateway an IP, it would move the record as soon as a route is accepted.");
  if (facts.cert_manager)
    stage.notes.emplace_back(
        "ACME, in this order: (1) keep the Ingresses; their Secrets serve the Gateway too, so that its HTTPS listener "
        "is up at once. (2) An HTTP-01 challenge answers only where DNS points: as long as that is the old controller, "
        "the solver must make Ingresses (http01.ingress). A new name with a Gateway solver cannot be validated before "
        "DNS points to the Gateway, and its listener is not programmed before it has a Secret: a deadlock. Use DNS-01, "
        "or let the Ingress get the certificate first. (3) Renew what ends within 30 days before the change (cmctl "
        "renew). (4) After the DNS change switch the solver to http01.gatewayHTTPRoute with the Gateway as parent, and "
        "see one renewal through. `gwctl convert --spare-acme` keeps the challenge path out of http-to-https "
        "redirects.");
  if (facts.argo_cd)
    stage.notes.emplace_back(
        "Argo CD: commit " + options.directory +
        " instead of applying it, in an Application of its own so that it can be removed alone; the API's defaults "
        "(group, kind, weight) are written out, so nothing stays OutOfSync. CRDs and controller belong in an earlier "
        "sync wave (argocd.argoproj.io/sync-wave: \"-1\"). Switch pruning of the old Application off until the last "
        "stage (argocd.argoproj.io/sync-options: Prune=false on the Ingresses).");
  return stage;
}

Stage compare(const PlanOptions& options, const Facts& facts) {
  const std::string scheme = facts.tls ? "https" : "http";
  return {
      "compare",
      "Compare both, live",
      {"gwctl verify " + options.inputs + " --live-old " + scheme + "://OLD-ADDRESS --live-new " + scheme +
       "://NEW-ADDRESS"},
      {"The addresses are those of the two load balancers; the requests are GETs of every class that the rules tell "
       "apart. An access log gives the requests of your users: gwctl verify --access-log."},
      {"# nothing to undo: only GETs were sent"},
      "no difference is left that was not agreed upon"};
}

// A record by hand, for those without external-dns.
std::string record_line(const std::string& host) {
  return "# " + diag::printable(host) + ": OLD-ADDRESS weight 99, NEW-ADDRESS weight 1";
}

Stage shift(const PlanOptions& options, const Facts& facts) {
  const std::string routes = shell_word(options.directory + "/httproute.yaml");
  Stage stage{
      "shift",
      "Shift the traffic by DNS weights",
      {},
      {"Lower the TTL of the records to 60 seconds, and wait for the old TTL to pass, before the first step: that "
       "is how long an undo takes.",
       "Steps: 1, 10, 50, 100 of 100 to NEW-ADDRESS; at least an hour at each, a day at 50."},
      {"set NEW-ADDRESS to weight 0 (or point the records back to OLD-ADDRESS); the old controller still serves "
       "everything"},
      "errors and latency of the new side are those of the old one at each step"};
  if (facts.external_dns()) {
    const std::string prefix(ga_prefix);
    stage.title = "Move the DNS records, one change per name";
    stage.go_on = "every name resolves to the new address, and errors and latency are those of before";
    stage.notes = {
        "Both annotation prefixes first. external-dns v0.22 and later read " + std::string(ga_prefix) + "; they read " +
            std::string(alpha_prefix) + " too with --enable-legacy-annotation-prefix (v0.23). These Ingresses carry " +
            facts.prefix() +
            ". Write both, or set the flag, before any upgrade: a record that is no longer seen is deleted.",
        "Where annotations belong: target on the Gateway (or the ListenerSet, with --gateway-listener-sets); ttl, "
        "set-identifier and other properties on the route. Anywhere else they are ignored.",
        "The pin is what makes this free of gaps: while the Gateway's target is the old address, both sources ask for "
        "the "
        "same record, and external-dns changes nothing. Taking the pin off changes each name once.",
        "Keep solver routes out: --label-filter='!acme.cert-manager.io/http01-solver'. Otherwise an HTTP-01 challenge "
        "on the "
        "new Gateway moves the name for as long as it lasts.",
        "Not with --policy=upsert-only where the type changes (CNAME to A, simple to weighted): the old record would "
        "stay "
        "beside the new one. Keep --txt-owner-id and --txt-prefix as they are.",
        "If the Ingresses went first: put the pin on, or recreate them, before the next sync; with --policy=sync their "
        "records "
        "are deleted until the routes are accepted."};
    stage.commands = {
        "GATEWAY='-n NAMESPACE NAME'; INGRESS='-n NAMESPACE NAME'   # repeat for each of them",
        "kubectl annotate gateway $GATEWAY --overwrite " + prefix + "target=OLD-ADDRESS   # the pin",
        "# add --source=gateway-httproute (gateway-grpcroute, gateway-tlsroute) to external-dns, beside "
        "--source=ingress",
        "# look before going on: its log has no change for these names",
        "kubectl annotate ingress $INGRESS --overwrite " + prefix +
            "controller=none   # records stay: the routes ask for them",
        "kubectl annotate gateway $GATEWAY " + prefix + "target-   # the pin off: names move to the new address",
        "dig +short HOST   # the new address, after the old TTL"};
    stage.undo = {"kubectl annotate gateway $GATEWAY --overwrite " + prefix + "target=OLD-ADDRESS   # names move back",
                  "kubectl annotate ingress $INGRESS " + prefix + "controller-"};
    if (facts.gitops())
      stage.notes.emplace_back(
          "Where Flux or Argo CD owns the objects, write the annotations into the repository instead, one commit a "
          "step: what kubectl changes is set back at the next sync.");
    return stage;
  }
  std::size_t listed = 0;
  for (const std::string& host : facts.hosts) {
    if (++listed > most_hosts) {
      stage.notes.push_back(std::to_string(facts.hosts.size() - most_hosts) + " more hosts: gwctl audit lists them.");
      break;
    }
    stage.commands.push_back(record_line(host));
  }
  stage.undo.front() = "# " + stage.undo.front();
  return stage;
}

Stage watch(const Facts& facts) {
  Stage stage{"watch",
              "Watch",
              {"kubectl get gateways,httproutes -A",
               "kubectl logs -n OLD-NAMESPACE deployment/OLD-CONTROLLER --since=1h | "
               "wc -l   # requests that still reach the old side"},
              {"Resolvers and clients keep addresses beyond the TTL: expect a tail of days.",
               "Compare rates of 4xx and 5xx and the latency per host with the week before."},
              {"# as in the stage before: the records go back to OLD-ADDRESS"},
              "a week has passed without a request in the old controller's access log"};
  if (facts.cert_manager) stage.notes.emplace_back("See one certificate renewed through the Gateway before going on.");
  return stage;
}

Stage retire(const PlanOptions& options, const Facts& facts) {
  Stage stage{"retire", "Retire the old controller", {}, {}, {"kubectl apply -f ingresses-backup.yaml"}, ""};
  if (facts.gitops()) {
    stage.commands = {"# delete the Ingresses from their files, and the files from their kustomization.yaml",
                      "git commit -am 'The Ingresses are gone'", "git push", sync_line(facts)};
    stage.undo = {"git revert --no-edit HEAD   # the commit of this stage", "git push", sync_line(facts)};
    stage.notes.emplace_back(
        "Patches of overlays that still aim at an Ingress do nothing from then on, without a word: gwctl validate -R "
        "names them (GW023).");
  } else {
    stage.commands =
        of_converted(facts, "get", " -o yaml >> ingresses-backup.yaml && echo --- >> ingresses-backup.yaml");
    for (std::string& line : of_converted(facts, "delete", "")) stage.commands.push_back(std::move(line));
    if (std::any_of(facts.names.begin(), facts.names.end(), [](const auto& each) { return each.first.second.empty(); }))
      stage.notes.emplace_back("Some Ingresses name no namespace: run those lines in the one they were installed in.");
  }
  stage.commands.emplace_back("helm list -A   # the old controller's release: helm uninstall it");
  stage.undo.emplace_back("# helm rollback of the old controller's release, or install it again, before the Ingresses");
  if (facts.external_dns())
    stage.notes.emplace_back(
        "external-dns: take --source=ingress away only after every name is owned by a route, and only then go back to "
        "--policy=sync. Look at a run with --dry-run first: it must delete nothing but the Ingress records.");
  if (facts.cert_manager)
    stage.notes.emplace_back(
        "cert-manager: Certificates made for an Ingress are owned by it and go with it; their Secrets stay. The "
        "Gateway's annotation makes new Certificates for the same Secrets: see that they are Ready before you delete.");
  stage.notes.push_back("Keep " + options.directory + " in version control: it is the configuration now.");
  return stage;
}

void write_block(const std::vector<std::string>& lines, std::string& out) {
  out += "\n```sh\n";
  for (const std::string& line : lines) out += line + "\n";
  out += "```\n";
}

}  // namespace

std::string shell_word(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("-_./:@=,+").find(static_cast<char>(c)) != std::string_view::npos;
  });
  if (plain) return word;
  std::string out = "'";
  for (const char c : diag::printable(word)) c == '\'' ? out += "'\\''" : out += c;
  return out + "'";
}

std::vector<Stage> plan(const kube::Bundle& bundle, const PlanOptions& options) {
  const Facts facts = facts_of(bundle);
  return {know(options), install(options, facts), apply(options, facts), compare(options, facts), shift(options, facts),
          watch(facts),  retire(options, facts)};
}

std::string render_markdown(const Stage& stage, std::size_t number) {
  std::string out = "## " + std::to_string(number) + ". " + stage.title + "\n";
  if (!stage.commands.empty()) write_block(stage.commands, out);
  for (const std::string& note : stage.notes) out += "\n" + note + "\n";
  if (!stage.go_on.empty()) out += "\nGo on when " + stage.go_on + ".\n";
  if (!stage.undo.empty()) {
    out += "\nUndo:\n";
    write_block(stage.undo, out);
  }
  return out;
}

}  // namespace gw::audit
