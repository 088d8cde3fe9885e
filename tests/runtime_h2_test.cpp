// HTTP/2 at the client's side, frame by frame: requests become HTTP/1 without anything leaking in between (RFC 9113, 8
// and 10.3), gRPC keeps its trailers, and floods end in a bounded way.
#include <doctest/doctest.h>
#include <nghttp2/nghttp2.h>

#include <functional>
#include <optional>

#include "tests/wire.h"

using namespace gw;
using namespace gw::test;

namespace {

using Fields = std::vector<std::pair<std::string, std::string>>;
enum Type : unsigned char { data, headers, priority, rst, settings, push, ping, goaway, window, continuation };
constexpr unsigned char end_stream = 1, end_headers = 4, ack = 1;

std::string number(std::size_t value, int bytes) {
  std::string out;
  while (bytes--) out += static_cast<char>(value >> (8 * bytes) & 0xff);
  return out;
}

std::string frame(unsigned char type, unsigned char flags, unsigned stream, const std::string& payload = "") {
  return number(payload.size(), 3) + static_cast<char>(type) + static_cast<char>(flags) + number(stream, 4) + payload;
}

// Literal fields without indexing or Huffman: what a hostile client may write.
std::string block(const Fields& fields) {
  auto text = [](const std::string& s) {
    std::string out;
    std::size_t n = s.size();
    if (n < 127) return number(n, 1) + s;
    out += '\x7f';
    for (n -= 127; n >= 128; n >>= 7) out += static_cast<char>((n & 127) | 128);
    return out + static_cast<char>(n) + s;
  };
  std::string out;
  for (const auto& [name, value] : fields) out += '\0' + text(name) + text(value);
  return out;
}

struct Frame {
  unsigned type, flags, stream;
  std::string payload;
};

std::string field(const Fields& fields, const std::string& name) {
  for (const auto& [n, v] : fields)
    if (n == name) return v;
  return "";
}

class H2 {
 public:
  explicit H2(FakeGateway& gateway, const std::string& our_settings = "") : gateway_(gateway), pipe(gateway.client()) {
    nghttp2_hd_inflate_new(&inflater_);
    send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + frame(settings, 0, 0, our_settings));
  }
  ~H2() { nghttp2_hd_inflate_del(inflater_); }
  H2(const H2&) = delete;
  H2& operator=(const H2&) = delete;

  void send(const std::string& bytes) {
    FakeGateway::send(*pipe, bytes);
    gateway_.settle();
    read();
  }
  void request(unsigned stream, const Fields& fields, bool end = true) {
    send(frame(headers, end_headers | (end ? end_stream : 0), stream, block(fields)));
  }
  void read() {
    buffer_ += FakeGateway::received(*pipe);
    while (buffer_.size() >= 9) {
      auto byte = [&](std::size_t i) { return static_cast<unsigned char>(buffer_[i]); };
      std::size_t length = byte(0) << 16 | byte(1) << 8 | byte(2);
      if (buffer_.size() < 9 + length) return;
      frames.push_back({byte(3), byte(4), unsigned(byte(5) << 24 | byte(6) << 16 | byte(7) << 8 | byte(8)),
                        buffer_.substr(9, length)});
      buffer_.erase(0, 9 + length);
      if (frames.back().type == headers) decoded[frames.back().stream].push_back(decode(frames.back().payload));
      if (frames.back().type == data) bodies[frames.back().stream] += frames.back().payload;
    }
  }
  // The error code of a GOAWAY or of a RST_STREAM; nullopt: none came.
  std::optional<unsigned> error(Type type, unsigned stream = 0) const {
    for (const Frame& f : frames)
      if (f.type == type && f.stream == stream) return static_cast<unsigned char>(f.payload[type == goaway ? 7 : 3]);
    return std::nullopt;
  }
  std::string status(unsigned stream) const {
    auto at = decoded.find(stream);
    return at == decoded.end() ? "" : field(at->second.front(), ":status");
  }

  FakeGateway& gateway_;
  std::shared_ptr<Pipe> pipe;
  std::vector<Frame> frames;
  std::map<unsigned, std::vector<Fields>> decoded;
  std::map<unsigned, std::string> bodies;

