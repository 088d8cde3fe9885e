#include "convert/providers/defaults.h"

#include <algorithm>

#include "convert/providers/nginx/check.h"

namespace gw::convert {
namespace {

// Keys whose names only sound like a guard: of the controller's own pages, of certificates it makes, of logs. One that
// ends with '-' stands for what follows, too.
bool harmless(std::string_view key) {
  static constexpr std::string_view known[] = {"auth-proxy",
                                               "auth-log-format",
                                               "stats-auth",
                                               "acme-",
                                               "cors-",
                                               "secure-",
                                               "server-ssl",
                                               "server-ca",
                                               "server-crt",
                                               "server-sni",
                                               "server-proto",
                                               "src-ip-header",
                                               "ssl-",
                                               "limit-whitelist",
                                               "rate-limit-",
                                               "global-config-snippet",
                                               "stats-config-snippet",
                                               "config-global",
                                               "tls-alpn",
                                               "syslog"};
  return std::any_of(std::begin(known), std::end(known), [&](std::string_view word) {
    return key == word || (word.ends_with('-') && key.starts_with(word));
  });
}

bool is_snippet(std::string_view key, const WishRow* row) {
  return (row && row->loss == Loss::snippet) || key.find("snippet") != std::string_view::npos ||
         key.find("template") != std::string_view::npos;
}

// Whether a key without a value, or one that says no, demands something.
bool says_no(std::string_view text) {
  return nginx::one_of(nginx::lower(text), "", "false", "off", "no", "0", "disabled", "none");
}

}  // namespace

std::vector<DefaultWish> guards_by_default(const Input& input, const ConfigMapTraits& traits, WishRows rows, Ir& ir,
                                           Ledger& ledger) {
  std::vector<DefaultWish> out;
  for (const kube::ConfigMap* map : controller_maps(input, traits.names))
    for (const auto& [key, value] : map->data) {
      const WishRow* row = row_of(rows, key);
      const FieldRef field = field_of(*map, key);
      const std::string text(nginx::trim(value));
      const bool guard = !harmless(key) && !says_no(text) &&
                         (row ? security(row->loss) && row->loss != Loss::backend_tls : guards(key));
      if (guard && is_snippet(key, row)) {
        const std::string word = traits.deciding ? traits.deciding(text) : key;
        if (!word.empty())
          ir.guards.push_back({{Foreign{text},
                                {},
                                Loss::snippet,
                                Outcome::refused,
                                ir.keep("it holds for every route, and '" + word + "' may decide who comes in"),
                                field}});
        continue;
      }
      if (guard) {
        out.push_back({key, text, field});
        continue;
      }
      ledger.note({"GW626",
                   diag::Severity::warning,
                   "setting '" + key +
                       "' of the controller holds for all its routes and is not converted; compare it "
                       "with the gateway's",
                   {},
                   map,
                   field.at});
    }
  return out;
}

std::string deciding_haproxy_word(std::string_view snippet) {
  static constexpr std::string_view words[] = {"deny",
                                               "reject",
                                               "auth",
                                               "tarpit",
                                               "silent-drop",
                                               "lua",
                                               "return",
                                               "wait-for-handshake",
                                               "redirect",
                                               "block",
                                               "acl",
                                               "verify",
                                               "ca-file",
                                               "use_backend",
                                               "use-service",
                                               "use-server",
                                               "default_backend",
                                               "http-request",
                                               "tcp-request",
                                               "filter",
                                               "server"};
  for (const std::string& line : nginx::split(snippet, '\n')) {
    if (line.starts_with('#')) continue;
    const std::vector<std::string> parts = nginx::split(line, ' ');
    // These change headers or logs, and refuse nothing.
    if (parts.size() > 1 && (parts[0] == "http-request" || parts[0] == "http-response") &&
        nginx::one_of(parts[1], "set-header", "add-header", "del-header", "replace-header", "capture", "set-var",
                      "set-log-level"))
      continue;
    for (const std::string& part : parts)
      if (std::any_of(std::begin(words), std::end(words),
                      [&](std::string_view word) { return part.starts_with(word); }))
        return part;
  }
  return {};
}

}  // namespace gw::convert
