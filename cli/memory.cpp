#include "cli/memory.h"

#ifdef GWCTL_JEMALLOC
#include <jemalloc/jemalloc.h>

#include <string>

// OpenSSL's state of a connection has slabs of its own size: with one object a slab, what the allocator notes about
// each would cost an idle TLS connection 200 bytes more. What is freed goes back at once, but for buffers up to 128
// KiB.
extern "C" const char* malloc_conf;
const char* malloc_conf = "slab_sizes:897-1024:16|7169-8192:16,dirty_decay_ms:0,muzzy_decay_ms:0,lg_tcache_max:17";
#else
#include <malloc.h>
#endif

namespace gw::cli {

void keep_free_memory() {
#ifdef GWCTL_JEMALLOC
  ssize_t half_a_second = 500;
  mallctl("arenas.dirty_decay_ms", nullptr, nullptr, &half_a_second, sizeof half_a_second);  // of arenas to come
  mallctl("arena.0.dirty_decay_ms", nullptr, nullptr, &half_a_second, sizeof half_a_second);
#endif
}

void return_free_memory() {
#ifdef GWCTL_JEMALLOC
  static const std::string purge = "arena." + std::to_string(MALLCTL_ARENAS_ALL) + ".purge";
  mallctl("thread.tcache.flush", nullptr, nullptr, nullptr, 0);
  mallctl(purge.c_str(), nullptr, nullptr, nullptr, 0);
#else
  malloc_trim(0);
#endif
}

}  // namespace gw::cli
