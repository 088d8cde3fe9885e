// From a Decision to the answers of docs/command-line.md, "trace", shared by the models of this room.
#pragma once
#include <string>
#include <vector>

#include "route/answer.h"
#include "route/profile.h"
#include "route/table.h"

namespace gw::route {

// A Request seen as the data path sees it. Keeps the headers alive; borrows the Request.
class ViewOf {
 public:
  explicit ViewOf(const Request& request);
  const RequestView& operator*() const { return view_; }

 private:
  std::vector<HeaderView> headers_;
  RequestView view_;
};

// Every answer a Decision can lead to: one a kind of backend where weights decide between good and bad ones.
AnswerSet answers(const Decision& decision, const RequestView& request);

Answer plain(int status);                // nothing but a status
Answer no_answer(std::string why);       // the connection gets none, and why
Answer unmodelled(std::string why);      // the model does not know, and why
RuleRef rule_ref(const Source& source);  // the object and place of a rule

// What an Action does beside routing, as "name=value" sorted.
std::vector<std::string> attributes(const Action& action);

// Two answers are the same as far as a client or a backend can tell (rules, notes and attributes apart).
bool same(const Answer& a, const Answer& b);
void add_answer(AnswerSet& set, Answer answer);  // unless the same is there already

}  // namespace gw::route
