// Filters of type ExternalAuth: what the service is asked, what its consent changes, and that without it no request
// reaches a backend, whatever the service does, wherever the filter stands, over HTTP and over ext_authz.
#include "runtime/authorization.h"

#include <doctest/doctest.h>
#include <nghttp2/nghttp2.h>

#include <cstring>
#include <functional>

#include "runtime/h1_parse.h"
#include "tests/wire.h"

using namespace gw;
using namespace gw::test;

namespace {

// ---- the test's own protobuf, written apart from the program's

std::string proto(unsigned field, const std::string& bytes) {
  std::string out(1, static_cast<char>(field << 3 | 2));
  std::size_t size = bytes.size();
  for (; size >= 0x80; size >>= 7) out += static_cast<char>(size | 0x80);
  return out + static_cast<char>(size) + bytes;
}
std::string proto(unsigned field, unsigned number) {  // below 16384
  std::string out(1, static_cast<char>(field << 3));
  if (number >= 0x80) out += static_cast<char>(number | 0x80), number >>= 7;
  return out + static_cast<char>(number);
}
std::string header(const std::string& name, const std::string& value) {
  return proto(1, proto(1, name) + proto(2, value));
}
std::string framed(const std::string& message) {
  std::string out(5, '\0');
  for (std::size_t i = 0; i < 4; ++i) out[4 - i] = static_cast<char>(message.size() >> 8 * i & 0xff);
  return out + message;
}

// ---- peers of the gateway: an HTTP/1 server and a gRPC server over memory

struct Asked {
  std::string head, body;
};
using Answer = std::function<std::string(const Asked&)>;  // "": says nothing; "close": closes

class H1Server {
 public:
  H1Server(std::shared_ptr<Pipe> pipe, Answer answer) : pipe_(std::move(pipe)), answer_(std::move(answer)) {}
  bool turn() {
    text_ += FakeGateway::received(*pipe_);
    const auto end = text_.find("\r\n\r\n");
    if (end == text_.npos) return false;
    const auto length = text_.find("Content-Length: ");
    const bool chunked = text_.substr(0, end).find("Transfer-Encoding: chunked") != text_.npos;
    runtime::BodyDecoder body;
    body.start(chunked ? runtime::Framing::chunked : runtime::Framing::length,
               length < end ? std::stoul(text_.substr(length + 16)) : 0);
    Asked asked{text_.substr(0, end + 2), {}};
    std::size_t used = end + 4;
    while (!body.done()) {
      const auto step = body.next(std::string_view(text_).substr(used));
      REQUIRE_FALSE(step.bad);
      asked.body += step.data;
      used += step.taken;
      if (!step.taken && !body.done()) return false;
    }
    text_.erase(0, used);
    const std::string reply = answer_(asked);
    if (reply == "close")
      FakeGateway::finish(*pipe_);
    else
      FakeGateway::send(*pipe_, reply);
    if (reply.find("Connection: close") != reply.npos) FakeGateway::finish(*pipe_);
    return true;
  }

