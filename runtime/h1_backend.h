// The backend's side of an HTTP/1 connection: one exchange at a time, kept and reused in between.
#pragma once
#include "runtime/backends.h"
#include "runtime/connection.h"
#include "runtime/exchange.h"
#include "runtime/h1_parse.h"
#include "runtime/worker.h"

namespace gw::runtime {

class H1Backend : public Connection, public BackendSide {
 public:
  H1Backend(Worker& worker, std::shared_ptr<Endpoint> endpoint);
  ~H1Backend() override;
  bool open();  // starts connecting; false: refused at once
  // Carries this exchange from now on; a pooled connection leaves the pool.
  void attach(Exchange& exchange);
  bool usable() const { return !closed() && !stream_->stale(); }               // can another exchange be put on it?
  TimePoint::duration rested() const { return worker_.now() - rests_since_; }  // how long it has been idle

  void send_head(const RequestHead& head, bool end) override;
  void send_body(std::string_view bytes) override;
  void send_end(const std::vector<HeaderView>& trailers) override;
  bool congested_request() const override { return congested(); }
  void resume_response() override { schedule(); }
  void cancel() override;
  void on_timer(Timer& timer) override;

 protected:
  std::size_t consume(std::string_view data) override;
  bool wants_read() const override;
  void on_eof() override;
  void on_broken() override;
  void on_drained() override;
  void on_writable() override;

 private:
  std::size_t read_head(std::string_view data);
  void fail(Failure failure);
  void response_complete(bool clean);
  void leave_pool();

  std::shared_ptr<Endpoint> endpoint_;
  Exchange* exchange_ = nullptr;
  BodyDecoder body_;
  HeadScan scan_;
  Framing out_framing_ = Framing::none;
  std::string method_;
  TimePoint rests_since_{};
  TimePoint::duration rest_{};  // how long it had been idle before this exchange
  unsigned interims_ = 0;
  bool reused_ = false, in_body_ = false, request_sent_ = false, upgrade_asked_ = false, tunnel_ = false;
  bool keep_alive_ = true, answered_ = false, pooled_ = false;
};

}  // namespace gw::runtime
