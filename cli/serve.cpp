// `gwctl serve`: manifests (or a cluster) as a running gateway.
#include <signal.h>
#include <sys/inotify.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <poll.h>
#include <CLI/CLI.hpp>
#include <atomic>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <set>
#include <thread>

#include "cli/command.h"
#include "cli/dataplane.h"
#include "cli/demo_world.h"
#include "cli/files.h"
#include "cli/gateways.h"
#include "cli/memory.h"
#include "cli/serve_envoy.h"
#include "cluster/kubeconfig.h"
#include "control/controller.h"
#include "control/status.h"
#include "kube/index.h"
#include "kube/paths.h"
#include "route/assume.h"
#include "runtime/admin.h"
#include "runtime/demo.h"
#include "vendors/gateways.h"

namespace gw::cli {
namespace {

struct Args {
  Inputs inputs;
  std::vector<std::string> port_map;
  std::string pool, status_dir, ready_file, admin = "127.0.0.1:9901", access_log = "none", log_format = "text";
  std::string controller_name, engine = "gwctl";
  unsigned threads = 1;
  std::size_t max_body = 0;
  unsigned drain_seconds = 30;
  bool watch = false, demo = false;
};

void say(const std::string& line) {
  std::cerr << "gwctl: " << line << std::endl;
}

Result<std::map<int, int>> parse_ports(const std::vector<std::string>& items, std::map<int, int> ports) {
  for (const std::string& item : items) {
    int from = 0, to = 0;
    auto equals = item.find('=');
    const char* end = item.data() + item.size();
    auto a = std::from_chars(item.data(), item.data() + std::min(equals, item.size()), from);
    auto b = equals == std::string::npos ? a : std::from_chars(item.data() + equals + 1, end, to);
    if (equals == std::string::npos || a.ec != std::errc() || b.ec != std::errc() || b.ptr != end || from < 1 ||
        from > 65535 || to < 1 || to > 65535)
      return Error{"--port-map '" + item + "' is not FROM=TO", "write for example 80=8080,443=8443"};
    ports[from] = to;
  }
  return ports;
}

// Tells when an input file changed; directories are watched, since editors replace files.
class FileWatch {
 public:
  explicit FileWatch(const std::vector<std::string>& paths) : fd_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    namespace fs = std::filesystem;
    constexpr std::uint32_t events = IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE;
    for (const std::string& path : paths) {
      std::error_code error;
      fs::path dir = fs::is_directory(path, error) ? fs::path(path) : fs::path(path).parent_path();
      inotify_add_watch(fd_, dir.empty() ? "." : dir.c_str(), events);
    }
  }
  ~FileWatch() { ::close(fd_); }
  FileWatch(const FileWatch&) = delete;
  FileWatch& operator=(const FileWatch&) = delete;
  int fd() const { return fd_; }
  void clear() const {
    char buffer[4096];
    while (::read(fd_, buffer, sizeof buffer) > 0) {
    }
  }

 private:
  int fd_;
};

// One life of the command.
class Serve {
 public:
  explicit Serve(const Args& args) : args_(args) {}

  int run() {
    auto ports = parse_ports(args_.port_map, {{80, 8080}, {443, 8443}});
    if (!ports) return fail(ports.error());
    keep_free_memory();
    raise_descriptor_limit();
    block_signals();
    if (args_.demo) demo_.emplace();
    runtime::ServerOptions options;
    options.threads = args_.threads;
    options.limits.max_body = args_.max_body;
    options.access_log = args_.access_log;
    options.access_log_json = args_.log_format == "json";
    runtime::Server server(options);
    server_ = &server;
    auto plane = GatewayDataplane::make(server, {*ports, args_.pool});
    if (!plane) return fail(plane.error());
    plane_ = plane->get();
    auto admin = std::make_shared<runtime::Admin>(server);
    admin_ = admin.get();
    runtime::Server admin_server({});
    if (int code = open_admin(admin_server, admin)) return code;

    int code = args_.inputs.kubeconfig.empty() && !args_.inputs.from_cluster ? serve_files() : serve_cluster();
    admin->set_ready(false);
    if (code == exit_ok && !server.drain(std::chrono::seconds(args_.drain_seconds)))
      say("requests were still in flight after " + std::to_string(args_.drain_seconds) + " s and were cut");
    return code;
  }

