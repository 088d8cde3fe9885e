// Events are read one by one and nothing is kept of them: a hostile document is left as soon as it passes a limit. What
// libyaml lets through and Go's reader does not (and the reverse) is settled here.
#include "yaml/build.h"

#include <algorithm>
#include <cassert>
#include <cmath>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "diag/text.h"
#include "yaml/events.h"
#include "yaml/mapping.h"
#include "yaml/marks.h"
#include "yaml/number.h"
#include "yaml/patch.h"
#include "yaml/problems.h"
#include "yaml/scalar.h"

namespace gw::yaml {
namespace {

constexpr std::string_view tag_prefix = "tag:yaml.org,2002:";

std::string_view view(const yaml_char_t* text) {
  return text ? reinterpret_cast<const char*>(text) : "";
}

// True when double-quoted text holds "\/", which libyaml knows and Go's reader does not.
std::size_t find_escaped_slash(std::string_view source) {
  for (std::size_t at = source.find('\\'); at != source.npos && at + 1 < source.size();
       at = source.find('\\', at + 2)) {
    if (source[at + 1] == '/') return at;
  }
  return source.npos;
}

std::string shortened(std::string_view text) {
  constexpr std::size_t most = 60;
  return text.size() <= most ? std::string(text) : std::string(text.substr(0, most)) + "...";
}

// encoding/json writes U+FFFD for each byte that is not UTF-8 (only !!binary brings such bytes).
std::string valid_utf8(std::string_view bytes) {
  std::string out;
  for (std::size_t at = 0; at < bytes.size();) {
    diag::CodePoint c = diag::decode_utf8(bytes, at);
    if (c.valid)
      out.append(bytes, at, c.bytes);
    else
      diag::append_utf8(out, 0xFFFD);
    at += c.bytes;
  }
  return out;
}

}  // namespace

class Builder {
 public:
  Builder(const Piece& piece, const Patch& patch, const Limits& limits, Arena& arena, diag::Sink& sink)
      : piece_(piece),
        patch_(patch),
        text_(patch.text()),
        limits_(limits),
        arena_(arena),
        sink_(sink),
        marks_(text_, piece.ascii),
        parser_(text_),
        mapping_(sink) {}

  Built run();
  // Where libyaml stopped for an escape that it does not know, in the patched text.
  std::optional<std::size_t> unknown_escape();

 private:
  struct Slot {
    Node node;
    bool merge = false;      // the key "<<"
    bool alias = false;      // written as *name
    bool was_float = false;  // an integer that was written as a float: as a key it keeps Go's float form
  };
  struct Frame {
    bool map;
    bool flow;  // written with brackets
    std::uint32_t begin;
    std::size_t first;  // of its slots
    std::size_t anchor;
    std::size_t work;  // work_ at its start
  };
  struct Anchor {
    Slot slot;
    std::size_t work = 0;
    bool open = true;
  };
  static constexpr std::size_t no_anchor = ~std::size_t{0};

  bool handle(yaml_event_t& event);
  bool scalar(const yaml_event_t& event);
  bool alias(const yaml_event_t& event);
  bool open(const yaml_event_t& event, bool map, bool flow, std::string_view anchor, std::string_view tag);
  bool close(const yaml_event_t& event);
  bool close_sequence(const Frame& frame, Node& node);
  bool close_mapping(const Frame& frame, Node& node);
  bool merge(const Slot& key, const Slot& value);
  bool key_text(const Slot& key, Node& out);
  bool push(const Slot& slot);

  bool typed(std::string_view value, std::string_view tag, diag::Span span, Slot& slot);
  bool mistagged(std::string_view tag, diag::Span span);
  void set_scalar(const Scalar& scalar, Slot& slot);
  void set_string(Node& node, std::string_view value, bool quoted);
  std::string_view at_source(std::string_view value, std::size_t offset) const;
  std::string shown(std::string_view text) const;

  std::size_t declare(std::string_view name, std::size_t work);
  bool in_key() const {
    return !frames_.empty() && frames_.back().map && (slots_.size() - frames_.back().first) % 2 == 0;
  }
  bool count_work(std::size_t amount, std::size_t aliased, diag::Span span);

