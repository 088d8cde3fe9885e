// Paged lists of every kind that matters to a migration.
#include "cluster/read.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "cluster/libcurl.h"
#include "kube/kinds.h"
#include "vendors/gateways.h"
#include "vendors/ingress_controllers.h"
#include "yaml/read.h"
#include "yaml/write.h"

namespace gw::cluster {
namespace {

struct Resource {
  std::string group, version, plural, kind;
  bool namespaced = true;
};

// Groups whose every kind is of interest: Gateway API policies and the resources of controllers and gateways.
bool vendor_group(std::string_view group) {
  // Beside those of the tables in vendors/.
  static constexpr std::string_view more[] = {"gateway.networking.k8s.io",
                                              "gateway.networking.x-k8s.io",
                                              "ingress.v1.haproxy.org",
                                              "ingress.v3.haproxy.org",
                                              "core.haproxy.org",
                                              "elbv2.k8s.aws",
                                              "cloud.google.com",
                                              "networking.gke.io",
                                              "cilium.io"};
  if (std::find(std::begin(more), std::end(more), group) != std::end(more)) return true;
  for (const vendors::IngressController& row : vendors::ingress_controllers())
    for (const vendors::OwnKind& own : row.kinds)
      if (own.group == group) return true;
  const auto all = vendors::gateways();
  return std::any_of(all.begin(), all.end(),
                     [&](const vendors::Gateway& row) { return row.group == group && !group.empty(); });
}

// Types of Secrets that no gateway uses; they may be most of a cluster's bytes.
constexpr std::string_view useless_secrets =
    "type!=helm.sh/release.v1,type!=kubernetes.io/service-account-token,type!=kubernetes.io/dockerconfigjson,"
    "type!=kubernetes.io/dockercfg,type!=bootstrap.kubernetes.io/token";

// Percent-encoded. Nothing is, before discovery has had its answers: libcurl is there.
std::string escaped(const std::string& text) {
  const LibCurl& curl = libcurl();
  char* raw = curl.easy_escape(nullptr, text.c_str(), static_cast<int>(text.size()));
  std::string out = raw ? raw : "";
  curl.free(raw);
  return out;
}

std::string list_path(const Resource& resource, const std::string& ns, const ReadOptions& options) {
  std::string path =
      resource.group.empty() ? "/api/" + resource.version : "/apis/" + resource.group + "/" + resource.version;
  if (!ns.empty() && resource.namespaced) path += "/namespaces/" + escaped(ns);
  path += "/" + resource.plural + "?";
  if (resource.kind == "Ingress" && !options.selector.empty())
    path += "labelSelector=" + escaped(options.selector) + "&";
  if (resource.kind == "Secret") path += "fieldSelector=" + escaped(std::string(useless_secrets)) + "&";
  return path;
}

// What the API server writes into an object and no manifest holds.
bool written_by_server(std::string_view key) {
  constexpr std::string_view keys[] = {"managedFields", "uid",        "resourceVersion",           "generation",
                                       "selfLink",      "finalizers", "deletionGracePeriodSeconds"};
  return std::find(std::begin(keys), std::end(keys), key) != std::end(keys);
}

// The text of one object as a person would have written it.
std::string manifest(const kube::RawObject& raw) {
  std::string out;
  yaml::Writer writer(yaml::Style::yaml, out);
  writer.begin_document();
  writer.begin_map();
  writer.key("apiVersion");
  writer.string(raw.api_version);
  writer.key("kind");
  writer.string(raw.kind);
  for (const yaml::Entry& entry : raw.node->entries()) {
    const std::string_view key = entry.key.string();
    if (key == "apiVersion" || key == "kind" || key == "status") continue;
    writer.key(key);
    if (key != "metadata" || !entry.value.is_map()) {
      writer.node(entry.value);
      continue;
    }
    writer.begin_map();
    for (const yaml::Entry& field : entry.value.entries()) {
      if (written_by_server(field.key.string())) continue;
      writer.key(field.key.string());
      writer.node(field.value);
    }
    writer.end_map();
  }
  writer.end_map();
  writer.end_document();
  out.shrink_to_fit();  // it is kept, and there are thousands
  return out;
}

std::string member(const yaml::Node* node, std::string_view key) {
  const yaml::Node* value = node ? node->find(key) : nullptr;
  return value && value->is_string() ? std::string(value->string()) : std::string();
}

constexpr std::size_t most_bytes = std::size_t{2} << 30;  // of the pages of one list

class Reader {
 public:
  Reader(Client& client, const ReadOptions& options, diag::Sources& sources, diag::Sink& sink)
      : client_(client), options_(options), sources_(sources), sink_(sink) {}

