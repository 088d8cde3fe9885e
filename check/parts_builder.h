// Which Ingresses belong together, and what each part says, as a number.
#pragma once
#include "check/parts.h"
#include "verify/shape.h"

namespace gw::check {

class Parts::Builder {
 public:
  Builder(const kube::Bundle& old, Parts& out);
  // Fills the Parts: which Ingresses share a host or a canary, and a number for what each part says.
  void run();

 private:
  void join_hosts();
  void join_canaries();
  void number_parts();
  void add_shape(Part& part);
  void add_ingress(const kube::Ingress& ingress, Part& part, verify::Shape& shape, verify::Numbered& names);
  void add_backend(const kube::IngressBackend& backend, const kube::Ingress& ingress, Part& part, verify::Shape& shape,
                   verify::Numbered& names);
  void join(const std::string& name, std::uint32_t ingress);
  std::uint32_t root(std::uint32_t i);

  const kube::Bundle& old_;
  Parts& out_;
  std::vector<std::uint32_t> parent_;
  std::vector<bool> wide_;  // by Ingress: it concerns hosts that it does not name
  std::unordered_map<std::string, std::uint32_t> first_;
  std::vector<std::string> wildcards_;
  std::unordered_map<std::string, const kube::Service*> services_;
  std::unordered_set<std::string> secrets_, with_endpoints_;
};

}  // namespace gw::check
