// Ingress and IngressClass as networking/validation of the API server checks them; the other kinds by their
// description.
#include "validate/native.h"

#include <algorithm>
#include <array>

#include "validate/check.h"
#include "validate/formats.h"
#include "validate/metadata.h"

namespace gw::validate {
namespace {

constexpr std::string_view class_annotation = "kubernetes.io/ingress.class";

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

// A value with its place. Walks by name; what is absent has a null value and the place of its parent.
struct At {
  Path path;
  const Value* value() const { return path.value; }
  bool present() const { return path.value && !path.value->is(Type::null); }
  std::string_view text() const {
    return present() && path.value->is(Type::string) ? path.value->string() : std::string_view();
  }
};

At field(const At& up, std::string_view name) {
  if (up.path.value) {
    for (const Field& field : fields_of(*up.path.value)) {
      if (field.key == name) return {child(up.path, name, &field.value, field.key_at)};
    }
  }
  return {child(up.path, name, nullptr)};
}

At field(const At&& up, std::string_view name) = delete;  // the place keeps a pointer to its parent

template <class F>
void each_item(const At& list, F f) {
  if (!list.present() || !list.value()->is(Type::list)) return;
  for (std::uint32_t i = 0; i < list.value()->size; ++i) f(At{index(list.path, i, &list.value()->items[i])});
}

std::string quoted(std::string_view text) {
  return "'" + std::string(text.substr(0, 80)) + "'";
}

class IngressChecker {
 public:
  explicit IngressChecker(std::vector<Violation>& out) : out_(out) {}

  void check_ingress(const At& root) {
    const At spec = field(root, "spec");
    const At rules = field(spec, "rules"), fallback = field(spec, "defaultBackend");
    const bool no_rules = !rules.present() || rules.value()->size == 0;
    if (no_rules && !fallback.present()) {
      add(spec, "IN107", ErrorType::invalid, "an Ingress needs rules or a defaultBackend");
    }
    if (fallback.present()) check_backend(fallback);
    each_item(rules, [this](const At& rule) { check_rule(rule); });
    each_item(field(spec, "tls"), [this](const At& tls) { check_tls(tls); });
    const At class_name = field(spec, "ingressClassName");
    if (class_name.present()) {
      if (std::string why = check_dns_subdomain(class_name.text()); !why.empty()) {
        add(class_name, "IN102", ErrorType::invalid,
            quoted(class_name.text()) + ": the name of an IngressClass " + why);
      }
      check_both_classes(root, class_name);
    }
  }

  void check_class(const At& root) {
    const At spec = field(root, "spec"), controller = field(spec, "controller");
    const std::string_view text = controller.text();
    if (text.size() > 250) {
      add(controller, "IN110", ErrorType::too_long, std::to_string(text.size()) + " bytes; at most 250 are allowed");
    }
    const auto slash = text.find('/');
    if (text.empty()) {
      add(controller, "IN110", ErrorType::required, "an IngressClass needs a controller",
          "write a domain and a path: example.com/ingress");
    } else if (slash == std::string_view::npos || slash + 1 == text.size() ||
               !check_dns_subdomain(text.substr(0, slash)).empty()) {
      add(controller, "IN110", ErrorType::invalid, quoted(text) + " is not a domain and a path",
          "write it like example.com/ingress");
    }
    if (const At parameters = field(spec, "parameters"); parameters.present()) check_parameters(parameters);
  }

 private:
  Violation& add(const At& at, std::string_view code, ErrorType type, std::string message, std::string help = {}) {
    Violation& found = out_.emplace_back();
    found.type = type;
    found.code = code;
    found.path = at.path.text();
    found.at = at.value() ? at.path.nearest() : at.path.up->nearest_key();
    found.message = std::move(message);
    found.help = std::move(help);
    return found;
  }

  void check_both_classes(const At& root, const At& class_name) {
    const At metadata = field(root, "metadata"), annotations = field(metadata, "annotations");
    const At annotation = field(annotations, class_annotation);
    if (!annotation.present() || annotation.text() == class_name.text()) return;
    Violation& found = add(annotation, "IN109", ErrorType::invalid,
                           "the annotation " + std::string(class_annotation) + " says " + quoted(annotation.text()) +
                               ", spec.ingressClassName says " + quoted(class_name.text()),
                           "remove the annotation");
    found.path = "annotations." + std::string(class_annotation);  // as the API server names it
  }

