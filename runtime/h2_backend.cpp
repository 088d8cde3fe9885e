// The backend's side of an HTTP/2 connection: many exchanges at once.
#include <algorithm>
#include <cstring>
#include <unordered_map>

#include "runtime/backends.h"
#include "runtime/h1_parse.h"
#include "runtime/h2_session.h"
#include "runtime/worker.h"

namespace gw::runtime {

class BackendStream : public BackendSide {
 public:
  BackendStream(H2Backend& connection, Exchange& owner) : exchange(&owner), connection_(connection) {}
  void send_head(const RequestHead& head, bool end) override;
  void send_body(std::string_view bytes) override;
  void send_end(const std::vector<HeaderView>& trailers) override;
  bool congested_request() const override { return out_.full(); }
  void resume_response() override;
  void cancel() override;
  ssize_t produce(std::uint8_t* to, std::size_t size, std::uint32_t* flags);

  Exchange* exchange;
  FieldCollector collector;
  std::size_t unconsumed = 0;
  std::int32_t id = -1;
  bool head_seen = false, sent = false, head_request = false;

 private:
  H2Backend& connection_;
  Outbox out_;
  FieldList trailers_;
  bool has_trailers_ = false, ended_ = false, deferred_ = false;
};

class H2Backend : public H2Connection {
 public:
  H2Backend(Worker& worker, std::shared_ptr<Endpoint> endpoint);
  ~H2Backend() override { leave(); }
  bool open();
  bool has_room() const {
    return !closed() && !leaving_ &&
           streams_.size() < std::min<std::size_t>(100, nghttp2_session_get_remote_settings(
                                                            session_, NGHTTP2_SETTINGS_MAX_CONCURRENT_STREAMS));
  }
  BackendStream& add(Exchange& exchange);
  void adopt(BackendStream& stream);
  void drop_new(BackendStream& stream);
  void wake() { schedule(); }
  bool secure() const;
  void abandon() { close(); }
  void on_timer(Timer& timer) override;

 protected:
  void on_eof() override { fail_all(Failure::reset); }
  void on_broken() override { fail_all(Failure::reset); }
  void on_writable() override;

 private:
  static nghttp2_session_callbacks* callbacks();
  static H2Backend& self(void* user) { return *static_cast<H2Backend*>(user); }
  BackendStream* find(std::int32_t id) {
    auto at = streams_.find(id);
    return at == streams_.end() ? nullptr : at->second.get();
  }
  int frame_received(const nghttp2_frame& frame);
  void head_received(BackendStream& stream, bool end);
  void finish(BackendStream& stream, const std::vector<HeaderView>& trailers);
  int stream_closed(std::int32_t id, std::uint32_t error);
  void fail_all(Failure failure);
  void leave();

