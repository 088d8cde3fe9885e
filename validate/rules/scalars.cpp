// Plain words and numbers that Kubernetes' YAML reads as something else than they look like.
#include <algorithm>

#include "validate/rules/checks.h"
#include "validate/rules/report.h"

namespace gw::validate {
namespace {

class Scalars {
 public:
  explicit Scalars(const Reporting& to) : to_(to) {}

  void look(const kube::RawObject& raw) {
    raw_ = &raw;
    walk(*raw.node);
  }

 private:
  std::string_view text(const yaml::Node& node) const {
    const diag::Span span = node.span();
    return to_.sources.text(span.file).substr(span.begin, span.end - span.begin);
  }

  void walk(const yaml::Node& node) {
    if (node.is_map()) {
      for (const yaml::Entry& entry : node.entries()) {
        check_key(entry.key);
        walk(entry.value);
      }
    } else if (node.is_seq()) {
      for (const yaml::Node& item : node.items()) walk(item);
    } else if (node.plain()) {
      check(node);
    }
  }

  void check(const yaml::Node& node) {
    if (node.kind() == yaml::Kind::boolean) {
      const std::string_view written = text(node);
      if (is_word(written))
        tell(node, quoted(written) + " is read as " + (node.boolean() ? "true" : "false"),
             "write " + std::string(node.boolean() ? "true" : "false") + ", or quote the word if text is meant", {});
    } else if (node.kind() == yaml::Kind::integer || node.kind() == yaml::Kind::unsigned_integer) {
      const std::string_view written = text(node);
      const std::string_view digits = written.substr(written.starts_with('-') || written.starts_with('+') ? 1 : 0);
      const bool odd = (digits.size() > 1 && digits[0] == '0') || digits.find('_') != std::string_view::npos;
      if (odd && node.kind() == yaml::Kind::integer)
        tell(node, quoted(written) + " is read as the number " + std::to_string(node.integer()),
             "write the number plainly, or quote it if text is meant", std::to_string(node.integer()));
    }
  }

  // Keys are made text; `on:` becomes "true".
  void check_key(const yaml::Node& key) {
    if (!key.plain() || (key.string() != "true" && key.string() != "false")) return;
    const std::string_view written = text(key);
    if (is_word(written))
      tell(key, "the key " + quoted(written) + " is read as \"" + std::string(key.string()) + "\"", "put it in quotes",
           '"' + std::string(key.string()) + '"');
  }

  static bool is_word(std::string_view written) {
    static constexpr std::string_view words[] = {"y",  "Y",  "yes", "Yes", "YES", "n",   "N",   "no",
                                                 "No", "NO", "on",  "On",  "ON",  "off", "Off", "OFF"};
    return std::find(std::begin(words), std::end(words), written) != std::end(words);
  }

  // `plain` is what Kubernetes reads already, so that writing it changes nothing; empty where text may be meant.
  void tell(const yaml::Node& at, std::string message, std::string help, std::string plain) {
    kube::Object object;
    object.node = raw_->node;
    object.api_version = raw_->api_version;
    object.kind = raw_->kind;
    const yaml::Node* metadata = raw_->node->find("metadata");
    for (auto [key, out] : {std::pair{"name", &object.metadata.name}, {"namespace", &object.metadata.ns}})
      if (const yaml::Node* value = metadata ? metadata->find(key) : nullptr; value && value->is_string())
        *out = value->string();
    report(to_,
           {"GW009",
            object,
            &at,
            std::move(message),
            std::move(help),
            {},
            {},
            plain.empty() ? std::vector<Edit>{} : std::vector<Edit>{{at.span(), Repair::replace, std::move(plain)}}});
  }

  const Reporting& to_;
  const kube::RawObject* raw_ = nullptr;
};

}  // namespace

void check_scalars(const Reporting& to, const kube::RawObject& raw) {
  Scalars(to).look(raw);
}

}  // namespace gw::validate
