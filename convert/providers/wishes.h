// What the annotations of one object ask for, read by a table: one row an annotation, which values the controller
// takes, what it does with others, and what a valid one becomes.
#pragma once
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "convert/provider.h"

namespace gw::convert {

struct Given {
  std::string text;
  Claim claim = 0;
};

// How the path of a rule is rewritten; said by the rule's own kind of match.
struct RewriteWish {
  enum class Kind : std::uint8_t {
    none,
    prefix,   // what the path matched becomes `target`
    strip,    // the first of `prefixes` that the path starts with is cut off
    add,      // `target` is put in front
    whole,    // the whole path becomes `target`
    pattern,  // what `pattern` makes of the path
  } kind = Kind::none;
  std::string pattern, target;
  bool in_place = false;  // pattern: only what it matches is replaced, else the whole path
  std::vector<std::string> prefixes;
  std::vector<Claim> claims;
  FieldRef field = {};
};

struct Wishes {
  const kube::Object* object = nullptr;
  std::map<std::string, Given, std::less<>> given;  // valid ones, by the name after the prefix
  Action plain;                                     // headers, timeouts, CORS, host, intents: of every rule
  std::vector<Intent> host_intents;                 // of the whole host
  std::optional<Redirect> redirect;                 // of every path
  RewriteWish rewrite;
  Conditions conditions;                    // headers and query of every rule
  std::vector<std::string> methods;         // a rule each; empty: all
  std::vector<std::string> aliases;         // more hosts
  std::vector<std::string> redirect_hosts;  // hosts that lead to this one
  std::optional<bool> https_redirect;
  int https_code = 0;                           // 0: the controller's own
  std::optional<int> https_port;                // 0: none is written
  bool http = true, https = true;               // served there at all
  bool rewritten_first = false;                 // the redirect to https leads to the rewritten path
  bool forwarded_redirect = false;              // X-Forwarded-Proto: http leads to https
  bool passthrough = false;                     // the backend terminates TLS
  std::string hsts;                             // of https answers
  std::vector<std::string> cloud_certificates;  // that the target's listeners name in their options
  std::string app_root;
  Claim app_root_claim = 0;
  std::string dropped;             // why the controller ignores the whole object
  std::shared_ptr<Action> shared;  // made of `plain` once

  const Given* find(std::string_view key) const;  // null where there is no valid one
  // Of a valid annotation, else `otherwise`.
  std::string_view text(std::string_view key, std::string_view otherwise = {}) const;
  bool on(std::string_view key) const;                                            // "true" as Go reads it
  Claim claim(std::string_view key) const;                                        // 0 where there is no valid one
  std::vector<Claim> claims(std::initializer_list<std::string_view> keys) const;  // of those that are there
};

struct Asking {  // one object while it is read
  const Input& input;
  Ir& ir;
  Ledger& ledger;
  Wishes& wishes;
  FieldRef field = {};  // of what has no annotation: where to tell it

  // Records an outcome for the annotation; for a claim of 0, for the field. `loss` counts for a refusal only.
  void settle(Claim claim, Outcome outcome, std::string_view detail, Loss loss = Loss::other) const;
  // For every rule; settles nothing: the engine does.
  void demand(Demand demand, std::vector<Claim> claims, Loss loss, std::string_view without,
              Outcome otherwise = Outcome::refused) const;
  void unchecked_tls(std::vector<Claim> claims) const;  // to the backend
  // Records that the value is in the output.
  void converted(const Given& given, std::string_view detail) const;
  // Records that the value has no effect, before and after (GW605).
  void ignored(const Given& given, std::string_view detail) const;
};

enum class Invalid : std::uint8_t {
  ignored,  // the annotation has no effect; one that guards is refused all the same
  dropped,  // the controller ignores the whole object
};

struct WishRow {
  std::string_view key;                             // after the prefix; a trailing '*' matches what follows
  bool (*valid)(std::string_view value) = nullptr;  // null: any text
  Invalid invalid = Invalid::ignored;
  // Without `apply`: this outcome with this sentence, and for a refusal the kind of loss.
  Outcome outcome = Outcome::converted;
  std::string_view detail = {};
  Loss loss = Loss::none;  // of a refusal, or of an invalid value; a security kind closes the routes
  void (*apply)(Asking& asking, const Given& given) = nullptr;
  std::string_view with = {};  // has an effect only beside this other annotation
};
using WishRows = std::span<const WishRow>;

const WishRow* row_of(WishRows rows, std::string_view key);  // by its key or a key that ends in '*'; null for none

// What a controller's ConfigMap asks for where an object does not say it itself.
struct DefaultWish {
  std::string key, text;
  FieldRef field;
};

// Reads the annotations of `object` with one of the prefixes. Those without a row are left to the engine, which tells
// them as unknown; one whose name says that it guards closes the routes.
Wishes read_wishes(const kube::Object& object, std::span<const std::string_view> prefixes, WishRows rows,
                   const Input& input, Ir& ir, Ledger& ledger, std::span<const DefaultWish> defaults = {});

// Does the name of an annotation or field speak of who may come in?
bool guards(std::string_view name);

// Full names for "did you mean".
std::vector<std::string_view> full_names(std::string_view prefix, WishRows rows);

// Values many tables check.
bool is_bool(std::string_view value);
bool is_int(std::string_view value);
bool is_time(std::string_view value);
bool is_path(std::string_view value);
bool not_empty(std::string_view value);
bool is_redirect_code(std::string_view value);

// Applications many tables share.
void allow_addresses(Asking& asking, const Given& given);
void deny_addresses(Asking& asking, const Given& given);
void backend_timeout(Asking& asking, const Given& given);  // timeouts.backendRequest
void connect_timeout(Asking& asking, const Given& given);
void request_timeout(Asking& asking, const Given& given);

}  // namespace gw::convert
