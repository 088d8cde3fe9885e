#include "runtime/h2_client.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>
#include <unordered_map>

#include "runtime/h1_parse.h"
#include "runtime/h2_session.h"
#include "runtime/worker.h"

namespace gw::runtime {
namespace {

constexpr std::size_t kept_buffer = 4096;
constexpr seconds write_stall{10};

class H2Client;

// One request of the connection.
class ClientStream : public ClientSide {
 public:
  ClientStream(H2Client& connection, std::int32_t id) : connection_(connection), id_(id) {}

  void send_interim(int status, const std::vector<HeaderView>& fields) override;
  void send_head(ResponseHead& head, bool end) override;
  void send_body(std::string_view bytes) override;
  void send_end(const std::vector<HeaderView>& trailers) override;
  void cut() override;
  bool congested_response() const override;
  void resume_request() override;
  void exchange_finished() override;

  // nghttp2 asks for what is to be sent next.
  ssize_t produce(std::uint8_t* to, std::size_t size, std::uint32_t* flags);

  FieldCollector collector;
  std::unique_ptr<Exchange> exchange;
  std::size_t unconsumed = 0;
  bool remote_ended = false, finished = false;
  TimePoint moved{};
  bool stuck() const { return !out_.empty(); }

 private:
  H2Client& connection_;
  std::int32_t id_;
  Outbox out_;
  FieldList trailers_;
  bool has_trailers_ = false, ended_ = false, deferred_ = false, bodyless_ = false;
};

class H2Client : public H2Connection {
 public:
  H2Client(Worker& worker, std::unique_ptr<Stream> stream, ClientInfo info, std::string received);
  ~H2Client() override;
  void start();
  void begin_drain() override;
  void on_timer(Timer& timer) override;
  Worker& worker() { return worker_; }
  const ClientInfo& info() const { return info_; }
  void wake() { schedule(); }
  bool full() const { return congested(); }

 protected:
  void on_eof() override { end(); }
  void on_broken() override { end(); }

 private:
  static nghttp2_session_callbacks* callbacks();
  static H2Client& self(void* user) { return *static_cast<H2Client*>(user); }
  ClientStream* find(std::int32_t id) {
    auto at = streams_.find(id);
    return at == streams_.end() ? nullptr : at->second.get();
  }
  int begin_frame(const nghttp2_frame_hd& frame);
  int frame_received(const nghttp2_frame& frame);
  int data_received(std::int32_t id, std::string_view data);
  int stream_closed(std::int32_t id);
  void frame_sent(const nghttp2_frame& frame);
  void start_exchange(ClientStream& stream, bool end);
  int build(ClientStream& stream, RequestHead& head, bool end);
  bool skipped(std::int32_t id);
  bool reset_by_client(std::int32_t id) const;
  int flood();
  void end();

