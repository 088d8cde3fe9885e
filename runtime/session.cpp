#include "runtime/session.h"

#include <cstdint>

#include "runtime/backends.h"

namespace gw::runtime {
namespace {

// The token hides the endpoint's address: 64-bit FNV-1a of it.
std::string token(std::string_view endpoint) {
  std::uint64_t hash = 14695981039346656037ull;
  for (char c : endpoint) hash = (hash ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  std::string out;
  for (int shift = 60; shift >= 0; shift -= 4) out += "0123456789abcdef"[hash >> shift & 15];
  return out;
}

std::string_view cookie(const RequestHead& request, std::string_view name) {
  std::string_view found;
  for (const HeaderView& field : request.fields) {
    if (!same_name(field.name, "cookie")) continue;
    std::string_view rest = field.value;
    while (!rest.empty() && found.empty()) {
      auto end = rest.find(';');
      auto pair = trimmed(rest.substr(0, end));
      if (pair.size() > name.size() && pair.substr(0, name.size()) == name && pair[name.size()] == '=')
        found = pair.substr(name.size() + 1);
      rest.remove_prefix(end == rest.npos ? rest.size() : end + 1);
    }
  }
  return found;
}

}  // namespace

Sticky find_session(const route::Session& session, const RequestHead& request, const route::Action& action) {
  std::string_view wanted = session.header ? request.find(session.name) : cookie(request, session.name);
  if (wanted.empty()) return {};
  for (const auto& backend : action.backends) {
    for (const auto& e : backend.endpoints) {
      auto address = Address::parse(e.address, static_cast<std::uint16_t>(e.port));
      if (address && token(address->text()) == wanted) return {&backend, address->text()};
    }
  }
  return {};
}

HeaderView session_field(const route::Session& session, const Endpoint& endpoint,
                         std::forward_list<std::string>& kept) {
  std::string value = token(endpoint.text);
  if (session.header) return {session.name, kept.emplace_front(std::move(value))};
  std::string text = session.name + "=" + value + "; Path=" + session.path + "; HttpOnly; SameSite=Lax";
  if (session.permanent && session.absolute_timeout.count() > 0)
    text += "; Max-Age=" + std::to_string(session.absolute_timeout.count());
  return {"Set-Cookie", kept.emplace_front(std::move(text))};
}

}  // namespace gw::runtime
