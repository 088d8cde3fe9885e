// One request and its answer, whatever versions carry them: routing, filters, choice of endpoint, retries, timeouts,
// mirrors. A client connection gives it a request and takes the response; a backend connection the other way round.
#pragma once
#include <forward_list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "route/table.h"
#include "runtime/http.h"
#include "runtime/outbox.h"
#include "runtime/site.h"
#include "runtime/timers.h"

namespace gw::runtime {

class Exchange;
class MirrorCopy;
struct Gate;
struct Verdict;
class Worker;
struct Endpoint;
struct Generation;
struct ResolvedBackend;
struct RouteStats;
struct Tapped;

// The conversation with the client, as the exchange sees it.
class ClientSide {
 public:
  virtual ~ClientSide() = default;
  virtual void send_interim(int status, const std::vector<HeaderView>& fields) = 0;  // 1xx, never 101
  virtual void send_head(ResponseHead& head, bool end) = 0;  // `end`: no body follows; `head` may be moved from
  virtual void send_body(std::string_view bytes) = 0;  // a part of it; the bytes are copied or sent before it returns
  virtual void send_end(const std::vector<HeaderView>& trailers) = 0;  // the body is complete
  virtual void cut() = 0;                                              // the response that began cannot be completed
  virtual bool congested_response() const = 0;                         // asks to wait: client_drained() follows
  virtual void resume_request() = 0;                                   // the exchange takes body again
  virtual void exchange_finished() = 0;                                // nothing more comes; the exchange is given back
};

// The conversation with one endpoint.
class BackendSide {
 public:
  virtual ~BackendSide() = default;
  virtual void send_head(const RequestHead& head, bool end) = 0;       // `end`: no body follows
  virtual void send_body(std::string_view bytes) = 0;                  // a part of it
  virtual void send_end(const std::vector<HeaderView>& trailers) = 0;  // the body is complete
  virtual bool congested_request() const = 0;                          // asks to wait: backend_drained() follows
  virtual void resume_response() = 0;                                  // the client takes bytes again
  virtual void cancel() = 0;  // the exchange looks away and must not be told anything any more
};

// Why a backend conversation ended without a complete response.
enum class Failure : std::uint8_t {
  connect,    // nothing was sent
  stale,      // a reused connection closed before any answer
  reset,      // closed after the request, before a response
  malformed,  // not HTTP
  truncated,  // in the middle of the response
};

// Who is talking.
struct ClientInfo {
  std::shared_ptr<const Site> site;
  std::string ip;
  std::uint16_t port = 0;
  bool secure = false;
  std::string sni;
  std::string_view version;  // "HTTP/1.1", "HTTP/2"
};

class Exchange : public TimerHandler {
 public:
  explicit Exchange(Worker& worker);
  ~Exchange() override;
  void reset();  // ready for another request

  RequestHead request;
  ResponseHead response;

  // ---- from the client
  void start(ClientSide& client, const ClientInfo& info);               // request is filled
  void refuse(ClientSide& client, const ClientInfo& info, int status);  // it could not even be read
  void join_cookies();                                                  // HTTP/2 may split them (RFC 9113, 8.2.3)
  void request_body(std::string_view bytes);                            // a part; over the limit it is answered 413
  void request_end(const std::vector<HeaderView>& trailers);            // the request is complete
  void client_gone();          // nobody is there to answer any more; a backend at work is cancelled
  void client_drained();       // what was congested can be written again
  bool takes_request() const;  // false: wait for ClientSide::resume_request()
  bool request_complete() const { return request_done_; }
  bool response_started() const { return head_sent_; }

  // ---- from the backend
  void backend_interim();                                     // response is filled
  void backend_head();                                        // response is filled
  void backend_body(std::string_view bytes);                  // a part of the response's body
  void backend_end(const std::vector<HeaderView>& trailers);  // the response is complete
  void backend_failed(Failure failure);                       // tries again where that is safe, else answers
  void backend_drained();                                     // what was congested can be written again
  bool takes_response() const;                                // false: wait for resume_response()

