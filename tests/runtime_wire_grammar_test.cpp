// Whatever a filter or a rule says, nothing gets onto the wire that RFC 9110, 9112 and 9113 forbid: hostile values over
// every text field of every filter, at both levels, seen by the backend and by the client.
#include <doctest/doctest.h>

#include <random>

#include "kube/wire.h"
#include "tests/wire.h"

using namespace gw;
using namespace gw::test;

namespace {

// Every text below an object, and every number.
struct Texts {
  std::vector<kube::String*> texts;
  std::vector<std::int32_t*> numbers;
  void operator()(const char*, kube::String& s) { texts.push_back(&s); }
  void operator()(const char*, kube::OptionalString& s) {
    if (!s) s = "x";
    texts.push_back(&*s);
  }
  void operator()(const char*, std::optional<std::int32_t>& n) {
    if (!n) n = 1;
    numbers.push_back(&*n);
  }
  void operator()(const char*, std::int32_t& n) { numbers.push_back(&n); }
  void always(const char*, std::int32_t& n) { numbers.push_back(&n); }
  void operator()(const char*, std::optional<bool>&) {}
  template <class T>
  void operator()(const char* name, std::vector<T>& list) {
    if (list.empty()) list.emplace_back();
    for (T& item : list) (*this)(name, item);
  }
  template <class T>
  void operator()(const char* name, kube::Box<T>& box) {
    if (box) (*this)(name, *box);
  }
  template <class T>
  void operator()(const char* name, std::optional<T>& one) {
    if (!one) one.emplace();
    (*this)(name, *one);
  }
  template <class T>
  requires requires(Texts& t, T& o) { fields(t, o); }
  void operator()(const char*, T& object) { fields(*this, object); }
};

const std::vector<std::string> hostile{
    "a\r\nEvil: 1",
    "a\nEvil: 1",
    "a\rEvil: 1",
    std::string("a\0b", 3),
    "\r\n\r\nGET /evil HTTP/1.1\r\n",
    "Content-Length",
    "content-length",
    "Transfer-Encoding",
    "Connection",
    "Upgrade",
    "Trailer",
    "Expect",
    "TE",
    "Keep-Alive",
    "Proxy-Connection",
    "HTTP2-Settings",
    ":path",
    ":authority",
    "Host",
    "host ",
    " lead",
    "trail\t",
    "\x7f",
    "\x01",
    "a b",
    "a#b",
    "/a b",
    "/a\r\nb",
    "caf\xc3\xa9",
    "",
    "*",
    "a,b",
    "a;b",
    "http",
    "javascript",
    "ReplaceFullPath",
    "ReplacePrefixMatch",
    "999",
    "a:80",
    "u@h",
    "[::1",
    "//evil.example",
    "/..//",
    "\xff\xfe",
    "a: b",
};

kube::RouteFilter filter_of(std::string_view type) {
  kube::RouteFilter filter;
  filter.type = std::string(type);
  if (type == "RequestHeaderModifier") filter.request_header_modifier.emplace();
  if (type == "ResponseHeaderModifier") filter.response_header_modifier.emplace();
  if (type == "RequestRedirect") filter.request_redirect.emplace();
  if (type == "URLRewrite") filter.url_rewrite.emplace();
  if (type == "CORS") filter.cors.emplace();
  return filter;
}

// Plain values, so that one hostile value at a time decides.
void make_plain(kube::RouteFilter& filter) {
  if (auto& r = filter.request_redirect) {
    r->scheme = "https", r->hostname = "h.example", r->port = 443, r->status_code = 302;
    r->path->type = "ReplaceFullPath", r->path->replace_full_path = "/x", r->path->replace_prefix_match = "/x";
  }
  if (auto& r = filter.url_rewrite) {
    r->hostname = "h.example";
    r->path->type = "ReplaceFullPath", r->path->replace_full_path = "/x", r->path->replace_prefix_match = "/x";
  }
  if (auto& c = filter.cors) {
    c->allow_origins = {"*"}, c->allow_methods = {"*"}, c->allow_headers = {"x-a"}, c->expose_headers = {"x-a"};
    c->max_age = 5;
  }
  for (auto* m : {&filter.request_header_modifier, &filter.response_header_modifier})
    if (*m) {
      (**m).set[0].name = "X-Set", (**m).set[0].value = "v";
      (**m).add[0].name = "X-Add", (**m).add[0].value = "v";
      (**m).remove[0] = "X-Gone";
    }
}

std::shared_ptr<const runtime::Config> config_with(const std::vector<kube::RouteFilter>& filters, bool at_backend,
                                                   const std::string& session) {
  diag::Sources sources;
  diag::Sink sink;
  kube::Bundle bundle = kube::load_text("world.yaml", wire_world(wire_route()), sources, sink);
  auto& rule = bundle.http_routes.front().spec.rules.front();
  (at_backend ? rule.backend_refs.front().filters : rule.filters) = filters;
  if (!session.empty()) {
    rule.session_persistence.emplace();
    rule.session_persistence->session_name = session.substr(1);
    rule.session_persistence->type = session[0] == 'h' ? "Header" : "Cookie";
  }
  kube::Index index(bundle);
  auto config = std::make_shared<runtime::Config>();
  config->table = route::compile(index, route::attach(index));
  return config;
}

// A message head as a strict reader takes it. Empty when it is legal, else what is wrong.
std::string wrong_head(const std::string& text, bool request) {
  const auto end = text.find("\r\n\r\n");
  if (end == text.npos) return "no end";
  std::vector<std::string> lines;
  for (std::size_t at = 0; at < end + 2;) {
    const auto stop = text.find("\r\n", at);
    lines.push_back(text.substr(at, stop - at));
    at = stop + 2;
  }
  if (text.size() != end + 4) return "bytes after the head";
  for (const std::string& line : lines)
    for (char c : line)
      if (!kube::wire::is_field_value(std::string(1, c))) return "a control byte: " + line;
  if (request &&
      (lines[0].find(" HTTP/1.1") == std::string::npos || std::count(lines[0].begin(), lines[0].end(), ' ') != 2))
    return "request line " + lines[0];
  if (request && !kube::wire::is_origin_target(lines[0].substr(4, lines[0].size() - 13))) return "target " + lines[0];
  int hosts = 0, lengths = 0;
  for (std::size_t i = 1; i < lines.size(); ++i) {
    const auto colon = lines[i].find(':');
    if (colon == std::string::npos || !kube::wire::is_token(lines[i].substr(0, colon))) return "field " + lines[i];
    const std::string name = lines[i].substr(0, colon);
    const std::string value(kube::wire::trimmed(lines[i].substr(colon + 1)));
    if (kube::wire::same_name(name, "host")) {
      ++hosts;
      if (!kube::wire::is_authority(value)) return "host " + value;
    }
    lengths += kube::wire::same_name(name, "content-length");
    const bool own = !request && kube::wire::same_name(name, "connection") && value == "close";
    if (kube::wire::frames(name) && !own && !(!request && kube::wire::same_name(name, "content-length")))
      return "framing field " + lines[i];
    if (kube::wire::same_name(name, "evil")) return "a smuggled field";
    if (!request && kube::wire::same_name(name, "location") && value.find(' ') != std::string::npos)
      return "location " + value;
  }
  if (request && hosts != 1) return std::to_string(hosts) + " Host fields";
  if (lengths > 1) return "two lengths";
  return "";
}

// What backend and client see of one GET; complains about every illegal byte.
void drive(const std::shared_ptr<const runtime::Config>& config, const std::string& request) {
  FakeGateway gateway(config);
  auto client = gateway.client();
  FakeGateway::send(*client, request);
  gateway.settle();
  if (!gateway.network.opened.empty()) {
    const std::string seen = gateway.network.opened[0].pipe->from_gateway;
    CHECK(wrong_head(seen, true) == "");
    FakeGateway::send(*gateway.network.opened[0].pipe, "HTTP/1.1 204 No Content\r\nX-B: 1\r\n\r\n");
    gateway.settle();
  }
  std::string answer = FakeGateway::received(*client);
  const int status = answer.size() > 12 ? std::stoi(answer.substr(9, 3)) : 0;
  CHECK((status == 204 || status == 500 || kube::wire::redirect_status(status) || status == 200));
  answer = answer.substr(0, answer.find("\r\n\r\n") + 4);
  CHECK(wrong_head(answer, false) == "");
}

}  // namespace

