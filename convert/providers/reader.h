// Reads the Ingresses of one controller by its traits: hosts, the paths offered on each, their order, https, redirects,
// default backends. A controller is a row of traits (providers/<controller>/) and a table of annotations.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "convert/provider.h"
#include "convert/providers/defaults.h"
#include "convert/providers/wishes.h"

namespace gw::convert {

enum class Reach : std::uint8_t {
  exact,
  element,  // /foo matches /foo/bar, not /foobar
  bytes,    // /foo matches /foobar too
  regex,    // the text is an expression for the whole path
};

enum class DefaultBackend : std::uint8_t {
  everywhere,     // every host and path that nothing else serves
  own_hosts,      // the rest of the hosts of its Ingress
  without_rules,  // every host, of an Ingress without rules; else ignored
  other_hosts,    // hosts that no rule names
  never,          // it is ignored
};

enum class TlsMatch : std::uint8_t {
  loose,  // an entry without hosts gives its certificate too
  named,  // the host stands in tls.hosts, also under a wildcard
  exact,  // the very text of the host stands there
};
enum class TlsScope : std::uint8_t { none, named_hosts, whole_ingress };  // which hosts redirect http to https

// What becomes of two paths of one host that are the same.
enum class Equals : std::uint8_t {
  first,   // the one that is read first has it
  random,  // the last one of an Ingress; of several Ingresses any, after every rebuild another
  split,   // their traffic is split evenly
};

// What an annotation makes of one path alone.
struct Special {
  std::optional<Redirect> redirect;
  std::vector<Backend> backends;  // instead of the path's own; empty with `answered`: none
  bool answered = false;          // the backend of the path does not count
  Conditions conditions;
  std::vector<std::string> methods;
  std::vector<Intent> intents;
  std::vector<std::string_view> more_hosts;
};

// A path of an Ingress, with what the annotations ask for it.
struct Offer {
  const kube::Ingress* ingress = nullptr;
  const Wishes* wishes = nullptr;
  const Wishes* service = nullptr;  // annotations of the Service; null: none
  const yaml::Node* at = nullptr;
  const kube::IngressBackend* backend = nullptr;
  std::string_view host;  // as its rule names it
  std::string_view text;  // the path as written, "/" for none; of Reach::regex the expression
  std::string_view type;  // pathType
  Reach reach = Reach::element;
  bool tls = false;                        // its Ingress has TLS for this host
  bool fallback = false;                   // a default backend
  bool crowded = false;                    // another path of the host is this one without its last '/'
  std::size_t place = 0;                   // in the order of reading
  long rank = 0;                           // what `before` may go by
  std::size_t group = 0;                   // of the rule it stands in
  std::optional<RewriteWish> own_rewrite;  // of this path alone
  std::shared_ptr<const Special> special;

  // The path's own, else the Ingress's.
  const RewriteWish& rewrite() const { return own_rewrite ? *own_rewrite : wishes->rewrite; }
};

// An order of Offers: exact paths, then expressions, then prefixes, longer ones first.
bool by_reach_and_length(const Offer& a, const Offer& b);

struct DialectNote {
  std::string_view code;
  enum class When : std::uint8_t { always, wildcard, tls, no_tls, redirect } when;
  std::string_view message;
  std::string_view request;
};

struct Dialect {
  std::string_view provider;
  WishRows rows = {}, service_rows = {};
  Reach prefix = Reach::element, implementation = Reach::element;
  bool one_owner = false;                 // the first Ingress of a host has it alone
  bool slash_redirect = false;            // /foo is redirected to /foo/
  bool fall_through = false;              // an exact host gets what its wildcard and host-less rules offer
  bool deep_wildcards = false;            // a wildcard takes several labels, also where hosts fall through
  bool missing_drops = false;             // a path without its Service is not there at all
  bool re2 = false;                       // it reads expressions as RE2 does: what RE2 refuses, it refuses
  bool service_annotations_stay = false;  // its own Gateway reads the annotations of Services, too
  bool bad_regex_ends_rule = false;       // the paths behind it in its rule go with it
  Equals equals = Equals::first;
  bool own_https = false;  // on https only what an Ingress with TLS for the host offers
  DefaultBackend default_backend = DefaultBackend::everywhere;
  TlsMatch tls = TlsMatch::loose;
  bool https_everywhere = false;  // a wildcard's certificate serves hosts without TLS of their own
  TlsScope redirect = TlsScope::none;
  int code = 301;                    // of that redirect
  bool whole_host_redirect = false;  // it answers for every path of the host, also those without a rule
  std::string_view hsts = {};        // of https answers
  std::span<const DialectNote> notes = {};
  // Decides the path's reach (and text) from its type and the annotations; false leaves the path out.
  bool (*match)(Offer& offer, Asking& asking) = nullptr;
  // Which offer is tried first; null: exact ones, then the longer text, then the earlier read.
  bool (*before)(const Offer& a, const Offer& b) = nullptr;
  // After the annotations: what needs the Ingress, other objects, or several annotations together.
  void (*prepare)(Asking& asking, const kube::Ingress& ingress) = nullptr;
  // Ingresses in the order in which they claim; null: the oldest first, ties by namespace and name.
  std::vector<const kube::Ingress*> (*order)(std::vector<const kube::Ingress*> ingresses) = nullptr;
  // An Ingress that adds paths to the host of an older one of another kind, without settings of its own for the host.
  bool (*joins)(const Wishes& wishes) = nullptr;
  // Do exact hosts keep to themselves, by the controller's own configuration among the input?
  bool (*strict)(const Input& input) = nullptr;
  // Where the controller's own configuration lies among the input.
  ConfigMapTraits config_map = {};
  // Do the paths of two Ingresses meet at one address? Null: they do.
  bool (*together)(const Input& input, const Offer& a, const Offer& b) = nullptr;
  // An object of another kind that has the host; null: none.
  const kube::Object* (*rival)(const Input& input, std::string_view host, const kube::Ingress& ingress) = nullptr;
};

// Adds to `ir` the hosts and rules of all Ingresses of the input, as the dialect ranks and reads them.
void read_ingresses(const Dialect& dialect, const Input& input, Ir& ir, Ledger& ledger);

// The default of Dialect::before.
bool longest_first(const Offer& a, const Offer& b);

}  // namespace gw::convert
