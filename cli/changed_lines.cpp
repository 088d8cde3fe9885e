#include "cli/changed_lines.h"

#include <charconv>
#include <filesystem>
#include <limits>
#include <sstream>

#include "cli/process.h"

namespace gw::cli {
namespace {

// As git names it: from the working directory.
std::string normal(const std::string& path) {
  std::filesystem::path out(path);
  std::error_code ignored;
  if (out.is_absolute()) out = out.lexically_relative(std::filesystem::current_path(ignored));
  return out.lexically_normal().string();
}

// git's standard output, or an error.
Result<std::string> run_git(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), {"git", "-c", "core.quotepath=off"});
  auto finished = run_program(arguments);
  if (!finished) return Error{"cannot start git", "--new-from-rev needs git and a working tree"};
  if (finished->status != 0)
    return Error{"git cannot compare with '" + arguments.back() + "'",
                 "name a revision that exists, such as HEAD or origin/main"};
  return std::move(finished->out);
}

std::uint32_t number(std::string_view text) {
  std::uint32_t out = 0;
  std::from_chars(text.data(), text.data() + text.size(), out);
  return out;
}

}  // namespace

ChangedLines ChangedLines::parse(const std::string& diff, const std::string& untracked) {
  ChangedLines out;
  std::string file;
  std::istringstream lines(diff);
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with("+++ ")) {
      file = line == "+++ /dev/null" ? std::string() : normal(line.substr(4));
    } else if (line.starts_with("@@ ") && !file.empty()) {
      const std::string_view added = std::string_view(line).substr(line.find('+') + 1);
      const auto comma = added.find_first_of(", ");
      const bool counted = comma != std::string_view::npos && added[comma] == ',';
      out.files_[file].push_back({number(added), counted ? number(added.substr(comma + 1)) : 1});
    }
  }
  std::istringstream names(untracked);
  for (std::string name; std::getline(names, name);) {
    out.files_[normal(name)].push_back({1, std::numeric_limits<std::uint32_t>::max() - 1});
  }
  return out;
}

bool ChangedLines::touches(const diag::Diagnostic& finding, const diag::Sources& sources) const {
  if (!finding.span.known()) return true;
  const auto it = files_.find(normal(sources.name(finding.span.file)));
  if (it == files_.end()) return false;
  const std::uint32_t first = sources.position(finding.span.file, finding.span.begin).line;
  const std::uint32_t last = sources.position(finding.span.file, finding.span.end).line;
  for (const Range& range : it->second) {
    if (last >= range.first && first < range.first + range.count) return true;
  }
  return false;
}

Result<ChangedLines> changed_lines(const std::string& revision) {
  if (revision.starts_with("-")) return Error{"'" + revision + "' is not a revision", {}};
  auto diff = run_git({"diff", "--unified=0", "--no-color", "--no-ext-diff", "--no-prefix", "--relative", revision});
  if (!diff) return diff.error();
  auto untracked = run_git({"ls-files", "--others", "--exclude-standard"});
  if (!untracked) return untracked.error();
  return ChangedLines::parse(*diff, *untracked);
}

}  // namespace gw::cli
