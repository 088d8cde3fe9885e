// GKE's Ingress: one load balancer an Ingress, a URL map of exact paths and "/*" prefixes.
#include <algorithm>

#include "convert/providers/dialects.h"
#include "convert/providers/gce/config.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/own.h"
#include "convert/providers/reader.h"
#include "convert/providers/values.h"

namespace gw::convert {
namespace {

void allow_http(Asking& asking, const Given& given) {
  if (!go_bool(given.text).value_or(true)) asking.wishes.http = false;
  asking.converted(given, asking.wishes.http ? "the default" : "no http listener carries the routes");
}
// Certificates of the project, which GKE's Gateway takes by name, too.
void certificates(Asking& asking, const Given& given) {
  if (!same_proxy(asking.input, "gke") || asking.input.options.parent)
    return asking.demand(Foreign{given.text}, {given.claim}, Loss::other,
                         "a certificate of the project, outside the cluster: a listener of GKE names it in tls.options "
                         "(networking.gke.io/pre-shared-certs); elsewhere its key belongs in a Secret");
  asking.wishes.cloud_certificates = nginx::split(given.text);
  asking.converted(given, "tls.options of the listeners: networking.gke.io/pre-shared-certs");
}
void managed(Asking& asking, const Given& given) {
  asking.demand(
      Foreign{given.text}, {given.claim}, Loss::other,
      "a ManagedCertificate is read for an Ingress only: make a map of Certificate Manager and name it in the "
      "Gateway's annotation networking.gke.io/certmap");
}
void address(Asking& asking, const Given& given) {
  asking.settle(given.claim, Outcome::approximated,
                asking.ir.keep("write spec.addresses of the Gateway: {type: NamedAddress, value: " + given.text + "}"));
}
void frontend(Asking& asking, const Given& given) {
  gce::apply_frontend_config(given.text, given.claim, asking);
}
void backend(Asking& asking, const Given& given) {
  gce::apply_backend_config(given.text, given.claim, asking);
}
void app_protocols(Asking& asking, const Given& given) {
  if (given.text.find("HTTPS") != std::string::npos)
    return asking.demand(
        InsecureBackendTls{}, {given.claim}, Loss::backend_tls,
        "TLS to the backend, unchecked by GKE, needs a BackendTLSPolicy with the certificate's name and authority");
  asking.settle(given.claim, Outcome::approximated,
                "set appProtocol (kubernetes.io/h2c) on the Service's port; it is not written");
}

constexpr WishRow rows[] = {
    {.key = "kubernetes.io/ingress.allow-http", .valid = is_bool, .apply = allow_http},
    {.key = "kubernetes.io/ingress.global-static-ip-name", .valid = not_empty, .apply = address},
    {.key = "kubernetes.io/ingress.regional-static-ip-name", .valid = not_empty, .apply = address},
    {.key = "pre-shared-cert", .valid = not_empty, .apply = certificates},
    {.key = "managed-certificates", .valid = not_empty, .apply = managed},
    {.key = "v1beta1.FrontendConfig", .valid = not_empty, .loss = Loss::auth, .apply = frontend},
    {.key = "backend-config", .outcome = Outcome::ignored, .detail = "GKE reads it on the Service only"},
    {.key = "app-protocols", .outcome = Outcome::ignored, .detail = "GKE reads it on the Service only"},
    {.key = "neg*", .outcome = Outcome::ignored, .detail = "GKE's Gateway uses network endpoint groups by itself"},
};
constexpr WishRow service_rows[] = {
    {.key = "backend-config", .valid = not_empty, .loss = Loss::auth, .apply = backend},
    {.key = "app-protocols", .valid = not_empty, .apply = app_protocols},
    {.key = "neg*", .outcome = Outcome::ignored, .detail = "GKE's Gateway uses network endpoint groups by itself"},
    {.key = "load-balancer-type", .outcome = Outcome::ignored, .detail = "of a Service of type LoadBalancer"},
};

// "/foo" is that path alone, "/foo/*" what is below it but not "/foo"; an empty path is "/*".
bool match(Offer& offer, Asking& asking) {
  if (offer.fallback) return true;
  if (offer.type == "Prefix" || offer.type == "Exact") {
    if (offer.type == "Prefix" && offer.text.find('*') != std::string_view::npos) {
      asking.ledger.note(
          {"GW644",
           diag::Severity::warning,
           "path '" + std::string(offer.text) + "' of type Prefix has a '*': GKE refuses it, nothing is written",
           {},
           offer.ingress,
           offer.at});
      return false;
    }
    return true;
  }
  const bool empty = !offer.at || !offer.at->find("path");
  if (empty || offer.text == "/*") {
    offer.text = "/";
    offer.reach = Reach::element;
  } else if (offer.text.ends_with("/*")) {
    offer.text = offer.text.substr(0, offer.text.size() - 1);
    offer.reach = Reach::bytes;
  } else {
    offer.reach = Reach::exact;
  }
  return true;
}

constexpr DialectNote notes[] = {
    {"GW640", DialectNote::When::always,
     "every Ingress is a load balancer of its own with GKE; the output attaches all routes to one Gateway unless "
     "--layout "
     "ingress is given",
     "GET http://www.example.org/"},
    {"GW633", DialectNote::When::always,
     "paths that a host's rules do not have: GKE answers with the default backend of that Ingress, or its own 404",
     "GET http://www.example.org/not-there"},
};

constexpr Dialect traits{
    .provider = "gce",
    .rows = rows,
    .service_rows = service_rows,
    .prefix = Reach::element,
    .implementation = Reach::bytes,
    .default_backend = DefaultBackend::everywhere,
    .notes = notes,
    .match = match,
};

}  // namespace

void read_gce(const Input& input, Ir& ir, Ledger& ledger) {
  read_ingresses(traits, input, ir, ledger);
  gce::report_unused(input, ledger);
}

std::vector<std::string_view> gce_annotations() {
  return full_names("networking.gke.io/", rows);
}

}  // namespace gw::convert
