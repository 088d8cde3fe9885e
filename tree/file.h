// Reading a file, and what is refused before a byte of it is read: devices, pipes, link loops, files over the limit.
#pragma once
#include <cstddef>
#include <string>

#include "diag/result.h"

namespace gw::tree {

Error cannot_read(const std::string& path, const std::string& why, std::string help = {});  // "cannot read PATH: WHY"
// The whole file; an Error for a directory, a device, a pipe, and for more than `limit` bytes.
Result<std::string> read_file(const std::string& path, std::size_t limit);
// As read_file, of an open descriptor; `path` is for messages, `expected` the likely size.
Result<std::string> read_descriptor(int fd, const std::string& path, std::size_t limit, std::size_t expected);
bool manifest_name(const std::string& path);  // *.yaml, *.yml, *.json

}  // namespace gw::tree
