// What the allocator keeps for later use.
#pragma once

namespace gw::cli {

// For half a second, as a server is about to ask for it again. To be called before threads start.
void keep_free_memory();

// Gives freed memory back to the system, as after a large set was read of which only a table stays.
void return_free_memory();

}  // namespace gw::cli