 private:
  std::shared_ptr<Pipe> pipe_;
  Answer answer_;
  std::string text_;
};

// What a gRPC call is answered with.
struct Call {
  std::string frames, grpc_status = "0", http_status = "200";
  bool silent = false, reset = false;
};

class GrpcServer {
 public:
  GrpcServer(std::shared_ptr<Pipe> pipe, std::function<Call(const Asked&)> answer)
      : pipe_(std::move(pipe)), answer_(std::move(answer)) {
    nghttp2_session_callbacks* c = nullptr;
    nghttp2_session_callbacks_new(&c);
    nghttp2_session_callbacks_set_on_header_callback(
        c, [](nghttp2_session*, const nghttp2_frame*, const std::uint8_t* name, std::size_t n,
              const std::uint8_t* value, std::size_t v, std::uint8_t, void* me) {
          static_cast<GrpcServer*>(me)->asked_.head += std::string(reinterpret_cast<const char*>(name), n) + ": " +
                                                       std::string(reinterpret_cast<const char*>(value), v) + "\n";
          return 0;
        });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        c, [](nghttp2_session*, std::uint8_t, std::int32_t, const std::uint8_t* data, std::size_t size, void* me) {
          static_cast<GrpcServer*>(me)->asked_.body.append(reinterpret_cast<const char*>(data), size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(c, [](nghttp2_session*, const nghttp2_frame* f, void* me) {
      if (f->hd.flags & NGHTTP2_FLAG_END_STREAM && f->hd.type <= NGHTTP2_HEADERS)
        static_cast<GrpcServer*>(me)->called(f->hd.stream_id);
      return 0;
    });
    nghttp2_session_server_new(&session_, c, this);
    nghttp2_session_callbacks_del(c);
    nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, nullptr, 0);
    flush();
  }
  ~GrpcServer() { nghttp2_session_del(session_); }
  GrpcServer(const GrpcServer&) = delete;
  GrpcServer& operator=(const GrpcServer&) = delete;

  bool turn() {
    const std::string bytes = FakeGateway::received(*pipe_);
    if (bytes.empty()) return false;
    nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
    flush();
    return true;
  }

 private:
  static nghttp2_nv nv(const char* name, const std::string& value) {
    return {reinterpret_cast<std::uint8_t*>(const_cast<char*>(name)),
            reinterpret_cast<std::uint8_t*>(const_cast<char*>(value.data())), std::strlen(name), value.size(), 0};
  }
  void called(std::int32_t stream) {
    call_ = answer_(std::exchange(asked_, {}));
    if (call_.silent) return;
    if (call_.reset) {
      nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream, NGHTTP2_INTERNAL_ERROR);
      return;
    }
    nghttp2_data_provider provider{};
    provider.source.ptr = this;
    provider.read_callback = [](nghttp2_session* session, std::int32_t id, std::uint8_t* to, std::size_t most,
                                std::uint32_t* flags, nghttp2_data_source* source, void*) {
      auto* me = static_cast<GrpcServer*>(source->ptr);
      const std::size_t n = std::min(most, me->call_.frames.size());
      std::memcpy(to, me->call_.frames.data(), n);
      me->call_.frames.erase(0, n);
      if (!me->call_.frames.empty()) return static_cast<ssize_t>(n);
      *flags |= NGHTTP2_DATA_FLAG_EOF | NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const nghttp2_nv trailers[] = {nv("grpc-status", me->call_.grpc_status)};
      nghttp2_submit_trailer(session, id, trailers, 1);
      return static_cast<ssize_t>(n);
    };
    const std::string type = "application/grpc";
    const nghttp2_nv head[] = {nv(":status", call_.http_status), nv("content-type", type)};
    nghttp2_submit_response(session_, stream, head, 2, &provider);
  }
  void flush() {
    const std::uint8_t* data = nullptr;
    while (auto n = nghttp2_session_mem_send(session_, &data))
      FakeGateway::send(*pipe_, {reinterpret_cast<const char*>(data), static_cast<std::size_t>(n)});
  }
  std::shared_ptr<Pipe> pipe_;
  std::function<Call(const Asked&)> answer_;
  nghttp2_session* session_ = nullptr;
  Asked asked_;
  Call call_;
};

// ---- a gateway with a backend and an authorization service

constexpr const char* authorizer =
    "apiVersion: v1\nkind: Service\nmetadata: {name: auth, namespace: default, annotations: {gwctl.dev/endpoints: "
    "\"10.0.0.9:80\"}}\nspec: {ports: [{name: h1, port: 80}, {name: h2, port: 81}]}\n---\n";

std::string filter(bool grpc, const std::string& more, const std::string& service = "auth") {
  return std::string("{type: ExternalAuth, externalAuth: {protocol: ") + (grpc ? "GRPC" : "HTTP") +
         ", backendRef: {name: " + service + ", port: " + (grpc ? "81" : "80") + "}" + more + "}}";
}

class World {
 public:
  explicit World(const std::string& yaml) : gateway_(yaml) {}