  std::shared_ptr<Endpoint> endpoint_;
  std::unordered_map<std::int32_t, std::unique_ptr<BackendStream>> streams_;
  std::vector<std::unique_ptr<BackendStream>> fresh_;    // without a stream number yet
  std::vector<std::unique_ptr<BackendStream>> refused_;  // that got none
  bool leaving_ = false, used_ = false;
};

// ---- streams

void BackendStream::send_head(const RequestHead& head, bool end) {
  FieldList fields;
  fields.add(":method", head.method);
  fields.add(":scheme", connection_.secure() ? "https" : "http");
  fields.add(":authority", head.authority);
  fields.add(":path", head.target);
  fields.add_all(head.fields);
  if (head.framing == Framing::length) fields.add("content-length", std::to_string(head.length));
  if (head.te_trailers) fields.add("te", "trailers");
  head_request = head.method == "HEAD";
  nghttp2_data_provider provider{};
  provider.source.ptr = this;
  provider.read_callback = [](nghttp2_session*, std::int32_t, std::uint8_t* to, std::size_t size, std::uint32_t* flags,
                              nghttp2_data_source* source,
                              void*) { return static_cast<BackendStream*>(source->ptr)->produce(to, size, flags); };
  const auto& list = fields.list();
  id =
      nghttp2_submit_request(connection_.session(), nullptr, list.data(), list.size(), end ? nullptr : &provider, this);
  connection_.adopt(*this);
  connection_.wake();
}

ssize_t BackendStream::produce(std::uint8_t* to, std::size_t size, std::uint32_t* flags) {
  std::size_t n = std::min(size, out_.size());
  std::memcpy(to, out_.waiting().data(), n);
  out_.taken(n);
  if (!out_.empty()) return static_cast<ssize_t>(n);
  out_.rewind(Outbox::high_water);
  if (out_.resumes() && exchange) exchange->backend_drained();
  if (ended_) {
    *flags |= NGHTTP2_DATA_FLAG_EOF;
    if (has_trailers_) {
      *flags |= NGHTTP2_DATA_FLAG_NO_END_STREAM;
      const auto& list = trailers_.list();
      nghttp2_submit_trailer(connection_.session(), id, list.data(), list.size());
    }
    return static_cast<ssize_t>(n);
  }
  if (n) return static_cast<ssize_t>(n);
  deferred_ = true;
  return NGHTTP2_ERR_DEFERRED;
}

void BackendStream::send_body(std::string_view bytes) {
  out_.append(bytes);
  if (std::exchange(deferred_, false)) nghttp2_session_resume_data(connection_.session(), id);
  connection_.wake();
}

void BackendStream::send_end(const std::vector<HeaderView>& trailers) {
  ended_ = true;
  has_trailers_ = !trailers.empty();
  trailers_.add_all(trailers);
  if (std::exchange(deferred_, false)) nghttp2_session_resume_data(connection_.session(), id);
  connection_.wake();
}

void BackendStream::resume_response() {
  if (unconsumed) nghttp2_session_consume(connection_.session(), id, std::exchange(unconsumed, 0));
  connection_.wake();
}

void BackendStream::cancel() {
  exchange = nullptr;
  if (id < 0) return connection_.drop_new(*this);
  resume_response();
  nghttp2_submit_rst_stream(connection_.session(), NGHTTP2_FLAG_NONE, id, NGHTTP2_CANCEL);
  connection_.wake();
}

// ---- the connection

H2Backend::H2Backend(Worker& worker, std::shared_ptr<Endpoint> endpoint)
    : H2Connection(worker, nullptr), endpoint_(std::move(endpoint)) {
  connected_ = false;
  nghttp2_option* option = nullptr;
  nghttp2_option_new(&option);
  nghttp2_option_set_no_auto_window_update(option, 1);
  nghttp2_session_client_new2(&session_, callbacks(), this, option);
  nghttp2_option_del(option);
}

bool H2Backend::open() {
  stream_ = worker_.network().connect(endpoint_->address, *this);
  if (!stream_) return false;
  if (endpoint_->tls) {
    stream_ = endpoint_->tls->wrap(std::move(stream_));
    stream_->set_handler(this);
  }
  const nghttp2_settings_entry settings[] = {{NGHTTP2_SETTINGS_ENABLE_PUSH, 0},
                                             {NGHTTP2_SETTINGS_INITIAL_WINDOW_SIZE, 256 * 1024},
                                             {NGHTTP2_SETTINGS_MAX_HEADER_LIST_SIZE, FieldCollector::most_bytes}};
  nghttp2_submit_settings(session_, NGHTTP2_FLAG_NONE, settings, std::size(settings));
  nghttp2_session_set_local_window_size(session_, NGHTTP2_FLAG_NONE, 0, 4 << 20);
  endpoint_->shared.push_back(this);
  timer_.arm(worker_.timers(), worker_.now() + worker_.limits().connect);
  worker_.stats().backend_connections.add();
  return true;
}

bool H2Backend::secure() const {
  return endpoint_->tls != nullptr;
}

void H2Backend::on_writable() {
  if (connected_) return;
  connected_ = true;
  endpoint_->connected();
  timer_.arm(worker_.timers(), worker_.now() + worker_.limits().backend_idle);
}

BackendStream& H2Backend::add(Exchange& exchange) {
  used_ = !streams_.empty() || used_;
  return *fresh_.emplace_back(std::make_unique<BackendStream>(*this, exchange));
}

void H2Backend::adopt(BackendStream& stream) {
  auto at = std::find_if(fresh_.begin(), fresh_.end(), [&](const auto& s) { return s.get() == &stream; });
  if (at == fresh_.end()) return;
  auto own = std::move(*at);
  fresh_.erase(at);
  if (stream.id >= 0) {
    streams_[stream.id] = std::move(own);
    return;
  }
  leaving_ = true;  // no stream numbers are left; told from the timer, since the exchange is still starting
  refused_.push_back(std::move(own));
  timer_.arm(worker_.timers(), worker_.now());
}

void H2Backend::drop_new(BackendStream& stream) {
  std::erase_if(fresh_, [&](const auto& s) { return s.get() == &stream; });
  std::erase_if(refused_, [&](const auto& s) { return s.get() == &stream; });
}

nghttp2_session_callbacks* H2Backend::callbacks() {
  static nghttp2_session_callbacks* const made = [] {
    nghttp2_session_callbacks* c = nullptr;
    nghttp2_session_callbacks_new(&c);
    nghttp2_session_callbacks_set_on_header_callback(
        c, [](nghttp2_session*, const nghttp2_frame* f, const std::uint8_t* name, std::size_t name_size,
              const std::uint8_t* value, std::size_t value_size, std::uint8_t, void* user) {
          if (BackendStream* stream = self(user).find(f->hd.stream_id))
            stream->collector.add({reinterpret_cast<const char*>(name), name_size},
                                  {reinterpret_cast<const char*>(value), value_size});
          return 0;
        });
    nghttp2_session_callbacks_set_on_frame_recv_callback(
        c, [](nghttp2_session*, const nghttp2_frame* f, void* user) { return self(user).frame_received(*f); });
    nghttp2_session_callbacks_set_on_data_chunk_recv_callback(
        c, [](nghttp2_session* session, std::uint8_t, std::int32_t id, const std::uint8_t* data, std::size_t size,
              void* user) {
          BackendStream* stream = self(user).find(id);
          if (stream && stream->exchange) stream->exchange->backend_body({reinterpret_cast<const char*>(data), size});
          if (stream && stream->exchange && !stream->exchange->takes_response())
            stream->unconsumed += size;
          else
            nghttp2_session_consume(session, id, size);
          return 0;
        });
    nghttp2_session_callbacks_set_on_stream_close_callback(
        c, [](nghttp2_session*, std::int32_t id, std::uint32_t error, void* user) {
          return self(user).stream_closed(id, error);
        });
    return c;
  }();
  return made;
}

int H2Backend::frame_received(const nghttp2_frame& frame) {
  if (frame.hd.type == NGHTTP2_GOAWAY) {
    leaving_ = true;
    leave();
    return 0;
  }
  BackendStream* stream = find(frame.hd.stream_id);
  if (!stream || !stream->exchange) return 0;
  bool end = frame.hd.flags & NGHTTP2_FLAG_END_STREAM;
  if (frame.hd.type == NGHTTP2_HEADERS && !stream->head_seen) {
    head_received(*stream, end);
  } else if (frame.hd.type == NGHTTP2_HEADERS && end) {
    std::string text;
    std::vector<HeaderView> trailers;
    stream->collector.into(text, [&](std::string_view name, std::string_view value) {
      if (is_token(name) && is_field_value(value) && classify(name) == FieldKind::plain)
        trailers.push_back({name, value});
    });
    finish(*stream, trailers);
  } else if (frame.hd.type == NGHTTP2_DATA && end) {
    finish(*stream, {});
  }
  return 0;
}

void H2Backend::head_received(BackendStream& stream, bool end) {
  ResponseHead& head = stream.exchange->response;
  bool bad = stream.collector.overflown(), has_length = false;
  head.clear();
  stream.collector.into(head.text, [&](std::string_view name, std::string_view value) {
    if (name == ":status") {
      head.status = value.size() == 3 ? (value[0] - '0') * 100 + (value[1] - '0') * 10 + (value[2] - '0') : 0;
    } else if (!is_token(name) || !is_field_value(value)) {
      bad = true;
    } else if (classify(name) == FieldKind::content_length) {
      has_length = true;
      head.length = 0;
      for (char c : value) head.length = head.length * 10 + static_cast<std::uint64_t>(c - '0');
    } else if (classify(name) == FieldKind::plain) {
      head.fields.push_back({name, value});
    }
  });
  bad |= head.status < 100 || head.status > 599 || head.status == 101;
  if (bad) {
    Exchange* exchange = std::exchange(stream.exchange, nullptr);
    nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_PROTOCOL_ERROR);
    return exchange->backend_failed(Failure::malformed);
  }
  if (head.status < 200) return stream.exchange->backend_interim();
  stream.head_seen = true;
  bool bodyless = stream.head_request || head.status == 204 || head.status == 304;
  head.framing = has_length ? Framing::length : end || bodyless ? Framing::none : Framing::chunked;
  stream.exchange->backend_head();
  if (end && stream.exchange) finish(stream, {});
}

