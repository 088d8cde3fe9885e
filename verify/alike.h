// Hosts that only their names tell apart: in a large cluster most hosts are configured like another one, but for their
// own names and those of their Services. Such a host is asked the plain requests; where it answers them like the first
// of its kind, the odd ones are asked only where the first showed a difference.
#pragma once
#include <optional>
#include <vector>

#include "verify/host_check.h"

namespace gw::verify {

// What both sides say about the configuration of a host (HostBoundaries::shape), and which of its Services are the same
// on both. Nothing: a side does not say.
std::optional<std::size_t> shape_of(const HostName& name, const SniNames& sni, bool certificate);

// The answers to the plain requests of every class of paths, without the names. Counts the requests in `asked`.
std::size_t plain_answers(const Inquiry& inquiry, const HostName& name, const SniNames& sni, std::size_t& asked);

// Fills the row of `name` by the row of a host with the same shape and the same plain answers: every difference of that
// one is asked again. False when one is not there: then the host has to be asked by itself.
bool follow(const Inquiry& inquiry, const HostName& first, const SniNames& first_sni, const HostReport& of,
            const HostName& name, const SniNames& sni, HostReport& row);

}  // namespace gw::verify
