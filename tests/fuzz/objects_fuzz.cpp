// Fuzz target: a set of objects, mutated as such: items of lists are doubled, swapped, dropped, moved to other lists,
// and whole objects doubled, so that every list of every kind meets duplicates. The set goes through everything that
// reads objects: validate in both channels, attachment, table, status, Envoy, conversion to each target; no finding may
// lie outside the text. With libFuzzer: the entries below. Without: a main that replays files, and a seeded run over
// each.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <random>
#include <string>
#include <vector>

#include "control/status.h"
#include "convert/convert.h"
#include "diag/render.h"
#include "export/envoy.h"
#include "kube/index.h"
#include "kube/load.h"
#include "route/attach.h"
#include "route/profile.h"
#include "route/table.h"
#include "validate/validate.h"
#include "yaml/write.h"

using namespace gw;
using Json = nlohmann::ordered_json;

namespace {

constexpr std::size_t most_bytes = 200'000;

std::vector<Json> parsed(const std::string& text) {
  diag::Sources sources;
  diag::Sink sink;
  std::vector<Json> out;
  for (const yaml::Document& document : yaml::read(sources.add("in.yaml", text), sources, {}, sink)) {
    std::string line;
    yaml::Writer writer(yaml::Style::json_line, line);
    writer.begin_document();
    writer.node(*document.root);
    writer.end_document();
    if (Json json = Json::parse(line, nullptr, false); json.is_object()) out.push_back(std::move(json));
  }
  return out;
}

std::string written(const std::vector<Json>& objects) {
  std::string out;
  for (const Json& object : objects)
    out += "---\n" + object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  return out;
}

class Mutator {
 public:
  explicit Mutator(std::uint64_t seed) : random_(seed) {}

  void mutate(std::vector<Json>& objects) {
    if (objects.empty()) return;
    for (std::size_t times = 1 + below(4); times > 0; --times) step(objects);
  }

 private:
  std::size_t below(std::size_t n) { return static_cast<std::size_t>(random_() % n); }
  template <class T>
  T& one_of(std::vector<T>& all) {
    return all[below(all.size())];
  }

  static void collect(Json& at, std::vector<Json*>& lists, std::vector<Json*>& maps) {
    if (at.is_array() && !at.empty()) lists.push_back(&at);
    if (at.is_object() && !at.empty()) maps.push_back(&at);
    if (at.is_structured())
      for (Json& child : at) collect(child, lists, maps);
  }

  void step(std::vector<Json>& objects) {
    std::vector<Json*> lists, maps;
    for (Json& object : objects) collect(object, lists, maps);
    const std::size_t what = below(10);
    if (what == 0 || lists.empty()) {
      objects.insert(objects.begin() + static_cast<std::ptrdiff_t>(below(objects.size() + 1)), Json(one_of(objects)));
    } else if (what == 1 && objects.size() > 1) {
      std::swap(one_of(objects), one_of(objects));
    } else if (what < 8) {
      in_list(*one_of(lists), *one_of(lists));
    } else {
      in_map(*one_of(maps), *one_of(maps));
    }
  }

  void in_list(Json& list, const Json& other) {
    const auto at = [&] { return static_cast<std::ptrdiff_t>(below(list.size())); };
    switch (below(6)) {
      case 0:
        std::swap(list[below(list.size())], list[below(list.size())]);
        return;
      case 1:
        list.erase(list.begin() + at());
        return;
      case 2:
        list.insert(list.begin() + at(), Json(other[below(other.size())]));
        return;
      case 3: {  // the same but for one member
        Json twin = list[below(list.size())];
        if (twin.is_object() && !twin.empty())
          value(std::next(twin.begin(), static_cast<std::ptrdiff_t>(below(twin.size()))).value());
        list.push_back(std::move(twin));
        return;
      }
      default:
        list.insert(list.begin() + at(), Json(list[below(list.size())]));
    }
  }

  void in_map(Json& map, const Json& other) {
    const auto some = [&](auto& of) { return std::next(of.begin(), static_cast<std::ptrdiff_t>(below(of.size()))); };
    switch (below(3)) {
      case 0:
        map.erase(some(map));
        return;
      case 1: {
        const auto from = some(other);
        const std::string key = from.key();
        map[key] = Json(from.value());
        return;
      }
      default:
        value(some(map).value());
    }
  }

