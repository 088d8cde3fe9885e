// Runs testdata/wire/*.wire: conversations of clients and backends with the gateway, over memory and a fake clock.
//
//   # Prose until the first section.
//   -- config --               routes, added to the world of tests/wire.h; without it everything goes to Service one
//   -- wire --
//   client> GET / HTTP/1.1     what the client sends, with CRLF; lines that follow each other go out in one write
//   client>                    (client2 and so on are others; a blank line or a comment separates writes)
//   backend: connected to …    what happened, in the gateway's words; backends are numbered as they are connected to
//   backend< GET / HTTP/1.1    what the backend receives
//   backend> HTTP/1.1 200 OK   what the backend sends
//   wait 2s                    also 300ms; `client closes`, `client resets`, `client stops reading`, `client reads on`,
//   refuse 10.0.0.1:80         `accept 10.0.0.1:80`, `ignore 10.0.0.1:80` (connecting never ends), `drain`,
//                              `reload` (with the section -- reload --)
//
// \r \n \t \\ \xHH stand for bytes; \ at the end of a line: no CRLF; {x*70000} is so many of that character. Every
// output is part of the file; with GWCTL_ACCEPT=1 it is rewritten. GWCTL_CASE=text takes only files whose path has it.
#include <doctest/doctest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "tests/case_file.h"
#include "tests/wire.h"

namespace fs = std::filesystem;
using namespace gw;
using namespace gw::test;

namespace {

std::string unescaped(std::string_view line) {
  std::string out;
  for (std::size_t i = 0; i < line.size(); ++i) {
    char c = line[i];
    if (c == '{' && i + 3 < line.size() && line[i + 2] == '*') {
      auto end = line.find('}', i);
      if (end != line.npos) {
        out.append(std::stoul(std::string(line.substr(i + 3, end - i - 3))), line[i + 1]);
        i = end;
        continue;
      }
    }
    if (c != '\\') {
      out += c;
      continue;
    }
    if (i + 1 == line.size()) return out;  // no CRLF
    char next = line[++i];
    if (next == 'x') {
      out += static_cast<char>(std::stoi(std::string(line.substr(i + 1, 2)), nullptr, 16));
      i += 2;
    } else {
      out += next == 'r' ? '\r' : next == 'n' ? '\n' : next == 't' ? '\t' : next;
    }
  }
  return out + "\r\n";
}

std::string escaped(std::string_view bytes) {
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    char c = bytes[i];
    std::size_t run = std::min(bytes.find_first_not_of(c, i), bytes.size()) - i;
    if (run > 32) {
      out += "{" + std::string(1, c) + "*" + std::to_string(run) + "}";
      i += run - 1;
    } else if (c == '\r' || c == '\n' || c == '\t' || c == '\\') {
      out += std::string("\\") + (c == '\r' ? 'r' : c == '\n' ? 'n' : c == '\t' ? 't' : '\\');
    } else if (static_cast<unsigned char>(c) < 0x20 || static_cast<unsigned char>(c) >= 0x7f) {
      constexpr char hex[] = "0123456789abcdef";
      auto u = static_cast<unsigned char>(c);
      out += std::string("\\x") + hex[u >> 4] + hex[u & 15];
    } else {
      out += c;
    }
  }
  return out;
}

class Conversation {
 public:
  Conversation(const std::string& config, std::string reload) : gateway_(config), reload_(std::move(reload)) {}

  // The wire section with what happened in place of what was expected.
  std::string run(std::string_view text) {
    std::string burst, speaker;
    auto flush = [&] {
      if (speaker.empty()) return;
      if (speaker.starts_with("client") || ends_.contains(speaker))
        FakeGateway::send(end(speaker), burst);
      else
        out_ += speaker + ": not connected\n";
      speaker.clear();
      burst.clear();
      settle();
    };
    for (std::string_view raw : lines_of(text)) {
      std::string_view line = without_newline(raw);
      auto mark = line.find_first_of("<>: ");
      std::string who(line.substr(0, mark));
      char sign = mark == line.npos ? ' ' : line[mark];
      if (is_name(who) && (sign == '<' || sign == ':')) continue;  // an expectation
      bool sends = is_name(who) && sign == '>';
      if (!sends || who != speaker) flush();
      out_.append(line).append("\n");
      if (line.empty() || line[0] == '#') continue;
      if (sends) {
        speaker = who;
        auto rest = line.substr(mark + 1);
        burst += unescaped(rest.empty() ? rest : rest.substr(1));
      } else {
        command(std::string(line));
      }
    }
    flush();
    return out_;
  }

 private:
  static bool is_name(std::string_view who) { return who.starts_with("client") || who.starts_with("backend"); }

  Pipe& end(const std::string& name) {
    auto at = ends_.find(name);
    if (at == ends_.end()) {
      if (!name.starts_with("client")) throw std::runtime_error(name + " is not connected");
      at = ends_.emplace(name, End{gateway_.client()}).first;
    }
    return *at->second.pipe;
  }

