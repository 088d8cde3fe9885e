// What is written must be read back as it was, by gwctl's reader and by yaml-cpp, and look as Kubernetes' tools write
// it.
#include <doctest/doctest.h>
#include <yaml-cpp/yaml.h>

#include <fstream>
#include <nlohmann/json.hpp>
#include <random>

#include "tests/evidence.h"
#include "yaml/number.h"
#include "yaml/read.h"
#include "yaml/write.h"

using namespace gw;
using nlohmann::json;

namespace {

// The JSON of every document of a text, as gwctl reads it.
std::vector<std::string> reread(const std::string& text, std::size_t* findings = nullptr) {
  diag::Sources sources;
  diag::Sink sink;
  yaml::Limits limits;
  limits.expansion_factor = 1000;
  std::vector<std::string> out;
  for (const auto& d : yaml::read(sources.add("out", text), sources, limits, sink, yaml::Empty::keep)) {
    std::string line;
    yaml::Writer(yaml::Style::json_line, line).node(*d.root);
    out.push_back(line);
  }
  if (findings) *findings = sink.take().size();
  return out;
}

std::string write_string(yaml::Style style, std::string_view value) {
  std::string out;
  yaml::Writer w(style, out);
  w.begin_document();
  w.begin_map();
  w.key("a");
  w.string(value);
  w.key(value);
  w.begin_seq();
  w.string(value);
  w.begin_map();
  w.key("b");
  w.string(value);
  w.end_map();
  w.end_seq();
  w.end_map();
  w.end_document();
  return out;
}

constexpr yaml::Style styles[] = {yaml::Style::yaml, yaml::Style::json, yaml::Style::json_line, yaml::Style::kyaml};

// Every style reads back as the same strings; yaml-cpp sees a text (tag "!" or no other reading) equal to it.
void check_string(std::string_view value) {
  if (value == "a") return;  // the fixed key of the sample
  json want = {{"a", value}, {std::string(value), json::array({value, {{"b", value}}})}};
  for (yaml::Style style : styles) {
    std::string text = write_string(style, value);
    std::size_t findings = 0;
    auto documents = reread(text, &findings);
    REQUIRE_MESSAGE(documents.size() == 1, text);
    CHECK_MESSAGE(json::parse(documents[0]) == want, text);
    if (style == yaml::Style::json_line) continue;
    YAML::Node node = YAML::Load(text);
    CHECK_MESSAGE(node["a"].Scalar() == value, text);
    CHECK_MESSAGE(node[std::string(value)][1]["b"].Scalar() == value, text);
  }
}

}  // namespace

TEST_CASE("strings that look like something else stay strings") {
  const char* words[] = {
      "",
      "~",
      "null",
      "Null",
      "yes",
      "Yes",
      "no",
      "on",
      "OFF",
      "y",
      "N",
      "true",
      "False",
      "1",
      "0",
      "-1",
      "+1",
      "1.5",
      ".5",
      "1.",
      "1e3",
      "1E-3",
      "0x1F",
      "0o17",
      "017",
      "0b101",
      "1_000",
      "12:30:45",
      "1:30",
      "190:20:30.15",
      ".inf",
      "-.inf",
      ".nan",
      "2024-01-02",
      "2024-01-02T03:04:05Z",
      "=",
      "<<",
      "-",
      "--",
      "---",
      "...",
      "?",
      ":",
      "- a",
      "? a",
      ": a",
      "a: b",
      "a:",
      "a #b",
      "#a",
      " a",
      "a ",
      "[a",
      "]a",
      "{a",
      "}a",
      ",a",
      "&a",
      "*a",
      "*.example.com",
      "!a",
      "|",
      ">",
      "'a'",
      "\"a\"",
      "%a",
      "@a",
      "`a`",
      "a\tb",
      "\ta",
      "it's",
      "say \"x\"",
      "^/a\\.b$",
      "\\d+'\"",
      "a\nb",
      "a\nb\n",
      "a\n\nb\n\n",
      "\n",
      "\n\n",
      "\na",
      " a\nb",
      "a\n b\n",
      "\ta\nb",
      "a \nb",
      "a\n# b\n",
      "---\na\n",
      "a\r\nb",
      "\x01",
      "\x7f",
      "\xC2\x85",
      "\xE2\x80\xA8",
      "\xEF\xBB\xBF",
      "\xC3\xA9",
      "\xE6\x97\xA5",
      "\xF0\x9F\x98\x80",
      "\xC2\xA0",
      "{{ .x }}",
      "/a/b",
      "10.0.0.1",
      "10s",
      "1.2.3",
      "v1",
      "http://x/y?z#k",
      "a,b",
      "--flag=x",
      "-x",
      "$(a)",
      "a: |",
      "-----BEGIN X-----\nAAAA\n-----END X-----\n",
      "0.0.0.0/0",
      "80:8080",
      "1e",
      "e3",
      "0x",
      "nan",
      "inf",
      "None",
      "undefined",
      "NO ",
      "\xE2\x80\xAE"
      "x",
  };
  for (const char* word : words) check_string(word);
  check_string(std::string("nul\0in", 6));
  check_string(std::string(900, 'k'));
}

