// `gwctl test`: routing tests, against manifests or a running gateway; --record writes them from what is there.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <map>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/controller_flags.h"
#include "cli/files.h"
#include "cli/live.h"
#include "cli/sides.h"
#include "diag/formats.h"
#include "diag/markup.h"
#include "diag/render.h"
#include "route/assume.h"
#include "route/target.h"
#include "verify/expect.h"
#include "verify/report.h"

namespace gw::cli {
namespace {

struct Args {
  Inputs inputs;
  std::string as, profile, record, format = "text";
  std::vector<std::string> live, flags;
};

struct Outcome {
  const verify::Expectation* expected = nullptr;
  std::string got, at;  // got: empty where it is as wanted
};

struct Sides {
  std::unique_ptr<Prepared> old, fresh;
  const Prepared* subject() const { return fresh ? fresh.get() : old.get(); }
};

Result<std::string> read_text(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) return Error{"cannot read " + path, "is the path right?"};
  return text;
}

bool looks_like_manifest(const std::string& path) {
  const std::string ending = std::filesystem::path(path).extension().string();
  std::error_code error;
  return path == "-" || ending == ".yaml" || ending == ".yml" || ending == ".json" ||
         std::filesystem::is_directory(path, error);
}

// Of the paths, those that hold expectations; the others stay.
Result<std::vector<verify::Expectation>> take_expectations(Inputs& inputs, diag::Sources& sources) {
  std::vector<verify::Expectation> out;
  std::vector<std::string> rest;
  for (const std::string& path : inputs.paths) {
    if (looks_like_manifest(path)) {
      rest.push_back(path);
      continue;
    }
    Result<std::string> text = read_text(path);
    if (!text) return text.error();
    if (!verify::is_expectation_file(*text)) {
      rest.push_back(path);
      continue;
    }
    const diag::FileId file = sources.add(path, std::move(*text));
    Result<std::vector<verify::Expectation>> read = verify::read_expectations(file, sources);
    if (!read) return read.error();
    std::move(read->begin(), read->end(), std::back_inserter(out));
  }
  inputs.paths = std::move(rest);
  return out;
}

bool has_routes(const kube::Bundle& bundle) {
  return !bundle.http_routes.empty() || !bundle.grpc_routes.empty() || !bundle.gateways.empty() ||
         !bundle.tls_routes.empty();
}

// The old side of the Ingresses, the new one of the routes; --as alone asks the old one.
Result<Sides> sides_of(const Args& args, kube::Bundle& bundle) {
  Sides out;
  const bool old_wanted = !args.as.empty() && args.as != "gateway";
  if (!bundle.ingresses.empty() || old_wanted) {
    Result<Prepared> side =
        controller_side(bundle, args.as.empty() || args.as == "gateway" ? "auto" : args.as, args.flags);
    if (side)
      out.old = std::make_unique<Prepared>(std::move(*side));
    else if (old_wanted || !has_routes(bundle))
      return side.error();
  }
  if (has_routes(bundle) && (!old_wanted || !args.profile.empty())) {
    route::assume_gateways(bundle);
    const std::string profile = implementation(args.profile, "", bundle);
    Result<Prepared> side = gateway_side(bundle, profile);
    if (!side) return side.error();
    out.fresh = std::make_unique<Prepared>(std::move(*side));
  }
  return out;
}

// The port of a URL chooses a Gateway's listener.
route::Request asked_of(const Prepared& side, const route::Request& request) {
  route::Request out = request;
  const std::string_view port = route::split_host(request.host).port;
  unsigned number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  if (side.gateway && !port.empty() && error == std::errc() && end == port.data() + port.size() && number <= 65535)
    out.port = static_cast<std::uint16_t>(number);
  return out;
}

// What a team would want to hold after a move: not the old controller's own pages, nor what it answers under a
// certificate that nobody trusts, nor methods that are refused by themselves.
bool worth_keeping(const route::Request& request, const route::AnswerSet& answers, const verify::Boundaries& side) {
  if (request.method == "TRACE" || request.method == "CONNECT") return false;
  const std::string host(route::split_host(request.host).host);
  if (request.scheme == route::Scheme::https && !verify::has_certificate(side, host)) return false;
  return std::none_of(answers.any_of.begin(), answers.any_of.end(), [](const route::Answer& answer) {
    return answer.status == 200 && answer.backend.empty() && answer.backends.empty() && !answer.rule;
  });
}

int record(const Args& args, const Sides& sides) {
  const Prepared& subject = *sides.subject();
  const Prepared& other = sides.old ? *sides.old : subject;
  std::vector<std::string> lines;
  std::map<std::string, std::string> wanted;  // by URL: of the plain request, which others need not repeat
  verify::Options options;
  options.asked = [&](const route::Request& request, verify::Aspect aspect) {
    if (!request.client.empty()) return;  // no test chooses its own address
    if (aspect != verify::Aspect::plain && aspect != verify::Aspect::headers) return;
    const route::AnswerSet answers = subject.model->answer(asked_of(subject, request));
    if (!worth_keeping(request, answers, subject.side.boundaries)) return;
    std::string line = verify::expectation_line(request, answers);
    if (line.empty() || line.find('\n') != std::string::npos) return;
    const std::size_t arrow = line.find(" -> ");
    const std::size_t space = line.find(' ');
    const std::size_t end = std::min(line.find(' ', space + 1), arrow);
    const auto [plain, fresh] = wanted.try_emplace(line.substr(space + 1, end - space - 1), line.substr(arrow));
    if (fresh || plain->second != line.substr(arrow)) lines.push_back(std::move(line));
  };
  verify::verify(other.side, subject.side, options);
  std::string text = "# What " + subject.name + " answers, one request of each class. `gwctl test` checks it.\n";
  for (const std::string& line : lines) text += line + "\n";
  if (args.record == "-") {
    std::cout << text;
    return exit_ok;
  }
  if (const Status written = write_file(args.record, text); !written) return fail(written.error());
  std::cerr << "gwctl: " << lines.size() << " expectations written to " << args.record << "\n";
  return exit_ok;
}

// ---- what came out, for people and for machines

std::string line_of(const Outcome& outcome, const diag::Sources& sources) {
  const diag::Span& span = outcome.expected->span;
  return std::string(sources.name(span.file)) + ":" + std::to_string(sources.position(span.file, span.begin).line);
}

void print_text(const std::vector<Outcome>& outcomes, const diag::Sources& sources) {
  std::size_t failed = 0;
  for (const Outcome& outcome : outcomes) {
    if (outcome.got.empty()) continue;
    ++failed;
    std::cout << line_of(outcome, sources) << ": " << diag::printable(outcome.expected->text) << "\n    "
              << diag::printable(outcome.got) << (outcome.at.empty() ? "" : "  [" + outcome.at + "]") << "\n";
  }
  std::cout << outcomes.size() - failed << " passed, " << failed << " failed\n";
}

void print_json(const std::vector<Outcome>& outcomes, const diag::Sources& sources) {
  using Json = nlohmann::ordered_json;
  Json out = {{"tests", Json::array()}};
  std::size_t failed = 0;
  for (const Outcome& outcome : outcomes) {
    const diag::Span& span = outcome.expected->span;
    Json row = {{"file", sources.name(span.file)},
                {"line", sources.position(span.file, span.begin).line},
                {"test", outcome.expected->text},
                {"passed", outcome.got.empty()}};
    if (!outcome.got.empty()) row["message"] = outcome.got;
    if (!outcome.at.empty()) row["at"] = outcome.at;
    out["tests"].push_back(std::move(row));
    failed += !outcome.got.empty();
  }
  out["summary"] = {{"tests", outcomes.size()}, {"passed", outcomes.size() - failed}, {"failed", failed}};
  std::cout << out.dump(2, ' ', false, Json::error_handler_t::replace) << "\n";
}

void print_junit(const std::vector<Outcome>& outcomes, const diag::Sources& sources) {
  const auto failed = std::count_if(outcomes.begin(), outcomes.end(), [](const Outcome& o) { return !o.got.empty(); });
  std::cout << "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"gwctl test\" tests=\"" << outcomes.size()
            << "\" failures=\"" << failed << "\">\n<testsuite name=\"routing\" tests=\"" << outcomes.size()
            << "\" failures=\"" << failed << "\">\n";
  const auto text = [](const std::string& raw) { return diag::escape_markup(diag::printable(raw)); };
  for (const Outcome& outcome : outcomes) {
    std::cout << "<testcase classname=\"" << text(line_of(outcome, sources)) << "\" name=\""
              << text(outcome.expected->text) << "\"";
    if (outcome.got.empty())
      std::cout << "/>\n";
    else
      std::cout << "><failure message=\"" << text(outcome.got) << "\">" << text(outcome.at)
                << "</failure></testcase>\n";
  }
  std::cout << "</testsuite>\n</testsuites>\n";
}

void print_sarif(const std::vector<Outcome>& outcomes, const diag::Sources& sources) {
  std::vector<diag::Diagnostic> findings;
  for (const Outcome& outcome : outcomes) {
    if (outcome.got.empty()) continue;
    diag::Diagnostic& finding = findings.emplace_back();
    finding.code = "routing-test";
    finding.layer = "verify";
    finding.message = outcome.expected->text + ": " + outcome.got;
    finding.help = outcome.at.empty() ? "" : "the rule that answers: " + outcome.at;
    finding.span = outcome.expected->span;
  }
  diag::ReportInfo info;
  info.rule = [](std::string_view) {
    return diag::RuleInfo{"A routing test fails", "The answer to a request is not what its line in the file wants."};
  };
  std::cout << diag::render_report("sarif", findings, sources, info);
}

int report(const std::vector<Outcome>& outcomes, const diag::Sources& sources, const std::string& format) {
  if (format == "json")
    print_json(outcomes, sources);
  else if (format == "junit")
    print_junit(outcomes, sources);
  else if (format == "sarif")
    print_sarif(outcomes, sources);
  else
    print_text(outcomes, sources);
  const bool good = std::all_of(outcomes.begin(), outcomes.end(), [](const Outcome& o) { return o.got.empty(); });
  return good ? exit_ok : exit_findings;
}

// Each expectation of the model, and of the running gateway when there is one.
Result<std::vector<Outcome>> check(const Args& args, const std::vector<verify::Expectation>& expected,
                                   const Sides& sides, const diag::Sources& manifests) {
  std::unique_ptr<LiveGateway> live;
  if (!args.live.empty()) {
    Result<std::unique_ptr<LiveGateway>> opened = open_gateway(args.live, "--live");
    if (!opened) return opened.error();
    live = std::move(*opened);
  }
  std::vector<Outcome> out;
  for (const verify::Expectation& each : expected) {
    Outcome outcome{&each, {}, {}};
    std::optional<route::AnswerSet> before;
    if (sides.old) before = sides.old->model->answer(each.request);
    const route::AnswerSet* old_answer = before ? &*before : nullptr;
    if (const Prepared* subject = sides.subject()) {
      const route::AnswerSet answers = subject->model->answer(asked_of(*subject, each.request));
      if (const auto why = verify::mismatch(each, answers, old_answer)) {
        outcome.got = *why;
        outcome.at = verify::place(answers, manifests);
      }
    }
    if (live && outcome.got.empty())
      if (const auto why = verify::mismatch(each, live->ask(each.request), old_answer)) outcome.got = "live: " + *why;
    out.push_back(std::move(outcome));
  }
  return out;
}

int run_test(Args args) {
  if (const Status status = check_controller_flags(args.flags, args.as == "gateway" ? "" : args.as); !status)
    return fail(status.error());
  diag::Sources tests;
  const Result<std::vector<verify::Expectation>> expected = take_expectations(args.inputs, tests);
  if (!expected) return fail(expected.error());
  const bool manifests = !args.inputs.paths.empty() || wants_cluster(args.inputs);
  if (!manifests && args.live.empty())
    return fail({"nothing to test: no manifests and no --live", "name the manifests, or the URL of a running gateway"});
  if (expected->empty() && args.record.empty())
    return fail({"no expectations", "name a file of them, or write one with --record FILE"});
  Loaded loaded;
  Sides sides;
  if (manifests) {
    if (const int code = load(args.inputs, loaded); code != exit_ok) return code;
    if (print_findings(loaded.sink.take(), loaded.sources) != exit_ok) return exit_findings;
    Result<Sides> made = sides_of(args, loaded.bundle);
    if (!made) return fail(made.error());
    sides = std::move(*made);
    if (!sides.subject()) return fail({"the input holds neither Ingresses nor routes", "name the manifests to test"});
    if (const std::string why = sides.subject()->model->refused(); !why.empty()) {
      std::cerr << "gwctl: " << sides.subject()->name << " refuses the whole configuration: " << why << "\n";
      return exit_findings;
    }
  }
  if (!args.record.empty()) {
    if (!sides.subject()) return fail({"--record needs manifests", "name those whose answers are to be kept"});
    return record(args, sides);
  }
  const Result<std::vector<Outcome>> outcomes = check(args, *expected, sides, loaded.sources);
  if (!outcomes) return fail(outcomes.error());
  return report(*outcomes, tests, args.format);
}

}  // namespace

