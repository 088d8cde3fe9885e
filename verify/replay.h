// The requests of the last weeks, asked of both sides: which share of the real traffic would be answered otherwise.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "diag/result.h"
#include "verify/equivalence.h"
#include "verify/report.h"

namespace gw::verify {

struct ReplayOptions {
  std::string host;                       // of lines that tell none; empty: found by the service that answered
  std::size_t most_distinct = 2'000'000;  // bounds memory; what comes later is only counted
  std::size_t kept = 1000;                // differing requests kept, the most frequent ones
  std::function<void(std::uint64_t done, std::uint64_t all)> progress;  // bytes; all 0: not known
};

struct ReplayedRequest {
  std::uint64_t count = 0;
  Counterexample found;
};

struct ReplayReport {
  std::uint64_t lines = 0, unread = 0;  // unread: no request in it
  std::uint64_t requests = 0;           // asked, repetitions counted
  std::uint64_t distinct = 0;           // different requests
  std::uint64_t beyond = 0;             // requests beyond most_distinct
  std::uint64_t hostless = 0;           // requests whose host nothing tells
  std::uint64_t differing = 0, differing_distinct = 0, unmodelled = 0;
  std::vector<ReplayedRequest> top;  // most frequent first
};

// path: a file or "-" for standard input. Reads it once, in pieces.
Result<ReplayReport> replay(const std::string& path, const Side& old_side, const Side& new_side,
                            const ReplayOptions& options = {});

// The report for people, or as JSON; `rendering` says how many differences are shown.
std::string to_text(const ReplayReport& report, const Rendering& rendering);
std::string to_json(const ReplayReport& report, const Rendering& rendering);

}  // namespace gw::verify
