// One libcurl handle with the credentials of a kubeconfig.
#include "cluster/client.h"

#include <fstream>
#include <iterator>
#include <optional>

#include "cluster/libcurl.h"
#include "cluster/plugin.h"

namespace gw::cluster {
namespace {

constexpr long connect_timeout_s = 10, request_timeout_s = 120;
constexpr long stream_timeout_s = 330;  // watches ask for 290 s; a server that lets them hang is left

struct Body {
  std::string text;
  std::size_t limit = std::size_t{512} << 20;
};

std::size_t collect(char* data, std::size_t size, std::size_t count, void* to) {
  auto& body = *static_cast<Body*>(to);
  if (body.text.size() + size * count > body.limit) return 0;
  body.text.append(data, size * count);
  return size * count;
}

struct Lines {
  const std::function<bool(std::string_view)>* on_line;
  const std::atomic<bool>* stop;
  CURL* handle;
  std::string partial;
  bool endless = false;
};

constexpr std::size_t longest_line = std::size_t{16} << 20;  // an object of etcd has 1.5 MiB at most

std::size_t split_lines(char* data, std::size_t size, std::size_t count, void* to) {
  auto& lines = *static_cast<Lines*>(to);
  lines.partial.append(data, size * count);
  long status = 0;
  libcurl().easy_getinfo(lines.handle, CURLINFO_RESPONSE_CODE, &status);
  std::size_t begin = 0;
  for (std::size_t end; status == 200 && (end = lines.partial.find('\n', begin)) != std::string::npos; begin = end + 1)
    if (!(*lines.on_line)(std::string_view(lines.partial).substr(begin, end - begin))) return 0;
  lines.partial.erase(0, begin);
  lines.endless = lines.partial.size() > longest_line;
  return lines.endless ? 0 : size * count;
}

int stop_wanted(void* to, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<const std::atomic<bool>*>(to)->load() ? 1 : 0;
}

std::string token_from(const std::string& file) {
  std::ifstream in(file);
  std::string token(std::istreambuf_iterator<char>(in), {});
  while (!token.empty() && (token.back() == '\n' || token.back() == '\r' || token.back() == ' ')) token.pop_back();
  return token;
}

}  // namespace

struct Client::Impl {
  Access access;
  const LibCurl& curl = libcurl();
  CURL* handle = curl.easy_init ? curl.easy_init() : nullptr;
  std::optional<Credential> plugin_credential;  // of the last request
  CurlList connect_to;
  char error[CURL_ERROR_SIZE] = {};

  explicit Impl(Access a) : access(std::move(a)) {}
  ~Impl() {
    if (handle) curl.easy_cleanup(handle);
  }

  template <class Value>
  void set(CURLoption option, Value value) {
    curl.easy_setopt(handle, option, value);
  }
  void blob(CURLoption option, const std::string& pem) {
    curl_blob data{const_cast<char*>(pem.data()), pem.size(), CURL_BLOB_COPY};
    curl.easy_setopt(handle, option, &data);
  }

