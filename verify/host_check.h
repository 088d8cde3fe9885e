// One row of a report: every class of requests to the names of one pattern is asked of both sides.
#pragma once
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "verify/equivalence.h"
#include "verify/findings.h"
#include "verify/hosts.h"
#include "verify/paths.h"
#include "verify/values.h"

namespace gw::verify {

// The classes of requests to a host. Hosts with the same boundaries share them: in a large cluster most have.
struct Classes {
  PathClasses paths;
  ExtraClasses extras;
  std::vector<std::string> sampled;  // why a dimension is only sampled
};
class ClassCache {
 public:
  // Safe to call from several threads.
  std::shared_ptr<const Classes> of(const std::vector<const HostBoundaries*>& rows);

 private:
  std::mutex mutex_;
  std::unordered_map<std::string, std::shared_ptr<const Classes>> known_;
};

// What all rows share; `known` of the options is called by one thread at a time.
struct Inquiry {
  const route::Model& old_side;
  const route::Model& new_side;
  const Boundaries& old_boundaries;
  const Boundaries& new_boundaries;
  const Options& options;
  bool thorough = true;  // few hosts: every class of paths is tried with every way of writing a request
  ClassCache& classes;
  std::mutex& known_mutex;
};

class HostCheck {
 public:
  HostCheck(const Inquiry& inquiry, HostReport& report) : inquiry_(inquiry), report_(report) {}

  // Asks every class of requests to a name of the row.
  void check(const HostName& name, const SniNames& sni);
  // Writes what was found into the row; called once, after every name.
  void finish();

 private:
  struct Asked {
    std::size_t kind = 0;                 // of the pair of answers
    std::optional<Counterexample> found;  // where it is to be kept
    std::string insider;                  // an address that the lists of both sides let in, where one refused
  };
  Asked ask(const route::Request& request, Aspect aspect, std::string_view detail, const Counterexample* plain,
            bool keep);
  std::optional<Counterexample> ask_plain(const route::Request& request, const std::vector<std::string>& sni,
                                          const Counterexample* bare);
  void ask_ports(const HostName& name, const PathClasses& paths);
  void ask_protocol(const HostName& name);
  void note_unmodelled(Counterexample&& found);
  void note_attributes(const route::AnswerSet& before, const route::AnswerSet& after);

  const Inquiry& inquiry_;
  HostReport& report_;
  bool every_path_ = false, certificate_ = true;
  Findings findings_;
  std::optional<Counterexample> root_;  // what GET / showed
  std::set<std::string> sampled_, assumed_, attributes_, reasons_;
  std::unordered_set<std::size_t> seen_, noted_;
};

// What two answers to a request of a row differ in, with its cause and the reason for which it was accepted. Empty:
// they are alike; Difference::unmodelled: a side does not know.
std::optional<Counterexample> judge(const Inquiry& inquiry, std::string_view row, const route::Request& request,
                                    Aspect aspect, std::string_view detail, bool certificate, route::AnswerSet&& before,
                                    route::AnswerSet&& after);

}  // namespace gw::verify
