#include "runtime/admin_trace.h"

#include <charconv>
#include <optional>

#include "runtime/json.h"

namespace gw::runtime {
namespace {

int hex(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

std::string percent_decoded(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex(text[i + 1]) >= 0 && hex(text[i + 2]) >= 0) {
      out += static_cast<char>(hex(text[i + 1]) * 16 + hex(text[i + 2]));
      i += 2;
    } else {
      out += text[i] == '+' ? ' ' : text[i];
    }
  }
  return out;
}

std::string parameter(std::string_view query, std::string_view name) {
  while (!query.empty()) {
    const std::string_view pair = query.substr(0, query.find('&'));
    if (pair.starts_with(name) && pair.substr(name.size()).starts_with('='))
      return percent_decoded(pair.substr(name.size() + 1));
    query.remove_prefix(std::min(pair.size() + 1, query.size()));
  }
  return {};
}

// The parts of an http(s) URL that routing looks at.
struct Asked {
  std::string method, host, target;
  route::Scheme scheme = route::Scheme::http;
  std::uint16_t port = 0;  // as written; 0: none
};

std::optional<Asked> read(std::string_view query) {
  Asked out;
  out.method = parameter(query, "method");
  if (out.method.empty()) out.method = "GET";
  const std::string url = parameter(query, "url");
  std::string_view rest = url;
  if (rest.starts_with("https://"))
    out.scheme = route::Scheme::https;
  else if (!rest.starts_with("http://"))
    return std::nullopt;
  rest.remove_prefix(out.scheme == route::Scheme::https ? 8 : 7);
  std::string_view authority = rest.substr(0, rest.find_first_of("/?#"));
  rest.remove_prefix(authority.size());
  rest = rest.substr(0, rest.find('#'));
  out.target = rest.starts_with('/') ? std::string(rest) : "/" + std::string(rest);
  const std::size_t colon = authority.rfind(':');
  if (colon != authority.npos && authority.find(']', colon) == authority.npos) {
    const std::string_view digits = authority.substr(colon + 1);
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out.port);
    if (error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
    authority = authority.substr(0, colon);
  }
  out.host = std::string(authority);
  if (out.host.empty()) return std::nullopt;
  return out;
}

// The site that a client reaches by this port: by the socket's port as it is written, else by the listener's.
const Site* site_of(const Config& config, const Asked& asked) {
  const auto http = [](const Site& site) { return site.kind == Site::Kind::http || site.kind == Site::Kind::tls; };
  if (asked.port != 0)
    for (const Site& site : config.sites)
      if (http(site) && !site.handler && site.address.port() == asked.port) return &site;
  const kube::Port port = asked.port != 0                        ? asked.port
                          : asked.scheme == route::Scheme::https ? kube::Port(443)
                                                                 : kube::Port(80);
  for (const Site& site : config.sites)
    if (http(site) && !site.handler && site.port == port) return &site;
  return nullptr;
}

std::string backends_json(const route::Action& action) {
  std::string out;
  for (const route::Backend& backend : action.backends) {
    out += std::string(out.empty() ? "" : ",") +
           "{\"backend\":" + json_text(backend.service.display() + ":" + std::to_string(backend.port)) +
           ",\"weight\":" + std::to_string(backend.weight) +
           ",\"ready\":" + (backend.state == route::BackendState::ready ? "true" : "false") + "}";
  }
  return out;
}

}  // namespace

std::string trace_json(const Server& server, std::string_view query) {
  const auto config = server.config();
  if (!config || !config->table) return "{\"error\":\"no routes are loaded\"}\n";
  const std::optional<Asked> asked = read(query);
  if (!asked) return "{\"error\":\"write a URL, for example https://shop.example.com/cart\"}\n";
  const Site* site = site_of(*config, *asked);
  if (!site) return "{\"error\":\"nothing listens on this port\"}\n";
  route::RequestView view;
  view.scheme = asked->scheme;
  view.method = asked->method;
  view.host = asked->host;
  view.target = asked->target;
  view.port = static_cast<std::uint16_t>(site->port);
  if (asked->scheme == route::Scheme::https) view.sni = asked->host;
  if (!config->table->reachable(view, site->gateway()))
    return "{\"error\":\"no listener takes this host: the connection is refused\"}\n";
  const route::Decision decision = config->table->decide(view, site->gateway());
  const bool forward = decision.kind == route::Decision::Kind::forward && decision.action;
  const bool broken = forward && !decision.action->broken.empty();
  std::string out = "{\"status\":" + std::to_string(broken ? 500 : forward ? 200 : decision.status);
  if (decision.action) {
    const route::Source& source = decision.action->source;
    out += ",\"rule\":" + json_text(source.kind + " " + source.object.display() + " rule " +
                                    (source.rule_name.empty() ? std::to_string(source.rule) : source.rule_name));
  }
  if (broken) out += ",\"detail\":" + json_text(decision.action->broken);
  if (!decision.location.empty()) out += ",\"location\":" + json_text(decision.location);
  if (forward && !broken)
    out += ",\"target\":" + json_text(decision.target.empty() ? asked->target : decision.target) + ",\"backends\":[" +
           backends_json(*decision.action) + "]";
  return out + "}\n";
}

}  // namespace gw::runtime
