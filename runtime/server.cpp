#include "runtime/server.h"

#include <condition_variable>
#include <ctime>
#include <future>
#include <set>

#include "runtime/access_log.h"
#include "runtime/loop.h"
#include "runtime/udp.h"
#include "runtime/worker.h"

namespace gw::runtime {

// One worker with its thread and sockets.
class ThreadLoop : public LoopHooks {
 public:
  ThreadLoop(Stats& stats, const Limits& limits, std::unique_ptr<AccessLog> log, Tap* tap)
      : log_(std::move(log)), worker_(loop_, loop_, stats, limits) {
    worker_.set_tap(tap);
    worker_.set_access_log(log_.get());
  }
  ~ThreadLoop() override {
    loop_.stop();
    if (thread_.joinable()) thread_.join();
  }
  void start() {
    thread_ = std::thread([this] { loop_.run(*this); });
  }

  // Runs something in the loop and waits for it.
  template <class F>
  void call(F&& f) {
    std::promise<void> done;
    loop_.post([&] {
      f();
      done.set_value();
    });
    done.get_future().wait();
  }

  void apply(std::shared_ptr<const Config> config, std::shared_ptr<const TlsStore> tls) {
    worker_.apply(std::move(config), std::move(tls));
    if (log_) log_->reopen();
  }

  // `fd` -1: the socket is there already and its site changed.
  void open(const std::string& key, std::shared_ptr<const Site> site, int fd) {
    auto& place = sites_[key];
    place.site = std::move(site);
    if (fd < 0) return;
    if (place.site->kind == Site::Kind::udp) {
      place.udp = std::make_unique<UdpSocket>(loop_, worker_, fd, place.site);
      return;
    }
    auto* entry = &place;
    place.acceptor = std::make_unique<Acceptor>(
        loop_, fd, [this, entry](std::unique_ptr<Stream> stream) { worker_.accept(std::move(stream), entry->site); });
  }
  void close(const std::string& key) { sites_.erase(key); }
  void drain() {
    sites_.clear();
    worker_.drain();
  }
  std::size_t open_clients() const { return worker_.open_clients(); }

  std::optional<TimePoint> next_wake() const override {
    auto wake = worker_.next_wake();
    if (retry_at_ && (!wake || *retry_at_ < *wake)) wake = retry_at_;
    return wake;
  }

  void settle(TimePoint now) override {
    worker_.settle(now);
    // Out of descriptors: connections wait in the kernel until some are free again.
    bool starved = false;
    for (auto& [key, place] : sites_) {
      if (place.udp) place.udp->tick(now);
      if (!place.acceptor || !place.acceptor->starved()) continue;
      if (!retry_at_ || *retry_at_ <= now) place.acceptor->accept_all();
      starved |= place.acceptor->starved();
    }
    if (!starved)
      retry_at_.reset();
    else if (!retry_at_ || *retry_at_ <= now)
      retry_at_ = now + milliseconds(100);
  }

 private:
  struct Place {
    std::shared_ptr<const Site> site;
    std::unique_ptr<Acceptor> acceptor;
    std::unique_ptr<UdpSocket> udp;
  };
  Loop loop_;
  std::unique_ptr<AccessLog> log_;
  Worker worker_;
  std::map<std::string, Place> sites_;
  std::optional<TimePoint> retry_at_;
  std::thread thread_;
};

Server::Server(ServerOptions options) : options_(std::move(options)) {
  auto file = open_access_log(options_.access_log);
  for (unsigned i = 0; i < std::max(options_.threads, 1u); ++i) {
    auto log = file ? make_access_log(file, options_.access_log_json) : nullptr;
    threads_.push_back(std::make_unique<ThreadLoop>(stats_, options_.limits, std::move(log), options_.tap.get()));
  }
  for (auto& thread : threads_) thread->start();
}

Server::~Server() = default;

std::vector<SiteStatus> Server::apply(std::shared_ptr<const Config> config) {
  certificate_errors_.clear();
  tls_ = TlsStore::make(*config, tls_.get(), certificate_errors_);
  std::map<std::string, std::shared_ptr<const Site>> wanted;
  for (const Site& site : config->sites) wanted.emplace(site.key(), std::make_shared<Site>(site));

  std::vector<SiteStatus> statuses;
  std::vector<std::vector<std::pair<std::string, int>>> sockets(threads_.size());
  for (auto& [key, site] : wanted) {
    SiteStatus status{key, "", ""};
    if (!open_.count(key)) {
      for (std::size_t i = 0; i < threads_.size(); ++i) {
        bool share = threads_.size() > 1;
        auto fd = site->kind == Site::Kind::udp ? bind_udp(site->address, share)
                  : i == 0                      ? listen_tcp(site->address, share)
                                                : listen_shared(site->address);
        if (!fd) {
          status.error = fd.error().message;
          status.help = fd.error().help;
          break;
        }
        sockets[i].emplace_back(key, *fd);
      }
    }
    statuses.push_back(std::move(status));
  }
  std::set<std::string> failed;
  for (const auto& status : statuses)
    if (!status.error.empty()) failed.insert(status.key);

  for (std::size_t i = 0; i < threads_.size(); ++i) {
    threads_[i]->call([&] {
      threads_[i]->apply(config, tls_);
      for (auto& [key, fd] : sockets[i]) threads_[i]->open(key, wanted[key], fd);
      for (auto& [key, site] : wanted)
        if (open_.count(key)) threads_[i]->open(key, site, -1);
      for (auto& [key, site] : open_)
        if (!wanted.count(key)) threads_[i]->close(key);
      for (const auto& key : failed) threads_[i]->close(key);
    });
  }
  open_ = std::move(wanted);
  for (const auto& key : failed) open_.erase(key);
  stats_.loaded_at = std::time(nullptr);
  std::lock_guard lock(mutex_);
  config_ = std::move(config);
  sites_ = statuses;
  return statuses;
}

bool Server::drain(std::chrono::milliseconds most) {
  for (auto& thread : threads_) thread->call([&] { thread->drain(); });
  open_.clear();
  auto until = std::chrono::steady_clock::now() + most;
  for (;;) {
    std::size_t left = 0;
    for (auto& thread : threads_) thread->call([&] { left += thread->open_clients(); });
    if (!left) return true;
    if (std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

std::shared_ptr<const Config> Server::config() const {
  std::lock_guard lock(mutex_);
  return config_;
}

std::vector<SiteStatus> Server::sites() const {
  std::lock_guard lock(mutex_);
  return sites_;
}

}  // namespace gw::runtime
