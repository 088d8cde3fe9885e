// The header changes of a rule or a backend, done to a message.
#pragma once
#include "route/table.h"
#include "runtime/http.h"

namespace gw::runtime {

// In their order; names and values are not copied, so the changes must outlive the message.
inline void change_headers(Message& message, const route::HeaderChanges& changes) {
  using Op = route::HeaderChange::Op;
  for (const auto& change : changes) {
    if (change.op != Op::add) message.remove(change.name);
    if (change.op != Op::remove) message.fields.push_back({change.name, change.value});
  }
}

}  // namespace gw::runtime
