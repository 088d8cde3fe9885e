// The built-in description as text, in the notation of validate/builtin/notation.h.
#pragma once
#include <string_view>

namespace gw::validate {

extern const std::string_view shapes_text, gateway_text, experimental_text, kubernetes_text;

}  // namespace gw::validate
