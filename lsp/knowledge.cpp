#include "lsp/knowledge.h"

#include <algorithm>
#include <set>

#include "convert/convert.h"
#include "convert/provider.h"
#include "kube/kinds.h"
#include "kube/load.h"

namespace gw::lsp {
namespace {

using validate::Schema;
using validate::Type;

const validate::Catalogue& catalogue(const Settings& settings) {
  const validate::Options options = options_of(settings);
  return validate::builtin(options.api_version, options.channel);
}

std::string text_of(const validate::Value& value) {
  switch (value.type) {
    case Type::string:
      return std::string(value.string());
    case Type::boolean:
      return value.boolean ? "true" : "false";
    case Type::integer:
      return std::to_string(value.integer);
    default:
      return {};
  }
}

std::string type_of(const Schema& schema) {
  if (schema.int_or_string) return "integer or string";
  constexpr std::pair<Type, std::string_view> words[] = {{Type::boolean, "boolean"}, {Type::integer, "integer"},
                                                         {Type::floating, "number"}, {Type::string, "string"},
                                                         {Type::list, "list"},       {Type::map, "object"}};
  std::string out;
  for (const auto& [type, word] : words)
    if (schema.types & validate::bit(type)) out += (out.empty() ? "" : " or ") + std::string(word);
  if (schema.items && out == "list") out = "list of " + type_of(*schema.items) + "s";
  return out.empty() ? "any" : out;
}

// One Ingress, converted with every loss accepted: what matters here is what becomes of it.
struct Conversion {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle in, out;
  std::optional<convert::Outcomes> outcomes;

  Conversion(const Settings& settings, std::string_view manifest) {
    in = kube::load_text("ingress.yaml", std::string(manifest), sources, sink);
    if (in.ingresses.empty()) return;
    convert::Options options;
    options.to = settings.to;
    options.from = settings.from;
    for (const std::string_view loss : convert::loss_names()) options.accepted.insert(convert::loss_of(loss));
    if (auto done = convert::convert(in, options, sources, sink, out)) outcomes.emplace(std::move(*done));
  }
  std::string yaml() const {
    std::string text;
    kube::write(out, yaml::Style::yaml, text);
    return text;
  }
};

}  // namespace

const Schema* schema_at(const Settings& settings, std::string_view api_version, std::string_view kind,
                        const std::vector<std::string>& path) {
  const validate::Catalogue& all = catalogue(settings);
  const std::size_t slash = api_version.find('/');
  const std::string_view group = slash == api_version.npos ? std::string_view{} : api_version.substr(0, slash);
  const validate::KindInfo* info = all.find(group, api_version.substr(slash == api_version.npos ? 0 : slash + 1), kind);
  if (!info) return nullptr;
  diag::Sink ignored;
  info = all.with_schema(*info, ignored);
  const Schema* at = info ? info->schema : nullptr;
  for (const std::string& key : path) {
    if (!at) return nullptr;
    at = key == "[]" ? at->items : at->field(key);
  }
  return at;
}

std::string describe(std::string_view name, const Schema& schema, bool required) {
  std::string out = "**" + std::string(name) + "** — " + type_of(schema) + (required ? ", required" : "");
  const auto line = [&](std::string_view word, const std::string& text) {
    if (!text.empty()) out += "\n\n" + std::string(word) + ": `" + text + "`";
  };
  if (schema.default_value) line("default", text_of(*schema.default_value));
  std::string allowed;
  for (const std::string& value : values_of(schema)) allowed += (allowed.empty() ? "" : "`, `") + value;
  line("one of", allowed);
  line("format", schema.format);
  if (schema.pattern) line("pattern", schema.pattern->text());
  const auto range = [&](std::string_view word, const auto& low, const auto& high) {
    if (low || high)
      out += "\n\n" + std::string(word) + ": " +
             (low ? "at least " + std::to_string(static_cast<long long>(*low)) : "") + (low && high ? ", " : "") +
             (high ? "at most " + std::to_string(static_cast<long long>(*high)) : "");
  };
  range("value", schema.minimum, schema.maximum);
  range("length", schema.min_length, schema.max_length);
  range("items", schema.min_items, schema.max_items);
  for (const validate::Rule* rule : schema.rules)
    if (!rule->message.empty()) out += "\n\n- " + rule->message;
  return out;
}

std::vector<std::string> values_of(const Schema& schema) {
  std::vector<std::string> out;
  for (const validate::Value& value : schema.allowed)
    if (std::string text = text_of(value); !text.empty()) out.push_back(std::move(text));
  if (out.empty() && schema.types == validate::bit(Type::boolean)) out = {"true", "false"};
  return out;
}

std::vector<std::pair<std::string, std::string>> kinds(const Settings& settings) {
  std::vector<std::pair<std::string, std::string>> out;
  for (const validate::KindInfo& kind : catalogue(settings).kinds())
    if (kind.served && !kind.deprecated) out.emplace_back(kind.kind, kind.api_version());
  std::sort(out.begin(), out.end());
  return out;
}

std::vector<std::string> annotations() {
  std::set<std::string> out{"kubernetes.io/ingress.class"};
  for (const convert::Provider& provider : convert::providers())
    if (provider.known)
      for (const std::string_view name : provider.known()) out.emplace(name);
  return {out.begin(), out.end()};
}

std::string fate(const Settings& settings, std::string_view manifest, std::string_view annotation) {
  const Conversion done(settings, manifest);
  if (!done.outcomes) return {};
  std::string out;
  for (const convert::Entry& entry : done.outcomes->ledger.entries()) {
    if (!entry.object || entry.key() != annotation) continue;
    out = "**" + std::string(annotation) + "**\n\nfor `" + settings.to +
          "`: " + std::string(convert::name(entry.outcome));
    if (!entry.detail.empty()) out += " — " + entry.detail;
    if (!entry.code.empty()) out += " (" + entry.code + ")";
  }
  if (out.empty()) return {};
  if (const std::string yaml = done.yaml(); !yaml.empty()) out += "\n\n```yaml\n" + yaml + "```";
  return out;
}

std::string converted(const Settings& settings, std::string_view manifest) {
  const Conversion done(settings, manifest);
  return done.outcomes ? done.yaml() : std::string();
}

}  // namespace gw::lsp
