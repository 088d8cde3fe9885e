#include "cli/convert_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "convert/split.h"
#include "kube/load.h"

namespace gw::cli {

Status write_file(const std::string& path, std::string_view text) {
  const int fd = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0644);
  if (fd < 0) return Error{"cannot write " + path + ": " + std::strerror(errno), {}};
  while (!text.empty()) {
    const ssize_t n = ::write(fd, text.data(), text.size());
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) {
      const std::string why = std::strerror(errno);
      ::close(fd);
      return Error{"cannot write " + path + ": " + why, {}};
    }
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  if (::close(fd) != 0) return Error{"cannot write " + path + ": " + std::strerror(errno), {}};
  return Unit{};
}

Status write_split(kube::Bundle&& all, const std::string& directory, const std::string& how, yaml::Style style) {
  const std::string_view extension = style == yaml::Style::json ? "json" : "yaml";
  for (const auto& [file, objects] : convert::split(std::move(all), how, extension)) {
    const std::filesystem::path path = std::filesystem::path(directory) / file;
    std::error_code failed;
    std::filesystem::create_directories(path.parent_path(), failed);
    if (failed) return Error{"cannot make " + path.parent_path().string() + ": " + failed.message(), {}};
    // The files of a directory can be read one after the other.
    std::string text;
    kube::write(objects, style, text);
    if (style == yaml::Style::yaml) text.insert(0, "---\n");
    if (const Status status = write_file(path.string(), text); !status) return status;
  }
  return Unit{};
}

}  // namespace gw::cli
