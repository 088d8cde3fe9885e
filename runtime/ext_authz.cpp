// The few messages of envoy.service.auth.v3 that gwctl speaks, in protobuf's wire format: a key (number and type), then
// a varint or a length and as many bytes.
#include <chrono>
#include <map>
#include <optional>

#include "runtime/authorization.h"
#include "runtime/exchange.h"

namespace gw::runtime {
namespace {

enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, bytes = 2, fixed32 = 5 };

class Writer {
 public:
  void number(unsigned field, std::uint64_t value) {
    if (value == 0) return;
    key(field, WireType::varint);
    varint(value);
  }
  void text(unsigned field, std::string_view value) {
    if (!value.empty()) message(field, value);
  }
  void message(unsigned field, std::string_view bytes) {  // an empty one counts
    key(field, WireType::bytes);
    varint(bytes.size());
    out.append(bytes);
  }
  std::string out;

 private:
  void key(unsigned field, WireType type) { varint(field << 3U | static_cast<unsigned>(type)); }
  void varint(std::uint64_t value) {
    for (; value >= 0x80; value >>= 7U) out.push_back(static_cast<char>(value | 0x80));
    out.push_back(static_cast<char>(value));
  }
};

struct Field {
  std::uint64_t number = 0, value = 0;
  WireType type = WireType::varint;
  std::string_view bytes;

  bool is(unsigned wanted) const { return number == wanted && type == WireType::bytes; }
  bool counts(unsigned wanted) const { return number == wanted && type == WireType::varint; }
};

// Calls use(field) for each field. False where the bytes are not a message, or use() says so.
template <class F>
bool each_field(std::string_view message, F&& use) {
  const auto varint = [&](std::uint64_t& to) {
    to = 0;
    for (unsigned shift = 0; shift < 64 && !message.empty(); shift += 7) {
      const auto byte = static_cast<unsigned char>(message.front());
      message.remove_prefix(1);
      to |= std::uint64_t{byte & 0x7fU} << shift;
      if (byte < 0x80) return true;
    }
    return false;
  };
  while (!message.empty()) {
    Field field;
    std::uint64_t key = 0;
    if (!varint(key)) return false;
    field.number = key >> 3U;
    field.type = static_cast<WireType>(key & 7U);
    std::uint64_t size = field.type == WireType::fixed64 ? 8 : 4;
    switch (field.type) {
      case WireType::varint:
        if (!varint(field.value)) return false;
        size = 0;
        break;
      case WireType::bytes:
        if (!varint(size)) return false;
        break;
      case WireType::fixed64:
      case WireType::fixed32:
        break;
      default:  // groups, and what no message has
        return false;
    }
    if (size > message.size()) return false;
    field.bytes = message.substr(0, size);
    message.remove_prefix(size);
    if (!use(field)) return false;
  }
  return true;
}

// ---- the question

std::string lower_name(std::string_view name) {
  std::string out(name);
  for (char& c : out)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  return out;
}

// attributes.source: where the client speaks from.
std::string peer(const ClientInfo& client) {
  Writer socket, address, out;
  socket.text(2, client.ip);
  socket.number(3, client.port);
  address.message(1, socket.out);
  out.message(1, address.out);
  return out.out;
}

std::string http_request(const route::ExternalAuth& service, const RequestHead& asked, const ClientInfo& client,
                         std::string_view body) {
  const std::string_view path = origin_form(asked.target), scheme = client.secure ? "https" : "http";
  std::map<std::string, std::string> headers;
  const auto add = [&](std::string_view name, std::string_view value) {
    if (!service.request_headers.empty() && !listed(service.request_headers, name)) return;
    const auto [at, fresh] = headers.try_emplace(lower_name(name), value);
    if (!fresh) at->second.append(",").append(value);
  };
  add(":authority", asked.authority);
  add(":method", asked.method);
  add(":path", path);
  add(":scheme", scheme);
  for (const HeaderView& field : asked.fields) add(field.name, field.value);
  Writer out;
  out.text(2, asked.method);
  for (const auto& [name, value] : headers) {
    Writer entry;
    entry.text(1, name);
    entry.text(2, value);
    out.message(3, entry.out);
  }
  out.text(4, path);
  out.text(5, asked.authority);
  out.text(6, scheme);
  if (asked.framing != Framing::length) out.number(9, ~std::uint64_t{0});  // -1: not known
  if (asked.framing == Framing::length) out.number(9, asked.length);
  out.text(10, client.version);
  out.text(12, body);  // bytes: a string would have to be UTF-8
  return out.out;
}

// ---- the answer

struct HeaderOption {
  std::string_view name, value;
  bool append = false;
  std::uint64_t action = 0;  // HeaderAppendAction
};

// core.v3.HeaderValueOption; false for a name or value that no field can have.
bool read_header(std::string_view message, HeaderOption& out) {
  const bool good = each_field(message, [&](const Field& field) {
    if (field.is(1))
      return each_field(field.bytes, [&](const Field& part) {
        if (part.is(1)) out.name = part.bytes;
        if (part.is(2) || part.is(3)) out.value = part.bytes;
        return true;
      });
    if (field.is(2))
      return each_field(field.bytes, [&](const Field& part) {
        if (part.counts(1)) out.append = part.value != 0;
        return true;
      });
    if (field.counts(3)) out.action = field.value;
    return true;
  });
  return good && is_token(out.name) && is_field_value(out.value);
}

// Fields that frame a message or lead it to another host are not the service's to change.
bool changeable(std::string_view name) {
  return classify(name) == FieldKind::plain && !same_name(name, "host");
}

bool add_header(std::string_view message, route::HeaderChanges& to) {
  HeaderOption option;
  if (!read_header(message, option)) return false;
  using Op = route::HeaderChange::Op;
  constexpr std::uint64_t add_if_absent = 1;
  const bool add = option.append || option.action == add_if_absent;
  if (changeable(option.name))
    to.push_back({add ? Op::add : Op::set, std::string(option.name), std::string(option.value)});
  return true;
}

bool remove_header(std::string_view name, route::HeaderChanges& to) {
  if (!is_token(name)) return false;
  if (changeable(name)) to.push_back({route::HeaderChange::Op::remove, std::string(name), {}});
  return true;
}

// DeniedHttpResponse
bool read_denied(std::string_view message, Verdict& out) {
  return each_field(message, [&](const Field& field) {
    if (field.is(1))
      return each_field(field.bytes, [&](const Field& part) {
        if (part.counts(1) && part.value >= 300 && part.value < 600) out.status = static_cast<int>(part.value);
        return true;
      });
    if (field.is(2)) return add_header(field.bytes, out.response);
    if (field.is(3)) out.body = field.bytes;
    return true;
  });
}

// OkHttpResponse. A change that gwctl does not carry out may be the condition of the consent: then there is none.
bool read_ok(std::string_view message, Verdict& out) {
  constexpr unsigned set_query = 7, remove_query = 8;
  return each_field(message, [&](const Field& field) {
    if (field.is(2)) return add_header(field.bytes, out.request);
    if (field.is(5)) return remove_header(field.bytes, out.request);
    if (field.is(6)) return add_header(field.bytes, out.response);
    return !field.is(set_query) && !field.is(remove_query);
  });
}

}  // namespace

