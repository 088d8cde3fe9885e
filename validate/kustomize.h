// Patches and replacements of kustomizations that change nothing, because what they aim at is not there.
#pragma once
#include "diag/diagnostic.h"
#include "kube/survey.h"

namespace gw::validate {

// GW023. Kustomizations that build on what is not in the tree are not judged.
void check_kustomizations(const kube::Survey& survey, const diag::Sources& sources, diag::Sink& sink);

}  // namespace gw::validate
