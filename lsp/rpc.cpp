#include "lsp/rpc.h"

#include <poll.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <nlohmann/json.hpp>

#include "diag/ascii.h"

namespace gw::lsp {
namespace {

constexpr std::size_t longest = std::size_t{64} << 20;
constexpr std::size_t longest_header = 8192;

}  // namespace

bool Rpc::fill() {
  std::array<char, 65536> piece;
  for (;;) {
    const ssize_t count = ::read(in_, piece.data(), piece.size());
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    buffer_.append(piece.data(), static_cast<std::size_t>(count));
    return true;
  }
}

std::optional<std::string> Rpc::line() {
  std::size_t end;
  while ((end = buffer_.find('\n')) == buffer_.npos)
    if (buffer_.size() > longest_header || !fill()) return std::nullopt;
  std::string out = buffer_.substr(0, end);
  buffer_.erase(0, end + 1);
  if (out.ends_with('\r')) out.pop_back();
  return out;
}

std::optional<Json> Rpc::read() {
  std::optional<std::size_t> length;
  for (;;) {
    const auto header = line();
    if (!header) return std::nullopt;
    if (header->empty() && length) break;
    if (header->empty()) return std::nullopt;
    constexpr std::string_view name = "content-length:";
    if (!diag::lower(*header).starts_with(name)) continue;
    std::string_view value = std::string_view(*header).substr(name.size());
    value.remove_prefix(std::min(value.find_first_not_of(' '), value.size()));
    std::size_t number = 0;
    if (std::from_chars(value.data(), value.data() + value.size(), number).ec == std::errc{}) length = number;
  }
  std::size_t skip = *length > longest ? *length : 0;
  while (skip > buffer_.size()) {
    skip -= buffer_.size();
    buffer_.clear();
    if (!fill()) return std::nullopt;
  }
  if (*length > longest) {
    buffer_.erase(0, skip);
    return Json();
  }
  while (buffer_.size() < *length)
    if (!fill()) return std::nullopt;
  Json message = Json::parse(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(*length), nullptr, false);
  buffer_.erase(0, *length);
  return message.is_discarded() ? Json() : std::move(message);
}

bool Rpc::pending() const {
  if (!buffer_.empty()) return true;
  pollfd one{in_, POLLIN, 0};
  return ::poll(&one, 1, 0) > 0;
}

void Rpc::write(const Json& message) {
  const std::string body = message.dump(-1, ' ', false, Json::error_handler_t::replace);
  const std::string text = "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
  for (std::size_t at = 0; at < text.size();) {
    const ssize_t count = ::write(out_, text.data() + at, text.size() - at);
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return;  // the client is gone; the next read says so
    at += static_cast<std::size_t>(count);
  }
}

}  // namespace gw::lsp
