#include "validate/patterns.h"

#include <algorithm>

#include "diag/ascii.h"

namespace gw::validate {
namespace {

constexpr KnownPattern known[] = {
    {"group", R"(^$|^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)", "an API group",
     "write it like gateway.networking.k8s.io, or \"\" for the core group"},
    {"kind", R"(^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$)", "the name of a kind",
     "a kind begins with a letter and holds letters, digits and '-': Service"},
    {"dnsName", R"(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)", "a DNS name",
     "use lower case letters, digits, '-' and '.', each part beginning and ending with a letter or digit"},
    {"hostname", R"(^(\*\.)?[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$)", "a hostname",
     "write it like shop.example.com or *.example.com: lower case, no port, no scheme, no path"},
    {"uri", R"(^(([^:/?#]+):)(//([^/?#]*))([^?#]*)(\?([^#]*))?(#(.*))?)", "a URI with scheme and authority",
     "write it like spiffe://mesh.example.com/ns/shop/sa/web"},
    {"wellKnownCa",
     R"(^(System|([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/([A-Za-z0-9][-A-Za-z0-9_.]{0,61})?[A-Za-z0-9]))$)",
     "System or an implementation's name", "write System, or a name like example.com/bundle"},
    {"namespace", R"(^[a-z0-9]([-a-z0-9]*[a-z0-9])?$)", "a namespace name",
     "use lower case letters, digits and '-', beginning and ending with a letter or digit"},
    {"reason", R"(^[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?$)", "a condition's reason", "write it in CamelCase"},
    {"conditionType",
     R"(^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*/)?(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])$)",
     "a condition's type", ""},
    {"controllerName",
     R"(^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$)",
     "a controller name", "write a domain, '/', and a path: example.com/gateway-controller"},
    {"addressType",
     R"(^Hostname|IPAddress|NamedAddress|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9\/\-._~%!$&'()*+,;=:]+$)",
     "an address type", "write IPAddress, Hostname, NamedAddress, or an implementation's type like example.com/pool"},
    {"labelValue", R"(^(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?$)", "a label value",
     "use letters, digits, '-', '_' and '.', beginning and ending with a letter or digit"},
    {"protocol",
     R"(^[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?$|[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/[A-Za-z0-9]+$)",
     "a protocol", "write HTTP, HTTPS, TLS, TCP, UDP, or an implementation's protocol like example.com/quic"},
    {"headerName", R"(^[A-Za-z0-9!#$%&'*+\-.^_\x60|~]+$)", "a header name",
     "a header name has no spaces, colons or slashes: X-Request-Id"},
    {"headerValue", R"(^[!-~]+([\t ]?[!-~]+)*$)", "a header value",
     "use printable ASCII with single spaces between words, none at the ends"},
    {"duration", R"(^([0-9]{1,5}(h|m|s|ms)){1,4}$)", "a Gateway API duration",
     "write whole numbers with units, like 10s, 500ms or 1h30m"},
    {"origin", R"((^\*$)|(^(http(s)?):\/\/(((\*\.)?([a-zA-Z0-9\-]+\.)*[a-zA-Z0-9-]+|\*)(:([0-9]{1,5}))?)$))",
     "a CORS origin", "write *, or scheme and host without a path: https://shop.example.com"},
    {"path", R"(^(?:[-A-Za-z0-9/._~!$&'()*+,;=:@]|[%][0-9a-fA-F]{2})+$)", "a URL path",
     "encode other characters, a space as %20"},
    {"attributeKey", R"(^[a-z0-9_.-]+$)", "an attribute key", "use lower case letters, digits, '_', '.' and '-'"},
    {"spanWord", R"(^[a-zA-Z0-9_.:/-]+$)", "a name for traces",
     "use letters, digits, '_', '.', ':', '/' and '-', no spaces"},
    {"spanName", R"(^[a-zA-Z0-9_.:/-]+( [a-zA-Z0-9_.:/-]+)*$)", "a span name",
     "use words of letters, digits, '_', '.', ':', '/' and '-'"},
};

bool holds(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

std::string sharper(std::string_view name, std::string_view value) {
  if (name == "hostname" || name == "dnsName" || name == "namespace") {
    if (const auto scheme = value.find("://"); scheme != std::string_view::npos)
      return "leave the scheme and the path out";
    if (const auto colon = value.rfind(':'); colon != std::string_view::npos)
      return "leave the port out: " + std::string(value.substr(0, colon));
    if (value == "*") return "leave the hostname out to match every host";
    if (holds(value, "_")) return "DNS names have no '_'";
    if (diag::lower(value) != value) return "write it in lower case: " + diag::lower(value);
    if (name != "hostname" && holds(value, "*")) return "a wildcard is not possible here";
    if (holds(value, "*")) return "a wildcard is one whole label in front: *.example.com";
  }
  if (name == "duration") {
    if (!value.empty() && value.find_first_not_of("0123456789") == std::string_view::npos) {
      return "add a unit: " + std::string(value) + "s or " + std::string(value) + "ms";
    }
    if (holds(value, ".")) return "write whole numbers: 1500ms instead of 1.5s";
    if (holds(value, "d")) return "there are no days: write hours, 24h";
  }
  if (name == "headerName" && value.ends_with(":")) return "leave the colon out";
  return {};
}

}  // namespace

const KnownPattern* pattern_by_name(std::string_view name) {
  const auto* row =
      std::find_if(std::begin(known), std::end(known), [name](const KnownPattern& p) { return p.name == name; });
  return row == std::end(known) ? nullptr : row;
}

Hint explain_pattern(std::string_view regex, std::string_view value) {
  for (const KnownPattern& row : known) {
    if (row.regex != regex) continue;
    std::string help = sharper(row.name, value);
    return {std::string(row.what), help.empty() ? std::string(row.help) : help};
  }
  return {"of the wanted form", "it must match " + std::string(regex.substr(0, 200))};
}

}  // namespace gw::validate