  Result<std::vector<kube::RawObject>> run() {
    auto groups = discovered();
    if (!groups) return groups.error();
    std::vector<Resource> resources = core_resources();
    resources.insert(resources.end(), groups->begin(), groups->end());
    for (const Resource& resource : resources)
      if (auto done = list(resource); !done) return done.error();
    // Nothing seen is not nothing there.
    if (!answered_)
      return Error{"the API server " + client_.server() + " answered " + std::to_string(refusal_) + " to every list" +
                       (refused_in_.empty() ? "" : " in namespace " + refused_in_),
                   refusal_ == 403
                       ? "this user may list nothing there: choose another namespace with -n, or grant 'list'"
                       : "nothing of the cluster was read; is the server well?"};
    return std::move(objects_);
  }

  Result<std::vector<yaml::Document>> definitions() {
    limits_.depth = 1000;  // schemas nest deeper than manifests
    const Resource resource{"apiextensions.k8s.io", "v1", "customresourcedefinitions", "CustomResourceDefinition",
                            false};
    auto status = pages(resource, "");
    if (!status) return status.error();
    if (*status != 200)
      return Error{"the API server answered " + std::to_string(*status) + " for " + name_of(resource),
                   "grant 'list' on " + name_of(resource) + ", or give the definitions as files"};
    std::vector<yaml::Document> out;
    for (const kube::RawObject& object : objects_) out.push_back(object.document);
    return out;
  }

 private:
  // The typed kinds outside Gateway API; those come by discovery, in the version that is installed.
  static std::vector<Resource> core_resources() {
    std::vector<Resource> out = typed_resources();
    std::erase_if(out, [](const Resource& r) { return r.group == kube::gateway_group; });
    return out;
  }

  static std::vector<Resource> typed_resources() {
    std::vector<Resource> out;
    kube::Bundle bundle;
    kube::each_kind(bundle, [&](auto& objects) {
      using T = typename std::decay_t<decltype(objects)>::value_type;
      if constexpr (!std::same_as<T, kube::OtherObject>) {
        constexpr const kube::KindInfo& info = kube::KindOf<T>::info;
        out.push_back({std::string(info.group), std::string(info.version), std::string(info.plural),
                       std::string(info.kind), info.namespaced});
      }
    });
    return out;
  }

  // The same where the answer has another shape than discovery's.
  Result<std::vector<Resource>> discovered() {
    try {
      return discover();
    } catch (const nlohmann::json::exception&) {
      return Error{"the API server's list of API groups cannot be read",
                   "is " + client_.server() + " a Kubernetes API server?"};
    }
  }

  // The preferred version of each interesting group and what it serves.
  Result<std::vector<Resource>> discover() {
    auto groups = client_.get("/apis");
    if (!groups) return groups.error();
    if (groups->status == 401)
      return Error{"the API server " + client_.server() + " refused the credentials (401)",
                   "check --kubeconfig and --context, or log in again"};
    std::vector<Resource> out;
    const auto answer = nlohmann::json::parse(groups->body, nullptr, false);
    if (groups->status != 200 || !answer.is_object() || !answer.contains("groups")) {
      refused("the API groups (discovery)", "", groups->status);
      for (Resource& resource : typed_resources())
        if (resource.group == kube::gateway_group) out.push_back(std::move(resource));
      return out;
    }
    for (const auto& group : answer["groups"]) {
      const std::string name = group.value("name", "");
      if (!vendor_group(name)) continue;
      if (auto served = served_by(name, group, out); !served) return served.error();
    }
    return out;
  }