 private:
  static void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
      limit.rlim_cur = limit.rlim_max;
      setrlimit(RLIMIT_NOFILE, &limit);
    }
  }

  void block_signals() {
    sigset_t signals;
    sigemptyset(&signals);
    for (int s : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, s);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    signals_ = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    signal(SIGPIPE, SIG_IGN);
  }

  int open_admin(runtime::Server& server, std::shared_ptr<runtime::Admin> admin) {
    if (args_.admin == "none") return exit_ok;
    auto address = runtime::Address::parse_with_port(args_.admin);
    if (!address) return fail({"--admin '" + args_.admin + "' is not ADDRESS:PORT", "write 127.0.0.1:9901 or none"});
    auto config = std::make_shared<runtime::Config>();
    runtime::Site site;
    site.address = *address;
    site.handler = std::move(admin);
    config->sites.push_back(site);
    auto status = server.apply(config).front();
    if (!status.error.empty())
      say("the admin page is off: " + status.error);
    else
      say("admin page at http://" + args_.admin + "/");
    return exit_ok;
  }

  // Reads, attaches and applies. False: there are errors and nothing changed.
  bool load_and_apply(bool first) {
    struct Trim {
      ~Trim() { return_free_memory(); }  // the manifests' trees are gone, only the table stays
    } trim;
    auto loaded = std::make_unique<Loaded>();
    if (load(args_.inputs, *loaded) != exit_ok) return false;
    bool bad = loaded->sink.failed();
    print_findings(loaded->sink.take(), loaded->sources);
    if (bad) return false;
    Routing converted;
    if (loaded->bundle.gateways.empty() && loaded->bundle.http_routes.empty() && !loaded->bundle.ingresses.empty()) {
      if (make_routing(*loaded, converted) != exit_ok) return false;
      print_findings(loaded->sink.take(), loaded->sources);
    }
    // Who names a controller or wants status has the whole set in these files.
    if (args_.controller_name.empty() && args_.status_dir.empty())
      if (std::size_t added = route::assume_gateways(loaded->bundle); added && first)
        say("the input has no Gateway; the " + std::to_string(added) + " that its routes name are taken to exist");
    if (args_.demo)
      for (const std::string& line : make_demo_world(loaded->bundle, *demo_, demo_secrets_))
        if (told_demo_.insert(line).second) say(line);
    kube::Index index(loaded->bundle);
    route::AttachOptions options;
    options.controller_name = args_.controller_name;
    auto attachments = route::attach(index, options, &facts_);
    if (attachments.gateways.empty() && (first || !args_.watch)) {
      say(args_.watch ? "the input has no Gateway to serve yet; waiting for one"
                      : "the input has no Gateway to serve; `gwctl convert` makes one from Ingresses");
      if (!args_.watch) return false;
    }
    auto states = plane_->apply(index, attachments);
    tell_warnings();
    if (!args_.status_dir.empty()) write_status(index, attachments, states);
    return true;
  }

  void write_status(const kube::Index& index, const route::Attachments& attachments,
                    const control::GatewayStates& states) {
    control::StatusOptions options;
    options.controller_name =
        args_.controller_name.empty() ? std::string(vendors::own_controller) : args_.controller_name;
    char now[32];
    std::time_t t = std::time(nullptr);
    std::strftime(now, sizeof now, "%Y-%m-%dT%H:%M:%SZ", std::gmtime(&t));
    options.now = now;
    for (const auto& update : control::status_updates(index, attachments, states, options)) {
      nlohmann::ordered_json out = {{"apiVersion", update.object.api_version},
                                    {"kind", update.object.kind},
                                    {"metadata", {{"name", update.object.name}, {"namespace", update.object.ns}}}};
      out.update(nlohmann::ordered_json::parse(update.json));
      const auto name = kube::named_path({update.object.ns, update.object.name}, ".", ".json");
      const Status written =
          name ? write_below(args_.status_dir, update.object.kind + "." + *name, out.dump(1) + "\n") : name.error();
      if (!written) say(written.error().message);
    }
  }

  // Says what listens where, or cannot, as far as it is news; true when anything listens.
  bool tell_places() {
    bool any = false;
    std::set<std::string> lines;
    for (const auto& place : plane_->places()) {
      std::string what = "Gateway " + place.gateway.display() + " listener " + place.listener + " (" + place.protocol +
                         " " + std::to_string(place.port) + (place.hostname.empty() ? "" : ", " + place.hostname) + ")";
      any = any || place.error.empty();
      what += place.error.empty() ? " at " + place.address
                                  : ": " + place.error + (place.help.empty() ? "" : "; " + place.help);
      if (!told_places_.count(what)) say(what);
      lines.insert(std::move(what));
    }
    told_places_ = std::move(lines);
    return any;
  }

  void tell_warnings() {
    std::set<std::string> lines;
    for (const std::string& warning : plane_->warnings()) {
      if (!told_warnings_.count(warning)) say("warning: " + warning);
      lines.insert(warning);
    }
    told_warnings_ = std::move(lines);
  }

  void write_ready_file() {
    if (args_.ready_file.empty()) return;
    nlohmann::ordered_json out = {{"pid", getpid()}, {"admin", args_.admin}, {"listeners", nlohmann::json::array()}};
    for (const auto& place : plane_->places())
      if (place.error.empty())
        out["listeners"].push_back({{"gateway", place.gateway.display()},
                                    {"listener", place.listener},
                                    {"protocol", place.protocol},
                                    {"port", place.port},
                                    {"address", place.address}});
    if (const Status written = write_file(args_.ready_file, out.dump(1) + "\n"); !written) say(written.error().message);
  }

  int serve_files() {
    if (args_.inputs.paths.empty())
      return fail({"no input", "name files or directories, or a cluster with --kubeconfig"});
    FileWatch watch(args_.watch ? args_.inputs.paths : std::vector<std::string>());
    if (!load_and_apply(true)) return exit_findings;
    bool any = tell_places();
    if (!any && !args_.watch) return fail({"no listener could be opened", ""});
    admin_->set_ready(true);
    write_ready_file();
    say("serving; SIGHUP reloads, SIGTERM drains");
    for (;;) {
      pollfd waits[2] = {{signals_, POLLIN, 0}, {watch.fd(), POLLIN, 0}};
      if (poll(waits, args_.watch ? 2 : 1, -1) < 0) continue;
      bool changed = args_.watch && waits[1].revents;
      signalfd_siginfo info{};
      while (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info)) {
        if (info.ssi_signo == SIGHUP)
          changed = true;
        else
          return say("draining"), exit_ok;
      }
      if (!changed) continue;
      if (args_.watch) {  // a save is often several events
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        watch.clear();
      }
      reload();
    }
  }

  // Whatever fails leaves the table that is in use.
  bool replaced() {
    try {
      return load_and_apply(false);
    } catch (const std::exception& error) {
      say(std::string("internal error: ") + error.what());
      return false;
    }
  }

  void reload() {
    auto began = std::chrono::steady_clock::now();
    if (replaced()) {
      tell_places();
      write_ready_file();
      ++server_->stats().reloads;
      admin_->set_message({});
      auto took = std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - began);
      say("reloaded in " + std::to_string(took.count()) + " ms");
    } else {
      ++server_->stats().failed_reloads;
      admin_->set_message("the last reload was refused: the input has errors; the configuration before it is served");
      say("the new configuration is not valid; the one before it stays in use");
    }
  }

  int serve_cluster() {
    auto access = cluster::find_access(args_.inputs.kubeconfig, args_.inputs.context);
    if (!access) return fail(access.error());
    std::atomic<bool> stop{false};
    std::thread signals([&] {
      pollfd wait{signals_, POLLIN, 0};
      while (!stop) {
        if (poll(&wait, 1, 200) <= 0) continue;
        signalfd_siginfo info{};
        while (::read(signals_, &info, sizeof info) == static_cast<ssize_t>(sizeof info))
          if (info.ssi_signo != SIGHUP) stop = true;
      }
    });
    control::ControllerOptions options;
    if (!args_.controller_name.empty()) options.controller_name = args_.controller_name;
    options.log = say;
    options.certificates = &facts_;
    bool ready = false;
    options.applied = [&] {
      tell_places();
      tell_warnings();
      if (!std::exchange(ready, true))
        admin_->set_ready(true);
      else
        ++server_->stats().reloads;
      write_ready_file();
    };
    say("controller " + options.controller_name + " of the cluster at " + access->server + "; SIGTERM drains");
    Status status = control::run_controller(*access, *plane_, options, stop);
    if (stop) say("draining");
    stop = true;
    signals.join();
    return status ? exit_ok : fail(status.error());
  }

  const Args& args_;
  runtime::Server* server_ = nullptr;
  GatewayDataplane* plane_ = nullptr;
  runtime::Admin* admin_ = nullptr;
  std::optional<runtime::DemoBackends> demo_;  // its threads start after the signals are blocked
  DemoSecrets demo_secrets_;
  PkiFacts facts_;
  std::set<std::string> told_places_, told_warnings_, told_demo_;
  int signals_ = -1;
};

