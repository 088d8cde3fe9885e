// Back-pressure always resumes: a body arrives whole over every pair of protocols, in both directions, in pieces of one
// byte to one megabyte, however slowly its reader reads.
#include <doctest/doctest.h>
#include <nghttp2/nghttp2.h>

#include <cstring>

#include "runtime/h1_parse.h"
#include "tests/wire.h"

using namespace gw;
using namespace gw::test;

namespace {

enum class Version { h1, h2 };

// The test's end of a connection, client or backend: sends one body, takes the other side's.
class End {
 public:
  explicit End(std::shared_ptr<Pipe> pipe) : pipe_(std::move(pipe)) {}
  virtual ~End() = default;
  End(const End&) = delete;
  End& operator=(const End&) = delete;

  virtual void begin(bool client, bool has_body) = 0;  // the head
  virtual void piece(std::size_t size) = 0;            // of the body
  virtual void end() = 0;
  // Takes `speed` bytes off the wire; false when nothing moved.
  bool turn(std::size_t speed) {
    std::string bytes = FakeGateway::received(*pipe_);
    if (!bytes.empty()) take(bytes);
    if (pipe_->room < speed) {
      pipe_->room = speed;
      pipe_->tell({.writable = true});
    }
    return !bytes.empty();
  }
  void slow_down(std::size_t speed) { pipe_->room = speed; }

  std::size_t got = 0;
  bool complete = false;

 protected:
  virtual void take(std::string_view bytes) = 0;
  std::shared_ptr<Pipe> pipe_;
};

class H1End : public End {
 public:
  using End::End;
  void begin(bool client, bool has_body) override {
    FakeGateway::send(*pipe_, std::string(!client    ? "HTTP/1.1 200 OK\r\n"
                                          : has_body ? "POST / HTTP/1.1\r\nHost: a\r\n"
                                                     : "GET / HTTP/1.1\r\nHost: a\r\n") +
                                  (has_body ? "Transfer-Encoding: chunked\r\n\r\n"
                                   : client ? "\r\n"
                                            : "Content-Length: 0\r\n\r\n"));
  }
  void piece(std::size_t size) override {
    char head[24];
    std::snprintf(head, sizeof head, "%zx\r\n", size);
    FakeGateway::send(*pipe_, head + std::string(size, 'x') + "\r\n");
  }
  void end() override { FakeGateway::send(*pipe_, "0\r\n\r\n"); }

 protected:
  void take(std::string_view bytes) override {
    text_.append(bytes);
    if (!in_body_) {
      auto at = text_.find("\r\n\r\n");
      if (at == text_.npos) return;
      const bool chunked = text_.substr(0, at).find("Transfer-Encoding: chunked") != std::string::npos;
      text_.erase(0, at + 4);
      in_body_ = true;
      body_.start(chunked ? runtime::Framing::chunked : runtime::Framing::none, 0);
    }
    std::size_t used = 0;
    while (!body_.done()) {
      auto step = body_.next(std::string_view(text_).substr(used));
      REQUIRE_FALSE(step.bad);
      got += step.data.size();
      used += step.taken;
      if (!step.taken) break;
    }
    text_.erase(0, used);
    complete = body_.done();
  }

