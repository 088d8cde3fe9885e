#include "verify/streams.h"

#include <map>

#include "verify/compare.h"

namespace gw::verify {
namespace {

using route::Answer;
using route::Protocol;
using route::Stream;

using Key = std::pair<Protocol, kube::Port>;

std::map<Key, Answer> by_port(const std::vector<Stream>& streams) {
  std::map<Key, Answer> out;
  for (const Stream& stream : streams)
    if (stream.protocol == Protocol::tcp || stream.protocol == Protocol::udp)
      out.emplace(Key{stream.protocol, stream.port}, stream.answer);
  return out;
}

route::AnswerSet at(const std::map<Key, Answer>& side, const Key& key, const std::string& why) {
  const auto found = side.find(key);
  if (found != side.end()) return {{found->second}};
  Answer none;
  (why.empty() ? none.error : none.unmodelled) = why.empty() ? "nothing listens there" : why;
  return {{none}};
}

}  // namespace

void compare_streams(const std::vector<Stream>& old_side, const std::vector<Stream>& new_side, bool modelled,
                     const Options& options, Report& report) {
  const std::map<Key, Answer> before = by_port(old_side), after = by_port(new_side);
  std::map<Key, Answer> all = before;
  all.insert(after.begin(), after.end());
  for (const auto& [key, answer] : all) {
    HostReport& row = report.hosts.emplace_back();
    row.host = std::string(route::name(key.first)) + " port " + std::to_string(key.second);
    row.classes = row.requests = 1;
    Counterexample found;
    found.request.method = route::name(key.first);
    found.request.target.clear();
    found.request.port = static_cast<std::uint16_t>(key.second);
    found.old_answer = at(before, key, modelled ? "" : "ports of TCP and UDP of the old controller");
    found.new_answer = at(after, key, "");
    const std::optional<Difference> difference = compare(found.old_answer, found.new_answer);
    if (!difference) continue;
    found.difference = *difference;
    if (*difference == Difference::unmodelled) {
      row.unmodelled.push_back(std::move(found));
      continue;
    }
    found.impact = impact(found.request, found.old_answer, found.new_answer, *difference);
    if (options.known) found.known = options.known(row.host, found);
    row.counterexamples.push_back(std::move(found));
  }
  settle_verdicts(report);
}

}  // namespace gw::verify
