#include "convert/tell.h"

namespace gw::convert {

void tell(Ledger& ledger, const FieldRef& field, Outcome outcome, std::string_view detail, Loss loss) {
  if (!field.object) return;
  Note note;
  note.object = field.object;
  note.at = field.at;
  note.message = field.name + ": " + std::string(detail);
  switch (outcome) {
    case Outcome::converted:
    case Outcome::policy:
      return ledger.settle(field.at, outcome, detail);
    case Outcome::ignored:
      note.code = "GW605";
      note.severity = diag::Severity::warning;
      break;
    case Outcome::approximated:
      note.code = "GW603";
      note.severity = diag::Severity::warning;
      break;
    case Outcome::unknown:
    case Outcome::refused:
      note.code = security(loss) ? "GW602" : "GW601";
      note.severity = diag::Severity::error;
      note.loss = loss == Loss::none ? Loss::other : loss;
      break;
  }
  ledger.settle(field.at, outcome, detail, note.code);
  ledger.note_once(std::move(note));
}

void dismiss(Ledger& ledger, const kube::Object& object, std::string code, std::string_view why) {
  const std::string message = object.object_id().display() + " " + std::string(why);
  ledger.settle(object.node, Outcome::ignored, why, code);
  ledger.note_once({std::move(code), diag::Severity::warning, message, {}, &object, nullptr});
}

void tell(Ledger& ledger, const Intent& intent, Outcome outcome, std::string_view detail) {
  if (intent.claims.empty()) tell(ledger, intent.field, outcome, detail, intent.loss);
}

}  // namespace gw::convert
