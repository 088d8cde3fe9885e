#include "cli/files.h"

#include <fcntl.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

#include "diag/render.h"

namespace gw::cli {
namespace {

namespace fs = std::filesystem;

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }
  bool close() { return ::close(std::exchange(fd_, -1)) == 0; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

Error cannot_write(const std::string& path, const std::string& why, std::string help = {}) {
  return {"cannot write " + diag::printable(path) + ": " + why, std::move(help)};
}

constexpr int directory_flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;

// Nothing when a file may stand there; else why not.
std::string obstacle(int directory, const std::string& name, mode_t& mode) {
  struct stat info {};
  if (::fstatat(directory, name.c_str(), &info, AT_SYMLINK_NOFOLLOW) != 0)
    return errno == ENOENT ? "" : std::strerror(errno);
  if (S_ISLNK(info.st_mode)) return "it is a link, and links are not followed";
  if (S_ISDIR(info.st_mode)) return "it is a directory";
  if (!S_ISREG(info.st_mode)) return "it is not a regular file";
  if (mode == 0) mode = info.st_mode & 07777;
  return {};
}

Descriptor temporary(int directory, std::string& name) {
  for (int tries = 0; tries < 100; ++tries) {
    std::uint64_t number = 0;
    if (::getrandom(&number, sizeof number, 0) != static_cast<ssize_t>(sizeof number)) break;
    name = ".gwctl-" + std::to_string(number) + "~";
    const int fd = ::openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd >= 0 || errno != EEXIST) return Descriptor(fd);
  }
  return Descriptor(-1);
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

// `path` is for messages.
Status replace(int directory, const std::string& name, const std::string& path, std::string_view text, mode_t mode) {
  if (const std::string why = obstacle(directory, name, mode); !why.empty())
    return cannot_write(path, why, "name a file of its own");
  std::string fresh;
  Descriptor file = temporary(directory, fresh);
  if (!file) return cannot_write(path, std::strerror(errno));
  const bool good = (mode == 0 || ::fchmod(file.get(), mode) == 0) && write_all(file.get(), text) && file.close() &&
                    ::renameat(directory, fresh.c_str(), directory, name.c_str()) == 0;
  if (good) return Unit{};
  const int failed = errno;
  ::unlinkat(directory, fresh.c_str(), 0);
  return cannot_write(path, std::strerror(failed), "nothing was changed in it");
}

}  // namespace

Status write_file(const std::string& path, std::string_view text, mode_t mode) {
  const fs::path whole(path);
  const std::string name = whole.filename().string(), parent = whole.parent_path().string();
  if (name.empty() || name == "." || name == "..") return cannot_write(path, "it names a directory");
  const Descriptor directory(::open(parent.empty() ? "." : parent.c_str(), directory_flags));
  if (!directory) return cannot_write(path, std::strerror(errno));
  return replace(directory.get(), name, path, text, mode);
}

Status write_below(const std::string& directory, const std::string& relative, std::string_view text, mode_t mode) {
  const std::string path = (fs::path(directory) / relative).string();
  std::error_code failed;
  fs::create_directories(directory, failed);
  if (failed) return Error{"cannot make " + diag::printable(directory) + ": " + failed.message(), {}};
  Descriptor at(::open(directory.c_str(), directory_flags));
  if (!at) return cannot_write(path, std::strerror(errno));
  const fs::path below = fs::path(relative).lexically_normal();
  if (below.is_absolute() || below.empty() || *below.begin() == ".." || below.filename().empty())
    return cannot_write(path, "it does not lie below " + diag::printable(directory));
  for (const fs::path& part : below.parent_path()) {
    if (::mkdirat(at.get(), part.c_str(), 0777) != 0 && errno != EEXIST)
      return cannot_write(path, std::strerror(errno));
    Descriptor next(::openat(at.get(), part.c_str(), directory_flags | O_NOFOLLOW));
    if (!next)
      return cannot_write(path, "its directory '" + diag::printable(part.string()) + "' is a link or no directory");
    at = std::move(next);
  }
  return replace(at.get(), below.filename().string(), path, text, mode);
}

}  // namespace gw::cli
