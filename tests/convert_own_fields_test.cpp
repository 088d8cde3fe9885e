// Every field of the controllers' own resources, as their published definitions list them, changes the output, ends as
// a finding that names it, or is harmless for a reason that the report gives. The lists are facts of the definitions of
// Contour, Istio, F5 NGINX, Traefik, Kong and GKE; status and metadata only say so and are not in them.
#include <doctest/doctest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <nlohmann/json.hpp>
#include <set>
#include <sstream>

#include "convert/convert.h"
#include "kube/kinds.h"
#include "kube/load.h"
#include "yaml/write.h"

using namespace gw;
using nlohmann::ordered_json;

namespace {

struct Row {
  std::string base;  // of testdata/convert/own-fields.json: a kind, and which of its uses
  std::string path, fate, why;
  ordered_json value, beside;  // what else must stand there for the field to mean something
  std::string kind() const { return base.substr(0, base.find('@')); }
};

std::vector<Row> rows() {
  std::ifstream table("testdata/convert/own-fields.tsv");
  REQUIRE(bool(table));
  std::vector<Row> out;
  for (std::string line; std::getline(table, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    std::vector<std::string> cells;
    std::stringstream in(line);
    for (std::string cell; std::getline(in, cell, '\t');) cells.push_back(cell);
    REQUIRE_MESSAGE(cells.size() == 5, line);
    Row row{cells[0], cells[1], cells[2], {}, ordered_json::parse(cells[3]), ordered_json::parse(cells[4])};
    if (const std::size_t colon = row.fate.find(": "); colon != std::string::npos)
      row.why = row.fate.substr(colon + 2), row.fate.resize(colon);
    out.push_back(std::move(row));
  }
  return out;
}

// "spec.routes[].services[1].name": "[]" is the first item, "*" a key of any name. Null removes.
void set(ordered_json& at, std::string_view path, const ordered_json& value) {
  if (path.starts_with('.')) path.remove_prefix(1);
  if (path.empty()) {
    at = value;
    return;
  }
  if (path.starts_with('[')) {
    const std::size_t end = path.find(']');
    const std::size_t index = end == 1 ? 0 : std::stoul(std::string(path.substr(1, end - 1)));
    while (at.size() <= index) at.push_back(nullptr);
    return set(at[index], path.substr(end + 1), value);
  }
  const std::size_t end = std::min(path.find_first_of(".["), path.size());
  const std::string key = path.substr(0, end) == "*" ? "x-key" : std::string(path.substr(0, end));
  const std::string_view rest = path.substr(end);
  if (!rest.empty() || !value.is_null())
    set(at[key], rest, value);
  else if (at.is_object())
    at.erase(key);
}

struct Said {
  std::string output;
  std::set<std::string> findings;
  std::vector<std::pair<std::string, std::pair<std::string, std::string>>> fields;  // path: outcome, detail
};

// "spec.routes[0].x" as "spec.routes[].x".
std::string plain(const std::string& path) {
  std::string out;
  for (const char c : path)
    if (!out.ends_with('[') || c == ']' || !std::isdigit(static_cast<unsigned char>(c))) out += c;
  return out;
}

Said converted(const ordered_json& objects, const std::string& to, const std::string& kind) {
  std::string text;
  for (const ordered_json& object : objects) text += "---\n" + object.dump() + "\n";
  diag::Sources sources;
  diag::Sink sink;
  const kube::Bundle in = kube::load_text("in.yaml", text, sources, sink);
  convert::Options options;
  options.to = to;
  kube::Bundle out;
  const auto outcomes = convert::convert(in, options, sources, sink, out);
  REQUIRE(bool(outcomes));
  Said said;
  kube::write(out, yaml::Style::yaml, said.output);
  for (const diag::Diagnostic& d : sink.take()) said.findings.insert(d.message);
  for (const convert::FieldEntry& f : outcomes->ledger.fields())
    if (f.object->kind == kind)
      said.fields.push_back({plain(f.path), {std::string(convert::name(f.outcome)), f.detail}});
  return said;
}

// Does the finding name the field, or one above it that is not the whole resource?
bool names(const std::string& finding, const std::string& path) {
  const std::string name = finding.substr(0, finding.find(": "));
  if (name == finding || name == "spec" || name == "config") return false;
  const std::string field = path.ends_with("[]") ? path.substr(0, path.size() - 2) : path;
  return field == name || field.starts_with(name + ".") || field.starts_with(name + "[");
}

constexpr const char* targets[] = {"standard", "envoy-gateway", "traefik"};

void check(const Row& row, const ordered_json& bases) {
  ordered_json before = bases.at(row.base);
  for (const auto& [path, value] : row.beside.items()) set(before[0], path, value);
  ordered_json after = before;
  set(after[0], row.path, row.value);
  REQUIRE_MESSAGE(before.dump() != after.dump(), row.base, " ", row.path);
  bool changed = false, told = false, noted = false;
  for (const char* to : targets) {
    const Said without = converted(before, to, row.kind()), with = converted(after, to, row.kind());
    changed = changed || without.output != with.output;
    for (const std::string& finding : with.findings) {
      told = told || (!without.findings.contains(finding) && names(finding, row.path));
      CHECK_MESSAGE(finding.find("nothing in the output says it") == std::string::npos, row.base, " ", row.path, ": ",
                    finding);
    }
    for (const auto& [path, fate] : with.fields) {
      const std::string field = row.path.find('*') == std::string::npos ? path : row.path;
      if ((field == row.path || path.starts_with(row.path + ".")) && fate.first == "ignored" && fate.second == row.why)
        noted = true;
    }
  }
  if (row.fate == "read") CHECK_MESSAGE(changed, row.base, " ", row.path, " changes nothing");
  if (row.fate == "told") CHECK_MESSAGE(told, row.base, " ", row.path, " is told nowhere");
  if (row.fate == "harmless") CHECK_MESSAGE(noted, row.base, " ", row.path, " gives no such reason: ", row.why);
}

}  // namespace

TEST_CASE("every field of the controllers' own resources is read, told or harmless") {
  std::ifstream file("testdata/convert/own-fields.json");
  REQUIRE(bool(file));
  const ordered_json bases = ordered_json::parse(file);
  std::map<std::string, std::size_t> fates;
  std::set<std::string> kinds;
  for (const Row& row : rows()) {
    CHECK_MESSAGE((row.fate == "read" || row.fate == "told" || (row.fate == "harmless" && !row.why.empty())), row.path);
    ++fates[row.fate];
    kinds.insert(row.kind());
    check(row, bases);
  }
  CHECK(kinds.size() >= 19);
  CHECK(fates["read"] >= 300);
  CHECK(fates["told"] >= 1000);
}

TEST_CASE("a field that no list has is told, wherever it stands") {
  std::ifstream file("testdata/convert/own-fields.json");
  const ordered_json bases = ordered_json::parse(file);
  for (const auto& [base, objects] : bases.items()) {
    ordered_json with = objects;
    const bool flat = !objects[0].contains("spec");
    (flat ? with[0]["config"] : with[0]["spec"])["inventedByNobody"] = "x";
    const Said said = converted(with, "standard", base.substr(0, base.find('@')));
    CHECK_MESSAGE(std::any_of(said.findings.begin(), said.findings.end(),
                              [](const std::string& f) { return f.find("inventedByNobody: ") != std::string::npos; }),
                  base);
  }
}