 private:
  Fields decode(const std::string& payload) {
    Fields out;
    auto* in = reinterpret_cast<const std::uint8_t*>(payload.data());
    std::size_t left = payload.size();
    for (;;) {
      nghttp2_nv nv;
      int flags = 0;
      auto n = nghttp2_hd_inflate_hd2(inflater_, &nv, &flags, in, left, 1);
      REQUIRE(n >= 0);
      in += n, left -= static_cast<std::size_t>(n);
      if (flags & NGHTTP2_HD_INFLATE_EMIT)
        out.emplace_back(std::string(reinterpret_cast<char*>(nv.name), nv.namelen),
                         std::string(reinterpret_cast<char*>(nv.value), nv.valuelen));
      if (flags & NGHTTP2_HD_INFLATE_FINAL) break;
    }
    nghttp2_hd_inflate_end_headers(inflater_);
    return out;
  }
  nghttp2_hd_inflater* inflater_ = nullptr;
  std::string buffer_;
};

const Fields get{{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a.example"}};
const Fields post{{":method", "POST"}, {":scheme", "http"}, {":path", "/"}, {":authority", "a.example"}};

Fields with(Fields fields, const std::string& name, const std::string& value) {
  for (auto& [n, v] : fields)
    if (n == name && n[0] == ':') return v = value, fields;
  fields.emplace_back(name, value);
  return fields;
}
Fields without(Fields fields, const std::string& name) {
  std::erase_if(fields, [&](const auto& f) { return f.first == name; });
  return fields;
}

std::string at_backend(FakeGateway& gateway, std::size_t i = 0) {
  return i < gateway.network.opened.size() ? gateway.network.opened[i].pipe->from_gateway : "";
}

void answer(FakeGateway& gateway, std::size_t i, const std::string& bytes) {
  FakeGateway::send(*gateway.network.opened[i].pipe, bytes);
  gateway.settle();
}

}  // namespace

TEST_CASE("an HTTP/2 request and its answer over an HTTP/1 backend") {
  FakeGateway gateway(wire_world(wire_route()));
  H2 client(gateway);
  client.request(1, with(with(with(get, "cookie", "a=1"), "cookie", "b=2"), "te", "trailers"));
  CHECK(at_backend(gateway) ==
        "GET / HTTP/1.1\r\nHost: a.example\r\ncookie: a=1; b=2\r\nX-Forwarded-For: 192.0.2.7\r\n"
        "X-Forwarded-Proto: http\r\nX-Forwarded-Host: a.example\r\nTE: trailers\r\nConnection: TE\r\n\r\n");
  answer(gateway, 0,
         "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
         "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nKeep-Alive: x\r\nX-A: 1\r\n\r\nok");
  client.read();
  REQUIRE(client.decoded[1].size() == 2);
  CHECK(field(client.decoded[1][0], ":status") == "103");
  CHECK(field(client.decoded[1][0], "link") == "</a>");
  CHECK(field(client.decoded[1][1], ":status") == "200");
  CHECK(field(client.decoded[1][1], "content-length") == "2");
  CHECK(field(client.decoded[1][1], "x-a") == "1");
  CHECK(field(client.decoded[1][1], "keep-alive").empty());
  CHECK(client.bodies[1] == "ok");
}

TEST_CASE("gRPC: trailers arrive as trailers, in both directions and from a failed call") {
  FakeGateway gateway(wire_world(wire_route()));
  H2 client(gateway);
  client.request(1, with(with(post, "content-type", "application/grpc"), "te", "trailers"), false);
  client.send(frame(data, 0, 1, std::string("\0\0\0\0\1x", 6)));
  client.send(frame(headers, end_headers | end_stream, 1, block({{"x-sum", "7"}})));
  CHECK(at_backend(gateway).ends_with(std::string("6\r\n\0\0\0\0\1x\r\n0\r\nx-sum: 7\r\n\r\n", 26)));
  answer(gateway, 0,
         "HTTP/1.1 200 OK\r\nContent-Type: application/grpc\r\nTransfer-Encoding: chunked\r\n\r\n"
         "3\r\nabc\r\n0\r\nGrpc-Status: 5\r\nGrpc-Message: no\r\n\r\n");
  client.read();
  REQUIRE(client.decoded[1].size() == 2);
  CHECK(client.bodies[1] == "abc");
  CHECK(field(client.decoded[1][1], "grpc-status") == "5");
  CHECK(field(client.decoded[1][1], "grpc-message") == "no");
  CHECK((client.frames.back().flags & end_stream) != 0);
}

TEST_CASE("downgrade: nothing of an HTTP/2 request can change the framing of the HTTP/1 one") {
  const std::vector<std::pair<std::string, Fields>> hostile{
      {"CRLF in a value", with(get, "x-a", "b\r\nx-evil: 1")},
      {"LF in a value", with(get, "x-a", "b\nx-evil: 1")},
      {"CR in a value", with(get, "x-a", "b\rx-evil: 1")},
      {"NUL in a value", with(get, "x-a", std::string("b\0c", 3))},
      {"control character in a value", with(get, "x-a",
                                            "b\x01"
                                            "c")},
      {"white space around a value", with(get, "x-a", " b")},
      {"white space after a value", with(get, "x-a", "b ")},
      {"CRLF in a name", with(get, "x-a: b\r\nx-evil", "1")},
      {"colon in a name", with(get, "x-a: b", "1")},
      {"space in a name", with(get, "x a", "1")},
      {"empty name", with(get, "", "1")},
      {"upper case name", with(get, "X-Up", "1")},
      {"8-bit name", with(get, "x-\xe9", "1")},
      {"CRLF in the path", with(get, ":path", "/ HTTP/1.1\r\nx-evil: 1\r\nx: ")},
      {"space in the path", with(get, ":path", "/a b")},
      {"fragment", with(get, ":path", "/a#b")},
      {"path without slash", with(get, ":path", "a")},
      {"empty path", with(get, ":path", "")},
      {"absolute path", with(get, ":path", "http://evil/")},
      {"* with GET", with(get, ":path", "*")},
      {"CRLF in the method", with(get, ":method", "GET / HTTP/1.1\r\n\r\nGET")},
      {"space in the method", with(get, ":method", "GET /x")},
      {"PRI", with(get, ":method", "PRI")},
      {"CONNECT", without(without(with(get, ":method", "CONNECT"), ":path"), ":scheme")},
      {"CRLF in the authority", with(get, ":authority", "a\r\nx-evil: 1")},
      {"user in the authority", with(get, ":authority", "u@a.example")},
      {"bad scheme", with(get, ":scheme", "ht tp")},
      {"Transfer-Encoding", with(post, "transfer-encoding", "chunked")},
      {"Connection", with(get, "connection", "close, x-a")},
      {"Upgrade", with(get, "upgrade", "websocket")},
      {"two lengths", with(with(post, "content-length", "5"), "content-length", "6")},
      {"a length that is not a number", with(post, "content-length", "+5")},
      {"a length without a body", with(get, "content-length", "5")},
      {"two paths",
       [] {
         Fields f = get;
         f.emplace_back(":path", "/2");
         return f;
       }()},
      {"pseudo field after a field",
       [] {
         Fields f = get;
         f.insert(f.begin(), {"x", "1"});
         return f;
       }()},
      {"unknown pseudo field", with(get, ":foo", "1")},
      {"status", with(get, ":status", "200")},
      {"no path", without(get, ":path")},
      {"no method", without(get, ":method")},
      {"no scheme", without(get, ":scheme")},
      {"another Host", with(get, "host", "b.example")},
      {"neither authority nor Host", without(get, ":authority")},
      {"two Hosts", with(with(without(get, ":authority"), "host", "a"), "host", "b")},
  };
  for (const auto& [what, fields] : hostile) {
    const auto& name = what;
    CAPTURE(name);
    FakeGateway gateway(wire_world(wire_route()));
    H2 client(gateway);
    client.request(1, fields);
    CHECK(gateway.network.opened.empty());
    std::string status = client.status(1);
    CHECK((status.empty() ? client.error(rst, 1) || client.error(goaway) : status[0] == '4' || status == "501"));
  }
}

TEST_CASE("a body that is not what its content-length says never completes the backend's request") {
  for (bool more : {false, true}) {
    FakeGateway gateway(wire_world(wire_route()));
    H2 client(gateway);
    client.request(1, with(post, "content-length", more ? "2" : "10"), false);
    client.send(frame(data, end_stream, 1, "hello"));
    CHECK(client.error(rst, 1) == 1u);
    REQUIRE(gateway.network.opened.size() == 1);
    CHECK(gateway.network.opened[0].pipe->gateway_gone);
    if (more) CHECK(at_backend(gateway).ends_with("\r\n\r\n"));
  }
}

TEST_CASE("floods end in GOAWAY, within the burst and without work for the backend") {
  struct Flood {
    std::string what;
    std::function<std::string(unsigned)> once;
    unsigned most;  // frames until the connection must be over
  };
  std::string request = block(get);
  const std::vector<Flood> floods{
      {"rapid reset",
       [&](unsigned i) {
         return frame(headers, end_headers | end_stream, 2 * i + 1, request) + frame(rst, 0, 2 * i + 1, number(8, 4));
       },
       2000},
      {"resets that we are made to send",
       [&](unsigned i) {
         return frame(headers, end_headers | end_stream, 2 * i + 1, request) +
                frame(window, 0, 2 * i + 1, number(0x7fffffff, 4));
       },
       2000},
      {"PING", [](unsigned) { return frame(ping, 0, 0, "12345678"); }, 2000},
      {"SETTINGS", [](unsigned) { return frame(settings, 0, 0, number(4, 2) + number(65535, 4)); }, 2000},
      {"PRIORITY", [](unsigned i) { return frame(priority, 0, 2 * i + 1, number(0, 4) + "\x0f"); }, 5000},
      {"unknown frames", [](unsigned) { return frame(0x77, 0, 0, "xxxxxxxxxx"); }, 2000},
      {"WINDOW_UPDATE", [](unsigned) { return frame(window, 0, 0, number(1, 4)); }, 40000},
      {"empty CONTINUATION",
       [&](unsigned i) { return i ? frame(continuation, 0, 1) : frame(headers, end_stream, 1, request); }, 2000},
      {"empty DATA", [](unsigned i) { return i ? frame(data, 0, 1) : frame(headers, end_headers, 1, block(post)); },
       2000},
  };
  for (const Flood& flood : floods) {
    CAPTURE(flood.what);
    FakeGateway gateway(wire_world(wire_route()));
    H2 client(gateway);
    unsigned sent = 0;
    while (sent < flood.most && !client.pipe->gateway_gone) {
      std::string burst;
      for (unsigned i = 0; i < 50; ++i) burst += flood.once(sent++);
      client.send(burst);
    }
    CHECK(client.pipe->gateway_gone);
    CHECK(client.error(goaway).value_or(0) != 0);
    std::size_t open = 0;
    for (const auto& o : gateway.network.opened) open += !o.pipe->gateway_gone;
    CHECK(open <= 100);
    CHECK(client.pipe->from_gateway.size() < 200'000);
  }
}

TEST_CASE("a stream counts until its backend is cancelled: at most 100 in flight") {
  FakeGateway gateway(wire_world(wire_route()));
  H2 client(gateway);
  for (unsigned i = 0; i < 150; ++i) client.request(2 * i + 1, get);
  std::size_t open = 0;
  for (const auto& o : gateway.network.opened) open += !o.pipe->gateway_gone;
  CHECK(open == 100);
  CHECK(client.error(rst, 2 * 120 + 1) == 7u);  // REFUSED_STREAM: may be tried again
}

TEST_CASE("windows that stay shut are given up after ten seconds") {
  FakeGateway gateway(wire_world(wire_route()));
  H2 client(gateway, number(4, 2) + number(0, 4));  // INITIAL_WINDOW_SIZE 0
  client.request(1, get);
  answer(gateway, 0, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  gateway.wait(std::chrono::seconds(9));
  client.read();
  CHECK(client.status(1) == "200");
  CHECK(!client.error(rst, 1));
  gateway.wait(std::chrono::seconds(7));
  client.read();
  CHECK(client.error(rst, 1));
}

TEST_CASE("field lists are bounded while they are decoded") {
  FakeGateway gateway(wire_world(wire_route()));
  H2 client(gateway);
  Fields many = get;
  for (int i = 0; i < 200; ++i) many.emplace_back("x-" + std::to_string(i), "v");
  client.request(1, many);
  CHECK(client.status(1) == "431");
  CHECK(gateway.network.opened.empty());
}

TEST_CASE("a stream that the client reset is closed for it") {
  FakeGateway gateway(wire_world(wire_route()));
  H2 client(gateway);
  client.request(1, post, false);
  client.send(frame(rst, 0, 1, number(8, 4)));
  CHECK(gateway.network.opened.at(0).pipe->gateway_gone);
  client.request(1, post, false);
  CHECK(client.error(goaway) == 5u);  // STREAM_CLOSED
  H2 other(gateway);
  other.request(1, post, false);
  other.send(frame(rst, 0, 1, number(8, 4)));
  other.send(frame(data, 0, 1, "x"));
  CHECK(other.error(goaway) == 5u);
}

TEST_CASE("drain: GOAWAY at once, what is in flight is finished") {
  FakeGateway gateway(wire_world(wire_route()));
  H2 client(gateway);
  client.request(1, get);
  gateway.worker.drain();
  gateway.settle();
  client.read();
  CHECK(client.error(goaway) == 0u);
  CHECK(!client.pipe->gateway_gone);
  answer(gateway, 0, "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
  client.read();
  CHECK(client.bodies[1] == "ok");
  CHECK(client.pipe->gateway_gone);
}