std::string check_request(const route::ExternalAuth& service, const RequestHead& asked, const ClientInfo& client,
                          std::string_view body) {
  const auto now = std::chrono::system_clock::now().time_since_epoch();
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(now);
  Writer time, request, attributes, out;
  time.number(1, static_cast<std::uint64_t>(whole.count()));
  time.number(2, static_cast<std::uint64_t>(std::chrono::nanoseconds(now - whole).count()));
  request.message(1, time.out);
  request.message(2, http_request(service, asked, client, body));
  attributes.message(1, peer(client));
  attributes.message(4, request.out);
  out.message(1, attributes.out);
  return out.out;
}

Verdict check_response(std::string_view message) {
  std::optional<std::uint64_t> code;
  bool says_ok = false, says_denied = false;
  Verdict denied, allowed;
  const bool good = each_field(message, [&](const Field& field) {
    if (field.is(1)) {
      code = 0;
      return each_field(field.bytes, [&](const Field& part) {
        if (part.counts(1)) code = part.value;
        return true;
      });
    }
    says_denied |= field.is(2);
    says_ok |= field.is(3);
    if (field.is(2)) return read_denied(field.bytes, denied);
    if (field.is(3)) return read_ok(field.bytes, allowed);
    return true;
  });
  if (!good) {
    denied = {};
    denied.status = 503;
    denied.problem = "the authorization service gave no valid answer";
    return denied;
  }
  allowed.allowed = !says_denied && (code ? *code == 0 : says_ok);
  return allowed.allowed ? allowed : denied;
}

}  // namespace gw::runtime