  // What a client gets for a request; the backend and the service do their part.
  std::string ask(const std::string& request, bool wait = false) {
    auto client = gateway_.client();
    std::string reply;
    FakeGateway::send(*client, request);
    for (int idle = 0; idle < 3;) {
      gateway_.settle();
      bool moved = serve();
      const std::string bytes = FakeGateway::received(*client);
      reply += bytes;
      idle = moved || !bytes.empty() ? 0 : idle + 1;
      if (idle == 2 && wait && reply.empty()) gateway_.wait(std::chrono::seconds(6));
    }
    FakeGateway::finish(*client);
    gateway_.settle();
    return reply;
  }

  std::vector<Asked> at_backend, at_service;
  Answer service = [](const Asked&) { return std::string("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"); };
  std::function<Call(const Asked&)> grpc = [](const Asked&) { return Call{framed(proto(1, ""))}; };
  bool refused = false;
  FakeGateway& gateway() { return gateway_; }

 private:
  bool serve() {
    bool moved = false;
    auto& opened = gateway_.network.opened;
    for (; seen_ < opened.size(); ++seen_) {
      const auto& [to, pipe] = opened[seen_];
      if (to != "10.0.0.9:80") {
        plain_.push_back(std::make_unique<H1Server>(pipe, [this](const Asked& asked) {
          at_backend.push_back(asked);
          return std::string("HTTP/1.1 200 OK\r\nX-Backend: yes\r\nContent-Length: 2\r\n\r\nok");
        }));
      } else if (over_grpc) {
        calls_.push_back(std::make_unique<GrpcServer>(pipe, [this](const Asked& asked) {
          at_service.push_back(asked);
          return grpc(asked);
        }));
      } else {
        plain_.push_back(std::make_unique<H1Server>(pipe, [this](const Asked& asked) {
          at_service.push_back(asked);
          return service(asked);
        }));
      }
      moved = true;
    }
    for (auto& each : plain_) moved |= each->turn();
    for (auto& each : calls_) moved |= each->turn();
    return moved;
  }

 public:
  bool over_grpc = false;

 private:
  FakeGateway gateway_;
  std::size_t seen_ = 0;
  std::vector<std::unique_ptr<H1Server>> plain_;
  std::vector<std::unique_ptr<GrpcServer>> calls_;
};

std::string rules_with(const std::string& filters) {
  return wire_world(authorizer +
                    wire_route("  - filters: [" + filters + "]\n    backendRefs: [{name: one, port: 80}]\n"));
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != text.npos;
}

std::string status_of(const std::string& reply) {
  return reply.size() > 12 ? reply.substr(9, 3) : "none";
}

constexpr const char* get =
    "GET /cart?x=1 HTTP/1.1\r\nHost: a.example.com\r\nAuthorization: Bearer t\r\n"
    "Cookie: s=1\r\nX-User: mallory\r\n\r\n";

}  // namespace

TEST_CASE("HTTP: the service gets method, path, host and credentials, and what its list names; nothing else") {
  World world(rules_with(filter(false, ", http: {path: /check, allowedHeaders: [cookie]}")));
  CHECK(status_of(world.ask(get)) == "200");
  REQUIRE(world.at_service.size() == 1);
  const std::string& head = world.at_service[0].head;
  CHECK(head.starts_with("GET /check/cart?x=1 HTTP/1.1\r\nHost: a.example.com\r\n"));
  CHECK(has(head, "Authorization: Bearer t\r\n"));
  CHECK(has(head, "Cookie: s=1\r\n"));
  CHECK(has(head, "Content-Length: 0\r\n"));
  CHECK_FALSE(has(head, "X-User"));
  REQUIRE(world.at_backend.size() == 1);
  CHECK(has(world.at_backend[0].head, "GET /cart?x=1 HTTP/1.1\r\n"));
}