TEST_CASE("random strings survive") {
  std::mt19937 random(7);
  constexpr std::string_view alphabet[] = {"a",
                                           "b",
                                           " ",
                                           "  ",
                                           "\n",
                                           "\t",
                                           ":",
                                           "#",
                                           "-",
                                           "'",
                                           "\"",
                                           "\\",
                                           "1",
                                           ".",
                                           "e",
                                           "0x",
                                           "{",
                                           "}",
                                           "[",
                                           "]",
                                           ",",
                                           "&",
                                           "*",
                                           "!",
                                           "|",
                                           ">",
                                           "%",
                                           "@",
                                           "?",
                                           "=",
                                           "~",
                                           "\xC3\xA9",
                                           "\xE2\x80\xA9",
                                           "\xF0\x9F\x98\x80",
                                           "\r",
                                           "<<",
                                           "---",
                                           "..."};
  for (int i = 0; i < 400; ++i) {
    std::string value;
    for (std::size_t n = random() % 8; n > 0; --n) value += alphabet[random() % std::size(alphabet)];
    check_string(value);
  }
}

TEST_CASE("yaml looks as kubectl writes it") {
  std::string out;
  yaml::Writer w(yaml::Style::yaml, out);
  for (int document = 0; document < 2; ++document) {
    w.begin_document();
    if (document == 0) w.comment("from shop.yaml:3\nsecond");
    w.begin_map();
    w.key("kind");
    w.string("A");
    w.key("empty");
    w.begin_map();
    w.end_map();
    w.key("none");
    w.begin_seq();
    w.end_seq();
    w.key("list");
    w.begin_seq();
    w.begin_map();
    w.key("name");
    w.string("yes");
    w.key("script");
    w.string("a\nb\n");
    w.end_map();
    w.begin_seq();
    w.integer(-1);
    w.unsigned_integer(18446744073709551615u);
    w.end_seq();
    w.floating(0.5);
    w.boolean(true);
    w.null();
    w.end_seq();
    w.end_map();
    w.end_document();
  }
  const std::string one =
      "kind: A\nempty: {}\nnone: []\nlist:\n- name: \"yes\"\n  script: |\n    a\n    b\n- - -1\n  - "
      "18446744073709551615\n"
      "- 0.5\n- true\n- null\n";
  CHECK(out == "# from shop.yaml:3\n# second\n" + one + "---\n" + one);
}

TEST_CASE("kyaml and json layouts") {
  diag::Sources sources;
  diag::Sink sink;
  auto documents = yaml::read(sources.add("in", "a: {b: [{c: 1}, {d: x}], e: [1, 2], f: \"l1\\n l2\"}\n\"no\": {}\n"),
                              sources, {}, sink);
  REQUIRE(documents.size() == 1);
  auto write = [&](yaml::Style style) {
    std::string out;
    yaml::Writer w(style, out);
    w.begin_document();
    w.node(*documents[0].root);
    w.end_document();
    return out;
  };
  CHECK(write(yaml::Style::kyaml) ==
        "---\n{\n  a: {\n    b: [{\n      c: 1,\n    }, {\n      d: \"x\",\n    }],\n    e: [\n      1,\n      2,\n    "
        "],\n"
        "    f: \"\\\n       l1\\n\\\n      \\ l2\\\n      \",\n  },\n  \"no\": {},\n}\n");
  CHECK(write(yaml::Style::json_line) ==
        "{\"a\":{\"b\":[{\"c\":1},{\"d\":\"x\"}],\"e\":[1,2],\"f\":\"l1\\n l2\"},\"no\":{}}\n");
  CHECK(write(yaml::Style::json).starts_with("{\n  \"a\": {\n    \"b\": [\n      {\n        \"c\": 1\n      },\n"));
}

TEST_CASE("numbers as Go writes them") {
  struct Row {
    double value;
    std::string_view json, key;
  };
  const Row rows[] = {{0.1, "0.1", "0.1"},
                      {1e20, "100000000000000000000", "1e+20"},
                      {1e21, "1e+21", "1e+21"},
                      {1e-6, "0.000001", "1e-06"},
                      {1e-7, "1e-7", "1e-07"},
                      {1.5e300, "1.5e+300", ".inf"},
                      {123456789.125, "123456789.125", "1.2345679e+08"},
                      {-2.5, "-2.5", "-2.5"},
                      {100000.5, "100000.5", "100000.5"},
                      {1000000.5, "1000000.5", "1.0000005e+06"}};
  for (const Row& row : rows) {
    CHECK(yaml::json_float(row.value) == row.json);
    CHECK(yaml::key_float(row.value) == row.key);
  }
}

TEST_CASE("whole manifests survive every style") {
  std::ifstream file("testdata/sample/shop.yaml");
  REQUIRE(file);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  auto want = reread(text);
  REQUIRE(!want.empty());
  diag::Sources sources;
  diag::Sink sink;
  auto documents = yaml::read(sources.add("in", text), sources, {}, sink);
  for (yaml::Style style : styles) {
    std::string out;
    yaml::Writer w(style, out);
    for (const auto& d : documents) {
      w.begin_document();
      w.node(*d.root);
      w.end_document();
    }
    CHECK_MESSAGE(reread(out) == want, out);
  }
}