 private:
  std::string text_;
  bool in_body_ = false;
  runtime::BodyDecoder body_;
};

class H2End : public End {
 public:
  H2End(std::shared_ptr<Pipe> pipe, bool client) : End(std::move(pipe)) {
    nghttp2_session_callbacks* c = nullptr;
    nghttp2_session_callbacks_new(&c);
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        c, [](nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t*, std::size_t size, void* me) {
          static_cast<H2End*>(me)->got += size;
          return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(c, [](nghttp2_session*, const nghttp2_frame* f, void* me) {
      if (f->hd.flags & NGHTTP2_FLAG_END_STREAM && f->hd.type <= NGHTTP2_HEADERS)
        static_cast<H2End*>(me)->complete = true;
      return 0;
    });
    if (client)
      nghttp2_session_client_new(&session_, c, this);
    else
      nghttp2_session_server_new(&session_, c, this);
    nghttp2_session_callbacks_del(c);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
    flush();
  }
  ~H2End() override { nghttp2_session_del(session_); }

  void begin(bool client, bool has_body) override {
    nghttp2_data_provider provider{};
    provider.source.ptr = this;
    provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t size,
                                std::uint32_t* flags, nghttp2_data_source* source,
                                void*) { return static_cast<H2End*>(source->ptr)->produce(to, size, flags); };
    if (client) {
      nghttp2_nv list[] = {nv(":method", has_body ? "POST" : "GET"), nv(":scheme", "http"), nv(":authority", "a"),
                           nv(":path", "/")};
      nghttp2_submit_request(session_, nullptr, list, 4, has_body ? &provider : nullptr, nullptr);
    } else {
      nghttp2_nv list[] = {nv(":status", "200")};
      nghttp2_submit_response(session_, 1, list, 1, has_body ? &provider : nullptr);
    }
    flush();
  }
  void piece(std::size_t size) override {
    left_ += size;
    nghttp2_session_resume_data(session_, 1);
    flush();
  }
  void end() override {
    ended_ = true;
    nghttp2_session_resume_data(session_, 1);
    flush();
  }
  // As a backend: an answer of `size` bytes without an end.
  void answer(std::int32_t stream, std::size_t size) {
    nghttp2_data_provider provider{};
    provider.source.ptr = this;
    provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t most,
                                std::uint32_t* flags, nghttp2_data_source* source,
                                void*) { return static_cast<H2End*>(source->ptr)->produce(to, most, flags); };
    left_ = size;
    nghttp2_nv list[] = {nv(":status", "200")};
    nghttp2_submit_response(session_, stream, list, 1, &provider);
    flush();
  }
  std::int32_t connection_window() const { return nghttp2_session_get_remote_window_size(session_); }

 protected:
  void take(std::string_view bytes) override {
    REQUIRE(nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size()) >= 0);
    flush();
  }

 private:
  static nghttp2_nv nv(const char* name, const char* value) {
    return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name)),
            reinterpret_cast<std::uint8_t*>(const_cast<char*>(value)), std::strlen(name), std::strlen(value), 0};
  }
  ssize_t produce(std::uint8_t* to, std::size_t size, std::uint32_t* flags) {
    std::size_t n = std::min(size, left_);
    std::memset(to, 'x', n);
    left_ -= n;
    if (!left_ && ended_) *flags |= NGHTTP2_DATA_FLAG_EOF;
    return n || ended_ ? static_cast<ssize_t>(n) : static_cast<ssize_t>(NGHTTP2_ERR_DEFERRED);
  }
  void flush() {
    const std::uint8_t* data = nullptr;
    while (auto n = nghttp2_session_mem_send(session_, &data))
      FakeGateway::send(*pipe_, {reinterpret_cast<const char*>(data), static_cast<std::size_t>(n)});
  }
  bool ended_ = false;
  std::size_t left_ = 0;
  nghttp2_session* session_ = nullptr;
};

std::unique_ptr<End> make_end(Version version, std::shared_ptr<Pipe> pipe, bool client) {
  if (version == Version::h2) return std::make_unique<H2End>(std::move(pipe), client);
  return std::make_unique<H1End>(std::move(pipe));
}

struct Way {
  Version client, backend;
  bool up;            // client to backend
  std::size_t piece;  // bytes
  std::size_t speed;  // bytes the reader takes at a time
  bool at_once;       // all pieces are there before the reader reads; or one by one
};