void H2Backend::finish(BackendStream& stream, const std::vector<HeaderView>& trailers) {
  if (Exchange* exchange = std::exchange(stream.exchange, nullptr)) {
    if (!exchange->request_complete())  // the answer is there, the rest of the request is not needed
      nghttp2_submit_rst_stream(session_, NGHTTP2_FLAG_NONE, stream.id, NGHTTP2_NO_ERROR);
    exchange->backend_end(trailers);
  }
}

int H2Backend::stream_closed(std::int32_t id, std::uint32_t error) {
  auto at = streams_.find(id);
  if (at == streams_.end()) return 0;
  auto stream = std::move(at->second);
  streams_.erase(at);
  if (auto held = std::exchange(stream->unconsumed, 0)) nghttp2_session_consume_connection(session_, held);
  if (Exchange* exchange = std::exchange(stream->exchange, nullptr))
    exchange->backend_failed(stream->head_seen                 ? Failure::truncated
                             : error == NGHTTP2_REFUSED_STREAM ? Failure::connect
                             : error == NGHTTP2_PROTOCOL_ERROR ? Failure::malformed
                                                               : Failure::reset);
  worker_.hold(std::shared_ptr<BackendStream>(std::move(stream)));
  if (streams_.empty()) {
    timer_.arm(worker_.timers(), worker_.now() + worker_.limits().backend_idle);
    if (leaving_) close_after_flush();
  }
  return 0;
}

