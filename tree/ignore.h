// What `.gitignore` files name, in git's own syntax.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace gw::tree {

class IgnoreRules {
 public:
  // The lines of the .gitignore of `directory`, which is relative to the root of the tree ("" or "apps/web").
  void add(std::string_view text, const std::string& directory);
  // Is this path, relative to the root, ignored? The last line that fits decides, as in git.
  bool ignored(std::string_view path, bool directory) const;

 private:
  struct Rule {
    std::string base;     // "" or "apps/web/": paths below it are meant
    std::string pattern;  // without a leading and a trailing slash
    bool negated = false, directories_only = false;
    bool anchored = false;  // compared with the whole path below base, not with the last segment
  };
  std::vector<Rule> rules_;
};

// Does a glob (* ? [a-z] ** as in .gitignore) fit the whole text? '*' and '?' stop at a slash. Linear in the product
// of both lengths, whatever the pattern.
bool glob(std::string_view pattern, std::string_view text);

}  // namespace gw::tree
