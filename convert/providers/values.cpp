#include "convert/providers/values.h"

#include <algorithm>
#include <cstdlib>

#include "convert/providers/nginx/check.h"
#include "convert/regex.h"

namespace gw::convert {
namespace {

using std::chrono::milliseconds;

struct Unit {
  std::string_view name;
  milliseconds length;
};
constexpr Unit units[] = {{"ms", milliseconds(1)},
                          {"s", std::chrono::seconds(1)},
                          {"m", std::chrono::minutes(1)},
                          {"h", std::chrono::hours(1)},
                          {"d", std::chrono::hours(24)}};

}  // namespace

std::optional<milliseconds> duration(std::string_view text, milliseconds unit) {
  text = nginx::trim(text);
  if (text.empty()) return std::nullopt;
  milliseconds sum{0};
  while (!text.empty()) {
    std::size_t n = 0;
    while (n < text.size() && (std::isdigit(static_cast<unsigned char>(text[n])) || text[n] == '.')) ++n;
    if (n == 0 || n > 12) return std::nullopt;
    const double number = std::strtod(std::string(text.substr(0, n)).c_str(), nullptr);
    text.remove_prefix(n);
    const auto* found = std::find_if(std::begin(units), std::end(units), [&](const Unit& u) {
      if (!text.starts_with(u.name)) return false;
      return text.size() == u.name.size() || std::isdigit(static_cast<unsigned char>(text[u.name.size()]));
    });
    if (!text.empty() && found == std::end(units)) return std::nullopt;
    const milliseconds one = text.empty() ? unit : found->length;
    if (!text.empty()) text.remove_prefix(found->name.size());
    sum += milliseconds(static_cast<std::int64_t>(number * static_cast<double>(one.count())));
  }
  return sum;
}

std::string gep_duration(milliseconds time) {
  std::string out;
  std::int64_t rest = std::min<std::int64_t>(time.count(), 99'999LL * 3'600'000);
  for (const auto& [name, length] : {Unit{"h", std::chrono::hours(1)}, Unit{"m", std::chrono::minutes(1)},
                                     Unit{"s", std::chrono::seconds(1)}, Unit{"ms", milliseconds(1)}}) {
    if (const std::int64_t n = rest / length.count(); n != 0) out += std::to_string(n) + std::string(name);
    rest %= length.count();
  }
  return out.empty() ? "0s" : out;
}

int whole_seconds(milliseconds time) {
  return static_cast<int>(std::clamp<std::int64_t>((time.count() + 999) / 1000, 1, 1'000'000'000));
}

std::optional<std::vector<HeaderEdit>> header_lines(std::string_view text, char between, HeaderEdit::Op op) {
  std::vector<HeaderEdit> out;
  for (const std::string& line : nginx::split(text, '\n')) {
    const std::size_t at = line.find(between);
    if (at == std::string::npos || at == 0) return std::nullopt;
    std::string value(nginx::trim(std::string_view(line).substr(at + 1)));
    if (value.size() > 1 && value.front() == '"' && value.back() == '"') value = value.substr(1, value.size() - 2);
    const std::string name(nginx::trim(std::string_view(line).substr(0, at)));
    const bool token = !name.empty() && std::all_of(name.begin(), name.end(), [](unsigned char c) {
      return std::isalnum(c) ||
             std::string_view("!#$%&'*+-.^_`|~").find(static_cast<char>(c)) != std::string_view::npos;
    });
    if (!token) return std::nullopt;
    out.push_back({op, name, value});
  }
  return out;
}

std::optional<bool> go_bool(std::string_view text) {
  if (!nginx::boolean(text)) return std::nullopt;
  return nginx::truth(text);
}

std::vector<std::string> networks(std::string_view text, std::vector<std::string>& bad) {
  std::string commas(text);
  for (char& c : commas)
    if (c == ' ' || c == '\n' || c == '\t') c = ',';
  std::vector<std::string> out;
  for (std::string& word : nginx::split(commas))
    if (nginx::cidrs(word))
      out.push_back(std::move(word));
    else
      bad.push_back(std::move(word));
  return out;
}

std::optional<int> small_int(std::string_view text) {
  text = nginx::trim(text);
  if (!nginx::integer(text) || text.size() > 9) return std::nullopt;
  return static_cast<int>(nginx::to_int(text));
}

std::string glob_regex(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '*' ? ".*" : c == '?' ? "." : escape_regex(std::string_view(&c, 1));
  return out;
}

std::pair<std::string_view, std::string_view> qualified(std::string_view name, std::string_view ns) {
  const std::size_t slash = name.find('/');
  if (slash == std::string_view::npos) return {ns, name};
  return {name.substr(0, slash), name.substr(slash + 1)};
}

kube::IngressServiceBackend service_port(std::string_view name, std::string_view port) {
  kube::IngressServiceBackend service;
  service.name = name;
  if (const auto number = small_int(port))
    service.port.number = *number;
  else
    service.port.name = port;
  return service;
}

}  // namespace gw::convert
