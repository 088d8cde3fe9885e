#include "verify/report.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <ostream>
#include <set>
#include <sstream>

#include "diag/credentials.h"
#include "diag/markup.h"
#include "diag/page.h"
#include "diag/render.h"
#include "verify/causes.h"
#include "verify/curl.h"
#include "verify/report_parts.h"

namespace gw::verify {
namespace {

using Json = nlohmann::ordered_json;
using route::Answer;
using route::AnswerSet;

// Bytes that are no UTF-8 (a raw path may hold any) become visible instead of failing the writer.
std::string dump(const Json& json, int indent) {
  return json.dump(indent, ' ', false, Json::error_handler_t::replace);
}

Json answer_json(const AnswerSet& answers, const diag::Sources& sources) {
  return Json::parse(route::to_json(answers, sources), nullptr, false);
}

Json request_object(const route::Request& request) {
  Json out = {{"scheme", request.scheme == route::Scheme::https ? "https" : "http"},
              {"host", request.host},
              {"path", request.target}};
  if (request.method != "GET") out["method"] = request.method;
  if (!request.headers.empty()) {
    out["headers"] = Json::array();
    for (const auto& [name, value] : request.headers) out["headers"].push_back({name, value});
  }
  if (!request.client.empty()) out["client"] = request.client;
  if (request.sni && request.sni != request.host) out["sni"] = request.sni->empty() ? Json() : Json(*request.sni);
  if (request.port != 0) out["port"] = request.port;
  if (request.http10) out["http10"] = true;
  return out;
}

Json counterexample_json(const Counterexample& found, const Rendering& rendering) {
  Json out = {{"request", request_object(found.request)},
              {"curl", curl_line(found.request, rendering.address)},
              {"old", answer_json(found.old_answer, rendering.old_sources)},
              {"new", answer_json(found.new_answer, rendering.new_sources)},
              {"old_at", place(found.old_answer, rendering.old_sources)},
              {"new_at", place(found.new_answer, rendering.new_sources)},
              {"difference", name(found.difference)},
              {"impact", name(found.impact)},
              {"aspect", name(found.aspect)}};
  if (!found.detail.empty()) out["detail"] = found.detail;
  if (!found.cause.empty()) out["cause"] = found.cause;
  out["alike"] = found.alike;
  if (found.standing) out["standing"] = true;
  if (!found.known.empty()) out["known"] = found.known;
  return out;
}

Json host_json(const HostReport& host, const Rendering& rendering) {
  Json out = {{"host", host.host},       {"verdict", name(host.verdict)}, {"assumptions", host.assumptions},
              {"classes", host.classes}, {"requests", host.requests},     {"counterexamples", Json::array()}};
  for (const Counterexample& found : host.counterexamples)
    out["counterexamples"].push_back(counterexample_json(found, rendering));
  if (host.omitted != 0) out["omitted"] = host.omitted;
  for (const Counterexample& found : host.unmodelled)
    out["unmodelled"].push_back({{"request", request_object(found.request)},
                                 {"old", answer_json(found.old_answer, rendering.old_sources)},
                                 {"new", answer_json(found.new_answer, rendering.new_sources)}});
  return out;
}

void add_indented(std::string_view text, std::string& out) {
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    out += "    ";
    out += text.substr(0, end + 1);
    text.remove_prefix(end + 1);
  }
}

std::string one_answer(const Answer& answer) {
  if (!answer.unmodelled.empty()) return "not modelled: " + answer.unmodelled;
  if (answer.status == 0) return "no connection";
  std::string out = std::to_string(answer.status);
  if (!answer.location.empty()) return out + " to " + diag::hide_credentials(answer.location);
  if (!answer.backends.empty()) {
    std::string_view join = " from ";
    for (const route::WeightedBackend& row : answer.backends) {
      out += std::string(join) + row.backend + ":" + std::to_string(row.port) + " (weight " +
             std::to_string(row.weight) + ")";
      join = ", ";
    }
  } else if (!answer.backend.empty()) {
    out += " from " + answer.backend + (answer.port != 0 ? ":" + std::to_string(answer.port) : "");
  }
  if (!answer.backend_target.empty()) out += ", which sees " + answer.backend_target;
  return out;
}

// The shared causes of differences that nobody accepted, in the order of the table.
struct CauseLine {
  const Cause* cause = nullptr;
  const Counterexample* example = nullptr;  // the shortest one
  std::size_t hosts = 0, requests = 0;
};
std::vector<CauseLine> cause_lines(const Report& report) {
  std::vector<CauseLine> out;
  for (const Cause& each : causes()) {
    CauseLine line{&each, nullptr, 0, 0};
    for (const HostReport& host : report.hosts) {
      bool seen = false;
      for (const Counterexample& found : host.counterexamples) {
        if (found.cause != each.name || !found.known.empty()) continue;
        if (!line.example || cost(found.request) < cost(line.example->request)) line.example = &found;
        line.requests += found.alike;
        seen = true;
      }
      line.hosts += seen;
    }
    if (line.hosts != 0) out.push_back(line);
  }
  return out;
}

std::string in_requests(std::size_t count) {
  return std::to_string(count) + (count == 1 ? " request" : " requests");
}
std::string how_many(const CauseLine& line) {
  return (line.example->standing ? "standing, " : "") + std::to_string(line.hosts) +
         (line.hosts == 1 ? " host, " : " hosts, ") + in_requests(line.requests);
}

constexpr std::string_view causes_title =
    "Causes that many requests share; standing ones come with every move, others are agreed to with --accept NAME,...";

std::string with_place(std::string text, const std::string& at) {
  return at.empty() ? text : text + "  [" + at + "]";
}

std::string heading(const Counterexample& found) {
  const std::string cause = found.cause.empty() ? "" : ", " + std::string(found.cause);
  return std::string(name(found.impact)) + cause;
}
std::string alike_note(const Counterexample& found) {
  if (found.alike < 2) return {};
  return " and " + std::to_string(found.alike - 1) + (found.alike == 2 ? " more request" : " more requests");
}

std::string html_text(std::string_view text) {
  return diag::escape_markup(diag::printable(text));
}

// Text inside a markdown table's code span.
std::string cell(std::string_view text) {
  std::string out = "`";
  for (char c : diag::printable(text)) {
    if (c == '`')
      out += '\'';
    else if (c == '|')
      out += "\\|";
    else if (c != '\n')
      out += c;
  }
  return out + "`";
}

constexpr std::string_view style = R"css(
table{width:100%}pre{white-space:pre-wrap;overflow-wrap:anywhere}.v{font-weight:600}.DIFFERS{color:var(--bad)}
.UNMODELLED,.TESTED{color:var(--warn)}.PROVED,.PROVED_MODULO{color:var(--good)}
.security{color:var(--bad);font-weight:600}.availability{color:var(--warn);font-weight:600}
)css";

