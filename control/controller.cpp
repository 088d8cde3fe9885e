// Watch, attach, apply, write status: in this order, so that good status never runs ahead of traffic.
#include "control/controller.h"

#include <chrono>
#include <condition_variable>
#include <ctime>
#include <exception>
#include <map>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "cluster/watch.h"
#include "control/infrastructure.h"
#include "kube/kinds.h"
#include "route/channel.h"

namespace gw::control {
namespace {

using namespace std::chrono_literals;

std::vector<cluster::WatchedKind> watched_kinds() {
  std::vector<cluster::WatchedKind> out;
  kube::Bundle bundle;
  kube::each_kind(bundle, [&](auto& objects) {
    using T = typename std::decay_t<decltype(objects)>::value_type;
    if constexpr (!std::same_as<T, kube::OtherObject> && !std::same_as<T, kube::Ingress> &&
                  !std::same_as<T, kube::IngressClass>) {
      constexpr const kube::KindInfo& info = kube::KindOf<T>::info;
      std::vector<std::string> versions{std::string(info.version)};
      if (info.group == kube::gateway_group) versions.insert(versions.end(), {"v1beta1", "v1alpha3", "v1alpha2"});
      out.push_back({std::string(info.group), std::string(info.plural), std::string(info.kind), std::move(versions)});
    }
  });
  return out;
}

std::string now() {
  const std::time_t seconds = std::time(nullptr);
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &utc);
  return text;
}

// Wakes the loop; a burst of changes is taken together.
class Bell {
 public:
  void ring() {
    std::lock_guard lock(mutex_);
    rung_ = true;
    waiting_.notify_one();
  }
  // True when something changed; waits at most 100 ms.
  bool wait() {
    std::unique_lock lock(mutex_);
    if (!waiting_.wait_for(lock, 100ms, [&] { return rung_; })) return false;
    rung_ = false;
    return true;
  }

 private:
  std::mutex mutex_;
  std::condition_variable waiting_;
  bool rung_ = false;
};

class Controller {
 public:
  Controller(const cluster::Access& access, Dataplane& dataplane, const ControllerOptions& options)
      : client_(access), dataplane_(dataplane), options_(options) {}

  // What the installed definitions say of themselves. Where they cannot be read: the standard channel.
  void find_release() {
    auto answer =
        client_.get("/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gateways.gateway.networking.k8s.io");
    if (!answer || answer->status != 200) return;
    const auto definition = nlohmann::json::parse(answer->body, nullptr, false);
    const nlohmann::json::json_pointer annotations("/metadata/annotations");
    const auto noted = definition.is_object() ? definition.value(annotations, nlohmann::json()) : nlohmann::json();
    if (!noted.is_object()) return;
    const bool experimental = noted.value("gateway.networking.k8s.io/channel", "") == "experimental";
    const std::string version = noted.value("gateway.networking.k8s.io/bundle-version", "");
    release_ = route::release_of(version, experimental ? route::Channel::experimental : route::Channel::standard);
    if (options_.log)
      options_.log("Gateway API " + version + ", " + (experimental ? "experimental" : "standard") + " channel");
  }

  // False when a write has to be tried again.
  bool reconcile(const std::vector<kube::RawObject>& raw) {
    diag::Sources sources;
    diag::Sink sink;  // what does not decode was refused by the API server's schema already
    const kube::Bundle bundle = kube::decode(raw, {}, sources, sink);
    const kube::Index index(bundle);
    route::AttachOptions attach;
    attach.controller_name = options_.controller_name;
    const route::Attachments attachments = route::attach(index, attach, options_.certificates, release_);
    const GatewayStates states = dataplane_.apply(index, attachments);
    if (options_.applied) options_.applied();
    bool done = true;
    for (const StatusUpdate& update :
         status_updates(index, attachments, states, {options_.controller_name, now(), release_}))
      done = write(update) && done;
    for (const Manifest& manifest : infrastructure_.changed(attachments)) {
      if (apply(manifest)) continue;
      infrastructure_.failed(manifest);
      done = false;
    }
    return done;
  }

 private:
  bool write(const StatusUpdate& update) {
    std::string path = "/apis/" + update.object.api_version;
    if (!update.object.ns.empty()) path += "/namespaces/" + update.object.ns;
    path += "/" + update.plural + "/" + update.object.name + "/status";
    std::string body = update.json;
    if (!update.resource_version.empty())
      body.insert(1, R"("metadata":{"resourceVersion":")" + update.resource_version + "\"},");
    return answered(client_.patch(path, "application/merge-patch+json", body), "status of " + update.object.display());
  }

  bool apply(const Manifest& manifest) {
    return answered(
        client_.patch(manifest.path + "?fieldManager=gwctl&force=true", "application/apply-patch+yaml", manifest.json),
        manifest.path);
  }

  // 404: deleted meanwhile. 409: changed meanwhile; the change comes as an event.
  bool answered(const Result<cluster::Response>& response, const std::string& what) {
    if (response && (response->status < 300 || response->status == 404 || response->status == 409)) {
      told_.erase(what);
      return true;
    }
    const std::string why = !response                 ? response.error().message
                            : response->status == 403 ? std::string("this user may not patch it")
                                                      : "the API server answered " + std::to_string(response->status);
    if (std::string& before = told_[what]; before != why) {
      before = why;
      if (options_.log) options_.log("cannot write " + what + ": " + why + "; trying again");
    }
    return false;
  }

  cluster::Client client_;
  Dataplane& dataplane_;
  const ControllerOptions& options_;
  Infrastructure infrastructure_;
  route::Release release_{route::Channel::standard, 6};  // what is installed; the least where nobody says
  std::map<std::string, std::string> told_;              // what cannot be written -> why, as told last
};

constexpr std::chrono::milliseconds first_pause = 500ms, last_pause = 60s;

}  // namespace

Status run_controller(const cluster::Access& access, Dataplane& dataplane, const ControllerOptions& options,
                      const std::atomic<bool>& stop) {
  if (auto version = cluster::Client(access).get("/version"); !version)
    return version.error();
  else if (version->status == 401 || version->status == 403)
    return Error{"the API server refused the credentials (" + std::to_string(version->status) + ")",
                 "check --kubeconfig and --context"};
  Bell bell;
  cluster::Watch watch(
      access, watched_kinds(), [&] { bell.ring(); },
      [&](const std::string& problem) {
        if (options.log) options.log(problem);
      });
  Controller controller(access, dataplane, options);
  controller.find_release();
  using Clock = std::chrono::steady_clock;
  auto again = Clock::time_point::max(), free = Clock::time_point::min();
  std::chrono::milliseconds pause = first_pause;
  while (!stop) {
    const bool due = Clock::now() >= again;
    if ((!bell.wait() && !due) || !watch.synced()) continue;
    // Half of the time is left to the data plane, however fast changes come.
    while (!stop && Clock::now() < free)
      std::this_thread::sleep_for(std::min<Clock::duration>(free - Clock::now(), 50ms));
    const auto began = Clock::now();
    bool done = false;
    try {
      done = controller.reconcile(watch.snapshot());
    } catch (const std::exception& error) {  // a fault of ours: the table before stays in use
      if (options.log) options.log(std::string("internal error: ") + error.what() + "; the routes before stay in use");
    }
    free = Clock::now() + (Clock::now() - began);
    again = done ? Clock::time_point::max() : Clock::now() + pause;
    pause = done ? first_pause : std::min(pause * 2, last_pause);
  }
  return Unit{};
}

}  // namespace gw::control
