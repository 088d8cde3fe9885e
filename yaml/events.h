// libyaml as a source of events: its parser and its event with their lifetimes. Internal to build.cpp.
#pragma once
#include <yaml.h>

#include <cstddef>
#include <string_view>

namespace gw::yaml {

// Go's reader ends every line, the last one too, with a newline; libyaml must see the same.
struct Input {
  std::string_view text;
  std::size_t at = 0;
  bool ended = false;

  // A yaml_read_handler_t over `data`, an Input.
  static int read(void* data, unsigned char* buffer, std::size_t size, std::size_t* size_read) {
    auto& self = *static_cast<Input*>(data);
    std::size_t count = self.text.copy(reinterpret_cast<char*>(buffer), size, self.at);
    self.at += count;
    if (count == 0 && size > 0 && !self.ended) {
      self.ended = true;
      if (!self.text.ends_with('\n')) buffer[count++] = '\n';
    }
    *size_read = count;
    return 1;
  }
};

class Parser {
 public:
  explicit Parser(std::string_view text) : input_{text} {
    ready_ = yaml_parser_initialize(&parser_) == 1;
    if (!ready_) return;
    yaml_parser_set_encoding(&parser_, YAML_UTF8_ENCODING);
    yaml_parser_set_input(&parser_, Input::read, &input_);
  }
  ~Parser() {
    if (ready_) yaml_parser_delete(&parser_);
  }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  // The next event; false where libyaml gives up, and state() says why.
  bool next(yaml_event_t& event) { return ready_ && yaml_parser_parse(&parser_, &event) == 1; }
  const yaml_parser_t& state() const { return parser_; }

 private:
  Input input_;
  yaml_parser_t parser_;
  bool ready_ = false;
};

class Event {
 public:
  ~Event() { yaml_event_delete(&event_); }
  Event() = default;
  Event(const Event&) = delete;
  Event& operator=(const Event&) = delete;
  yaml_event_t* operator->() { return &event_; }
  yaml_event_t& operator*() { return event_; }

 private:
  yaml_event_t event_{};
};

}  // namespace gw::yaml
