// The Kubernetes API over HTTPS. Reading commands use get() only; the controller also watches and patches status.
#pragma once
#include <atomic>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "cluster/kubeconfig.h"
#include "diag/result.h"

namespace gw::cluster {

struct Response {
  long status = 0;  // HTTP
  std::string body;
};

// One connection that is kept open; not for use by two threads at once. Make one Client a thread.
class Client {
 public:
  explicit Client(Access access);
  ~Client();
  Client(Client&&) noexcept;
  Client(const Client&) = delete;

  // path: "/apis/...?limit=500". An Error means that no HTTP answer came (refused, TLS, DNS, plugin).
  Result<Response> get(const std::string& path);
  // Sends a PATCH with this Content-Type. A status of 400 or more is a Response; an Error is about the connection.
  Result<Response> patch(const std::string& path, std::string_view content_type, const std::string& body);

  // Streams the lines of an answer (a watch) until the server ends it, on_line returns false, or stop becomes true
  // (looked at every second). Returns the HTTP status.
  Result<long> stream(const std::string& path, const std::function<bool(std::string_view)>& on_line,
                      const std::atomic<bool>& stop);

  const std::string& server() const;  // URL of the API server
  const std::string& ns() const;      // of the context

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace gw::cluster
