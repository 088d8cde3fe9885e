#include "validate/catalogue.h"

#include <algorithm>

namespace gw::validate {

std::string_view name(ApiVersion version) {
  return version == ApiVersion::v1_6 ? "v1.6" : "v1.7";
}

const KindInfo* Catalogue::find(std::string_view group, std::string_view version, std::string_view kind) const {
  const auto it = std::find_if(kinds_.begin(), kinds_.end(), [&](const KindInfo& row) {
    return row.kind == kind && row.group == group && row.version == version;
  });
  return it == kinds_.end() ? nullptr : &*it;
}

bool Catalogue::knows_group(std::string_view group) const {
  return std::any_of(kinds_.begin(), kinds_.end(), [group](const KindInfo& row) { return row.group == group; });
}

const KindInfo* Catalogue::with_schema(const KindInfo& kind, diag::Sink& sink) const {
  const auto at = static_cast<std::size_t>(&kind - kinds_.data());
  const std::lock_guard lock(mutex_);
  if (ready_.empty()) {
    ready_ = kinds_;
    compiled_.resize(kinds_.size());
  }
  if (!compiled_[at]) {
    compiled_[at] = true;
    ready_[at].schema = compile(at, sink);
  }
  return ready_[at].schema ? &ready_[at] : nullptr;
}

}  // namespace gw::validate
