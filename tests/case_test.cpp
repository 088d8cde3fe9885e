// Runs every testdata/**/*.case with the program that a user runs, and the samples of README.md. With GWCTL_ACCEPT=1 it
// rewrites what was expected; with GWCTL_CASE=text it takes only the files whose path has that text.
#include <doctest/doctest.h>
#include <sys/wait.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>

#include "tests/case_file.h"
#include "tests/sanitized.h"

namespace fs = std::filesystem;
using namespace gw::test;

namespace {

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const fs::path& path, std::string_view text) {
  if (path.has_parent_path()) fs::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

std::string environment(const char* name, std::string fallback) {
  const char* value = std::getenv(name);
  return value != nullptr ? value : fallback;
}

std::string quoted(const std::string& text) {
  std::string out = "'";
  for (char c : text) c == '\'' ? out += "'\\''" : out += c;
  return out + "'";
}

// A directory of its own for one case, removed afterwards.
struct Scratch {
  fs::path root;
  Scratch() {
    std::string pattern = (fs::temp_directory_path() / "gwctl-case-XXXXXX").string();
    REQUIRE(mkdtemp(pattern.data()) != nullptr);
    root = pattern;
    fs::create_directory(work());
  }
  ~Scratch() { fs::remove_all(root); }
  fs::path work() const { return root / "work"; }
};

// subject -> text: stdout, stderr, exit
using Outcome = std::map<std::string, std::string>;

Outcome execute(const Scratch& scratch, const std::string& command, const std::string& stdin_text,
                bool merged = false) {
  const fs::path program = fs::absolute(environment("GWCTL", "build/gwctl"));
  write_file(scratch.root / "in", stdin_text);
  const std::string line = "cd " + quoted(scratch.work().string()) +
                           " && env -i PATH=" + quoted(program.parent_path().string()) +
                           ":/usr/local/bin:/usr/bin:/bin HOME=" + quoted(scratch.root.string()) +
                           " LC_ALL=C.UTF-8 timeout " + (gw::test::sanitized ? "600" : "60") + " sh -c " +
                           quoted(command) + " <../in >../out 2>" + (merged ? "&1" : "../err");
  const int status = std::system(line.c_str());
  return {{"stdout", read_file(scratch.root / "out")},
          {"stderr", merged ? "" : read_file(scratch.root / "err")},
          {"exit", std::to_string(WIFEXITED(status) ? WEXITSTATUS(status) : -1)}};
}

std::string difference(const Scratch& scratch, std::string_view expected, std::string_view actual) {
  write_file(scratch.root / "expected", expected);
  write_file(scratch.root / "actual", actual);
  const std::string command = "cd " + quoted(scratch.root.string()) + " && diff -u expected actual > diff";
  if (std::system(command.c_str()) == 0) return {};
  return read_file(scratch.root / "diff");
}

// One command with the expectations that follow it; returns the failures and puts the real outcome into the blocks.
class CaseRun {
 public:
  explicit CaseRun(std::vector<Block> blocks) : blocks_(std::move(blocks)) {}

  std::string run() {
    for (const Block& block : blocks_) {
      Expectation ignored;
      if (block.kind == Block::Kind::section && !parse_expectation(block.head, ignored)) {
        if (block.head == "stdin")
          stdin_ = block.text;
        else
          write_file(scratch_.work() / block.head, block.text);
      }
    }
    for (std::size_t i = 0; i < blocks_.size(); ++i) {
      if (blocks_[i].kind == Block::Kind::command)
        command(i);
      else
        accepted_.push_back(blocks_[i]);  // a file, or prose; expectations are consumed with their command
    }
    return failures_;
  }

  std::string accepted() const { return format_case(accepted_); }

 private:
  void command(std::size_t& at) {
    const Block& command = blocks_[at];
    accepted_.push_back(command);
    Outcome outcome = execute(scratch_, command.head, stdin_);
    Outcome untold = outcome;
    while (at + 1 < blocks_.size() && blocks_[at + 1].kind != Block::Kind::command) {
      const Block& block = blocks_[++at];
      Expectation expectation;
      if (block.kind != Block::Kind::section || !parse_expectation(block.head, expectation)) {
        accepted_.push_back(block);
        continue;
      }
      const bool stream = outcome.contains(expectation.subject);
      const std::string actual =
          stream ? outcome[expectation.subject] : read_file(scratch_.work() / expectation.subject);
      compare(command.head, block, expectation, actual, true);
      untold.erase(expectation.subject);
    }
    for (const char* subject : {"stdout", "stderr"})
      if (untold.contains(subject))
        compare(command.head, {Block::Kind::section, subject, ""}, {subject}, untold[subject]);
    if (untold.contains("exit")) compare(command.head, {Block::Kind::section, "exit 0", ""}, {"exit"}, untold["exit"]);
  }

  void compare(const std::string& command, const Block& block, const Expectation& expectation,
               const std::string& actual, bool told = false) {
    std::string what;
    switch (expectation.how) {
      case Expectation::How::ignored:
        break;
      case Expectation::How::has: {
        std::string missing;
        if (!has_lines(actual, block.text, missing)) what = "no line has '" + missing + "' in:\n" + actual;
        break;
      }
      case Expectation::How::equal: {
        const bool exit = expectation.subject == "exit";
        const std::string wanted = exit ? block.head.substr(5) + "\n" : block.text;
        std::string got = exit ? actual + "\n" : actual;
        if (!got.empty() && got.back() != '\n') got += "\n";
        what = difference(scratch_, wanted, got);
        if (exit && (told || actual != "0")) accepted_.push_back({Block::Kind::section, "exit " + actual, ""});
        if (!exit && !got.empty()) accepted_.push_back({Block::Kind::section, block.head, got});
        if (!what.empty()) failures_ += "$ " + command + "  [" + expectation.subject + "]\n" + what;
        return;
      }
    }
    accepted_.push_back(block);
    if (!what.empty()) failures_ += "$ " + command + "  [" + expectation.subject + "]\n" + what;
  }

  std::vector<Block> blocks_, accepted_;
  Scratch scratch_;
  std::string stdin_, failures_;
};

std::vector<fs::path> case_files() {
  std::vector<fs::path> files;
  const std::string only = environment("GWCTL_CASE", "");
  for (const auto& entry : fs::recursive_directory_iterator("testdata"))
    if (entry.path().extension() == ".case" && entry.path().string().find(only) != std::string::npos)
      files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

}  // namespace

TEST_CASE("every .case says what it says") {
  REQUIRE_MESSAGE(fs::exists(environment("GWCTL", "build/gwctl")), "the program is not built; GWCTL names it");
  const bool accept = environment("GWCTL_ACCEPT", "") == "1";
  const std::vector<fs::path> files = case_files();
  std::size_t rewritten = 0;
  for (const fs::path& file : files) {
    const std::string text = read_file(file);
    CaseRun run(parse_case(text));
    const std::string failures = run.run();
    if (accept && !failures.empty()) {
      write_file(file, run.accepted());
      ++rewritten;
    } else {
      CHECK_MESSAGE(failures.empty(), file.string() << "\n" << failures);
    }
  }
  MESSAGE(files.size() << " cases" << (accept ? ", rewritten: " + std::to_string(rewritten) : ""));
}

namespace {

// A line of the file, and whether it lies in a ```console block.
struct Piece {
  std::string text;  // a line of prose, or a command with the output below it
  std::string command;
};

std::vector<Piece> pieces_of(std::string_view markdown) {
  std::vector<Piece> pieces;
  bool inside = false;
  for (std::string_view line : lines_of(markdown)) {
    const std::string_view bare = without_newline(line);
    if (bare == "```console") {
      inside = true;
      pieces.push_back({std::string(line), ""});
    } else if (inside && bare == "```") {
      inside = false;
      pieces.push_back({std::string(line), ""});
    } else if (inside && bare.starts_with("$ ")) {
      pieces.push_back({"", std::string(bare.substr(2))});
    } else if (inside && !pieces.back().command.empty()) {
      pieces.back().text += line;
    } else {
      pieces.push_back({std::string(line), ""});
    }
  }
  return pieces;
}

// A line "…" stands for any number of lines.
bool like(std::string_view actual, std::string_view wanted) {
  constexpr std::string_view gap = "…\n";
  bool anywhere = false;
  while (true) {
    std::size_t at = wanted.starts_with(gap) ? 0 : wanted.find("\n…\n");
    const bool last = at == wanted.npos;
    if (!last && at != 0) ++at;
    const std::string_view piece = last ? wanted : wanted.substr(0, at);
    if (last && anywhere) return actual.ends_with(piece);
    if (last) return actual == piece;
    const std::size_t found = anywhere ? actual.find(piece) : actual.starts_with(piece) ? 0 : actual.npos;
    if (found == actual.npos) return false;
    actual.remove_prefix(found + piece.size());
    wanted.remove_prefix(at + gap.size());
    anywhere = true;
  }
}

}  // namespace

namespace {

// The folder whose copy a document's samples run in: `<!-- samples run in testdata/tutorial -->` says so.
std::string sample_folder(const std::string& markdown) {
  constexpr std::string_view words = "<!-- samples run in ";
  const std::size_t at = markdown.find(words);
  if (at == markdown.npos) return "testdata/sample";
  const std::size_t begin = at + words.size();
  return markdown.substr(begin, markdown.find(' ', begin) - begin);
}

std::vector<fs::path> documents() {
  std::vector<fs::path> files = {"README.md"};
  for (const auto& entry : fs::directory_iterator("docs"))
    if (entry.path().extension() == ".md") files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  return files;
}

// Returns the number of samples.
std::size_t run_samples(const fs::path& document, bool accept) {
  const std::string markdown = read_file(document);
  Scratch scratch;
  fs::copy(sample_folder(markdown), scratch.work(), fs::copy_options::recursive);
  std::string accepted;
  std::size_t count = 0;
  for (Piece& piece : pieces_of(markdown)) {
    if (!piece.command.empty()) {
      ++count;
      const std::string actual = execute(scratch, piece.command, "", true)["stdout"];
      const bool same = like(actual, piece.text);
      if (!accept)
        CHECK_MESSAGE(same, document << ": $ " << piece.command << "\n" << difference(scratch, piece.text, actual));
      else if (!same)
        piece.text = actual;
      accepted += "$ " + piece.command + "\n";
    }
    accepted += piece.text;
  }
  if (accept) write_file(document, accepted);
  return count;
}

}  // namespace

TEST_CASE("the samples of README.md and docs/ print what they say") {
  if (!environment("GWCTL_CASE", "").empty()) return;
  std::size_t count = 0;
  for (const fs::path& document : documents()) count += run_samples(document, environment("GWCTL_ACCEPT", "") == "1");
  CHECK(count > 0);
}
