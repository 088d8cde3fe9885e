// A hashed timing wheel: arming is O(1), pushing a deadline further away costs nothing until it would have fired.
#pragma once
#include <array>
#include <optional>

#include "runtime/stream.h"

namespace gw::runtime {

class Timer;

class TimerHandler {
 public:
  virtual ~TimerHandler() = default;
  // The deadline has passed, and the timer is disarmed.
  virtual void on_timer(Timer& timer) = 0;
};

class Timers;

// Belongs to its handler; destroying it disarms it.
class Timer {
 public:
  explicit Timer(TimerHandler& handler) : handler_(handler) {}
  ~Timer() { disarm(); }
  Timer(const Timer&) = delete;
  Timer& operator=(const Timer&) = delete;

  void arm(Timers& timers, TimePoint when);  // or moves its deadline, in either direction
  void disarm();                             // it does not fire
  bool armed() const { return armed_; }
  TimePoint deadline() const { return deadline_; }

 private:
  friend class Timers;
  void unlink();
  TimerHandler& handler_;
  Timers* wheel_ = nullptr;
  Timer* next_ = nullptr;
  Timer** at_ = nullptr;  // the pointer that points here; null when in no slot
  TimePoint deadline_{}, slotted_{};
  bool armed_ = false;
};

class Timers {
 public:
  static constexpr milliseconds tick{4};

  // Fires what is due; handlers may arm and disarm any timer.
  void run(TimePoint now);
  // When run() is needed next; nullopt: nothing is armed.
  std::optional<TimePoint> next() const { return armed_ ? std::optional(wake_) : std::nullopt; }

 private:
  friend class Timer;
  static constexpr std::size_t slots = 1024;
  void insert(Timer& timer, TimePoint when);
  std::size_t slot(TimePoint when) const;

  std::array<Timer*, slots> wheel_{};
  TimePoint done_{};  // everything before was fired
  TimePoint wake_{};
  std::size_t armed_ = 0;
};

}  // namespace gw::runtime
