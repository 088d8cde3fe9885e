#include "cli/convert_output.h"

#include <vector>

#include "convert/split.h"
#include "kube/load.h"

namespace gw::cli {

Status write_split(kube::Bundle&& all, const std::string& directory, const std::string& how, yaml::Style style) {
  const auto files = convert::split(std::move(all), how, style == yaml::Style::json ? "json" : "yaml");
  if (!files) return files.error();
  for (const auto& [file, objects] : *files) {
    // The files of a directory can be read one after the other.
    std::string text;
    kube::write(objects, style, text);
    if (style == yaml::Style::yaml) text.insert(0, "---\n");
    if (const Status status = write_below(directory, file, text); !status) return status;
  }
  return Unit{};
}

}  // namespace gw::cli
