#include "convert/providers/own.h"

#include <algorithm>

#include "convert/providers/common.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/values.h"
#include "convert/providers/wishes.h"

namespace gw::convert {

std::string text_of(const yaml::Node* node) {
  if (!node) return {};
  switch (node->kind()) {
    case yaml::Kind::string:
      return std::string(node->string());
    case yaml::Kind::boolean:
      return node->boolean() ? "true" : "false";
    case yaml::Kind::integer:
      return std::to_string(node->integer());
    case yaml::Kind::unsigned_integer:
      return std::to_string(node->unsigned_integer());
    case yaml::Kind::floating: {
      std::string text = std::to_string(node->floating());
      while (text.ends_with('0')) text.pop_back();
      if (text.ends_with('.')) text.pop_back();
      return text;
    }
    case yaml::Kind::null:
    case yaml::Kind::mapping:
    case yaml::Kind::sequence:
      return {};
  }
  return {};
}

const yaml::Node* Fields::take(std::string_view key) {
  taken_.emplace(key);
  const yaml::Node* node = node_ ? node_->find(key) : nullptr;
  if (node) ledger_.read(node);
  return node;
}
std::string Fields::text(std::string_view key) {
  return text_of(take(key));
}
std::optional<long> Fields::number(std::string_view key) {
  const std::string text = this->text(key);
  if (nginx::integer(text)) return nginx::to_int(text);
  if (!text.empty()) tell(key, Outcome::refused, "'" + text.substr(0, 40) + "' is not a whole number", Loss::other);
  return std::nullopt;
}
bool Fields::on(std::string_view key) {
  return text(key) == "true";
}
std::optional<std::chrono::milliseconds> Fields::time(std::string_view key) {
  const std::string text = this->text(key);
  const auto time = duration(text);
  if (!time && !text.empty())
    tell(key, Outcome::refused, "'" + text.substr(0, 40) + "' is not a time that can be read", Loss::other);
  return time;
}
std::vector<std::string> Fields::list(std::string_view key) {
  const yaml::Node* node = take(key);
  std::vector<std::string> out;
  if (!node) return out;
  if (!node->is_seq()) {
    if (std::string one = text_of(node); !one.empty()) out.push_back(std::move(one));
    return out;
  }
  for (const yaml::Node& item : node->items()) {
    ledger_.read(&item);
    out.push_back(text_of(&item));
  }
  return out;
}
std::vector<const yaml::Node*> Fields::items(std::string_view key) {
  const yaml::Node* node = take(key);
  std::vector<const yaml::Node*> out;
  if (node && node->is_seq())
    for (const yaml::Node& item : node->items()) out.push_back(&item);
  return out;
}
std::vector<std::pair<std::string, std::string>> Fields::map(std::string_view key) {
  const yaml::Node* node = take(key);
  std::vector<std::pair<std::string, std::string>> out;
  if (!node) return out;
  for (const yaml::Entry& e : node->entries()) {
    ledger_.read(&e.value);
    out.emplace_back(std::string(e.key.string()), text_of(&e.value));
  }
  return out;
}
Fields Fields::object(std::string_view key) {
  return {object_, take(key), path_ + (path_.empty() ? "" : ".") + std::string(key), ledger_};
}
Fields Fields::at(const yaml::Node& node, std::string_view name) const {
  return {object_, &node, path_ + (path_.empty() ? "" : ".") + std::string(name), ledger_};
}
void Fields::skip(std::string_view key, std::string_view why) {
  if (const yaml::Node* node = take(key)) ledger_.settle(node, Outcome::ignored, why);
}
bool Fields::tell(std::string_view key, Outcome outcome, std::string_view detail, Loss loss) {
  if (!take(key)) return false;
  convert::tell(ledger_, ref(key), outcome, detail, loss);
  return true;
}
FieldRef Fields::ref(std::string_view key) const {
  FieldRef ref;
  ref.object = &object_;
  ref.at = node_ && !key.empty() && node_->find(key) ? node_->find(key) : node_;
  ref.name = path_ + (path_.empty() || key.empty() ? "" : ".") + std::string(key);
  return ref;
}

bool Fields::rest(bool strict) const {
  bool grave = false;
  if (!node_) return false;
  for (const yaml::Entry& e : node_->entries()) {
    const std::string_view key = e.key.string();
    if (taken_.contains(key)) continue;
    const bool guard = guards(key);
    grave = grave || guard || strict;
    convert::tell(ledger_, ref(key), Outcome::refused, "gwctl does not convert this field",
                  guard ? Loss::auth : Loss::unknown);
  }
  return grave;
}

const kube::OtherObject* find_own(const Input& input, std::string_view kind, std::string_view ns,
                                  std::string_view name) {
  const auto at = std::find_if(input.own.begin(), input.own.end(), [&](const kube::OtherObject* o) {
    return o->kind == kind && o->metadata.ns == ns && o->metadata.name == name;
  });
  return at == input.own.end() ? nullptr : *at;
}

bool plain_origins(CorsPolicy& policy, Fields& f, std::string_view key) {
  const auto expression = [](const std::string& origin) {
    return origin != "*" && origin.find_first_of("^$+?()[]{}|\\") != std::string::npos;
  };
  if (std::none_of(policy.origins.begin(), policy.origins.end(), expression)) return true;
  std::erase_if(policy.origins, expression);
  f.tell(key, Outcome::refused,
         policy.origins.empty()
             ? "the CORS filter takes origins with a wildcard, no expressions: browsers get no CORS headers"
             : "the CORS filter takes origins with a wildcard, no expressions: those are left out",
         Loss::other);
  return !policy.origins.empty();
}

bool same_proxy(const Input& input, std::string_view target) {
  return input.options.to == target;
}

void keep_as_it_is(Asking& asking, const kube::OtherObject& object, Claim claim) {
  asking.ledger.read(object.node);
  for (const yaml::Entry& e : object.node->entries())
    asking.ledger.settle(&e.value, Outcome::converted, "it goes on as it is");
  const FieldRef before = asking.field;
  if (!asking.field.object) asking.field = {&object, object.node, "spec"};
  asking.demand(NativeObject{&object}, {claim}, Loss::auth, "an object of another proxy cannot be expressed");
  asking.field = before;
}

std::optional<Backend> own_backend(const kube::Object& owner, const yaml::Node* at, std::string_view ns,
                                   std::string_view name, std::string_view port, const Input& input, Ir& ir,
                                   Ledger& ledger) {
  kube::IngressServiceBackend service = service_port(name, port);
  if (port.empty())
    if (const kube::Service* known = input.index.service({std::string(ns), std::string(name)});
        known && known->spec.ports.size() == 1)
      service.port.number = known->spec.ports[0].port;
  if (service.port.name.empty() && service.port.number == 0) {
    service.port.number = 80;
    ledger.note({"GW608",
                 diag::Severity::error,
                 "no port is named for Service " + std::string(ns) + "/" + std::string(name) +
                     ", and it is not among the input with a single one; 80 is written, which is a guess",
                 {},
                 &owner,
                 at,
                 "give the Service among the input, or name the port",
                 Loss::backend});
  }
  std::optional<Backend> backend = make_backend(owner, at, ir.keep(std::string(ns)), service, input, ledger);
  if (backend) backend->name = ir.keep(std::string(name));
  return backend;
}

}  // namespace gw::convert
