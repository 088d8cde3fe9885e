// Kong: a host counts before a path, a plain host before a wildcard, a regex before a prefix, then the longer path.
#include <algorithm>
#include <tuple>

#include "verify/controllers/answers.h"
#include "verify/controllers/classes.h"
#include "verify/controllers/documented.h"
#include "verify/controllers/models.h"
#include "verify/controllers/text.h"

namespace gw::verify {
namespace {

using documented::annotation;
using documented::Kind;
using documented::Rule;

bool takes(const kube::Index& index, const kube::Ingress& ingress) {
  return ClassFilter{{"ingress-controllers.konghq.com/kong*"}, "kong"}.takes(index, ingress).value_or(false);
}

// "/~regex" is an expression anchored at the start; the prefix can be changed.
void set_path(Rule& rule, const kube::Ingress& ingress, const kube::HttpIngressPath& path) {
  std::string mark = annotation(ingress, "konghq.com/regex-prefix");
  if (mark.empty()) mark = "/~";
  rule.path = path.path.empty() ? "/" : path.path;
  if (path.path_type == "Exact") {
    rule.kind = Kind::exact;
  } else if (path.path_type == "Prefix") {
    rule.kind = Kind::element;
  } else if (rule.path.starts_with(mark)) {
    rule.kind = Kind::regex;
    rule.expression = Pattern("^(?:" + rule.path.substr(mark.size()) + ")");
    if (rule.expression.state() != Pattern::State::ok) rule.fixed = unmodelled(rule.expression.why());
  }
}

void set_options(Rule& rule, const kube::Ingress& ingress) {
  rule.methods = split_trimmed(annotation(ingress, "konghq.com/methods"), ',');
  rule.strip = annotation(ingress, "konghq.com/strip-path") == "true";
  const auto protocols = split_trimmed(annotation(ingress, "konghq.com/protocols"), ',');
  const bool http = protocols.empty() || std::find(protocols.begin(), protocols.end(), "http") != protocols.end();
  if (!http)
    rule.https_code =
        static_cast<int>(parse_int(annotation(ingress, "konghq.com/https-redirect-status-code")).value_or(426));
  for (const char* key :
       {"konghq.com/rewrite", "konghq.com/path", "konghq.com/plugins", "konghq.com/override", "konghq.com/snis"})
    if (!annotation(ingress, key).empty()) rule.fixed = unmodelled(std::string("the annotation ") + key);
  for (const auto& [key, value] : ingress.metadata.annotations)
    if (key.starts_with("konghq.com/headers.")) rule.fixed = unmodelled("the annotation " + key);
}

}  // namespace

std::unique_ptr<Controller> make_kong(const kube::Index& index, const ControllerOptions&) {
  std::vector<std::pair<std::int64_t, Rule>> rules;
  for (const kube::Ingress* ingress : documented::by_age(index, takes)) {
    const auto priority = parse_int(annotation(*ingress, "konghq.com/regex-priority")).value_or(0);
    const auto aliases = split_trimmed(annotation(*ingress, "konghq.com/host-aliases"), ',');
    for (const auto& spec : ingress->spec.rules) {
      if (!spec.http) continue;
      for (const auto& path : spec.http->paths) {
        Rule rule;
        rule.host = lower(spec.host);
        rule.origin = rule_ref(*ingress, path);
        documented::attach(rule, index, *ingress, path.backend, 503);
        set_path(rule, *ingress, path);
        set_options(rule, *ingress);
        rules.emplace_back(priority, rule);
        for (const std::string& alias : aliases) {
          rule.host = lower(alias);
          rules.emplace_back(priority, rule);
        }
      }
    }
    if (ingress->spec.default_backend) {
      Rule rule;
      rule.path = "/";
      rule.origin = rule_ref(*ingress, *ingress->spec.default_backend);
      documented::attach(rule, index, *ingress, *ingress->spec.default_backend, 503);
      rules.emplace_back(INT64_MIN, std::move(rule));
    }
  }
  // An Exact path and the bare form of a Prefix are expressions for Kong too.
  const auto rank = [](const std::pair<std::int64_t, Rule>& entry) {
    const Rule& rule = entry.second;
    const int host = rule.host.empty() ? 0 : rule.host.starts_with("*") ? 1 : 2;
    const bool regex = rule.kind == Kind::regex || rule.kind == Kind::exact;
    return std::tuple(entry.first != INT64_MIN, host, regex, regex ? entry.first : 0, rule.path.size());
  };
  std::stable_sort(rules.begin(), rules.end(), [&](const auto& a, const auto& b) { return rank(a) > rank(b); });
  std::vector<Rule> ordered;
  for (auto& entry : rules) ordered.push_back(std::move(entry.second));
  return documented::make(std::move(ordered), {.multi_label = true, .falls_through = true});
}

}  // namespace gw::verify
