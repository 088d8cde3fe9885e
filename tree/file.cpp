#include "tree/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace gw::tree {
namespace {

std::string megabytes(std::size_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
}

}  // namespace

Error cannot_read(const std::string& path, const std::string& why, std::string help) {
  return {"cannot read '" + path + "': " + why, std::move(help)};
}

Result<std::string> read_descriptor(int fd, const std::string& path, std::size_t limit, std::size_t expected) {
  std::string text;
  constexpr std::size_t step = 1 << 16;
  text.reserve(expected + step);  // the last read, which finds the end, asks for a step more
  for (;;) {
    const std::size_t old = text.size();
    text.resize(std::max(old + step, std::min(text.capacity(), old + (step << 6))));
    const ssize_t n = ::read(fd, text.data() + old, text.size() - old);
    if (n < 0 && errno == EINTR) {
      text.resize(old);
      continue;
    }
    if (n < 0) return cannot_read(path, std::strerror(errno));
    text.resize(old + static_cast<std::size_t>(n));
    if (n == 0) return text;
    if (text.size() > limit)
      return cannot_read(path, "it is larger than " + megabytes(limit), "raise --max-file-size if it is meant to be");
  }
}

Result<std::string> read_file(const std::string& path, std::size_t limit) {
  const int fd = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return cannot_read(path, std::strerror(errno));
  struct stat info {};
  Result<std::string> text =
      cannot_read(path, "it is not a regular file", "give a file, a directory, or - for standard input");
  if (::fstat(fd, &info) == 0 && S_ISREG(info.st_mode)) {
    const auto size = static_cast<std::size_t>(info.st_size);
    text = size > limit ? Result<std::string>(cannot_read(path, "it is larger than " + megabytes(limit),
                                                          "raise --max-file-size if it is meant to be"))
                        : read_descriptor(fd, path, limit, size);
  }
  ::close(fd);
  return text;
}

bool manifest_name(const std::string& path) {
  return path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".json");
}

}  // namespace gw::tree
