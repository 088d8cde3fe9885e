// The HTTP/2 session at the client's side: frames of any kind after the preface (added here), with a backend that
// answers. Nothing may crash, leak or hang, what reaches the backend must be clean HTTP/1, and what reaches the client
// whole frames. Frames of three types are for the harness: 0xfa sets what backends answer from then on, 0xfb is bytes
// from a backend (which one, the stream's number says), 0xfc lets as many seconds pass as it has bytes.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

#include "tests/fuzz/world.h"

using namespace gw;
using namespace gw::test;

namespace {

constexpr std::size_t header = 9;

std::size_t byte_of(std::string_view bytes, std::size_t at) {
  return static_cast<unsigned char>(bytes[at]);
}

// The whole frame, as far as it is there, at the start of `bytes`.
std::string_view frame_at(std::string_view bytes) {
  if (bytes.size() < header) return bytes;
  return bytes.substr(0, header + (byte_of(bytes, 0) << 16 | byte_of(bytes, 1) << 8 | byte_of(bytes, 2)));
}

void require(bool good, const char* what, std::string_view bytes) {
  if (good) return;
  std::fprintf(stderr, "%s:\n%.*s\n", what, static_cast<int>(bytes.size()), bytes.data());
  std::abort();
}

void check_request(std::string_view bytes) {
  auto end = bytes.find("\r\n\r\n");
  if (end == bytes.npos || speaks_http2(bytes)) return;
  runtime::RequestHead head;
  head.text = bytes.substr(0, end + 4);
  require(runtime::parse_request(head, {}) == 0, "not a clean request", bytes);
}

void check_answers(std::string_view bytes) {
  for (auto rest = bytes; !rest.empty();) {
    const auto frame = frame_at(rest);
    require(frame.size() >= header && frame.size() <= header + 16384, "not a whole frame", bytes);
    require(frame.size() == header + (byte_of(frame, 1) << 8 | byte_of(frame, 2)), "a frame is cut", bytes);
    require(byte_of(frame, 3) <= 9, "a frame of unknown type", bytes);
    rest.remove_prefix(frame.size());
  }
}

class Conversation {
 public:
  explicit Conversation(std::shared_ptr<const runtime::Config> config) : gateway_(std::move(config)) {
    FakeGateway::send(*client_, "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    FakeGateway::send(*client_, std::string_view("\0\0\0\4\0\0\0\0\0", 9));
    gateway_.settle();
  }

  bool open() const { return !client_->gateway_gone; }

  void play(std::string_view frame) {
    const std::size_t type = frame.size() < header ? 0 : byte_of(frame, 3);
    if (type == 0xfa) {
      answer_ = frame.substr(header);
    } else if (type == 0xfb) {
      if (auto& all = gateway_.network.opened; !all.empty())
        FakeGateway::send(*all[byte_of(frame, 8) % all.size()].pipe, frame.substr(header));
    } else if (type == 0xfc) {
      gateway_.wait(std::chrono::seconds(frame.size() - header));
    } else {
      for (; !frame.empty(); frame.remove_prefix(std::min<std::size_t>(frame.size(), 64))) {
        FakeGateway::send(*client_, frame.substr(0, 64));
        step();
      }
    }
    step();
  }

  void finish() {
    FakeGateway::finish(*client_);
    gateway_.settle();
    gateway_.wait(std::chrono::seconds(700));
    require(client_->gateway_gone, "the client's connection was not closed", client_->from_gateway);
    for (const auto& opened : gateway_.network.opened) check_request(opened.pipe->from_gateway);
    check_answers(client_->from_gateway);
  }

 private:
  void step() {
    gateway_.settle();
    for (; answered_ < gateway_.network.opened.size(); ++answered_) {
      if (answer_.empty()) continue;
      FakeGateway::send(*gateway_.network.opened[answered_].pipe, answer_);
      gateway_.settle();
    }
  }

  FakeGateway gateway_;
  std::shared_ptr<Pipe> client_ = gateway_.client();
  std::string answer_ = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-T: 1\r\n\r\n";
  std::size_t answered_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto config = fuzz_config();
  Conversation conversation(config);
  std::string_view input(reinterpret_cast<const char*>(data), size);
  while (!input.empty() && conversation.open()) {
    const auto frame = frame_at(input);
    conversation.play(frame);
    input.remove_prefix(frame.size());
  }
  conversation.finish();
  return 0;
}

#ifdef GWCTL_LIBFUZZER
extern "C" std::size_t LLVMFuzzerMutate(std::uint8_t* data, std::size_t size, std::size_t max_size);

// Bytes changed anywhere break the lengths of frames, and nothing behind them is reached: frames are changed as such.
extern "C" std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t max_size,
                                               unsigned seed) {
  std::minstd_rand random(seed);
  const auto below = [&](std::size_t n) { return static_cast<std::size_t>(random()) % n; };
  if (size < header || below(8) == 0) return LLVMFuzzerMutate(data, size, max_size);
  std::vector<std::string> frames;
  for (std::string_view rest(reinterpret_cast<const char*>(data), size); !rest.empty();) {
    frames.emplace_back(frame_at(rest));
    rest.remove_prefix(frames.back().size());
  }
  const std::size_t at = below(frames.size());
  std::string& frame = frames[at];
  frame.resize(std::max(frame.size(), header));
  switch (below(7)) {
    case 0:
      frames.insert(frames.begin() + static_cast<std::ptrdiff_t>(below(frames.size() + 1)), std::string(frame));
      break;
    case 1:
      if (frames.size() > 1) frames.erase(frames.begin() + static_cast<std::ptrdiff_t>(at));
      break;
    case 2:
      std::swap(frame, frames[below(frames.size())]);
      break;
    case 3: {
      static constexpr unsigned char types[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0x10, 0xfa, 0xfb, 0xfc};
      frame[3] = static_cast<char>(types[below(sizeof types)]);
      break;
    }
    case 4:
      frame[4] = static_cast<char>(below(2) ? 1u << below(6) : below(64));
      break;
    case 5:
      frame[8] = static_cast<char>(below(12));
      break;
    default: {
      std::vector<std::uint8_t> payload(frame.begin() + header, frame.end());
      const std::size_t old = payload.size();
      payload.resize(old + 64);
      payload.resize(LLVMFuzzerMutate(payload.data(), old, payload.size()));
      frame.replace(header, frame.npos, reinterpret_cast<const char*>(payload.data()), payload.size());
      const std::size_t length = payload.size();
      for (std::size_t i = 0; i < 3; ++i) frame[i] = static_cast<char>(length >> (16 - 8 * i) & 0xff);
    }
  }
  std::string out;
  for (const std::string& f : frames) out += f;
  out.resize(std::min(out.size(), max_size));
  std::copy(out.begin(), out.end(), data);
  return out.size();
}
#endif

#ifndef GWCTL_LIBFUZZER
int main(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    std::ifstream in(argv[i], std::ios::binary);
    std::string text{std::istreambuf_iterator<char>(in), {}};
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(text.data()), text.size());
  }
}
#endif
