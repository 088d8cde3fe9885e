// --demo-backends: what an input lacks to be tried out. Services answer with an echo, absent Secrets get self-signed
// certificates.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "kube/bundle.h"
#include "pki/certificate.h"
#include "runtime/demo.h"

namespace gw::cli {

// Certificates made so far; a reload keeps them.
using DemoSecrets = std::map<std::string, pki::Pair>;

// Adds to the bundle; returns lines that say what was made up. Where the input holds Services, absent ones stay absent.
std::vector<std::string> make_demo_world(kube::Bundle& bundle, runtime::DemoBackends& backends, DemoSecrets& secrets);

}  // namespace gw::cli
