#include "runtime/mirror.h"

#include "runtime/worker.h"

namespace gw::runtime {

void copy_request(const RequestHead& from, RequestHead& to) {
  to.clear();
  std::size_t size = from.method.size() + from.target.size() + from.authority.size();
  for (const HeaderView& f : from.fields) size += f.name.size() + f.value.size();
  to.text.reserve(size);
  auto copy = [&](std::string_view s) {
    std::size_t at = to.text.size();
    to.text.append(s);
    return std::string_view(to.text).substr(at);
  };
  to.method = copy(from.method);
  to.target = copy(from.target);
  to.authority = copy(from.authority);
  for (const HeaderView& f : from.fields) {
    auto name = copy(f.name);
    to.fields.push_back({name, copy(f.value)});
  }
  to.framing = from.framing;
  to.length = from.length;
  to.te_trailers = from.te_trailers;
}

std::shared_ptr<MirrorCopy> MirrorCopy::start(Worker& worker, const Exchange& from, const route::Backend& backend) {
  auto copy = std::make_shared<MirrorCopy>(worker);
  copy->info_ = from.info();
  copy->self_ = copy;
  copy->exchange_ = worker.new_exchange();
  copy_request(from.request, copy->exchange_->request);
  copy->exchange_->start_own(*copy, copy->info_, from, backend);
  return copy;
}

MirrorCopy::~MirrorCopy() = default;

void MirrorCopy::body(std::string_view bytes) {
  if (!exchange_) return;
  if (exchange_->takes_request()) return exchange_->request_body(bytes);
  exchange_->client_gone();  // a mirror that cannot keep up never slows the client down
  exchange_finished();
}

void MirrorCopy::end() {
  if (!exchange_) return;
  exchange_->request_end({});
}

void MirrorCopy::exchange_finished() {
  if (exchange_) worker_.recycle(std::move(exchange_));
  if (self_) worker_.hold(std::move(self_));
}

}  // namespace gw::runtime
