// `gwctl shadow`: stands in front of the old gateway, answers from it, and asks the new one the same.
#include <netdb.h>
#include <signal.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <iostream>
#include <memory>
#include <thread>

#include "cli/command.h"
#include "cli/dataplane.h"
#include "cli/files.h"
#include "cli/shadow_compare.h"
#include "diag/markup.h"
#include "diag/page.h"
#include "kube/index.h"
#include "kube/load.h"
#include "runtime/admin.h"
#include "runtime/http.h"
#include "runtime/site.h"

namespace gw::cli {
namespace {

struct Args {
  std::string old_url, new_url, listen, sample = "100%", report, admin = "none", ready_file, format = "text";
  std::vector<std::string> headers;
  bool unsafe = false, no_bodies = false;
  unsigned threads = 1;
};

void say(const std::string& line) {
  std::cerr << "gwctl: " << line << std::endl;
}

Result<ShadowTarget> target_of(const std::string& url, const std::string& flag) {
  ShadowTarget out;
  out.https = url.starts_with("https://");
  if (!out.https && !url.starts_with("http://"))
    return Error{flag + " '" + url + "' is no URL", "write http://address:port"};
  std::string rest = url.substr(out.https ? 8 : 7);
  rest = rest.substr(0, rest.find('/'));
  out.port = out.https ? 443 : 80;
  const auto colon = rest.rfind(':');
  if (colon != std::string::npos && rest.find(']', colon) == std::string::npos) {
    const char* end = rest.data() + rest.size();
    const auto [read, error] = std::from_chars(rest.data() + colon + 1, end, out.port);
    if (error != std::errc() || read != end || out.port < 1 || out.port > 65535)
      return Error{flag + " '" + url + "' has no good port", "write http://address:port"};
    rest.resize(colon);
  }
  if (rest.empty()) return Error{flag + " '" + url + "' names no address", "write http://address:port"};
  out.name = rest;
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  std::string bare = rest.starts_with('[') ? rest.substr(1, rest.size() - 2) : rest;
  if (getaddrinfo(bare.c_str(), nullptr, &hints, &found) != 0 || !found)
    return Error{flag + " '" + url + "': the name " + bare + " is not known", "is it spelt right?"};
  char text[NI_MAXHOST];
  getnameinfo(found->ai_addr, found->ai_addrlen, text, sizeof text, nullptr, 0, NI_NUMERICHOST);
  freeaddrinfo(found);
  out.address = text;
  return out;
}

Result<double> percent(const std::string& text) {
  double out = 0;
  const std::string_view digits = std::string_view(text).substr(0, text.size() - (text.ends_with('%') ? 1 : 0));
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), out);
  if (error != std::errc() || end != digits.data() + digits.size() || out <= 0 || out > 100)
    return Error{"--sample '" + text + "' is not a share",
                 "write a number above 0 and up to 100 with a percent sign, as 10%"};
  return out;
}

std::string bracketed(const ShadowTarget& target) {
  const bool v6 = target.address.find(':') != std::string::npos;
  return (v6 ? "[" + target.address + "]" : target.address) + ":" + std::to_string(target.port);
}

// One listener, one rule, one backend.
std::string manifests(const runtime::Address& listen, const ShadowTarget& old) {
  std::string out =
      "apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: shadow, namespace: shadow}\n"
      "spec:\n  gatewayClassName: shadow\n  addresses: [{value: \"" +
      listen.ip() + "\"}]\n  listeners: [{name: http, protocol: HTTP, port: " + std::to_string(listen.port()) +
      "}]\n---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: old, namespace: shadow}\n"
      "spec:\n  parentRefs: [{name: shadow}]\n  rules: [{backendRefs: [{name: old, port: 80}]}]\n"
      "---\napiVersion: v1\nkind: Service\nmetadata:\n  name: old\n  namespace: shadow\n"
      "  annotations: {gwctl.dev/endpoints: \"" +
      bracketed(old) + "\"}\nspec: {ports: [{port: 80}]}\n";
  if (old.https)
    out +=
        "---\napiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\n"
        "metadata: {name: old, namespace: shadow}\nspec:\n"
        "  targetRefs: [{group: \"\", kind: Service, name: old}]\n"
        "  validation: {hostname: \"" +
        old.name + "\", wellKnownCACertificates: System}\n";
  return out;
}