TEST_CASE("HTTP: fields of the consent take the place of the client's") {
  const auto consent = [](const Asked&) {
    return std::string(
        "HTTP/1.1 200 OK\r\nX-User: alice\r\nX-Group: a\r\nX-Group: b\r\nHost: evil\r\n"
        "Content-Type: text/x\r\nContent-Length: 2\r\n\r\nok");
  };
  World all(rules_with(filter(false, ", http: {}")));
  all.service = consent;
  all.ask(get);
  REQUIRE(all.at_backend.size() == 1);
  const std::string& head = all.at_backend[0].head;
  CHECK(has(head, "X-User: alice\r\n"));
  CHECK_FALSE(has(head, "mallory"));
  CHECK(has(head, "X-Group: a\r\nX-Group: b\r\n"));
  CHECK_FALSE(has(head, "evil"));
  CHECK_FALSE(has(head, "text/x"));

  World some(rules_with(filter(false, ", http: {allowedResponseHeaders: [X-Group]}")));
  some.service = consent;
  some.ask(get);
  REQUIRE(some.at_backend.size() == 1);
  CHECK(has(some.at_backend[0].head, "mallory"));  // as it came: the list leaves the service's out
  CHECK(has(some.at_backend[0].head, "X-Group: a\r\n"));
}

TEST_CASE("HTTP: a refusal is the service's own answer") {
  World world(rules_with(filter(false, ", http: {}")));
  world.service = [](const Asked&) {
    return std::string(
        "HTTP/1.1 302 Found\r\nLocation: https://login/?rd=x\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\n"
        "Content-Type: text/html\r\nContent-Length: 5\r\n\r\nlogin");
  };
  const std::string reply = world.ask(get);
  CHECK(status_of(reply) == "302");
  CHECK(has(reply, "Location: https://login/?rd=x\r\n"));
  CHECK(has(reply, "Set-Cookie: a=1\r\nSet-Cookie: b=2\r\n"));
  CHECK(reply.ends_with("\r\n\r\nlogin"));
  CHECK(world.at_backend.empty());
}

TEST_CASE("a body goes to the service up to maxSize, and whole to the backend after its consent") {
  const auto post = [](std::size_t size, bool chunked) {
    return std::string("POST / HTTP/1.1\r\nHost: a\r\n") +
           (chunked ? "Transfer-Encoding: chunked\r\n\r\n" : "Content-Length: " + std::to_string(size) + "\r\n\r\n");
  };
  for (const bool grpc : {false, true}) {
    CAPTURE(grpc);
    World world(
        rules_with(filter(grpc, std::string(grpc ? ", grpc: {}" : ", http: {}") + ", forwardBody: {maxSize: 10}")));
    world.over_grpc = grpc;
    CHECK(status_of(world.ask(post(10, false) + "0123456789")) == "200");
    CHECK(status_of(world.ask(post(0, true) + "4\r\nabcd\r\n2\r\nef\r\n0\r\n\r\n")) == "200");
    REQUIRE(world.at_service.size() == 2);
    CHECK(has(world.at_service[0].body, "0123456789"));
    CHECK(has(world.at_service[1].body, "abcdef"));
    REQUIRE(world.at_backend.size() == 2);
    CHECK(world.at_backend[0].body == "0123456789");
    CHECK(status_of(world.ask(post(11, false) + "0123456789a")) == "413");
    CHECK(status_of(world.ask(post(0, true) + "b\r\n0123456789a\r\n0\r\n\r\n")) == "413");
    CHECK(world.at_service.size() == 2);
    CHECK(world.at_backend.size() == 2);
  }
  World without(rules_with(filter(false, ", http: {}")));
  CHECK(status_of(without.ask(post(3, false) + "abc")) == "200");
  CHECK(has(without.at_service[0].head, "Content-Length: 0\r\n"));
  CHECK(without.at_service[0].body.empty());
  CHECK(without.at_backend[0].body == "abc");
}

