#include "convert/provider.h"

namespace gw::convert {

bool service_missing(const Input& input, std::string_view ns, std::string_view name) {
  return input.bundle.services_known() && !input.index.service({std::string(ns), std::string(name)});
}

}  // namespace gw::convert
