// The frame of every HTML page that gwctl writes: one style sheet for light, dark and print; no script, nothing loaded.
// `runtime/dashboard.cpp`, which is served and has a script, brings its own.
#pragma once
#include <string>
#include <string_view>

namespace gw::diag {

// Classes of the sheet: bad, warn, good and info colour text; soft is for what is said aside; mono for code in a cell.
struct Page {
  std::string_view title;      // plain text
  std::string_view style;      // rules of this page, after the shared ones
  std::string_view body;       // markup, inside <main>
  std::string_view refresh{};  // seconds after which a browser loads it again; empty: never
};

// The whole document. Title and the rest of the head are escaped here; `body` is markup already.
std::string html_page(const Page& page);

// A box that scrolls sideways instead of widening the page; the label is for screen readers, the keyboard reaches it.
std::string scroll_box(std::string_view label, std::string_view markup);

// Preformatted text, already markup, which may scroll as well.
std::string pre_box(std::string_view markup);

}  // namespace gw::diag
