#include "verify/controllers/traefik_middleware.h"

#include <algorithm>

#include "verify/controllers/answers.h"
#include "verify/controllers/go_url.h"
#include "verify/controllers/text.h"

namespace gw::verify::traefik {
namespace {

using Kind = Middleware::Kind;

struct Row {
  std::string_view name;
  Kind kind;
};

constexpr Row rows[] = {
    {"stripPrefix", Kind::strip_prefix},
    {"stripPrefixRegex", Kind::strip_prefix_regex},
    {"addPrefix", Kind::add_prefix},
    {"replacePath", Kind::replace_path},
    {"replacePathRegex", Kind::replace_path_regex},
    {"redirectScheme", Kind::redirect_scheme},
    {"redirectRegex", Kind::redirect_regex},
    {"ipAllowList", Kind::ip_allow_list},
    {"ipWhiteList", Kind::ip_allow_list},
    {"basicAuth", Kind::basic_auth},
    {"digestAuth", Kind::basic_auth},
    {"headers", Kind::harmless},
    {"compress", Kind::harmless},
    {"retry", Kind::harmless},
    {"buffering", Kind::harmless},
    {"contentType", Kind::harmless},
    {"passTLSClientCert", Kind::harmless},
    {"grpcWeb", Kind::harmless},
};

std::string text_of(const yaml::Node* node) {
  return node && node->is_string() ? std::string(node->string()) : std::string();
}

std::vector<std::string> list_of(const yaml::Node* node) {
  std::vector<std::string> out;
  if (node && node->is_seq())
    for (const yaml::Node& item : node->items()) out.push_back(text_of(&item));
  return out;
}

Middleware read(std::string_view name, const yaml::Node& body) {
  Middleware out;
  out.name = name;
  for (const Row& row : rows)
    if (row.name == name) out.kind = row.kind;
  const std::string regex = text_of(body.find("regex"));
  if (!regex.empty()) out.expression = Pattern::go(regex);
  for (const char* key : {"prefixes", "sourceRange"})
    if (const yaml::Node* list = body.find(key)) out.values = list_of(list);
  if (out.kind == Kind::strip_prefix_regex && body.find("regex")) out.values = list_of(body.find("regex"));
  for (const char* key : {"prefix", "path", "replacement", "scheme"})
    if (const yaml::Node* text = body.find(key)) out.text = text_of(text);
  out.port = text_of(body.find("port"));
  const yaml::Node* permanent = body.find("permanent");
  out.permanent = permanent && permanent->kind() == yaml::Kind::boolean && permanent->boolean();
  return out;
}

int redirect_code(const Passage& passage, bool permanent) {
  if (passage.request.method == "GET") return permanent ? 301 : 302;
  return permanent ? 308 : 307;
}

// Go's Regexp.ReplaceAllString for the leftmost match: $1, ${1}, ${name} are not distinguished further.
std::string expand(std::string_view replacement, const std::vector<std::string_view>& groups) {
  std::string out;
  for (std::size_t at = 0; at < replacement.size(); ++at) {
    if (replacement[at] != '$') {
      out += replacement[at];
      continue;
    }
    const bool braces = replacement.substr(at + 1).starts_with('{');
    std::size_t to = at + (braces ? 2 : 1);
    const std::size_t from = to;
    while (to < replacement.size() && only(replacement.substr(to, 1), "_")) ++to;
    const auto number = parse_int(replacement.substr(from, to - from));
    if (number && *number >= 0 && static_cast<std::size_t>(*number) < groups.size())
      out += groups[static_cast<std::size_t>(*number)];
    at = braces ? to : to - 1;
  }
  return out;
}

std::optional<std::string> replace(const Pattern& expression, std::string_view replacement,
                                   const std::string& subject) {
  if (expression.state() != Pattern::State::ok) return std::nullopt;
  const auto groups = expression.groups(subject);
  if (groups.empty()) return std::nullopt;
  std::string out(subject.data(), groups[0].data());
  out += expand(replacement, groups);
  out.append(groups[0].data() + groups[0].size(), subject.data() + subject.size());
  return out;
}

void strip(Passage& passage, std::string_view prefix) {
  passage.path.erase(0, prefix.size());
  if (!passage.path.starts_with('/')) passage.path.insert(0, "/");
}

std::string url(const Passage& passage) {
  return std::string(scheme_of(passage.request)) + "://" + passage.request.host + passage.path + passage.query;
}

void redirect_scheme(const Middleware& self, Passage& passage) {
  if (self.text == scheme_of(passage.request)) return;
  std::string host = passage.request.host.substr(0, passage.request.host.find(':'));
  if (!self.port.empty() && self.port != (self.text == "https" ? "443" : "80")) host += ":" + self.port;
  passage.answer =
      redirect(redirect_code(passage, self.permanent), self.text + "://" + host + passage.path + passage.query);
}

void allow(const Middleware& self, Passage& passage) {
  const route::Network client = route::client_address(passage.request);
  const bool allowed = std::any_of(self.values.begin(), self.values.end(), [&](const std::string& range) {
    const auto network = parse_network(range);
    return network && network->contains(client);
  });
  if (!allowed) passage.answer = status(403);
}

void open_middleware(const kube::Bundle& bundle, const kube::OtherObject& object, int depth,
                     std::vector<Middleware>& out) {
  const yaml::Node* spec = object.node ? object.node->find("spec") : nullptr;
  if (!spec || depth > 8) return;
  for (const yaml::Entry& entry : spec->entries()) {
    if (entry.key.string() != "chain") {
      out.push_back(read(entry.key.string(), entry.value));
      continue;
    }
    const yaml::Node* list = entry.value.find("middlewares");
    if (!list || !list->is_seq()) continue;
    for (const yaml::Node& item : list->items()) {
      std::string ns = text_of(item.find("namespace"));
      if (ns.empty()) ns = object.metadata.ns;
      for (const auto& other : bundle.others)
        if (other.kind == "Middleware" && other.metadata.ns == ns && other.metadata.name == text_of(item.find("name")))
          open_middleware(bundle, other, depth + 1, out);
    }
  }
}

}  // namespace

void Middleware::apply(Passage& passage) const {
  switch (kind) {
    case Kind::strip_prefix:
      for (const std::string& prefix : values)
        if (passage.path.starts_with(prefix)) return strip(passage, prefix);
      return;
    case Kind::strip_prefix_regex:
      for (const std::string& regex : values)
        if (const Pattern pattern = Pattern::go(regex); pattern.state() == Pattern::State::ok)
          if (const auto groups = pattern.groups(passage.path);
              !groups.empty() && groups[0].data() == passage.path.data())
            return strip(passage, std::string(groups[0]));
      return;
    case Kind::add_prefix:
      passage.path.insert(0, text);
      return;
    case Kind::replace_path:
      passage.path = text;
      return;
    case Kind::replace_path_regex:
      if (auto path = replace(expression, text, passage.path)) passage.path = *path;
      return;
    case Kind::redirect_scheme:
      return redirect_scheme(*this, passage);
    case Kind::redirect_regex:
      if (auto to = replace(expression, text, url(passage)); to && *to != url(passage))
        passage.answer = redirect(redirect_code(passage, permanent), *to);
      return;
    case Kind::ip_allow_list:
      return allow(*this, passage);
    case Kind::basic_auth:
      passage.answer = has_header(passage.request, "Authorization")
                           ? unmodelled("the credentials of the request decide")
                           : status(401);
      return;
    case Kind::harmless:
      return;
    case Kind::unknown:
      passage.answer = unmodelled("the Middleware " + name + " may answer by itself");
      return;
  }
}

void Middleware::bound(HostBoundaries& host) const {
  if (kind == Kind::strip_prefix) host.paths.insert(host.paths.end(), values.begin(), values.end());
  if (expression.state() == Pattern::State::ok && kind == Kind::replace_path_regex)
    host.regexes.push_back({expression.re2(), true});
  if (kind == Kind::strip_prefix_regex || (kind == Kind::replace_path_regex && text.find('$') != std::string::npos))
    host.sampled.push_back("what the Middleware " + name + " takes out of a path");
  if (kind == Kind::redirect_regex) host.sampled.push_back("the Middleware redirectRegex sees the whole URL");
  if (kind == Kind::basic_auth) host.headers.push_back({"Authorization", {}, {}});
  if (kind == Kind::redirect_scheme || kind == Kind::redirect_regex) host.methods.push_back("POST");
}

std::vector<Middleware> middlewares(const kube::Bundle& bundle, std::string_view reference) {
  std::vector<Middleware> out;
  for (const auto& object : bundle.others)
    if (object.kind == "Middleware" && object.metadata.ns + "-" + object.metadata.name + "@kubernetescrd" == reference)
      open_middleware(bundle, object, 0, out);
  return out;
}

}  // namespace gw::verify::traefik