  void value(Json& at) {
    const Json values[] = {nullptr,
                           "",
                           "*",
                           "x",
                           "/",
                           "a.example.com",
                           0,
                           -1,
                           1LL << 40,
                           true,
                           Json::array(),
                           Json::object(),
                           Json::array({nullptr}),
                           "../..",
                           "a\r\nb: c",
                           std::string(300, 'a')};
    at = values[below(std::size(values))];
  }

  std::mt19937_64 random_;
};

void require(bool fact, const char* what, const std::string& text) {
  if (fact) return;
  std::fprintf(stderr, "%s\n%s\n", what, text.c_str());
  std::abort();
}

void validated(const std::vector<kube::RawObject>& raw, const kube::Bundle& bundle, const diag::Sources& sources,
               diag::Sink& sink) {
  for (const validate::Channel channel : {validate::Channel::standard, validate::Channel::experimental}) {
    validate::Options options;
    options.channel = channel;
    options.now = 1'893'456'000;
    if (channel == validate::Channel::experimental) options.profile = "envoy-gateway", options.complete = true;
    validate::check_written(raw, sources, options, sink);
    validate::check_rules(bundle, sources, options, sink);
  }
}

void routed(const kube::Bundle& bundle) {
  const kube::Index index(bundle);
  for (const bool assume : {false, true}) {
    const route::Attachments attachments = route::attach(index, {.controller_name = {}, .assume_secrets = assume});
    const auto table = route::compile(index, attachments, {.listener_isolation = assume, .assume_endpoints = assume});
    for (const char* host : {"a.example.com", "x.a.example.com", "", "b.example.com:80"})
      for (const char* target : {"/", "/a/b?c=d", "/login"}) {
        route::RequestView request;
        request.host = host;
        request.target = target;
        const route::Decision decision = table->decide(request);
        if (decision.kind == route::Decision::Kind::forward && decision.action)
          if (const route::Backend* backend = route::pick(*decision.action, 7))
            (void)route::refine(decision, *backend, request);
      }
    (void)control::status_updates(index, attachments, {}, {.controller_name = "c", .now = "2026-01-01T00:00:00Z"});
    (void)envoy::make(attachments, *table, {});
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  diag::Sources sources;
  diag::Sink sink;
  const diag::FileId file = sources.add("in.yaml", {reinterpret_cast<const char*>(data), size});
  const auto raw = kube::objects(yaml::read(file, sources, {}, sink), sink);
  const kube::Bundle bundle = kube::decode(raw, {}, sources, sink);
  validated(raw, bundle, sources, sink);
  routed(bundle);
  const auto targets = convert::target_names();
  for (std::string_view target : {targets.front(), targets[size % targets.size()]}) {
    convert::Options options;
    options.to = std::string(target);
    kube::Bundle made;
    if (convert::convert(bundle, options, sources, sink, made)) routed(made);
  }
  for (const diag::Diagnostic& d : sink.take()) {
    require(!d.span.known() || d.span.file != file || d.span.end <= size, "a finding is outside the text", d.message);
    (void)diag::render_text(d, sources);
  }
  return 0;
}

#ifdef GWCTL_LIBFUZZER
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t most);
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t most, unsigned seed) {
  std::vector<Json> objects = parsed({reinterpret_cast<const char*>(data), size});
  Mutator(seed).mutate(objects);
  const std::string text = written(objects);
  if (text.empty() || text.size() > most) return LLVMFuzzerMutate(data, size, most);
  std::copy(text.begin(), text.end(), data);
  return text.size();
}
#else
// GWCTL_FUZZ_RUNS: mutations of each file; GWCTL_FUZZ_SEED: the first seed; GWCTL_FUZZ_KEEP: where the input that runs
// lies.
int main(int argc, char** argv) {
  const auto number = [](const char* name, std::uint64_t otherwise) {
    const char* text = std::getenv(name);
    return text ? std::strtoull(text, nullptr, 10) : otherwise;
  };
  const std::uint64_t runs = number("GWCTL_FUZZ_RUNS", 200), seed = number("GWCTL_FUZZ_SEED", 1);
  const char* keep = std::getenv("GWCTL_FUZZ_KEEP");
  for (int i = 1; i < argc; ++i) {
    std::ifstream file(argv[i], std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    const std::vector<Json> plain = parsed(text);
    for (std::uint64_t run = 0; run <= runs; ++run) {
      if (keep) std::ofstream(keep, std::ios::trunc) << text;
      LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
      std::vector<Json> objects = plain;
      Mutator(seed * 1'000'003 + run).mutate(objects);
      text = written(objects);
      if (text.size() > most_bytes) text.clear();
    }
  }
}
#endif
