// Recorded evidence that tests are held against: all of it in ../shared where that folder is there (CI has it), else
// the sample that the project carries in testdata/evidence. What has no sample is skipped, in words, and ctest says so.
#pragma once
#include <doctest/doctest.h>

#include <cstddef>
#include <cstdlib>
#include <filesystem>
#include <string>

namespace evidence {

// GWCTL_SAMPLE=1 asks for the sample although ../shared is there.
inline bool whole() {
  static const bool there = std::getenv("GWCTL_SAMPLE") == nullptr && std::filesystem::is_directory("../shared/oracle");
  return there;
}

// Where a piece of evidence is: "oracle/ingress-nginx.jsonl".
inline std::string path(const std::string& name) {
  return (whole() ? "../shared/" : "testdata/evidence/") + name;
}

// A count that holds for the whole set; a sample must have something of it.
inline std::size_t at_least(std::size_t of_whole) {
  return whole() ? of_whole : 1;
}

// Set by skip(); the program then ends with the status that ctest shows as skipped, unless something failed.
inline bool skipped = false;
inline constexpr int skipped_status = 77;

// A directory of ../shared that has no sample in the project.
inline bool missing(const std::string& name) {
  if (whole() && std::filesystem::exists("../shared/" + name)) return false;
  MESSAGE("skipped: ../shared/" << name << " is not there");
  return skipped = true;
}

}  // namespace evidence
