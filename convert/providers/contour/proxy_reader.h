// Contour's HTTPProxies while they are read: roots and includes in http_proxy.cpp, what a route does in
// proxy_route.cpp. Internal to these two.
#pragma once
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "convert/providers/own.h"
#include "convert/providers/site.h"

namespace gw::convert::contour {

inline constexpr std::string_view class_of_gateway = "the Gateway's class takes its place";
inline constexpr std::string_view no_cookies = "Gateway API does not rewrite cookies of the backend";
inline constexpr std::string_view gateways_own = "the gateway's own setting";
inline constexpr std::string_view needs_policy =
    "Gateway API has no such policy in its standard channel; use a target with policies (--to envoy-gateway)";

// Conditions add up over inclusions: prefixes are joined, the rest is asked for together.
struct Where {
  std::string prefix;
  std::optional<std::pair<std::string, Reach>> path;  // exact or regex
  Conditions conditions;
  bool refused = false;
};

class ProxyReader {
 public:
  ProxyReader(const Input& input, Ir& ir, Ledger& ledger)
      : input_(input), ir_(ir), ledger_(ledger), site_("contour", input, ir, ledger) {}

  void run();  // reads every one of the input

 private:
  // What the virtual host asks of all its routes.
  struct Host {
    std::string_view name;
    bool tls = false;
    std::vector<Intent> intents;
    kube::Box<CorsPolicy> cors;
  };

  static std::string host_of(const kube::OtherObject& object);
  bool valid_root(const kube::OtherObject& object);
  void root(const kube::OtherObject& object);
  bool delegated(std::string_view ns, std::string_view secret, std::string_view to) const;

  static void guard(Host& host, FieldRef ref, Loss loss, std::string_view why) {
    host.intents.push_back({Foreign{ref.name}, {}, loss, Outcome::refused, why, ref});
  }

  void addresses(Fields& f, std::vector<Intent>& to);
  static bool is_origin(std::string_view text);
  kube::Box<CorsPolicy> cors_policy(Fields& f);
  void tcp_proxy(const kube::OtherObject& object, Fields& f, const Host& host, bool passthrough);
  void routes(const kube::OtherObject& object, Fields& spec, const Host& host, const Where& where, int depth);
  void leave_include(const kube::OtherObject& object, const Fields& f, std::string why);
  void refuse(Where& where, const FieldRef& ref, std::string_view why);
  void conditions(Fields& f, Where& where);
  void one_each(Fields& f, std::vector<ValueMatch>& conditions, Where& where);
  void value_match(Fields& f, std::vector<ValueMatch>& to, Where& where);
  void service(const kube::OtherObject& object, Fields f, std::vector<Backend>& to, Asking* asking, bool alone);
  void headers(Fields f, std::vector<HeaderEdit>& to, Asking* request);
  static void share(std::vector<Backend>& backends);
  void rewrite(Fields f, const std::string& text, Wishes& w);
  void redirect(Fields f, Wishes& w);
  void route(const kube::OtherObject& object, Fields f, const Host& host, Where where);
  void timeouts(Fields f, Wishes& w);
  void retries(Fields& f, Asking& asking);
  void balance(Fields& f, Asking& asking);
  void hash(Fields f, Asking& asking);

  void add(const kube::OtherObject& object, const Fields& f, const Host& host, const Where& where,
           const std::string& text, const Wishes& w, std::vector<Backend> backends);

  const Input& input_;
  Ir& ir_;
  Ledger& ledger_;
  Site site_;
  std::set<const kube::OtherObject*> used_;
  std::map<std::string, int> owners_;  // HTTPProxies by host
  long added_ = 0;
};

}  // namespace gw::convert::contour
