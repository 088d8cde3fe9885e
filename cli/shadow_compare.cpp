#include "cli/shadow_compare.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "diag/credentials.h"
#include "diag/render.h"
#include "route/target.h"
#include "verify/causes.h"

namespace gw::cli {
namespace {

constexpr std::size_t most_groups = 200;

std::uint64_t mixed(std::uint64_t number) {
  number = (number ^ (number >> 30U)) * 0xbf58476d1ce4e5b9ULL;
  number = (number ^ (number >> 27U)) * 0x94d049bb133111ebULL;
  return number ^ (number >> 31U);
}

std::size_t size_of(const runtime::Tapped& seen) {
  std::size_t out = 512 + seen.target.size() + seen.authority.size() + seen.body.size();
  for (const auto* list : {&seen.fields, &seen.answered})
    for (const auto& [name, value] : *list) out += 64 + name.size() + value.size();
  return out;
}

std::string field(const runtime::Tapped& seen, std::string_view name) {
  for (const auto& [key, value] : seen.answered)
    if (route::equal_fold(key, name)) return value;
  return {};
}

// A URL or a target whose query keeps its names only: values may be tokens.
std::string without_values(const std::string& text) {
  const std::size_t mark = text.find('?');
  std::string out = diag::hide_credentials(text.substr(0, mark));
  if (mark == std::string::npos) return out;
  std::string_view join = "?";
  route::any_parameter(std::string_view(text).substr(mark + 1), [&](std::string_view name, std::string_view value) {
    out += std::string(join) + std::string(name) + (value.empty() ? "" : "=***");
    join = "&";
    return false;
  });
  return out;
}

route::Answer answer_of(int status, std::string location) {
  route::Answer out;
  out.status = status;
  out.location = std::move(location);
  if (status > 0 && status < 300) out.backend = "a backend";
  return out;
}

std::string cause_of(const runtime::Tapped& seen, const route::Answer& before, const route::Answer& after) {
  verify::Counterexample found;
  found.request.method = seen.method;
  found.request.target = seen.target;
  found.request.host = seen.authority;
  found.aspect = seen.target.find('?') == std::string::npos ? verify::Aspect::plain : verify::Aspect::query;
  found.old_answer.any_of = {before};
  found.new_answer.any_of = {after};
  const auto difference = verify::compare(found.old_answer, found.new_answer);
  if (!difference) return {};
  found.difference = *difference;
  found.impact = verify::impact(found.request, found.old_answer, found.new_answer, *difference);
  const verify::Cause* cause = verify::cause_of("*", found);
  return cause ? std::string(cause->name) : std::string();
}

std::string shown(int status, const std::string& location) {
  return std::to_string(status) + (location.empty() ? "" : " to " + without_values(location));
}

}  // namespace

ShadowCompare::ShadowCompare(ShadowOptions options) : options_(std::move(options)) {
  for (std::size_t i = 0; i < options_.threads; ++i) threads_.emplace_back([this] { work(); });
}

ShadowCompare::~ShadowCompare() {
  stop(std::chrono::milliseconds(0));
}

bool ShadowCompare::wants(const runtime::RequestHead& request) {
  const bool safe = request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS";
  if ((!safe && !options_.unsafe) || !request.upgrade.empty()) return false;
  if (options_.sample >= 100) return true;
  return static_cast<double>(mixed(ticket_.fetch_add(1) + 1) % 1'000'000) < options_.sample * 10'000;
}

void ShadowCompare::done(runtime::Tapped&& seen) {
  if (!seen.complete) return;  // the client went away, or the old gateway cut its answer
  const std::size_t size = size_of(seen);
  const std::lock_guard lock(mutex_);
  ++counts_.seen;
  if (stopping_ || waiting_bytes_ + size > options_.most_waiting) {
    ++counts_.dropped;
    return;
  }
  waiting_bytes_ += size;
  waiting_.push_back(std::move(seen));
  more_.notify_one();
}

// The data path goes first where there are too few processors for both.
void ShadowCompare::work() {
  setpriority(PRIO_PROCESS, static_cast<id_t>(syscall(SYS_gettid)), 10);
  cluster::Fetcher fetcher;
  std::unique_lock lock(mutex_);
  while (true) {
    more_.wait(lock, [&] { return stopping_ || !waiting_.empty(); });
    if (waiting_.empty()) return;
    const runtime::Tapped seen = std::move(waiting_.front());
    waiting_.pop_front();
    waiting_bytes_ -= size_of(seen);
    ++busy_;
    lock.unlock();
    cluster::Fetch asked;
    asked.https = options_.fresh.https;
    asked.address = options_.fresh.address;
    asked.port = options_.fresh.port;
    asked.server_name = std::string(route::split_host(seen.authority).host);
    asked.host = seen.authority;
    asked.method = seen.method;
    asked.target = seen.target;
    asked.headers = seen.fields;
    asked.body = seen.body;
    asked.timeout = std::chrono::milliseconds(5000);
    const cluster::Fetched answer = fetcher.fetch(asked);
    lock.lock();
    compare(seen, answer);
    --busy_;
    empty_.notify_all();
  }
}

// The mutex is held.
void ShadowCompare::compare(const runtime::Tapped& seen, const cluster::Fetched& answer) {
  if (answer.status == 0) {
    ++counts_.unanswered;
    return;
  }
  ++counts_.compared;
  const std::string before = field(seen, "location"), after = answer.header("location");
  std::string what, extra;
  if (seen.status != answer.status) {
    what = "status " + std::to_string(seen.status) + ", now " + std::to_string(answer.status);
  } else if (before != after) {
    what = "another Location";
  } else {
    for (std::string name : options_.headers) {
      std::transform(name.begin(), name.end(), name.begin(), route::to_lower);
      if (field(seen, name) != answer.header(name)) what = "another header " + name;
    }
    const std::uint64_t hash =
        runtime::hash_on(runtime::hash_start, std::string_view(answer.body).substr(0, runtime::most_hashed));
    if (what.empty() && options_.bodies && seen.method != "HEAD" && seen.hash != hash) what = "another body";
  }
  if (what.empty()) return;
  ++counts_.differing;
  const std::string cause = cause_of(seen, answer_of(seen.status, before), answer_of(answer.status, after));
  const std::string key = cause.empty() ? what : cause;
  if (groups_.size() >= most_groups && !groups_.contains(key)) return;
  ShadowGroup& group = groups_[key];
  if (group.count++ != 0) return;
  group.what = what;
  group.cause = cause;
  group.request = seen.method + " http://" + seen.authority + without_values(seen.target);
  group.old_answer = shown(seen.status, before);
  group.new_answer = shown(answer.status, after);
}

void ShadowCompare::stop(std::chrono::milliseconds most) {
  {
    std::unique_lock lock(mutex_);
    empty_.wait_for(lock, most, [&] { return waiting_.empty() && busy_ == 0; });
    stopping_ = true;
    counts_.dropped += waiting_.size();
    waiting_.clear();
    waiting_bytes_ = 0;
  }
  more_.notify_all();
  for (std::thread& thread : threads_)
    if (thread.joinable()) thread.join();
}

ShadowCounts ShadowCompare::counts() const {
  const std::lock_guard lock(mutex_);
  return counts_;
}

std::vector<ShadowGroup> ShadowCompare::groups() const {
  std::vector<ShadowGroup> out;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [key, group] : groups_) out.push_back(group);
  }
  std::stable_sort(out.begin(), out.end(), [](const ShadowGroup& a, const ShadowGroup& b) {
    return std::pair(!a.cause.empty(), b.count) < std::pair(!b.cause.empty(), a.count);
  });
  return out;
}

