// HTTP/1 syntax, strict (RFC 9112): heads and bodies. Nothing that is in doubt is repaired.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "runtime/http.h"

namespace gw::runtime {

struct HeadLimits {
  std::size_t bytes = 64 * 1024;
  std::size_t fields = 128;
};

enum class ScanState : std::uint8_t { more, bad, done };

// Finds the empty line that ends a head; lines must end in CRLF.
struct HeadScan {
  std::size_t line = 0;  // where the current line starts
  std::size_t seen = 0;  // already searched
  // more: needs bytes; done: the head is data[0, line). status: what to answer to a bad one.
  ScanState scan(std::string_view data, const HeadLimits& limits, int& status);
};

// text holds a complete head. 0: well-formed; otherwise the status to answer (400, 417, 501, 505, ...).
int parse_request(RequestHead& head, const HeadLimits& limits);
// False: not a well-formed response head. `asked` is what the request was: HEAD has no body.
bool parse_response(ResponseHead& head, std::string_view method, const HeadLimits& limits);

// Takes a body apart.
class BodyDecoder {
 public:
  // Begins a body; `length` counts with Framing::length.
  void start(Framing framing, std::uint64_t length);

  struct Step {
    std::size_t taken = 0;
    std::string_view data;  // payload, a view into what was given
    bool bad = false;
  };
  // Call until nothing is taken.
  Step next(std::string_view in);
  bool done() const { return state_ == State::done; }
  bool until_close() const { return state_ == State::until_close; }
  const std::string& trailer_text() const { return trailers_; }  // "Name: value\r\n" lines, checked
  std::uint64_t left() const { return left_; }                   // of a Content-Length body or a chunk

 private:
  enum class State : std::uint8_t {
    size,
    extension,
    extension_quoted,
    extension_escape,
    size_lf,
    data,
    data_cr,
    data_lf,
    trailer,
    trailer_lf,
    fixed,
    until_close,
    done
  };
  bool size_byte(char c);
  bool trailer_byte(char c);

  State state_ = State::done;
  bool blank_ = false;  // in white space before a ';'
  unsigned digits_ = 0;
  std::uint64_t left_ = 0;
  std::size_t overhead_ = 0;  // bytes of extensions and trailers
  std::size_t trailer_line_ = 0;
  std::string trailers_;
};

// Fields of trailer_text() that may be passed on.
std::vector<HeaderView> parse_trailers(std::string_view text);

// What a sender writes.
void write_field(std::string& out, std::string_view name, std::string_view value);

}  // namespace gw::runtime