  Status credentials(CurlList& headers) {
    if (access.plugin) {
      auto got = access.plugin->get(access);
      if (!got) return got.error();
      plugin_credential = std::move(*got);
    }
    std::string token = access.token;
    if (!access.token_file.empty()) token = token_from(access.token_file);  // read anew: it is rotated
    std::string certificate = access.client_certificate_pem, key = access.client_key_pem;
    if (plugin_credential) {
      if (!plugin_credential->token.empty()) token = plugin_credential->token;
      if (!plugin_credential->client_certificate_pem.empty()) {
        certificate = plugin_credential->client_certificate_pem;
        key = plugin_credential->client_key_pem;
      }
    }
    if (!token.empty()) headers.add("Authorization: Bearer " + token);
    if (!certificate.empty()) {
      set(CURLOPT_SSLCERTTYPE, "PEM");
      set(CURLOPT_SSLKEYTYPE, "PEM");
      blob(CURLOPT_SSLCERT_BLOB, certificate);
      blob(CURLOPT_SSLKEY_BLOB, key);
    }
    if (token.empty() && !access.username.empty()) {
      set(CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
      set(CURLOPT_USERNAME, access.username.c_str());
      set(CURLOPT_PASSWORD, access.password.c_str());
    }
    if (!access.impersonate.empty()) headers.add("Impersonate-User: " + access.impersonate);
    if (!access.impersonate_uid.empty()) headers.add("Impersonate-Uid: " + access.impersonate_uid);
    for (const std::string& group : access.impersonate_groups) headers.add("Impersonate-Group: " + group);
    return Unit{};
  }

  // tls-server-name: another name for SNI and for the certificate's check, the same place to connect to.
  void address(const std::string& path, CurlList& headers) {
    const auto host = access.server.find("://") + 3;
    const auto end = std::min(access.server.find('/', host), access.server.size());
    const std::string place = access.server.substr(host, end - host);
    if (access.tls_server_name.empty() || !access.server.starts_with("https://"))
      return set(CURLOPT_URL, (access.server + path).c_str());
    const auto colon = place.rfind(':');
    const bool ported = colon != std::string::npos && place.find(']', colon) == std::string::npos;
    const std::string port = ported ? place.substr(colon + 1) : "443";
    set(CURLOPT_URL, ("https://" + access.tls_server_name + ":" + port + access.server.substr(end) + path).c_str());
    connect_to.add(access.tls_server_name + ":" + port + ":" + place.substr(0, ported ? colon : place.size()) + ":" +
                   port);
    set(CURLOPT_CONNECT_TO, connect_to.get());
    headers.add("Host: " + place);
  }

  Status prepare(const std::string& path, CurlList& headers) {
    if (!handle) return libcurl_missing();
    curl.easy_reset(handle);
    connect_to.clear();
    headers.add("Accept: application/json");
    if (auto ready = credentials(headers); !ready) return ready;
    address(path, headers);
    set(CURLOPT_PROTOCOLS_STR, "http,https");
    set(CURLOPT_USERAGENT, "gwctl");
    set(CURLOPT_NOSIGNAL, 1L);
    set(CURLOPT_CONNECTTIMEOUT, connect_timeout_s);
    set(CURLOPT_ERRORBUFFER, error);
    set(CURLOPT_ACCEPT_ENCODING, "");
    if (!access.ca_pem.empty()) blob(CURLOPT_CAINFO_BLOB, access.ca_pem);
    if (access.insecure) {
      set(CURLOPT_SSL_VERIFYPEER, 0L);
      set(CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (!access.proxy_url.empty()) set(CURLOPT_PROXY, access.proxy_url.c_str());
    set(CURLOPT_HTTPHEADER, headers.get());
    error[0] = 0;
    return Unit{};
  }

  Error unreachable(CURLcode code) const {
    const std::string why = error[0] ? error : curl.easy_strerror(code);
    return {"the API server " + access.server + " did not answer: " + why,
            "check --kubeconfig, --context and the network"};
  }

  // method empty: GET. A 401 makes a plugin's credential stale: it is fetched anew, once.
  Result<Response> request(const char* method, const std::string& path, const std::string& type,
                           const std::string& body) {
    for (bool again = false;; again = true) {
      CurlList headers;
      if (!type.empty()) headers.add("Content-Type: " + type);
      if (auto ready = prepare(path, headers); !ready) return ready.error();
      Body answer;
      set(CURLOPT_TIMEOUT, request_timeout_s);
      set(CURLOPT_WRITEFUNCTION, collect);
      set(CURLOPT_WRITEDATA, &answer);
      if (*method) {
        set(CURLOPT_CUSTOMREQUEST, method);
        set(CURLOPT_POSTFIELDS, body.c_str());
        set(CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
      }
      if (const CURLcode code = curl.easy_perform(handle); code != CURLE_OK) return unreachable(code);
      Response response;
      curl.easy_getinfo(handle, CURLINFO_RESPONSE_CODE, &response.status);
      response.body = std::move(answer.text);
      if (response.status != 401 || !access.plugin || again) return response;
      access.plugin->refused(*plugin_credential);
    }
  }
};

Client::Client(Access access) : impl_(std::make_unique<Impl>(std::move(access))) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;

Result<Response> Client::get(const std::string& path) {
  return impl_->request("", path, "", "");
}
Result<Response> Client::patch(const std::string& path, std::string_view type, const std::string& body) {
  return impl_->request("PATCH", path, std::string(type), body);
}
Result<long> Client::stream(const std::string& path, const std::function<bool(std::string_view)>& on_line,
                            const std::atomic<bool>& stop) {
  Impl& impl = *impl_;
  CurlList headers;
  if (auto ready = impl.prepare(path, headers); !ready) return ready.error();
  Lines lines{&on_line, &stop, impl.handle, {}, false};
  impl.set(CURLOPT_WRITEFUNCTION, split_lines);
  impl.set(CURLOPT_WRITEDATA, &lines);
  impl.set(CURLOPT_NOPROGRESS, 0L);
  impl.set(CURLOPT_XFERINFOFUNCTION, stop_wanted);
  impl.set(CURLOPT_XFERINFODATA, &stop);
  impl.set(CURLOPT_TCP_KEEPALIVE, 1L);
  impl.set(CURLOPT_TIMEOUT, stream_timeout_s);
  const CURLcode code = impl.curl.easy_perform(impl.handle);
  if (lines.endless) return Error{"the API server " + server() + " sends an event of more than 16 MiB", ""};
  long status = 0;
  impl.curl.easy_getinfo(impl.handle, CURLINFO_RESPONSE_CODE, &status);
  const bool ours = code == CURLE_WRITE_ERROR || code == CURLE_ABORTED_BY_CALLBACK ||
                    (code == CURLE_OPERATION_TIMEDOUT && status != 0);
  if (code != CURLE_OK && !ours) return impl.unreachable(code);
  if (status == 401 && impl.access.plugin) impl.access.plugin->refused(*impl.plugin_credential);
  return status;
}

const std::string& Client::server() const {
  return impl_->access.server;
}
const std::string& Client::ns() const {
  return impl_->access.ns;
}

}  // namespace gw::cluster
