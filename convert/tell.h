// What becomes of a field of a controller's own resource, as an entry of the ledger and a finding.
#pragma once
#include <string_view>

#include "convert/intent.h"
#include "convert/ledger.h"

namespace gw::convert {

// A field's fate as a finding: refused is an error, approximated and ignored are warnings, converted is silent.
void tell(Ledger& ledger, const FieldRef& field, Outcome outcome, std::string_view detail, Loss loss);
// Of a demand that a field made; nothing where annotations made it.
void tell(Ledger& ledger, const Intent& intent, Outcome outcome, std::string_view detail);

}  // namespace gw::convert
