// What the allocator keeps for later use.
#pragma once

namespace gw::cli {

// Gives freed memory back to the system, as after a large set was read of which only a table stays.
void return_free_memory();

}  // namespace gw::cli
