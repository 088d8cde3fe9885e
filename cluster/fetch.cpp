#include "cluster/fetch.h"

#include <algorithm>
#include <string_view>

#include "cluster/libcurl.h"
#include "diag/ascii.h"

namespace gw::cluster {
namespace {

constexpr std::size_t most_body = 64 << 10;

std::size_t keep_start(char* data, std::size_t size, std::size_t count, void* to) {
  auto& body = *static_cast<std::string*>(to);
  body.append(data, std::min(size * count, most_body - body.size()));
  return size * count;
}

std::size_t read_header(char* data, std::size_t size, std::size_t count, void* to) {
  auto& headers = *static_cast<std::vector<std::pair<std::string, std::string>>*>(to);
  std::string_view line(data, size * count);
  if (line.starts_with("HTTP/")) headers.clear();  // a final answer after an interim one
  const auto colon = line.find(':');
  if (colon == std::string_view::npos) return size * count;
  std::string_view value = line.substr(colon + 1);
  while (!value.empty() && value.front() == ' ') value.remove_prefix(1);
  while (!value.empty() && (value.back() == '\r' || value.back() == '\n' || value.back() == ' '))
    value.remove_suffix(1);
  headers.emplace_back(diag::lower(line.substr(0, colon)), value);
  return size * count;
}

}  // namespace

std::string Fetched::header(std::string_view name) const {
  const auto at = std::find_if(headers.begin(), headers.end(), [&](const auto& row) { return row.first == name; });
  return at == headers.end() ? std::string() : at->second;
}

struct Fetcher::Impl {
  const LibCurl& curl = libcurl();
  CURL* handle = curl.easy_init ? curl.easy_init() : nullptr;
  char error[CURL_ERROR_SIZE] = {};
};

Fetcher::Fetcher() : impl_(std::make_unique<Impl>()) {}
Fetcher::~Fetcher() {
  if (impl_->handle) impl_->curl.easy_cleanup(impl_->handle);
}

Fetched Fetcher::fetch(const Fetch& request) {
  Fetched out;
  if (!impl_->handle) {
    out.error = libcurl_missing().message;
    return out;
  }
  const LibCurl& curl = impl_->curl;
  CURL* handle = impl_->handle;
  const auto set = [&](CURLoption option, auto value) { curl.easy_setopt(handle, option, value); };
  curl.easy_reset(handle);  // keeps the connection
  impl_->error[0] = 0;
  // The name in the URL goes into TLS; an IP address is never sent there.
  const std::string name = request.https && !request.server_name.empty() ? request.server_name : request.address;
  const std::string url = (request.https ? "https://" : "http://") + name + ":" + std::to_string(request.port) + "/";
  CurlList connect, headers;
  connect.add("::" + request.address + ":" + std::to_string(request.port));
  headers.add(request.host.empty() ? "Host;" : "Host: " + request.host);
  const bool named = std::any_of(request.headers.begin(), request.headers.end(),
                                 [](const auto& header) { return diag::lower(header.first) == "user-agent"; });
  if (!named) headers.add("User-Agent: gwctl-verify");
  for (const auto& [key, value] : request.headers) headers.add(value.empty() ? key + ";" : key + ": " + value);
  set(CURLOPT_URL, url.c_str());
  set(CURLOPT_CONNECT_TO, connect.get());
  set(CURLOPT_HTTPHEADER, headers.get());
  set(CURLOPT_REQUEST_TARGET, request.target.c_str());
  set(CURLOPT_HTTP_VERSION, request.http10 ? CURL_HTTP_VERSION_1_0 : CURL_HTTP_VERSION_1_1);
  set(CURLOPT_SSL_VERIFYPEER, 0L);
  set(CURLOPT_SSL_VERIFYHOST, 0L);
  set(CURLOPT_NOSIGNAL, 1L);
  set(CURLOPT_PROXY, "");
  set(CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  set(CURLOPT_WRITEFUNCTION, keep_start);
  set(CURLOPT_WRITEDATA, &out.body);
  set(CURLOPT_HEADERFUNCTION, read_header);
  set(CURLOPT_HEADERDATA, &out.headers);
  set(CURLOPT_ERRORBUFFER, impl_->error);
  if (request.method == "HEAD")
    set(CURLOPT_NOBODY, 1L);
  else if (request.method != "GET")
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  if (!request.body.empty()) {
    headers.add("Expect:");
    set(CURLOPT_POSTFIELDSIZE, static_cast<long>(request.body.size()));
    set(CURLOPT_POSTFIELDS, request.body.c_str());
    set(CURLOPT_CUSTOMREQUEST, request.method.c_str());
  }
  const CURLcode code = curl.easy_perform(handle);
  long status = 0;
  curl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &status);
  out.status = static_cast<int>(status);
  if (status == 0) out.error = impl_->error[0] ? impl_->error : curl.easy_strerror(code);
  return out;
}

}  // namespace gw::cluster
