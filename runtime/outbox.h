// Bytes that wait for a peer, and the pause of whoever makes them, as one piece of state. A pause begins where a maker
// asks and is answered "wait"; that the answer was given is remembered here, so the end of the pause cannot depend on
// the way by which the bytes got in or out.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>

namespace gw::runtime {

// Whether somebody waits. `holds` gives the answer and notes it; `ends` is true once after each wait that is over.
class Pause {
 public:
  // Gives `must_wait` back, and remembers a yes.
  bool holds(bool must_wait) const {
    waits_ |= must_wait;
    return must_wait;
  }
  // True once after a wait, when it may go on.
  bool ends(bool may_go_on) { return waits_ && may_go_on && std::exchange(waits_, false); }
  bool waits() const { return waits_; }
  void forget() { waits_ = false; }  // who waited is gone

 private:
  mutable bool waits_ = false;
};

class Outbox {
 public:
  static constexpr std::size_t high_water = 64 * 1024;

  std::size_t size() const { return bytes_.size() - at_; }  // bytes that wait
  bool empty() const { return size() == 0; }
  std::string_view waiting() const { return std::string_view(bytes_).substr(at_); }  // a view until the next change
  // Whether the maker has to wait. Who was answered yes is told the end by resumes().
  bool full() const { return pause_.holds(size() >= high_water); }
  // True once after an answer "full", as soon as the peer has taken everything.
  bool resumes() { return pause_.ends(empty()); }
  bool paused() const { return pause_.waits(); }

  void append(std::string_view bytes) { bytes_.append(bytes); }  // behind what waits
  void taken(std::size_t count) { at_ += count; }                // the peer has `count` bytes more
  // The buffer itself, for whoever lends it or puts one with other bytes in its place.
  std::string& buffer() { return bytes_; }
  // Drops what waited.
  void replace(std::string bytes) {
    bytes_ = std::move(bytes);
    at_ = 0;
  }
  // Once empty: the next bytes start at the beginning; a buffer above `keep` is given back.
  void rewind(std::size_t keep) {
    at_ = 0;
    bytes_.clear();
    if (bytes_.capacity() > keep) std::string().swap(bytes_);
  }

 private:
  std::string bytes_;
  std::size_t at_ = 0;
  Pause pause_;
};

}  // namespace gw::runtime