  std::uint32_t offset(const yaml_mark_t& mark) {
    return static_cast<std::uint32_t>(piece_.begin + patch_.original(marks_.byte(mark.index)));
  }
  diag::Span span_of(const yaml_event_t& event);
  diag::Span word_at(std::uint32_t begin) const;
  void place(Node& node, diag::Span span) {
    node.file_ = span.file & Node::unknown_file, node.begin_ = span.begin, node.end_ = span.end;
  }
  bool refuse(std::string_view code, diag::Span span, std::string message, std::string help);
  void warn(std::string_view code, diag::Span span, std::string message, std::string help);
  void refuse_syntax();

  const Piece& piece_;
  const Patch& patch_;
  std::string_view text_;
  const Limits& limits_;
  Arena& arena_;
  diag::Sink& sink_;
  Marks marks_;
  Parser parser_;
  MappingEntries mapping_;
  std::vector<Slot> slots_;
  std::vector<Frame> frames_;
  std::vector<Anchor> anchors_;
  std::unordered_map<std::string, std::size_t> names_;
  std::size_t work_ = 0;     // nodes, those under aliases counted at each use
  std::size_t aliased_ = 0;  // those under aliases
  std::size_t aliases_ = 0;
  bool duplicates_ = false;
  bool warned_tag_ = false;
};

Built Builder::run() {
  Built out;
  out.end = piece_.end;
  for (;;) {
    Event event;
    if (!parser_.next(*event)) {
      refuse_syntax();
      return out;
    }
    if (event->type == YAML_DOCUMENT_END_EVENT) {
      out.end = offset(event->end_mark);
      break;
    }
    if (event->type == YAML_STREAM_END_EVENT) break;
    if (!handle(*event)) return out;
  }
  if (duplicates_) return out;
  if (slots_.empty()) slots_.emplace_back();  // nothing but comments
  out.root = arena_.copy(std::span<const Node>(&slots_.front().node, 1));
  return out;
}

bool Builder::handle(yaml_event_t& event) {
  switch (event.type) {
    case YAML_SCALAR_EVENT:
      return scalar(event);
    case YAML_ALIAS_EVENT:
      return alias(event);
    case YAML_SEQUENCE_START_EVENT:
      return open(event, false, event.data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE,
                  view(event.data.sequence_start.anchor), view(event.data.sequence_start.tag));
    case YAML_MAPPING_START_EVENT:
      return open(event, true, event.data.mapping_start.style == YAML_FLOW_MAPPING_STYLE,
                  view(event.data.mapping_start.anchor), view(event.data.mapping_start.tag));
    case YAML_SEQUENCE_END_EVENT:
    case YAML_MAPPING_END_EVENT:
      return close(event);
    case YAML_NO_EVENT:
    case YAML_STREAM_START_EVENT:
    case YAML_STREAM_END_EVENT:
    case YAML_DOCUMENT_START_EVENT:
    case YAML_DOCUMENT_END_EVENT:
      return true;
  }
  return true;
}

bool Builder::scalar(const yaml_event_t& event) {
  const auto& data = event.data.scalar;
  std::string_view value(reinterpret_cast<const char*>(data.value), data.length);
  diag::Span span = span_of(event);
  std::string_view tag = view(data.tag);
  // libyaml drops the tag "!"; to Go it is a tag like any unknown one, and the value a string.
  bool bang = tag.empty() && data.plain_implicit && piece_.text.substr(span.begin).starts_with('!');
  if (value.size() > limits_.scalar_bytes) {
    return refuse("GW012", span, "a single text of " + std::to_string(value.size()) + " bytes is over the limit",
                  "the limit is " + std::to_string(limits_.scalar_bytes) + " bytes");
  }
  if (data.style == YAML_DOUBLE_QUOTED_SCALAR_STYLE) {
    std::string_view source = piece_.text.substr(span.begin, span.end - span.begin);
    if (std::size_t at = find_escaped_slash(source); at != source.npos) {
      auto begin = static_cast<std::uint32_t>(span.begin + at);
      const Problem& problem = explain("found unknown escape character");
      return refuse("GW001", {span.file, begin, begin + 2}, std::string(problem.message),
                    "write / without a backslash");
    }
  }
  bool in_flow = !frames_.empty() && frames_.back().flow;
  if (in_flow && data.style == YAML_PLAIN_SCALAR_STYLE && value.find('?') != value.npos) {
    return refuse("GW001", span, "not valid YAML: an unquoted text between brackets cannot hold '?'",
                  "put quotes around it");
  }
  Slot slot;
  place(slot.node, span);
  slot.node.plain_ = data.style == YAML_PLAIN_SCALAR_STYLE;
  slot.merge = in_key() && value == "<<" && ((data.plain_implicit && !bang) || tag == "tag:yaml.org,2002:merge");
  if (bang || (tag.empty() && !data.plain_implicit)) {
    set_string(slot.node, value, !slot.node.plain_);
  } else if (!typed(value, tag, span, slot)) {
    return false;
  }
  if (!slot.merge && !count_work(1, 0, span)) return false;
  if (data.anchor) {
    std::size_t anchor = declare(view(data.anchor), work_ - 1);
    anchors_[anchor] = {slot, 1, false};
  }
  return push(slot);
}

// Go's resolve(): a known tag must fit what the text looks like, an unknown one makes it a string.
bool Builder::typed(std::string_view value, std::string_view tag, diag::Span span, Slot& slot) {
  if (tag.empty()) {
    Scalar scalar = resolve(value);
    if (scalar.kind == Kind::string) {
      set_string(slot.node, value, false);
      return true;
    }
    if (scalar.kind == Kind::floating && !std::isfinite(scalar.floating) && !in_key()) {
      return refuse("GW001", span, "'" + shown(value) + "' is not a number that JSON, and so Kubernetes, can hold",
                    "put it in quotes if text is meant");
    }
    set_scalar(scalar, slot);
    return true;
  }
  std::string_view type = tag.starts_with(tag_prefix) ? tag.substr(tag_prefix.size()) : "";
  if (type == "binary") {
    auto bytes = decode_base64(value);
    if (!bytes) return refuse("GW001", span, "!!binary is not followed by base64", "write base64, or remove the tag");
    set_string(slot.node, arena_.copy(std::string_view(valid_utf8(*bytes))), true);
    return true;
  }
  Scalar scalar = resolve(value);
  if (type == "bool" || type == "int" || type == "float" || type == "null" || type == "timestamp") {
    bool integer = scalar.kind == Kind::integer || scalar.kind == Kind::unsigned_integer;
    bool fits = (type == "bool" && scalar.kind == Kind::boolean) || (type == "int" && integer) ||
                (type == "float" && (scalar.kind == Kind::floating || scalar.kind == Kind::integer)) ||
                (type == "null" && scalar.kind == Kind::null);
    if (type == "timestamp") {
      if (!is_timestamp(value)) return mistagged(tag, span);
      set_string(slot.node, value, true);
      return true;
    }
    if (!fits) return mistagged(tag, span);
    if (type == "float" && scalar.kind == Kind::integer) {
      scalar.kind = Kind::floating;
      scalar.floating = static_cast<double>(scalar.integer);
    }
    if (scalar.kind == Kind::floating && !std::isfinite(scalar.floating) && !in_key()) return mistagged(tag, span);
    set_scalar(scalar, slot);
    return true;
  }
  if (type != "str" && type != "merge") {
    warn("GW018", span, "the tag '" + shown(tag) + "' is ignored by Kubernetes", "remove the tag");
  }
  set_string(slot.node, value, true);
  return true;
}

bool Builder::mistagged(std::string_view tag, diag::Span span) {
  std::string_view type = tag.substr(tag_prefix.size());
  return refuse("GW001", span, "the value is not what its tag !!" + std::string(type) + " says",
                "remove the tag, or write a value of that type");
}

void Builder::set_scalar(const Scalar& scalar, Slot& slot) {
  Node& node = slot.node;
  node.kind_ = scalar.kind;
  if (scalar.kind == Kind::boolean) node.integer_ = scalar.boolean;
  if (scalar.kind == Kind::integer) node.integer_ = scalar.integer;
  if (scalar.kind == Kind::unsigned_integer) node.integer_ = static_cast<std::int64_t>(scalar.unsigned_integer);
  if (scalar.kind != Kind::floating) return;
  node.floating_ = scalar.floating;
  if (auto integer = as_integer(scalar.floating)) {
    node.kind_ = Kind::integer;
    node.integer_ = *integer;
    slot.was_float = true;
  }
}

// Text that stands in the file as it is read is not copied.
void Builder::set_string(Node& node, std::string_view value, bool quoted) {
  assert(node.file_ != Node::unknown_file);
  std::string_view kept = at_source(value, node.begin_ + (quoted ? 1 : 0));
  if (kept.data() == nullptr) kept = arena_.copy(value);
  node.kind_ = Kind::string;
  node.text_ = kept.data();
  node.size_ = static_cast<std::uint32_t>(kept.size());
}

std::string_view Builder::at_source(std::string_view value, std::size_t offset) const {
  if (offset > piece_.end) return {};
  std::string_view source = piece_.text.substr(offset, value.size());
  return source == value ? source : std::string_view();
}

// Parts of a Secret are not repeated in messages.
std::string Builder::shown(std::string_view text) const {
  return like_secret(piece_.text.substr(piece_.begin, piece_.end - piece_.begin)) ? "..." : shortened(text);
}

bool Builder::alias(const yaml_event_t& event) {
  diag::Span span = span_of(event);
  auto name = std::string(view(event.data.alias.anchor));
  auto found = names_.find(name);
  if (found == names_.end()) {
    return refuse("GW001", span, "'*" + shown(name) + "' names no anchor above it",
                  "define it with '&" + shown(name) + "', or put quotes around a value that starts with '*'");
  }
  const Anchor& anchor = anchors_[found->second];
  if (anchor.open) {
    return refuse("GW001", span, "'*" + shown(name) + "' stands inside the value that it names", "remove the alias");
  }
  if (++aliases_ > limits_.aliases || anchor.work > limits_.nodes_per_alias) {
    return refuse("GW012", span, "too many aliases: this document would grow without bound", "write the values out");
  }
  if (!count_work(1, 0, span) || !count_work(anchor.work, anchor.work, span)) return false;
  Slot slot = anchor.slot;
  slot.alias = true;
  place(slot.node, span);
  return push(slot);
}

// Go refuses documents that consist of aliases for the most part; gwctl's own limit is on the whole expansion.
bool Builder::count_work(std::size_t amount, std::size_t aliased, diag::Span span) {
  work_ += amount;
  aliased_ += aliased;
  bool too_large = work_ > limits_.expansion_factor * text_.size() + 100;
  bool mostly_aliases =
      aliased_ > 100 && work_ > 1000 && static_cast<double>(aliased_) / static_cast<double>(work_) > 0.99;
  if (!too_large && !mostly_aliases) return true;
  return refuse("GW012", span, "too many aliases: this document would grow without bound", "write the values out");
}

std::size_t Builder::declare(std::string_view name, std::size_t work) {
  if (name.empty()) return no_anchor;
  Anchor& anchor = anchors_.emplace_back();
  anchor.work = work;
  names_[std::string(name)] = anchors_.size() - 1;
  return anchors_.size() - 1;
}

bool Builder::open(const yaml_event_t& event, bool map, bool flow, std::string_view anchor, std::string_view tag) {
  diag::Span span = span_of(event);
  if (frames_.size() >= limits_.depth) {
    return refuse("GW012", span, "nested deeper than " + std::to_string(limits_.depth) + " levels",
                  "flatten the document");
  }
  if (in_key()) {
    diag::Span key = word_at(span.begin);
    return refuse("GW001", key, map ? "a mapping cannot be a key" : "a list cannot be a key",
                  "put quotes around a key or value that starts with '{' or '['");
  }
  bool known = tag.empty() || tag == "!" || tag == "tag:yaml.org,2002:map" || tag == "tag:yaml.org,2002:seq";
  if (!known) warn("GW018", span, "the tag '" + shown(tag) + "' is ignored by Kubernetes", "remove the tag");
  std::size_t before = work_;
  if (!count_work(1, 0, span)) return false;
  frames_.push_back({map, flow, span.begin, slots_.size(), declare(anchor, before), before});
  return true;
}

bool Builder::close(const yaml_event_t& event) {
  Frame frame = frames_.back();
  std::uint32_t end = offset(event.end_mark);
  bool block = event.start_mark.index == event.end_mark.index;
  if (block && slots_.size() > frame.first) end = slots_.back().node.span().end;
  Slot slot;
  place(slot.node, {piece_.file, frame.begin, std::max(frame.begin, end)});
  slot.node.plain_ = false;
  bool fine = frame.map ? close_mapping(frame, slot.node) : close_sequence(frame, slot.node);
  if (!fine) return false;
  slots_.resize(frame.first);
  frames_.pop_back();
  if (frame.anchor != no_anchor) anchors_[frame.anchor] = {slot, work_ - frame.work, false};
  return push(slot);
}

bool Builder::close_sequence(const Frame& frame, Node& node) {
  std::vector<Node> items;
  items.reserve(slots_.size() - frame.first);
  for (std::size_t i = frame.first; i < slots_.size(); ++i) items.push_back(slots_[i].node);
  node.kind_ = Kind::sequence;
  node.items_ = arena_.copy(std::span<const Node>(items));
  node.size_ = static_cast<std::uint32_t>(items.size());
  return true;
}

bool Builder::close_mapping(const Frame& frame, Node& node) {
  mapping_.clear();
  for (std::size_t i = frame.first; i + 1 < slots_.size(); i += 2) {
    const Slot& key = slots_[i];
    const Slot& value = slots_[i + 1];
    if (key.merge) {
      if (!merge(key, value)) return false;
      continue;
    }
    Entry entry{key.node, value.node};
    if (!key_text(key, entry.key)) return false;
    if (!mapping_.set(entry, key.was_float ? Kind::floating : key.node.kind())) duplicates_ = true;
  }
  node.kind_ = Kind::mapping;
  node.entries_ = arena_.copy(mapping_.entries());
  node.size_ = static_cast<std::uint32_t>(mapping_.entries().size());
  return true;
}

bool Builder::merge(const Slot& key, const Slot& value) {
  bool list = value.node.is_seq() && !value.alias;
  bool fits = value.node.is_map() || (list && std::ranges::all_of(value.node.items(), &Node::is_map));
  if (!fits) {
    return refuse("GW001", value.node.span(), "'<<' merges mappings, and this is none",
                  "name an anchored mapping, or a list of them, after '<<:'");
  }
  if (value.node.is_map()) {
    mapping_.merge(value.node, key.node);
    return true;
  }
  auto items = value.node.items();
  for (std::size_t i = items.size(); i > 0; --i) mapping_.merge(items[i - 1], key.node);  // the first named wins
  return true;
}

// Kubernetes reads through JSON, where a key is a text.
bool Builder::key_text(const Slot& key, Node& out) {
  const Node& node = key.node;
  std::string text;
  switch (node.kind()) {
    case Kind::string:
      return true;
    case Kind::boolean:
      text = node.boolean() ? "true" : "false";
      break;
    case Kind::integer:
      text = key.was_float ? key_float(static_cast<double>(node.integer())) : std::to_string(node.integer());
      break;
    case Kind::floating:
      text = key_float(node.floating());
      break;
    case Kind::null:
      return refuse("GW001", node.span(), "a key is empty or null", "put quotes around it");
    case Kind::unsigned_integer:
      return refuse("GW001", node.span(), "a key is too large a number", "put quotes around it");
    case Kind::mapping:
    case Kind::sequence:
      return refuse("GW001", node.span(), "only a text can be a key", "put quotes around it");
  }
  set_string(out, text, false);
  return true;
}

bool Builder::push(const Slot& slot) {
  slots_.push_back(slot);
  return true;
}

diag::Span Builder::span_of(const yaml_event_t& event) {
  std::uint32_t begin = offset(event.start_mark);
  std::uint32_t end = std::max(begin, offset(event.end_mark));
  bool block = event.type == YAML_SCALAR_EVENT && (event.data.scalar.style == YAML_LITERAL_SCALAR_STYLE ||
                                                   event.data.scalar.style == YAML_FOLDED_SCALAR_STYLE);
  while (block && end > begin && std::string_view(" \r\n").find(piece_.text[end - 1]) != std::string_view::npos) --end;
  return {piece_.file, begin, end};
}

// From `begin` to the end of the word that starts there; at the end of the text, its last character.
diag::Span Builder::word_at(std::uint32_t begin) const {
  constexpr std::string_view blanks = " \t\r\n";
  std::size_t at = begin;
  if (at >= piece_.end) {
    std::size_t last = text_.find_last_not_of(blanks);
    at = piece_.begin + (last == text_.npos ? 0 : last);
    while (at > piece_.begin && (static_cast<unsigned char>(piece_.text[at]) & 0xC0u) == 0x80u) --at;
  }
  std::size_t end = std::min(piece_.text.find_first_of(blanks, at), piece_.end);
  return {piece_.file, static_cast<std::uint32_t>(at), static_cast<std::uint32_t>(std::max(end, at))};
}

bool Builder::refuse(std::string_view code, diag::Span span, std::string message, std::string help) {
  diag::Diagnostic d;
  d.code = code;
  d.layer = "yaml";
  d.message = std::move(message);
  d.help = std::move(help);
  d.span = span;
  sink_.report(std::move(d));
  return false;
}

void Builder::warn(std::string_view code, diag::Span span, std::string message, std::string help) {
  if (warned_tag_) return;
  warned_tag_ = true;
  diag::Diagnostic d;
  d.code = code;
  d.severity = diag::Severity::warning;
  d.layer = "yaml";
  d.message = std::move(message);
  d.help = std::move(help);
  d.span = span;
  sink_.report(std::move(d));
}

void Builder::refuse_syntax() {
  const yaml_parser_t& state = parser_.state();
  if (state.error == YAML_MEMORY_ERROR) {
    refuse("GW012", word_at(static_cast<std::uint32_t>(piece_.begin)), "out of memory", "split the file");
    return;
  }
  std::string_view problem = state.problem ? state.problem : "not valid YAML";
  std::string_view context = state.context ? state.context : "";
  const Problem& known = explain(problem);
  diag::Diagnostic d;
  d.code = "GW001";
  d.layer = "yaml";
  d.message = "not valid YAML: " + std::string(known.message.empty() ? problem : known.message);
  d.help = known.help;
  d.span = word_at(offset(state.problem_mark));
  bool elsewhere = !context.empty() && state.context_mark.line != state.problem_mark.line;
  if (elsewhere) d.related.push_back({word_at(offset(state.context_mark)), std::string(context) + " that starts here"});
  sink_.report(std::move(d));
}

std::optional<std::size_t> Builder::unknown_escape() {
  const yaml_parser_t& state = parser_.state();
  bool escape = state.problem != nullptr && std::string_view(state.problem) == "found unknown escape character";
  return escape ? std::optional(marks_.byte(state.problem_mark.index)) : std::nullopt;
}

Built build(const Piece& piece, const Limits& limits, Arena& arena, diag::Sink& sink) {
  Patch patch(piece.text.substr(piece.begin, piece.end - piece.begin));
  for (;;) {
    diag::Sink own;
    Builder builder(piece, patch, limits, arena, own);
    Built built = builder.run();
    if (!built.root) {
      auto escape = builder.unknown_escape();
      if (escape && patch.mend_escape(*escape)) continue;
    }
    for (diag::Diagnostic& d : own.take()) sink.report(std::move(d));
    return built;
  }
}

}  // namespace gw::yaml