  void check_host(const At& host) {
    const std::string_view text = host.text();
    if (text.empty()) return;
    auto bad = [&](std::string why, std::string help) {
      add(host, "IN108", ErrorType::invalid, quoted(text) + " is not a host: " + why, std::move(help));
    };
    if (check_format("ipv4", text) || check_format("ipv6", text))
      return bad("it is an IP address", "write a DNS name, or leave host out");
    const bool wildcard = contains(text, "*");
    const std::string_view rest = wildcard && text.starts_with("*.") ? text.substr(2) : text;
    if (wildcard && (!text.starts_with("*.") || contains(rest, "*"))) {
      return bad("a wildcard is one whole label in front", "write it like *.example.com");
    }
    std::string why = check_dns_subdomain(rest);
    if (why.empty()) return;
    std::string help;
    if (contains(text, "://")) {
      help = "leave the scheme out";
    } else if (contains(text, ":")) {
      help = "leave the port out: " + std::string(text.substr(0, text.find(':')));
    } else if (std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; })) {
      help = "write it in lower case";
    }
    bad("it " + why, std::move(help));
  }

  void check_rule(const At& rule) {
    check_host(field(rule, "host"));
    const At http = field(rule, "http");
    if (!http.present()) return;
    const At paths = field(http, "paths");
    if (!paths.present() || paths.value()->size == 0) {
      add(paths, "IN102", ErrorType::required, "'paths' is missing", "add a path, or remove http");
    }
    each_item(paths, [this](const At& path) { check_path(path); });
  }

  void check_path(const At& at) {
    const At type = field(at, "pathType"), path = field(at, "path");
    if (!type.present()) {
      add(type, "IN103", ErrorType::required, "'pathType' is missing",
          "add pathType: Prefix, Exact or ImplementationSpecific");
      return;
    }
    const std::string_view text = path.text();
    if (type.text() == "Exact" || type.text() == "Prefix") {
      check_absolute(path, text);
      for (std::string_view part : {"//", "/./", "/../", "%2f", "%2F"}) {
        if (contains(text, part)) bad_path(path, quoted(text) + " has " + quoted(part));
      }
      for (std::string_view part : {"/..", "/."}) {
        if (text.ends_with(part)) bad_path(path, quoted(text) + " ends with " + quoted(part));
      }
    } else if (type.text() == "ImplementationSpecific") {
      if (!text.empty()) check_absolute(path, text);
    } else {
      add(type, "IN102", ErrorType::not_supported, quoted(type.text()) + " is not a path type",
          "allowed: Exact, ImplementationSpecific, Prefix");
    }
    const At backend = field(at, "backend");
    if (!backend.present()) {
      add(backend, "IN105", ErrorType::invalid, "the path has no backend", "add backend.service with name and port");
    } else {
      check_backend(backend);
    }
  }

  void bad_path(const At& path, std::string message, std::string help = {}) {
    add(path, "IN104", ErrorType::invalid, std::move(message), std::move(help));
  }
  void check_absolute(const At& path, std::string_view text) {
    if (text.starts_with("/")) return;
    bad_path(path, text.empty() ? "'path' is missing" : quoted(text) + " does not begin with '/'",
             "write it from the root: /" + std::string(text.substr(0, 60)));
  }

  void check_backend(const At& backend) {
    const At service = field(backend, "service"), resource = field(backend, "resource");
    if (service.present() && resource.present()) {
      add(backend, "IN105", ErrorType::invalid, "a backend is a service or a resource, not both");
    } else if (resource.present()) {
      check_reference(resource);
    } else if (service.present()) {
      check_service(backend, service);
    } else {
      add(backend, "IN105", ErrorType::invalid, "a backend needs a service or a resource",
          "add service with name and port");
    }
  }

  void check_service(const At& backend, const At& service) {
    const At name = field(service, "name");
    if (name.text().empty()) {
      add(name, "IN102", ErrorType::required, "the service has no name");
    } else if (std::string why = check_dns1035_label(name.text()); !why.empty()) {
      add(name, "IN102", ErrorType::invalid, quoted(name.text()) + ": the name of a Service " + why);
    }
    const At port = field(service, "port"), port_name = field(port, "name"), number = field(port, "number");
    const bool numbered = number.present() && number.value()->is(Type::integer) && number.value()->integer != 0;
    if (!port_name.text().empty() && numbered) {
      add(backend, "IN106", ErrorType::invalid, "a port is given by name or by number, not both");
    } else if (!port_name.text().empty()) {
      check_port_name(port_name);
    } else if (numbered) {
      if (number.value()->integer < 1 || number.value()->integer > 65535) {
        add(number, "IN106", ErrorType::invalid, std::to_string(number.value()->integer) + " is not a port",
            "give a number from 1 to 65535");
      }
    } else {
      add(backend, "IN106", ErrorType::required, "the service has no port", "add port.number or port.name");
    }
  }

