// The same work for many items on all cores. Results go to places of their own, so that their order is that of the
// items.
#pragma once
#include <atomic>
#include <cstddef>
#include <thread>
#include <vector>

namespace gw::verify {

// Calls work(i) for every i below `count`, each once, in no order, and returns when all are done. `work` must not
// throw.
template <class Work>
void each_in_parallel(std::size_t count, bool alone, Work&& work) {
  constexpr std::size_t worth_a_thread = 4;
  const std::size_t cores = std::thread::hardware_concurrency();
  const std::size_t threads = alone ? 1 : std::min<std::size_t>({cores, count / worth_a_thread, 16});
  std::atomic<std::size_t> next{0};
  const auto take = [&] {
    for (std::size_t i = next++; i < count; i = next++) work(i);
  };
  std::vector<std::jthread> others;
  for (std::size_t i = 1; i < threads; ++i) others.emplace_back(take);
  take();
}

}  // namespace gw::verify
