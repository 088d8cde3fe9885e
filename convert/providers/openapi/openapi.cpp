#include "convert/providers/openapi/openapi.h"

#include <algorithm>

#include "convert/object_names.h"
#include "convert/providers/common.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/own.h"
#include "convert/providers/site.h"
#include "convert/regex.h"

namespace gw::convert {
namespace {

constexpr std::string_view methods[] = {"get", "put", "post", "delete", "options", "head", "patch", "trace"};

struct Place {
  std::string host, base;
  bool http = true, https = true;
};

class Reader {
 public:
  Reader(const Input& input, Ir& ir, Ledger& ledger)
      : input_(input), ir_(ir), ledger_(ledger), site_("openapi", input, ir, ledger) {}

  void run() {
    for (const kube::OtherObject* object : input_.own)
      if (object->node) read(*object);
    site_.finish(false);
  }

 private:
  void read(const kube::OtherObject& object) {
    Fields root(object, object.node, "", ledger_);
    const std::vector<Place> own = places(root);
    service(object, root);
    if (root.has("security"))
      tell(ledger_, root.ref("security"), Outcome::approximated,
           "what the API asks of its callers is checked by the backend: the gateway lets every request through",
           Loss::none);
    Fields paths = root.object("paths");
    if (!paths) {
      tell(ledger_, root.ref(), Outcome::ignored, "it has no paths", Loss::none);
      return;
    }
    for (const yaml::Entry& e : paths.node()->entries()) {
      const std::string path(e.key.string());
      if (path.starts_with("x-")) continue;
      Fields item = paths.object(path);
      if (!path.starts_with('/')) {
        tell(ledger_, item.ref(), Outcome::refused, "a path starts with '/'", Loss::other);
        continue;
      }
      if (item.take("$ref")) {
        tell(ledger_, item.ref("$ref"), Outcome::refused, "a path in another place is not read: write it here",
             Loss::other);
        continue;
      }
      const std::vector<Place> here = item.has("servers") ? places(item) : own;
      add(object, item, path, here);
    }
  }

  // servers: scheme, host and base path; variables take their default.
  std::vector<Place> places(Fields& f) {
    std::vector<Place> all;
    for (const yaml::Node* item : f.items("servers")) {
      Fields server = f.at(*item, "servers[]");
      std::string url = server.text("url");
      Fields variables = server.object("variables");
      for (std::size_t at; (at = url.find('{')) != std::string::npos;) {
        const std::size_t end = url.find('}', at);
        if (end == std::string::npos) break;
        const std::string value = variables.object(url.substr(at + 1, end - at - 1)).text("default");
        url.replace(at, end - at + 1, value);
      }
      Place place;
      if (const auto parsed = nginx::parse_url(url)) {
        place.host = nginx::lower(parsed->host);
        place.base = parsed->path;
        place.http = parsed->scheme == "http";
        place.https = parsed->scheme == "https";
      } else if (url.starts_with('/')) {
        place.base = url;
      } else {
        tell(ledger_, server.ref("url"), Outcome::refused, "'" + url + "' is neither a URL nor a path", Loss::other);
        continue;
      }
      while (place.base.ends_with('/')) place.base.pop_back();
      const auto same = std::find_if(all.begin(), all.end(),
                                     [&](const Place& p) { return p.host == place.host && p.base == place.base; });
      if (same == all.end())
        all.push_back(std::move(place));
      else
        same->http = same->http || place.http, same->https = same->https || place.https;
    }
    if (all.empty()) all.emplace_back();
    return all;
  }

  // x-gwctl-service: {name, namespace, port}; else the title names it.
  void service(const kube::OtherObject& object, Fields& root) {
    backends_.clear();
    Fields own = root.object("x-gwctl-service");
    std::string name = own.text("name"), ns = own.text("namespace"), port = own.text("port");
    if (ns.empty()) ns = object.metadata.ns;
    if (port.empty()) port = "80";
    if (name.empty()) {
      name = object.metadata.name;
      ledger_.note({"GW608",
                    diag::Severity::warning,
                    "no Service is named; '" + ns + "/" + name + "' port " + port + " is written, after the title",
                    {},
                    &object,
                    nullptr,
                    "write x-gwctl-service: {name: ..., namespace: ..., port: ...} at the top of the document"});
    }
    own.rest();
    if (const auto backend = own_backend(object, own.node(), ns, name, port, input_, ir_, ledger_))
      backends_.push_back(*backend);
  }

  void add(const kube::OtherObject& object, const Fields& item, const std::string& path,
           const std::vector<Place>& here) {
    std::vector<std::string> wanted;
    for (const std::string_view method : methods)
      if (item.has(method)) {
        wanted.emplace_back(method);
        for (char& c : wanted.back()) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
      }
    if (wanted.empty()) return;
    Wishes& w = site_.wishes(object);
    for (const Place& place : here) {
      SiteRule rule;
      rule.owner = &object;
      rule.at = item.node();
      rule.host = normal_host(ir_.keep(place.host), ir_);
      rule.wishes = &w;
      rule.methods = wanted;
      rule.backends = backends_;
      rule.http = place.http;
      rule.https = place.https;
      shape(rule, place.base + path);
      if (place.https && !place.host.empty() && !place.http)
        site_.certificate(rule.host, object, item.node(), object.metadata.ns, {});
      site_.add(std::move(rule));
    }
  }

  // "/users/{id}": concrete paths go before templated ones, more literal text before less.
  void shape(SiteRule& rule, const std::string& path) {
    if (path.find('{') == std::string::npos) {
      rule.reach = Reach::exact;
      rule.text = ir_.keep(path);
      rule.rank = 1'000'000;
      return;
    }
    std::string pattern;
    long literals = 0;
    for (std::size_t at = 0; at < path.size(); ++at) {
      const std::size_t end = path[at] == '{' ? path.find('}', at) : std::string::npos;
      if (end == std::string::npos) {
        pattern += escape_regex(std::string_view(path).substr(at, 1));
        ++literals;
        continue;
      }
      pattern += "[^/]+";
      at = end;
    }
    rule.reach = Reach::regex;
    rule.text = ir_.keep(std::move(pattern));
    rule.rank = literals;
  }

  const Input& input_;
  Ir& ir_;
  Ledger& ledger_;
  Site site_;
  std::vector<Backend> backends_;
};

}  // namespace

void read_openapi(const Input& input, Ir& ir, Ledger& ledger) {
  Reader(input, ir, ledger).run();
}

}  // namespace gw::convert
