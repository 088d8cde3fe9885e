// Findings arrive from many threads; the order they leave in depends on what they say alone.
#include "diag/diagnostic.h"

#include <algorithm>
#include <tuple>

#include "diag/credentials.h"

namespace gw::diag {
namespace {

auto place(const Diagnostic& d) {
  return std::tie(d.span.begin, d.code, d.span.end, d.object, d.path, d.message);
}

}  // namespace

std::string_view name(Severity severity) {
  switch (severity) {
    case Severity::info:
      return "info";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "error";
}

std::string ObjectId::display() const {
  std::string out = kind;
  if (name.empty()) return out;
  if (!out.empty()) out += ' ';
  if (!ns.empty()) out += ns + '/';
  return out + name;
}

void Sink::report(Diagnostic diagnostic) {
  diagnostic.message = hide_credentials(std::move(diagnostic.message));
  diagnostic.help = hide_credentials(std::move(diagnostic.help));
  std::lock_guard lock(mutex_);
  all_.push_back(std::move(diagnostic));
}

std::vector<Diagnostic> Sink::take() {
  std::vector<Diagnostic> out;
  {
    std::lock_guard lock(mutex_);
    out.swap(all_);
  }
  std::ranges::stable_sort(out, [](const Diagnostic& a, const Diagnostic& b) {
    return a.span.file != b.span.file ? a.span.file < b.span.file : place(a) < place(b);
  });
  return out;
}

std::size_t Sink::count(Severity severity) const {
  std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(std::ranges::count(all_, severity, &Diagnostic::severity));
}

void sort_by_file_name(std::vector<Diagnostic>& findings, const Sources& sources) {
  auto file = [&](const Diagnostic& d) {
    return d.span.known() ? std::string_view(sources.name(d.span.file)) : std::string_view();
  };
  std::ranges::stable_sort(findings, [&](const Diagnostic& a, const Diagnostic& b) {
    if (a.span.known() != b.span.known()) return a.span.known();
    if (int order = file(a).compare(file(b)); order != 0) return order < 0;
    return place(a) < place(b);
  });
}

}  // namespace gw::diag
