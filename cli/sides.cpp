#include "cli/sides.h"

#include <algorithm>
#include <string_view>

#include "kube/index.h"
#include "route/attach.h"
#include "route/own/own.h"
#include "route/profile.h"
#include "verify/boundaries_gateway.h"
#include "verify/controllers/controller.h"

namespace gw::cli {
namespace {

std::string joined(const std::vector<std::string_view>& words) {
  std::string out;
  for (std::string_view word : words) out += (out.empty() ? "" : ", ") + std::string(word);
  return out;
}

}  // namespace

std::string implementation(const std::string& profile, const std::string& target, const kube::Bundle& bundle) {
  if (!profile.empty()) return profile;
  const std::string wanted = target.empty() ? route::implementation_of(bundle) : target;
  return route::models(wanted) ? wanted : "gwctl";
}

Result<Prepared> gateway_side(kube::Bundle& bundle, const std::string& profile) {
  const route::OwnObjects own(bundle, profile);
  const kube::Index index(bundle);
  route::AttachOptions options;
  options.assume_secrets = bundle.secrets.empty();
  const route::Attachments attachments = route::attach(index, options);
  Prepared out;
  out.model = own.around(route::make_model(profile, index, attachments));
  if (!out.model) return Error{"unknown profile '" + profile + "'", "known are: " + joined(route::profile_names())};
  out.name = "gateway (" + profile + ")";
  out.gateway = true;
  out.streams = route::streams(index, attachments);
  out.side = {out.model.get(), verify::gateway_boundaries(bundle, profile)};
  return out;
}

Result<Prepared> controller_side(const kube::Bundle& bundle, const std::string& as,
                                 const std::vector<std::string>& flags) {
  const kube::Index index(bundle);
  const std::string name = as == "auto" ? verify::detect(index) : as;
  if (name.empty())
    return Error{"nothing tells which controller the Ingresses were written for",
                 "name it: --as " + joined(verify::controller_names())};
  verify::ControllerOptions options;
  options.assume_secrets = bundle.secrets.empty() && !bundle.services_known();
  options.assume_class = true;
  options.flags = flags;
  std::unique_ptr<verify::Controller> controller = verify::make_controller(name, index, options);
  if (!controller)
    return Error{"unknown controller '" + name + "'", "known are: " + joined(verify::controller_names()) + ", gateway"};
  Prepared out;
  out.name = name;
  out.measured = controller->measured();
  out.side = {nullptr, controller->boundaries()};
  const bool one_for_all = std::any_of(flags.begin(), flags.end(), [](const std::string& flag) {
    return flag.find("default-ssl-certificate") != std::string::npos;
  });
  if (!one_for_all) out.side.boundaries.certificates = verify::certificate_hosts(index);
  out.model = std::move(controller);
  out.side.model = out.model.get();
  return out;
}

}  // namespace gw::cli
