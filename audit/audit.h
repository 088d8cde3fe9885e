// The report before a migration: what there is, what becomes of it for each target, and how ready that makes it. Made
// by converting in memory; nothing is written.
#pragma once
#include <array>
#include <map>
#include <string>
#include <vector>

#include "convert/convert.h"

namespace gw::audit {

inline constexpr std::size_t outcomes = 6;  // convert::Outcome
using Counts = std::array<std::size_t, outcomes>;

enum class Fate : std::uint8_t { clean, approximated, lost };
std::string_view name(Fate fate);  // "clean", "approximated", "lost"

struct IngressLine {
  kube::NamespacedName id;
  std::string class_name, controller;  // controller empty: nobody's, left out
  std::vector<std::string> hosts;
  std::map<std::string, convert::Outcome> annotations;  // by key
  std::size_t errors = 0, warnings = 0;
  Fate fate = Fate::clean;
  std::string place;  // "shop.yaml:3"
};

struct NamespaceLine {
  std::string ns;
  std::size_t ingresses = 0;
  std::array<std::size_t, 3> fates{};  // by Fate
  std::string risk;                    // low, medium, high
};

struct CertificateLine {
  kube::NamespacedName secret;
  std::string not_after;  // "2027-03-01"; empty with a problem
  std::string problem;    // "not in the input", "expired", ...
};

struct TargetLine {
  std::string name;
  Counts annotations{};
  std::size_t lost = 0;  // Ingresses with a loss
};

struct Finding {
  std::string code, severity, message, help, object, place;
};

struct Report {
  std::string target;
  std::map<std::string, std::size_t> controllers, classes;
  std::size_t hosts = 0, services = 0;
  std::vector<IngressLine> ingresses;         // by namespace and name
  std::vector<NamespaceLine> namespaces;      // by name
  std::map<std::string, Counts> annotations;  // by key
  std::vector<CertificateLine> certificates;
  std::vector<TargetLine> targets;  // the one that loses least first
  std::vector<Finding> findings;
  std::size_t score = 0;
  std::string arithmetic;  // how the score came about
};

// `now`: seconds since 1970, for certificates. The error: an unknown target.
Result<Report> make(const kube::Bundle& bundle, const diag::Sources& sources, const std::string& target,
                    std::int64_t now);

std::string render_text(const Report& report);
std::string render_json(const Report& report);
std::string render_markdown(const Report& report);
std::string render_html(const Report& report);  // one self-contained page, no script

}  // namespace gw::audit