  ClientInfo info_;
  std::unordered_map<std::int32_t, std::unique_ptr<ClientStream>> streams_;
  std::int32_t last_id_ = -1;
  std::vector<std::int32_t> gaps_;
  std::array<std::int32_t, 32> reset_by_client_{};  // the latest
  std::size_t resets_seen_ = 0;
  TokenBucket control_{1000, 100}, windows_{20000, 20000}, opened_{20000, 20000}, resets_{200, 33};
};

// ---- streams

void ClientStream::send_interim(int status, const std::vector<HeaderView>& extra) {
  FieldList fields;
  fields.add(":status", std::to_string(status));
  fields.add_all(extra);
  const auto& list = fields.list();
  nghttp2_submit_headers(connection_.session(), NGHTTP2_FLAG_NONE, id_, nullptr, list.data(), list.size(), nullptr);
  connection_.wake();
}

void ClientStream::send_head(ResponseHead& head, bool end) {
  FieldList fields;
  fields.add(":status", std::to_string(head.status));
  fields.add_all(head.fields);
  if (!head.has("date")) fields.add("date", connection_.worker().date());
  bodyless_ = exchange->request.method == "HEAD" || head.status == 204 || head.status == 304;
  if (head.framing == Framing::length && head.status != 204) fields.add("content-length", std::to_string(head.length));
  bool no_body =
      bodyless_ || (end && head.framing != Framing::length) || (head.framing == Framing::length && !head.length);
  nghttp2_data_provider provider{};
  provider.source.ptr = this;
  provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t size, std::uint32_t* flags,
                              nghttp2_data_source* source,
                              void*) { return static_cast<ClientStream*>(source->ptr)->produce(to, size, flags); };
  const auto& list = fields.list();
  moved = connection_.worker().now();
  nghttp2_submit_response(connection_.session(), id_, list.data(), list.size(), no_body ? nullptr : &provider);
  bodyless_ |= no_body;
  connection_.wake();
}

ssize_t ClientStream::produce(std::uint8_t* to, std::size_t size, std::uint32_t* flags) {
  std::size_t n = std::min(size, out_.size());
  std::memcpy(to, out_.waiting().data(), n);
  out_.taken(n);
  if (n) moved = connection_.worker().now();
  if (out_.empty()) {
    out_.rewind(kept_buffer);
    if (out_.resumes() && exchange) exchange->client_drained();
    if (ended_) {
      *flags |= NGHTTP2_DATA_FLAG_EOF;
      if (has_trailers_) {
        *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
        const auto& list = trailers_.list();
        nghttp2_submit_trailer(connection_.session(), id_, list.data(), list.size());
      }
      return static_cast<ssize_t>(n);
    }
    if (n == 0) {
      deferred_ = true;
      return NGHTTP2_ERR_DEFERRED;
    }
  }
  return static_cast<ssize_t>(n);
}

void ClientStream::send_body(std::string_view bytes) {
  if (bodyless_ || bytes.empty()) return;
  if (!stuck()) moved = connection_.worker().now();
  out_.append(bytes);
  if (std::exchange(deferred_, false)) nghttp2_session_resume_data(connection_.session(), id_);
  connection_.wake();
}

void ClientStream::send_end(const std::vector<HeaderView>& trailers) {
  ended_ = true;
  if (!trailers.empty() && !bodyless_) {
    has_trailers_ = true;
    trailers_.add_all(trailers);
  }
  if (std::exchange(deferred_, false)) nghttp2_session_resume_data(connection_.session(), id_);
  connection_.wake();
}

void ClientStream::cut() {
  nghttp2_submit_rst_stream(connection_.session(), NGHTTP2_FLAG_NONE, id_, NGHTTP2_INTERNAL_ERROR);
  connection_.wake();
}

bool ClientStream::congested_response() const {
  return out_.full();
}

void ClientStream::resume_request() {
  if (unconsumed) nghttp2_session_consume(connection_.session(), id_, std::exchange(unconsumed, 0));
  connection_.wake();
}

void ClientStream::exchange_finished() {
  finished = true;
  if (unconsumed) nghttp2_session_consume(connection_.session(), id_, std::exchange(unconsumed, 0));
  if (exchange) connection_.worker().recycle(std::move(exchange));
}

// ---- the connection

nghttp2_session_callbacks* H2Client::callbacks() {
  static nghttp2_session_callbacks* const made = [] {
    nghttp2_session_callbacks* c = nullptr;
    nghttp2_session_callbacks_new(&c);
    nghttp2_session_callbacks_set_on_begin_frame_callback(
        c, [](nghttp2_session*, const nghttp2_frame_hd* hd, void* user) { return self(user).begin_frame(*hd); });
    nghttp2_session_callbacks_set_on_begin_headers_callback(
        c, [](nghttp2_session*, const nghttp2_frame* f, void* user) {
          if (f->hd.type != NGHTTP2_HEADERS || f->headers.cat != NGHTTP2_HCAT_REQUEST) return 0;
          H2Client& me = self(user);
          if (!me.opened_.take(me.worker_.now())) return me.flood();
          me.streams_[f->hd.stream_id] = std::make_unique<ClientStream>(me, f->hd.stream_id);
          return 0;
        });
    nghttp2_session_callbacks_set_on_header_callback(
        c, [](nghttp2_session*, const nghttp2_frame* f, const std::uint8_t* name, std::size_t name_size,
              const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
          if (ClientStream* stream = self(user).find(f->hd.stream_id))
            stream->collector.add({reinterpret_cast<const char*>(name), name_size},
                                  {reinterpret_cast<const char*>(value), value_size});
          return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        c, [](nghttp2_session*, const nghttp2_frame* f, void* user) { return self(user).frame_received(*f); });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        c, [](nghttp2_session*, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size, void* user) {
          return self(user).data_received(id, {reinterpret_cast<const char*>(data), size});
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        c, [](nghttp2_session*, std::int32_t id, std::uint32_t, void* user) { return self(user).stream_closed(id); });
    nghttp2_session_callbacks_set_unpack_extension_callback(
        c, [](nghttp2_session*, void**, const nghttp2_frame_hd*, void*) -> int { return NGHTTP2_ERR_CANCEL; });
    nghttp2_session_callbacks_set_on_frame_send_callback(c, [](nghttp2_session*, const nghttp2_frame* f, void* user) {
      self(user).frame_sent(*f);
      return 0;
    });
    return c;
  }();
  return made;
}

H2Client::H2Client(Worker& worker, std::unique_ptr<Stream> stream, ClientInfo info, std::string received)
    : H2Connection(worker, std::move(stream)), info_(std::move(info)) {
  in_ = std::move(received);
  info_.version = "HTTP/2";
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_option_set_no_closed_streams(option, 0);
  // Frames of unknown types are shown to begin_frame, which counts them; nghttp2 keeps 0xa, 0xc and 0x10 to itself.
  for (unsigned type = 0xb; type < 256; ++type)
    if (type != 0xc && type != 0x10)
      nghttp2_option_set_user_recv_extension_type(option, static_cast<std::uint8_t>(type));
  nghttp2_session_server_new2(&session_, callbacks(), this, option);
  nghttp2_option_del(option);
}

H2Client::~H2Client() {
  for (auto& [id, stream] : streams_)
    if (stream->exchange) stream->exchange->client_gone();
}

void H2Client::start() {
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS, 100},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 64 * 1024},
                                             {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, FieldCollector::most_bytes}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, 1 << 20);
  timer_.arm(worker_.timers(), worker_.now() + worker_.limits().head_read);
  assume_ready();
  schedule();
}

