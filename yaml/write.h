// Canonical output: a stream of events becomes YAML, JSON or KYAML. Strings that another reader could take for a
// different type (yes, 1e3, 0o17, 12:30:45, ~, =, <<, ...) are quoted.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "yaml/node.h"

namespace gw::yaml {

// yaml: block style, lists not indented below their key, as kubectl writes; text of several lines as "|".
// json: indented by two. json_line: one document a line. kyaml: Kubernetes' flow style, every string quoted.
enum class Style : std::uint8_t { yaml, json, json_line, kyaml };

enum class KeyOrder : std::uint8_t { source, sorted };

class Writer {
 public:
  explicit Writer(Style style, std::string& out) : style_(style), out_(out) {}

  void begin_document();                // writes the separator where one is needed
  void comment(std::string_view text);  // before begin of the document's content; YAML styles only
  void end_document();                  // every map and list must be closed
  void begin_map();                     // as a document's root, an item or a value
  void key(std::string_view key);       // the next call writes its value
  void field(std::string_view name);    // a key that is a word to every reader: no look at quotes
  void end_map();                       // closes the innermost, a map
  void begin_seq();                     // as a document's root, an item or a value
  void end_seq();                       // closes the innermost, a list
  void string(std::string_view value);  // quoted where some reader could take it for another type
  // Each writes a scalar.
  void integer(std::int64_t value);
  void unsigned_integer(std::uint64_t value);                       // a scalar
  void floating(double value);                                      // finite
  void boolean(bool value);                                         // a scalar
  void null();                                                      // a scalar
  void node(const Node& value, KeyOrder order = KeyOrder::source);  // a whole tree as read

 private:
  struct Level {
    bool map;
    bool empty = true;
    bool same_line = false;  // yaml: the first entry follows "- " on its line
    bool cuddled = false;    // kyaml: a list whose items are collections
    std::uint32_t indent = 0;
  };
  bool block() const { return style_ == Style::yaml; }
  void before_value(bool collection);
  void before_item(bool collection);
  void block_entry();
  void begin(bool map);
  void end(bool map);
  void new_line(std::size_t spaces);
  void separate_flow(Level& level);
  void scalar(std::string_view text);
  void long_text(std::string_view value);

  Style style_;
  std::string& out_;
  std::vector<Level> levels_;
  std::size_t documents_ = 0;
  bool after_key_ = false;
};

// The entries of a mapping by key, bytewise, as Go's encoders order them.
std::vector<const Entry*> sorted_entries(const Node& mapping);

// True when `plain` must be quoted to stay this text for every YAML 1.1 and 1.2 reader.
bool needs_quotes(std::string_view plain);

}  // namespace gw::yaml
