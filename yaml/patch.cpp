// One attempt mends a whole quoted text; the number of attempts is bounded, for each reads the document anew.
#include "yaml/patch.h"

#include <algorithm>

namespace gw::yaml {
namespace {

constexpr std::size_t most_attempts = 50;

}  // namespace

std::size_t Patch::original(std::size_t offset) const {
  for (std::size_t removed : removed_) {
    if (removed > offset) break;
    ++offset;
  }
  return offset;
}

bool Patch::mend_escape(std::size_t offset) {
  std::string_view text = this->text();
  if (++attempts_ > most_attempts || !text.substr(std::min(offset, text.size())).starts_with("\\'")) return false;
  std::string out(text.substr(0, offset));
  std::vector<std::size_t> removed;
  std::size_t at = offset;
  for (; at < text.size() && text[at] != '"'; ++at) {
    bool escape = text[at] == '\\' && at + 1 < text.size();
    if (escape && text[at + 1] == '\'') {
      removed.push_back(original(at));
      ++at;
    } else if (escape) {
      out += text[at++];
    }
    out += text[at];
  }
  out += text.substr(at);
  removed_.insert(removed_.end(), removed.begin(), removed.end());
  patched_ = std::move(out);
  return true;
}

}  // namespace gw::yaml