std::string ShadowCompare::json() const {
  using Json = nlohmann::ordered_json;
  const ShadowCounts n = counts();
  Json out = {{"verdict", n.differing == 0 ? "TESTED" : "DIFFERS"},
              {"requests", n.seen},
              {"compared", n.compared},
              {"dropped", n.dropped},
              {"unanswered", n.unanswered},
              {"differing", n.differing},
              {"differences", Json::array()}};
  for (const ShadowGroup& group : groups()) {
    Json row = {{"what", group.what},
                {"count", group.count},
                {"request", group.request},
                {"old", group.old_answer},
                {"new", group.new_answer}};
    if (!group.cause.empty()) row["cause"] = group.cause;
    out["differences"].push_back(std::move(row));
  }
  return out.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string ShadowCompare::text() const {
  std::string out;
  for (const ShadowGroup& group : groups()) {
    out += std::to_string(group.count) + "x " + group.what + (group.cause.empty() ? "" : ", cause " + group.cause) +
           "\n    " + diag::printable(group.request) + "\n    old: " + diag::printable(group.old_answer) +
           "\n    new: " + diag::printable(group.new_answer) + "\n";
  }
  const ShadowCounts n = counts();
  return out + std::to_string(n.seen) + " requests answered by the old gateway, " + std::to_string(n.compared) +
         " compared, " + std::to_string(n.differing) + " answered differently, " + std::to_string(n.unanswered) +
         " without an answer of the new one, " + std::to_string(n.dropped) + " not compared for want of time\n";
}

}  // namespace gw::cli
