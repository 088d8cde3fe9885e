// A cluster in parts that can be looked at alone: Ingresses that share a host belong together. Parts that only their
// names tell apart are asked about once, so that the check of a large conversion needs neither its time nor its memory.
#pragma once
#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

#include "kube/bundle.h"

namespace gw::check {

using PartId = std::uint32_t;

class Parts {
 public:
  // Borrows the Bundle's Ingresses. Where resources of controllers' own kinds route, nothing is told apart.
  explicit Parts(const kube::Bundle& old);

  // What of the objects that convert hands on has to be kept for the questions. Called with every piece, in order.
  kube::Bundle keep(const kube::Bundle& piece);

  struct Sort {
    PartId part;
    std::size_t count;  // of parts like it, itself among them
  };
  // One part of each shape of the Ingresses, whatever was made of them.
  std::vector<Sort> of_each_shape() const;

  // After the last piece: the parts to ask about, one of each sort. Where a sort has none whose objects were all kept,
  // `complete` is false: `restart` and hand everything on again; what the same pieces make is complete then.
  struct Chosen {
    std::vector<Sort> parts;
    bool complete = true;
  };
  // The parts to ask about now, and how many parts each stands for: of those that only names tell apart, one.
  Chosen choose();
  // Forgets what was met and kept, and every state: the next conversion begins anew.
  void restart();

  // The parts that a chosen one stands for, itself among them.
  std::vector<PartId> like(PartId chosen) const;
  const std::vector<std::uint32_t>& ingresses(PartId part) const { return parts_[part].ingresses; }  // in the Bundle
  const std::vector<std::string>& hosts(PartId part) const { return parts_[part].hosts.all(); }
  // Its place among them; it is one of them.
  std::size_t number_of(PartId part, const std::string& host) const {
    return parts_[part].hosts.find(host).value_or(0);
  }
  // The part of a literal host in lower case; null: a wildcard, or a host of no Ingress.
  const PartId* part_of(std::string_view host) const;

 private:
  // Values in the order in which they come, each once, and the number of each.
  template <class T>
  class Numbers {
   public:
    bool add(const T& value) {
      const bool fresh = at_.try_emplace(value, all_.size()).second;
      if (fresh) all_.push_back(value);
      return fresh;
    }
    std::optional<std::size_t> find(const T& value) const {
      const auto at = at_.find(value);
      return at == at_.end() ? std::nullopt : std::optional(at->second);
    }
    const std::vector<T>& all() const { return all_; }

   private:
    std::vector<T> all_;
    std::unordered_map<T, std::size_t> at_;
  };

  struct Part {
    std::vector<std::uint32_t> ingresses;
    Numbers<std::string> hosts;
    Numbers<std::size_t> services;     // hashes
    std::size_t shape = 0, state = 0;  // of the Ingresses; of the objects made of them so far
    bool alone = false;                // its Ingresses concern other hosts, too: it stands for no other part
    bool pinned = false;               // its objects are kept, so that its sort has a part that is complete
    bool complete = true;              // all of its objects were kept so far
  };
  class Builder;

  // Whether an object with this number is to be kept for the part.
  bool meet(PartId part, std::size_t object);
  template <class Route>
  void keep_routes(const std::vector<Route>& from, std::vector<Route>& to);
  template <class Route>
  std::size_t number(const Part& part, const Route& route) const;
  void keep_listeners(const std::vector<kube::Listener>& from, std::vector<kube::Listener>& to);
  void keep_others(const kube::Bundle& piece, kube::Bundle& out) const;

  bool apart_;  // parts are told apart at all
  std::vector<Part> parts_;
  std::unordered_map<std::string, PartId> by_host_;
  std::unordered_set<std::size_t> met_;
  std::set<std::string, std::less<>> kept_;  // "ns/name" of routes, and of what they refer to
};

// A host as Parts keeps it.
std::string lower_host(std::string_view host);

}  // namespace gw::check
