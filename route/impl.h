// The inside of a Table: flat arrays indexed by small numbers, built once by compile() and read by decide().
#pragma once
#include <re2/re2.h>
#include <re2/set.h>

#include <memory>
#include <string>
#include <vector>

#include "route/dictionary.h"
#include "route/table.h"

namespace gw::route {

// "If multiple entries specify equivalent header names, only the first entry MUST be considered."
struct NamedCondition {
  std::string name, value;
  std::shared_ptr<const RE2> regex;  // null: compare the value
};

// What a match asks for beside the path.
struct Conditions {
  std::string method;
  std::vector<NamedCondition> headers, query;
  std::string grpc_method;  // the path is "/anything/<this>"
};

struct Entry {
  static constexpr std::uint32_t none = ~std::uint32_t{0};
  std::uint32_t action = 0;
  std::uint32_t conditions = none;
  std::uint32_t prefix_begin = 0, prefix_size = 0;  // in Impl::texts; of a PathPrefix match
};

// Entries of one path of one host in precedence order.
struct Chain {
  std::uint32_t begin = 0, end = 0;
};

struct RegexEntry {
  std::shared_ptr<const RE2> regex;
  Entry entry;
};

// The rules of one hostname on one listener.
struct HostTable {
  std::uint32_t exact = 0, root = 0;  // scopes in the Dictionary
  bool has_exact = false;
  std::uint32_t regex_begin = 0, regex_end = 0;  // in Impl::regexes, precedence order
  std::unique_ptr<RE2::Set> set;                 // all of them at once, where there are many
  // Rules of routes that claim the name more loosely (see looseness()): asked where none of these fits.
  std::uint32_t looseness = 0, looser = Entry::none;
};

// A listener as the data path sees it: its hostnames.
struct Bucket {
  std::uint32_t listener = 0;  // in Table::listeners()
  std::uint32_t hosts = 0;     // scope: hostname -> host_tables, or l4_rules for TLSRoutes
};

// All that listens on one port of one Gateway and can be told apart by name alone.
enum class Traffic : std::uint8_t { http, tls, tcp, udp };
struct Group {
  kube::Port port = 0;
  Traffic traffic = Traffic::http;
  std::uint32_t names = 0;               // scope: listener hostname -> buckets
  std::uint32_t l4 = ~std::uint32_t{0};  // TCP, UDP: index into l4_rules
};

struct GatewayPorts {
  kube::NamespacedName id;
  std::vector<Group> groups;  // ascending by port
};

struct Table::Impl {
  std::vector<Listener> listeners;
  std::vector<Action> actions;
  std::vector<L4Rule> l4_rules;
  std::size_t backends = 0;

  std::vector<GatewayPorts> gateways;  // ascending by ns/name
  std::vector<Bucket> buckets;
  std::vector<HostTable> host_tables;
  Dictionary names;
  std::uint32_t node_base = 0;  // a scope from here on is a trie node or an exact path: chains[scope - node_base]
  std::vector<Chain> chains;
  std::vector<Entry> entries;
  std::vector<Conditions> conditions;
  std::vector<RegexEntry> regexes;
  std::string texts;
  std::vector<bool> straight;             // by action: forwards as received, nothing else to look at
  std::vector<std::uint32_t> precedence;  // actions in order, for all_actions()
};

// Which error a rule gives before any backend is picked; 0 when one may be asked.
int backend_error(const Action& action);

// Scopes of the Dictionary that are not numbers of nodes.
inline constexpr std::uint32_t gateway_scope = 0;

// Looks a lower-case name up: itself, then "*.rest" from the longest rest to the shortest, then "". Keys: "a.b", ".b",
// "".
inline std::uint32_t most_specific(const Dictionary& names, std::uint32_t scope, std::string_view host) {
  if (!host.empty()) {
    if (const std::uint32_t found = names.find(scope, host); found != Dictionary::none) return found;
    for (auto dot = host.find('.', 1); dot != std::string_view::npos; dot = host.find('.', dot + 1))
      if (const std::uint32_t found = names.find(scope, host.substr(dot)); found != Dictionary::none) return found;
  }
  return names.find(scope, "");
}
// "*.example.com" -> ".example.com"
inline std::string_view name_key(std::string_view hostname) {
  return hostname.starts_with("*.") ? hostname.substr(1) : hostname;
}

}  // namespace gw::route
