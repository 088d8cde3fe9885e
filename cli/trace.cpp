// `gwctl trace`: which rule answers a request and what it does, on the new side or on the old one.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <fstream>
#include <iostream>
#include <iterator>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/controller_flags.h"
#include "kube/index.h"
#include "route/assume.h"
#include "route/own/own.h"
#include "route/profile.h"
#include "route/target.h"
#include "verify/controllers/controller.h"

namespace gw::cli {
namespace {

struct Args {
  Inputs inputs;
  std::string as = "auto", profile = "gwctl", requests, output = "text";
  std::vector<std::string> request, headers, flags;
};

constexpr const char* request_help = "write it as 'GET https://host/path'";

// "GET https://host:8443/path?x=1"; the method may be left out.
Result<route::Request> parse_line(const std::string& line) {
  route::Request request;
  std::string url = line;
  if (const auto space = line.find(' '); space != std::string::npos) {
    request.method = line.substr(0, space);
    url = line.substr(line.find_first_not_of(' ', space));
  }
  const auto scheme = url.find("://");
  if (scheme == std::string::npos) return Error{"--request '" + line + "' names no scheme", request_help};
  const std::string name = url.substr(0, scheme);
  if (name != "http" && name != "https")
    return Error{"--request '" + line + "' is neither http nor https", request_help};
  request.scheme = name == "https" ? route::Scheme::https : route::Scheme::http;
  const std::string rest = url.substr(scheme + 3);
  const auto slash = rest.find_first_of("/?");
  request.host = rest.substr(0, slash);
  if (slash != std::string::npos) request.target = rest[slash] == '/' ? rest.substr(slash) : "/" + rest.substr(slash);
  return request;
}

Status add_headers(const std::vector<std::string>& headers, route::Request& request) {
  for (const std::string& header : headers) {
    const auto colon = header.find(':');
    if (colon == std::string::npos || colon == 0)
      return Error{"-H '" + header + "' is not a header", "write 'Name: value'"};
    const auto begin = header.find_first_not_of(' ', colon + 1);
    const std::string name = header.substr(0, colon), value = begin == std::string::npos ? "" : header.substr(begin);
    const bool host = name.size() == 4 &&
                      std::equal(name.begin(), name.end(), "host", [](char a, char b) { return (a | 0x20) == b; });
    if (host)
      request.host = value;
    else
      request.headers.emplace_back(name, value);
  }
  return Unit{};
}

Result<std::string> read_text(const std::string& path) {
  if (path == "-") return std::string(std::istreambuf_iterator<char>(std::cin), {});
  std::ifstream file(path, std::ios::binary);
  std::string text{std::istreambuf_iterator<char>(file), {}};
  if (!file.is_open() || file.bad()) return Error{"cannot read " + path, "is the path right?"};
  return text;
}

Result<std::vector<route::Request>> requests_of(const Args& args) {
  std::vector<route::Request> out;
  for (const std::string& line : args.request) {
    auto request = parse_line(line);
    if (!request) return request.error();
    if (const Status status = add_headers(args.headers, *request); !status) return status.error();
    out.push_back(std::move(*request));
  }
  if (args.requests.empty()) return out;
  auto text = read_text(args.requests);
  if (!text) return text.error();
  std::size_t number = 0;
  for (std::string_view rest = *text; !rest.empty();) {
    std::string_view line = rest.substr(0, rest.find('\n'));
    rest.remove_prefix(std::min(rest.size(), line.size() + 1));
    ++number;
    if (line.find_first_not_of(" \t\r") == std::string_view::npos) continue;
    auto request = route::parse_request(line);
    if (!request)
      return Error{args.requests + ":" + std::to_string(number) + ": " + request.error().message, request.error().help};
    out.push_back(std::move(*request));
  }
  return out;
}

bool has_routes(const kube::Bundle& bundle) {
  return !bundle.gateways.empty() || !bundle.http_routes.empty() || !bundle.grpc_routes.empty();
}

Result<std::string> side_of(const Args& args, const kube::Index& index) {
  if (args.as != "auto") return args.as;
  if (has_routes(index.bundle())) return std::string("gateway");
  std::string found = verify::detect(index);
  if (found.empty())
    return Error{"nothing in the input tells which controller or gateway to ask",
                 "name it with --as, for example --as ingress-nginx"};
  return found;
}

std::unique_ptr<route::Model> gateway_model(const Args& args, kube::Bundle& bundle) {
  const route::OwnObjects own(bundle, args.profile);
  const kube::Index index(bundle);
  route::AttachOptions options;
  options.assume_secrets = bundle.secrets.empty();
  return own.around(route::make_model(args.profile, index, route::attach(index, options)));
}

// The port of a URL chooses the listener of a Gateway. An Ingress says nothing of the controller's ports.
void choose_ports(std::vector<route::Request>& requests) {
  for (route::Request& request : requests) {
    const std::string_view port = route::split_host(request.host).port;
    unsigned number = 0;
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
    if (request.port == 0 && !port.empty() && error == std::errc() && end == port.data() + port.size() &&
        number <= 65535)
      request.port = static_cast<std::uint16_t>(number);
  }
}

std::unique_ptr<route::Model> model_of(const std::string& side, const Args& args, const kube::Index& index) {
  verify::ControllerOptions options;
  options.flags = args.flags;
  return verify::make_controller(side, index, options);
}

// Who is let in by a policy of the gateway is not the routing table's to say.
route::AnswerSet guarded(route::AnswerSet answers) {
  for (route::Answer& answer : answers.any_of) {
    if (!answer.effects || (answer.backend.empty() && answer.backends.empty())) continue;
    const auto& list = answer.effects->list;
    const auto guard = std::find_if(list.begin(), list.end(), [](const route::Effect& effect) {
      return effect.kind == route::Effect::Kind::guard;
    });
    if (guard == list.end()) continue;
    answer.unmodelled = "a policy decides who reaches " + (answer.backend.empty() ? "the backends" : answer.backend) +
                        ": " + route::shown(*guard);
    answer.status = 0;
    answer.backend.clear();
    answer.backends.clear();
    answer.port = 0;
    answer.backend_target.clear();
    answer.backend_host.clear();
  }
  return answers;
}

// What clients get where the proxy refuses its configuration, with the reason.
std::string line_of(std::string answer, const std::string& refused) {
  if (refused.empty()) return answer;
  auto json = nlohmann::ordered_json::parse(answer);
  json["refused"] = refused;
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

int run_trace(const Args& args) {
  auto requests = requests_of(args);
  if (!requests) return fail(requests.error());
  if (requests->empty())
    return fail({"no request to trace", std::string("give --request or --requests; ") + request_help});
  if (const Status status = check_controller_flags(args.flags, args.as); !status) return fail(status.error());
  Loaded loaded;
  if (const int code = load(args.inputs, loaded); code != exit_ok) return code;
  const int code = print_findings(loaded.sink.take(), loaded.sources);
  if (route::assume_gateways(loaded.bundle) > 0)
    std::cerr << "gwctl: the input holds no Gateway; those its routes name are taken to listen on 80 and 443\n";
  const kube::Index index(loaded.bundle);
  auto side = side_of(args, index);
  if (!side) return fail(side.error());
  if (*side == "gateway") choose_ports(*requests);
  const auto model = *side == "gateway" ? gateway_model(args, loaded.bundle) : model_of(*side, args, index);
  const bool json = args.output == "json-lines";
  const std::string why = model->refused();
  if (!why.empty() && !model->answers_when_refused()) {
    if (json)
      std::cout << nlohmann::json{{"refused", why}}.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace)
                << '\n';
    else
      std::cout << "refused as a whole: " << why << '\n';
    return exit_findings;
  }
  if (!why.empty() && !json) std::cout << "refused as a whole: " << why << "\n\n";
  for (const route::Request& request : *requests) {
    const route::AnswerSet answers = *side == "gateway" ? guarded(model->answer(request)) : model->answer(request);
    if (json)
      std::cout << line_of(route::to_json(answers, loaded.sources), why) << '\n';
    else
      std::cout << request.method << ' ' << (request.scheme == route::Scheme::https ? "https://" : "http://")
                << request.host << request.target << "\n"
                << route::to_text(answers, loaded.sources);
  }
  return why.empty() ? code : exit_findings;
}

std::vector<std::string> names(const std::vector<std::string_view>& from, std::initializer_list<const char*> more) {
  std::vector<std::string> out(more.begin(), more.end());
  out.insert(out.end(), from.begin(), from.end());
  return out;
}

}  // namespace

void add_trace(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("trace", "Show which rule answers a request, and why");
  command->footer(
      "Examples:\n"
      "  gwctl trace gateway.yaml --request 'GET https://a.example.com/cart?x=1'\n"
      "  gwctl trace shop.yaml --as ingress-nginx --request 'GET http://a.example.com/' -H 'X-Canary: always'\n"
      "  gwctl trace gateway.yaml --profile envoy-gateway --requests requests.jsonl -o json-lines");
  auto args = std::make_shared<Args>();
  add_inputs(*command, args->inputs);
  command->add_option("--as", args->as, "Who answers: gateway, or the name of an Ingress controller")
      ->option_text("NAME")
      ->check(CLI::IsMember(names(verify::controller_names(), {"auto", "gateway"})));
  command->add_option("--profile", args->profile, "With --as gateway: which implementation")
      ->option_text("NAME")
      ->check(CLI::IsMember(names(route::profile_names(), {})));
  command->add_option("--request", args->request, "A request: 'GET https://host/path'; may be repeated")
      ->allow_extra_args(false)
      ->option_text("REQUEST");
  command->add_option("-H,--header", args->headers, "A header of every --request: 'Name: value'")
      ->allow_extra_args(false)
      ->option_text("HEADER");
  command->add_option("--requests", args->requests, "Requests as JSON lines; - for standard input")
      ->option_text("FILE");
  add_controller_flags(*command, args->flags);
  add_format(*command, args->output, {"text", "json-lines"});
  command->callback([&run, args] { run = [args] { return run_trace(*args); }; });
}

}  // namespace gw::cli
