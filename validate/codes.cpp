#include "validate/codes.h"

#include <algorithm>

#include "validate/rule.h"

namespace gw::validate {
namespace {

using enum diag::Severity;

constexpr CodeInfo codes[] = {
    {"GW001", error, "yaml", "not YAML or JSON",
     "The text cannot be read as YAML or JSON. kubectl would refuse the file; the other documents of the file are "
     "still checked."},
    {"GW002", error, "yaml", "key written twice",
     "A mapping holds the same key twice. Kubernetes refuses this; readers that do not would keep one of the two "
     "silently."},
    {"GW003", error, "yaml", "apiVersion or kind missing",
     "Every object says what it is by apiVersion and kind. Without them it cannot be checked or applied."},
    {"GW004", error, "schema", "unknown kind or version",
     "The API group is known, but it has no such kind, or the kind has no such version. The API server answers \"no "
     "matches for kind\"."},
    {"GW005", error, "schema", "version not served",
     "The kind exists, but this version of it is not served in the chosen channel. Write a served version."},
    {"GW006", warning, "lint", "deprecated version",
     "The version still works and will go away. The newer version takes the same fields unless noted otherwise."},
    {"GW007", error, "schema", "kind of the experimental channel",
     "Gateway API is installed as the standard or the experimental channel. This kind exists only in the second one. "
     "Choose it with --channel experimental once it is installed."},
    {"GW008", error, "schema", "field of the experimental channel",
     "The field exists only in Gateway API's experimental channel; the standard one would refuse it or drop it "
     "silently."},
    {"GW010", warning, "lint", "object defined twice",
     "Two documents define the same object. kubectl apply keeps the later one."},
    {"GW011", info, "yaml", "template that was not rendered",
     "The file holds {{ }}: it is the source of a Helm chart. Check what the template makes: helm template ... | gwctl "
     "validate -"},
    {"GW012", error, "yaml", "document too large or too deep",
     "The document goes beyond the limits that protect readers of YAML: nesting, aliases, sizes."},
    {"GW013", warning, "yaml", "unportable text",
     "A byte order mark, carriage returns or tabs: Kubernetes reads them, other tools may not."},
    {"GW014", info, "lint", "kind that is not checked",
     "gwctl knows Gateway API and the kinds around it. Others can be checked with their definitions: --crds DIR."},
    {"GW015", warning, "lint", "status in a manifest",
     "Controllers write the status. What a manifest says there is dropped when the object is created."},
    {"GW016", warning, "lint", "metadata that the server sets",
     "uid, resourceVersion, creationTimestamp, generation and managedFields are written by the API server. In a "
     "manifest they are noise at best, and a conflict at worst."},
    {"GW017", info, "lint", "gwctl:ignore that ignores nothing",
     "The comment names a code that is not found at its line. Remove it, so that it does not hide something later."},
    {"GW018", warning, "yaml", "tag that Kubernetes ignores",
     "Kubernetes reads the value as if the tag were not there. Another reader of YAML may not."},
    {"GW019", warning, "yaml", "text after the end of a document",
     "Kubernetes drops it silently. Put --- on a line of its own between documents."},
    {"GW020", warning, "reference", "kind that could not be read from the cluster",
     "This user's role does not allow to list the kind, or the API server failed. What depends on these objects is "
     "judged without them; grant 'list' (get and list are all that gwctl sends), or read another namespace."},
    {"GW021", warning, "lint", "placeholder that nobody has filled in",
     "The value is text that something fills in before the API server sees it: ${NAME} of Flux and envsubst, $(NAME) "
     "of "
     "kustomize, {{ .Values.name }} of Helm. Nothing can be said about such an object, and none of it is written. Fill "
     "it in with --set NAME=VALUE, or give what is built: -k DIR, or helm template ... | gwctl ... -"},
    {"GW022", error, "yaml", "kustomization that cannot be built",
     "kustomize, or kubectl, refuses the directory and says why on standard error."},
    {"GW023", warning, "reference", "patch that changes nothing",
     "A patch or replacement with a target that no object fits is dropped by kustomize without a word; a patch without "
     "a "
     "target whose object is not there makes the build fail. This happens when an Ingress was replaced by routes: what "
     "an overlay changed in it is then lost, and staging may claim the host of production. Write the change for the "
     "object that took its place."},
    {"GW101", error, "schema", "unknown field",
     "The schema has no such field. The API server refuses it, or drops it with a warning, so it never has an effect."},
    {"GW102", error, "schema", "required field missing", "The API server refuses the object without this field."},
    {"GW103", error, "schema", "wrong type",
     "The value has another type than the field. Often quotes are missing, or a list was written as one object."},
    {"GW104", error, "schema", "value not allowed", "The field takes only the listed values. They are case-sensitive."},
    {"GW105", error, "schema", "number out of range", "The number is below or above what the field takes."},
    {"GW106", error, "schema", "text too short or too long", "The length is counted in characters, not bytes."},
    {"GW107", error, "schema", "text of the wrong form",
     "The text does not match the field's pattern. The help says in words what the pattern wants."},
    {"GW108", error, "schema", "too few or too many items", "The list is shorter or longer than the API server takes."},
    {"GW109", error, "schema", "too few or too many entries",
     "The map has fewer or more entries than the API server takes."},
    {"GW110", error, "schema", "two entries with the same key",
     "The entries of this list are told apart by one or more fields, which must be unique in the list."},
    {"GW111", error, "schema", "item listed twice", "The list is a set: each item may appear once."},
    {"GW112", error, "schema", "wrong format",
     "The value is not of the wanted format, such as an IPv4 address, a time, or a 32-bit number."},
    {"GW113", error, "schema", "no alternative fits",
     "The schema gives alternatives (anyOf, oneOf, allOf, not) and the value does not fit them as it must. What is "
     "told beside it belongs to the alternative that came closest."},
    {"GW114", error, "cel", "rule of the API violated",
     "A rule (CEL) that comes with the definition of the kind does not hold. The part after the dot names the rule."},
    {"GW115", error, "schema", "metadata invalid",
     "Names, namespaces, labels, annotations, finalizers and owners have to follow the rules that hold for every "
     "object."},
    {"GW116", error, "schema", "null where it is not allowed", "The field cannot be null. Leave it out instead."},
    {"GW117", error, "cel", "rules too costly",
     "The API server bounds what the rules of a kind may cost for one object. This object is so large that it would be "
     "refused."},
    {"GW118", error, "cel", "change that is not allowed",
     "Some fields cannot change once the object exists. With --old, the objects as they are now are compared with the "
     "new ones, and the API's rules about changes are checked."},
    {"GW511", error, "schema", "definition of a kind is unusable",
     "The CustomResourceDefinition given with --crds holds a schema, a pattern or a rule that cannot be used."},
    {"IN101", error, "schema", "Ingress of a removed version",
     "extensions/v1beta1 and networking.k8s.io/v1beta1 Ingress are gone since Kubernetes 1.22. In networking.k8s.io/v1 "
     "a backend is service.name with service.port, and every path has a pathType."},
    {"IN102", error, "schema", "Ingress field invalid", "The API server refuses the object because of this field."},
    {"IN103", error, "schema", "pathType missing",
     "networking.k8s.io/v1 wants a pathType for every path: Exact, Prefix or ImplementationSpecific."},
    {"IN104", error, "schema", "path not usable",
     "Exact and Prefix paths begin with '/' and hold no '//', '/./', '/../' and no encoded slash."},
    {"IN105", error, "schema", "backend not clear", "A backend names a service or a resource, exactly one of them."},
    {"IN106", error, "schema", "port of a backend not clear",
     "The port of a service is given by name or by number, exactly one of them."},
    {"IN107", error, "schema", "Ingress without rules", "An Ingress needs rules or a defaultBackend."},
    {"IN108", error, "schema", "host not usable",
     "A host is a DNS name in lower case, without port; a wildcard is one whole label in front."},
    {"IN109", error, "schema", "class given twice",
     "The annotation kubernetes.io/ingress.class and spec.ingressClassName differ; the API server refuses that on "
     "create."},
    {"IN110", error, "schema", "controller of an IngressClass invalid",
     "spec.controller is a domain and a path, like example.com/ingress."},
};

}  // namespace

std::vector<CodeInfo> all_codes() {
  std::vector<CodeInfo> out(std::begin(codes), std::end(codes));
  for (const SemanticRule& rule : semantic_rules()) {
    out.push_back({rule.code, rule.severity, rule.layer, rule.title, rule.explanation, rule.opt_in});
  }
  std::stable_sort(out.begin(), out.end(), [](const CodeInfo& a, const CodeInfo& b) { return a.code < b.code; });
  out.erase(std::unique(out.begin(), out.end(), [](const CodeInfo& a, const CodeInfo& b) { return a.code == b.code; }),
            out.end());
  return out;
}

std::optional<CodeInfo> find_code(std::string_view code) {
  const std::string_view plain = code.substr(0, code.find('.'));
  for (const CodeInfo& row : codes) {
    if (row.code == plain) return row;
  }
  for (const SemanticRule& rule : semantic_rules()) {
    if (rule.code == plain)
      return CodeInfo{rule.code, rule.severity, rule.layer, rule.title, rule.explanation, rule.opt_in};
  }
  return std::nullopt;
}

}  // namespace gw::validate
