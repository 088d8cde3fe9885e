// A replay for people and machines.
#include <cstdio>
#include <nlohmann/json.hpp>

#include "diag/credentials.h"
#include "diag/render.h"
#include "verify/curl.h"
#include "verify/replay.h"

namespace gw::verify {
namespace {

using Json = nlohmann::ordered_json;

std::string share(std::uint64_t part, std::uint64_t all) {
  char text[32];
  std::snprintf(text, sizeof text, "%.4f%%",
                all == 0 ? 0.0 : 100.0 * static_cast<double>(part) / static_cast<double>(all));
  return text;
}

struct CountRow {
  std::string_view name, text;
  std::uint64_t ReplayReport::*count;
};
constexpr CountRow rows[] = {
    {"lines", "lines read", &ReplayReport::lines},
    {"unread", "lines without a request", &ReplayReport::unread},
    {"requests", "requests asked of both sides", &ReplayReport::requests},
    {"distinct", "different ones among them", &ReplayReport::distinct},
    {"beyond", "requests not asked: too many different ones", &ReplayReport::beyond},
    {"hostless", "requests whose host nothing tells", &ReplayReport::hostless},
    {"unmodelled", "requests that a model does not know", &ReplayReport::unmodelled},
    {"differing", "requests that would be answered otherwise", &ReplayReport::differing},
    {"differing_distinct", "different ones among them", &ReplayReport::differing_distinct},
};

}  // namespace

std::string to_text(const ReplayReport& report, const Rendering& rendering) {
  std::string out;
  std::size_t left = rendering.shown;
  for (const ReplayedRequest& row : report.top) {
    if (left-- == 0) break;
    const Counterexample& found = row.found;
    out += std::to_string(row.count) + "x " + std::string(name(found.impact)) + ": " + display(found.request) +
           "\n    old: " + diag::printable(summary(found.old_answer)) +
           "\n    new: " + diag::printable(summary(found.new_answer)) + "\n    " +
           diag::printable(curl_line(found.request, rendering.address)) + "\n";
  }
  for (const CountRow& row : rows) out += std::string(row.text) + ": " + std::to_string(report.*row.count) + "\n";
  out = diag::hide_credentials(std::move(out));  // a query may hold a token
  return out + share(report.differing, report.requests) + " of the requests would be answered otherwise\n";
}

std::string to_json(const ReplayReport& report, const Rendering& rendering) {
  Json out = {{"verdict", report.differing != 0 ? "DIFFERS" : report.unmodelled != 0 ? "UNMODELLED" : "TESTED"}};
  for (const CountRow& row : rows) out[std::string(row.name)] = report.*row.count;
  out["share"] =
      report.requests == 0 ? 0.0 : static_cast<double>(report.differing) / static_cast<double>(report.requests);
  out["top"] = Json::array();
  for (const ReplayedRequest& row : report.top) {
    const Counterexample& found = row.found;
    out["top"].push_back({{"count", row.count},
                          {"request", Json::parse(request_json(found.request), nullptr, false)},
                          {"curl", curl_line(found.request, rendering.address)},
                          {"old", Json::parse(route::to_json(found.old_answer, rendering.old_sources), nullptr, false)},
                          {"new", Json::parse(route::to_json(found.new_answer, rendering.new_sources), nullptr, false)},
                          {"old_at", place(found.old_answer, rendering.old_sources)},
                          {"new_at", place(found.new_answer, rendering.new_sources)},
                          {"difference", name(found.difference)},
                          {"impact", name(found.impact)}});
  }
  return diag::hide_credentials(out.dump(2, ' ', false, Json::error_handler_t::replace)) + "\n";
}

}  // namespace gw::verify