  void on_timer(Timer& timer) override;

  const route::Decision& decision() const { return decision_; }
  const route::Backend* backend() const { return backend_; }
  const ClientInfo& info() const { return *info_; }
  int status() const { return status_; }
  TimePoint started() const { return started_; }
  std::uint64_t bytes_in() const { return bytes_in_; }
  std::uint64_t bytes_out() const { return bytes_out_; }
  std::string endpoint_text() const;  // "ip:port"; empty before one was chosen
  // Before filters changed it.
  std::string_view asked_target() const { return asked_target_.empty() ? request.target : asked_target_; }
  unsigned tries() const { return tries_; }
  std::string_view detail() const { return detail_; }  // why gwctl answered itself

  // An exchange of gwctl's own with one backend, on account of `from`: `request` is filled in, its body follows. Used
  // for mirrors and for authorization. patience: how long it may take; 0: as long as it is not idle.
  void start_own(ClientSide& client, const ClientInfo& info, const Exchange& from, const route::Backend& backend,
                 milliseconds patience = {});
  void judged(Verdict verdict);  // an authorization service has decided, or cannot

 private:
  bool room_for_request() const;
  void end_request_pause();
  bool count_forward();
  void route();
  void route_again();
  void act();
  void carry_out();
  void forward(const route::Action& action);
  void forward_to_backend();
  void admit(const std::vector<route::ExternalAuth>& services, void (Exchange::*then)());
  void ask_next();
  bool body_awaited(std::size_t most);
  void expect_body();
  void prepare_request(const route::Action& action);
  void forward_headers(std::string_view asked_host);
  route::RequestView view() const;
  void preflight();
  void change_kept(Message& message, const route::HeaderChanges& changes);
  void cors_headers(const route::CorsPolicy& cors);
  void start_mirrors(const std::vector<route::Mirror>& mirrors);
  void connect();  // next endpoint
  bool may_retry(Failure failure) const;
  bool retry_by_rule();
  void drop_backend();
  void reply(int status, std::string_view detail);
  void redirect(int status, std::string_view location);
  void answer_here();  // by the site's own handler
  void send_local(std::string_view content_type, std::string_view body);
  void fail_response();  // after the head was sent
  void finish();
  void tap_request();
  void tap_answer();
  void arm();
  std::string_view keep(std::string text);  // text that lives as long as the exchange

  Worker& worker_;
  ClientSide* client_ = nullptr;
  BackendSide* backend_side_ = nullptr;
  const ClientInfo* info_ = nullptr;
  std::shared_ptr<Generation> generation_;
  route::Decision decision_;
  const route::Backend* backend_ = nullptr;
  ResolvedBackend* resolved_ = nullptr;
  Endpoint* endpoint_ = nullptr;
  RouteStats* stats_ = nullptr;
  Timer timer_;
  TimePoint started_{}, moved_{}, resume_at_{};
  std::optional<std::string> sticky_;  // the endpoint a session asks for
  std::optional<TimePoint> request_deadline_, attempt_deadline_;
  int status_ = 0;
  unsigned tries_ = 0, retries_ = 0;
  std::uint64_t bytes_in_ = 0, bytes_out_ = 0;
  std::string replay_;                   // the request's body so far, as long as it may have to be sent again
  std::forward_list<std::string> kept_;  // texts that fields point into
  std::vector<std::shared_ptr<MirrorCopy>> mirrors_;
  std::unique_ptr<Gate> gate_;             // while authorization services are asked
  route::HeaderChanges granted_response_;  // what they add to the answer
  std::unique_ptr<Tapped> tapped_;         // where somebody looks on
  std::string_view detail_, asked_target_;
  Pause request_pause_;  // of the client, whichever backend it waits for
  bool request_done_ = false, head_sent_ = false, finished_ = false, replayable_ = true, waiting_ = false;
  bool own_ = false, fresh_only_ = false, cors_asked_ = false, tunnel_ = false;
};

}  // namespace gw::runtime
