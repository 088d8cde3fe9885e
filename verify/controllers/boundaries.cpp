// What an old controller distinguishes, as boundaries for the classes of requests: hosts, paths and values it looks at.

#include <algorithm>

#include "verify/controllers/answers.h"
#include "verify/controllers/text.h"

namespace gw::verify {
namespace {

template <class T, class Key>
void unique_by(std::vector<T>& list, Key key) {
  std::stable_sort(list.begin(), list.end(), [&](const T& a, const T& b) { return key(a) < key(b); });
  list.erase(std::unique(list.begin(), list.end(), [&](const T& a, const T& b) { return key(a) == key(b); }),
             list.end());
}

void unique_texts(std::vector<std::string>& list) {
  unique_by(list, [](const std::string& text) -> const std::string& { return text; });
}

void unique_expressions(std::vector<PathRegex>& list) {
  unique_by(list, [](const PathRegex& regex) -> const std::string& { return regex.pattern; });
}

template <class T>
void append(std::vector<T>& to, std::vector<T>&& from) {
  to.insert(to.end(), std::make_move_iterator(from.begin()), std::make_move_iterator(from.end()));
}

// One entry a name, with all its values.
void merge_names(std::vector<NamedValues>& list) {
  std::stable_sort(list.begin(), list.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
  std::vector<NamedValues> out;
  for (NamedValues& entry : list) {
    if (out.empty() || out.back().name != entry.name) {
      out.push_back(std::move(entry));
      continue;
    }
    append(out.back().values, std::move(entry.values));
    append(out.back().expressions, std::move(entry.expressions));
  }
  for (NamedValues& entry : out) {
    unique_texts(entry.values);
    unique_expressions(entry.expressions);
  }
  list = std::move(out);
}

void absorb(HostBoundaries& into, HostBoundaries&& from) {
  into.shape = 0;  // two configurations in one
  append(into.paths, std::move(from.paths));
  append(into.regexes, std::move(from.regexes));
  append(into.headers, std::move(from.headers));
  append(into.cookies, std::move(from.cookies));
  append(into.queries, std::move(from.queries));
  append(into.methods, std::move(from.methods));
  append(into.sampled, std::move(from.sampled));
}

}  // namespace

void tidy(Boundaries& boundaries) {
  auto& hosts = boundaries.hosts;
  std::stable_sort(hosts.begin(), hosts.end(), [](const auto& a, const auto& b) { return a.host < b.host; });
  std::vector<HostBoundaries> out;
  for (HostBoundaries& host : hosts) {
    if (!out.empty() && out.back().host == host.host && out.back().regex == host.regex)
      absorb(out.back(), std::move(host));
    else
      out.push_back(std::move(host));
  }
  for (HostBoundaries& host : out) {
    unique_texts(host.paths);
    unique_expressions(host.regexes);
    unique_texts(host.methods);
    unique_texts(host.sampled);
    merge_names(host.headers);
    merge_names(host.cookies);
    merge_names(host.queries);
  }
  hosts = std::move(out);
  unique_texts(boundaries.server_names);
}

bool has_certificate(const Boundaries& side, std::string_view host) {
  if (!side.tls_for_names_only && !side.certificates) return true;
  const std::size_t dot = host.find('.');
  const std::string wildcard = dot == std::string_view::npos ? std::string() : "*" + std::string(host.substr(dot));
  const auto in = [&](const std::vector<std::string>& names) {  // ascending
    return (!names.empty() && names.front().empty()) ||
           std::binary_search(names.begin(), names.end(), host, std::less<>()) ||
           (!wildcard.empty() && std::binary_search(names.begin(), names.end(), wildcard));
  };
  return in(side.server_names) || (side.certificates && in(*side.certificates));
}

std::vector<std::string> certificate_hosts(const kube::Index& index) {
  std::vector<std::string> out;
  for (const kube::Ingress& ingress : index.bundle().ingresses)
    for (const auto& tls : ingress.spec.tls) {
      for (const std::string_view host : tls.hosts) out.push_back(lower(host));
      if (tls.hosts.empty())
        for (const auto& rule : ingress.spec.rules) out.push_back(lower(std::string_view(rule.host)));
    }
  unique_texts(out);
  return out;
}

}  // namespace gw::verify
