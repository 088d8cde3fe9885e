// vendors/ is the only list of controllers and gateways: every table that speaks of them has exactly its names, and no
// other file writes the values that manifests are recognised by.
#include "vendors/ingress_controllers.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <string>

#include "convert/provider.h"
#include "convert/target.h"
#include "route/profile.h"
#include "validate/rules/nginx_names.h"
#include "vendors/gateways.h"
#include "verify/controllers/controller.h"

namespace fs = std::filesystem;
using namespace gw;

namespace {

std::string read(const fs::path& path) {
  std::ifstream in(path);
  return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace

TEST_CASE("convert reads exactly the controllers of the list, in its order") {
  const auto facts = vendors::ingress_controllers();
  const auto providers = convert::providers();
  REQUIRE(providers.size() == facts.size() + 2);  // and OpenAPI, and Ingresses of whoever it may be
  for (std::size_t i = 0; i < facts.size(); ++i) {
    CHECK(providers[i].name == facts[i].name);
    CHECK((providers[i].read != nullptr));
    CHECK(convert::provider(facts[i].name) == &providers[i]);
    if (!facts[i].alias.empty()) CHECK(convert::provider(facts[i].alias) == &providers[i]);
    for (const std::string_view name : providers[i].known ? providers[i].known() : std::vector<std::string_view>{})
      CHECK_MESSAGE(std::any_of(facts[i].prefixes.begin(), facts[i].prefixes.end(),
                                [&](std::string_view prefix) { return name.starts_with(prefix); }),
                    name << " is read as an annotation of " << facts[i].name << ", which has no such prefix");
  }
}

TEST_CASE("models, targets and profiles are of controllers and gateways that are listed") {
  for (const std::string_view name : verify::controller_names()) {
    CHECK_MESSAGE(vendors::ingress_controller(name), name << " has a model and no row");
    CHECK(verify::has_model(name));
  }
  CHECK(verify::has_model("aws-alb"));
  CHECK_FALSE(verify::has_model("ingress"));
  CHECK_FALSE(verify::has_model(""));
  for (const convert::Target& target : convert::targets()) {
    CHECK_FALSE(target.controller.empty());
    CHECK(vendors::known_gateway_controller(target.controller));
  }
  for (const std::string_view name : route::profile_names())
    if (name != "spec-core") CHECK_MESSAGE(vendors::gateway(name), name << " has a profile and no row");
}

TEST_CASE("names are unique") {
  std::set<std::string_view> names;
  for (const vendors::IngressController& row : vendors::ingress_controllers()) {
    CHECK_MESSAGE(names.insert(row.name).second, row.name);
    if (!row.alias.empty()) CHECK_MESSAGE(names.insert(row.alias).second, row.alias);
    CHECK_FALSE(row.title.empty());
    CHECK_FALSE(row.classes.empty());
  }
  std::set<std::string_view> controllers;
  for (const vendors::Gateway& row : vendors::gateways())
    CHECK_MESSAGE(controllers.insert(row.controller).second, row.controller);
}

TEST_CASE("no other file writes which controller a class has") {
  std::set<std::string> values;
  for (const vendors::IngressController& row : vendors::ingress_controllers())
    for (const std::string_view value : row.controllers)  // one that ends in '/' is a prefix of annotations, too
      if (!value.ends_with('/')) values.insert('"' + std::string(value) + '"');
  for (const vendors::Gateway& row : vendors::gateways()) values.insert('"' + std::string(row.controller) + '"');
  std::size_t files = 0;
  for (const char* room : {"audit", "check", "cli", "cluster", "control", "convert", "export", "gitops", "graph", "lsp",
                           "kube", "neighbours", "route", "validate", "verify"})
    for (const auto& entry : fs::recursive_directory_iterator(room)) {
      const std::string path = entry.path().string();
      if (!path.ends_with(".cpp") && !path.ends_with(".h")) continue;
      // Which Ingresses a controller takes is its behaviour: a model says it by itself, as all that it does.
      if (path.starts_with("verify/controllers/") && path != "verify/controllers/controller.cpp") continue;
      const std::string text = read(entry.path());
      for (const std::string& value : values)
        CHECK_MESSAGE(text.find(value) == std::string::npos, path << " writes " << value << "; it stands in vendors/");
      ++files;
    }
  CHECK(files > 300);
}

TEST_CASE("validate knows exactly the annotations of ingress-nginx that convert reads") {
  const std::string prefix(vendors::ingress_controller("ingress-nginx")->prefixes.front());
  std::set<std::string> read_names, advised;
  for (const std::string_view name : convert::nginx_annotations()) read_names.insert(std::string(name));
  for (const validate::NginxName& name : validate::nginx_names()) advised.insert(prefix + std::string(name.name));
  for (const std::string& name : read_names) CHECK_MESSAGE(advised.contains(name), name << " is not known to validate");
  for (const std::string& name : advised) CHECK_MESSAGE(read_names.contains(name), name << " is not read by convert");
  CHECK(read_names.size() > 130);
}

TEST_CASE("the role for reading a cluster lets every kind of the list be read") {
  const std::string role = read("docs/reader-role.yaml");
  const auto listed = [&](std::string_view group) {
    return role.find("- " + std::string(group) + "\n") != std::string::npos;
  };
  for (const vendors::IngressController& row : vendors::ingress_controllers())
    for (const vendors::OwnKind& kind : row.kinds) CHECK_MESSAGE(listed(kind.group), kind.group);
  for (const vendors::Gateway& row : vendors::gateways())
    if (!row.group.empty()) CHECK_MESSAGE(listed(row.group), row.group);
}