  void command(const std::string& line) {
    auto space = line.find(' ');
    std::string first = line.substr(0, space), rest = space == line.npos ? "" : line.substr(space + 1);
    if (first.starts_with("backend") && !ends_.contains(first)) {
      out_ += first + ": not connected\n";
    } else if (first == "wait") {
      std::size_t digits = 0;
      auto n = std::stol(rest, &digits);
      gateway_.wait(std::chrono::milliseconds(rest.substr(digits) == "s" ? n * 1000 : n));
    } else if (first == "refuse") {
      gateway_.network.refused.insert(rest);
    } else if (first == "ignore") {
      gateway_.network.silent.insert(rest);
    } else if (first == "accept") {
      gateway_.network.refused.erase(rest);
      gateway_.network.silent.erase(rest);
    } else if (line == "drain") {
      gateway_.worker.drain();
    } else if (line == "reload") {
      gateway_.apply(wire_world(reload_));
    } else if (rest == "closes") {
      FakeGateway::finish(end(first));
    } else if (rest == "resets") {
      FakeGateway::reset(end(first));
    } else if (rest == "connects") {
      end(first);
    } else if (rest == "stops reading") {
      end(first).room = 0;
    } else if (rest == "reads on") {
      end(first).room = ~std::size_t{0};
      end(first).tell({.writable = true});
    } else {
      throw std::runtime_error("not a command: " + line);
    }
    settle();
  }

  void settle() {
    gateway_.settle();
    for (; seen_ < gateway_.network.opened.size(); ++seen_) {
      const auto& opened = gateway_.network.opened[seen_];
      std::string name = seen_ ? "backend" + std::to_string(seen_ + 1) : "backend";
      ends_.emplace(name, End{opened.pipe});
      bool refused = gateway_.network.refused.contains(opened.address);
      bool ignored = gateway_.network.silent.contains(opened.address);
      out_ += name + ": " +
              (refused   ? "refused at "
               : ignored ? "ignored at "
                         : "connected to ") +
              opened.address + "\n";
      if (refused) ends_[name].closed = true;
    }
    for (auto& [name, e] : ends_) show(name, e);
  }

  struct End {
    std::shared_ptr<Pipe> pipe;
    bool finished = false, closed = false;
  };

  void show(const std::string& name, End& e) {
    std::string bytes = FakeGateway::received(*e.pipe);
    std::string_view rest = bytes;
    while (!rest.empty()) {
      auto end = rest.find("\r\n");
      std::string text = escaped(rest.substr(0, end));
      if (text.starts_with("Date: ")) text = "Date: ...";
      out_ += name + (text.empty() ? "<" : "< ") + text + (end == rest.npos ? "\\" : "") + "\n";
      rest.remove_prefix(end == rest.npos ? rest.size() : end + 2);
    }
    if (e.pipe->gateway_finished && !e.finished && !e.pipe->gateway_gone) out_ += name + ": finished\n";
    e.finished |= e.pipe->gateway_finished;
    if (e.pipe->gateway_gone && !e.closed) {
      out_ += name + (e.pipe->gateway_reset ? ": reset\n" : ": closed\n");
      e.closed = true;
    }
  }

  FakeGateway gateway_;
  std::string reload_, out_;
  std::map<std::string, End> ends_;
  std::size_t seen_ = 0;
};

std::string read_file(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

std::string replayed(const std::string& text) {
  std::string out, config, reload;
  for (const Block& block : parse_case(text)) {
    if (block.kind == Block::Kind::section) out += "-- " + block.head + " --\n";
    if (block.kind != Block::Kind::section || block.head != "wire") {
      out += block.text;
      if (block.head == "config") config = block.text;
      if (block.head == "reload") reload = block.text;
      continue;
    }
    out += Conversation(wire_world(config.empty() ? wire_route() : config), reload).run(block.text);
  }
  return out;
}

}  // namespace

TEST_CASE("conversations of testdata/wire") {
  const char* only = std::getenv("GWCTL_CASE");
  const bool accept = std::getenv("GWCTL_ACCEPT") != nullptr;
  std::vector<fs::path> paths;
  for (const auto& entry : fs::directory_iterator("testdata/wire"))
    if (entry.path().extension() == ".wire" && (!only || entry.path().string().find(only) != std::string::npos))
      paths.push_back(entry.path());
  std::sort(paths.begin(), paths.end());
  CHECK((only || !paths.empty()));
  for (const fs::path& path : paths) {
    CAPTURE(path.string());
    const std::string expected = read_file(path);
    std::string actual;
    REQUIRE_NOTHROW(actual = replayed(expected));
    if (accept && actual != expected)
      std::ofstream(path, std::ios::binary) << actual;
    else
      CHECK(actual == expected);
  }
}