void H2Client::begin_drain() {
  nghttp2_submit_goaway(session_, NGHTTP2_FLAG_NONE, nghttp2_session_get_last_proc_stream_id(session_),
                        NGHTTP2_NO_ERROR, nullptr, 0);
  if (streams_.empty()) close_after_flush();
  schedule();
}

// Frames that cost us something and the client nothing.
int H2Client::begin_frame(const nghttp2_frame_hd& frame) {
  TimePoint now = worker_.now();
  bool good = true;
  switch (frame.type) {
    case NGHTTP2_HEADERS:
      if (skipped(frame.stream_id))  // RFC 9113, 5.1.1
        nghttp2_session_terminate_session(session_, NGHTTP2_PROTOCOL_ERROR);
      else if (reset_by_client(frame.stream_id))
        nghttp2_session_terminate_session(session_, NGHTTP2_STREAM_CLOSED);
      break;
    case NGHTTP2_CONTINUATION:
      break;
    case NGHTTP2_DATA:
      if (reset_by_client(frame.stream_id)) nghttp2_session_terminate_session(session_, NGHTTP2_STREAM_CLOSED);
      good = frame.length > 0 || (frame.flags & NGHTTP2_FLAG_END_STREAM) || control_.take(now);
      break;
    case NGHTTP2_WINDOW_UPDATE:
      good = windows_.take(now);
      break;
    default:
      good = control_.take(now);
  }
  return good ? 0 : flood();
}

