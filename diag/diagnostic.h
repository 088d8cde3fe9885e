// A finding as data: what, where, about which object, and what to write instead. Rendering is elsewhere
// (diag/render.h).
#pragma once
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "diag/source.h"

namespace gw::diag {

enum class Severity : std::uint8_t { info, warning, error };
std::string_view name(Severity severity);  // "info", "warning", "error"

struct ObjectId {
  std::string api_version, kind, ns, name;
  auto operator<=>(const ObjectId&) const = default;
  bool empty() const { return kind.empty() && name.empty(); }  // names no object
  std::string display() const;                                 // "Ingress shop/web"
};

struct Related {
  Span span;
  std::string message;
};

struct Diagnostic {
  std::string code;  // "GW102"; stable
  Severity severity = Severity::error;
  std::string layer;    // yaml, schema, cel, reference, conflict, lint, convert
  std::string message;  // what happened, in the user's words
  std::string help;     // what to write; may be empty
  ObjectId object;
  std::string path;  // "spec.rules[0].matches[0].path.value"
  Span span;
  std::vector<Related> related;
};

// Collects findings; safe to use from several threads.
class Sink {
 public:
  // Adds a finding; credentials in its texts are hidden first. Thread-safe.
  void report(Diagnostic diagnostic);
  std::vector<Diagnostic> take();  // sorted by file (order of Sources::add), offset, code; leaves the sink empty
  std::size_t count(Severity severity) const;  // thread-safe
  bool failed() const { return count(Severity::error) != 0; }

 private:
  mutable std::mutex mutex_;
  std::vector<Diagnostic> all_;
};

// Sorts by file name, offset, code, so that a report is the same whatever the order in which files were named.
void sort_by_file_name(std::vector<Diagnostic>& findings, const Sources& sources);

}  // namespace gw::diag
