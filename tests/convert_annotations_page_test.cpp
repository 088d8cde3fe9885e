// docs/annotations.md and man/gwctl-annotations.7: what becomes of every annotation of ingress-nginx for every target,
// as convert itself does it with the valid values of testdata/convert/nginx-annotations.tsv. GWCTL_ACCEPT=1 writes
// them.
#include <doctest/doctest.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "convert/convert.h"
#include "kube/load.h"

using namespace gw;

namespace {

constexpr std::string_view prefix = "nginx.ingress.kubernetes.io/";

struct Sample {
  std::string key, beside, value, when_invalid;
};

std::vector<std::string> cells(const std::string& line, char at) {
  std::vector<std::string> out;
  std::stringstream in(line);
  for (std::string cell; std::getline(in, cell, at);) out.push_back(cell);
  return out;
}

std::vector<Sample> samples() {
  std::ifstream table("testdata/convert/nginx-annotations.tsv");
  std::vector<Sample> out;
  for (std::string line; std::getline(table, line);) {
    if (line.starts_with('#')) continue;
    const std::vector<std::string> row = cells(line, '\t');
    REQUIRE(row.size() == 7);
    out.push_back({row[0], row[1], row[2],
                   row[6] == "GW606"   ? "the Ingress is dropped"
                   : row[6] == "GW602" ? "its paths answer 503"
                                       : "ignored"});
  }
  return out;
}

std::string annotation(const std::string& key, const std::string& value) {
  std::string quoted;
  for (const char c : value) quoted += c == '\'' ? std::string("''") : std::string(1, c);
  return "    " + std::string(prefix) + key + ": '" + quoted + "'\n";
}

std::string ingress(const std::string& name, const std::string& annotations) {
  return "apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: " + name + "\n  annotations:\n" +
         annotations +
         "spec:\n  ingressClassName: nginx\n  rules:\n  - host: a.example.com\n    http:\n      paths:\n"
         "      - path: /\n        pathType: Prefix\n        backend: {service: {name: " +
         name + ", port: {number: 80}}}\n---\n";
}

struct Fate {
  std::string outcome, detail;
  auto operator<=>(const Fate&) const = default;
};

Fate fate(const Sample& sample, std::string_view target) {
  std::string annotations = annotation(sample.key, sample.value);
  for (const std::string& pair : cells(sample.beside, ';'))
    annotations += annotation(pair.substr(0, pair.find('=')), pair.substr(pair.find('=') + 1));
  std::string text = ingress("shop", annotations);
  if (sample.key.starts_with("canary")) text = ingress("main", annotation("proxy-body-size", "1m")) + text;
  text += "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: headers, namespace: default}\ndata: {X-A: b}\n";
  diag::Sources sources;
  diag::Sink sink;
  const kube::Bundle in = kube::load_text("sample.yaml", text, sources, sink);
  kube::Bundle out;
  convert::Options options;
  options.to = target;
  const auto outcomes = convert::convert(in, options, sources, sink, out);
  REQUIRE(bool(outcomes));
  for (const convert::Entry& entry : outcomes->ledger.entries())
    if (entry.object && entry.object->metadata.name == "shop" && entry.key() == std::string(prefix) + sample.key)
      return {std::string(name(entry.outcome)), entry.detail};
  return {"unknown", ""};
}

// Targets with one fate stand together, in the order of the targets.
std::vector<std::pair<Fate, std::string>> fates(const Sample& sample) {
  std::vector<std::pair<Fate, std::string>> out;
  for (const std::string_view target : convert::target_names()) {
    const Fate now = fate(sample, target);
    auto same = std::find_if(out.begin(), out.end(), [&](const auto& row) { return row.first == now; });
    if (same == out.end())
      out.emplace_back(now, target);
    else
      same->second += ", " + std::string(target);
  }
  if (out.size() == 1) out.front().second = "every target";
  return out;
}

std::string roff(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if ((out.empty() || out.back() == '\n') && (c == '.' || c == '\'')) out += "\\&";
    out += c == '\\' ? "\\e" : c == '-' ? "\\-" : std::string(1, c);
  }
  return out;
}

void check(const std::string& path, const std::string& text) {
  const char* accept = std::getenv("GWCTL_ACCEPT");
  if (accept && std::string_view(accept) == "1") {
    std::ofstream(path, std::ios::binary) << text;
    return;
  }
  std::ifstream file(path, std::ios::binary);
  const std::string there{std::istreambuf_iterator<char>(file), {}};
  CHECK_MESSAGE((there == text), path << " is out of date: run ./dev man");
}

}  // namespace

TEST_CASE("the pages of annotations say what convert does") {
  std::string markdown =
      "# The annotations of ingress-nginx, and what becomes of them\n\n"
      "Made by `./dev man`: each line is what `gwctl convert --to TARGET` does with the value shown. *policy* means an "
      "object of the target's own, *approximated* that the report says what differs, *refused* that the loss must be "
      "accepted by name; a refused security annotation leaves its routes out.\n";
  std::string man =
      ".\\\" Made by `./dev man` from what convert does; edit nothing here.\n"
      ".TH GWCTL\\-ANNOTATIONS 7 \"\" \"gwctl\" \"gwctl manual\"\n"
      ".SH NAME\ngwctl\\-annotations \\- the annotations of ingress-nginx, and what becomes of them\n"
      ".SH DESCRIPTION\nEach entry is what \\fBgwctl convert\\fR does with the value shown. All names begin with "
      "nginx.ingress.kubernetes.io/.\n.SH ANNOTATIONS\n";
  for (const Sample& sample : samples()) {
    markdown += "\n## " + sample.key + "\n\nFor example `" + sample.value + "`" +
                (sample.beside.empty() ? "" : ", beside `" + sample.beside + "`") +
                ". With a value that is not valid: " + sample.when_invalid + ".\n\n";
    man += ".TP\n\\fB" + roff(sample.key) + "\\fR (" + roff(sample.value) + ")\n";
    for (const auto& [fate, targets] : fates(sample)) {
      const std::string detail = fate.detail.empty() ? "" : ": " + fate.detail;
      markdown += "- **" + fate.outcome + "** for " + targets + detail + "\n";
      man += "\\fI" + roff(fate.outcome) + "\\fR for " + roff(targets + detail) + ".\n.br\n";
    }
    man += "With a value that is not valid: " + sample.when_invalid + ".\n";
  }
  man += ".SH SEE ALSO\n\\fBgwctl\\fR(1),\n\\fBgwctl\\-convert\\fR(1),\n\\fBgwctl\\-diagnostics\\fR(7)\n";
  check("docs/annotations.md", markdown);
  check("man/gwctl-annotations.7", man);
}
