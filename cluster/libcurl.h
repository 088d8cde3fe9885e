// libcurl, loaded by the first request: it brings some 25 libraries, which commands that read files never need.
#pragma once
#include <curl/curl.h>

#include <string>

#include "diag/result.h"

namespace gw::cluster {

// The functions of the same names with "curl_".
struct LibCurl {
  decltype(&::curl_global_init) global_init = nullptr;
  decltype(&::curl_easy_init) easy_init = nullptr;
  decltype(&::curl_easy_cleanup) easy_cleanup = nullptr;
  decltype(&::curl_easy_reset) easy_reset = nullptr;
  decltype(&::curl_easy_setopt) easy_setopt = nullptr;
  decltype(&::curl_easy_perform) easy_perform = nullptr;
  decltype(&::curl_easy_getinfo) easy_getinfo = nullptr;
  decltype(&::curl_easy_strerror) easy_strerror = nullptr;
  decltype(&::curl_easy_escape) easy_escape = nullptr;
  decltype(&::curl_free) free = nullptr;
  decltype(&::curl_slist_append) slist_append = nullptr;
  decltype(&::curl_slist_free_all) slist_free_all = nullptr;
};

// Initialized; without easy_init where libcurl.so.4 is not installed.
const LibCurl& libcurl();
Error libcurl_missing();  // why there is none, and what to install

// Headers and the like.
class CurlList {
 public:
  CurlList() = default;
  ~CurlList() { clear(); }
  CurlList(const CurlList&) = delete;
  // A line "Name: value", copied.
  void add(const std::string& line) { list_ = libcurl().slist_append(list_, line.c_str()); }
  // Frees every line.
  void clear() {
    if (list_) libcurl().slist_free_all(list_);
    list_ = nullptr;
  }
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

}  // namespace gw::cluster