// One body from end to end; what arrived.
std::size_t stream_through(const Way& way, std::size_t size, bool& complete) {
  FakeGateway gateway(
      wire_world(wire_route(way.backend == Version::h2 ? "  - backendRefs: [{name: one, port: 81}]\n"
                                                       : "  - backendRefs: [{name: one, port: 80}]\n")));
  auto client = make_end(way.client, gateway.client(), true);
  client->begin(true, way.up);
  gateway.settle();
  REQUIRE(gateway.network.opened.size() == 1);
  auto backend = make_end(way.backend, gateway.network.opened[0].pipe, false);
  gateway.settle();
  backend->turn(~std::size_t{0});
  gateway.settle();
  if (!way.up) backend->begin(false, true);
  gateway.settle();
  End& from = way.up ? *client : *backend;
  End& to = way.up ? *backend : *client;
  to.slow_down(way.speed);
  const auto turn = [&] {
    gateway.settle();
    bool moved = to.turn(way.speed);
    moved |= from.turn(~std::size_t{0});
    gateway.settle();
    return moved;
  };
  for (std::size_t sent = 0; sent < size; sent += way.piece) {
    from.piece(std::min(way.piece, size - sent));
    if (!way.at_once && (sent / way.piece) % 64 == 0) turn();
  }
  from.end();
  for (int still = 0; still < 3 && !to.complete;) still = turn() ? 0 : still + 1;
  complete = to.complete;
  return to.got;
}

}  // namespace

TEST_CASE("a pause ends for whoever was told to wait, however the bytes came and went") {
  runtime::Outbox out;
  out.append(std::string(runtime::Outbox::high_water, 'x'));
  CHECK_FALSE(out.resumes());  // nobody asked
  CHECK(out.full());
  CHECK(out.paused());
  out.taken(1);
  CHECK_FALSE(out.full());
  CHECK_FALSE(out.resumes());  // not yet empty
  SUBCASE("taken piece by piece") {
    out.taken(out.size());
  }
  SUBCASE("put another in its place") {
    out.replace("");
  }
  SUBCASE("begun anew") {
    out.rewind(0);
  }
  CHECK(out.resumes());
  CHECK_FALSE(out.resumes());  // once
}

TEST_CASE("a body arrives whole over every pair of protocols, direction, size of pieces and speed of its reader") {
  for (Version client : {Version::h1, Version::h2})
    for (Version backend : {Version::h1, Version::h2})
      for (bool up : {false, true})
        for (std::size_t piece : {1, 17, 1000, 4000, 8191, 8192, 16384, 65535, 65536, 1 << 20})
          for (std::size_t speed : {1460, 40'000, 300'000, 1 << 30})
            for (bool at_once : {false, true}) {
              const Way way{client, backend, up, piece, speed, at_once};
              const std::size_t size = piece == 1 ? 120'000 : std::max<std::size_t>(400'000, piece * 3 / 2);
              CAPTURE(client == Version::h2);
              CAPTURE(backend == Version::h2);
              CAPTURE(up);
              CAPTURE(piece);
              CAPTURE(speed);
              CAPTURE(at_once);
              bool complete = false;
              CHECK(stream_through(way, size, complete) == size);
              CHECK(complete);
            }
}

TEST_CASE("downloads that their clients leave in the middle do not use up the window of a shared HTTP/2 backend") {
  FakeGateway gateway(wire_world(wire_route("  - backendRefs: [{name: one, port: 81}]\n")));
  std::unique_ptr<H2End> backend;
  for (int i = 0; i < 40; ++i) {
    auto pipe = gateway.client();
    FakeGateway::send(*pipe, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    pipe->room = 0;
    gateway.settle();
    REQUIRE(gateway.network.opened.size() == 1);
    if (!backend) backend = std::make_unique<H2End>(gateway.network.opened[0].pipe, false);
    backend->turn(~std::size_t{0});
    gateway.settle();
    backend->answer(1 + 2 * i, 250'000);
    gateway.settle();
    FakeGateway::reset(*pipe);
    gateway.settle();
    backend->turn(~std::size_t{0});
    gateway.settle();
  }
  CHECK(backend->connection_window() > 1'000'000);
}
