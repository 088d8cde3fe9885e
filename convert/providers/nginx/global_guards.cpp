#include "convert/providers/nginx/global_guards.h"

#include <algorithm>

#include "convert/providers/config_maps.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/nginx/rows.h"
#include "convert/providers/nginx/snippet.h"
#include "convert/providers/sentences.h"
#include "convert/providers/values.h"

namespace gw::convert::nginx {
namespace {

constexpr std::string_view needs_lists =
    "Gateway API has no address lists; use a target with policies (--to envoy-gateway)";

bool given(std::string_view value) {
  return !trim(value).empty();
}

struct Maker {
  const kube::ConfigMap& map;
  Settings& settings;
  Ir& ir;

  std::string text(const char* key) const {
    const std::string* value = kube::find(map.data, key);
    return value ? std::string(trim(*value)) : std::string();
  }
  Intent intent(Demand demand, Loss loss, std::string_view without, const std::string& key) const {
    return {std::move(demand), {}, loss, Outcome::refused, without, field_of(map, key)};
  }
};

void external_auth(const Maker& m, const std::string& key, const std::string& value) {
  const auto url = parse_url(value);
  if (!url) {
    m.settings.auth.push_back(m.intent(Foreign{value}, Loss::auth, "it is no URL", key));
    return;
  }
  ExternalAuth auth = external_auth(*url, value, m.map.metadata.ns);
  auth.method = m.text("global-auth-method");
  auth.signin = m.text("global-auth-signin");
  auth.response_headers = split(m.text("global-auth-response-headers"));
  m.settings.auth.push_back(m.intent(std::move(auth), Loss::auth, sentence::auth, key));
}

void addresses(const Maker& m, const std::string& key, const std::string& value, bool deny, std::vector<Intent>& to) {
  std::vector<std::string> bad;
  AddressList list{deny, networks(value, bad)};
  Demand demand = list;
  if (!bad.empty() || list.cidrs.empty()) demand = Foreign{value};
  to.push_back(m.intent(std::move(demand), Loss::allow_list, needs_lists, key));
}

struct GuardRow {
  std::string_view key;
  bool (*guards)(std::string_view value);
  void (*read)(const Maker& maker, const std::string& key, const std::string& value);
};

void agents(const Maker& m, const std::string& key, const std::string& value) {
  m.settings.always.push_back(
      m.intent(Foreign{value}, Loss::waf, "it refuses requests by a header, which Gateway API cannot", key));
}
void firewall(const Maker& m, const std::string& key, const std::string& value) {
  m.settings.firewall.push_back(
      m.intent(Waf{value}, Loss::waf, "Gateway API has no firewall; put one behind the gateway or use its own", key));
}
void snippet(const Maker& m, const std::string& key, const std::string& value) {
  m.settings.always.push_back(m.intent(
      Foreign{value}, Loss::snippet,
      m.ir.keep("it holds for every route, and '" + deciding_directive(value) + "' may decide who comes in"), key));
}
bool decides(std::string_view text) {
  return !deciding_directive(text).empty();
}

constexpr GuardRow guard_rows[] = {
    {"global-auth-url", given, external_auth},
    {"whitelist-source-range", given,
     [](const Maker& m, const std::string& key, const std::string& value) {
       addresses(m, key, value, false, m.settings.allow);
     }},
    {"denylist-source-range", given,
     [](const Maker& m, const std::string& key, const std::string& value) {
       addresses(m, key, value, true, m.settings.deny);
     }},
    {"block-cidrs", given,
     [](const Maker& m, const std::string& key, const std::string& value) {
       addresses(m, key, value, true, m.settings.always);
     }},
    {"block-user-agents", given, agents},
    {"block-referers", given, agents},
    {"enable-modsecurity", [](std::string_view v) { return truth(v); }, firewall},
    {"modsecurity-snippet", given, firewall},
    {"http-snippet", decides, snippet},
    {"server-snippet", decides, snippet},
    {"location-snippet", decides, snippet},
    {"global-auth-snippet", decides, snippet},
};

// Said with global-auth-url, or of no effect alone.
constexpr std::string_view companions[] = {"global-auth-method",           "global-auth-signin",
                                           "global-auth-response-headers", "global-auth-signin-redirect-param",
                                           "global-auth-request-redirect", "global-auth-cache-key",
                                           "global-auth-cache-duration",   "global-auth-always-set-cookie",
                                           "enable-owasp-modsecurity-crs"};

const GuardRow* guard_of(std::string_view key) {
  const GuardRow* found = std::ranges::find(guard_rows, key, &GuardRow::key);
  return found == std::end(guard_rows) ? nullptr : found;
}

}  // namespace

bool guards_globally(std::string_view key, std::string_view value) {
  if (std::find(std::begin(companions), std::end(companions), key) != std::end(companions)) return true;
  const GuardRow* row = guard_of(key);
  return row && row->guards(value);
}

void read_global_guards(const kube::ConfigMap& map, Settings& settings, Ir& ir) {
  const Maker maker{map, settings, ir};
  for (const auto& [key, value] : map.data)
    if (const GuardRow* row = guard_of(key); row && row->guards(value)) row->read(maker, key, value);
}

}  // namespace gw::convert::nginx
