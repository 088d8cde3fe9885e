#include "runtime/timers.h"

#include <algorithm>

namespace gw::runtime {

void Timer::unlink() {
  if (!at_) return;
  *at_ = next_;
  if (next_) next_->at_ = at_;
  at_ = nullptr;
  next_ = nullptr;
  --wheel_->armed_;
}

void Timer::disarm() {
  armed_ = false;
  unlink();
}

void Timer::arm(Timers& timers, TimePoint when) {
  armed_ = true;
  deadline_ = when;
  if (at_ && slotted_ <= when) return;  // fires early, sees the later deadline, slots itself again
  unlink();
  timers.insert(*this, when);
}

std::size_t Timers::slot(TimePoint when) const {
  return static_cast<std::size_t>(std::chrono::duration_cast<milliseconds>(when.time_since_epoch()) / tick) % slots;
}

void Timers::insert(Timer& timer, TimePoint when) {
  // Far deadlines wait in the last slot of this turn and are looked at again there.
  auto at = std::clamp(when, done_ + tick, done_ + tick * static_cast<int>(slots - 2));
  if (done_ == TimePoint{}) at = when;
  timer.wheel_ = this;
  timer.slotted_ = when;
  Timer*& head = wheel_[slot(at)];
  timer.next_ = head;
  timer.at_ = &head;
  if (head) head->at_ = &timer.next_;
  head = &timer;
  if (armed_++ == 0 || at < wake_) wake_ = at;
}

void Timers::run(TimePoint now) {
  if (done_ == TimePoint{} || now - done_ > tick * static_cast<int>(slots - 2))
    done_ = now - tick * static_cast<int>(slots - 2);
  while (done_ + tick <= now) {
    done_ += tick;
    Timer* list = nullptr;
    std::swap(list, wheel_[slot(done_ - tick)]);
    if (list) list->at_ = &list;
    while (list) {
      Timer& timer = *list;
      timer.unlink();
      if (!timer.armed_) continue;
      if (timer.deadline_ >= done_) {
        insert(timer, timer.deadline_);
        continue;
      }
      timer.armed_ = false;
      timer.handler_.on_timer(timer);
    }
  }
  if (!armed_) return;
  // The next slot that is not empty.
  auto at = done_;
  for (std::size_t i = 0; i < slots && !wheel_[slot(at)]; ++i) at += tick;
  wake_ = at + tick;
}

}  // namespace gw::runtime
