#include "runtime/h1_parse.h"

#include <algorithm>
#include <cstring>

namespace gw::runtime {
namespace {

constexpr std::size_t extension_limit = 16 * 1024;
constexpr std::size_t trailer_limit = 16 * 1024;

// Cuts the next line (without CRLF) off a complete head.
std::string_view cut_line(std::string_view& rest) {
  auto end = rest.find("\r\n");
  auto line = rest.substr(0, end);
  rest.remove_prefix(end == rest.npos ? rest.size() : end + 2);
  return line;
}

bool split_field(std::string_view line, HeaderView& field) {
  auto colon = line.find(':');
  if (colon == line.npos) return false;
  field.name = line.substr(0, colon);
  field.value = trimmed(line.substr(colon + 1));
  return is_token(field.name) && is_field_value(field.value);
}

bool parse_length(std::string_view text, std::uint64_t& length) {
  if (text.empty() || text.size() > 18) return false;
  length = 0;
  for (char c : text) {
    if (c < '0' || c > '9') return false;
    length = length * 10 + static_cast<std::uint64_t>(c - '0');
  }
  return true;
}

// What the framing and hop-by-hop fields of one head said.
struct Wire {
  std::string_view host, upgrade, length, coding, te, expect;
  int hosts = 0, lengths = 0, codings = 0;
  bool close = false, keep_alive = false, upgrade_listed = false, bad_connection = false;
  std::vector<std::string_view> nominated;
};

int read_fields(std::string_view rest, Message& head, Wire& wire, const HeadLimits& limits) {
  std::size_t count = 0;
  while (!rest.empty()) {
    auto line = cut_line(rest);
    if (line.empty()) break;
    HeaderView field;
    if (!split_field(line, field)) return 400;
    if (++count > limits.fields) return 431;
    switch (classify(field.name)) {
      case FieldKind::plain:
        head.fields.push_back(field);
        break;
      case FieldKind::hop:
        break;
      case FieldKind::host:
        ++wire.hosts;
        wire.host = field.value;
        break;
      case FieldKind::content_length:
        ++wire.lengths;
        wire.length = field.value;
        break;
      case FieldKind::transfer_encoding:
        ++wire.codings;
        wire.coding = field.value;
        break;
      case FieldKind::upgrade:
        wire.upgrade = wire.upgrade.empty() ? field.value : wire.upgrade;
        break;
      case FieldKind::expect:
        wire.expect = field.value;
        break;
      case FieldKind::te:
        wire.te = field.value;
        break;
      case FieldKind::connection:
        each_token(field.value, [&](std::string_view token) {
          if (!is_token(token)) wire.bad_connection = true;
          if (same_name(token, "close"))
            wire.close = true;
          else if (same_name(token, "keep-alive"))
            wire.keep_alive = true;
          else if (same_name(token, "upgrade"))
            wire.upgrade_listed = true;
          else if (classify(token) == FieldKind::plain)
            wire.nominated.push_back(token);
        });
        break;
    }
  }
  for (std::string_view name : wire.nominated) head.remove(name);
  return 0;
}

int parse_target(RequestHead& head, const Wire& wire) {
  std::string_view target = head.target;
  if (head.method == "CONNECT") return 501;
  if (target == "*") return head.method == "OPTIONS" ? 0 : 400;
  if (!target.empty() && target.front() == '/') return is_origin_target(target) ? 0 : 400;
  // absolute-form: its authority replaces Host (RFC 9112, 3.2.2)
  auto scheme_end = target.find("://");
  if (scheme_end == target.npos) return 400;
  auto scheme = target.substr(0, scheme_end);
  if (!same_name(scheme, "http") && !same_name(scheme, "https")) return 400;
  auto rest = target.substr(scheme_end + 3);
  auto slash = rest.find_first_of("/?");
  head.authority = rest.substr(0, slash);
  head.target = slash == rest.npos ? "/" : rest.substr(slash);
  if (!is_authority(head.authority) || (wire.hosts == 0 && !head.http10)) return 400;
  return is_origin_target(head.target) ? 0 : 400;
}

int request_framing(RequestHead& head, const Wire& wire) {
  if (wire.codings) {
    if (wire.codings > 1 || wire.lengths || head.http10) return 400;
    if (!same_name(wire.coding, "chunked")) return is_token(wire.coding) ? 501 : 400;
    head.framing = Framing::chunked;
  } else if (wire.lengths) {
    if (wire.lengths > 1 || !parse_length(wire.length, head.length)) return 400;
    head.framing = Framing::length;
  }
  return 0;
}

// "HTTP/1.1" or "HTTP/1.0"; another well-formed version is 505.
int parse_version(std::string_view text, bool& http10) {
  if (text == "HTTP/1.1") return 0;
  if (text == "HTTP/1.0") return http10 = true, 0;
  auto digit = [](char c) { return c >= '0' && c <= '9'; };
  if (text.size() == 8 && text.substr(0, 5) == "HTTP/" && digit(text[5]) && text[6] == '.' && digit(text[7]))
    return 505;
  return 400;
}

}  // namespace

ScanState HeadScan::scan(std::string_view data, const HeadLimits& limits, int& status) {
  while (const void* found = std::memchr(data.data() + seen, '\n', data.size() - seen)) {
    auto at = static_cast<std::size_t>(static_cast<const char*>(found) - data.data());
    status = 400;
    if (at == line || data[at - 1] != '\r') return ScanState::bad;
    bool empty = at == line + 1;
    line = seen = at + 1;
    if (line > limits.bytes) return status = 431, ScanState::bad;
    if (empty) return ScanState::done;
  }
  seen = data.size();
  std::string_view part = data.substr(line);
  if (data.size() > limits.bytes) return status = line == 0 ? 414 : 431, ScanState::bad;
  status = 400;
  auto cr = part.find('\r');
  if (cr != part.npos && cr + 1 != part.size()) return ScanState::bad;
  if (part.find('\0') != part.npos) return ScanState::bad;
  return ScanState::more;
}

int parse_request(RequestHead& head, const HeadLimits& limits) {
  std::string_view rest = head.text;
  std::string_view line = cut_line(rest);
  auto first = line.find(' ');
  auto second = first == line.npos ? line.npos : line.find(' ', first + 1);
  if (second == line.npos) return 400;
  head.method = line.substr(0, first);
  head.target = line.substr(first + 1, second - first - 1);
  if (!is_token(head.method) || head.target.empty()) return 400;
  if (int bad = parse_version(line.substr(second + 1), head.http10)) return bad;

  Wire wire;
  if (int bad = read_fields(rest, head, wire, limits)) return bad;
  if (wire.bad_connection) return 400;
  if (wire.hosts > 1 || (wire.hosts == 0 && !head.http10)) return 400;
  if (wire.hosts && !is_authority(wire.host)) return 400;
  head.authority = wire.host;
  if (int bad = parse_target(head, wire)) return bad;
  if (int bad = request_framing(head, wire)) return bad;
  head.keep_alive = head.http10 ? wire.keep_alive && !wire.close : !wire.close;
  if (wire.upgrade_listed && same_name(wire.upgrade, "websocket") && head.method == "GET" && !head.http10 &&
      head.framing == Framing::none)
    head.upgrade = "websocket";
  if (!wire.expect.empty() && !head.http10) {
    if (!same_name(wire.expect, "100-continue")) return 417;
    head.expect_continue = head.framing != Framing::none;
  }
  each_token(wire.te, [&](std::string_view t) { head.te_trailers |= same_name(t, "trailers"); });
  return 0;
}

bool parse_response(ResponseHead& head, std::string_view method, const HeadLimits& limits) {
  std::string_view rest = head.text;
  std::string_view line = cut_line(rest);
  if (line.size() < 12 || parse_version(line.substr(0, 8), head.http10) != 0 || line[8] != ' ') return false;
  auto digit = [&](std::size_t i) { return line[i] >= '0' && line[i] <= '9' ? line[i] - '0' : -1000; };
  head.status = digit(9) * 100 + digit(10) * 10 + digit(11);
  if (head.status < 100 || head.status > 599) return false;
  if (line.size() > 12 && (line[12] != ' ' || !is_field_value(line.substr(13)))) return false;

  Wire wire;
  if (read_fields(rest, head, wire, limits) != 0) return false;
  head.keep_alive = head.http10 ? wire.keep_alive && !wire.close : !wire.close;
  if (wire.codings && (wire.codings > 1 || wire.lengths || head.http10 || !same_name(wire.coding, "chunked")))
    return false;
  if (wire.lengths > 1 || (wire.lengths && !parse_length(wire.length, head.length))) return false;
  if (head.status == 204 && (wire.codings || head.length)) return false;  // RFC 9112, 6.1 and 6.2
  if (head.status == 101) head.upgrade = wire.upgrade;
  if (head.status < 200 || head.status == 204) {
    head.framing = Framing::none;
  } else if (wire.codings) {
    head.framing = Framing::chunked;
  } else if (wire.lengths) {
    head.framing = Framing::length;
  } else {
    head.framing = method == "HEAD" || head.status == 304 ? Framing::none : Framing::until_close;
  }
  return true;
}

void BodyDecoder::start(Framing framing, std::uint64_t length) {
  left_ = length;
  digits_ = 0;
  overhead_ = 0;
  blank_ = false;
  trailer_line_ = 0;
  trailers_.clear();
  switch (framing) {
    case Framing::none:
      state_ = State::done;
      break;
    case Framing::length:
      state_ = length ? State::fixed : State::done;
      break;
    case Framing::chunked:
      state_ = State::size, left_ = 0;
      break;
    case Framing::until_close:
      state_ = State::until_close;
      break;
  }
}

bool BodyDecoder::size_byte(char c) {
  switch (state_) {
    case State::size: {
      int value = c >= '0' && c <= '9'   ? c - '0'
                  : c >= 'a' && c <= 'f' ? c - 'a' + 10
                  : c >= 'A' && c <= 'F' ? c - 'A' + 10
                                         : -1;
      if (value >= 0) {
        if (blank_ || ++digits_ > 16 || left_ >> 58) return false;
        left_ = left_ << 4 | static_cast<std::uint64_t>(value);
        return true;
      }
      if (!digits_) return false;
      if (c == ' ' || c == '\t') return blank_ = true, ++overhead_ <= extension_limit;
      if (c == ';') return state_ = State::extension, true;
      if (c == '\r' && !blank_) return state_ = State::size_lf, true;
      return false;
    }
    case State::extension:
    case State::extension_quoted:
    case State::extension_escape: {
      if (++overhead_ > extension_limit) return false;
      auto u = static_cast<unsigned char>(c);
      bool escaped = state_ == State::extension_escape, quoted = state_ != State::extension;
      if (c == '\r' && !quoted) return state_ = State::size_lf, true;
      if ((u < 0x20 && c != '\t') || u == 0x7f) return false;
      if (escaped)
        state_ = State::extension_quoted;
      else if (quoted && c == '\\')
        state_ = State::extension_escape;
      else if (c == '"')
        state_ = quoted ? State::extension : State::extension_quoted;
      return true;
    }
    default:
      return false;
  }
}

bool BodyDecoder::trailer_byte(char c) {
  if (state_ == State::trailer_lf) {
    if (c != '\n') return false;
    std::string_view line = std::string_view(trailers_).substr(trailer_line_);
    if (line.empty()) return state_ = State::done, true;
    HeaderView field;
    if (!split_field(line, field)) return false;
    trailers_ += "\r\n";
    trailer_line_ = trailers_.size();
    state_ = State::trailer;
    return true;
  }
  if (c == '\n' || ++overhead_ > trailer_limit) return false;
  if (c == '\r') return state_ = State::trailer_lf, true;
  trailers_ += c;
  return true;
}

BodyDecoder::Step BodyDecoder::next(std::string_view in) {
  Step step;
  auto payload = [&](std::size_t size) {
    step.data = in.substr(step.taken, size);
    step.taken += step.data.size();
  };
  while (step.taken < in.size() && state_ != State::done) {
    char c = in[step.taken];
    switch (state_) {
      case State::done:
        break;
      case State::until_close:
        payload(in.size());
        return step;
      case State::fixed:
        payload(static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size() - step.taken)));
        if ((left_ -= step.data.size()) == 0) state_ = State::done;
        return step;
      case State::data:
        payload(static_cast<std::size_t>(std::min<std::uint64_t>(left_, in.size() - step.taken)));
        if ((left_ -= step.data.size()) == 0) state_ = State::data_cr;
        return step;
      case State::size:
      case State::extension:
      case State::extension_quoted:
      case State::extension_escape:
        step.bad = !size_byte(c);
        break;
      case State::size_lf:
        step.bad = c != '\n';
        state_ = left_ ? State::data : State::trailer;
        break;
      case State::data_cr:
        step.bad = c != '\r';
        state_ = State::data_lf;
        break;
      case State::data_lf:
        step.bad = c != '\n';
        state_ = State::size;
        digits_ = 0;
        blank_ = false;
        break;
      case State::trailer:
      case State::trailer_lf:
        step.bad = !trailer_byte(c);
        break;
    }
    if (step.bad) return step;
    ++step.taken;
  }
  return step;
}

std::vector<HeaderView> parse_trailers(std::string_view text) {
  constexpr std::string_view refused[] = {
      "authorization", "set-cookie",    "cookie",       "content-type", "content-encoding",
      "content-range", "cache-control", "max-forwards", "date",         "location"};
  std::vector<HeaderView> out;
  while (!text.empty()) {
    HeaderView field;
    if (!split_field(cut_line(text), field) || classify(field.name) != FieldKind::plain) continue;
    bool bad = std::any_of(std::begin(refused), std::end(refused),
                           [&](std::string_view name) { return same_name(name, field.name); });
    if (!bad) out.push_back(field);
  }
  return out;
}

void write_field(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace gw::runtime
