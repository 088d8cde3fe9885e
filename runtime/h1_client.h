// The client's side of an HTTP/1 connection: requests in order, one exchange at a time.
#pragma once
#include "runtime/connection.h"
#include "runtime/exchange.h"
#include "runtime/h1_parse.h"

namespace gw::runtime {

class H1Client : public Connection, public ClientSide {
 public:
  // received: bytes already read.
  H1Client(Worker& worker, std::unique_ptr<Stream> stream, ClientInfo info, std::string received);
  ~H1Client() override;
  void begin_drain() override;
  void start(bool ready = false);  // once the worker holds it; ready: do not wait to be told

  void send_interim(int status, const std::vector<HeaderView>& fields) override;
  void send_head(ResponseHead& head, bool end) override;
  void send_body(std::string_view bytes) override;
  void send_end(const std::vector<HeaderView>& trailers) override;
  void cut() override;
  bool congested_response() const override { return congested(); }
  void resume_request() override { schedule(); }
  void exchange_finished() override;
  void on_timer(Timer& timer) override;

 protected:
  std::size_t consume(std::string_view data) override;
  bool wants_read() const override;
  void on_eof() override;
  void on_broken() override;
  void on_drained() override;

 private:
  enum class Mode : std::uint8_t { head, body, response, tunnel, linger };
  std::size_t read_head(std::string_view data);
  std::size_t read_body(std::string_view data);
  bool to_http2(std::string_view data);
  void refuse(int status);
  void linger();

  ClientInfo info_;
  std::unique_ptr<Exchange> exchange_;
  BodyDecoder body_;
  HeadScan scan_;
  Mode mode_ = Mode::head;
  Framing out_framing_ = Framing::none;
  std::uint8_t blank_lines_ = 0;
  bool keep_alive_ = true, first_ = true;
};

}  // namespace gw::runtime
