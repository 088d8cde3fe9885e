// Objects a Gateway generates: one ServiceAccount that carries spec.infrastructure's labels and annotations.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "route/attach.h"

namespace gw::control {

// To be sent as a server-side apply.
struct Manifest {
  std::string path, json;
};

class Infrastructure {
 public:
  // The manifests that differ from those returned before. The owner reference lets the cluster delete them.
  std::vector<Manifest> changed(const route::Attachments& attachments);
  // It could not be applied: the next changed() returns it again.
  void failed(const Manifest& manifest) { sent_.erase(manifest.path); }

 private:
  std::map<std::string, std::string> sent_;  // path -> json
};

}  // namespace gw::control
