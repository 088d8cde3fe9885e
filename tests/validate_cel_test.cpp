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

TEST_CASE("parts of times") {
  const std::string at = "timestamp('2024-02-29T13:45:06Z')";
  const std::pair<std::string, std::string> rows[] = {
      {".getFullYear()", "2024"}, {".getMonth()", "1"},     {".getDayOfMonth()", "28"},
      {".getDate()", "29"},       {".getDayOfWeek()", "4"}, {".getDayOfYear()", "59"},
      {".getHours()", "13"},      {".getMinutes()", "45"},  {".getSeconds()", "6"}};
  for (const auto& [part, wanted] : rows) CHECK_MESSAGE(evaluate(at + part) == wanted, part);
  CHECK(evaluate("duration('90m').getHours() + duration('90m').getMinutes()") == "91");
}

TEST_CASE("Kubernetes' libraries of addresses, URLs and quantities") {
  const Row rows[] = {
      {"isIP('10.0.0.1') && !isIP('10.0.0.256') && !isIP('::ffff:1.2.3.4') && !isIP('fe80::1%eth0')", "true"},
      {"string(ip('2001:DB8:0::1'))", "2001:db8::1"},
      {"ip('::1') == ip('0:0:0:0:0:0:0:1')", "true"},
      {"ip.isCanonical('::1') && !ip.isCanonical('0::1')", "true"},
      {"ip('nonsense').family()", "error: not an IP address"},
      {"ip('127.0.0.9').isLoopback() && ip('::').isUnspecified() && ip('fe80::1').isLinkLocalUnicast()", "true"},
      {"ip('10.0.0.1').isGlobalUnicast() && !ip('ff02::1').isGlobalUnicast() && ip('ff02::1').isLinkLocalMulticast()",
       "true"},
      {"cidr('10.1.2.3/8').prefixLength()", "8"},
      {"string(cidr('10.1.2.3/8').masked())", "10.0.0.0/8"},
      {"string(cidr('10.1.2.3/8').ip())", "10.1.2.3"},
      {"cidr('10.0.0.0/8').containsIP('10.255.0.1') && !cidr('10.0.0.0/8').containsIP(ip('11.0.0.1'))", "true"},
      {"cidr('10.0.0.0/8').containsCIDR('10.2.0.0/16') && !cidr('10.0.0.0/8').containsCIDR('10.0.0.0/7')", "true"},
      {"cidr('::/0').containsIP('10.0.0.1')", "false"},
      {"isCIDR('10.0.0.0/33') || isCIDR('10.0.0.0') || isCIDR('10.0.0.0/08')", "false"},
      {"url('https://user:pw@Example.com:8443/a%20b?x=1&y=2&x=3').getHost()", "Example.com:8443"},
      {"url('https://[::1]:80/p').getHostname()", "::1"},
      {"url('https://[::1]:80/p').getPort()", "80"},
      {"url('https://example.com/a%20b?x=1').getEscapedPath()", "/a%20b"},
      {"url('https://example.com').getPort() == '' && url('https://example.com').getScheme() == 'https'", "true"},
      {"url('/path?x=1&y=a%2Bb+c&x=3').getQuery()['x'][1] + url('/p?y=a%2Bb+c').getQuery()['y'][0]", "3a+b c"},
      {"url('not a url').getHost()", "error: not a URL"},
      {"'a1b22c'.findAll('[0-9]+')[1]", "22"},
      {"size('a1b22c'.findAll('[0-9]+', 1))", "1"},
      {"size('abc'.findAll('[0-9]*'))", "4"},
      {"quantity('1.5Gi') == quantity('1536Mi') && quantity('500m') == quantity('0.5') && quantity('1e3') == "
       "quantity('1k')",
       "true"},
      {"quantity('50k').isLessThan(quantity('50Ki')) && quantity('1G').isGreaterThan(quantity('1M'))", "true"},
      {"quantity('200M').add(quantity('100M')).sub(1).asInteger()", "299999999"},
      {"quantity('50.5').isInteger()", "false"},
      {"quantity('50.5').asInteger()", "error: cannot convert value to integer"},
      {"quantity('-1').sign() + quantity('2').compareTo(quantity('1'))", "0"},
      {"isQuantity('1.3.4') || isQuantity('Gi') || isQuantity('5Kb') || isQuantity('') || isQuantity('1e')", "false"},
      {"quantity('0.1n') == quantity('1n') && isQuantity('1E') && isQuantity('.5') && isQuantity('+5u')", "true"},
      {"quantity('99999999999999999999999999').isGreaterThan(quantity('1E'))", "true"},
      {"quantity(5).isInteger()", "error: no such overload"},
  };
  for (const Row& row : rows) CHECK_MESSAGE(evaluate(row.expression) == row.wanted, row.expression);
}
