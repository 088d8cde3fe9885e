// What became of the controllers' own resources: every value of those that were read ends as an entry of the ledger,
// and what nobody read is told here, so that no reader of a resource can forget a field.
#pragma once
#include <set>
#include <span>

#include "convert/provider.h"

namespace gw::convert {

// Makes an entry of the ledger of every value of these objects; fields that no reader looked at are reported, those
// that may guard as refused.
void account_fields(std::span<const kube::OtherObject* const> own, Ledger& ledger);

// Resources beside those that a controller reads, which say something about its routes and are not converted.
// Those in `taken` have had their say as guards.
void account_others(const Provider& provider, const kube::Bundle& bundle, std::string_view target,
                    const std::set<const kube::Object*>& taken, Ledger& ledger);

}  // namespace gw::convert
