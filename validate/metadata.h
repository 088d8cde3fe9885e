// metadata as the API server reads and checks it (ObjectMeta; apimachinery pkg/api/validation/objectmeta.go).
#pragma once
#include <vector>

#include "validate/violation.h"

namespace gw::validate {

// Decodes: wrong types (one Decode violation, then the object is lost) and unknown fields; nulls are dropped.
// Gives false when the object cannot be decoded.
bool decode_metadata(Value& object, std::vector<Violation>& out);

// How the name of a kind must look.
enum class NameRule : std::uint8_t { dns_subdomain, dns_label, dns1035_label };

// Adds to `out` what is wrong with metadata of `object`; `rule` is what its kind demands of the name.
void check_metadata(const Value& object, NameRule rule, std::vector<Violation>& out);

}  // namespace gw::validate
