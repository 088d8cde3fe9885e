#include "validate/look.h"

#include <algorithm>
#include <iterator>
#include <map>
#include <set>

#include "kube/placeholder.h"
#include "validate/codes.h"
#include "validate/kustomize.h"
#include "validate/unfinished.h"

namespace gw::validate {
namespace {

// Decoding repeats what the schema says better; only what concerns the whole set is kept.
void keep_repeated(diag::Sink& decoding, diag::Sink& sink) {
  for (diag::Diagnostic& finding : decoding.take()) {
    if (finding.code != "GW010") continue;
    finding.layer = "lint";
    sink.report(std::move(finding));
  }
}

bool named(const std::vector<std::string>& names, std::string_view code) {
  return std::any_of(names.begin(), names.end(), [code](const std::string& name) { return code.starts_with(name); });
}

// A value that something fills in later cannot be judged as it lies.
void drop_unfilled(const Read& read) {
  const auto& all = read.survey.files;
  if (std::none_of(all.begin(), all.end(), [](const auto& file) { return file.walked; }) &&
      read.survey.placeholders.empty())
    return;
  for (diag::Diagnostic& finding : read.sink.take()) {
    const diag::Span span = finding.span;
    const bool known = span.known() && span.end - span.begin < 4096;
    const bool names = finding.layer == "schema" || finding.layer == "cel" || finding.layer == "reference";
    if (known && kube::has_placeholder(read.sources.text(span.file).substr(span.begin, span.end - span.begin), names))
      continue;
    read.sink.report(std::move(finding));
  }
}

// In a repository most objects are of kinds that nobody asked about: one finding a kind.
void gather_unchecked(std::vector<diag::Diagnostic>& findings) {
  std::map<std::string, std::size_t> count;
  for (const diag::Diagnostic& finding : findings)
    if (finding.code == "GW014") ++count[finding.message];
  std::set<std::string> seen;
  std::erase_if(findings, [&](diag::Diagnostic& finding) {
    if (finding.code != "GW014") return false;
    if (!seen.insert(finding.message).second) return true;
    if (const std::size_t all = count[finding.message]; all > 1)
      finding.message += " (" + std::to_string(all) + " objects)";
    return false;
  });
}

}  // namespace

std::vector<std::string> layer_names() {
  return {"yaml", "schema", "cel", "reference", "conflict", "lint"};
}

bool Selection::has_layer(std::string_view layer) const {
  return layers.empty() || std::find(layers.begin(), layers.end(), layer) != layers.end();
}

bool Selection::told(std::string_view code) const {
  // A rule that is off unless somebody names it.
  const auto row = find_code(code);
  const auto has = [code](const std::vector<std::string>& names) {
    return std::find(names.begin(), names.end(), code) != names.end();
  };
  if (row && row->opt_in && !has(enable) && !has(select)) return false;
  return !named(ignore, code) && (select.empty() || named(select, code));
}

void Selection::choose(std::vector<diag::Diagnostic>& findings) const {
  std::erase_if(findings, [&](const diag::Diagnostic& f) { return !has_layer(f.layer) || !told(f.code); });
}

Status look(const Read& read, const std::function<Status(const Take&)>& feed, Options options,
            const Selection& selection, Looked& out, bool keep_bundle) {
  options.fixes = &out.fixes;
  options.told = [&selection](std::string_view code) { return selection.told(code); };
  diag::Sink decoding;
  kube::Decoder decoder(read.load, read.sources, decoding);
  const bool lint = selection.has_layer("lint");
  const Status fed = feed([&](std::vector<kube::RawObject> raw) {
    out.objects += raw.size();
    if (lint || selection.has_layer("schema") || selection.has_layer("cel"))
      check_objects(raw, options, read.sink, &out.types);
    if (lint) check_written(raw, read.sources, options, read.sink);
    decoder.add(std::move(raw));
  });
  if (!fed) return fed;
  kube::Bundle bundle = decoder.finish();
  keep_repeated(decoding, read.sink);
  if (lint || selection.has_layer("reference") || selection.has_layer("conflict")) {
    options.partial = read.survey.partial();
    check_rules(bundle, read.sources, options, read.sink);
    check_kustomizations(read.survey, read.sources, read.sink);
  }
  drop_unfilled(read);
  kube::report_placeholders(read.survey, diag::Severity::warning, false, read.sink);
  out.findings = read.sink.take();
  const auto& files = read.survey.files;
  Unfinished(read.survey, bundle, read.sources).soften(out.findings);
  if (std::any_of(files.begin(), files.end(), [](const auto& file) { return file.walked; })) {
    gather_unchecked(out.findings);
    if (!options.channel_said) soften_channel(out.findings, options.api_version);
  }
  if (keep_bundle) out.bundle = std::move(bundle);
  return Unit{};
}

}  // namespace gw::validate
