// CEL: values, absorbed errors, Kubernetes' functions, limits. Each row is an expression over one object.
#include <doctest/doctest.h>

#include <string>

#include "validate/cel/program.h"
#include "validate/schema.h"
#include "validate/value.h"
#include "yaml/read.h"

using namespace gw;
using namespace gw::validate;

namespace {

constexpr const char* object = R"(
name: shop
host: shop.example.com
port: 80
ratio: 0.5
live: true
tags: [a, b, c]
sizes: [3, 1, 2]
labels: {app: web, tier: db}
rules:
- name: first
  weight: 1
- weight: 2
namespace: prod
timeout: 90s
umlaut: "gr\u00fc\u00df"
)";

// "true", "false", "error: why", or another value as text.
std::string evaluate(const std::string& expression) {
  static diag::Sources sources;
  static diag::Sink sink;
  static const auto documents = yaml::read(sources.add("object.yaml", object), sources, {}, sink);
  auto program = cel::Program::parse(expression);
  if (!program) return "refused: " + program.error().message;
  Arena arena;
  const Value self = from_node(*documents[0].root, arena);
  const auto outcome = (*program)->evaluate(cel::from_value(self, nullptr), arena);
  if (outcome.over_limit) return "over the limit";
  const cel::Any& value = outcome.value;
  if (value.failed()) return "error: " + std::string(value.string());
  if (value.is(cel::Tag::boolean)) return value.boolean ? "true" : "false";
  if (value.is(cel::Tag::integer)) return std::to_string(value.integer);
  if (value.is(cel::Tag::string)) return std::string(value.string());
  return "another value";
}

struct Row {
  const char* expression;
  const char* wanted;
};

}  // namespace

