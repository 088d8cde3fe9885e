// `gwctl plan`: the migration in stages, each with its commands, what to look at, and how to undo it.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <set>

#include "cli/command.h"
#include "convert/convert.h"
#include "diag/render.h"

namespace gw::cli {
namespace {

struct Args {
  Inputs inputs;
  std::string target = "standard";
  std::string directory = "migration";
};

// What the input says that changes the plan.
struct Facts {
  std::set<std::string> hosts, namespaces;
  std::size_t ingresses = 0;
  bool tls = false, cert_manager = false, external_dns = false, argo_cd = false;
};

Facts facts_of(const kube::Bundle& bundle) {
  Facts facts;
  facts.ingresses = bundle.ingresses.size();
  for (const kube::Ingress& ingress : bundle.ingresses) {
    facts.namespaces.insert(ingress.metadata.ns);
    for (const kube::IngressRule& rule : ingress.spec.rules)
      if (!rule.host.empty()) facts.hosts.insert(rule.host);
    facts.tls = facts.tls || !ingress.spec.tls.empty();
    for (const auto& [key, value] : ingress.metadata.annotations) {
      facts.cert_manager = facts.cert_manager || key.starts_with("cert-manager.io/");
      facts.external_dns = facts.external_dns || key.starts_with("external-dns.alpha.kubernetes.io/");
      facts.argo_cd = facts.argo_cd || key.starts_with("argocd.argoproj.io/");
    }
  }
  return facts;
}

struct Stage {
  std::string title;
  std::vector<std::string> commands, notes, undo;
};

std::string quoted(const std::string& word) {
  const bool plain = !word.empty() && std::all_of(word.begin(), word.end(), [](unsigned char c) {
    return std::isalnum(c) != 0 || std::string_view("-_./:@=,+*").find(static_cast<char>(c)) != std::string_view::npos;
  }) && word.find('*') == std::string::npos;
  if (plain) return word;
  std::string out = "'";
  for (char c : diag::printable(word)) c == '\'' ? out += "'\\''" : out += c;
  return out + "'";
}

// How a target's controller comes into a cluster and leaves it.
struct Install {
  std::string_view target, install, undo;
};
constexpr Install installs[] = {
    {"envoy-gateway",
     "helm install eg oci://docker.io/envoyproxy/gateway-helm -n envoy-gateway-system --create-namespace",
     "helm uninstall eg -n envoy-gateway-system"},
};
constexpr std::string_view crds =
    "https://github.com/kubernetes-sigs/gateway-api/releases/download/v1.6.0/standard-install.yaml";

Stage prepare(const std::string& inputs, const Args& args) {
  return {
      "Know what there is",
      {"gwctl audit " + inputs + " --to " + args.target + " -o html > audit.html",
       "gwctl convert " + inputs + " --to " + args.target + " --report report.html --output-dir " +
           quoted(args.directory) + " --split kind",
       "gwctl validate -R " + quoted(args.directory), "gwctl verify " + inputs},
      {"Nothing in the cluster changes. Go on when every loss is either mended or accepted by name (--accept-loss)."},
      {"rm -r " + quoted(args.directory)}};
}

Stage install(const Args& args) {
  Stage stage{"Install the CRDs and the controller, beside the old one",
              {"kubectl apply --server-side -f " + std::string(crds)},
              {"The old controller keeps all traffic: it does not read Gateways."},
              {}};
  for (const Install& row : installs) {
    if (row.target != args.target) continue;
    stage.commands.emplace_back(row.install);
    stage.undo.emplace_back(row.undo);
  }
  if (stage.commands.size() == 1)
    stage.notes.emplace_back("Install a controller of your choice; its class is the --gateway-class of convert.");
  stage.undo.push_back("kubectl delete -f " + std::string(crds));
  return stage;
}

Stage side_by_side(const Args& args, const Facts& facts) {
  Stage stage{"Apply side by side",
              {"kubectl apply -R -f " + quoted(args.directory), "kubectl get gateways,httproutes -A"},
              {"Go on when every Gateway is Programmed and every route Accepted and ResolvedRefs."},
              {"kubectl delete -R -f " + quoted(args.directory)}};
  if (facts.cert_manager)
    stage.notes.emplace_back(
        "cert-manager: its annotations move to the Gateway, and it must run with Gateway API support. Keep the Ingress "
        "until the Gateway's Secrets are ready; an HTTP-01 challenge answers only where DNS points, so let the old "
        "Ingress renew before the change, or use DNS-01. `gwctl convert` can keep the challenge path out of "
        "redirects.");
  if (facts.argo_cd)
    stage.notes.emplace_back(
        "Argo CD: commit the new manifests instead of applying them; the defaults of the API (group, kind, weight) are "
        "written out, so nothing stays OutOfSync.");
  return stage;
}

Stage compare(const std::string& inputs, const Facts& facts) {
  const std::string scheme = facts.tls ? "https" : "http";
  return {
      "Compare both, live",
      {"gwctl verify " + inputs + " --live-old " + scheme + "://OLD-ADDRESS --live-new " + scheme + "://NEW-ADDRESS"},
      {"The requests are GETs of every class that the rules tell apart; the addresses are those of the two load "
       "balancers. Go on when no difference is left that is not explained."},
      {}};
}

Stage shift(const Facts& facts) {
  Stage stage{
      "Shift the traffic",
      {},
      {"Lower the TTL of the records a day before. Give the new address a small weight (1 of 100), watch errors "
       "and latency for an hour, then 10, 50, 100."},
      {"point the records back to OLD-ADDRESS; the old controller still serves everything"}};
  std::size_t listed = 0;
  for (const std::string& host : facts.hosts) {
    if (++listed > 20) {
      stage.notes.push_back(std::to_string(facts.hosts.size() - 20) + " more hosts: gwctl audit lists them.");
      break;
    }
    stage.commands.push_back("# " + diag::printable(host) + ": DNS from OLD-ADDRESS to NEW-ADDRESS");
  }
  if (facts.external_dns)
    stage.notes.emplace_back(
        "external-dns: add the source gateway-httproute while the source ingress is still there, and give both the "
        "same "
        "owner id. Do not change --txt-prefix in the same step: records without a known owner would be left or "
        "deleted.");
  return stage;
}

Stage retire(const Args& args, const Facts& facts) {
  Stage stage{"Retire the old controller",
              {"kubectl get ingress -A -o yaml > ingresses-backup.yaml"},
              {"After a week without a request in the old controller's access log."},
              {"kubectl apply -f ingresses-backup.yaml"}};
  for (const std::string& ns : facts.namespaces)
    stage.commands.push_back("kubectl delete ingress --all -n " + quoted(ns));
  stage.notes.push_back("Keep " + args.directory + " in version control: it is the configuration now.");
  return stage;
}

void print(const std::vector<Stage>& stages) {
  std::size_t number = 0;
  for (const Stage& stage : stages) {
    if (number != 0) std::cout << '\n';
    ++number;
    std::cout << "## " << number << ". " << stage.title << "\n";
    if (!stage.commands.empty()) std::cout << "\n```sh\n";
    for (const std::string& command : stage.commands) std::cout << command << '\n';
    if (!stage.commands.empty()) std::cout << "```\n";
    for (const std::string& note : stage.notes) std::cout << '\n' << note << '\n';
    if (!stage.undo.empty()) std::cout << "\nUndo:\n\n```sh\n";
    for (const std::string& command : stage.undo) std::cout << command << '\n';
    if (!stage.undo.empty()) std::cout << "```\n";
  }
}

int print_plan(const Args& args) {
  Loaded loaded;
  if (const int code = load(args.inputs, loaded); code != exit_ok) return code;
  const std::vector<std::string_view> targets = convert::target_names();
  if (std::find(targets.begin(), targets.end(), args.target) == targets.end()) {
    std::string known;
    for (std::string_view target : targets) known += (known.empty() ? "" : ", ") + std::string(target);
    return fail({"unknown target '" + diag::printable(args.target) + "'", "known are: " + known});
  }
  const Facts facts = facts_of(loaded.bundle);
  std::string inputs;
  for (const std::string& path : args.inputs.paths) inputs += (inputs.empty() ? "" : " ") + quoted(path);
  if (args.inputs.load.recursive) inputs = "-R " + inputs;
  std::cout << "# Migration of " << facts.ingresses << (facts.ingresses == 1 ? " Ingress" : " Ingresses") << " in "
            << facts.namespaces.size() << (facts.namespaces.size() == 1 ? " namespace" : " namespaces") << " to "
            << args.target << "\n\n";
  print({prepare(inputs, args), install(args), side_by_side(args, facts), compare(inputs, facts), shift(facts),
         retire(args, facts)});
  return print_findings(loaded.sink.take(), loaded.sources);
}

}  // namespace

void add_plan(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("plan", "Print the migration in stages, with commands and how to undo each");
  command->footer(
      "Examples:\n"
      "  gwctl plan shop.yaml\n"
      "  gwctl plan -R manifests/ --to envoy-gateway > PLAN.md");
  auto args = std::make_shared<Args>();
  add_inputs(*command, args->inputs);
  command->add_option("--to", args->target, "The target, as convert takes it")->option_text("TARGET");
  command->add_option("--output-dir", args->directory, "Where the converted manifests are to lie")->option_text("DIR");
  command->callback([&run, args] { run = [args] { return print_plan(*args); }; });
}

}  // namespace gw::cli
