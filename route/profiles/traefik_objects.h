// Traefik's Middlewares and TraefikServices as far as they change which answer a request gets.
#pragma once
#include <re2/re2.h>

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "kube/index.h"

namespace gw::route::traefik {

struct Middleware {
  std::string kind;                  // "ipAllowList", ...
  std::shared_ptr<const RE2> regex;  // of replacePathRegex; null when there is none or it is not valid
  std::string replacement;           // with \\1
  bool cors = false;                 // headers that answer preflights
  // Neither answers nor changes the path of an ordinary request.
  bool passes() const;
};

struct WeightedService {
  kube::NamespacedName service;
  kube::Port port = 0;
  std::uint32_t weight = 1;
};

class Objects {
 public:
  explicit Objects(const kube::Index& index);

  const Middleware* middleware(const kube::NamespacedName& id) const;  // null where there is none of this name
  // The Services behind a TraefikService, of a mirroring one its main ones; nothing when there is no such object.
  std::optional<std::vector<WeightedService>> services(const kube::NamespacedName& id, int depth = 0) const;

 private:
  std::map<kube::NamespacedName, Middleware> middlewares_;
  struct Entry {
    WeightedService service;
    bool nested = false;  // a TraefikService
  };
  std::map<kube::NamespacedName, std::vector<Entry>> services_;
};

// Go's ReplaceAllString on the path.
std::string replace_path(const Middleware& middleware, const std::string& path);

}  // namespace gw::route::traefik