void add_test(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("test", "Check requests and what must come of them, or record them");
  command->footer(
      "A test is a line: GET https://shop.example.com/api/x -> shop/api:8080 path=/x header:x=1\n"
      "Wanted is NS/SERVICE[:PORT], STATUS [LOCATION], redirect, denied, closed or same-as old; A | B where both may "
      "be.\n"
      "\n"
      "Examples:\n"
      "  gwctl test ingress.yaml --record routes.test\n"
      "  gwctl test routes.test gateway.yaml --profile envoy-gateway\n"
      "  gwctl test routes.test --live http://10.0.0.1 --live https://10.0.0.1 --format junit");
  auto args = std::make_shared<Args>();
  add_inputs(*command, args->inputs);
  command->add_option("--as", args->as, "Ask the Ingresses as this controller; gateway for the routes")
      ->option_text("NAME");
  command->add_option("--profile", args->profile, "Implementation of the gateway; default: that of the objects")
      ->option_text("NAME");
  command->add_option("--live", args->live, "Send the requests to a running gateway: its http or https URL")
      ->option_text("URL")
      ->allow_extra_args(false);
  command
      ->add_option("--record", args->record, "Write a test of each class of requests into FILE; - for standard output")
      ->option_text("FILE");
  add_controller_flags(*command, args->flags);
  add_format(*command, args->format, {"text", "json", "junit", "sarif"});
  command->callback([&run, args] { run = [args] { return run_test(*args); }; });
}

}  // namespace gw::cli
