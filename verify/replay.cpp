#include "verify/replay.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <map>
#include <memory>
#include <set>
#include <string_view>
#include <unordered_map>

#include "verify/access_log.h"
#include "verify/hosts.h"
#include "verify/paths.h"

namespace gw::verify {
namespace {

using route::Answer;
using route::AnswerSet;
using route::Request;
using route::Scheme;

constexpr std::size_t chunk = 1 << 20;
constexpr std::size_t most_candidates = 16;  // hosts that one log line without a host may belong to

struct Closer {
  void operator()(std::FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};

// Calls f for every line; a line longer than a megabyte is cut.
template <class F>
Status each_line(std::FILE* file, F&& f, const std::function<void(std::uint64_t)>& progress) {
  std::string buffer(2 * chunk, '\0');
  std::size_t kept = 0;
  std::uint64_t done = 0;
  while (true) {
    const std::size_t got = std::fread(buffer.data() + kept, 1, chunk, file);
    if (got == 0) break;
    done += got;
    std::string_view rest(buffer.data(), kept + got);
    for (std::size_t end = rest.find('\n'); end != std::string_view::npos; end = rest.find('\n')) {
      f(rest.substr(0, end));
      rest.remove_prefix(end + 1);
    }
    if (rest.size() >= chunk) rest = {};
    kept = rest.size();
    std::memmove(buffer.data(), rest.data(), kept);
    if (progress) progress(done);
  }
  if (std::ferror(file) != 0) return Error{std::string("cannot read the access log: ") + std::strerror(errno), {}};
  if (kept != 0) f(std::string_view(buffer.data(), kept));
  return Unit{};
}

std::string key_of(const LoggedRequest& line) {
  std::string key;
  key.reserve(line.method.size() + line.scheme.size() + line.host.size() + line.upstream.size() + line.target.size() +
              8);
  for (const std::string* part : {&line.method, &line.scheme, &line.host, &line.upstream, &line.target}) {
    key += *part;
    key += '\0';
  }
  // Without an upstream only the status tells a redirect from an answer.
  if (line.scheme.empty() && line.upstream.empty()) key += std::to_string(line.status);
  return key;
}

LoggedRequest from_key(std::string_view key) {
  LoggedRequest line;
  for (std::string* part : {&line.method, &line.scheme, &line.host, &line.upstream, &line.target}) {
    const std::size_t end = key.find('\0');
    *part = key.substr(0, end);
    key.remove_prefix(end + 1);
  }
  for (char c : key) line.status = line.status * 10 + (c - '0');
  return line;
}

// ingress-nginx names the service as "namespace-service-port".
bool answered_by(const AnswerSet& answers, const std::string& upstream) {
  const auto fits = [&](std::string backend) {
    if (backend.empty()) return false;
    std::replace(backend.begin(), backend.end(), '/', '-');
    return upstream.starts_with(backend + "-");
  };
  for (const Answer& answer : answers.any_of) {
    if (fits(answer.backend)) return true;
    for (const route::WeightedBackend& row : answer.backends)
      if (fits(row.backend)) return true;
  }
  return false;
}

class Replay {
 public:
  Replay(const Side& old_side, const Side& new_side, const ReplayOptions& options)
      : old_(old_side), new_(new_side), options_(options) {}

  void read(std::string_view text) {
    ++report_.lines;
    std::optional<LoggedRequest> line = read_log_line(text);
    if (!line) {
      if (text.find_first_not_of(" \t\r") == std::string_view::npos)
        --report_.lines;
      else
        ++report_.unread;
      return;
    }
    if (line->host.empty()) line->host = options_.host;
    std::string key = key_of(*line);
    const auto known = counts_.find(key);
    if (known != counts_.end())
      ++known->second;
    else if (counts_.size() < options_.most_distinct)
      counts_.emplace(std::move(key), 1);
    else
      ++report_.beyond;
  }

  ReplayReport finish() {
    std::vector<std::pair<std::uint64_t, std::string_view>> differing;
    for (const auto& [key, count] : counts_) {
      report_.requests += count;
      ++report_.distinct;
      Counterexample found;
      switch (judge(from_key(key), found)) {
        case Outcome::alike:
          break;
        case Outcome::hostless:
          report_.hostless += count;
          break;
        case Outcome::unmodelled:
          report_.unmodelled += count;
          break;
        case Outcome::differs:
          report_.differing += count;
          ++report_.differing_distinct;
          differing.emplace_back(count, key);
      }
    }
    std::sort(differing.begin(), differing.end(), [](const auto& a, const auto& b) {
      return a.first != b.first ? a.first > b.first : a.second < b.second;
    });
    if (differing.size() > options_.kept) differing.resize(options_.kept);
    for (const auto& [count, key] : differing) {
      ReplayedRequest& row = report_.top.emplace_back();
      row.count = count;
      judge(from_key(key), row.found);
    }
    return std::move(report_);
  }

 private:
  enum class Outcome : std::uint8_t { alike, differs, unmodelled, hostless };

