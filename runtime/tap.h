// Sees what was asked and what was answered, beside the data path: for comparing with another gateway. It may not
// wait; a request it does not want costs one call.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/http.h"

namespace gw::runtime {

// A copy, so that it may outlive the exchange. `fields` may hold credentials: they are for sending, never for keeping.
struct Tapped {
  std::string method, target, authority;
  std::vector<std::pair<std::string, std::string>> fields;
  std::string body;  // of the request
  int status = 0;
  std::vector<std::pair<std::string, std::string>> answered;  // fields of the answer
  std::uint64_t hash = 0;                                     // of the answer's body, as far as most_hashed
  std::uint64_t bytes = 0;
  bool complete = false;  // the answer came to its end
};

class Tap {
 public:
  virtual ~Tap() = default;
  virtual bool wants(const RequestHead& request) = 0;  // from any worker
  virtual void done(Tapped&& seen) = 0;                // from any worker
  virtual std::size_t most_body() const { return 0; }  // of a request; longer ones are not seen
};

// FNV-1a, continued.
inline constexpr std::uint64_t hash_start = 0xcbf29ce484222325ULL;
inline constexpr std::uint64_t most_hashed = 65536;
// Over these bytes as well.
inline std::uint64_t hash_on(std::uint64_t hash, std::string_view bytes) {
  for (const char c : bytes) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  return hash;
}

}  // namespace gw::runtime
