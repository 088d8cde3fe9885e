// Which kinds there are and what their objects look like: the built-in description, or CustomResourceDefinitions.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "diag/diagnostic.h"
#include "validate/schema.h"
#include "yaml/node.h"

namespace gw::validate {

// Release of Gateway API that is installed.
enum class ApiVersion : std::uint8_t { v1_6, v1_7 };
std::string_view name(ApiVersion version);  // "v1.6"

class Catalogue {
 public:
  Catalogue() = default;
  virtual ~Catalogue() = default;
  Catalogue(const Catalogue&) = delete;
  Catalogue& operator=(const Catalogue&) = delete;

  // Every version of every kind, served or not, without schemas.
  const std::vector<KindInfo>& kinds() const { return kinds_; }
  // Null where there is no such kind.
  const KindInfo* find(std::string_view group, std::string_view version, std::string_view kind) const;
  bool knows_group(std::string_view group) const;  // has it any kind?
  // The schema of a kind found above, compiled at first use; null when the description is unusable (told in the sink
  // once). Thread-safe.
  const KindInfo* with_schema(const KindInfo& kind, diag::Sink& sink) const;

 protected:
  virtual const Schema* compile(std::size_t kind, diag::Sink& sink) const = 0;
  std::vector<KindInfo> kinds_;

 private:
  mutable std::mutex mutex_;
  mutable std::vector<bool> compiled_;
  mutable std::vector<KindInfo> ready_;
};

// The project's own description of Gateway API and of the Kubernetes kinds around it. One for each pair, made once.
const Catalogue& builtin(ApiVersion version, Channel channel);

// From documents that hold CustomResourceDefinitions (others are passed over). Faults are told with layer "schema",
// code GW511, at their place in the CRD.
std::unique_ptr<Catalogue> from_crds(const std::vector<yaml::Document>& documents, diag::Sink& sink);

}  // namespace gw::validate