  Outcome judge(const LoggedRequest& line, Counterexample& found) {
    bool unmodelled = false;
    const std::vector<std::string>& hosts = candidates(line);
    if (line.host.empty() && hosts.empty()) return Outcome::hostless;
    Request request;
    request.method = line.method;
    request.target = line.target;
    for (const bool only_consistent : {true, false}) {
      bool asked = false;
      for (const std::string& host : hosts)
        for (Scheme scheme : {Scheme::https, Scheme::http}) {
          if (!line.scheme.empty() && (line.scheme == "https") != (scheme == Scheme::https)) continue;
          if (line.scheme.empty() && scheme == Scheme::https && !speaks_tls(host)) continue;
          request.host = host;
          request.scheme = scheme;
          request.sni.reset();
          if (scheme == Scheme::https) request.sni = host;
          AnswerSet before = old_.model->answer(request);
          if (only_consistent && !consistent(line, before)) continue;
          asked = true;
          AnswerSet after = new_.model->answer(request);
          const std::optional<Difference> difference = compare(before, after);
          if (!difference) continue;
          if (*difference == Difference::unmodelled) {
            unmodelled = true;
            continue;
          }
          const Impact meaning = impact(request, before, after, *difference);
          found = {request, Aspect::plain, {}, std::move(before), std::move(after), *difference, meaning, 1, {}};
          return Outcome::differs;
        }
      if (asked) break;
    }
    return unmodelled ? Outcome::unmodelled : Outcome::alike;
  }

  // Nobody's traffic to a host without a certificate of its own was TLS.
  bool speaks_tls(const std::string& host) const {
    if (!old_.boundaries.tls_for_names_only) return true;
    const std::vector<std::string>& names = old_.boundaries.server_names;  // ascending
    const std::size_t dot = host.find('.');
    return std::binary_search(names.begin(), names.end(), host) ||
           (dot != std::string::npos && std::binary_search(names.begin(), names.end(), "*" + host.substr(dot)));
  }

  // Could the old side have written this line? Only asked where the format leaves host or scheme open.
  static bool consistent(const LoggedRequest& line, const AnswerSet& before) {
    if (!line.upstream.empty()) return answered_by(before, line.upstream);
    if (!line.scheme.empty()) return true;
    return std::any_of(before.any_of.begin(), before.any_of.end(), [&](const Answer& answer) {
      const bool proxied = !answer.backend.empty() || !answer.backends.empty();
      return line.status == 0 || proxied || answer.status == line.status;
    });
  }

  const std::vector<std::string>& candidates(const LoggedRequest& line) {
    if (!line.host.empty()) {
      single_ = {line.host};
      return single_;
    }
    if (!indexed_) index_hosts();
    if (every_host_.size() == 1) return every_host_;
    const auto known = by_upstream_.find(line.upstream);
    if (known != by_upstream_.end()) return known->second;
    std::vector<std::string>& hosts = by_upstream_[line.upstream];
    if (line.upstream.empty()) return hosts;
    for (const auto& [service, names] : by_service_) {
      if (!line.upstream.starts_with(service + "-")) continue;
      for (const std::string& name : names)
        if (hosts.size() < most_candidates) hosts.push_back(name);
    }
    return hosts;
  }

  // Which hosts each service answers for, by asking the old side one request of every class.
  void index_hosts() {
    indexed_ = true;
    for (const HostName& name : host_names(old_.boundaries, Boundaries{})) {
      if (name.host != name.shown) continue;
      every_host_.push_back(name.host);
      Request request;
      request.host = name.host;
      for (Scheme scheme : {Scheme::http, Scheme::https}) {
        request.scheme = scheme;
        if (scheme == Scheme::https) request.sni = name.host;
        for (const std::string& path : path_classes(name.rows).paths) {
          request.target = path;
          for (const Answer& answer : old_.model->answer(request).any_of) {
            add_service(answer.backend, name.host);
            for (const route::WeightedBackend& row : answer.backends) add_service(row.backend, name.host);
          }
        }
      }
    }
  }
  void add_service(std::string backend, const std::string& host) {
    if (backend.empty()) return;
    std::replace(backend.begin(), backend.end(), '/', '-');
    by_service_[backend].insert(host);
  }

  const Side& old_;
  const Side& new_;
  const ReplayOptions& options_;
  ReplayReport report_;
  std::unordered_map<std::string, std::uint64_t> counts_;
  bool indexed_ = false;
  std::vector<std::string> every_host_, single_;
  std::map<std::string, std::set<std::string>> by_service_;
  std::unordered_map<std::string, std::vector<std::string>> by_upstream_;
};

}  // namespace

Result<ReplayReport> replay(const std::string& path, const Side& old_side, const Side& new_side,
                            const ReplayOptions& options) {
  const std::unique_ptr<std::FILE, Closer> file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
  if (!file) return Error{"cannot read " + path + ": " + std::strerror(errno), "is the path right?"};
  struct stat status {};
  const std::uint64_t size =
      path != "-" && stat(path.c_str(), &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
  Replay work(old_side, new_side, options);
  std::function<void(std::uint64_t)> progress;
  if (options.progress) progress = [&](std::uint64_t done) { options.progress(done, size); };
  const Status read = each_line(
      file.get(), [&](std::string_view line) { work.read(line); }, progress);
  if (!read) return read.error();
  return work.finish();
}

}  // namespace gw::verify
