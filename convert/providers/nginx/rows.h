// One row an annotation: which values are valid, what an invalid one does, and what a valid one becomes. A family of
// annotations is one file with its rows; table.cpp lists the families.
#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>

#include "convert/provider.h"
#include "convert/providers/nginx/check.h"
#include "convert/providers/nginx/config.h"
#include "convert/providers/nginx/settings.h"

namespace gw::convert::nginx {

// What ingress-nginx does with a value that is not valid.
enum class Invalid : std::uint8_t {
  ignored,  // the annotation has no effect
  denied,   // every path of the Ingress answers 503
  dropped,  // the Ingress does not exist for the controller
};

struct Value {
  std::string text;
  Claim claim = 0;
};

struct Row;

// One Ingress being read. Values hold only valid annotations, by their key without prefix (aliases under the main key).
struct Reading {
  const Input& input;
  const Settings& settings;
  Ir& ir;
  Ledger& ledger;
  Config& config;
  std::map<std::string_view, Value> values;
  std::string snippet_refusal;

  const Value* find(std::string_view key) const;  // null where the Ingress has no valid one
  bool carries(std::string_view key) const;  // the Ingress has the annotation, valid or not, under one of its names
  bool on(std::string_view key) const;       // a boolean that is true
  // Of a valid annotation, else `otherwise`.
  std::string text(std::string_view key, std::string_view otherwise = {}) const;
  long number(std::string_view key, long otherwise) const;  // of a valid annotation, else `otherwise`
  // Claims of those of the keys that are there.
  std::vector<Claim> claims(std::initializer_list<std::string_view> keys) const;
  // Records an outcome for the annotation; nothing where the Ingress does not have it.
  void settle(std::string_view key, Outcome outcome, std::string_view detail) const;
  bool demanded(Claim claim) const;  // some intent carries it
  // Adds an intent to the Config: what is demanded, by which annotations, and what becomes of them (`otherwise`,
  // `without`) where the target cannot say it.
  void demand(Demand demand, std::vector<Claim> claims, Loss loss, Outcome otherwise, std::string_view without) const;
};

struct Row {
  std::string_view key;
  Check valid;
  Invalid invalid;
  // Without `apply`: this outcome and this sentence.
  Outcome outcome;
  std::string_view detail;
  // May be null. Called once for a valid value.
  void (*apply)(Reading& reading, const Value& value) = nullptr;
  std::string_view with = {};  // has an effect only beside this other annotation
  std::string_view alias = {};
  bool critical = false;  // taken only when the administrator allows it
};

using Rows = std::span<const Row>;
Rows traffic_rows();    // redirects, rewrites, hosts
Rows access_rows();     // authentication, address lists, client certificates
Rows backend_rows();    // protocol, TLS to the backend, timeouts, balancing
Rows limit_rows();      // rates, sizes, buffers
Rows header_rows();     // CORS, headers, cookies, mirror
Rows operation_rows();  // logs, tracing, snippets, firewalls
Rows canary_rows();     // canaries

Rows families();                       // all of them, one after the other
const Row* row(std::string_view key);  // by key or alias

inline constexpr std::string_view prefix = "nginx.ingress.kubernetes.io/";

// Remembers a server-snippet that may decide who comes in to its host.
void guard_host(Reading& reading, const Value& value);

// The service that an auth-url asks; `own_ns` where its host names no namespace.
ExternalAuth external_auth(const Url& url, std::string text, std::string_view own_ns);

// Reads every annotation of the Ingress.
Config read_config(const kube::Ingress& ingress, const Input& input, const Settings& settings, Ir& ir, Ledger& ledger);

}  // namespace gw::convert::nginx
