// HTTP/1 end to end over memory: bytes of a client and of a backend in turns, cut anywhere. Whatever reaches the
// backend must be clean requests, and whatever reaches the client clean answers. The input is pieces that end in 0x1e
// (client), 0x1f (backend) or 0x1c (as many seconds pass as the piece has bytes).
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/fuzz/world.h"

using namespace gw;
using namespace gw::test;

namespace {

void require(bool good, const char* what, std::string_view bytes) {
  if (good) return;
  std::fprintf(stderr, "%s:\n%.*s\n", what, static_cast<int>(bytes.size()), bytes.data());
  std::abort();
}

// A head with lines that end in CRLF only and hold no control characters.
bool clean_lines(std::string_view head) {
  for (std::size_t i = 0; i + 4 < head.size(); ++i) {
    auto c = static_cast<unsigned char>(head[i]);
    bool line_end = (c == '\r' && head[i + 1] == '\n') || (c == '\n' && i && head[i - 1] == '\r');
    if (!line_end && c != '\t' && (c < 0x20 || c == 0x7f)) return false;
  }
  return true;
}

// Takes a body off the front of `rest`; what is not there yet may follow.
bool take_body(std::string_view& rest, runtime::Framing framing, std::uint64_t length) {
  runtime::BodyDecoder body;
  body.start(framing, length);
  while (!body.done() && !rest.empty()) {
    auto step = body.next(rest);
    if (step.bad) return false;
    rest.remove_prefix(step.taken);
  }
  return true;
}

bool clean_requests(std::string_view rest) {
  for (std::size_t end; (end = rest.find("\r\n\r\n")) != rest.npos;) {
    runtime::RequestHead head;
    head.text = rest.substr(0, end + 4);
    if (!clean_lines(head.text) || runtime::parse_request(head, {}) != 0) return false;
    rest.remove_prefix(end + 4);
    if (!take_body(rest, head.framing, head.length)) return false;
  }
  return true;
}

// heads: the client may have asked for heads, and one of its answers may have no body although it tells a length.
bool clean_answers(std::string_view rest, bool heads) {
  auto end = rest.find("\r\n\r\n");
  if (end == rest.npos) return true;
  for (std::string_view method : {"GET", "HEAD"}) {
    if (method == "HEAD" && !heads) break;
    runtime::ResponseHead head;
    head.text = rest.substr(0, end + 4);
    if (!clean_lines(head.text) || !runtime::parse_response(head, method, {})) return false;
    if (head.status < 200) return true;
    if (method == "HEAD") head.framing = runtime::Framing::none;
    if (head.framing == runtime::Framing::until_close) return true;
    auto after = rest.substr(end + 4);
    const std::size_t size = after.size();
    if (take_body(after, head.framing, head.length) && clean_answers(after, heads)) return true;
    if (method == "GET" && after.size() == size) return false;  // without a body both readings are the same
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto config = fuzz_config();
  FakeGateway gateway(config);
  auto client = gateway.client();
  std::string_view input(reinterpret_cast<const char*>(data), size);
  bool tunnel = false;
  while (!input.empty()) {
    auto end = input.find_first_of("\x1c\x1e\x1f");
    bool from_backend = end != input.npos && input[end] == '\x1f';
    auto piece = input.substr(0, end);
    const bool pause = end != input.npos && input[end] == '\x1c';
    input.remove_prefix(end == input.npos ? input.size() : end + 1);
    if (pause) {
      gateway.wait(std::chrono::seconds(piece.size()));
      continue;
    }
    if (!from_backend)
      FakeGateway::send(*client, piece);
    else if (!gateway.network.opened.empty())
      FakeGateway::send(*gateway.network.opened.back().pipe, piece);
    gateway.settle();
    if (from_backend && piece.empty() && !gateway.network.opened.empty()) {
      FakeGateway::finish(*gateway.network.opened.back().pipe);
      gateway.settle();
    }
    tunnel |= client->from_gateway.find(" 101 ") != std::string::npos;
  }
  FakeGateway::finish(*client);
  gateway.settle();
  gateway.wait(std::chrono::seconds(700));
  if (tunnel) return 0;
  require(client->gateway_gone, "the client's connection was not closed", client->from_gateway);
  for (const auto& opened : gateway.network.opened) {
    if (speaks_http2(opened.pipe->from_gateway)) continue;
    require(clean_requests(opened.pipe->from_gateway), "not a clean request", opened.pipe->from_gateway);
  }
  const bool heads =
      std::string_view(reinterpret_cast<const char*>(data), size).find("HEAD ") != std::string_view::npos;
  require(clean_answers(client->from_gateway, heads), "not a clean answer", client->from_gateway);
  return 0;
}

#ifndef GWCTL_LIBFUZZER
int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream in(argv[i], std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  }
}
#endif