// A stream number below the highest one that was never used.
bool H2Client::skipped(std::int32_t id) {
  if (id % 2 == 0 || id < 1) return false;
  if (id <= last_id_) return std::find(gaps_.begin(), gaps_.end(), id) != gaps_.end();
  for (std::int32_t gap = std::max(last_id_ + 2, id - 128); gap < id; gap += 2) gaps_.push_back(gap);
  if (gaps_.size() > 256) gaps_.erase(gaps_.begin(), gaps_.end() - 256);
  last_id_ = id;
  return false;
}

bool H2Client::reset_by_client(std::int32_t id) const {
  if (id > last_id_ || !resets_seen_) return false;
  return std::find(reset_by_client_.begin(), reset_by_client_.end(), id) != reset_by_client_.end();
}

int H2Client::flood() {
  worker_.stats().refused.add();
  nghttp2_session_terminate_session(session_, NGHTTP2_ENHANCE_YOUR_CALM);
  close_after_flush();
  return 0;
}

int H2Client::frame_received(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_RST_STREAM)
    reset_by_client_[resets_seen_++ % reset_by_client_.size()] = frame.hd.stream_id;
  ClientStream* stream = find(frame.hd.stream_id);
  if (!stream) return 0;
  bool end = frame.hd.flags & NGHTTP2_FLAG_END_STREAM;
  if (frame.hd.type == NGHTTP2_HEADERS && frame.headers.cat == NGHTTP2_HCAT_REQUEST) {
    stream->remote_ended = end;
    start_exchange(*stream, end);
    return 0;
  }
  if ((frame.hd.type == NGHTTP2_DATA || frame.hd.type == NGHTTP2_HEADERS) && end) {
    stream->remote_ended = true;
    std::string text;
    std::vector<HeaderView> trailers;
    stream->collector.into(text, [&](std::string_view name, std::string_view value) {
      if (is_token(name) && is_field_value(value) && classify(name) == FieldKind::plain)
        trailers.push_back({name, value});
    });
    if (stream->exchange) stream->exchange->request_end(trailers);
  }
  return 0;
}

// Fills the head; 0 or the status to answer. nghttp2 has checked RFC 9113, 8.2 and 8.3; here is what would hurt HTTP/1.
int H2Client::build(ClientStream& stream, RequestHead& head, bool end) {
  bool bad = false, has_length = false;
  std::string_view host;
  std::string cookies;
  stream.collector.into(head.text, [&](std::string_view name, std::string_view value) {
    if (name == ":method")
      head.method = value;
    else if (name == ":path")
      head.target = value;
    else if (name == ":authority")
      head.authority = value;
    else if (name == ":scheme")
      bad |= value != "http" && value != "https";
    else if (name.empty() || name[0] == ':' || !is_token(name) || !is_field_value(value) || trimmed(value) != value)
      bad = true;
    else {
      switch (classify(name)) {
        case FieldKind::plain:
          head.fields.push_back({name, value});
          break;
        case FieldKind::host:
          bad |= !host.empty(), host = value;
          break;
        case FieldKind::content_length: {
          auto [at, error] = std::from_chars(value.data(), value.data() + value.size(), head.length);
          bad |= error != std::errc() || at != value.data() + value.size() || has_length;
          has_length = true;
          break;
        }
        case FieldKind::te:
          head.te_trailers |= value == "trailers";
          break;
        case FieldKind::expect:
          head.expect_continue = value == "100-continue";
          break;
        case FieldKind::hop:
          break;
        case FieldKind::connection:
        case FieldKind::transfer_encoding:
        case FieldKind::upgrade:
          bad = true;
          break;
      }
    }
  });
  if (head.authority.empty()) head.authority = host;
  bad |= !host.empty() && !same_name(host, head.authority);
  if (head.method == "CONNECT") return 501;
  if (!is_token(head.method) || head.method == "PRI" || !is_authority(head.authority)) return 400;
  if (bad || !(is_origin_target(head.target) || (head.target == "*" && head.method == "OPTIONS"))) return 400;
  head.framing = end ? Framing::none : has_length ? Framing::length : Framing::chunked;
  if (end && has_length && head.length) return 400;
  head.expect_continue &= !end;
  return 0;
}

