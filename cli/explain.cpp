// `gwctl explain`: what a code means, from the tables of validate/ and convert/.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <memory>
#include <nlohmann/json.hpp>

#include "cli/command.h"
#include "cli/explain.h"
#include "cli/explain_route.h"
#include "convert/convert.h"
#include "diag/render.h"
#include "diag/suggest.h"
#include "validate/codes.h"
#include "verify/causes.h"

namespace gw::cli {

std::vector<Page> code_pages() {
  std::vector<Page> pages;
  for (const validate::CodeInfo& code : validate::all_codes())
    pages.push_back({code.code, code.title, code.explanation, code.layer, diag::name(code.severity)});
  for (const convert::CodePage& page : convert::code_pages())
    pages.push_back({page.code, page.title, page.text, "convert", ""});
  std::stable_sort(pages.begin(), pages.end(), [](const Page& a, const Page& b) { return a.code < b.code; });
  return pages;
}

namespace {

// Breaks at spaces; code points are counted, not bytes.
std::string wrapped(std::string_view text, std::size_t width) {
  std::string out;
  std::size_t column = 0;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(word.size() + 1, text.size()));
    if (word.empty()) continue;
    const auto length = static_cast<std::size_t>(
        std::count_if(word.begin(), word.end(), [](char c) { return (static_cast<unsigned char>(c) & 0xC0) != 0x80; }));
    if (column != 0 && column + 1 + length > width) {
      out += '\n';
      column = 0;
    }
    if (column != 0) out += ' ', ++column;
    out += word;
    column += length;
  }
  return out + "\n";
}

nlohmann::ordered_json to_json(const Page& page) {
  nlohmann::ordered_json out = {
      {"code", page.code}, {"title", page.title}, {"explanation", page.text}, {"layer", page.layer}};
  if (!page.severity.empty()) out["severity"] = page.severity;
  return out;
}

int print_list(const std::vector<Page>& pages, bool json) {
  if (json) {
    nlohmann::ordered_json out = nlohmann::ordered_json::array();
    for (const Page& page : pages) out.push_back(to_json(page));
    std::cout << out.dump(2) << '\n';
    return exit_ok;
  }
  for (const Page& page : pages) std::cout << page.code << "  " << page.title << '\n';
  return exit_ok;
}

// Reasons of verify: "standing" for all that every move brings, and each by its name. Empty title: no such one.
struct CausePage {
  std::string title, text;
};
CausePage page_of_cause(const std::string& word) {
  if (word == "standing") return {"what every move off a controller changes", verify::standing_page()};
  const verify::Cause* cause = verify::cause(word);
  if (!cause) return {};
  const std::string fate = cause->standing
                               ? "It comes with every move and leaves the verdict at PROVED_MODULO; --strict makes it "
                                 "a difference."
                               : "Agree to it with `gwctl verify --accept " + word + "`, or fix the new side.";
  return {std::string(cause->title), std::string(cause->more) + (cause->more.empty() ? "" : " ") + fate};
}

int print_cause(const std::string& word, const CausePage& page, bool json) {
  if (json) {
    std::cout << to_json({word, page.title, page.text, "verify", ""}).dump(2) << '\n';
    return exit_ok;
  }
  std::cout << word << ": " << page.title << "\n";
  for (std::string_view rest = page.text; !rest.empty();) {
    const std::string_view paragraph = rest.substr(0, rest.find("\n\n"));
    rest.remove_prefix(std::min(rest.size(), paragraph.size() + 2));
    std::cout << "\n" << wrapped(paragraph, 80);
  }
  return exit_ok;
}

int explain(const std::string& word, bool json) {
  if (const CausePage page = page_of_cause(word); !page.title.empty()) return print_cause(word, page, json);
  const std::vector<Page> pages = code_pages();
  if (word.empty()) return print_list(pages, json);
  std::string code = word.substr(0, word.find('.'));  // GW114.1a2b3c4d is one rule of GW114
  std::transform(code.begin(), code.end(), code.begin(), [](unsigned char c) { return std::toupper(c); });
  const auto page = std::find_if(pages.begin(), pages.end(), [&](const Page& p) { return p.code == code; });
  if (page == pages.end()) {
    std::vector<std::string_view> known;
    for (const Page& p : pages) known.push_back(p.code);
    const std::string_view near = diag::nearest(code, known);
    return fail({"there is no code '" + diag::printable(word) + "'" +
                     (near.empty() ? "" : "; did you mean '" + std::string(near) + "'?"),
                 "`gwctl explain` lists every code"});
  }
  if (json) {
    std::cout << to_json(*page).dump(2) << '\n';
    return exit_ok;
  }
  std::cout << page->code << ": " << page->title << "\n";
  if (!page->severity.empty()) std::cout << page->severity << ", layer " << page->layer << "\n";
  std::cout << "\n" << wrapped(page->text, 80);
  return exit_ok;
}

struct Args {
  std::string code, name;
  std::string format = "text";
  Inputs inputs;
};

}  // namespace

void add_explain(CLI::App& app, Run& run) {
  auto* command =
      app.add_subcommand("explain", "Say what a code means, or what holds for a route; without either, list the codes");
  command->footer(
      "Examples:\n"
      "  gwctl explain GW101\n"
      "  gwctl explain standing\n"
      "  gwctl explain\n"
      "  gwctl explain -o json\n"
      "  gwctl explain route shop/web -R manifests");
  auto args = std::make_shared<Args>();
  command->add_option("code", args->code, "A code as findings carry it, a cause that verify names, or `route`")
      ->option_text("CODE");
  command->add_option("name", args->name, "After `route`: the route whose parents and policies are shown")
      ->option_text("NAMESPACE/NAME");
  add_inputs(*command, args->inputs);
  add_format(*command, args->format, {"text", "json"});
  command->callback([&run, args] {
    run = [args] {
      if (args->code == "route") return explain_route(args->name, args->inputs, args->format == "json");
      return explain(args->code, args->format == "json");
    };
  });
}

}  // namespace gw::cli
