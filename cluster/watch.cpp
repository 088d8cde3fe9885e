// List and watch, one reflector a kind.
#include "cluster/watch.h"

#include <algorithm>
#include <chrono>

#include "yaml/read.h"

namespace gw::cluster {
namespace {

using namespace std::chrono_literals;

constexpr std::chrono::milliseconds first_pause = 200ms, last_pause = 10s, absent_pause = 10s;

std::string member(const yaml::Node* node, std::string_view key) {
  const yaml::Node* value = node ? node->find(key) : nullptr;
  return value && value->is_string() ? std::string(value->string()) : std::string();
}

std::string key_of(const kube::RawObject& raw) {
  const yaml::Node* metadata = raw.node->find("metadata");
  return member(metadata, "namespace") + "/" + member(metadata, "name");
}

// A tree together with the text it may point into.
struct Parsed {
  diag::Sources sources;
  diag::Sink sink;
  std::vector<yaml::Document> documents;
};

// nullptr when the server sent something that is no JSON object.
std::shared_ptr<Parsed> parse(std::string text) {
  auto parsed = std::make_shared<Parsed>();
  yaml::Limits limits;
  limits.file_bytes = std::size_t{512} << 20;
  const diag::FileId file = parsed->sources.add("cluster", std::move(text));
  parsed->documents = yaml::read(file, parsed->sources, limits, parsed->sink);
  if (parsed->documents.size() != 1 || !parsed->documents.front().root->is_map()) return nullptr;
  return parsed;
}

yaml::Document document(const std::shared_ptr<Parsed>& parsed) {
  const yaml::Document& read = parsed->documents.front();
  yaml::Document out = read;
  out.storage = parsed;
  return out;
}

}  // namespace

// The loop of one kind. States: list, then watch until the stream ends, then watch on or list again.
class Watch::Reflector {
 public:
  Reflector(Watch& watch, std::size_t number)
      : watch_(watch), number_(number), kind_(watch.kinds_[number]), client_(watch.access_) {}

  // A list is followed at once; a failure, or a watch that ended as soon as it began, is answered with growing pauses.
  void run() {
    std::chrono::milliseconds pause = first_pause;
    while (!watch_.stop_) {
      const bool listing = version_.empty();
      const auto began = std::chrono::steady_clock::now();
      delivered_ = false;
      const bool fine = listing ? list() : follow();
      if (listing && fine) continue;
      if (!listing && (delivered_ || std::chrono::steady_clock::now() - began >= 5s)) {
        pause = first_pause;
        continue;
      }
      sleep(pause);
      pause = std::min<std::chrono::milliseconds>(pause * 2, last_pause);
    }
  }

 private:
  std::string path() const {
    const std::string& version = kind_.versions[candidate_];
    return (kind_.group.empty() ? "/api/" + version : "/apis/" + kind_.group + "/" + version) + "/" + kind_.plural;
  }

  bool list() {
    Objects objects;
    std::string next, version;
    do {
      auto page = client_.get(path() + "?limit=500" + (next.empty() ? "" : "&continue=" + next));
      if (!page) return unreachable(page.error().message);
      if (page->status == 404) return absent();
      if (page->status != 200) return failed(refusal("list", page->status));
      auto parsed = parse(std::move(page->body));
      if (!parsed) return failed("the API server sent no list");
      const yaml::Node& root = *parsed->documents.front().root;
      version = member(root.find("metadata"), "resourceVersion");
      std::string more = member(root.find("metadata"), "continue");
      if (!more.empty() && more == next) return failed("the API server's list does not end");
      next = std::move(more);
      diag::Sink ignored;
      for (kube::RawObject& raw : kube::objects({document(parsed)}, ignored)) {
        std::string key = key_of(raw);
        objects.insert_or_assign(std::move(key), std::move(raw));
      }
    } while (!next.empty());
    version_ = version;
    absent_ = false;
    watch_.replace(number_, std::move(objects));
    return true;
  }

  // The kind is not installed (in this version): the next version is tried, and all of them again later.
  bool absent() {
    candidate_ = (candidate_ + 1) % kind_.versions.size();
    if (candidate_ != 0) return true;
    if (!absent_) watch_.replace(number_, {});
    absent_ = true;
    sleep(absent_pause);
    return true;
  }

  bool follow() {
    bool gone = false;
    auto status = client_.stream(
        path() + "?watch=1&allowWatchBookmarks=true&timeoutSeconds=290&resourceVersion=" + version_,
        [&](std::string_view line) { return event(line, gone); }, watch_.stop_);
    if (!status) return unreachable(status.error().message);
    if (gone || *status == 410) version_.clear();
    if (*status == 200 || *status == 410) return true;
    version_.clear();
    return failed(refusal("watch", *status));
  }

