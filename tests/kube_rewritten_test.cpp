// Objects that are written and read again in pieces: the same objects at the same lines as from one text.
#include "kube/rewritten.h"

#include <doctest/doctest.h>

using namespace gw;

namespace {

kube::Bundle services(std::size_t from, std::size_t to) {
  kube::Bundle out;
  for (std::size_t i = from; i < to; ++i) {
    kube::Service& service = out.services.emplace_back();
    service.api_version = "v1";
    service.kind = "Service";
    service.metadata.ns = "shop";
    service.metadata.name = "s" + std::to_string(100000 + i);
    service.metadata.annotations = {{"text", std::string(200, 'x')}};
    service.comments = {"from Ingress shop/web"};
    service.spec.ports.emplace_back().port = 80;
  }
  return out;
}

}  // namespace

TEST_CASE("pieces are read as one file") {
  constexpr std::size_t count = 30000;  // beyond one text
  std::string whole;
  kube::write(services(0, count), yaml::Style::yaml, whole);
  diag::Sources one, many;
  diag::Sink sink;
  const kube::Bundle expected = kube::load_text("x.yaml", whole, one, sink);
  kube::Rewritten pieces("x.yaml", many);
  for (std::size_t i = 0; i < count; i += 500) pieces.add(services(i, i + 500));
  pieces.add({});
  const kube::Bundle found = pieces.read(sink);
  CHECK(many.size() > 1);
  CHECK(sink.take().empty());
  REQUIRE(found.services.size() == count);
  const auto place = [](const kube::Service& service, const diag::Sources& sources) {
    const diag::Span span = service.spec.node->span();
    return sources.name(span.file) + ":" + std::to_string(sources.position(span.file, span.begin).line);
  };
  for (std::size_t i = 0; i < count; i += 997) {
    CHECK(found.services[i].metadata.name == expected.services[i].metadata.name);
    CHECK(place(found.services[i], many) == place(expected.services[i], one));
    const diag::Span span = found.services[i].node->span();
    const auto line = many.position(span.file, span.begin).line;
    CHECK(many.line(span.file, line) == one.line(0, line));
  }
  const std::string before = place(found.services.back(), many);
  many.forget_texts();
  CHECK(place(found.services.back(), many) == before);
  const diag::Span last = found.services.back().node->span();
  CHECK(many.text(last.file).empty());
  CHECK(many.line(last.file, many.position(last.file, last.begin).line).empty());
}
