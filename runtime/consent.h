// One question to one authorization service, as an exchange of gwctl's own: whoever asks gets the verdict, or learns
// that none came in time.
#pragma once
#include <memory>
#include <span>

#include "runtime/authorization.h"
#include "runtime/exchange.h"

namespace gw::runtime {

class Consent : public ClientSide, public std::enable_shared_from_this<Consent> {
 public:
  Consent(Worker& worker, Exchange& asker, const route::ExternalAuth& service)
      : worker_(worker), asker_(&asker), service_(service) {}
  ~Consent() override;

  // Asks about asker.request; `body` is sent along. The verdict may come before this returns.
  void ask(std::string_view body);
  void abandon();  // the asker is told nothing any more

  void send_interim(int, const std::vector<HeaderView>&) override {}
  void send_head(ResponseHead&, bool) override {}
  void send_body(std::string_view bytes) override;
  void send_end(const std::vector<HeaderView>& trailers) override;
  void cut() override {}
  bool congested_response() const override { return false; }
  void resume_request() override {}
  void exchange_finished() override;

 private:
  Verdict verdict();

  Worker& worker_;
  Exchange* asker_;  // null: nobody waits
  const route::ExternalAuth& service_;
  ClientInfo info_;
  std::unique_ptr<Exchange> exchange_;
  std::shared_ptr<Consent> self_;  // while the exchange runs
  std::string body_;
  std::vector<std::pair<std::string, std::string>> trailers_;
  enum class Answer : std::uint8_t { partial, too_long, whole } answer_ = Answer::partial;
};

// The services that a request still waits for, one after the other, and what comes when all have consented.
struct Gate {
  std::span<const route::ExternalAuth> left;
  void (Exchange::*then)() = nullptr;
  std::shared_ptr<Consent> asked;  // null: the body that the next one wants to see is not there yet
};

}  // namespace gw::runtime
