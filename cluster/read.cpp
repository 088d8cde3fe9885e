// Paged lists of every kind that matters to a migration.
#include "cluster/read.h"

#include <curl/curl.h>

#include <algorithm>
#include <nlohmann/json.hpp>

#include "kube/kinds.h"
#include "yaml/read.h"

namespace gw::cluster {
namespace {

struct Resource {
  std::string group, version, plural, kind;
  bool namespaced = true;
};

// Groups whose every kind is of interest: Gateway API policies and the controllers' own resources.
constexpr std::string_view vendor_groups[] = {"gateway.networking.k8s.io",
                                              "gateway.networking.x-k8s.io",
                                              "gateway.envoyproxy.io",
                                              "gateway.nginx.org",
                                              "traefik.io",
                                              "projectcontour.io",
                                              "configuration.konghq.com",
                                              "k8s.nginx.org",
                                              "networking.istio.io",
                                              "cloud.google.com",
                                              "networking.gke.io",
                                              "cilium.io"};

std::string base_path(const Resource& resource, const std::string& ns) {
  std::string path =
      resource.group.empty() ? "/api/" + resource.version : "/apis/" + resource.group + "/" + resource.version;
  if (!ns.empty() && resource.namespaced) path += "/namespaces/" + ns;
  return path + "/" + resource.plural;
}

std::string escaped(const std::string& text) {
  char* raw = curl_easy_escape(nullptr, text.c_str(), static_cast<int>(text.size()));
  std::string out = raw ? raw : "";
  curl_free(raw);
  return out;
}

class Reader {
 public:
  Reader(Client& client, const ReadOptions& options, diag::Sources& sources, diag::Sink& sink)
      : client_(client), options_(options), sources_(sources), sink_(sink) {}

  Result<std::vector<kube::RawObject>> run() {
    for (const Resource& resource : core_resources())
      if (auto done = list(resource); !done) return done.error();
    auto vendors = discover();
    if (!vendors) return vendors.error();
    for (const Resource& resource : *vendors)
      if (auto done = list(resource); !done) return done.error();
    return std::move(objects_);
  }

 private:
  static std::vector<Resource> core_resources() {
    std::vector<Resource> out;
    kube::Bundle bundle;
    kube::each_kind(bundle, [&](auto& objects) {
      using T = typename std::decay_t<decltype(objects)>::value_type;
      if constexpr (!std::same_as<T, kube::OtherObject>) {
        constexpr const kube::KindInfo& info = kube::KindOf<T>::info;
        if (info.group != kube::gateway_group)  // those come by discovery, in the version that is installed
          out.push_back({std::string(info.group), std::string(info.version), std::string(info.plural),
                         std::string(info.kind), info.namespaced});
      }
    });
    return out;
  }

  // The preferred version of each interesting group and what it serves.
  Result<std::vector<Resource>> discover() {
    auto groups = client_.get("/apis");
    if (!groups) return groups.error();
    std::vector<Resource> out;
    const auto answer = nlohmann::json::parse(groups->body, nullptr, false);
    if (groups->status != 200 || !answer.contains("groups")) {
      refused("the API groups", "", groups->status);
      return out;
    }
    for (const auto& group : answer["groups"]) {
      const std::string name = group.value("name", "");
      if (std::find(std::begin(vendor_groups), std::end(vendor_groups), name) == std::end(vendor_groups)) continue;
      if (auto served = served_by(name, group, out); !served) return served.error();
    }
    return out;
  }

  // A kind may live in another than the preferred version only; the first version that serves it is taken.
  Status served_by(const std::string& group, const nlohmann::json& versions, std::vector<Resource>& out) {
    std::vector<std::string> order{versions["preferredVersion"].value("version", "")};
    for (const auto& version : versions["versions"])
      if (version.value("version", "") != order.front()) order.push_back(version.value("version", ""));
    for (const std::string& version : order) {
      auto list = client_.get("/apis/" + group + "/" + version);
      if (!list) return list.error();
      const auto resources = nlohmann::json::parse(list->body, nullptr, false);
      if (list->status != 200 || !resources.contains("resources")) continue;
      for (const auto& resource : resources["resources"]) add_served(group, version, resource, out);
    }
    return Unit{};
  }