void H2Backend::leave() {
  std::erase(endpoint_->shared, this);
}

void H2Backend::fail_all(Failure failure) {
  leave();
  if (!connected_) {
    failure = Failure::connect;
    endpoint_->failed(worker_.now(), worker_.limits().down);
    worker_.stats().backend_failures.add();
  }
  close();
  std::vector<std::pair<Exchange*, Failure>> owners;
  for (auto& [id, stream] : streams_)
    if (Exchange* exchange = std::exchange(stream->exchange, nullptr))
      owners.emplace_back(exchange, stream->head_seen                    ? Failure::truncated
                                    : failure == Failure::reset && used_ ? Failure::stale
                                                                         : failure);
  for (auto [exchange, why] : owners) exchange->backend_failed(why);
}

void H2Backend::on_timer(Timer&) {
  if (!connected_) return fail_all(Failure::connect);
  for (auto& stream : std::exchange(refused_, {}))
    if (Exchange* exchange = std::exchange(stream->exchange, nullptr)) exchange->backend_failed(Failure::connect);
  if (streams_.empty()) {
    leave();
    close();
  }
}

BackendSide* open_h2_backend(Worker& worker, Endpoint& endpoint, Exchange& exchange) {
  for (H2Backend* connection : endpoint.shared) {
    if (!connection->has_room()) continue;
    worker.stats().backend_reused.add();
    return &connection->add(exchange);
  }
  auto made = std::make_unique<H2Backend>(worker, endpoint.shared_from_this());
  H2Backend& connection = *made;
  worker.add(std::move(made), false);
  if (!connection.open()) {
    connection.abandon();
    return nullptr;
  }
  return &connection.add(exchange);
}

}  // namespace gw::runtime
