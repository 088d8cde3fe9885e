#include "runtime/h2_session.h"

#include <algorithm>

namespace gw::runtime {

void FieldList::add(std::string_view name, std::string_view value) {
  std::size_t at = text_.size();
  text_.append(name);
  std::transform(text_.begin() + static_cast<std::ptrdiff_t>(at), text_.end(),
                 text_.begin() + static_cast<std::ptrdiff_t>(at),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  text_.append(value);
  spans_.push_back({at, name.size(), at + name.size(), value.size()});
}

void FieldList::add_all(const std::vector<HeaderView>& fields) {
  for (const HeaderView& f : fields) add(f.name, f.value);
}

const std::vector<nghttp2_nv>& FieldList::list() {
  auto* base = reinterpret_cast<std::uint8_t*>(text_.data());
  for (const Span& s : spans_)
    list_.push_back({base + s.name, base + s.value, s.name_size, s.value_size, NGHTTP2_NV_FLAG_NONE});
  return list_;
}

void FieldCollector::add(std::string_view name, std::string_view value) {
  if (overflown_ || spans_.size() >= most_fields || text_.size() + name.size() + value.size() > most_bytes) {
    overflown_ = true;
    return;
  }
  spans_.push_back({text_.size(), name.size(), value.size()});
  text_.append(name).append(value);
}

void FieldCollector::clear() {
  text_.clear();
  spans_.clear();
  overflown_ = false;
}

bool TokenBucket::take(TimePoint now) {
  if (last_ == TimePoint{}) last_ = now;
  tokens_ = std::min(burst_, tokens_ + rate_ * std::chrono::duration<double>(now - last_).count());
  last_ = now;
  if (tokens_ < 1) return false;
  tokens_ -= 1;
  return true;
}

H2Connection::~H2Connection() {
  nghttp2_session_del(session_);
}

std::size_t H2Connection::consume(std::string_view data) {
  auto taken = nghttp2_session_mem_recv(session_, reinterpret_cast<const std::uint8_t*>(data.data()), data.size());
  schedule();
  if (taken < 0) {
    nghttp2_session_terminate_session(session_, NGHTTP2_PROTOCOL_ERROR);
    before_flush();
    close_after_flush();
    return data.size();
  }
  return static_cast<std::size_t>(taken);
}

void H2Connection::before_flush() {
  if (closed() || !session_) return;
  while (!congested()) {
    const std::uint8_t* data = nullptr;
    auto size = nghttp2_session_mem_send(session_, &data);
    if (size < 0) return close();
    if (size == 0) break;
    put({reinterpret_cast<const char*>(data), static_cast<std::size_t>(size)});
  }
  if (!nghttp2_session_want_read(session_) && !nghttp2_session_want_write(session_)) close_after_flush();
}

}  // namespace gw::runtime
