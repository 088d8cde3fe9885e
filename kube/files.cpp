// Which files are read, and what is refused before a byte of it is: devices, pipes, link loops, files over the limit.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "kube/load.h"
#include "kube/selector.h"

namespace gw::kube {
namespace {

namespace fs = std::filesystem;

Error cannot_read(const std::string& path, const std::string& why, std::string help = {}) {
  return {"cannot read '" + path + "': " + why, std::move(help)};
}

std::string megabytes(std::size_t bytes) {
  return std::to_string(bytes >> 20) + " MiB";
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

bool manifest_name(const fs::path& path) {
  const std::string extension = path.extension().string();
  return extension == ".yaml" || extension == ".yml" || extension == ".json";
}

// Manifests of a directory in name order. Links inside are followed to files only, so loops cannot occur.
Result<std::vector<std::string>> list(const std::string& directory, bool recursive) {
  std::vector<std::string> found, directories;
  std::error_code error;
  for (fs::directory_iterator it(directory, error), end; !error && it != end; it.increment(error)) {
    std::error_code ignored;
    if (it->is_directory(ignored)) {
      if (recursive && !it->is_symlink(ignored)) directories.push_back(it->path().string());
    } else if (manifest_name(it->path())) {
      found.push_back(it->path().string());
    }
  }
  if (error) return cannot_read(directory, error.message());
  for (const std::string& below : directories) {
    auto more = list(below, true);
    if (!more) return more;
    found.insert(found.end(), more->begin(), more->end());
  }
  std::sort(found.begin(), found.end());
  return found;
}

}  // namespace

Result<std::vector<diag::FileId>> read_inputs(const std::vector<std::string>& paths, const LoadOptions& options,
                                              diag::Sources& sources) {
  if (const Selector selector(options.selector); !selector.error().empty())
    return Error{selector.error(), "write a selector such as app=shop,tier!=db"};
  std::vector<diag::FileId> files;
  const std::size_t limit = options.limits.file_bytes;
  for (const std::string& path : paths) {
    if (path == "-") {
      auto text = read_descriptor(STDIN_FILENO, "standard input", limit, 0);
      if (!text) return text.error();
      files.push_back(sources.add("<stdin>", std::move(*text)));
      continue;
    }
    std::error_code error;
    std::vector<std::string> members{path};
    if (fs::is_directory(path, error)) {
      auto listed = list(path, options.recursive);
      if (!listed) return listed.error();
      if (listed->empty())
        return cannot_read(path, "it holds no .yaml, .yml or .json file",
                           options.recursive ? "" : "add -R to look into its subdirectories");
      members = std::move(*listed);
    }
    for (const std::string& member : members) {
      auto text = read_file(member, limit);
      if (!text) return text.error();
      files.push_back(sources.add(member, std::move(*text)));
    }
  }
  return files;
}

}  // namespace gw::kube
