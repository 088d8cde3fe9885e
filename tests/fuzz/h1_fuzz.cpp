// HTTP/1 end to end over memory: bytes of a client and of a backend in turns, cut anywhere. Whatever reaches the
// backend must be clean requests, and whatever reaches the client clean answers. The input is pieces that end in 0x1e
// (client) or 0x1f (backend).
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/wire.h"

using namespace gw;
using namespace gw::test;

namespace {

void require(bool good, const char* what, std::string_view bytes) {
  if (good) return;
  std::fprintf(stderr, "%s:\n%.*s\n", what, static_cast<int>(bytes.size()), bytes.data());
  std::abort();
}

// Heads with lines that end in CRLF only and hold no control characters; bodies as framed.
template <class Head, class Parse>
void check_stream(std::string_view bytes, const char* who, Parse parse) {
  std::string_view rest = bytes;
  while (!rest.empty()) {
    auto end = rest.find("\r\n\r\n");
    if (end == rest.npos) return;
    Head head;
    head.text = rest.substr(0, end + 4);
    for (std::size_t i = 0; i + 4 < head.text.size(); ++i) {
      auto c = static_cast<unsigned char>(head.text[i]);
      bool line_end = (c == '\r' && head.text[i + 1] == '\n') || (c == '\n' && i && head.text[i - 1] == '\r');
      require(line_end || c == '\t' || (c >= 0x20 && c != 0x7f), who, bytes);
    }
    require(parse(head), who, bytes);
    rest.remove_prefix(end + 4);
    if constexpr (requires { head.status; })
      if (head.status == 101 || head.status < 200 || head.framing == runtime::Framing::until_close) return;
    runtime::BodyDecoder body;
    body.start(head.framing, head.length);
    while (!body.done() && !rest.empty()) {
      auto step = body.next(rest);
      require(!step.bad, who, bytes);
      rest.remove_prefix(step.taken);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto config = wire_config(wire_world(wire_route()));
  FakeGateway gateway(config);
  auto client = gateway.client();
  std::string_view input(reinterpret_cast<const char*>(data), size);
  bool tunnel = false;
  while (!input.empty()) {
    auto end = input.find_first_of("\x1e\x1f");
    bool from_backend = end != input.npos && input[end] == '\x1f';
    auto piece = input.substr(0, end);
    input.remove_prefix(end == input.npos ? input.size() : end + 1);
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
  for (const auto& opened : gateway.network.opened)
    check_stream<runtime::RequestHead>(opened.pipe->from_gateway, "not a clean request",
                                       [](auto& head) { return runtime::parse_request(head, {}) == 0; });
  check_stream<runtime::ResponseHead>(client->from_gateway, "not a clean answer",
                                      [](auto& head) { return runtime::parse_response(head, "GET", {}); });
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