TEST_CASE("a client that waits for 100-continue gets it when its body is wanted") {
  World world(rules_with(filter(false, ", http: {}, forwardBody: {maxSize: 10}")));
  auto client = world.gateway().client();
  FakeGateway::send(*client, "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  world.gateway().settle();
  CHECK(FakeGateway::received(*client).starts_with("HTTP/1.1 100 "));
  World refusing(rules_with(filter(false, ", http: {}")));
  refusing.service = [](const Asked&) { return std::string("HTTP/1.1 401 U\r\nContent-Length: 0\r\n\r\n"); };
  const std::string reply =
      refusing.ask("POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  CHECK(status_of(reply) == "401");
}

TEST_CASE("a listener's consent counts when a route is chosen, and stands before it") {
  std::string yaml = wire_world(
      std::string(authorizer) +
      wire_route("  - matches: [{headers: [{name: X-Team, value: red}]}]\n    backendRefs: [{name: other, port: 80}]\n"
                 "  - backendRefs: [{name: one, port: 80}]\n"));
  const std::string listener = "{name: http, port: 80, protocol: HTTP";
  yaml.replace(yaml.find(listener), listener.size(),
               listener + ", filters: {requests: [" + filter(false, ", http: {}") + "]}");
  World world(yaml);
  world.service = [](const Asked&) {
    return std::string("HTTP/1.1 200 OK\r\nX-Team: red\r\nContent-Length: 0\r\n\r\n");
  };
  CHECK(status_of(world.ask(get)) == "200");
  REQUIRE(world.gateway().network.opened.size() == 2);
  CHECK(world.gateway().network.opened[1].address == "10.0.0.2:80");
  world.service = [](const Asked&) { return std::string("HTTP/1.1 401 U\r\nContent-Length: 0\r\n\r\n"); };
  CHECK(status_of(world.ask("GET /nothing HTTP/1.1\r\nHost: b\r\n\r\n")) == "401");
}

TEST_CASE("ext_authz: the attributes of the request, and what a consent changes") {
  World world(rules_with(filter(true, ", grpc: {}")));
  world.over_grpc = true;
  world.grpc = [](const Asked&) {
    const std::string ok = proto(2, header("x-user", "alice")) + proto(5, "cookie") + proto(6, header("x-seen", "1"));
    return Call{framed(proto(1, "") + proto(3, ok))};
  };
  const std::string reply = world.ask(get);
  INFO(reply);
  CHECK(status_of(reply) == "200");
  CHECK(has(reply, "x-seen: 1\r\n"));
  REQUIRE(world.at_service.size() == 1);
  CHECK(has(world.at_service[0].head, ":path: /envoy.service.auth.v3.Authorization/Check\n"));
  CHECK(has(world.at_service[0].head, "content-type: application/grpc\n"));
  CHECK(has(world.at_service[0].head, "te: trailers\n"));
  const std::string& body = world.at_service[0].body;
  CHECK(body == framed(body.substr(5)));
  CHECK(has(body, proto(2, "GET")));
  CHECK(has(body, proto(4, "/cart?x=1")));
  CHECK(has(body, proto(5, "a.example.com")));
  CHECK(has(body, proto(3, proto(1, "authorization") + proto(2, "Bearer t"))));
  CHECK(has(body, proto(3, proto(1, "x-user") + proto(2, "mallory"))));
  CHECK(has(body, proto(2, "192.0.2.7")));
  REQUIRE(world.at_backend.size() == 1);
  CHECK(has(world.at_backend[0].head, "x-user: alice\r\n"));
  CHECK_FALSE(has(world.at_backend[0].head, "mallory"));
  CHECK_FALSE(has(world.at_backend[0].head, "Cookie"));

  World some(rules_with(filter(true, ", grpc: {allowedHeaders: [Cookie]}")));
  some.over_grpc = true;
  some.ask(get);
  CHECK(has(some.at_service[0].body, "cookie"));
  CHECK_FALSE(has(some.at_service[0].body, "authorization"));
}

TEST_CASE("ext_authz: a refusal with its status, headers and body") {
  World world(rules_with(filter(true, ", grpc: {}")));
  world.over_grpc = true;
  world.grpc = [](const Asked&) {
    const std::string denied =
        proto(1, proto(1, 401)) + proto(2, header("www-authenticate", "Basic")) + proto(3, "who?");
    return Call{framed(proto(1, proto(1, 16)) + proto(2, denied))};
  };
  const std::string reply = world.ask(get);
  CHECK(status_of(reply) == "401");
  CHECK(has(reply, "www-authenticate: Basic\r\n"));
  CHECK(reply.ends_with("who?"));
  world.grpc = [](const Asked&) { return Call{framed(proto(1, proto(1, 7)))}; };
  CHECK(status_of(world.ask(get)) == "403");
  CHECK(world.at_backend.empty());
}

TEST_CASE("ext_authz: bytes that are no answer are no consent") {
  const std::string good = proto(1, "") + proto(3, proto(2, header("x-user", "alice")));
  CHECK(runtime::check_response(good).allowed);
  for (std::size_t cut = 1; cut < good.size(); ++cut) {
    CAPTURE(cut);
    if (cut != 2) CHECK_FALSE(runtime::check_response(good.substr(0, cut)).allowed);  // 2: the status alone
  }
  CHECK_FALSE(runtime::check_response("").allowed);
  CHECK_FALSE(runtime::check_response(proto(1, "") + proto(2, "")).allowed);
  CHECK_FALSE(runtime::check_response(proto(1, "") + proto(3, proto(7, proto(1, "q")))).allowed);
  CHECK_FALSE(runtime::check_response(proto(1, "") + proto(3, proto(2, header("x y", "1")))).allowed);
  CHECK_FALSE(runtime::check_response(proto(1, "") + proto(3, proto(2, header("x", "1\r\ny: 2")))).allowed);
  const auto framing = runtime::check_response(proto(1, "") + proto(3, proto(2, header("content-length", "9"))));
  CHECK(framing.allowed);
  CHECK(framing.request.empty());
}

TEST_CASE("a service that does not answer in time, and a client that leaves meanwhile") {
  World world(rules_with(filter(false, ", http: {}")));
  world.service = [](const Asked&) { return std::string(); };
  CHECK(status_of(world.ask(get, true)) == "503");
  auto client = world.gateway().client();
  FakeGateway::send(*client, get);
  world.gateway().settle();
  FakeGateway::reset(*client);
  world.gateway().settle();
  CHECK(world.gateway().worker.open_clients() == 0);
  CHECK(world.at_backend.empty());
  World slow(
      wire_world(authorizer + wire_route("  - timeouts: {request: 1s}\n    filters: [" + filter(false, ", http: {}") +
                                         "]\n    backendRefs: [{name: one, port: 80}]\n")));
  slow.service = [](const Asked&) { return std::string(); };
  CHECK(status_of(slow.ask(get, true)) == "504");
}

// ---- every place, every protocol, everything that a service may do

namespace {

struct Behaviour {
  const char* name;
  bool consents;
  Answer http;
  std::function<Call()> grpc;
};

std::string plain(const std::string& status, const std::string& rest = "Content-Length: 0\r\n\r\n") {
  return "HTTP/1.1 " + status + "\r\n" + rest;
}

std::vector<Behaviour> behaviours() {
  const auto says = [](std::string text) { return [text](const Asked&) { return text; }; };
  const auto calls = [](Call call) { return [call] { return call; }; };
  const std::string yes = framed(proto(1, "") + proto(3, ""));
  return {
      {"consents", true, says(plain("200 OK")), calls({yes})},
      {"consents with a body", true, says(plain("200 OK", "Content-Length: 3\r\n\r\nyes")),
       calls({framed(proto(1, "") + proto(3, proto(2, header("x-a", "b"))))})},
      {"refuses", false, says(plain("403 Forbidden")), calls({framed(proto(1, proto(1, 7)))})},
      {"sends away", false, says(plain("302 Found", "Location: /login\r\nContent-Length: 0\r\n\r\n")),
       calls({framed(proto(1, proto(1, 16)) + proto(2, proto(1, proto(1, 302))))})},
      {"says something good, but not yes", false, says(plain("204 No Content", "\r\n")),
       calls({framed(proto(1, proto(1, 7)) + proto(3, ""))})},
      {"fails", false, says(plain("500 Oops")), calls({yes, "13"})},
      {"breaks off", false, says(plain("200 OK", "Content-Length: 9\r\nConnection: close\r\n\r\nye")),
       calls({yes.substr(0, 6)})},
      {"says nothing valid", false, says("SSH-2.0-x\r\n\r\n"), calls({"<html>"})},
      {"closes", false, says("close"), calls({"", "0", "200", false, true})},
      {"says nothing", false, says(""), calls({"", "0", "200", true})},
      {"speaks of something else", false,
       says(plain("101 Switching Protocols", "Upgrade: x\r\nConnection: Upgrade\r\n\r\n")), calls({yes, "0", "404"})},
      {"gives two answers in one", false, says(plain("200 OK", "Content-Length: 0\r\nTransfer-Encoding: x\r\n\r\n")),
       calls({yes + yes})},
  };
}

// Where filters stand: at the listener, the rule, the backendRef.
std::string world_with(bool grpc, unsigned places, const std::string& more) {
  const std::string config = (grpc ? ", grpc: {}" : ", http: {}") + more;
  const std::string filters = "filters: [" + filter(grpc, config) + "]";
  std::string yaml = wire_world(authorizer + wire_route(std::string("  - ") + (places & 2 ? filters + "\n    " : "") +
                                                        "backendRefs: [{name: one, port: 80" +
                                                        (places & 4 ? ", " + filters : "") + "}]\n"));
  if (places & 1) {
    const std::string listener = "{name: http, port: 80, protocol: HTTP";
    yaml.replace(yaml.find(listener), listener.size(),
                 listener + ", filters: {requests: [" + filter(grpc, config) + "]}");
  }
  return yaml;
}

}  // namespace

TEST_CASE("no request without consent reaches a backend: 1,000 combinations") {
  const std::string requests[] = {
      "GET / HTTP/1.1\r\nHost: a\r\n\r\n", "POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nabcd",
      "POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n0\r\n\r\n",
      "GET / HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"};
  std::size_t asked = 0, passed = 0;
  const auto all = behaviours();
  for (const bool grpc : {false, true})
    for (unsigned places = 1; places < 8; ++places)
      for (const char* more : {"", ", forwardBody: {maxSize: 4}", ", forwardBody: {maxSize: 3}"}) {
        World world(world_with(grpc, places, more));
        world.over_grpc = grpc;
        const auto services = static_cast<std::size_t>((places & 1) + (places >> 1 & 1) + (places >> 2 & 1));
        for (const Behaviour& last : all)
          for (const std::string& request : requests) {
            INFO("places ", places, more, grpc ? ", gRPC: " : ", HTTP: ", last.name, ", ", request);
            world.at_backend.clear();
            world.at_service.clear();
            // All but the last one consent.
            world.service = [&](const Asked& question) {
              return world.at_service.size() < services ? plain("200 OK") : last.http(question);
            };
            world.grpc = [&](const Asked&) {
              return world.at_service.size() < services ? Call{framed(proto(1, ""))} : last.grpc();
            };
            const bool fits = std::string(more).find("3}") == std::string::npos || request.starts_with("GET");
            const std::string reply = world.ask(request, true);
            CHECK(world.at_backend.size() == (last.consents && fits ? 1 : 0));
            CHECK((status_of(reply) == "200") == (last.consents && fits));
            CHECK(has(reply, "X-Backend") == (last.consents && fits));
            ++asked;
            passed += world.at_backend.size();
          }
      }
  CHECK(asked >= 1000);
  CHECK(passed > 100);
}

TEST_CASE("a service that cannot be asked closes its rule, its backend or its listener") {
  const std::string missing = filter(false, ", http: {}", "nobody");
  const std::string none = "{type: ExternalAuth}";
  const std::string other = "{type: ExternalAuth, externalAuth: {protocol: SOAP, backendRef: {name: auth, port: 80}}}";
  const std::string path = filter(false, ", http: {path: \"/a b\"}");
  const std::string extension = "{type: ExtensionRef, extensionRef: {group: x.io, kind: F, name: f}}";
  for (const std::string& bad : {missing, none, other, path, extension})
    for (unsigned place : {1U, 2U, 4U}) {
      CAPTURE(bad);
      CAPTURE(place);
      std::string yaml = world_with(false, place, "");
      const std::string good = filter(false, ", http: {}");
      yaml.replace(yaml.find(good), good.size(), bad);
      World world(yaml);
      CHECK(status_of(world.ask(get)) == "500");
      CHECK(world.at_backend.empty());
    }
}