int run_envoy(const Args& args) {
  const auto ports = parse_ports(args.port_map, {{80, 8080}, {443, 8443}});
  if (!ports) return fail(ports.error());
  return serve_with_envoy({args.inputs, *ports, args.admin, args.watch, args.demo});
}

}  // namespace

void add_serve(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("serve", "Serve Gateways on this machine, from files or from a cluster");
  command->footer(
      "Examples:\n"
      "  gwctl serve gateway.yaml --demo-backends\n"
      "  gwctl serve -f manifests/ --watch --port-map 80=8080,443=8443\n"
      "  gwctl serve --kubeconfig ~/.kube/config --address-pool 127.0.1.0/24");
  auto args = std::make_shared<Args>();
  add_file_inputs(*command, args->inputs);
  command->add_option("--kubeconfig", args->inputs.kubeconfig, "Be the controller of this cluster")
      ->option_text("FILE");
  command->add_option("--context", args->inputs.context, "Context of the kubeconfig")->option_text("NAME");
  command->add_flag("--from-cluster", args->inputs.from_cluster,
                    "Be the controller of the default kubeconfig's cluster");
  command->add_option("--controller-name", args->controller_name, "Only GatewayClasses with this controllerName")
      ->option_text("NAME");
  command->add_flag("--watch", args->watch, "Reload when an input file changes");
  command->add_option("--address-pool", args->pool, "Give every Gateway an address of this range")->option_text("CIDR");
  command
      ->add_option("--port-map", args->port_map, "Listen elsewhere than the listener says; default: 80=8080,443=8443")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->option_text("FROM=TO,...");
  command->add_option("--threads", args->threads, "Worker threads; default: 1")
      ->check(CLI::Range(1, 256))
      ->option_text("N");
  command->add_option("--status-dir", args->status_dir, "Write the status of every object here")->option_text("DIR");
  command->add_option("--ready-file", args->ready_file, "Written once everything listens")->option_text("FILE");
  command->add_option("--admin", args->admin, "Address of the admin page, or none; default: 127.0.0.1:9901")
      ->option_text("ADDRESS:PORT");
  command->add_option("--access-log", args->access_log, "A line a request: a file, - or none")->option_text("FILE");
  command->add_option("--access-log-format", args->log_format, "text or json")
      ->option_text("FORMAT")
      ->check(CLI::IsMember({"text", "json"}));
  command->add_option("--max-body-size", args->max_body, "Answer 413 to larger request bodies; default: no limit")
      ->transform(CLI::AsSizeValue(false))
      ->option_text("SIZE");
  command
      ->add_option("--drain-timeout", args->drain_seconds,
                   "Seconds that requests in flight get at SIGTERM; default: 30")
      ->option_text("SECONDS");
  command->add_flag("--demo-backends", args->demo,
                    "Answer for every Service with a built-in echo backend; make absent certificates");
  command->add_option("--engine", args->engine, "gwctl, or envoy where its binary is installed")
      ->option_text("NAME")
      ->check(CLI::IsMember({"gwctl", "envoy"}));
  command->callback(
      [&run, args] { run = [args] { return args->engine == "envoy" ? run_envoy(*args) : Serve(*args).run(); }; });
}

}  // namespace gw::cli
