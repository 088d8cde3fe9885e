#include "runtime/access_log.h"

#include <fcntl.h>
#include <unistd.h>

#include <ctime>

#include "runtime/exchange.h"

namespace gw::runtime {

class LogFile {
 public:
  explicit LogFile(std::string path) : path_(std::move(path)), fd_(path_ == "-" ? STDOUT_FILENO : -1) { reopen(); }
  ~LogFile() {
    if (fd_ > STDERR_FILENO) ::close(fd_);
  }
  void reopen() {
    if (path_ == "-") return;
    int fresh = ::open(path_.c_str(), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0640);
    std::lock_guard lock(mutex_);
    if (fd_ >= 0) ::close(fd_);
    fd_ = fresh;
  }
  void write(std::string_view lines) {
    std::lock_guard lock(mutex_);
    if (fd_ >= 0) [[maybe_unused]]
      auto n = ::write(fd_, lines.data(), lines.size());
  }

 private:
  std::string path_;
  std::mutex mutex_;
  int fd_;
};

namespace {

// Bytes that would end a line or a string are written as \xHH.
void append_safe(std::string& out, std::string_view text, bool json) {
  constexpr char hex[] = "0123456789abcdef";
  for (char c : text.substr(0, 2048)) {
    auto u = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\')
      out.append(1, '\\').append(1, c);
    else if (u >= 0x20 && u < 0x7f)
      out += c;
    else
      out.append(json ? "\\u00" : "\\x").append(1, hex[u >> 4]).append(1, hex[u & 15]);
  }
}

std::string timestamp() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  std::tm tm{};
  gmtime_r(&now.tv_sec, &tm);
  char text[64];
  std::size_t n = std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
  std::snprintf(text + n, sizeof text - n, ".%03ldZ", now.tv_nsec / 1'000'000);
  return text;
}

class Lines : public AccessLog {
 public:
  Lines(std::shared_ptr<LogFile> file, bool json) : file_(std::move(file)), json_(json) {}
  ~Lines() override { flush(); }
  void reopen() override { file_->reopen(); }
  void flush() override {
    if (buffer_.empty()) return;
    file_->write(buffer_);
    buffer_.clear();
  }

  void write(const Exchange& e, TimePoint now) override {
    auto took = std::chrono::duration_cast<std::chrono::microseconds>(now - e.started()).count();
    const auto* action = e.decision().action;
    std::string route = action ? action->source.kind + " " + action->source.object.display() : "";
    std::string rule = !action                            ? ""
                       : action->source.rule_name.empty() ? std::to_string(action->source.rule)
                                                          : action->source.rule_name;
    std::string backend = e.backend() ? e.backend()->service.display() : "";
    if (json_) {
      buffer_ += '{';
      text("time", timestamp());
      text("client", e.info().ip);
      text("method", e.request.method);
      text("host", e.request.authority);
      text("target", e.asked_target());
      text("protocol", e.info().version);
      number("status", e.status());
      number("bytes_in", static_cast<std::int64_t>(e.bytes_in()));
      number("bytes_out", static_cast<std::int64_t>(e.bytes_out()));
      number("duration_us", took);
      text("route", route);
      text("rule", rule);
      text("backend", backend);
      text("endpoint", e.endpoint_text());
      text("detail", e.detail());
      buffer_.pop_back();
      buffer_ += "}\n";
      return;
    }
    buffer_.append(timestamp()).append(" ").append(e.info().ip).append(" \"");
    append_safe(buffer_, e.request.method, false);
    buffer_ += ' ';
    append_safe(buffer_, e.request.authority, false);
    append_safe(buffer_, e.asked_target(), false);
    buffer_.append(" ").append(e.info().version).append("\" ").append(std::to_string(e.status()));
    buffer_.append(" ").append(std::to_string(e.bytes_out())).append(" ").append(std::to_string(took)).append("us");
    buffer_.append(" route=\"").append(route).append("\" rule=").append(rule.empty() ? "-" : rule);
    buffer_.append(" backend=").append(backend.empty() ? "-" : backend);
    buffer_.append(" endpoint=").append(e.endpoint_text().empty() ? "-" : e.endpoint_text());
    if (!e.detail().empty()) buffer_.append(" detail=\"").append(e.detail()).append("\"");
    buffer_ += '\n';
  }

 private:
  void text(std::string_view key, std::string_view value) {
    buffer_.append("\"").append(key).append("\":\"");
    append_safe(buffer_, value, true);
    buffer_ += "\",";
  }
  void number(std::string_view key, std::int64_t value) {
    buffer_.append("\"").append(key).append("\":").append(std::to_string(value)).append(",");
  }
  std::shared_ptr<LogFile> file_;
  bool json_;
  std::string buffer_;
};

}  // namespace

std::shared_ptr<LogFile> open_access_log(const std::string& path) {
  return path == "none" || path.empty() ? nullptr : std::make_shared<LogFile>(path);
}

std::unique_ptr<AccessLog> make_access_log(std::shared_ptr<LogFile> file, bool json) {
  return std::make_unique<Lines>(std::move(file), json);
}

}  // namespace gw::runtime
