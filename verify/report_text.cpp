// The report for a terminal: every difference once, with its hosts folded, the gravest first, on one screen; what every
// move brings in one line; and what to do next.
#include <algorithm>
#include <map>
#include <set>
#include <tuple>

#include "diag/render.h"
#include "verify/causes.h"
#include "verify/curl.h"
#include "verify/report.h"
#include "verify/report_parts.h"

namespace gw::verify {
namespace {

using route::Answer;
using route::AnswerSet;

std::string counted(std::size_t count, std::string_view one, std::string_view many) {
  return std::to_string(count) + " " + std::string(count == 1 ? one : many);
}

// "a.example.com, b.example.com and 12 more"
std::string folded(const std::vector<std::string_view>& hosts, std::size_t shown) {
  std::string out;
  for (std::size_t i = 0; i < hosts.size() && i < shown; ++i)
    out += (i == 0 ? "" : ", ") + std::string(hosts[i] == "*" ? "hosts that no rule names" : diag::printable(hosts[i]));
  return hosts.size() > shown ? out + " and " + std::to_string(hosts.size() - shown) + " more" : out;
}

// What a difference has in common with those of other hosts: everything but names.
using Shape = std::tuple<Impact, bool, std::string_view, Difference, Aspect, std::string_view, std::string>;

std::string shape_of(const AnswerSet& answers) {
  std::string out;
  for (const Answer& answer : answers.any_of) {
    out += std::to_string(answer.status) + (answer.location.empty() ? "" : ">") + (answer.backend.empty() ? "" : "b") +
           std::to_string(answer.backends.size()) + answer.unmodelled + "|";
  }
  return out;
}

struct Group {
  const Counterexample* example = nullptr;  // the shortest one
  std::vector<std::string_view> hosts;
  std::size_t requests = 0;

  void add(std::string_view host, const Counterexample& found) {
    const bool fuller = example && example->old_answer.any_of.empty() && !found.old_answer.any_of.empty();
    if (!example || fuller || (!found.old_answer.any_of.empty() && cost(found.request) < cost(example->request)))
      example = &found;
    if (hosts.empty() || hosts.back() != host) hosts.push_back(host);
    requests += found.alike;
  }
};

std::vector<Group> groups(const Report& report) {
  std::map<Shape, Group> by_shape;
  for (const HostReport& host : report.hosts)
    for (const Counterexample& found : host.counterexamples) {
      if (found.standing || !found.known.empty()) continue;
      const bool caused = !found.cause.empty();
      const bool plain = caused || found.aspect == Aspect::plain || found.aspect == Aspect::query;
      Shape shape{found.impact,
                  caused,
                  found.cause,
                  caused ? Difference::unmodelled : found.difference,
                  plain ? Aspect::plain : found.aspect,
                  plain ? std::string_view() : found.detail,
                  caused ? std::string() : shape_of(found.old_answer) + ">" + shape_of(found.new_answer)};
      by_shape[std::move(shape)].add(host.host, found);
    }
  std::vector<Group> out;
  for (auto& [shape, group] : by_shape) out.push_back(std::move(group));
  std::stable_sort(out.begin(), out.end(), [](const Group& a, const Group& b) {
    const auto key = [](const Group& g) {
      return std::tuple(g.example->impact, !g.example->cause.empty(), g.example->aspect != Aspect::plain);
    };
    return key(a) < key(b);
  });
  return out;
}

std::string side(const AnswerSet& answers, const AnswerSet& others, const diag::Sources& sources,
                 Difference difference) {
  std::string out = summary(answers);
  if (difference >= Difference::guard)
    for (const std::string& line : effect_lines(answers, others)) out += "; " + line;
  const std::string at = place(answers, sources), object = rule_object(answers);
  if (!object.empty() || !at.empty()) out += "  [" + object + (object.empty() || at.empty() ? "" : ", ") + at + "]";
  return diag::printable(out);
}

void add_group(const Group& group, const Rendering& rendering, std::string& out) {
  const Counterexample& found = *group.example;
  out += std::string(name(found.impact)) + ": " + display(found.request) + detail_note(found);
  if (!found.cause.empty()) out += ", cause " + std::string(found.cause);
  if (group.requests > 1) out += "; " + counted(group.requests, "request", "requests");
  const bool one = group.hosts.size() == 1 && group.hosts.front() != "*";
  if (!one)
    out += ", " + counted(group.hosts.size(), "host", "hosts") + ": " +
           folded(group.hosts, std::max<std::size_t>(3, rendering.shown / 2));
  out += "\n    old: " + side(found.old_answer, found.new_answer, rendering.old_sources, found.difference) +
         "\n    new: " + side(found.new_answer, found.old_answer, rendering.new_sources, found.difference) + "\n    " +
         diag::printable(curl_line(found.request, rendering.address)) + "\n";
}

std::size_t omitted(const Report& report) {
  std::size_t out = 0;
  for (const HostReport& host : report.hosts) out += host.omitted;
  return out;
}

// "standing (gwctl explain standing): no-certificate 578, fragment 32 requests"
std::string standing_line(const Report& report) {
  std::map<std::string_view, std::size_t> requests;
  std::size_t hosts = 0;
  for (const HostReport& host : report.hosts) {
    bool any = false;
    for (const Counterexample& found : host.counterexamples) {
      if (!found.standing || !found.known.empty()) continue;
      requests[found.cause] += found.alike;
      any = true;
    }
    hosts += any;
  }
  if (requests.empty()) return {};
  std::string out = "standing: what every move changes, in " + counted(hosts, "host", "hosts") + ":";
  std::string_view join = " ";
  for (const Cause& cause : causes())
    if (const auto row = requests.find(cause.name); row != requests.end()) {
      out += std::string(join) + std::string(cause.name) + " (" + std::to_string(row->second) + ")";
      join = ", ";
    }
  return out + "; see `gwctl explain standing`\n";
}

// One line a text with the hosts it is true for, at most `most` of them.
class Folded {
 public:
  void add(const std::string& text, std::string_view host, std::size_t requests) {
    Row& row = rows_[text];
    if (row.hosts.empty() || row.hosts.back() != host) row.hosts.push_back(host);
    row.requests += requests;
  }
  void write(std::string_view label, std::size_t all_hosts, std::size_t most, bool count, std::string& out) const {
    std::size_t left = most;
    for (const auto& [text, row] : rows_) {
      if (left == 0) break;
      --left;
      out += std::string(label) + diag::printable(text);
      if (count) out += " (" + counted(row.requests, "request", "requests") + ")";
      if (row.hosts.size() < all_hosts)
        out += count ? ", " : "  [", out += folded(row.hosts, 2), out += count ? "" : "]";
      out += "\n";
    }
    if (rows_.size() > most)
      out += std::string(label) + "... and " + std::to_string(rows_.size() - most) + " more; --show N shows more\n";
  }

