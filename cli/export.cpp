// `gwctl export envoy`: the same routing for the Envoy proxy, as one file or as files that it watches.
#include <CLI/CLI.hpp>
#include <charconv>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/envoy_files.h"
#include "cli/gateways.h"
#include "diag/render.h"
#include "export/envoy.h"
#include "yaml/write.h"

namespace gw::cli {
namespace {

struct Args {
  Inputs inputs;
  std::string engine, format = "yaml", gateway;
  std::vector<std::string> port_map;
  envoy::Options options;
};

void write_json(const nlohmann::ordered_json& value, yaml::Writer& out) {
  using Kind = nlohmann::ordered_json::value_t;
  switch (value.type()) {
    case Kind::object:
      out.begin_map();
      for (const auto& [key, member] : value.items()) {
        out.key(key);
        write_json(member, out);
      }
      return out.end_map();
    case Kind::array:
      out.begin_seq();
      for (const auto& item : value) write_json(item, out);
      return out.end_seq();
    case Kind::string:
      return out.string(value.get_ref<const std::string&>());
    case Kind::boolean:
      return out.boolean(value.get<bool>());
    case Kind::number_integer:
      return out.integer(value.get<std::int64_t>());
    case Kind::number_unsigned:
      return out.unsigned_integer(value.get<std::uint64_t>());
    case Kind::number_float:
      return out.floating(value.get<double>());
    case Kind::binary:
    case Kind::discarded:
    case Kind::null:
      return out.null();
  }
}

int print_export(Args& args) {
  auto ports = parse_port_map(args.port_map);
  if (!ports) return fail(ports.error());
  args.options.port_map = *ports;
  if (args.options.admin == "none") args.options.admin.clear();
  if (!args.options.admin.empty())
    if (const Status status = check_address(args.options.admin); !status) return fail(status.error());
  if (!args.gateway.empty()) {
    const auto slash = args.gateway.find('/');
    if (slash == std::string::npos)
      return fail({"--gateway '" + diag::printable(args.gateway) + "' is not NAMESPACE/NAME", ""});
    args.options.gateway = {args.gateway.substr(0, slash), args.gateway.substr(slash + 1)};
  }
  Loaded loaded;
  if (const int code = load(args.inputs, loaded); code != exit_ok) return code;
  const auto exported = export_envoy(loaded, args.options);
  if (!exported) return fail(exported.error());
  if (!args.options.xds_dir.empty()) {
    if (const Status status = write_envoy_files(*exported, args.options.xds_dir); !status) return fail(status.error());
    std::cerr << "gwctl: run: envoy -c " << args.options.xds_dir << "/bootstrap.json\n";
  } else if (args.format == "json") {
    std::cout << nlohmann::ordered_json::parse(exported->files.front().json).dump(2) << "\n";
  } else {
    std::string text;
    yaml::Writer writer(yaml::Style::yaml, text);
    writer.begin_document();
    write_json(nlohmann::ordered_json::parse(exported->files.front().json), writer);
    writer.end_document();
    std::cout << text;
  }
  for (const std::string& note : exported->notes) std::cerr << "gwctl: note: " << diag::printable(note) << "\n";
  for (const kube::NamespacedName& secret : exported->certificates)
    std::cerr << "gwctl: note: put Secret " << diag::printable(secret.display()) << " at "
              << args.options.cert_dir + "/" + diag::printable(secret.display()) << "/tls.crt and tls.key\n";
  return print_findings(loaded.sink.take(), loaded.sources);
}

}  // namespace

void add_export(CLI::App& app, Run& run) {
  auto* command = app.add_subcommand("export", "Write the routing as the configuration of another proxy: envoy");
  command->footer(
      "Examples:\n"
      "  gwctl export envoy gateway.yaml > envoy.yaml && envoy -c envoy.yaml\n"
      "  gwctl export envoy -R manifests/ --xds-dir /etc/envoy/gwctl\n"
      "  gwctl convert shop.yaml | gwctl export envoy - --port-map 80=8080,443=8443");
  auto args = std::make_shared<Args>();
  command->add_option("engine", args->engine, "The proxy: envoy")
      ->option_text("envoy")
      ->required()
      ->check(CLI::IsMember({"envoy"}));
  add_inputs(*command, args->inputs);
  add_format(*command, args->format, {"yaml", "json"});
  command
      ->add_option("--xds-dir", args->options.xds_dir, "Write a bootstrap and LDS, RDS, CDS files that Envoy watches")
      ->option_text("DIR");
  command->add_option("--gateway", args->gateway, "Only this Gateway")->option_text("NS/NAME");
  command->add_option("--address", args->options.address, "Where Gateways without an address listen; default: 0.0.0.0")
      ->option_text("IP");
  command->add_option("--port-map", args->port_map, "Listen elsewhere than the listener says")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->option_text("FROM=TO,...");
  command
      ->add_option("--cert-dir", args->options.cert_dir,
                   "Holds NAMESPACE/SECRET/tls.crt and tls.key; default: /etc/gwctl/certs")
      ->option_text("DIR");
  command
      ->add_option("--cluster-domain", args->options.cluster_domain,
                   "Of Services whose endpoints are not in the input; default: cluster.local")
      ->option_text("NAME");
  command->add_option("--admin", args->options.admin, "Address of Envoy's admin page, or none; default: 127.0.0.1:9901")
      ->option_text("ADDRESS:PORT");
  command->callback([&run, args] { run = [args] { return print_export(*args); }; });
}

}  // namespace gw::cli
