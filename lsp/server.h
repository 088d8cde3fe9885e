// The conversation of one editor: a loop over messages until it says exit (LSP 3.17, Base Protocol and Lifecycle).
#pragma once
#include "lsp/features.h"
#include "lsp/rpc.h"

namespace gw::lsp {

class Server {
 public:
  // `version` is what serverInfo tells.
  Server(int in, int out, std::string version) : rpc_(in, out), version_(std::move(version)) {}

  // 0 after shutdown and exit; 1 where the input ends, or exit comes, without shutdown.
  int run();

 private:
  void handle(const Json& message);
  Json answer(const std::string& method, const Json& params);
  void note(const std::string& method, const Json& params);
  Json initialize(const Json& params);
  void settle(const Json& options);
  void publish();
  void reply(const Json& id, const Json& result);
  void refuse(const Json& id, int code, const std::string& why);

  Rpc rpc_;
  std::string version_;
  Workspace workspace_;
  std::map<std::string, std::string> published_;  // what was sent last, by URI
  bool initialized_ = false, shut_down_ = false, exited_ = false, changed_ = false;
  std::string told_;  // the last message about the configuration
};

}  // namespace gw::lsp
