#include "cli/live.h"

#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <thread>

#include "cli/command.h"
#include "cluster/fetch.h"
#include "diag/render.h"
#include "verify/curl.h"
#include "verify/report.h"

namespace gw::cli {
namespace {

using Json = nlohmann::ordered_json;
using route::Request;
using route::Scheme;

struct Endpoint {
  std::string address;
  int port = 0;
};
struct Gateway {
  std::optional<Endpoint> http, https;
  const std::optional<Endpoint>& at(Scheme scheme) const { return scheme == Scheme::https ? https : http; }
};

Result<Gateway> gateway_of(const std::vector<std::string>& urls, const std::string& flag) {
  Gateway out;
  for (const std::string& url : urls) {
    const bool https = url.starts_with("https://");
    if (!https && !url.starts_with("http://"))
      return Error{flag + " '" + url + "' is no URL", "write http://address or https://address, with :port if needed"};
    std::string rest = url.substr(https ? 8 : 7);
    rest = rest.substr(0, rest.find('/'));
    Endpoint endpoint{rest, https ? 443 : 80};
    const auto colon = rest.rfind(':');
    if (colon != std::string::npos && rest.find(']', colon) == std::string::npos) {
      endpoint.address = rest.substr(0, colon);
      const char* end = rest.data() + rest.size();
      const auto [read, error] = std::from_chars(rest.data() + colon + 1, end, endpoint.port);
      if (error != std::errc{} || read != end || endpoint.port < 1 || endpoint.port > 65535)
        return Error{flag + " '" + url + "' has no good port", "write http://address:port"};
    }
    if (endpoint.address.empty()) return Error{flag + " '" + url + "' names no address", "write http://address:port"};
    (https ? out.https : out.http) = endpoint;
  }
  return out;
}

bool safe(const std::string& method) {
  return method == "GET" || method == "HEAD" || method == "OPTIONS";
}

// The port at which the gateway is reached here is not the one its users see.
std::string without_port(std::string location, int port) {
  const auto start = location.find("://");
  if (start == std::string::npos) return location;
  const std::string suffix = ":" + std::to_string(port);
  const std::size_t end = std::min(location.find_first_of("/?#", start + 3), location.size());
  if (std::string_view(location).substr(0, end).ends_with(suffix)) location.erase(end - suffix.size(), suffix.size());
  return location;
}

struct Seen {
  int status = 0;
  std::string error, location;
  std::vector<std::string> headers;
  bool operator==(const Seen& other) const {
    return status == other.status && location == other.location && headers == other.headers;
  }
};

cluster::Fetched fetch(cluster::Fetcher& fetcher, const Gateway& gateway, const Request& request) {
  const Endpoint& endpoint = *gateway.at(request.scheme);
  cluster::Fetch sent;
  sent.https = request.scheme == Scheme::https;
  sent.address = endpoint.address;
  sent.port = endpoint.port;
  sent.server_name = request.sni.value_or(request.host);
  sent.host = request.host;
  sent.method = request.method;
  sent.target = request.target;
  sent.headers = request.headers;
  sent.http10 = request.http10;
  return fetcher.fetch(sent);
}

Seen send(cluster::Fetcher& fetcher, const Gateway& gateway, const Request& request, const LiveArgs& args) {
  const cluster::Fetched answer = fetch(fetcher, gateway, request);
  Seen out{answer.status, answer.error, answer.header("location"), {}};
  for (const Endpoint* each : {gateway.http ? &*gateway.http : nullptr, gateway.https ? &*gateway.https : nullptr})
    if (each) out.location = without_port(std::move(out.location), each->port);
  for (std::string name : args.headers) {
    for (char& c : name)
      if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    out.headers.push_back(answer.header(name));
  }
  return out;
}

std::string text_of(const Seen& seen, const LiveArgs& args) {
  if (seen.status == 0) return "no answer: " + seen.error;
  std::string out = std::to_string(seen.status);
  if (!seen.location.empty()) out += " to " + seen.location;
  for (std::size_t i = 0; i < seen.headers.size(); ++i)
    if (!seen.headers[i].empty()) out += ", " + args.headers[i] + ": " + seen.headers[i];
  return out;
}

Json json_of(const Seen& seen, const LiveArgs& args) {
  Json out = {{"status", seen.status}};
  if (!seen.error.empty()) out["error"] = seen.error;
  if (!seen.location.empty()) out["location"] = seen.location;
  for (std::size_t i = 0; i < seen.headers.size(); ++i) out["headers"][args.headers[i]] = seen.headers[i];
  return out;
}

struct Difference {
  Request request;
  Seen before, after;
  int port = 0;
};

struct Outcome {
  std::size_t sent = 0, unsafe = 0, unreachable = 0, beyond = 0, answered = 0;
  std::vector<Difference> differing;
};

// Sends one request a tick, so that neither side gets more than the rate.
Outcome compare(const std::vector<Request>& requests, const Gateway& before, const Gateway& after,
                const LiveArgs& args) {
  using Clock = std::chrono::steady_clock;
  const auto tick = std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(1 / args.rate));
  const bool show = isatty(STDERR_FILENO) == 1;
  cluster::Fetcher old_side, new_side;
  Outcome out;
  auto next = Clock::now();
  for (const Request& request : requests) {
    if (!args.unsafe && !safe(request.method)) {
      ++out.unsafe;
      continue;
    }
    if (!before.at(request.scheme) || !after.at(request.scheme)) {
      ++out.unreachable;
      continue;
    }
    if (out.sent >= args.most) {
      ++out.beyond;
      continue;
    }
    std::this_thread::sleep_until(next);
    next = std::max(next + tick, Clock::now());
    ++out.sent;
    const Seen old_answer = send(old_side, before, request, args), new_answer = send(new_side, after, request, args);
    out.answered += old_answer.status != 0 || new_answer.status != 0;
    if (!(old_answer == new_answer))
      out.differing.push_back({request, old_answer, new_answer, after.at(request.scheme)->port});
    if (show) std::fprintf(stderr, "\r%zu of %zu requests\033[K", out.sent, std::min(requests.size(), args.most));
  }
  if (show) std::fputs("\r\033[K", stderr);
  return out;
}

struct CountRow {
  std::string_view name, text;
  std::size_t Outcome::*count;
};
constexpr CountRow rows[] = {
    {"sent", "requests sent to both", &Outcome::sent},
    {"unsafe", "not sent: the method may change data (--unsafe sends them)", &Outcome::unsafe},
    {"no_url", "not sent: no URL of that scheme on both sides", &Outcome::unreachable},
    {"beyond", "not sent: beyond --live-max", &Outcome::beyond},
};

void print_text(const Outcome& outcome, const Gateway& after, const LiveArgs& args) {
  for (const Difference& found : outcome.differing) {
    Request request = found.request;
    request.port = static_cast<std::uint16_t>(found.port);
    std::cout << verify::display(found.request) << "\n    old: " << diag::printable(text_of(found.before, args))
              << "\n    new: " << diag::printable(text_of(found.after, args)) << "\n    "
              << diag::printable(verify::curl_line(request, after.at(request.scheme)->address)) << "\n";
  }
  for (const CountRow& row : rows)
    if (outcome.*row.count != 0) std::cout << row.text << ": " << outcome.*row.count << "\n";
  std::cout << "answered differently: " << outcome.differing.size() << "\n";
}

void print_json(const Outcome& outcome, const Gateway& after, const LiveArgs& args) {
  Json out = {{"verdict", outcome.differing.empty() ? "TESTED" : "DIFFERS"}};
  for (const CountRow& row : rows) out[std::string(row.name)] = outcome.*row.count;
  out["differences"] = Json::array();
  for (const Difference& found : outcome.differing) {
    Request request = found.request;
    request.port = static_cast<std::uint16_t>(found.port);
    out["differences"].push_back({{"request", Json::parse(verify::request_json(found.request), nullptr, false)},
                                  {"curl", verify::curl_line(request, after.at(request.scheme)->address)},
                                  {"old", json_of(found.before, args)},
                                  {"new", json_of(found.after, args)}});
  }
  std::cout << out.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

class Asked final : public LiveGateway {
 public:
  explicit Asked(Gateway gateway) : gateway_(std::move(gateway)) {}
  verify::Observed ask(const Request& request) override {
    verify::Observed out;
    if (!gateway_.at(request.scheme)) {
      out.error = "no URL of that scheme was named";
      return out;
    }
    cluster::Fetched answer = fetch(fetcher_, gateway_, request);
    out.status = answer.status;
    out.error = answer.error;
    out.location = answer.header("location");
    for (const Scheme scheme : {Scheme::http, Scheme::https})
      if (const auto& endpoint = gateway_.at(scheme))
        out.location = without_port(std::move(out.location), endpoint->port);
    out.body = std::move(answer.body);
    out.headers = std::move(answer.headers);
    return out;
  }

 private:
  Gateway gateway_;
  cluster::Fetcher fetcher_;
};

}  // namespace

Result<std::unique_ptr<LiveGateway>> open_gateway(const std::vector<std::string>& urls, const std::string& flag) {
  Result<Gateway> gateway = gateway_of(urls, flag);
  if (!gateway) return gateway.error();
  return std::unique_ptr<LiveGateway>(std::make_unique<Asked>(std::move(*gateway)));
}

int run_live(const std::vector<Request>& requests, const LiveArgs& args) {
  const Result<Gateway> before = gateway_of(args.old_urls, "--live-old"),
                        after = gateway_of(args.new_urls, "--live-new");
  if (!before) return fail(before.error());
  if (!after) return fail(after.error());
  const Outcome outcome = compare(requests, *before, *after, args);
  if (outcome.sent == 0) return fail({"no request could be sent", "name URLs of the same scheme for both sides"});
  if (outcome.answered == 0)
    return fail({"neither gateway answered any request", "are --live-old and --live-new right, and reachable?"});
  if (args.format == "json")
    print_json(outcome, *after, args);
  else
    print_text(outcome, *after, args);
  return outcome.differing.empty() ? exit_ok : exit_findings;
}

}  // namespace gw::cli