TEST_CASE("hostile values in every field of every filter, at both levels, put no forbidden byte onto the wire") {
  const std::string request = "GET /a?q HTTP/1.1\r\nHost: a\r\nOrigin: https://o.example\r\n\r\n";
  std::size_t tried = 0, refused = 0;
  for (std::string_view type :
       {"RequestHeaderModifier", "ResponseHeaderModifier", "RequestRedirect", "URLRewrite", "CORS"}) {
    kube::RouteFilter probe = filter_of(type);
    Texts all;
    fields(all, probe);
    for (std::size_t field = 0; field < all.texts.size() + all.numbers.size(); ++field)
      for (const std::string& value : hostile)
        for (bool at_backend : {false, true}) {
          kube::RouteFilter filter = filter_of(type);
          Texts here;
          fields(here, filter);
          make_plain(filter);
          Texts now;
          fields(now, filter);
          if (field < now.texts.size()) {
            if (now.texts[field] == &filter.type) continue;
            *now.texts[field] = value;
          } else {
            *now.numbers[field - now.texts.size()] = static_cast<std::int32_t>(value.size()) * 111 - 333;
          }
          CAPTURE(type);
          CAPTURE(field);
          CAPTURE(value);
          CAPTURE(at_backend);
          ++tried;
          refused += kube::wire::fault(filter).has_value();
          drive(config_with({filter}, at_backend, ""), request);
        }
  }
  CHECK(tried > 1500);
  CHECK(refused > 500);
  CHECK(refused < tried);
}

