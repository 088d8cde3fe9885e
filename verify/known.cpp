#include "verify/known.h"

#include <algorithm>
#include <array>
#include <span>

#include "diag/suggest.h"
#include "verify/causes.h"

namespace gw::verify {
namespace {

struct TextField {
  std::string_view name;
  std::string Accepted::*member;
};
constexpr std::array<TextField, 9> text_fields = {{{"host", &Accepted::host},
                                                   {"aspect", &Accepted::aspect},
                                                   {"detail", &Accepted::detail},
                                                   {"difference", &Accepted::difference},
                                                   {"cause", &Accepted::cause},
                                                   {"scheme", &Accepted::scheme},
                                                   {"method", &Accepted::method},
                                                   {"path", &Accepted::path},
                                                   {"reason", &Accepted::reason}}};
constexpr std::array<std::string_view, 11> field_names = {"host",   "aspect", "detail", "difference", "cause", "scheme",
                                                          "method", "path",   "reason", "old",        "new"};

void report(diag::Sink& sink, const diag::Span& span, std::string message, std::string help) {
  diag::Diagnostic finding;
  finding.code = "GW700";
  finding.layer = "verify";
  finding.message = std::move(message);
  finding.help = std::move(help);
  finding.span = span;
  sink.report(std::move(finding));
}

std::vector<std::string_view> aspect_names() {
  std::vector<std::string_view> out;
  for (int i = 0; i <= static_cast<int>(Aspect::protocol); ++i) out.push_back(name(static_cast<Aspect>(i)));
  return out;
}
std::vector<std::string_view> difference_names() {
  std::vector<std::string_view> out;
  for (int i = 0; i <= static_cast<int>(Difference::mirror); ++i) out.push_back(name(static_cast<Difference>(i)));
  return out;
}

std::vector<std::string_view> cause_names() {
  std::vector<std::string_view> out;
  for (const Cause& each : causes()) out.push_back(each.name);
  return out;
}

bool known_word(const std::string& word, const std::vector<std::string_view>& words) {
  return word.empty() || std::find(words.begin(), words.end(), word) != words.end();
}

std::string suggestion(std::string_view word, std::span<const std::string_view> words) {
  const std::string_view near = diag::nearest(word, words);
  if (!near.empty()) return "did you mean '" + std::string(near) + "'?";
  std::string out = "one of:";
  for (std::string_view each : words) out += " '" + std::string(each) + "'";
  return out;
}

// False: the entry is not to be used.
bool read_entry(const yaml::Node& node, Accepted& out, diag::Sink& sink) {
  out.span = node.span();
  bool good = true;
  for (const yaml::Entry& entry : node.entries()) {
    const std::string_view key = entry.key.string();
    const auto text =
        std::find_if(text_fields.begin(), text_fields.end(), [&](const TextField& f) { return f.name == key; });
    if (text != text_fields.end() && entry.value.is_string()) {
      out.*(text->member) = entry.value.string();
    } else if ((key == "old" || key == "new") && entry.value.kind() == yaml::Kind::integer) {
      (key == "old" ? out.old_status : out.new_status) = static_cast<int>(entry.value.integer());
    } else if (std::find(field_names.begin(), field_names.end(), key) == field_names.end()) {
      report(sink, entry.key.span(), "unknown field '" + std::string(key) + "'", suggestion(key, field_names));
      good = false;
    } else {
      report(sink, entry.value.span(), "'" + std::string(key) + "' has a value of the wrong type",
             key == "old" || key == "new" ? "write a status code" : "write a text");
      good = false;
    }
  }
  if (out.reason.empty()) {
    report(sink, node.span(), "an accepted difference without a reason", "write `reason:` and say who agreed to it");
    good = false;
  }
  if (!known_word(out.scheme, {"http", "https"})) {
    report(sink, node.span(), "unknown scheme '" + out.scheme + "'", "write http or https");
    good = false;
  }
  if (!known_word(out.aspect, aspect_names())) {
    report(sink, node.span(), "unknown aspect '" + out.aspect + "'", suggestion(out.aspect, aspect_names()));
    good = false;
  }
  if (!known_word(out.cause, cause_names())) {
    report(sink, node.span(), "unknown cause '" + out.cause + "'", suggestion(out.cause, cause_names()));
    good = false;
  }
  if (!known_word(out.difference, difference_names())) {
    report(sink, node.span(), "unknown difference '" + out.difference + "'",
           suggestion(out.difference, difference_names()));
    good = false;
  }
  return good;
}

bool host_fits(std::string_view pattern, std::string_view host) {
  if (pattern.empty() || pattern == host) return true;
  if (pattern == "*") return false;
  if (pattern.starts_with('*')) return host.ends_with(pattern.substr(1));
  if (pattern.ends_with('*')) return host.starts_with(pattern.substr(0, pattern.size() - 1));
  return false;
}

bool scheme_fits(std::string_view wanted, route::Scheme scheme) {
  return wanted.empty() || (wanted == "https") == (scheme == route::Scheme::https);
}

bool status_fits(const std::optional<int>& wanted, const route::AnswerSet& answers) {
  return !wanted || std::any_of(answers.any_of.begin(), answers.any_of.end(),
                                [&](const route::Answer& answer) { return answer.status == *wanted; });
}

}  // namespace

std::vector<Accepted> read_known(const yaml::Document& document, diag::Sink& sink) {
  std::vector<Accepted> out;
  const yaml::Node* list = document.root ? document.root->find("accepted") : nullptr;
  if (!list || !list->is_seq()) {
    const diag::Span span = document.root ? document.root->span() : diag::Span{document.file, 0, 0};
    report(sink, span, "no list of accepted differences", "write `accepted:` and a list below it");
    return out;
  }
  for (const yaml::Node& item : list->items()) {
    Accepted entry;
    if (!item.is_map())
      report(sink, item.span(), "an accepted difference is a mapping", "write `- reason: ...`");
    else if (read_entry(item, entry, sink))
      out.push_back(std::move(entry));
  }
  return out;
}

std::string accepted_reason(const std::vector<Accepted>& known, std::string_view host, const Counterexample& found) {
  for (const Accepted& entry : known) {
    const bool fits = host_fits(entry.host, host) && (entry.aspect.empty() || entry.aspect == name(found.aspect)) &&
                      (entry.detail.empty() || entry.detail == found.detail) &&
                      (entry.cause.empty() || agrees_to(entry.cause, found.cause)) &&
                      (entry.difference.empty() || entry.difference == name(found.difference)) &&
                      scheme_fits(entry.scheme, found.request.scheme) &&
                      (entry.method.empty() || entry.method == found.request.method) &&
                      found.request.target.starts_with(entry.path) && status_fits(entry.old_status, found.old_answer) &&
                      status_fits(entry.new_status, found.new_answer);
    if (!fits) continue;
    ++entry.used;
    return entry.reason;
  }
  return {};
}

}  // namespace gw::verify