void H2Client::start_exchange(ClientStream& stream, bool end) {
  if (closed()) return;
  bool overflown = stream.collector.overflown();
  stream.exchange = worker_.new_exchange();
  RequestHead& head = stream.exchange->request;
  int bad = overflown ? (stream.collector.clear(), 431) : build(stream, head, end);
  timer_.arm(worker_.timers(), worker_.now() + seconds(5));
  if (bad) return stream.exchange->refuse(stream, info_, bad);
  stream.exchange->join_cookies();
  stream.exchange->start(stream, info_);
  if (end && stream.exchange) stream.exchange->request_end({});
}

int H2Client::data_received(std::int32_t id, std::string_view data) {
  ClientStream* stream = find(id);
  if (!stream || !stream->exchange) {
    nghttp2_session_consume(session_, id, data.size());
    return 0;
  }
  stream->exchange->request_body(data);
  if (stream->exchange && !stream->exchange->takes_request())
    stream->unconsumed += data.size();
  else
    nghttp2_session_consume(session_, id, data.size());
  return 0;
}

int H2Client::stream_closed(std::int32_t id) {
  auto at = streams_.find(id);
  if (at == streams_.end()) return 0;
  // What was held back for this stream counts against the window of all.
  if (auto held = std::exchange(at->second->unconsumed, 0)) nghttp2_session_consume_connection(session_, held);
  if (at->second->exchange) {
    at->second->exchange->client_gone();
    worker_.recycle(std::move(at->second->exchange));
  }
  streams_.erase(at);
  if (streams_.empty()) {
    timer_.arm(worker_.timers(), worker_.now() + worker_.limits().idle);
    if (worker_.draining()) close_after_flush();
  }
  return 0;
}

void H2Client::frame_sent(const nghttp2_frame& frame) {
  // Resets that we send are work the client made us do as well.
  if (frame.hd.type == NGHTTP2_RST_STREAM && frame.rst_stream.error_code != NGHTTP2_NO_ERROR &&
      !resets_.take(worker_.now()))
    flood();
  bool end = frame.hd.flags & NGHTTP2_FLAG_END_STREAM;
  if (!end || (frame.hd.type != NGHTTP2_DATA && frame.hd.type != NGHTTP2_HEADERS)) return;
  ClientStream* stream = find(frame.hd.stream_id);
  if (stream && stream->finished && !stream->remote_ended)  // RFC 9113, 8.1
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, frame.hd.stream_id, NGHTTP2_NO_ERROR);
}

void H2Client::end() {
  for (auto& [id, stream] : streams_) {
    if (!stream->exchange) continue;
    stream->exchange->client_gone();
    worker_.recycle(std::move(stream->exchange));
  }
  close();
}

void H2Client::on_timer(Timer&) {
  TimePoint now = worker_.now();
  if (streams_.empty()) {
    nghttp2_session_terminate_session(session_, NGHTTP2_NO_ERROR);
    before_flush();
    return close_after_flush();
  }
  bool stuck = false;
  for (auto& [id, stream] : streams_) {
    if (!stream->stuck() || now - stream->moved < write_stall) continue;
    stuck = true;
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
  }
  if (stuck && unsent()) return end();  // not even the socket takes anything
  timer_.arm(worker_.timers(), now + seconds(5));
  schedule();
}

}  // namespace

void start_http2(Worker& worker, std::unique_ptr<Stream> stream, ClientInfo info, std::string received) {
  auto made = std::make_unique<H2Client>(worker, std::move(stream), std::move(info), std::move(received));
  H2Client& connection = *made;
  worker.add(std::move(made), true);
  connection.start();
}

}  // namespace gw::runtime
