#include "diag/page.h"

#include "diag/markup.h"

namespace gw::diag {
namespace {

// The colours have a contrast of at least 4.5:1 on paper and on shade, light and dark.
constexpr std::string_view sheet = R"css(
:root{color-scheme:light dark;--ink:#1b1f24;--paper:#fff;--line:#d0d7de;--soft:#57606a;--shade:#f6f8fa;--link:#0550ae;
--bad:#b3261e;--warn:#8a5300;--good:#1a6f33;--info:#0550ae}
@media(prefers-color-scheme: dark){:root{--ink:#e6edf3;--paper:#0d1117;--line:#30363d;--soft:#9da7b3;--shade:#161b22;
--link:#79c0ff;--bad:#ff8a80;--warn:#e3b341;--good:#56d364;--info:#79c0ff}}
*{box-sizing:border-box}
body{margin:1.5rem auto;max-width:76rem;padding:0 1rem;font:15px/1.5 system-ui,sans-serif;color:var(--ink);background:var(--paper)}
h1,h2,h3,p{overflow-wrap:anywhere}h1{font-size:1.6rem;margin:0 0 .5rem}h2{font-size:1.15rem;margin:1.8rem 0 .4rem}
h3{font-size:1rem;margin:1.2rem 0 .3rem}a{color:var(--link)}
:focus-visible{outline:2px solid var(--link);outline-offset:2px}
table{border-collapse:collapse}td,th{border-bottom:1px solid var(--line);padding:.3rem .6rem;text-align:left;
vertical-align:top;overflow-wrap:anywhere;min-width:2rem}thead th{background:var(--shade);overflow-wrap:normal}
code,pre,.mono{font:13px/1.45 ui-monospace,monospace}
pre{margin:.3rem 0;padding:.4rem .6rem;background:var(--shade);border:1px solid var(--line);border-radius:4px;overflow-x:auto}
summary{cursor:pointer}summary h2{display:inline-block}details{margin:.3rem 0}.scroll{overflow-x:auto}
.soft{color:var(--soft)}.bad{color:var(--bad)}.warn{color:var(--warn)}.good{color:var(--good)}.info{color:var(--info)}
@media print{body{max-width:none;margin:0}.scroll,pre{overflow:visible}pre{white-space:pre-wrap}h2,h3{break-after:avoid}
tr,article{break-inside:avoid}*{print-color-adjust:exact;-webkit-print-color-adjust:exact}}
)css";

}  // namespace

std::string html_page(const Page& page) {
  std::string out =
      "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n";
  if (!page.refresh.empty()) out += "<meta http-equiv=\"refresh\" content=\"" + escape_markup(page.refresh) + "\">\n";
  out += "<title>" + escape_markup(page.title) + "</title>\n<style>";
  out += sheet;
  out += page.style;
  out += "</style>\n</head>\n<body>\n<main>\n";
  out += page.body;
  return out + "</main>\n</body>\n</html>\n";
}

std::string scroll_box(std::string_view label, std::string_view markup) {
  return "<div class=\"scroll\" role=\"region\" tabindex=\"0\" aria-label=\"" + escape_markup(label) + "\">" +
         std::string(markup) + "</div>\n";
}

std::string pre_box(std::string_view markup) {
  return "<pre tabindex=\"0\">" + std::string(markup) + "</pre>\n";
}

}  // namespace gw::diag
