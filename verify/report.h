// A Report for people and machines. Both sides have their own Sources: old_at and new_at point into them.
#pragma once
#include <iosfwd>
#include <string>

#include "diag/source.h"
#include "verify/equivalence.h"

namespace gw::verify {

struct Rendering {
  const diag::Sources& old_sources;
  const diag::Sources& new_sources;
  std::string old_name, new_name;     // "ingress-nginx", "gateway (gwctl)"
  std::string address = "127.0.0.1";  // in the curl lines
  std::size_t shown = 5;              // differences in text, and a host in markdown and html
  bool next = true;                   // text ends with what to do next
};

void write_json(const Report& report, const Rendering& rendering, std::ostream& out);  // docs/command-line.md, "verify"
// Each gives the whole report in its format; `rendering` says how many differences are shown.
std::string to_json(const Report& report, const Rendering& rendering);
std::string to_text(const Report& report, const Rendering& rendering);
std::string to_markdown(const Report& report, const Rendering& rendering);
std::string to_html(const Report& report, const Rendering& rendering);  // one file, nothing loaded from elsewhere

// "shop.yaml:12" or empty.
std::string place(const route::AnswerSet& answers, const diag::Sources& sources);
// "200 from default/web:80, which sees /x" for people.
std::string summary(const route::AnswerSet& answers);
// A request as docs/command-line.md, "trace" writes it, as JSON text.
std::string request_json(const route::Request& request);

}  // namespace gw::verify