  // A kind may live in another than the preferred version only; the first version that serves it is taken.
  Status served_by(const std::string& group, const nlohmann::json& versions, std::vector<Resource>& out) {
    std::vector<std::string> order{versions.value("preferredVersion", nlohmann::json::object()).value("version", "")};
    for (const auto& version : versions.value("versions", nlohmann::json::array()))
      if (version.value("version", "") != order.front()) order.push_back(version.value("version", ""));
    for (const std::string& version : order) {
      if (version.empty()) continue;
      auto list = client_.get("/apis/" + group + "/" + version);
      if (!list) return list.error();
      const auto resources = nlohmann::json::parse(list->body, nullptr, false);
      if (list->status != 200 || !resources.is_object() || !resources.contains("resources")) continue;
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
    auto status = pages(resource, options_.ns);
    if (!status) return status.error();
    if (*status != 403 || !resource.namespaced || !options_.ns.empty() || options_.fallback.empty())
      return told(resource, options_.ns, *status);
    // Every namespace was wanted; this user may see one.
    auto instead = pages(resource, options_.fallback);
    if (!instead) return instead.error();
    if (*instead == 200) return only(resource);
    return told(resource, options_.fallback, *instead);
  }

  // Reads every page. Returns the HTTP status that ended it: 200, or that of a refusal.
  Result<long> pages(const Resource& resource, const std::string& ns) {
    const std::string base = list_path(resource, ns, options_);
    const std::size_t before = objects_.size();
    std::string next;
    std::size_t bytes = 0;
    do {
      std::string path = base + "limit=" + std::to_string(options_.page);
      if (!next.empty()) path += "&continue=" + escaped(next);
      auto page = client_.get(path);
      if (!page) return page.error();
      if (page->status == 410 && !next.empty()) {
        // The list changed under us for so long that its pages have expired: read it in one.
        objects_.resize(before);
        page = client_.get(base.substr(0, base.size() - 1));
        if (!page) return page.error();
      }
      if (page->status != 200) return page->status;
      bytes += page->body.size();
      auto more = add_page(resource, std::move(page->body), before);
      if (!more) return more.error();
      if (!more->empty() && (*more == next || bytes > most_bytes))
        return Error{"the API server's list of " + resource.plural + " does not end",
                     *more == next ? "it gave the same continue token twice" : "the limit is 2 GiB of one kind"};
      next = std::move(*more);
    } while (!next.empty());
    answered_ = true;
    return 200L;
  }

  // Returns the continue token.
  Result<std::string> add_page(const Resource& resource, std::string body, std::size_t before) {
    diag::Sources page;
    diag::Sink unreadable;  // places in the page mean nothing to the user
    yaml::Limits limits = limits_;
    limits.file_bytes = std::size_t{512} << 20;
    const diag::FileId file = page.add("cluster:" + resource.plural, std::move(body));
    const auto documents = yaml::read(file, page, limits, unreadable);
    if (documents.size() != 1 || !documents.front().root->is_map())
      return Error{"the API server's list of " + resource.plural + " cannot be read",
                   "is " + client_.server() + " a Kubernetes API server?"};
    const yaml::Node& root = *documents.front().root;
    for (const kube::RawObject& raw : kube::objects(documents, unreadable)) add_object(raw);
    const yaml::Node* metadata = root.find("metadata");
    const yaml::Node* left = metadata ? metadata->find("remainingItemCount") : nullptr;
    const std::int64_t rest = left && left->kind() == yaml::Kind::integer ? left->integer() : 0;
    if (options_.progress)
      options_.progress(resource.plural, objects_.size() - before,
                        static_cast<std::size_t>(std::max<std::int64_t>(rest, 0)));
    return member(metadata, "continue");
  }

  void add_object(const kube::RawObject& raw) {
    const yaml::Node* metadata = raw.node->find("metadata");
    const std::string ns = member(metadata, "namespace");
    const diag::FileId file =
        sources_.add("cluster:" + std::string(raw.kind) + "/" + (ns.empty() ? "" : ns + "/") + member(metadata, "name"),
                     manifest(raw));
    for (kube::RawObject& object : kube::objects(yaml::read(file, sources_, limits_, sink_), sink_))
      objects_.push_back(std::move(object));
  }

  Status told(const Resource& resource, const std::string& ns, long status) {
    // 404: not installed. 405: a kind that cannot be listed.
    if (status != 200) {
      refusal_ = status;
      if (resource.namespaced) refused_in_ = ns;
    }
    if (status != 200 && status != 404 && status != 405)
      refused(name_of(resource), resource.namespaced ? ns : "", status, resource.namespaced);
    return Unit{};
  }

  static std::string name_of(const Resource& resource) {
    return resource.plural + (resource.group.empty() ? "" : "." + resource.group);
  }

  Status only(const Resource& resource) {
    report("this user may not list " + name_of(resource) + " in all namespaces; only namespace " + options_.fallback +
               " was read",
           "grant 'list' on " + name_of(resource) + " to see the others");
    return Unit{};
  }

  void refused(const std::string& what, const std::string& ns, long status, bool namespaced = false) {
    const std::string where = !ns.empty() ? "in namespace " + ns : namespaced ? "in all namespaces" : "in the cluster";
    if (status == 401 || status == 403)
      report("this user may not list " + what + " " + where,
             namespaced && ns.empty() ? "grant 'list' on " + what + ", or choose one namespace with -n"
                                      : "grant 'list' on " + what + "; what depends on them could not be checked");
    else
      report("the API server answered " + std::to_string(status) + " for " + what + " " + where,
             "what depends on them could not be checked");
  }

  void report(std::string message, std::string help) {
    diag::Diagnostic d;
    d.code = "GW020";
    d.severity = diag::Severity::warning;
    d.layer = "reference";
    d.message = std::move(message);
    d.help = std::move(help);
    sink_.report(std::move(d));
  }

  Client& client_;
  const ReadOptions& options_;
  diag::Sources& sources_;
  diag::Sink& sink_;
  yaml::Limits limits_;
  std::vector<kube::RawObject> objects_;
  bool answered_ = false;   // one list at least
  long refusal_ = 0;        // the last one's status
  std::string refused_in_;  // and its namespace, where only some were asked for
};

}  // namespace

Result<std::vector<kube::RawObject>> read(Client& client, const ReadOptions& options, diag::Sources& sources,
                                          diag::Sink& sink) {
  return Reader(client, options, sources, sink).run();
}

Result<std::vector<yaml::Document>> read_definitions(Client& client, diag::Sources& sources, diag::Sink& sink) {
  ReadOptions options;
  options.page = 50;  // a definition may have a megabyte
  return Reader(client, options, sources, sink).definitions();
}

}  // namespace gw::cluster
