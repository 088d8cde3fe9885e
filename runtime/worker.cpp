#include "runtime/worker.h"

#include <algorithm>
#include <cassert>
#include <ctime>
#include <random>
#include <utility>

#include "runtime/h1_client.h"
#include "runtime/incoming.h"

namespace gw::runtime {

namespace {
constexpr std::size_t scratch_size = 256 * 1024;
constexpr std::size_t most_buffers = 64, largest_buffer = 16 * 1024;
}  // namespace

Worker::Worker(const Clock& clock, Network& network, Stats& stats, const Limits& limits)
    : clock_(clock),
      network_(network),
      limits_(limits),
      stats_(stats.workers.emplace_back()),
      pool_(*this),
      scratch_(scratch_size),
      random_(std::random_device{}() | 1ull) {
  timers_.run(clock_.now());
}

Worker::~Worker() {
  // Clients let go of their exchanges, which let go of their backends; then the rest can go in any order.
  for (Connection* client : clients())
    if (!client->closed()) client->on_broken();
  while (!connections_.empty()) connections_.back().connection->close();
  while (!graves_.empty()) std::exchange(graves_, {}).clear();
}

std::vector<Connection*> Worker::clients() const {
  std::vector<Connection*> out;
  for (const auto& held : connections_)
    if (held.client) out.push_back(held.connection.get());
  return out;
}

void Worker::apply(std::shared_ptr<const Config> config, std::shared_ptr<const TlsStore> tls) {
  auto next = std::make_shared<Generation>();
  next->backends.resize(config->table ? config->table->backends() : 0);
  next->routes.resize(config->table ? config->table->actions() : 0);
  next->config = std::move(config);
  next->tls = std::move(tls);
  generation_ = std::move(next);
  pool_.forget_unused();
}

void Worker::accept(std::unique_ptr<Stream> stream, std::shared_ptr<const Site> site) {
  stats_.connections.add();
  accept_client(*this, std::move(stream), std::move(site));
}

void Worker::drain() {
  draining_ = true;
  for (Connection* client : clients())
    if (!client->closed()) client->begin_drain();
}

std::optional<TimePoint> Worker::next_wake() const {
  if (!pending_.empty()) return TimePoint{};
  return timers_.next();
}

void Worker::settle(TimePoint now) {
  if (auto due = timers_.next(); due && *due <= now) timers_.run(now);
  for (int round = 0; !pending_.empty() && round < 64; ++round) {
    pending_now_.swap(pending_);
    for (Connection* connection : pending_now_) connection->settle();
    pending_now_.clear();
  }
  std::erase_if(pending_, [](Connection* c) { return c->closed(); });
  while (!graves_.empty()) std::exchange(graves_, {}).clear();  // the dead may bury others
  for (auto& exchange : resting_) {
    exchange->reset();
    if (free_.size() < 256) free_.push_back(std::move(exchange));
  }
  resting_.clear();
  held_.clear();
  if (access_log_) access_log_->flush();
}

std::string_view Worker::date() {
  std::int64_t second = std::time(nullptr);
  if (second != date_second_) {
    date_second_ = second;
    date_ = http_date(second);
  }
  return date_;
}

std::uint64_t Worker::ticket() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return random_;
}

void Worker::add(std::unique_ptr<Connection> connection, bool client) {
  connection->place_ = static_cast<std::uint32_t>(connections_.size());
  if (client) {
    ++clients_;
    stats_.connections_open.add();
  }
  connections_.push_back({std::move(connection), client});
}

void Worker::settle_later(Connection& connection) {
  pending_.push_back(&connection);
}

void Worker::bury(Connection& connection) {
  std::size_t place = connection.place_;
  assert(place < connections_.size() && connections_[place].connection.get() == &connection);
  if (connections_[place].client) {
    --clients_;
    stats_.connections_open.sub();
  }
  graves_.push_back(std::move(connections_[place].connection));
  if (place + 1 != connections_.size()) {
    connections_[place] = std::move(connections_.back());
    connections_[place].connection->place_ = static_cast<std::uint32_t>(place);
  }
  connections_.pop_back();
}

std::unique_ptr<Exchange> Worker::new_exchange() {
  if (free_.empty()) return std::make_unique<Exchange>(*this);
  auto out = std::move(free_.back());
  free_.pop_back();
  return out;
}

void Worker::recycle(std::unique_ptr<Exchange> exchange) {
  resting_.push_back(std::move(exchange));
}

void Worker::lend_buffer(std::string& empty) {
  if (buffers_.empty()) return;
  empty = std::move(buffers_.back());
  buffers_.pop_back();
}

void Worker::take_back(std::string& used) {
  std::string buffer;
  buffer.swap(used);
  if (buffers_.size() == most_buffers || buffer.capacity() > largest_buffer || buffer.capacity() < 256) return;
  buffer.clear();
  buffers_.push_back(std::move(buffer));
}

}  // namespace gw::runtime
