// The route map: for every listener and hostname, the matches in the order in which a request meets them. It is made
// from the Attachments and the resources, not from the inside of the Table; a test holds it against Table::decide.
#pragma once
#include <string>
#include <vector>

#include "route/attach.h"
#include "route/table.h"

namespace gw::graph {

struct MatchRow {
  std::string type;                     // Exact, RegularExpression, PathPrefix
  std::string path;                     // "/api"; of a GRPCRoute "/service/method"
  std::string method;                   // empty: every method
  std::vector<std::string> conditions;  // "header x-env = canary", "query q ~ [0-9]+"
  std::size_t header_count = 0, query_count = 0;
  std::vector<kube::NamedMatch> headers, query;  // the conditions as data; of a name only the first entry
  std::string grpc_method;                       // the path is "/anything/<this>"; `path` shows it as "/*/<this>"
  const route::Action* action = nullptr;         // of the Table
};

struct HostMap {
  std::string hostname;  // empty: every host
  std::vector<MatchRow> rows;
};

struct ListenerMap {
  const route::Listener* listener = nullptr;  // of the Table
  std::vector<HostMap> hosts;                 // the more specific name first
};

// In the order of the Table's listeners; those without HTTP or GRPC routes are left out. Borrows from the Table.
std::vector<ListenerMap> route_map(const route::Attachments& attachments, const route::Table& table);

// What an action does, in a few words: "shop/web:80", "shop/a:80 (90%), shop/b:80 (10%)", "redirect 308 https://…".
std::string outcome(const route::Action& action);

// The map for people, a host after the other, or as JSON: docs/command-line.md, "routes".
// Names come from the input: what steers a terminal is shown escaped, line by line.
std::string printable_lines(std::string_view text);

std::string render_text(const std::vector<ListenerMap>& map, const diag::Sources& sources);
std::string render_json(const std::vector<ListenerMap>& map, const diag::Sources& sources);

}  // namespace gw::graph
