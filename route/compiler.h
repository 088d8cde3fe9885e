// The table while it is compiled: what there is to match in compile.cpp, where it is found in compile_places.cpp.
// Internal to these two.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <vector>

#include "route/filters.h"
#include "route/impl.h"
#include "route/policies.h"

namespace gw::route {

// HTTPRoute.spec.rules.matches: "Exact" path, then the longest prefix, then method, headers, query parameters; ties by
// age, name, and the order of rules and matches. Where RegularExpression ranks is open in the spec: here, as in Envoy
// Gateway, below Exact and above PathPrefix, a longer pattern first. So a host whose rules are all regexes keeps the
// order its author wrote by pattern length, and equal lengths keep rule order.
enum class PathKind : std::uint8_t { exact, regex, prefix };

struct Rank {
  PathKind kind = PathKind::prefix;
  std::uint32_t length = 0;  // longer first
  std::uint32_t method = 0;  // 1 with a method; of a gRPC match the method's length
  std::uint32_t headers = 0, query = 0;
  std::uint32_t route = 0, rule = 0, match = 0;  // smaller first

  bool operator<(const Rank& other) const {
    return std::tuple(kind, ~length, ~method, ~headers, ~query, route, rule, match) <
           std::tuple(other.kind, ~other.length, ~other.method, ~other.headers, ~other.query, other.route, other.rule,
                      other.match);
  }
};

// A match before it has a place.
struct Match {
  Rank rank;
  std::string path;  // decoded literal or pattern
  std::uint32_t conditions = Entry::none;
  std::uint32_t action = 0;
};

// A match on one host table.
struct Placed {
  std::uint32_t host_table;
  std::uint32_t match;
};

class Compiler {
 public:
  Compiler(const kube::Index& index, const Attachments& attachments, const Options& options, Table::Impl& out)
      : index_(index), attachments_(attachments), options_(options), policies_(index), out_(out) {
    note_rejected_policies();
  }

  void run();  // fills the Impl

 private:
  using Ons = std::vector<const ParentStatus::On*>;

  // ---- listeners
  void add_listeners();
  std::uint32_t scope(std::string_view ns);
  void add_listener(std::size_t i);
  static Traffic traffic_of(Protocol protocol);
  void ask_first(const ListenerStatus& status, Listener& to);
  Listener describe(const ListenerStatus& status);

  // ---- routes
  void note_rejected_policies();

  struct RouteRef {
    const kube::Object* object;
    std::string_view kind;
    Ons ons;
  };

  std::vector<RouteRef> accepted_routes() const;
  void add_routes();
  static std::size_t rules_of(const std::vector<RouteRef>& routes);
  FilterContext context(const RouteRef& route);

  template <class Rule>
  Source source(const RouteRef& route, std::size_t number, const Rule& rule) const;

  template <class Route>
  void add_http(const Route& route, const RouteRef& ref, std::uint32_t number);

  template <class Rule>
  Action make_action(const RouteRef& route, std::size_t number, const Rule& rule);
  static Session make_session(const kube::SessionPersistence& from, const Source& source);

  // ---- matches
  std::shared_ptr<const RE2> regex(const std::string& pattern);
  void add_conditions(Conditions conditions, Match& match);
  void add_matches(const kube::HttpRouteRule& rule);
  void add_matches(const kube::GrpcRouteRule& rule);

  // ---- places
  std::uint32_t new_node();

  std::uint32_t claim(const std::string& host, const std::vector<kube::String>& own_hostnames) const {
    return attachments_.own_hostnames ? looseness(host, own_hostnames) : 0;
  }

  std::uint32_t host_table(std::uint32_t bucket, const std::string& host, std::uint32_t claimed);
  std::uint32_t node_of(HostTable& table, const Match& match);
  std::uint32_t child(std::uint32_t node, std::string_view text);
  Entry entry_of(const Match& match);
  std::uint32_t prefix_text(const Match& match);
  void place();
  void fill_chains();

  static constexpr std::size_t many_regexes = 8;

  void add_regexes();

  // ---- TLS, TCP, UDP
  template <class Route>
  void add_l4(const Route& route, const RouteRef& ref);
  void name_tls_routes();

  struct TlsName {
    std::uint32_t claimed, bucket;
    std::string host;
    std::uint32_t rule;  // in Impl::l4_rules
  };

  const kube::Index& index_;
  const Attachments& attachments_;
  const Options& options_;
  BackendTlsPolicies policies_;
  Table::Impl& out_;
  std::uint32_t next_scope_ = gateway_scope + 1, next_backend_ = 0;
  std::unordered_map<const kube::Gateway*, std::size_t> gateway_numbers_;
  std::vector<std::uint32_t> bucket_of_;  // by listener
  std::vector<std::tuple<std::size_t, kube::Port, Traffic>> group_of_;
  std::vector<Match> matches_;
  std::vector<Placed> placed_;
  std::vector<TlsName> tls_names_;
  std::vector<std::uint32_t> prefixes_;  // by match: where its text lies
  std::unordered_map<std::string, std::shared_ptr<const RE2>> regexes_;
};

}  // namespace gw::route