// How it goes, while it goes.
class Dashboard final : public runtime::LocalHandler {
 public:
  explicit Dashboard(std::shared_ptr<ShadowCompare> compare) : compare_(std::move(compare)) {}
  runtime::LocalAnswer answer(const runtime::RequestHead& request, const runtime::ClientInfo&) override {
    runtime::LocalAnswer out;
    out.fields = {{"Cache-Control", "no-store"}, {"X-Content-Type-Options", "nosniff"}};
    if (!runtime::admin_host(request.authority)) {
      out.status = 421;
      out.body = "the dashboard answers to its address and to localhost\n";
      return out;
    }
    if (request.target == "/report") {
      out.content_type = "application/json";
      out.body = compare_->json();
      return out;
    }
    out.content_type = "text/html; charset=utf-8";
    out.fields.emplace_back("Content-Security-Policy",
                            "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
    out.body =
        diag::html_page({.title = "gwctl shadow",
                         .style = {},
                         .body = "<h1>gwctl shadow</h1>\n" + diag::pre_box(diag::escape_markup(compare_->text())) +
                                 "<p><a href=\"/report\">as JSON</a></p>\n",
                         .refresh = "2"});
    return out;
  }

 private:
  std::shared_ptr<ShadowCompare> compare_;
};

int open_admin(runtime::Server& server, const std::string& where, std::shared_ptr<ShadowCompare> compare) {
  if (where == "none") return exit_ok;
  const auto address = runtime::Address::parse_with_port(where);
  if (!address) return fail({"--admin '" + where + "' is not ADDRESS:PORT", "write 127.0.0.1:9901 or none"});
  auto config = std::make_shared<runtime::Config>();
  runtime::Site site;
  site.address = *address;
  site.handler = std::make_shared<Dashboard>(std::move(compare));
  config->sites.push_back(site);
  const runtime::SiteStatus status = server.apply(config).front();
  say(status.error.empty() ? "dashboard at http://" + where + "/" : "the dashboard is off: " + status.error);
  return exit_ok;
}

int write_report(const std::string& path, const std::string& text) {
  if (path.empty()) return exit_ok;
  const Status written = write_file(path, text);
  return written ? exit_ok : fail(written.error());
}

int run_shadow(const Args& args) {
  const Result<ShadowTarget> old = target_of(args.old_url, "--old"), fresh = target_of(args.new_url, "--new");
  if (!old) return fail(old.error());
  if (!fresh) return fail(fresh.error());
  const Result<double> sample = percent(args.sample);
  if (!sample) return fail(sample.error());
  const auto listen =
      runtime::Address::parse_with_port(args.listen.starts_with(':') ? "0.0.0.0" + args.listen : args.listen);
  if (!listen) return fail({"--listen '" + args.listen + "' is not ADDRESS:PORT", "write for example 127.0.0.1:8080"});

  sigset_t signals;
  sigemptyset(&signals);
  for (const int each : {SIGTERM, SIGINT}) sigaddset(&signals, each);
  pthread_sigmask(SIG_BLOCK, &signals, nullptr);
  signal(SIGPIPE, SIG_IGN);
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
  }

  const auto compare =
      std::make_shared<ShadowCompare>(ShadowOptions{*fresh, *sample, args.unsafe, !args.no_bodies, args.headers});
  runtime::ServerOptions options;
  options.threads = args.threads;
  options.tap = compare;
  runtime::Server server(options);
  auto plane = GatewayDataplane::make(server, {{}, ""});
  if (!plane) return fail(plane.error());
  Loaded world;
  world.bundle = kube::load_text("shadow", manifests(*listen, *old), world.sources, world.sink);
  const kube::Index index(world.bundle);
  (*plane)->apply(index, route::attach(index));
  for (const GatewayDataplane::Place& place : (*plane)->places())
    if (!place.error.empty()) return fail({"cannot listen on " + args.listen + ": " + place.error, place.help});
  runtime::Server admin({});
  if (const int code = open_admin(admin, args.admin, compare); code != exit_ok) return code;
  say("answers from " + args.old_url + " at " + listen->text() + ", compared with " + args.new_url);
  if (!args.ready_file.empty())
    if (const Status written = write_file(args.ready_file, "ready\n"); !written) say(written.error().message);

  int which = 0;
  sigwait(&signals, &which);
  server.drain(std::chrono::seconds(10));
  compare->stop(std::chrono::seconds(10));
  const int written = write_report(args.report, compare->json());
  std::cout << (args.format == "json" ? compare->json() : compare->text());
  if (written != exit_ok) return written;
  return compare->counts().differing == 0 ? exit_ok : exit_findings;
}

}  // namespace

void add_shadow(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("shadow", "Answer from the old gateway, ask the new one the same, and compare");
  command->footer(
      "Only GET, HEAD and OPTIONS are repeated, unless --unsafe. Bodies and credentials are never written anywhere.\n"
      "\n"
      "Examples:\n"
      "  gwctl shadow --old http://10.0.0.1 --new http://10.0.0.2 --listen 127.0.0.1:8080 --report shadow.json\n"
      "  gwctl shadow --old http://10.0.0.1 --new https://10.0.0.2 --listen :8080 --sample 10% --admin 127.0.0.1:9901");
  auto args = std::make_shared<Args>();
  command->add_option("--old", args->old_url, "The gateway that answers: its http or https URL")
      ->option_text("URL")
      ->required();
  command->add_option("--new", args->new_url, "The gateway to compare it with")->option_text("URL")->required();
  command->add_option("--listen", args->listen, "Where to take requests: ADDRESS:PORT or :PORT")
      ->option_text("ADDRESS")
      ->required();
  command->add_option("--sample", args->sample, "Share of the requests to repeat; default: 100%")->option_text("P%");
  command->add_flag("--unsafe", args->unsafe, "Repeat requests of every method, with bodies up to 64 KiB");
  command->add_option("--compare-header", args->headers, "Header of the answers to compare, too")
      ->option_text("NAME")
      ->allow_extra_args(false);
  command->add_flag("--no-bodies", args->no_bodies, "Do not compare the bodies of answers");
  command->add_option("--report", args->report, "Write the report as JSON at the end")->option_text("FILE");
  command->add_option("--admin", args->admin, "Address of the dashboard, or none; default: none")
      ->option_text("ADDRESS");
  command->add_option("--threads", args->threads, "Threads that answer; default: 1")->option_text("N");
  command->add_option("--ready-file", args->ready_file, "Written when requests are taken")->option_text("FILE");
  add_format(*command, args->format, {"text", "json"});
  command->callback([&run, args] { run = [args] { return run_shadow(*args); }; });
}

}  // namespace gw::cli