// Standing causes are counted above all hosts, once.
bool only_standing(const HostReport& host) {
  return std::all_of(host.counterexamples.begin(), host.counterexamples.end(),
                     [](const Counterexample& found) { return found.standing; });
}

void add_html(const HostReport& host, const Rendering& rendering, std::string& out) {
  out += "<h2><code>" + html_text(host.host) + "</code> <span class=\"v " + std::string(name(host.verdict)) + "\">" +
         std::string(name(host.verdict)) + "</span></h2>\n";
  for (const std::string& note : host.assumptions) out += "<p>" + html_text(note) + "</p>\n";
  if (only_standing(host)) return;
  std::string table =
      "<table><thead><tr><th>Impact</th><th>Request</th><th>Before</th><th>After</th></tr></thead><tbody>\n";
  std::size_t left = rendering.shown;
  for (const Counterexample& found : host.counterexamples) {
    if (found.standing) continue;
    if (left-- == 0) break;
    table += "<tr><td class=\"" + std::string(name(found.impact)) + "\">" + std::string(name(found.impact)) +
             "</td><td><code>" + html_text(display(found.request)) + "</code>" +
             html_text(detail_note(found) + alike_note(found));
    if (!found.cause.empty()) table += "<br>cause: " + html_text(found.cause);
    if (!found.known.empty()) table += "<br>accepted: " + html_text(found.known);
    table += "<pre>" + html_text(curl_line(found.request, rendering.address)) + "</pre></td>";
    for (const bool old_side : {true, false}) {
      const AnswerSet& answers = old_side ? found.old_answer : found.new_answer;
      table += "<td>" + html_text(summary(answers)) + "<br><code>" +
               html_text(place(answers, old_side ? rendering.old_sources : rendering.new_sources)) + "</code></td>";
    }
    table += "</tr>\n";
  }
  out += diag::scroll_box("Differences of " + diag::printable(host.host), table + "</tbody></table>");
}

}  // namespace

std::string rule_object(const AnswerSet& answers) {
  for (const Answer& answer : answers.any_of)
    if (answer.rule) return answer.rule->object;
  return {};
}

std::string detail_note(const Counterexample& found) {
  if (found.detail.empty()) return {};
  return " (" + std::string(found.detail) + ")";
}

std::string refusal(const Report& report, const Rendering& rendering) {
  std::string out;
  if (!report.old_refused.empty())
    out += rendering.old_name + " refuses the whole configuration: " + report.old_refused + "\n";
  if (!report.new_refused.empty())
    out += rendering.new_name + " refuses the whole configuration: " + report.new_refused + "\n";
  return out;
}

std::string counts_line(const Report& report) {
  std::map<Verdict, std::size_t> verdicts;
  std::size_t requests = 0, open = 0;
  std::set<std::string_view> caused, standing, known;
  for (const HostReport& host : report.hosts) {
    ++verdicts[host.verdict];
    requests += host.requests;
    open += host.omitted;
    for (const Counterexample& found : host.counterexamples) {
      if (!found.known.empty())
        known.insert(found.known);
      else if (found.standing)
        standing.insert(found.cause);
      else if (!found.cause.empty())
        caused.insert(found.cause);
      else
        ++open;
    }
  }
  std::string out = std::to_string(report.hosts.size()) + " hosts";
  for (const auto& [verdict, hosts] : verdicts) out += ", " + std::to_string(hosts) + " " + std::string(name(verdict));
  out += "; " + std::to_string(requests) + " requests asked of both sides; differences: " + std::to_string(open) +
         " to look at";
  const auto add = [&](std::size_t count, std::string_view what) {
    if (count != 0) out += ", " + std::to_string(count) + std::string(what);
  };
  add(caused.size(), " of shared causes");
  add(standing.size(), " standing");
  add(known.size(), " accepted");
  return out;
}

