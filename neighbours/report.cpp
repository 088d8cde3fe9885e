#include "neighbours/report.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "diag/page.h"
#include "diag/render.h"

namespace gw::neighbours {
namespace {

struct Row {
  std::string change, subject, before, after, what;  // change is "same" where nothing differs
};

template <class Key, class Form, class Subject>
std::vector<Row> rows(const std::map<Key, Asked<Form>>& before, const std::vector<Difference>& differences, bool record,
                      Subject&& subject_of) {
  std::vector<Row> out;
  std::set<std::string> differing;
  for (const Difference& d : differences)
    if (d.record == record) {
      differing.insert(d.subject);
      out.push_back({std::string(name(d.change)), d.subject, d.before, d.after, d.what});
    }
  for (const auto& [key, asked] : before)
    if (const std::string subject = subject_of(key); !differing.contains(subject))
      out.push_back({"same", subject, text(asked), text(asked), {}});
  return out;
}

struct Tables {
  std::vector<Row> records, certificates;
};
Tables tables(const Comparison& c) {
  return {rows(c.before.records, c.differences, true,
               [](const RecordKey& key) {
                 return key.name + " " + key.type + (key.set_identifier.empty() ? "" : " (" + key.set_identifier + ")");
               }),
          rows(c.before.certificates, c.differences, false,
               [](const kube::NamespacedName& secret) { return secret.display(); })};
}

std::string last_line(const Tables& all) {
  std::map<std::string, std::size_t> count;
  for (const std::vector<Row>* each : {&all.records, &all.certificates})
    for (const Row& row : *each) ++count[row.change];
  return std::to_string(all.records.size()) + " records and " + std::to_string(all.certificates.size()) +
         " Certificates: " + std::to_string(count["same"]) + " same, " + std::to_string(count["lost"]) + " lost, " +
         std::to_string(count["added"]) + " added, " + std::to_string(count["changed"]) + " changed\n";
}

std::string escaped(std::string_view text) {
  std::string out;
  for (const char c : diag::printable(text)) {
    if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '&')
      out += "&amp;";
    else if (c == '|')
      out += "&#124;";
    else
      out += c;
  }
  return out;
}

}  // namespace

std::string to_text(const Comparison& comparison) {
  const Tables all = tables(comparison);
  std::string out;
  const auto print = [&](const char* title, const std::vector<Row>& rows) {
    if (rows.empty()) return;
    std::size_t width = 0;
    for (const Row& row : rows) width = std::max(width, row.subject.size());
    out += std::string(title) + "\n";
    for (const Row& row : rows) {
      const std::string& side = row.before.empty() ? row.after : row.before;
      out += "  " + row.change + std::string(9 - row.change.size(), ' ') + diag::printable(row.subject) +
             std::string(width - row.subject.size() + 2, ' ') + diag::printable(row.what.empty() ? side : row.what) +
             "\n";
    }
    out += "\n";
  };
  print("DNS records (external-dns)", all.records);
  print("Certificates (cert-manager)", all.certificates);
  return out + last_line(all);
}

std::string to_markdown(const Comparison& comparison) {
  const Tables all = tables(comparison);
  std::string out;
  const auto print = [&](const char* title, const std::vector<Row>& rows) {
    out += "## " + std::string(title) + "\n\n| change | what | before | after |\n|---|---|---|---|\n";
    for (const Row& row : rows)
      out += "| " + row.change + " | " + escaped(row.subject) + " | " + escaped(row.before) + " | " +
             escaped(row.after) + " |\n";
    out += "\n";
  };
  print("DNS records (external-dns)", all.records);
  print("Certificates (cert-manager)", all.certificates);
  return out + last_line(all);
}

std::string to_html(const Comparison& comparison) {
  const Tables all = tables(comparison);
  std::string out = "<h1>DNS records and Certificates</h1>\n";
  const auto print = [&](const char* title, const std::vector<Row>& rows) {
    std::string table =
        "<table><thead><tr><th>Change</th><th>What</th><th>Before</th><th>After</th></tr></thead><tbody>\n";
    for (const Row& row : rows)
      table += "<tr class=\"" + row.change + "\"><td>" + row.change + "</td><td>" + escaped(row.subject) + "</td><td>" +
               escaped(row.before) + "</td><td>" + escaped(row.after) + "</td></tr>\n";
    out += "<h2>" + std::string(title) + "</h2>\n" + diag::scroll_box(title, table + "</tbody></table>");
  };
  print("DNS records (external-dns)", all.records);
  print("Certificates (cert-manager)", all.certificates);
  out += "<p>" + last_line(all) + "</p>\n";
  return diag::html_page({.title = "DNS records and Certificates",
                          .style =
                              "table{width:100%}.lost,.changed{font-weight:600}.lost td:first-child{color:var(--bad)}"
                              ".changed td:first-child{color:var(--warn)}\n",
                          .body = out});
}

std::string to_json(const Comparison& comparison) {
  using Json = nlohmann::ordered_json;
  const Tables all = tables(comparison);
  Json out;
  std::map<std::string, std::size_t> count{{"same", 0}, {"lost", 0}, {"added", 0}, {"changed", 0}};
  const auto add = [&](const char* key, const std::vector<Row>& rows) {
    out[key] = Json::array();
    for (const Row& row : rows) {
      out[key].push_back({{"name", row.subject}, {"change", row.change}, {"before", row.before}, {"after", row.after}});
      if (!row.what.empty()) out[key].back()["what"] = row.what;
      ++count[row.change];
    }
  };
  add("records", all.records);
  add("certificates", all.certificates);
  for (const auto& [change, number] : count) out["summary"][change] = number;
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace gw::neighbours
