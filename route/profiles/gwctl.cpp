// gwctl itself: what `gwctl serve` executes, asked without a socket.
#include "route/answers.h"
#include "route/profiles/profiles.h"

namespace gw::route {
namespace {

class GwctlModel : public Model {
 public:
  explicit GwctlModel(std::shared_ptr<const Table> table) : table_(std::move(table)) {}

  AnswerSet answer(const Request& request) const override {
    const ViewOf view(request);
    if (!table_->reachable(*view)) return {{no_answer("no listener takes the connection")}};
    return answers(table_->decide(*view), *view);
  }

 private:
  std::shared_ptr<const Table> table_;
};

}  // namespace

std::unique_ptr<Model> make_gwctl(const kube::Index& index, const Attachments& attachments) {
  Options options;
  options.assume_endpoints = true;
  options.asks_services = true;
  return std::make_unique<GwctlModel>(compile(index, attachments, options));
}

}  // namespace gw::route
