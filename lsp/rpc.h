// JSON-RPC messages over two descriptors, each behind a Content-Length header (LSP 3.17, Base Protocol).
#pragma once
#include <cstddef>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>

namespace gw::lsp {

using Json = nlohmann::json;

class Rpc {
 public:
  Rpc(int in, int out) : in_(in), out_(out) {}

  // The next message; null where it is no JSON, or longer than 64 MiB (what follows it is still read); nothing at the
  // end of the input, or where the header has no length.
  std::optional<Json> read();
  // Can a message be read without waiting for the client?
  bool pending() const;
  void write(const Json& message);

 private:
  bool fill();  // false at the end
  std::optional<std::string> line();

  int in_, out_;
  std::string buffer_;
};

}  // namespace gw::lsp