TEST_CASE("expressions") {
  const Row rows[] = {
      {"1 + 2 * 3", "7"},
      {"(1 + 2) * 3 - -1", "10"},
      {"7 % 4 == 3 && 7 / 2 == 3", "true"},
      {"1 / 0 > 1", "error: division by zero"},
      {"9223372036854775807 + 1 > 0", "error: integer overflow"},
      {"self.port == 80 && self.live", "true"},
      {"self.port == 80.0", "true"},
      {"self.ratio < 1.0", "true"},
      {"'80' == self.port", "false"},
      {"has(self.port) && !has(self.porto)", "true"},
      {"self.porto == 1", "error: no such key: porto"},
      {"self.porto == 1 || self.live", "true"},  // an error is absorbed when the other side decides
      {"self.live || self.porto == 1", "true"},
      {"self.porto == 1 && false", "false"},
      {"self.porto == 1 && self.live", "error: no such key: porto"},
      {"self.live ? 'yes' : self.porto", "yes"},
      {"self.tags.size() == 3 && size(self.tags) == 3", "true"},
      {"self.tags[1]", "b"},
      {"self.tags[3]", "error: index out of bounds: 3"},
      {"self.labels['app']", "web"},
      {"self.labels['x']", "error: no such key: x"},
      {"'app' in self.labels && !('x' in self.labels)", "true"},
      {"'c' in self.tags", "true"},
      {"self.labels.all(k, k.size() > 2)", "true"},
      {"self.rules.exists(r, has(r.name))", "true"},
      {"self.rules.exists_one(r, r.weight == 2)", "true"},
      {"self.rules.all(r, r.name == 'first')", "error: no such key: name"},
      {"self.rules.all(r, r.name == 'x')", "false"},
      {"self.rules.exists(r, r.name == 'first')", "true"},
      {"self.sizes.filter(x, x > 1).size()", "2"},
      {"self.sizes.map(x, x * 2).sum()", "12"},
      {"self.sizes.map(x, x > 1, x * 2).sum()", "10"},
      {"self.tags.all(i, t, i < 3 && t != '')", "true"},
      {"self.sizes.max() - self.sizes.min()", "2"},
      {"self.rules.all(a, self.rules.exists_one(b, a.weight == b.weight))", "true"},
      {"self.__namespace__", "prod"},
      {"self.host.startsWith('shop.') && self.host.endsWith('.com') && self.host.contains('example')", "true"},
      {"self.host.split('.')[1]", "example"},
      {"self.host.split('.').size()", "3"},
      {"self.umlaut.split('').join('-')", "g-r-\xC3\xBC-\xC3\x9F"},
      {"'a'.split('').size() + ''.split('').size()", "2"},
      {"'a,b'.split(',').join('-')", "a-b"},
      {"self.host.substring(5)", "example.com"},
      {"self.host.substring(5, 12)", "example"},
      {"self.umlaut.size()", "4"},
      {"self.umlaut.substring(2, 3)", "\xC3\xBC"},
      {"'AbC'.lowerAscii() + 'x'.upperAscii()", "abcX"},
      {"'  x '.trim()", "x"},
      {"'banana'.replace('an', 'o')", "booa"},
      {"'banana'.indexOf('n') + 'banana'.lastIndexOf('n')", "6"},
      {R"(self.host.matches(r"""^[a-z.]+$"""))", "true"},
      {"self.host.matches('example')", "true"},  // unanchored
      {"self.host.matches('(')", "refused"},
      {"duration(self.timeout) == duration('1m30s')", "true"},
      {"duration('1.5h') > duration('80m')", "true"},
      {"duration('5')", "error: type conversion error from 'string' to 'google.protobuf.Duration'"},
      {"isIP('192.0.2.1') && isIP('::1') && !isIP('01.2.3.4') && !isIP('fe80::1%eth0') && !isIP('::ffff:1.2.3.4')",
       "true"},
      {"isCIDR('10.0.0.0/8') && !isCIDR('10.0.0.0/33')", "true"},
      {"format.dns1123Label().validate('a-b').hasValue()", "false"},
      {"format.dns1123Label().validate('A').hasValue()", "true"},
      {"format.dns1123Label().validate('a') == null", "false"},  // an optional is never null
      {"format.qualifiedName().validate('a.b/c').hasValue() || !format.qualifiedName().validate('/c').hasValue()",
       "false"},
      {"{'a': 1, 'b': 2}['b']", "2"},
      {"[1, 2] == [1, 2] && {'a': [1]} == {'a': [1]}", "true"},
      {"self.?porto.hasValue()", "false"},
      {"self.?port.orValue(1)", "80"},
      {"type(1) == type(2) && type('') != type(1)", "true"},
      {"'\\u00fc\\x41\\n'.size()", "3"},
      {"\"\"\"a'\"b\"\"\".size()", "4"},
      {"self.unknown(", "refused"},
      {"nobody == 1", "refused"},
      {"self.port.size()", "error: no such overload"},
      {"self.port.nosuch()", "refused"},
      {"size()", "refused"},
      {"1 +", "refused"},
      {"", "refused"},
      {"'open", "refused"},
      {"99999999999999999999", "refused"},
      {"// a comment\ntrue", "true"},
  };
  for (const Row& row : rows) {
    const std::string got = evaluate(row.expression);
    CAPTURE(std::string(row.expression));
    if (std::string(row.wanted) == "refused") {
      CHECK(got.substr(0, 7) == "refused");
    } else {
      CHECK(got == std::string(row.wanted));
    }
  }
}

TEST_CASE("limits") {
  CHECK(evaluate(std::string(5000, '(') + "1" + std::string(5000, ')')).find("nested too deeply") != std::string::npos);
  CHECK(evaluate(std::string(5000, '!') + "true").find("nested too deeply") != std::string::npos);
  CHECK(evaluate(std::string(5000, '[')).find("nested too deeply") != std::string::npos);
  std::string chain = "1";
  for (int i = 0; i < 5000; ++i) chain += "+1";
  CHECK(evaluate(chain).find("too long") != std::string::npos);
  CHECK(evaluate(std::string(200'000, ' ') + "true").find("longer than") != std::string::npos);
  std::string nested = "true";
  for (char c = 'a'; c < 'a' + 14; ++c) nested = "self.tags.all(" + std::string(1, c) + ", " + nested + ")";
  CHECK(evaluate(nested) == "over the limit");
}
