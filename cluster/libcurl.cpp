#include "cluster/libcurl.h"

#include <dlfcn.h>

#include <type_traits>

namespace gw::cluster {
namespace {

LibCurl load() {
#ifdef GWCTL_STATIC
  return {};
#else
  void* library = dlopen("libcurl.so.4", RTLD_NOW);
  if (!library) return {};
  LibCurl curl;
  bool all = true;
  const auto find = [&](auto& function, const char* name) {
    function = reinterpret_cast<std::decay_t<decltype(function)> >(dlsym(library, name));
    all = all && function;
  };
  find(curl.global_init, "curl_global_init");
  find(curl.easy_init, "curl_easy_init");
  find(curl.easy_cleanup, "curl_easy_cleanup");
  find(curl.easy_reset, "curl_easy_reset");
  find(curl.easy_setopt, "curl_easy_setopt");
  find(curl.easy_perform, "curl_easy_perform");
  find(curl.easy_getinfo, "curl_easy_getinfo");
  find(curl.easy_strerror, "curl_easy_strerror");
  find(curl.easy_escape, "curl_easy_escape");
  find(curl.free, "curl_free");
  find(curl.slist_append, "curl_slist_append");
  find(curl.slist_free_all, "curl_slist_free_all");
  if (!all || curl.global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) return {};
  return curl;
#endif
}

}  // namespace

const LibCurl& libcurl() {
  static const LibCurl loaded = load();
  return loaded;
}

Error libcurl_missing() {
#ifdef GWCTL_STATIC
  return {"this is the static build, which reads files only",
          "pipe the objects in (kubectl get ingress -A -o yaml | gwctl convert -), or install the deb"};
#else
  return {"libcurl.so.4, which speaks to clusters and gateways, cannot be loaded", "install libcurl4"};
#endif
}

}  // namespace gw::cluster
