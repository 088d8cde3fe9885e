// `gwctl fmt`: every document as Kubernetes reads it, with types resolved, aliases and merges applied and keys sorted.
// Values of Secrets are left out unless asked for.
#include <CLI/CLI.hpp>
#include <iostream>
#include <memory>
#include <string>

#include "cli/command.h"
#include "kube/load.h"
#include "kube/secrets.h"
#include "yaml/read.h"
#include "yaml/write.h"

namespace gw::cli {
namespace {

struct Options {
  Inputs inputs;
  std::string output = "yaml";
  bool show_secrets = false;
};

yaml::Style style_of(const std::string& output) {
  if (output == "json") return yaml::Style::json_line;
  return output == "kyaml" ? yaml::Style::kyaml : yaml::Style::yaml;
}

constexpr std::string_view masked = "***";
constexpr std::string_view last_applied = "kubectl.kubernetes.io/last-applied-configuration";

// Writes documents; where an object is a Secret, its values become "***", here and in the excerpts of findings.
class Formatter {
 public:
  Formatter(yaml::Writer& writer, diag::Sources& sources, bool show_secrets)
      : writer_(writer), sources_(sources), show_secrets_(show_secrets) {}

  // `inherited`: it is an item of a list of Secrets.
  void object(const yaml::Node& node, bool inherited = false) {
    const yaml::Node* items = node.find("items");
    bool list = items != nullptr && items->is_seq();
    if (show_secrets_ || !(list || inherited || kube::is_secret(node)))
      return writer_.node(node, yaml::KeyOrder::sorted);
    const bool secret = inherited || kube::is_secret(node);
    map(node, [&](std::string_view key, const yaml::Node& value) {
      if (list && key == "items") return each_item(value, secret);
      if (secret && !kube::plain_secret_field(key)) return mask(value);
      if (secret && key == "metadata") return metadata(value);
      writer_.node(value, yaml::KeyOrder::sorted);
    });
  }

 private:
  template <class F>
  void map(const yaml::Node& node, F&& write) {
    writer_.begin_map();
    for (const yaml::Entry* entry : yaml::sorted_entries(node)) {
      writer_.key(entry->key.string());
      write(entry->key.string(), entry->value);
    }
    writer_.end_map();
  }

  void each_item(const yaml::Node& items, bool secret) {
    writer_.begin_seq();
    for (const yaml::Node& item : items.items()) object(item, secret);
    writer_.end_seq();
  }

  void mask(const yaml::Node& node) {
    sources_.redact(node.span());
    if (!node.is_map()) return writer_.string(masked);
    map(node, [&](std::string_view, const yaml::Node& value) { mask(value); });
  }

  // kubectl keeps a copy of the whole Secret in an annotation.
  void metadata(const yaml::Node& node) {
    if (!node.is_map()) return writer_.node(node, yaml::KeyOrder::sorted);
    map(node, [&](std::string_view key, const yaml::Node& value) {
      if (kube::plain_secret_metadata(key)) return writer_.node(value, yaml::KeyOrder::sorted);
      if (key != "annotations" || !value.is_map()) return mask(value);
      map(value, [&](std::string_view name, const yaml::Node& text) {
        name == last_applied ? mask(text) : writer_.node(text, yaml::KeyOrder::sorted);
      });
    });
  }

  yaml::Writer& writer_;
  diag::Sources& sources_;
  bool show_secrets_;
};

int format(const Options& options) {
  if (!names_files(options.inputs)) return fail({"no input", "name a file, a directory, or - for standard input"});
  diag::Sources sources;
  diag::Sink sink;
  const auto found = survey_files(options.inputs, sources, sink);
  if (!found) return fail(found.error());
  std::string out;
  yaml::Writer writer(style_of(options.output), out);
  Formatter formatter(writer, sources, options.show_secrets);
  // A document of comments alone is null to Kubernetes; only the line-by-line form keeps that.
  auto empty = options.output == "json" ? yaml::Empty::keep : yaml::Empty::drop;
  for (const kube::SurveyedFile& file : found->files) {
    for (const yaml::Document& document : yaml::read(file.file, sources, options.inputs.load.limits, sink, empty)) {
      writer.begin_document();
      formatter.object(*document.root);
      writer.end_document();
      std::cout << out;
      out.clear();
    }
  }
  std::vector<diag::Diagnostic> findings = sink.take();
  diag::sort_by_file_name(findings, sources);
  return print_findings(std::move(findings), sources);
}

}  // namespace

void add_fmt(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("fmt", "Print documents exactly as Kubernetes reads them");
  command->footer(
      "Examples:\n"
      "  gwctl fmt shop.yaml\n"
      "  gwctl fmt -o json manifests/ | jq .kind\n"
      "  helm template shop | gwctl fmt -");
  auto options = std::make_shared<Options>();
  add_file_inputs(*command, options->inputs);
  for (const char* filter : {"--namespace", "--all-namespaces", "--selector"}) {
    command->remove_option(command->get_option(filter));
  }
  add_format(*command, options->output, {"yaml", "json", "kyaml"});
  command->add_flag("--show-secrets", options->show_secrets, "Print the values of Secrets too");
  command->callback([&run, options] { run = [options] { return format(*options); }; });
}

}  // namespace gw::cli
