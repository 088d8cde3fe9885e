// The words that names of classes and controllers are made of.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace gw::convert {

// "k8s.io/internal-ingress-nginx" → k8s, io, internal, ingress, nginx.
std::vector<std::string> words_of(std::string_view name);

// Does the name of a class, or of its controller, speak of a network of one's own?
bool speaks_of_internal(std::string_view name);

}  // namespace gw::convert
