// Label selectors in kubectl's notation: "app=shop,tier!=db,env in (a,b),!legacy".
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "kube/meta.h"

namespace gw::kube {

class Selector {
 public:
  explicit Selector(std::string_view text);     // empty selects everything
  bool matches(const StringMap& labels) const;  // every requirement holds
  // Empty when the text was understood, otherwise what is wrong with it.
  const std::string& error() const { return error_; }

 private:
  LabelSelector selector_;
  std::string error_;
};

}  // namespace gw::kube