 private:
  struct Row {
    std::vector<std::string_view> hosts;
    std::size_t requests = 0;
  };
  std::map<std::string, Row> rows_;
};

void add_given(const Report& report, const Rendering& rendering, std::string& out) {
  Folded given, accepted;
  for (const HostReport& host : report.hosts) {
    for (const std::string& note : host.assumptions)
      if (!note.starts_with("accepted: ") && !note.starts_with("standing: ")) given.add(note, host.host, 0);
    for (const Counterexample& found : host.counterexamples)
      if (!found.known.empty()) accepted.add(found.known, host.host, found.alike);
  }
  accepted.write("accepted: ", report.hosts.size(), std::max<std::size_t>(rendering.shown, 10), true, out);
  given.write("given: ", report.hosts.size(), std::max<std::size_t>(rendering.shown, 3), false, out);
}

void add_unmodelled(const Report& report, const Rendering& rendering, std::string& out) {
  std::map<std::string, Group> by_reason;
  for (const HostReport& host : report.hosts)
    for (const Counterexample& found : host.unmodelled)
      by_reason[shape_of(found.old_answer) + ">" + shape_of(found.new_answer)].add(host.host, found);
  std::size_t left = rendering.shown;
  for (const auto& [reason, group] : by_reason) {
    if (left-- == 0) {
      out += "... and " + counted(by_reason.size() - rendering.shown, "more reason", "more reasons") +
             "; --show N shows more\n";
      break;
    }
    const Counterexample& found = *group.example;
    out += "not modelled: " + display(found.request) + ", " + counted(group.hosts.size(), "host", "hosts") + ": " +
           folded(group.hosts, 3) +
           "\n    old: " + side(found.old_answer, found.new_answer, rendering.old_sources, found.difference) +
           "\n    new: " + side(found.new_answer, found.old_answer, rendering.new_sources, found.difference) + "\n";
  }
}

std::string next_line(const Report& report, const std::vector<Group>& open) {
  switch (report.verdict) {
    case Verdict::differs: {
      std::string names;
      for (const Group& group : open)
        if (!group.example->cause.empty() && names.find(group.example->cause) == std::string::npos)
          names += (names.empty() ? "" : ",") + std::string(group.example->cause);
      const std::string agree = names.empty() ? "--known FILE" : "--accept " + names + " or --known FILE";
      return "next: fix the new side where it must not differ; what may differ is agreed to with " + agree + "\n";
    }
    case Verdict::unmodelled:
      return "next: ask what is not modelled of both running gateways: --live-old URL --live-new URL\n";
    case Verdict::tested:
    case Verdict::proved_modulo:
    case Verdict::proved:
      return "next: check it with real traffic: --access-log FILE, or `gwctl shadow` in front of the old gateway\n";
  }
  return {};
}

}  // namespace

std::string to_text(const Report& report, const Rendering& rendering) {
  std::string out = refusal(report, rendering);
  const std::vector<Group> open = groups(report);
  std::size_t left = rendering.shown;
  for (const Group& group : open) {
    if (left-- == 0) break;
    add_group(group, rendering, out);
  }
  if (open.size() > rendering.shown || omitted(report) != 0) {
    const std::size_t more = open.size() > rendering.shown ? open.size() - rendering.shown : 0;
    out += "... and " +
           (more != 0 ? counted(more, "more kind", "more kinds") + " of difference" : "more of these kinds") +
           "; --show N shows more, -o json all\n";
  }
  add_unmodelled(report, rendering, out);
  out += standing_line(report);
  add_given(report, rendering, out);
  out += std::string(name(report.verdict)) + ": " + counts_line(report) + "\n";
  return rendering.next ? out + next_line(report, open) : out;
}

}  // namespace gw::verify
