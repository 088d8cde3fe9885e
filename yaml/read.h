// Reads YAML and JSON as the Kubernetes API server does (sigs.k8s.io/yaml: libyaml's syntax, YAML 1.1 scalars, merges,
// duplicate keys refused), with limits against hostile input.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <vector>

#include "diag/diagnostic.h"
#include "yaml/node.h"

namespace gw::yaml {

struct Limits {
  std::size_t file_bytes = 64u << 20;
  std::size_t documents = 100'000;
  std::size_t depth = 100;
  std::size_t aliases = 1'000;
  std::size_t expansion_factor = 10;  // nodes after expansion, as a multiple of the input's bytes
  std::size_t nodes_per_alias = 400'000;
  std::size_t scalar_bytes = 1u << 20;
};

enum class Empty : std::uint8_t { drop, keep };

// All documents of one file, in order; documents are read on all cores. What is wrong is reported (codes GW001, GW002,
// GW011, GW012, GW013, GW018, GW019; layer "yaml"), and the document that holds it is left out: a bad document costs no
// other. The values of a refused document that looks like a Secret are redacted. Empty documents are left out silently,
// or kept as null. Trees point into the text: keep the Sources.
std::vector<Document> read(diag::FileId file, diag::Sources& sources, const Limits& limits, diag::Sink& sink,
                           Empty empty = Empty::drop);

// The same, some documents at a time, for those who let go of each part before they take the next.
void read_parts(diag::FileId file, diag::Sources& sources, const Limits& limits, diag::Sink& sink,
                const std::function<void(std::vector<Document> part)>& take, Empty empty = Empty::drop);

}  // namespace gw::yaml
