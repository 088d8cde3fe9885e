// The codes convert tells, for `gwctl explain` and the documents.
#include "convert/convert.h"

namespace gw::convert {
namespace {

constexpr CodePage pages[] = {
    {"GW024", "a patch that stays behind",
     "A patch or replacement of an overlay changes an Ingress in a way that cannot be expressed as a patch of the "
     "routes "
     "that "
     "took its place. Once the Ingress is gone, kustomize drops one with a target silently, and refuses to build with "
     "one without."},
    {"GW025", "another tool names the Ingress",
     "Flagger goes on looking for the Ingress that its Canary names. With provider gatewayapi:v1 it writes the "
     "HTTPRoute "
     "named like the apex Service itself, over one that is there."},
    {"GW601", "an annotation is refused",
     "The chosen target has no field and no object that says what this annotation says. The rest of the Ingress is "
     "converted; the exit code is 1 unless --accept-loss names the kind of loss."},
    {"GW602", "a security annotation is refused, its routes are left out",
     "Authentication, address lists, client certificates and snippets protect a route. Where the target cannot say "
     "them, the route is left out, or kept without a backend (500) where another rule would answer its requests. "
     "Choose a target with such policies (--to envoy-gateway) or accept the loss by name."},
    {"GW603", "an annotation is approximated", "The output says nearly the same. The finding names what differs."},
    {"GW604", "an annotation is not known",
     "It carries the controller's prefix but is none of its annotations, most often a misspelt one."},
    {"GW605", "an annotation has no effect",
     "The old controller ignores it too: its value is not valid, or it belongs to "
     "another controller."},
    {"GW606", "the old controller ignores this object",
     "An annotation or field that the controller refuses makes it ignore the whole Ingress, or the whole resource of "
     "its own. It serves nothing of it today, so nothing of it is converted."},
    {"GW607", "the old controller refuses the whole configuration",
     "The Ingresses together make a configuration that the controller cannot load; every later change is blocked. "
     "There is no running behaviour to convert faithfully."},
    {"GW608", "a port name cannot be resolved",
     "Gateway API refers to Services by port number. The number stands in the Service, which is not among the input. "
     "Add the Service, or correct the number that was written."},
    {"GW609", "a TLS host names no certificate",
     "The old controller serves its own self-signed certificate. A Gateway listener needs a Secret: create the one "
     "that was written."},
    {"GW610", "the class of an Ingress",
     "Which controller serves an Ingress is decided for its class. What the controller does not serve is left out: an "
     "Ingress of another class, of a class that nobody has, of a namespace that is not watched, or one without a class "
     "where other Ingresses name theirs. Flags of the controller (--controller-flag) say otherwise."},
    {"GW611", "a host or path that belongs to another object",
     "The oldest object wins, of equally old ones the first by name; the host or path of the other is never used."},
    {"GW612", "a path was not converted",
     "Nothing in the output answers for this path. This is a defect of gwctl; please report it."},
    {"GW613", "a backend that is no Service",
     "Resource backends are carried over as they are; the gateway must know their kind."},
    {"GW614", "a rule without a backend", "The path names neither a Service nor a resource."},
    {"GW615", "TLS without a rule",
     "The Ingress names TLS hosts but no rule or default backend: a listener and no route."},
    {"GW616", "a regular expression that Gateway API gateways cannot read",
     "RE2 has no look-around, back-references, possessive quantifiers or atomic groups."},
    {"GW617", "a host that cannot be written",
     "Gateway API hostnames are DNS names in lower case with at most one leading wildcard label."},
    {"GW618", "a canary without a primary",
     "A canary Ingress adds to the path of another Ingress; there is none with its host, path and type."},
    {"GW620", "paths are matched as sent",
     "The old controller decodes and cleans the path before it matches; Gateway API matches it as the gateway sees "
     "it."},
    {"GW621", "a wildcard host matches more labels",
     "*.example.com means one label to the old controller, one or more to Gateway API."},
    {"GW622", "https without a certificate",
     "The old controller answers https for every host with a self-signed certificate."},
    {"GW623", "redirects keep their trailing slash", "The old controller cuts one '/' off the end of the target."},
    {"GW624", "status of a missing backend",
     "A missing Service or port is 503 with the old controller and 500 in Gateway API."},
    {"GW625", "health checks of the controller", "The old controller answers /healthz itself."},
    {"GW626", "defaults of the old controller", "Limits and headers that every Ingress had without asking."},
    {"GW627", "requests with a bad or missing Host", "The old controller refuses them with 400."},
    {"GW628", "matching without regard to case", "Hosts with regular expressions match without regard to case."},
    {"GW629", "answers for unknown hosts on https", "A host that no listener names gets no TLS handshake."},
    {"GW630", "the redirect's Location", "Small differences in the Location that is sent."},
    {"GW631", "unmatched paths of a guarded host",
     "The old controller guards every path of the host, also those that no rule names."},
    {"GW632", "settings that belong to a Service",
     "Canary, affinity and weights hold for every path that uses the Service."},
    {"GW633", "no fall-through between hosts",
     "The old controller never looks at wildcard or host-less rules for a host that has rules of its own."},
    {"GW634", "methods TRACE and CONNECT", "The old controller refuses them itself."},
    {"GW636", "an Ingress of an old API version",
     "extensions/v1beta1 and networking.k8s.io/v1beta1 left Kubernetes with 1.22. They are read as v1: a missing "
     "pathType is ImplementationSpecific, serviceName and servicePort are backend.service."},
    {"GW640", "how the old controller differs", "Traits of the controller that Gateway API rules cannot say."},
    {"GW641", "the order of rules cannot be kept",
     "Rules that the old controller tries in an order of its own become regular expressions whose length keeps it; a "
     "path of Gateway API has at most 1024 characters."},
    {"GW642", "a port that nothing listens on",
     "The old controller answers 404 where it has no rule; a Gateway has no listener there at all."},
    {"GW643", "a path that the old controller never uses",
     "The controller accepts the Ingress, but nothing that a client sends reaches this path: another one takes "
     "every request before it, or its text can match none. It is not converted, so that the new side answers as the "
     "old one does."},
    {"GW644", "a path that the old controller refuses",
     "The controller serves the rest of the Ingress and leaves this path out. It is not converted; correct it first if "
     "it was meant to work."},
    {"GW645", "a Gateway of an internal class",
     "The class was reached from within the network only, and the target has no class of its own for such Gateways. "
     "Make the load balancer of the new Gateway internal before its routes get traffic."},
    {"GW646", "a path that is written more than once",
     "The controller splits the requests of the path evenly over all the backends that are written for it. They become "
     "one rule with equal weights."},
    {"GW650", "the target lacks a field",
     "The gateway's published conformance report does not list the feature, or the chosen version or channel of "
     "Gateway API has no such field. The field is left out or brought into a form the gateway has; what would be "
     "answered wrongly gets no backend. Choose another target, version (--api-version) or channel, or accept the loss "
     "by name."},
    {"GW651", "a redirect without a listener to attach to",
     "The redirect from http to https belongs on the HTTP listener alone. With --parent, gwctl must be able to tell "
     "which "
     "listener that is: include the Gateway in the input, or name a section."},
    {"GW652", "a pattern that the target cannot take",
     "NGINX Gateway Fabric puts '^' in front of a regular expression and takes only those that begin with '/'. The "
     "rule is left out; write the path so that every branch begins with '/'."},
    {"GW653", "bytes that HTTP has no place for",
     "A header value with a line break, a header that says where a message ends, a cookie's name that is not a token, "
     "a "
     "host or target with characters that neither may hold: sent, it would make another message of it. The header is "
     "left out; a rule that would send requests elsewhere than meant gets no backend."},
    {"GW654", "a name that Kubernetes does not allow",
     "No API server has an object whose name or namespace holds '/', or is '..'; names of Ingresses and namespaces are "
     "lower-case letters, digits, '-' and '.'. It is left out, and no file is named after it."},
    {"GW660", "how the target reads paths",
     "Gateways differ in which paths they clean, decode or refuse before they match, and in what the backend gets."},
    {"GW661", "how the target writes Location", "Gateways differ in the port that they write into a redirect."},
    {"GW662", "how the target chooses by server name",
     "What happens when server name and Host differ, or when no listener has the name, is the gateway's own."},
    {"GW663", "how the target orders hosts and paths",
     "Where several routes could answer, the gateway's order may differ from the specification's."},
    {"GW664", "how the target answers without a backend",
     "Missing Services, missing endpoints and refused connections have the gateway's own status codes."},
    {"GW665", "policies that the target does not accept",
     "A policy with a fault fails closed: its routes answer 500 until it is fixed."},
    {"GW666", "requests that the target refuses itself", "Methods, header names and Hosts that never reach a route."},
    {"GW667", "preflights", "Who answers an OPTIONS request with Origin and Access-Control-Request-Method."},
    {"GW668", "what the target needs first", "A setting of the gateway without which the output has no effect."},
    {"GW670", "a route is left out: the old controller would not have served it so",
     "Before it writes, convert asks the model of the old controller and the table of the new objects the same "
     "requests. Here the new route would serve what the old side guards (401, 403, a login page, 503 of a broken "
     "guard), "
     "hides (404 because of its class, path or host), redirects to https, or serves from another backend. The route is "
     "left out, or kept without a backend (500) where another rule would answer its requests; the finding shows the "
     "shortest such request. Correct the Ingress, choose another --to, or accept the loss of the guard by name. "
     "--no-check converts without asking."},
    {"GW671", "some requests reach a backend that the old controller did not let through",
     "A difference that every move to Gateway API brings (a wildcard that takes more labels, a redirect to the path "
     "with a "
     "slash), or one that no route can be left out for. The finding shows a request; gwctl verify shows all."},
    {"GW680", "DNS records that change",
     "external-dns makes records of Ingresses, and of routes with their Gateways. The two sides were asked with the "
     "same "
     "rules; what is named is published before and not afterwards, or differently. `gwctl neighbours OLD NEW` has the "
     "table."},
    {"GW681", "Certificates that change",
     "cert-manager makes Certificates of Ingresses, Gateways and ListenerSets. What is named would not be renewed any "
     "more, "
     "or would be issued again for other names. `gwctl neighbours OLD NEW` has the table."},
    {"GW682", "ListenerSets that neighbours do not read by default",
     "external-dns needs --gateway-listener-sets, cert-manager the feature gate ListenerSets. Without them the records "
     "and "
     "Certificates of those listeners are lost."},
};

}  // namespace

std::span<const CodePage> code_pages() {
  return pages;
}

}  // namespace gw::convert
