// The report before a migration: what there is, what becomes of it for each target, how sure that is, and how ready
// that makes it. Made by converting, validating and verifying in memory; nothing is written.
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
std::string_view name(Fate fate);  // "clean", "approximated", "loss"

// An Ingress, or a route of one of the controllers' own kinds.
struct IngressLine {
  kube::NamespacedName id;
  std::string kind = "Ingress";
  std::string class_name, controller;  // controller empty: nobody's, left out
  std::string owner;                   // see owner_of
  std::vector<std::string> hosts;
  std::vector<std::string> aliases;                     // hosts that its annotations add
  std::map<std::string, convert::Outcome> annotations;  // by key
  std::size_t errors = 0, warnings = 0;
  std::size_t losses = 0, security_losses = 0, approximations = 0;  // annotations
  bool differs = false;    // verify found a request to one of its hosts that is answered otherwise, beyond cosmetics
  std::size_t effort = 0;  // points, see effort_arithmetic
  Fate fate = Fate::clean;
  std::string place;  // "shop.yaml:3"
};

// A namespace, or an owner.
struct GroupLine {
  std::string name;
  std::size_t ingresses = 0;
  std::array<std::size_t, 3> fates{};  // by Fate
  std::size_t effort = 0, security_losses = 0, differing = 0;
  std::string risk;  // low, medium, high
};
inline constexpr const char* effort_arithmetic =
    "points: 1 an Ingress, 1 an approximated annotation, 3 a lost one, 5 a lost security demand, 3 an error, 2 where "
    "an answer differs";
inline constexpr const char* risk_arithmetic =
    "high: a security demand or half of the Ingresses lose something; medium: any loss or differing answer; else low";

struct CertificateLine {
  kube::NamespacedName secret;
  std::vector<std::string> hosts;  // that Ingresses want it for
  std::string not_after;           // "2027-03-01"; empty when it cannot be read
  std::int64_t days_left = 0;
  std::string problem;  // "not in the input", "expired", "does not cover x", ...
};

struct TargetLine {
  std::string name;
  Counts annotations{};
  std::size_t lost = 0;  // Ingresses with a loss
};

// What verify found out about a host, for the chosen target.
struct HostLine {
  std::string host, controller, verdict;
  std::size_t differences = 0;  // kinds of difference beyond cosmetics, cosmetic ones
  std::size_t cosmetic = 0;
  std::string impact, request, old_answer, new_answer, old_at, curl;  // of the gravest difference
  std::vector<std::string> assumptions;
};

struct Finding {
  std::string code, severity, message, help, object, place;
  std::uint32_t line = 0;
  std::string excerpt;  // the source line, secrets as ***
};

// An Ingress as it was read, and the objects that came of it.
struct BeforeAfter {
  std::string object, place, before, after;
};

// A stage of the plan, as the report shows it.
struct StageLine {
  std::string title, go_on;
};

struct Checked {
  bool done = false;
  std::size_t hosts = 0, all_hosts = 0;  // asked, of
  std::string profile;
  std::size_t errors = 0, warnings = 0, infos = 0;  // of validate, over the converted objects
  std::vector<Finding> findings;                    // of validate, one a code
  std::map<std::string, std::size_t> verdicts;      // hosts
};

struct Report {
  std::string target;
  std::map<std::string, std::size_t> controllers, classes;
  std::size_t hosts = 0, services = 0;
  std::vector<IngressLine> ingresses;                                       // by namespace and name
  std::vector<GroupLine> namespaces, owners;                                // by name
  std::map<std::string, Counts> annotations;                                // by key
  std::map<std::string, std::map<std::string, convert::Outcome>> features;  // by key, then target: the gravest outcome
  std::vector<CertificateLine> certificates;                                // the first to expire first
  std::vector<TargetLine> targets;                                          // the one that loses least first
  std::vector<HostLine> verified;                                           // differing hosts first
  Checked checked;
  std::vector<Finding> findings;  // of the conversion
  std::vector<BeforeAfter> pairs;
  std::vector<StageLine> stages;
  std::size_t score = 0;
  std::string arithmetic;  // how the score came about
  std::string date;        // "2026-11-25", of the certificates' days
};

struct Options {
  std::string target = "standard";
  std::int64_t now = 0;                       // seconds since 1970, for certificates
  std::size_t verify_hosts = 200;             // more hosts: one representative of each shape first; 0: verify nothing
  std::vector<std::string> controller_flags;  // of the old controller's command line
  bool every = false;                         // other targets try every Ingress, not one of each shape
};

// "Ingress shop/web" is "shop/web"; of another kind the kind is said.
std::string shown(const IngressLine& line);
// "2 Ingresses and 1 HTTPProxy"
std::string counted_kinds(const std::vector<IngressLine>& lines);

// The error: an unknown target.
Result<Report> make(const kube::Bundle& bundle, const diag::Sources& sources, const Options& options);

// Who answers for an object: an annotation or label owner, team, squad or contact under any prefix, else
// app.kubernetes.io/part-of, managed-by's release or name; else the same of its Namespace; else empty.
std::string owner_of(const kube::Metadata& object, const kube::Namespace* ns);

// The report as text, as JSON (docs/command-line.md, "audit") or as Markdown. Long tables are cut in the text alone.
std::string render_text(const Report& report);
std::string render_json(const Report& report);
std::string render_markdown(const Report& report);
std::string render_html(const Report& report);  // one self-contained page, no script

}  // namespace gw::audit
