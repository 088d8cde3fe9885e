// A copy of a request sent to a mirror; whatever comes back is dropped.
#pragma once
#include <memory>

#include "runtime/exchange.h"

namespace gw::runtime {

class MirrorCopy : public ClientSide, public std::enable_shared_from_this<MirrorCopy> {
 public:
  // Begins a copy of `from`'s request to this backend; its body and end follow by the calls below.
  static std::shared_ptr<MirrorCopy> start(Worker& worker, const Exchange& from, const route::Backend& backend);
  explicit MirrorCopy(Worker& worker) : worker_(worker) {}
  ~MirrorCopy() override;

  void body(std::string_view bytes);  // a mirror that cannot keep up is given up
  void end();                         // the request is complete

  void send_interim(int, const std::vector<HeaderView>&) override {}
  void send_head(ResponseHead&, bool) override {}
  void send_body(std::string_view) override {}
  void send_end(const std::vector<HeaderView>&) override {}
  void cut() override {}
  bool congested_response() const override { return false; }
  void resume_request() override {}
  void exchange_finished() override;

 private:
  Worker& worker_;
  ClientInfo info_;
  std::unique_ptr<Exchange> exchange_;
  std::shared_ptr<MirrorCopy> self_;  // while the exchange runs
};

// A copy that shares no memory with `from`.
void copy_request(const RequestHead& from, RequestHead& to);

}  // namespace gw::runtime
