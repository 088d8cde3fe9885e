// The JSON line and the text of an answer, and the JSON line of a request. docs/command-line.md, "trace".
#include "route/answer.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "diag/credentials.h"
#include "diag/render.h"
#include "route/network.h"
#include "route/target.h"

namespace gw::route {
namespace {

// A header that is set, with its value hidden where that may be a credential.
std::string hide_value(std::string_view header, std::string_view value) {
  const std::string directive = "proxy_set_header " + std::string(header) + " \"" + std::string(value) + "\";";
  return diag::hide_credentials(directive) == directive ? std::string(value) : "***";
}

// "request-header=set:NAME:VALUE" and other attributes, for people and reports.
std::string shown(const std::string& attribute) {
  constexpr std::string_view change = "=set:";
  const std::size_t name = attribute.find(change);
  const std::size_t colon = name == attribute.npos ? name : attribute.find(':', name + change.size());
  if (colon == attribute.npos) return diag::hide_credentials(attribute);
  const std::string_view text = attribute;
  const std::size_t begin = name + change.size();
  return attribute.substr(0, colon + 1) + hide_value(text.substr(begin, colon - begin), text.substr(colon + 1));
}

using Json = nlohmann::ordered_json;

// JSON text must be UTF-8 whatever bytes a request or a manifest held.
std::string dump(const Json& json) {
  return json.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string place(const diag::Span& span, const diag::Sources& sources) {
  if (!span.known()) return {};
  const diag::Position at = sources.position(span.file, span.begin);
  return sources.name(span.file) + ":" + std::to_string(at.line);
}

Json rule_json(const RuleRef& rule, const diag::Sources& sources) {
  Json out = {{"object", rule.object}};
  if (rule.span.known()) {
    out["file"] = sources.name(rule.span.file);
    out["line"] = sources.position(rule.span.file, rule.span.begin).line;
  }
  return out;
}

Json answer_json(const Answer& answer, const diag::Sources& sources) {
  if (!answer.unmodelled.empty()) return {{"unmodelled", answer.unmodelled}};
  Json out = {{"status", answer.status}};
  const auto put = [&](const char* key, const std::string& value) {
    if (!value.empty()) out[key] = value;
  };
  put("error", answer.error);
  put("backend", answer.backend);
  if (answer.port != 0) out["port"] = answer.port;
  put("upstream_target", answer.backend_target);
  put("upstream_host", answer.backend_host);
  put("location", diag::hide_credentials(answer.location));
  for (const WeightedBackend& backend : answer.backends)
    out["backends"].push_back({{"backend", backend.backend}, {"port", backend.port}, {"weight", backend.weight}});
  if (answer.rule) out["rule"] = rule_json(*answer.rule, sources);
  for (const std::string& attribute : answer.attributes) out["attributes"].push_back(shown(attribute));
  if (answer.effects)
    for (const Effect& effect : answer.effects->list) {
      out["effects"].push_back({{"kind", name(effect.kind)}, {"what", shown(effect)}});
      if (!effect.object.empty()) out["effects"].back()["object"] = effect.object;
    }
  return out;
}

std::string headline(const Answer& answer) {
  if (!answer.unmodelled.empty()) return "not modelled: " + answer.unmodelled;
  if (answer.status == 0) return "no answer: " + answer.error;
  std::string out = std::to_string(answer.status);
  if (!answer.location.empty()) return out + " to " + diag::hide_credentials(answer.location);
  if (!answer.backends.empty()) {
    out += " from";
    for (const WeightedBackend& backend : answer.backends)
      out += (&backend == &answer.backends.front() ? " " : ", ") + backend.backend + ":" +
             std::to_string(backend.port) + " (weight " + std::to_string(backend.weight) + ")";
    return out;
  }
  if (!answer.backend.empty())
    out += " from " + answer.backend + (answer.port != 0 ? ":" + std::to_string(answer.port) : "");
  return out;
}

void answer_text(const Answer& answer, const diag::Sources& sources, std::string& out) {
  const auto line = [&](const char* label, const std::string& value) {
    if (!value.empty()) out += std::string("  ") + label + diag::printable(value) + "\n";
  };
  out += diag::printable(headline(answer)) + "\n";
  if (answer.rule) {
    const std::string at = place(answer.rule->span, sources);
    line("rule     ", answer.rule->object + (at.empty() ? "" : ", " + at));
  }
  line("target   ", answer.backend_target);
  line("host     ", answer.backend_host);
  for (const std::string& attribute : answer.attributes) line("also     ", shown(attribute));
  for (const std::string& note : answer.notes) line("because  ", note);
}

Error bad(std::string why) {
  return {std::move(why), R"(write {"scheme":"https","host":"a.example.com","path":"/x?y=1","headers":[["K","V"]]})"};
}

// [["K","V"],…], or {"K":"V"} for those who write by hand.
bool read_headers(const nlohmann::json& from, Request& to) {
  if (from.is_object()) {
    for (const auto& [name, value] : from.items()) {
      if (!value.is_string()) return false;
      to.headers.emplace_back(name, value.get<std::string>());
    }
    return true;
  }
  if (!from.is_array()) return false;
  for (const auto& pair : from) {
    if (!pair.is_array() || pair.size() != 2 || !pair[0].is_string() || !pair[1].is_string()) return false;
    to.headers.emplace_back(pair[0].get<std::string>(), pair[1].get<std::string>());
  }
  return true;
}

// A Host line among the headers stands for the field "host" when that is absent.
void take_host(Request& request, bool named) {
  if (named) return;
  auto host = std::find_if(request.headers.begin(), request.headers.end(),
                           [](const auto& header) { return equal_fold(header.first, "host"); });
  if (host == request.headers.end()) return;
  request.host = host->second;
  request.headers.erase(host);
}

}  // namespace

std::string_view name(Effect::Kind kind) {
  switch (kind) {
    case Effect::Kind::guard:
      return "guard";
    case Effect::Kind::request_header:
      return "request header";
    case Effect::Kind::response_header:
      return "response header";
    case Effect::Kind::cors:
      return "cors";
    case Effect::Kind::mirror:
      return "mirror";
  }
  return "";
}

void Effects::add(Effect::Kind kind, std::string what, std::string object) {
  Effect effect{kind, std::move(what), std::move(object)};
  const auto at = std::lower_bound(list.begin(), list.end(), effect);
  if (at == list.end() || *at != effect) list.insert(at, std::move(effect));
}

std::string shown(const Effect& effect) {
  const std::size_t colon = effect.what.find(": "), blank = effect.what.find(' ');
  if (colon == effect.what.npos || blank >= colon) return diag::hide_credentials(effect.what);
  const std::string_view text = effect.what;
  return effect.what.substr(0, colon + 2) +
         hide_value(text.substr(blank + 1, colon - blank - 1), text.substr(colon + 2));
}

const Effect* Effects::find(Effect::Kind kind, std::string_view what) const {
  const auto at =
      std::find_if(list.begin(), list.end(), [&](const Effect& e) { return e.kind == kind && e.what == what; });
  return at == list.end() ? nullptr : &*at;
}

std::string to_json(const AnswerSet& answers, const diag::Sources& sources) {
  if (answers.any_of.size() == 1) return dump(answer_json(answers.any_of.front(), sources));
  Json list = Json::array();
  for (const Answer& answer : answers.any_of) list.push_back(answer_json(answer, sources));
  return dump({{"any_of", std::move(list)}});
}

std::string to_text(const AnswerSet& answers, const diag::Sources& sources) {
  std::string out;
  if (answers.any_of.size() > 1) out += "one of " + std::to_string(answers.any_of.size()) + " answers:\n";
  for (const Answer& answer : answers.any_of) answer_text(answer, sources, out);
  return out;
}

Result<Request> parse_request(std::string_view json_line) {
  const auto json = nlohmann::json::parse(json_line, nullptr, false);
  if (json.is_discarded() || !json.is_object()) return bad("a request must be a JSON object");
  Request request;
  const auto text = [&](const char* key, std::string& to) {
    const auto it = json.find(key);
    if (it == json.end() || it->is_null()) return true;
    if (!it->is_string()) return false;
    to = it->get<std::string>();
    return true;
  };
  std::string scheme = "http";
  for (auto [key, to] : {std::pair<const char*, std::string*>{"scheme", &scheme},
                         {"host", &request.host},
                         {"path", &request.target},
                         {"method", &request.method},
                         {"client", &request.client}})
    if (!text(key, *to)) return bad(std::string("\"") + key + "\" must be a string");
  if (!request.client.empty() && !parse_network(request.client)) return bad("\"client\" must be an address");
  if (scheme != "http" && scheme != "https") return bad("\"scheme\" must be http or https");
  request.scheme = scheme == "https" ? Scheme::https : Scheme::http;
  if (auto it = json.find("headers"); it != json.end() && !it->is_null() && !read_headers(*it, request))
    return bad("\"headers\" must be a list of [name, value]");
  take_host(request, json.contains("host"));
  if (auto it = json.find("sni"); it != json.end()) {
    if (!it->is_null() && !it->is_string()) return bad("\"sni\" must be a string or null");
    request.sni = it->is_string() ? it->get<std::string>() : std::string();
  }
  if (auto it = json.find("port"); it != json.end() && it->is_number_integer()) {
    const auto port = it->get<std::int64_t>();
    if (port < 0 || port > 65535) return bad("\"port\" must be between 0 and 65535");
    request.port = static_cast<std::uint16_t>(port);
  }
  // A body counts by its length alone.
  const bool measured = std::any_of(request.headers.begin(), request.headers.end(),
                                    [](const auto& header) { return equal_fold(header.first, "content-length"); });
  if (auto it = json.find("body"); it != json.end() && it->is_string() && !measured)
    request.headers.emplace_back("Content-Length", std::to_string(it->get_ref<const std::string&>().size()));
  if (auto it = json.find("http10"); it != json.end() && it->is_boolean()) request.http10 = it->get<bool>();
  return request;
}

}  // namespace gw::route
