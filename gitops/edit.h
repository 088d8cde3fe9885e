// A kustomization.yaml with entries added: the rest of its text stays as it is.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "gitops/patches.h"
#include "yaml/node.h"

namespace gw::gitops {

class Edit {
 public:
  // `root` was read from `text` and outlives the Edit.
  Edit(std::string text, const yaml::Node& root) : before_(std::move(text)), root_(root) {}

  const std::string& before() const { return before_; }
  // An entry of a list of strings; one that is there already is not added again.
  void add(std::string_view list, const std::string& entry);
  // An entry of `patches` with operations of RFC 6902.
  void add_patch(const std::string& group, const std::string& kind, const std::string& name, const Json& operations);
  // The file with the entries added to their lists; lists that were not there come at the end.
  std::string text() const;

 private:
  // Each entry as block lines (the first without "- ") and in flow style.
  struct Entry {
    std::vector<std::string> block;
    std::string flow;
  };
  std::string before_;
  const yaml::Node& root_;
  std::map<std::string, std::vector<Entry>> added_;  // by list
};

}  // namespace gw::gitops
