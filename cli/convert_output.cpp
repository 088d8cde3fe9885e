#include "cli/convert_output.h"

#include <vector>

#include "convert/split.h"
#include "diag/render.h"
#include "kube/load.h"
#include "kube/paths.h"

namespace gw::cli {

void leave_out_unnameable(kube::Bundle& bundle, diag::Sink& sink) {
  kube::each_kind(bundle, [&](auto& objects) {
    std::erase_if(objects, [&](const kube::Object& object) {
      const kube::Metadata& metadata = object.metadata;
      const auto bad = [](const kube::String& name) { return !name.empty() && !kube::is_path_segment(name); };
      const bool in_namespace = bad(metadata.ns);
      if (!in_namespace && !bad(metadata.name)) return false;
      diag::Diagnostic found;
      found.code = "GW654";
      found.layer = "convert";
      found.help = "names are lower-case letters, digits, '-' and '.'";
      found.message = std::string(in_namespace ? "the namespace '" : "the name '") +
                      diag::printable(in_namespace ? metadata.ns : metadata.name) +
                      "' is not one that Kubernetes allows; the object is left out";
      found.object = object.object_id();
      const kube::Place place = kube::Place(object.node).below("metadata").below(in_namespace ? "namespace" : "name");
      if (const yaml::Node* node = place) found.span = node->span();
      sink.report(std::move(found));
      return true;
    });
  });
}

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