TEST_CASE("a session's name is a token, and no field that frames a message") {
  for (const std::string& value : hostile)
    for (const char* kind : {"h", "c"}) {
      if (value.empty()) continue;
      CAPTURE(value);
      drive(config_with({}, false, kind + value), "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    }
}

TEST_CASE("Host set by a filter takes the request's place, at the backend too") {
  for (bool at_backend : {false, true}) {
    kube::RouteFilter filter = filter_of("RequestHeaderModifier");
    filter.request_header_modifier->set.emplace_back();
    filter.request_header_modifier->set[0].name = "hOST";
    filter.request_header_modifier->set[0].value = "inner.example:8080";
    FakeGateway gateway(config_with({filter}, at_backend, ""));
    auto client = gateway.client();
    FakeGateway::send(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
    gateway.settle();
    REQUIRE(gateway.network.opened.size() == 1);
    const std::string seen = gateway.network.opened[0].pipe->from_gateway;
    CHECK(seen.starts_with("GET / HTTP/1.1\r\nHost: inner.example:8080\r\n"));
    CHECK(wrong_head(seen, true) == "");
  }
}

TEST_CASE("a rule that must not be written keeps its place in the table and answers 500") {
  kube::RouteFilter filter = filter_of("RequestRedirect");
  filter.request_redirect->status_code = 666;
  const auto config = config_with({filter}, false, "");
  FakeGateway gateway(config);
  auto client = gateway.client();
  FakeGateway::send(*client, "GET / HTTP/1.1\r\nHost: a\r\n\r\n");
  gateway.settle();
  CHECK(FakeGateway::received(*client).starts_with("HTTP/1.1 500 "));
}
