// What the controllers beside ingress-nginx make of the same Ingress: a row of measured traits each.
#pragma once
#include <string_view>

#include "convert/provider.h"

namespace gw::convert {

enum class Reach : std::uint8_t {
  element,  // /foo matches /foo/bar, not /foobar
  byte,     // /foo matches /foobar too
  exact,
  kong,     // /~ starts a regular expression, else byte
  contour,  // a regular expression when it holds one of ^+*[]%, else byte
  gce,      // /foo is exact, /foo/* what is below it
  alb,      // * any characters, ? one
};

enum class DefaultBackend : std::uint8_t {
  everywhere,     // every host and path that nothing else serves
  own_hosts,      // the rest of the hosts of its Ingress
  without_rules,  // every host, of an Ingress without rules; else ignored
};

enum class TlsScope : std::uint8_t { none, named_hosts, whole_ingress };  // which hosts redirect http to https

struct Dialect {
  std::string_view provider;
  Reach prefix = Reach::element, implementation = Reach::element;
  bool ignores_case = false;       // of ImplementationSpecific
  bool one_owner = false;          // the oldest Ingress has the host alone
  bool slash_redirect = false;     // /foo is redirected to /foo/
  bool prefix_over_exact = false;  // the longer rule text wins, not the exact path
  DefaultBackend default_backend = DefaultBackend::everywhere;
  TlsScope redirect = TlsScope::none;
  int code = 301, port = 0;     // of that redirect
  std::string_view hsts = {};        // of https answers
  std::string_view switch_key = {};  // annotation that turns the redirect on or off
  std::string_view app_root_key = {};
  std::string_view note = {};  // what no rule can say
};

const Dialect* dialect(std::string_view provider);

void read_traefik(const Input& input, Ir& ir, Ledger& ledger);
void read_f5(const Input& input, Ir& ir, Ledger& ledger);
void read_haproxytech(const Input& input, Ir& ir, Ledger& ledger);
void read_haproxy_ingress(const Input& input, Ir& ir, Ledger& ledger);
void read_kong(const Input& input, Ir& ir, Ledger& ledger);
void read_gce(const Input& input, Ir& ir, Ledger& ledger);
void read_alb(const Input& input, Ir& ir, Ledger& ledger);
void read_contour(const Input& input, Ir& ir, Ledger& ledger);
void read_apisix(const Input& input, Ir& ir, Ledger& ledger);
void read_cilium(const Input& input, Ir& ir, Ledger& ledger);

}  // namespace gw::convert