std::string place(const AnswerSet& answers, const diag::Sources& sources) {
  for (const Answer& answer : answers.any_of)
    if (answer.rule && answer.rule->span.known())
      return sources.name(answer.rule->span.file) + ":" +
             std::to_string(sources.position(answer.rule->span.file, answer.rule->span.begin).line);
  return {};
}

std::string summary(const AnswerSet& answers) {
  std::string out;
  for (const Answer& answer : answers.any_of) out += (out.empty() ? "" : " or ") + one_answer(answer);
  return out;
}

std::string request_json(const route::Request& request) {
  return dump(request_object(request), -1);
}

// Host by host: a tree of everything would take several times the memory of its text.
void write_json(const Report& report, const Rendering& rendering, std::ostream& out) {
  Json head = {{"verdict", name(report.verdict)}, {"old", rendering.old_name}, {"new", rendering.new_name}};
  if (!report.old_refused.empty()) head["old_refused"] = report.old_refused;
  if (!report.new_refused.empty()) head["new_refused"] = report.new_refused;
  head["hosts"] = Json::array();
  std::string text = dump(head, 2);
  text.resize(text.rfind(']'));
  std::string_view join = "\n";
  for (const HostReport& host : report.hosts) {
    text += join;
    join = ",\n";
    add_indented(dump(host_json(host, rendering), 2), text);
    out << text;
    text.clear();
  }
  out << text << (report.hosts.empty() ? "]\n}\n" : "\n  ]\n}\n");
}

std::string to_json(const Report& report, const Rendering& rendering) {
  std::ostringstream out;
  write_json(report, rendering, out);
  return std::move(out).str();
}

std::string to_markdown(const Report& report, const Rendering& rendering) {
  std::string out = "## gwctl verify: " + std::string(name(report.verdict)) + "\n\n" + refusal(report, rendering) +
                    counts_line(report) + ".\n\n| Host | Verdict | Given |\n|---|---|---|\n";
  for (const HostReport& host : report.hosts) {
    out += "| " + cell(host.host) + " | " + std::string(name(host.verdict)) + " | ";
    for (const std::string& note : host.assumptions) out += cell(note) + "<br>";
    out += " |\n";
  }
  for (const HostReport& host : report.hosts) {
    if (only_standing(host)) continue;
    out += "\n### " + cell(host.host) + "\n\n| Impact | Request | Before | After |\n|---|---|---|---|\n";
    std::size_t left = rendering.shown;
    for (const Counterexample& found : host.counterexamples) {
      if (found.standing) continue;
      if (left-- == 0) break;
      out += "| " + heading(found) + (found.known.empty() ? "" : ", accepted: " + cell(found.known)) + " | " +
             cell(display(found.request)) + detail_note(found) + alike_note(found) + " | " +
             cell(with_place(summary(found.old_answer), place(found.old_answer, rendering.old_sources))) + " | " +
             cell(with_place(summary(found.new_answer), place(found.new_answer, rendering.new_sources))) + " |\n";
    }
  }
  if (const std::vector<CauseLine> lines = cause_lines(report); !lines.empty()) {
    out += "\n### " + std::string(causes_title) + "\n\n";
    for (const CauseLine& line : lines)
      out += "- " + cell(line.cause->name) + " (" + how_many(line) + "): " + std::string(line.cause->title) + "\n";
  }
  return out;
}

std::string to_html(const Report& report, const Rendering& rendering) {
  std::string out = "<h1>gwctl verify: " + std::string(name(report.verdict)) + "</h1>\n<p>" +
                    html_text(rendering.old_name) + " → " + html_text(rendering.new_name) + ". " +
                    html_text(counts_line(report)) + ".</p>\n";
  const std::string refused = refusal(report, rendering);
  if (!refused.empty()) out += "<p>" + html_text(refused) + "</p>\n";
  if (const std::vector<CauseLine> lines = cause_lines(report); !lines.empty()) {
    std::string table = "<table><tbody>\n";
    for (const CauseLine& line : lines)
      table += "<tr><td><code>" + html_text(line.cause->name) + "</code></td><td>" + how_many(line) + "</td><td>" +
               html_text(line.cause->title) + "</td></tr>\n";
    out += "<h2>" + html_text(causes_title) + "</h2>\n" + diag::scroll_box(causes_title, table + "</tbody></table>");
  }
  for (const HostReport& host : report.hosts) add_html(host, rendering, out);
  return diag::html_page({.title = "gwctl verify", .style = style, .body = out});
}

}  // namespace gw::verify
