// The annotations of F5's NGINX Ingress Controller: which values it takes, and what they become.
#pragma once
#include "convert/providers/wishes.h"

namespace gw::convert::f5 {

WishRows annotation_rows();  // by the name after "nginx.org/"

}  // namespace gw::convert::f5
