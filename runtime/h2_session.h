// What both ends of HTTP/2 share: an nghttp2 session over a Connection, and fields as nghttp2 wants them.
#pragma once
#include <nghttp2/nghttp2.h>

#include <string>
#include <string_view>
#include <vector>

#include "runtime/connection.h"
#include "runtime/http.h"

namespace gw::runtime {

// A name-value list that owns its bytes; names in lower case.
class FieldList {
 public:
  void add(std::string_view name, std::string_view value);  // copied
  void add_all(const std::vector<HeaderView>& fields);      // each as add()
  const std::vector<nghttp2_nv>& list();                    // views into this; call once, when all is added

 private:
  struct Span {
    std::size_t name, name_size, value, value_size;
  };
  std::string text_;
  std::vector<Span> spans_;
  std::vector<nghttp2_nv> list_;
};

// Fields as they arrive: collected with a bound, then made into a Message.
class FieldCollector {
 public:
  static constexpr std::size_t most_bytes = 64 * 1024, most_fields = 100;
  void add(std::string_view name, std::string_view value);  // beyond the bounds only overflown() changes
  bool overflown() const { return overflown_; }
  // Moves the bytes into message.text; calls f(name, value) with views into it, in order of arrival.
  template <class F>
  void into(std::string& text, F&& f) {
    text = std::move(text_);
    for (const Span& s : spans_)
      f(std::string_view(text).substr(s.at, s.name_size),
        std::string_view(text).substr(s.at + s.name_size, s.value_size));
    clear();
  }
  void clear();  // ready for another message

 private:
  struct Span {
    std::size_t at, name_size, value_size;
  };
  std::string text_;
  std::vector<Span> spans_;
  bool overflown_ = false;
};

// Lets `burst` things through at once and `rate` a second after that.
class TokenBucket {
 public:
  TokenBucket(double burst, double rate) : tokens_(burst), burst_(burst), rate_(rate) {}
  bool take(TimePoint now);  // false: too many in this time

 private:
  double tokens_, burst_, rate_;
  TimePoint last_{};
};

class H2Connection : public Connection {
 public:
  using Connection::Connection;
  ~H2Connection() override;
  nghttp2_session* session() { return session_; }

 protected:
  std::size_t consume(std::string_view data) override;
  bool wants_read() const override { return !congested(); }
  void on_drained() override { schedule(); }
  void before_flush() override;
  nghttp2_session* session_ = nullptr;
};

}  // namespace gw::runtime
