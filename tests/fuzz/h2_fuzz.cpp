// The HTTP/2 session at the client's side: frames of any kind after the preface (added here), with a backend that
// answers each request at once. Nothing may crash, leak or hang, and what reaches the backend must be clean HTTP/1.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>

#include "tests/wire.h"

using namespace gw;
using namespace gw::test;

namespace {

void check_request(std::string_view bytes) {
  auto end = bytes.find("\r\n\r\n");
  if (end == bytes.npos) return;
  runtime::RequestHead head;
  head.text = bytes.substr(0, end + 4);
  if (runtime::parse_request(head, {}) == 0) return;
  std::fprintf(stderr, "not a clean request:\n%.*s\n", static_cast<int>(bytes.size()), bytes.data());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto config = wire_config(wire_world(wire_route()));
  FakeGateway gateway(config);
  auto client = gateway.client();
  FakeGateway::send(*client, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  FakeGateway::send(*client, std::string_view("\0\0\0\4\0\0\0\0\0", 9));
  gateway.settle();
  std::string_view input(reinterpret_cast<const char*>(data), size);
  std::size_t answered = 0;
  while (!input.empty() && !client->gateway_gone) {
    auto piece = input.substr(0, 64);
    FakeGateway::send(*client, piece);
    input.remove_prefix(piece.size());
    gateway.settle();
    for (; answered < gateway.network.opened.size(); ++answered) {
      FakeGateway::send(*gateway.network.opened[answered].pipe,
                        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n");
      gateway.settle();
    }
  }
  FakeGateway::finish(*client);
  gateway.settle();
  for (const auto& opened : gateway.network.opened) check_request(opened.pipe->from_gateway);
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
