// What became of every annotation. A provider take()s an annotation and gets a Claim; whatever nobody took is reported
// by the engine itself, so there is no second list of known names.
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "diag/diagnostic.h"
#include "kube/meta.h"

namespace gw::convert {

// Ordered from harmless to grave: where an annotation meets several fates, the gravest is told.
enum class Outcome : std::uint8_t { ignored, converted, policy, approximated, unknown, refused };
std::string_view name(Outcome outcome);  // "converted", "approximated", ... as reports write it

// A kind of loss that `--accept-loss` can name. Security kinds leave the routes out as long as they are not accepted.
enum class Loss : std::uint8_t {
  none,
  auth,
  allow_list,
  client_certificate,
  snippet,
  waf,
  backend_tls,
  rate_limit,
  rewrite,
  redirect,
  backend,
  unknown,
  other,
};
std::string_view name(Loss loss);  // "auth", "allow-list", ...
bool security(Loss loss);          // does it leave routes out as long as it is not accepted?
// The finding that tells an outcome; empty for one that needs no telling.
std::string_view code_of(Outcome outcome, Loss loss = Loss::none);
// none for a word that is no kind.
Loss loss_of(std::string_view word);
std::vector<std::string_view> loss_names();  // as --accept-loss takes them

// What is said of a loss, without the advice to choose the target that is chosen already.
std::string without_advice(std::string_view detail, std::string_view target);

// An entry of the ledger; 0 is "no annotation".
using Claim = std::uint32_t;

struct Entry {
  const kube::Object* object = nullptr;
  std::uint32_t annotation = 0;  // index into metadata.annotations
  Outcome outcome = Outcome::ignored;
  bool settled = false;
  Loss loss = Loss::none;
  std::string code;    // GW6xx; empty where nothing is to be told
  std::string detail;  // one sentence: where it went, or why it could not
  const std::string& key() const { return object->metadata.annotations[annotation].first; }
  const std::string& value() const { return object->metadata.annotations[annotation].second; }
};

// What became of one value in one of the controllers' own resources.
struct FieldEntry {
  const kube::Object* object = nullptr;
  const yaml::Node* at = nullptr;
  std::string path;  // "spec.routes[0].timeoutPolicy.idle"
  Outcome outcome = Outcome::converted;
  std::string code, detail;
};

// A finding that belongs to no single annotation: a rule of the old controller that the new side answers otherwise.
struct Note {
  std::string code;
  diag::Severity severity = diag::Severity::info;
  std::string message;  // says the class of requests and both answers
  std::string request;  // one that shows the difference: "GET http://host/path"
  const kube::Object* object = nullptr;
  const yaml::Node* at = nullptr;
  std::string help = {};
  Loss loss = Loss::none;  // of an error: what --accept-loss must name
};

class Ledger {
 public:
  Ledger() : entries_(1) {}

  // The annotation of an object, claimed; 0 when there is none of this key. `key` is the whole name.
  Claim take(const kube::Object& object, std::string_view key);
  Claim take(const kube::Object& object, std::uint32_t annotation);
  bool taken(const kube::Object& object, std::uint32_t annotation) const;  // has take() been called for it?

  // Says what became of it. Called more than once, the gravest outcome and the details of that outcome stay.
  void settle(Claim claim, Outcome outcome, std::string_view detail, std::string_view code = {},
              Loss loss = Loss::none);
  // Says it anew, where a target has the field in another form than the provider said; a refusal stays.
  void restate(Claim claim, Outcome outcome, std::string_view detail, std::string_view code = {});
  // Adds a finding of its own.
  void note(Note note);
  void note_once(Note note);                // however many rules come to it
  bool noted(std::string_view code) const;  // was any finding of this code added?

  // Somebody read this value of an own resource. What was never read or settled is told by the engine.
  void read(const yaml::Node* field) { fates_.try_emplace(field); }
  // What became of it and of all below; the gravest outcome stays.
  void settle(const yaml::Node* field, Outcome outcome, std::string_view detail, std::string_view code = {});
  // The rule made of this field is left out, with all that it says.
  void leave_out(const yaml::Node* rule) { left_out_.insert(rule); }
  // Every value below `spec` becomes an entry. Returns those that nobody read or settled.
  std::vector<FieldEntry> account(const kube::Object& object, const yaml::Node& spec, std::string_view path);
  bool touched(const yaml::Node* field) const { return fates_.contains(field); }
  const std::vector<FieldEntry>& fields() const { return fields_; }

  // A path, default backend or other field of the input that found its place (a rule, or a finding that names it).
  void place(const void* field) { placed_.push_back(field); }
  std::vector<const void*> take_placed() { return std::exchange(placed_, {}); }

  const std::vector<Entry>& entries() const { return entries_; }  // [0] is empty
  Entry& entry(Claim claim) { return entries_[claim]; }
  const std::vector<Note>& notes() const { return notes_; }

 private:
  struct Fate {
    bool settled = false;
    Outcome outcome = Outcome::converted;
    std::string code, detail;
  };
  struct Walk;

  std::vector<Entry> entries_;
  std::unordered_map<const std::pair<std::string, std::string>*, Claim> by_annotation_;
  std::vector<const void*> placed_;
  std::vector<Note> notes_;
  std::set<std::pair<const yaml::Node*, std::string>> once_;
  std::unordered_map<const yaml::Node*, Fate> fates_;
  std::unordered_set<const yaml::Node*> left_out_;
  std::vector<FieldEntry> fields_;
};

}  // namespace gw::convert
