// The HTTP/1 cases of ../shared/h1 (RFC 9110 and 9112; raw bytes of one connection and what may come of them), over
// memory: what must be rejected never completes a request at the backend, what must be accepted arrives as asked, and
// whatever reaches the backend is one clean request after the other. Skipped where that folder is absent.
#include <doctest/doctest.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <regex>

#include "runtime/h1_parse.h"
#include "tests/evidence.h"
#include "tests/wire.h"

using namespace gw;
using namespace gw::test;

namespace {

std::string from_base64(const std::string& text) {
  std::string out;
  unsigned bits = 0, have = 0;
  for (char c : text) {
    auto at = std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/").find(c);
    if (at == std::string_view::npos) break;
    bits = bits << 6 | static_cast<unsigned>(at);
    if ((have += 6) >= 8) out += static_cast<char>(bits >> (have -= 8) & 0xff);
  }
  return out;
}

// Whole requests in what a backend received; nothing where the bytes are in doubt.
std::optional<unsigned> whole_requests(std::string_view bytes) {
  unsigned count = 0;
  while (!bytes.empty()) {
    auto end = bytes.find("\r\n\r\n");
    if (end == bytes.npos) return count;
    runtime::RequestHead head;
    head.text = bytes.substr(0, end + 4);
    if (runtime::parse_request(head, {}) != 0) return std::nullopt;
    bytes.remove_prefix(end + 4);
    runtime::BodyDecoder body;
    body.start(head.framing, head.length);
    while (!body.done() && !bytes.empty()) {
      auto step = body.next(bytes);
      if (step.bad) return std::nullopt;
      bytes.remove_prefix(step.taken);
    }
    if (!body.done()) return count;
    ++count;
  }
  return count;
}

struct Outcome {
  std::vector<int> statuses;
  unsigned requests = 0;
  bool closed = false, clean = true;
  std::string at_backend;
};

Outcome converse(const nlohmann::json& c) {
  FakeGateway gateway(wire_world(wire_route()));
  auto client = gateway.client();
  std::map<const Pipe*, unsigned> answered;
  auto answer = [&] {
    for (bool again = true; std::exchange(again, false);) {
      for (std::size_t i = 0; i < gateway.network.opened.size(); ++i) {
        auto pipe = gateway.network.opened[i].pipe;
        auto whole = whole_requests(pipe->from_gateway);
        if (pipe->gateway_gone || !whole || answered[pipe.get()] >= *whole) continue;
        ++answered[pipe.get()];
        bool head = pipe->from_gateway.starts_with("HEAD ");
        FakeGateway::send(*pipe, std::string("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n") + (head ? "" : "ok"));
        gateway.settle();
        again = true;
      }
    }
  };
  std::vector<std::string> pieces;
  if (c.contains("segs") && !c["segs"].empty())
    for (const auto& s : c["segs"]) pieces.push_back(from_base64(s[0]));
  else
    pieces.push_back(from_base64(c["raw"]));
  for (const auto& piece : pieces) {
    FakeGateway::send(*client, piece);
    gateway.settle();
    answer();
  }
  if (c["halfclose"].get<bool>()) FakeGateway::finish(*client);
  gateway.settle();
  answer();
  gateway.wait(std::chrono::seconds(15));  // a head that never ends is answered by then

  Outcome out;
  std::string got = client->from_gateway;
  for (std::size_t at = 0; (at = got.find("HTTP/1.1 ", at)) != got.npos; at += 9) {
    int status = std::atoi(got.substr(at + 9, 3).c_str());
    if (status >= 200) out.statuses.push_back(status);
  }
  out.closed = client->gateway_gone || client->gateway_finished;
  for (const auto& o : gateway.network.opened) {
    auto whole = whole_requests(o.pipe->from_gateway);
    out.clean &= whole.has_value();
    out.requests += whole.value_or(0);
    out.at_backend += o.pipe->from_gateway + "\n";
  }
  return out;
}

}  // namespace

TEST_CASE("HTTP/1 cases") {
  std::ifstream in(evidence::path("h1/cases.jsonl"));
  REQUIRE(in);
  unsigned cases = 0, agreed = 0;
  std::string line;
  while (std::getline(in, line)) {
    auto c = nlohmann::json::parse(line);
    Outcome out = converse(c);
    ++cases;
    std::string id = c["id"], expect = c["expect"];
    std::string shown = out.at_backend.substr(0, 300);
    CAPTURE(id);
    CAPTURE(shown);
    CHECK(out.clean);
    CHECK(out.requests <= c["n"].get<unsigned>());
    for (const std::string pattern : c["mustnot"]) {
      // Python's patterns may begin with their flags.
      auto flags = std::regex::ECMAScript | std::regex::multiline;
      std::string plain = pattern;
      if (plain.starts_with("(?i") || plain.starts_with("(?m")) {
        if (plain.find('i') < plain.find(')')) flags |= std::regex::icase;
        plain.erase(0, plain.find(')') + 1);
      }
      CHECK(!std::regex_search(out.at_backend, std::regex(plain, flags)));
    }
    bool answered = !out.statuses.empty() || out.closed;
    CHECK((answered || expect == "either"));
    bool refused = out.statuses.empty() ? out.closed : out.statuses.front() >= 300;
    if (expect == "reject")
      agreed += refused && out.requests == 0;
    else if (expect == "accept")
      agreed += !out.statuses.empty() && out.statuses.front() == 200 && out.requests == c["n"].get<unsigned>();
    else
      ++agreed;
  }
  MESSAGE(agreed, " of ", cases, " cases as the RFCs say");
  CHECK(cases >= evidence::at_least(101));
  CHECK(agreed * 100 >= cases * 98);
}