  static void add_served(const std::string& group, const std::string& version, const nlohmann::json& resource,
                         std::vector<Resource>& out) {
    const std::string plural = resource.value("name", "");
    const auto verbs = resource.value("verbs", std::vector<std::string>());
    if (plural.find('/') != std::string::npos || std::find(verbs.begin(), verbs.end(), "list") == verbs.end()) return;
    const bool known =
        std::any_of(out.begin(), out.end(), [&](const Resource& r) { return r.group == group && r.plural == plural; });
    if (!known) out.push_back({group, version, plural, resource.value("kind", ""), resource.value("namespaced", true)});
  }

  Status list(const Resource& resource) {
    std::string next;
    std::size_t count = 0;
    do {
      std::string path = base_path(resource, options_.ns) + "?limit=" + std::to_string(options_.page);
      if (!options_.selector.empty() && resource.kind == "Ingress")
        path += "&labelSelector=" + escaped(options_.selector);
      if (!next.empty()) path += "&continue=" + escaped(next);
      auto page = client_.get(path);
      if (!page) return page.error();
      if (page->status == 404) return Unit{};
      if (page->status == 410 && !next.empty()) return restart(resource);
      if (page->status != 200) {
        refused(resource.plural, options_.ns, page->status);
        return Unit{};
      }
      next = add_page(resource, std::move(page->body), count);
    } while (!next.empty());
    return Unit{};
  }

  // The list changed under us for so long that its pages have expired: read it in one.
  Status restart(const Resource& resource) {
    std::erase_if(objects_, [&](const kube::RawObject& raw) { return raw.kind == resource.kind; });
    auto whole = client_.get(base_path(resource, options_.ns));
    if (!whole) return whole.error();
    std::size_t count = 0;
    if (whole->status == 200)
      add_page(resource, std::move(whole->body), count);
    else
      refused(resource.plural, options_.ns, whole->status);
    return Unit{};
  }

  // Returns the continue token.
  std::string add_page(const Resource& resource, std::string body, std::size_t& count) {
    const diag::FileId file = sources_.add("cluster: " + resource.plural, std::move(body));
    yaml::Limits limits;
    limits.file_bytes = std::size_t{512} << 20;
    const auto documents = yaml::read(file, sources_, limits, sink_);
    if (documents.empty()) return {};
    auto more = kube::objects(documents, sink_);
    count += more.size();
    std::move(more.begin(), more.end(), std::back_inserter(objects_));
    const yaml::Node* metadata = documents.front().root->find("metadata");
    const yaml::Node* token = metadata ? metadata->find("continue") : nullptr;
    const yaml::Node* left = metadata ? metadata->find("remainingItemCount") : nullptr;
    const std::int64_t rest = left && left->kind() == yaml::Kind::integer ? left->integer() : 0;
    if (options_.progress)
      options_.progress(resource.plural, count, static_cast<std::size_t>(std::max<std::int64_t>(rest, 0)));
    return token && token->is_string() ? std::string(token->string()) : std::string();
  }

  void refused(const std::string& what, const std::string& ns, long status) {
    diag::Diagnostic d;
    d.code = "GW018";
    d.severity = diag::Severity::warning;
    d.layer = "reference";
    const std::string where = ns.empty() ? "in all namespaces" : "in namespace " + ns;
    d.message = status == 403 || status == 401 ? "this user may not list " + what + " " + where
                                               : "the API server answered " + std::to_string(status) + " for " + what;
    d.help = status == 403 && ns.empty() ? "grant 'list' on " + what + ", or choose one namespace with -n"
                                         : "what depends on it could not be checked";
    sink_.report(std::move(d));
  }

  Client& client_;
  const ReadOptions& options_;
  diag::Sources& sources_;
  diag::Sink& sink_;
  std::vector<kube::RawObject> objects_;
};

}  // namespace

Result<std::vector<kube::RawObject>> read(Client& client, const ReadOptions& options, diag::Sources& sources,
                                          diag::Sink& sink) {
  return Reader(client, options, sources, sink).run();
}

}  // namespace gw::cluster
