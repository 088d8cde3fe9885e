// Sanitizers keep freed memory for a while and shadow all of it: limits of memory say nothing there.
#pragma once

namespace gw::test {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
inline constexpr bool sanitized = true;
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
inline constexpr bool sanitized = true;
#else
inline constexpr bool sanitized = false;
#endif
#else
inline constexpr bool sanitized = false;
#endif

// For bounds of CPU time that guard against hangs.
inline constexpr int slowdown = sanitized ? 10 : 1;

}  // namespace gw::test
