// Ingress to Gateway API: provider.read → Ir → settle → emitter.write. Nothing is lost silently: every annotation ends
// in the Ledger (convert/ledger.h), every path in a rule or a finding, and a security demand that the target cannot
// meet closes its routes.
#pragma once
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "convert/ledger.h"
#include "diag/diagnostic.h"
#include "diag/result.h"
#include "diag/source.h"
#include "kube/bundle.h"

namespace gw::convert {

enum class Layout : std::uint8_t { shared, per_namespace, per_ingress };

// --parent NS/NAME[/SECTION]: routes hang on a Gateway that exists.
struct Parent {
  std::string ns, name, section;
};
// "NS/NAME" or "NS/NAME/SECTION", as --parent takes it; an Error says which part is missing.
Result<Parent> parse_parent(std::string_view text);
// NAMESPACE/NAME, as the value of a flag.
Result<kube::NamespacedName> parse_id(std::string_view flag, std::string_view text);

// A route that must not be written, found by asking both sides: a rule made at this place for this host.
struct Refusal {
  diag::Span at;
  std::string host;  // as in Server::host: empty for every host
  std::string message, request;
};

// A place as one number.
inline std::uint64_t key_of(diag::Span span) {
  return std::uint64_t{span.file} << 32U | span.begin;
}

struct Options {
  std::string from = "auto";
  std::string to = "standard";
  std::string gateway_class;      // empty: the target's own, written along
  std::string gateway_namespace;  // of a shared Gateway; empty: chosen
  std::string gateway_name;       // of a shared Gateway; empty: "gateway"
  bool experimental = false;
  std::uint8_t api_minor = 6;  // Gateway API v1.N of the cluster
  bool snippets = false;       // nginx text in SnippetsFilters where nginx-gateway-fabric has no object that says it
  bool listener_sets = false;  // TLS listeners in ListenerSets beside their Secrets
  bool exact_paths = false;    // keep expressions wherever plain paths would differ in some request
  bool spare_acme = false;     // http→https redirects leave /.well-known/acme-challenge/ alone
  Layout layout = Layout::shared;
  std::optional<Parent> parent;
  std::set<Loss> accepted;
  std::vector<std::string> controller_flags;   // of the old controller's command line: "--ingress-class=internal"
  std::set<std::string> classes;               // convert these alone; empty: all
  std::set<kube::NamespacedName> only;         // write the routes of these alone; empty: of all
  std::set<kube::NamespacedName> config_maps;  // of the controllers; empty: found by name and labels
  std::map<std::string, int> entry_points;     // ports by name, of Traefik's static configuration
  std::vector<Refusal> refused;
  std::vector<std::string> keep_metadata{"labels", "annotations"};  // of --keep-metadata (convert/metadata.h)
  // Called when the specs of the Ingresses have been read for the last time: whoever owns them may let them go.
  std::function<void()> specs_read;

  bool accepts(Loss loss) const { return accepted.contains(loss); }
};

// What one deployment of a controller serves, under one class; empty where it names none.
struct Served {
  std::string provider, class_name;
  std::vector<const kube::Ingress*> ingresses;
  std::vector<const kube::OtherObject*> own;  // routes of its own kinds
};

// What a conversion told besides the objects it made. Findings went to the Sink.
struct Outcomes {
  Ledger ledger;
  std::size_t ingresses = 0, routes = 0;      // Ingresses and resources that route; routes written
  std::size_t beside = 0;                     // resources that only others refer to (Middleware)
  std::vector<Served> served;                 // a Gateway each
  bool lost = false;                          // a loss that was not accepted: exit 1
  std::string written_for;                    // the target, and the release whose features were kept to
  std::unordered_set<std::uint64_t> guarded;  // key_of the places whose rules keep a security demand
};

// Objects arrive in pieces, kinds in the order of kube::each_kind, names ascending within a kind over all pieces.
using Consumer = std::function<void(kube::Bundle&& piece)>;

// The error is the caller's: an unknown --from or --to. `bundle` and `sources` outlive the result.
Result<Outcomes> convert(const kube::Bundle& bundle, const Options& options, const diag::Sources& sources,
                         diag::Sink& sink, const Consumer& consumer);
// The same with all objects in one Bundle (verify, tests).
Result<Outcomes> convert(const kube::Bundle& bundle, const Options& options, const diag::Sources& sources,
                         diag::Sink& sink, kube::Bundle& out);

std::vector<std::string_view> provider_names();  // as --from takes them
std::vector<std::string_view> target_names();    // as --to takes them

// A page for `gwctl explain`.
struct CodePage {
  std::string_view code, title, text;
};
std::span<const CodePage> code_pages();  // in the order of their codes

}  // namespace gw::convert