  // IANA_SVC_NAME: at most 15 lower case letters, digits and single '-', with a letter.
  void check_port_name(const At& name) {
    const std::string_view text = name.text();
    const bool letters = std::all_of(
        text.begin(), text.end(), [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
    const bool has_letter = std::any_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
    if (text.size() <= 15 && letters && has_letter && !contains(text, "--") && text.front() != '-' &&
        text.back() != '-')
      return;
    add(name, "IN106", ErrorType::invalid, quoted(text) + " is not a port name",
        "at most 15 lower case letters, digits and single '-', with at least one letter");
  }

  void check_tls(const At& tls) {
    each_item(field(tls, "hosts"), [this](const At& host) {
      const std::string_view text = host.text();
      const std::string_view rest = text.starts_with("*.") ? text.substr(2) : text;
      if (std::string why = check_dns_subdomain(rest); !why.empty()) {
        add(host, "IN108", ErrorType::invalid, quoted(text) + " is not a host: it " + why);
      }
    });
    const At secret = field(tls, "secretName");
    if (secret.text().empty()) return;
    if (std::string why = check_dns_subdomain(secret.text()); !why.empty()) {
      add(secret, "IN102", ErrorType::invalid, quoted(secret.text()) + ": the name of a Secret " + why);
    }
  }

  void check_segment(const At& at, std::string_view what) {
    const std::string_view text = at.text();
    if (text.empty()) {
      add(at, "IN102", ErrorType::required, "the reference has no " + std::string(what));
    } else if (text == "." || text == ".." || contains(text, "/") || contains(text, "%")) {
      add(at, "IN102", ErrorType::invalid, quoted(text) + " is not a " + std::string(what),
          "it may not hold '/' or '%'");
    }
  }

  void check_reference(const At& reference) {
    const At group = field(reference, "apiGroup");
    if (group.present()) {
      if (std::string why = check_dns_subdomain(group.text()); !why.empty()) {
        add(group, "IN102", ErrorType::invalid, quoted(group.text()) + ": an API group " + why);
      }
    }
    check_segment(field(reference, "kind"), "kind");
    check_segment(field(reference, "name"), "name");
  }

  void check_parameters(const At& parameters) {
    check_reference(parameters);
    const At scope = field(parameters, "scope"), ns = field(parameters, "namespace");
    const std::string_view text = scope.present() ? scope.text() : "Cluster";  // the default
    if (text != "Cluster" && text != "Namespace") {
      add(scope, "IN102", ErrorType::not_supported, quoted(text) + " is not a scope", "allowed: Cluster, Namespace");
    } else if (text == "Namespace" && !ns.present()) {
      add(ns, "IN102", ErrorType::required, "scope Namespace needs a namespace");
    } else if (text == "Cluster" && ns.present()) {
      add(ns, "IN102", ErrorType::forbidden, "scope Cluster has no namespace");
    }
  }

  std::vector<Violation>& out_;
};

// The schema only describes types for these; their findings carry the catalogue's code for Ingress.
void check_shape(const Value& object, const KindInfo& kind, const Path& root, std::vector<Violation>& out) {
  const std::size_t before = out.size();
  check(object, *kind.schema, root, {kind.kind == "Secret", true}, out);
  if (kind.group != "networking.k8s.io") return;
  for (std::size_t i = before; i < out.size(); ++i) out[i].code = "IN102";
}

NameRule name_rule(const KindInfo& kind) {
  if (kind.kind == "Service") return NameRule::dns1035_label;
  return kind.kind == "Namespace" ? NameRule::dns_label : NameRule::dns_subdomain;
}

}  // namespace

void check_native(const Value& object, const KindInfo& kind, const Path& root, std::vector<Violation>& out) {
  check_metadata(object, name_rule(kind), out);
  const std::size_t before = out.size();
  check_shape(object, kind, root, out);
  const bool decoded = std::none_of(out.begin() + static_cast<std::ptrdiff_t>(before), out.end(),
                                    [](const Violation& v) { return v.type == ErrorType::type_invalid; });
  if (!decoded) return;  // the API server could not read it at all
  if (kind.kind == "Ingress") IngressChecker(out).check_ingress({root});
  if (kind.kind == "IngressClass") IngressChecker(out).check_class({root});
}

}  // namespace gw::validate