  bool event(std::string_view line, bool& gone) {
    auto parsed = parse(std::string(line));
    if (!parsed) return true;
    const yaml::Node& root = *parsed->documents.front().root;
    const std::string type = member(&root, "type");
    const yaml::Node* object = root.find("object");
    if (!object || type == "ERROR") {
      gone = true;
      return false;
    }
    if (const std::string version = member(object->find("metadata"), "resourceVersion"); !version.empty())
      version_ = version;
    if (!delivered_) watch_.well(number_);
    delivered_ = true;
    if (type == "BOOKMARK") return true;
    kube::RawObject raw{document(parsed), object, {}, {}};
    if (const yaml::Node* v = object->find("apiVersion"); v && v->is_string()) raw.api_version = v->string();
    if (const yaml::Node* k = object->find("kind"); k && k->is_string()) raw.kind = k->string();
    watch_.change(number_, type == "DELETED", std::move(raw));
    return true;
  }

  bool failed(const std::string& why) {
    watch_.tell(number_, why);
    return false;
  }
  bool unreachable(const std::string& why) {
    watch_.tell_outage(why);
    return false;
  }
  std::string refusal(const char* verb, long status) const {
    const std::string what = kind_.plural + (kind_.group.empty() ? "" : "." + kind_.group);
    if (status == 403)
      return std::string("this user may not ") + verb + " " + what + " in all namespaces; grant get, list and watch";
    if (status == 401) return "the API server refused the credentials (401)";
    return "the API server answered " + std::to_string(status) + " to a " + verb + " of " + what;
  }

  void sleep(std::chrono::milliseconds time) const {
    for (auto slept = 0ms; slept < time && !watch_.stop_; slept += 50ms) std::this_thread::sleep_for(50ms);
  }

  Watch& watch_;
  const std::size_t number_;
  const WatchedKind& kind_;
  Client client_;
  std::size_t candidate_ = 0;  // of kind_.versions
  std::string version_;        // resourceVersion to go on from; empty: list
  bool delivered_ = false;     // the present watch brought an event
  bool absent_ = false;        // told as not installed
};

Watch::Watch(const Access& access, std::vector<WatchedKind> kinds, std::function<void()> changed,
             std::function<void(const std::string&)> trouble)
    : access_(access),
      kinds_(std::move(kinds)),
      changed_(std::move(changed)),
      trouble_(std::move(trouble)),
      stores_(kinds_.size()),
      listed_(kinds_.size()),
      told_(kinds_.size()) {
  for (std::size_t i = 0; i < kinds_.size(); ++i) threads_.emplace_back([this, i] { Reflector(*this, i).run(); });
}

Watch::~Watch() {
  stop_ = true;
  for (std::thread& thread : threads_) thread.join();
}

void Watch::replace(std::size_t number, Objects objects) {
  {
    std::lock_guard lock(mutex_);
    stores_[number] = std::move(objects);
    listed_[number] = true;
    told_[number].clear();
    outage_.clear();
  }
  changed_();
}

void Watch::change(std::size_t number, bool deleted, kube::RawObject object) {
  {
    std::lock_guard lock(mutex_);
    std::string key = key_of(object);
    if (deleted)
      stores_[number].erase(key);
    else
      stores_[number].insert_or_assign(std::move(key), std::move(object));
  }
  changed_();
}

void Watch::well(std::size_t number) {
  std::lock_guard lock(mutex_);
  told_[number].clear();
  outage_.clear();
}

void Watch::tell(std::size_t number, const std::string& problem) {
  {
    std::lock_guard lock(mutex_);
    if (told_[number] == problem) return;
    told_[number] = problem;
  }
  trouble_(problem);
}

void Watch::tell_outage(const std::string& problem) {
  {
    std::lock_guard lock(mutex_);
    if (!outage_.empty()) return;
    outage_ = problem;
  }
  trouble_(problem + "; trying again");
}

bool Watch::synced() const {
  std::lock_guard lock(mutex_);
  return std::all_of(listed_.begin(), listed_.end(), [](bool listed) { return listed; });
}

std::vector<kube::RawObject> Watch::snapshot() const {
  std::lock_guard lock(mutex_);
  std::vector<kube::RawObject> out;
  for (const Objects& objects : stores_)
    for (const auto& [key, raw] : objects) out.push_back(raw);
  return out;
}

}  // namespace gw::cluster
