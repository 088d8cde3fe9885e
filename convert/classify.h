// Which controller serves which Ingress. That is decided for a class, not for an Ingress: by its IngressClass, by its
// name, by the annotations of all that name it, and by the flags that the controller runs with.
#pragma once
#include <map>
#include <string>
#include <vector>

#include "convert/provider.h"
#include "kube/ingress_class.h"

namespace gw::convert {

struct Owner {
  const Provider* provider = nullptr;  // null: left out
  std::string why_not;                 // then: what class it names
  std::string note;                    // taken, but the controller itself might not take it
  bool chosen_out = false;             // left out because --class or --only chose others
};

// What one deployment of a controller serves: its class has a Gateway of its own, and shares no listener with another.
struct Deployment {
  const Provider* provider = nullptr;
  std::string name;       // of the class; empty: of what names none
  bool internal = false;  // reached from within the network only
  std::vector<const kube::IngressClass*> classes;
  std::vector<const kube::Ingress*> ingresses;
  std::vector<const kube::OtherObject*> own;
};

using kube::class_of;
// The class that a resource of a controller's own kind names; empty: none.
std::string class_of(const kube::OtherObject& object);

class Classification {
 public:
  // `wanted` null: --from auto. Borrows the index and the options.
  Classification(const kube::Index& index, const Options& options, const Provider* wanted);

  const Owner& owner(const kube::Ingress& ingress) const { return owners_.at(&ingress); }
  // With the Ingresses in input order; in the order of the table of providers, then by name.
  std::vector<Deployment> deployments() const;

 private:
  const Provider* by_controller(std::string_view controller) const;
  Owner decide(std::string_view name, const std::vector<const kube::Ingress*>& ingresses) const;
  Owner of_wanted(std::string_view name, const kube::IngressClass* object) const;
  Owner served(std::string_view name, const kube::IngressClass* object, Owner owner) const;
  void decide_classless(const std::vector<const kube::Ingress*>& ingresses);
  Owner classless(const std::vector<const kube::Ingress*>& ingresses, std::string& joined) const;
  bool watched(const kube::Ingress& ingress) const;

  const kube::Index& index_;
  const Options& options_;
  const Provider* wanted_;
  bool any_class_ = false;      // does anything in the input name a class?
  std::string_view own_class_;  // a class that an Ingress names and that is the wanted controller's by convention
  std::map<std::string_view, const Provider*> chosen_;  // by class
  std::map<const kube::Ingress*, Owner> owners_;
  std::map<const kube::Ingress*, std::string> class_;  // that it is served under
};

// Whose own kind an object is; nulls for one that no controller reads.
std::pair<const Provider*, const OwnKind*> owner_of_kind(const kube::OtherObject& object);

}  // namespace gw::convert
