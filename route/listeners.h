// Listeners of a Gateway and its ListenerSets: which are valid, which conflict, and the conditions that say so.
#pragma once
#include <vector>

#include "route/attach.h"

namespace gw::route {

// Route kinds that a protocol can carry; empty for a protocol gwctl does not know.
std::vector<std::string> kinds_of(std::string_view protocol);

// One listener alone: protocol, route kinds, certificates. Conflicts come later.
ListenerStatus examine(const kube::Index& index, const kube::Object& owner, const kube::Gateway& gateway,
                       const kube::Listener& listener, const AttachOptions& options, const CertificateFacts* facts);

// Marks listeners of one Gateway that are not distinct. `listeners` come in precedence order: the Gateway's own, then
// those of its ListenerSets, oldest set first. Within one owner all that clash lose; between owners the first wins.
void mark_conflicts(std::vector<ListenerStatus*>& listeners, bool mixed_tls);

// Completes Accepted, Programmed and Conflicted from what was found; sets `usable`.
void conclude(ListenerStatus& status);

// Client validation in force on a listener (Gateway.spec.tls.frontend); null when there is none.
const kube::FrontendValidation* frontend_validation(const kube::Gateway& gateway, const kube::Listener& listener);

const Condition* find(const std::vector<Condition>& conditions, std::string_view type);  // null when it is not there
bool fails(const std::vector<Condition>& conditions, std::string_view type);             // is it there, and false?
// Leaves out those that say that all is well.
void keep_faults(std::vector<Condition>& conditions);

}  // namespace gw::route
