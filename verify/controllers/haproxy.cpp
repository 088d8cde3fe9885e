#include "verify/controllers/haproxy.h"

#include <algorithm>

#include "verify/controllers/text.h"

namespace gw::verify::haproxy {

std::optional<Target> target(const route::Request& request) {
  std::string_view text = request.target;
  const bool valid = std::none_of(text.begin(), text.end(), [](char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte <= 0x20 || byte >= 0x7f || c == '#';
  });
  if (!valid || has_header(request, "Host")) return std::nullopt;
  if (text == "*" && request.method == "OPTIONS") return Target{"*", ""};
  if (const auto scheme = text.find("://"); !text.starts_with('/') && scheme != std::string_view::npos) {
    text.remove_prefix(scheme + 3);
    text.remove_prefix(std::min(text.size(), text.find('/')));
  }
  if (!text.starts_with('/')) return std::nullopt;
  const auto mark = text.find('?');
  return Target{std::string(text.substr(0, mark)),
                std::string(mark == std::string_view::npos ? "" : text.substr(mark))};
}

std::string host(const route::Request& request) {
  const std::string& text = request.host;
  if (text.starts_with('[')) return lower(text.substr(0, text.find(']') + 1));
  return lower(text.substr(0, text.find(':')));
}

std::string expand(std::string_view format, const std::vector<std::string_view>& groups) {
  std::string out;
  for (std::size_t at = 0; at < format.size(); ++at) {
    const char next = at + 1 < format.size() ? format[at + 1] : '\0';
    if (format[at] != '\\' || next < '0' || next > '9') {
      out += format[at];
      continue;
    }
    if (const auto number = static_cast<std::size_t>(next - '0'); number < groups.size()) out += groups[number];
    ++at;
  }
  return out;
}

std::optional<std::vector<Network>> networks(const std::string& list, bool all_or_nothing) {
  std::vector<Network> out;
  for (const std::string& item : split_trimmed(list, ',')) {
    const auto network = parse_network(item);
    if (!network && all_or_nothing) return std::nullopt;
    if (network) out.push_back(*network);
  }
  return out.empty() ? std::nullopt : std::optional(std::move(out));
}

bool secret_exists(const kube::Index& index, const std::string& ns, const std::string& reference) {
  if (index.bundle().secrets.empty()) return true;
  const auto slash = reference.find('/');
  if (slash == std::string::npos) return index.secret({ns, reference}) != nullptr;
  return index.secret({reference.substr(0, slash), reference.substr(slash + 1)}) != nullptr;
}

route::Answer no_answer(std::string why) {
  route::Answer out;
  out.error = std::move(why);
  return out;
}

}  // namespace gw::verify::haproxy
