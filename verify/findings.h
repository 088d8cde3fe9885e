// What was found about one host: differences of one sort once, by their shortest request.
#pragma once
#include <map>
#include <string>
#include <tuple>

#include "verify/equivalence.h"

namespace gw::verify {

// What the first of several answers is by: the sort of a difference is told by it.
std::size_t first_status(const route::AnswerSet& answers);
// "OBJECT@OFFSET" of the first answer's rule; empty when it has none.
std::string first_rule(const route::AnswerSet& answers);

class Findings {
 public:
  // `plain`: the difference of the same request, plainly written. What shows nothing more than that is no other sort.
  void add(Counterexample&& found, const Counterexample* plain);
  // Into the row, the gravest kept, what has a cause or was accepted last.
  void write(HostReport& report, const Options& options);

 private:
  using Key = std::tuple<Aspect, route::Scheme, std::string, Difference, std::size_t, std::size_t, std::string,
                         std::string, std::string>;
  static Key key_of(const Counterexample& found);

  std::map<Key, Counterexample> by_key_;
};

}  // namespace gw::verify
