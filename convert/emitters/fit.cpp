#include "convert/emitters/fit.h"

#include <algorithm>

#include "convert/emitters/own.h"
#include "convert/regex.h"
#include "kube/wire.h"

namespace gw::convert {
namespace {

using diag::Severity;
using Field = FieldClaim::Field;

std::string channel_and_version(const Options& options) {
  return "Gateway API v1." + std::to_string(options.api_minor) + " (" +
         (options.experimental ? "experimental" : "standard") + " channel)";
}

// Why a feature cannot be used; empty when it can.
std::string missing(Feature feature, const PolicyContext& context) {
  const FeatureInfo& what = info(feature);
  const Options& options = context.options;
  if ((options.experimental ? what.experimental : what.standard) > options.api_minor)
    return channel_and_version(options) + " has no " + std::string(what.name);
  if (context.profile.features.has(feature)) return {};
  const Profile& profile = context.profile;
  return std::string(profile.target) + " does not support " + std::string(what.name) + " (" +
         std::string(profile.report) + ") and " + std::string(profile.unsupported) + " where it stands";
}

class Fitter {
 public:
  Fitter(const WrittenRoute& written, PolicyContext& context) : written_(written), context_(context) {}

  void run() {
    std::vector<kube::HttpRouteRule>& rules = written_.route.spec.rules;
    bool guarded = false;
    for (std::size_t i = rules.size(); i-- > 0;) {
      source_ = written_.rules[i];
      rule_ = &rules[i];
      if (!matches()) {
        guarded = guarded || protects(*source_);
        rules.erase(rules.begin() + static_cast<std::ptrdiff_t>(i));
        continue;
      }
      redirects();
      rewrites();
      filters();
      settings();
      wire();
    }
    // What stood behind a check must not be answered by another rule of the route.
    if (guarded)
      for (kube::HttpRouteRule& rule : rules) rule.backend_refs.clear();
  }

 private:
  static bool protects(const Rule& rule) {
    return rule.action && (rule.action->closed || std::any_of(rule.action->intents.begin(), rule.action->intents.end(),
                                                              [](const Intent& i) { return security(i.loss); }));
  }

  // True when the field has to go. Told once an Ingress and feature.
  bool lacks(Feature feature, Field field, Outcome outcome, const std::string& then, Loss loss = Loss::other) {
    std::string why = missing(feature, context_);
    if (why.empty()) return false;
    tell(feature, field, outcome, why + "; " + then, loss);
    return true;
  }

  void tell(Feature feature, Field field, Outcome outcome, const std::string& message, Loss loss) {
    const bool grave = outcome == Outcome::refused;
    bool claimed = false;
    if (source_->action)
      for (const FieldClaim& f : source_->action->claims)
        if (f.field == field && f.claim != 0) {
          if (grave)
            context_.ledger.settle(f.claim, outcome, message, "GW650", loss);
          else
            context_.ledger.restate(f.claim, outcome, message, "GW650");
          claimed = true;
        }
    if (claimed || !context_.told.insert({source_->owner, feature}).second) return;
    context_.ledger.note({"GW650",
                          grave ? Severity::error : Severity::warning,
                          message,
                          {},
                          source_->owner,
                          source_->at,
                          {},
                          grave ? loss : Loss::none});
  }

  static bool any_regex(const std::vector<kube::NamedMatch>& list) {
    return std::any_of(list.begin(), list.end(), [](const auto& m) { return m.type == "RegularExpression"; });
  }

  // False when the rule cannot be matched as it must be.
  bool matches() {
    for (kube::HttpRouteMatch& match : rule_->matches) {
      const bool path = match.path && match.path->type == "RegularExpression";
      const bool named = any_regex(match.headers) || any_regex(match.query_params);
      const std::string then = "the rule is left out";
      if ((path || named) && lacks(Feature::regex_match, Field::redirect, Outcome::refused, then)) return false;
      if (match.method && lacks(Feature::method_match, Field::redirect, Outcome::refused, then)) return false;
      if (!match.query_params.empty() && lacks(Feature::query_match, Field::redirect, Outcome::refused, then))
        return false;
      if (path && !shape(*match.path->value)) return false;
      if (context_.profile.anchor != Anchor::both)
        for (auto* list : {&match.headers, &match.query_params})
          for (kube::NamedMatch& m : *list)
            if (m.type == "RegularExpression") m.value = "^(?:" + m.value + ")$";
    }
    return true;
  }

  // Brings a path's pattern into the target's form.
  bool shape(kube::String& pattern) {
    const Profile& profile = context_.profile;
    if (profile.regex_from_slash) {
      const auto shaped = from_slash(pattern);
      if (!shaped) {
        context_.ledger.note({"GW652",
                              Severity::error,
                              std::string(profile.target) + " takes only patterns that begin with '/', and '" +
                                  std::string(source_->path) + "' has no such form: the rule is left out",
                              {},
                              source_->owner,
                              source_->at,
                              "write the path so that it begins with '/'",
                              Loss::other});
        return false;
      }
      pattern = *shaped;
    }
    if (profile.anchor == Anchor::start && top_level_alternation(pattern)) pattern = "(?:" + pattern + ")";
    if (profile.anchor == Anchor::start && !pattern.ends_with(".*")) pattern = pattern + "$";
    if (profile.anchor == Anchor::none) pattern = "^(?:" + pattern + ")$";
    return true;
  }

  void redirects() {
    for (kube::RouteFilter& filter : rule_->filters) {
      if (!filter.request_redirect) continue;
      kube::RequestRedirect& redirect = *filter.request_redirect;
      struct Code {
        int code, nearest;
        Feature feature;
      };
      static constexpr Code codes[] = {
          {303, 302, Feature::redirect_303}, {307, 302, Feature::redirect_307}, {308, 301, Feature::redirect_308}};
      for (const Code& c : codes)
        if (redirect.status_code == c.code &&
            lacks(c.feature, Field::redirect, Outcome::approximated,
                  "statusCode " + std::to_string(c.nearest) + " is written, after which clients may change the method"))
          redirect.status_code = c.nearest;
      const std::string then = "try this redirect before you move to it";
      if (redirect.scheme) lacks(Feature::scheme_redirect, Field::redirect, Outcome::approximated, then);
      if (redirect.port) lacks(Feature::port_redirect, Field::redirect, Outcome::approximated, then);
      if (redirect.path) lacks(Feature::path_redirect, Field::redirect, Outcome::approximated, then);
    }
  }

  void rewrites() {
    for (const kube::RouteFilter& filter : rule_->filters) {
      if (!filter.url_rewrite || !filter.url_rewrite->path) continue;
      const bool full = filter.url_rewrite->path->type == "ReplaceFullPath";
      if (lacks(full ? Feature::full_path_rewrite : Feature::path_rewrite, Field::rewrite, Outcome::refused,
                "the rule gets no backend", Loss::rewrite) &&
          !context_.options.accepts(Loss::rewrite))
        rule_->backend_refs.clear();
    }
  }

  void filters() {
    const auto have = [&](std::string_view type) {
      return std::count_if(rule_->filters.begin(), rule_->filters.end(), [&](const auto& f) { return f.type == type; });
    };
    if (have("CORS") != 0 && lacks(Feature::cors, Field::cors, Outcome::refused, "browsers get no CORS headers"))
      own::drop_filters(*rule_, "CORS");
    const bool share = std::any_of(rule_->filters.begin(), rule_->filters.end(), [](const auto& f) {
      return f.request_mirror && (f.request_mirror->percent || f.request_mirror->fraction);
    });
    if (share && lacks(Feature::mirror_share, Field::mirror, Outcome::refused, "nothing is mirrored"))
      own::drop_filters(*rule_, "RequestMirror");
    if (have("RequestMirror") > 1 && lacks(Feature::mirrors, Field::mirror, Outcome::refused, "nothing is mirrored"))
      own::drop_filters(*rule_, "RequestMirror");
    if (have("RequestMirror") != 0 && lacks(Feature::mirror, Field::mirror, Outcome::refused, "nothing is mirrored"))
      own::drop_filters(*rule_, "RequestMirror");
  }

  // What HTTP has no place for is not written: a header is left out; a rule that would send requests elsewhere than
  // meant gets no backend.
  void wire() {
    const auto request = kube::wire::Change::set_request, response = kube::wire::Change::response;
    for (kube::RouteFilter& filter : rule_->filters) {
      if (filter.request_header_modifier) legal_headers(*filter.request_header_modifier, request);
      if (filter.response_header_modifier) legal_headers(*filter.response_header_modifier, response);
    }
    std::erase_if(rule_->filters, [](const kube::RouteFilter& filter) {
      const auto empty = [](const auto& m) { return m && m->set.empty() && m->add.empty() && m->remove.empty(); };
      return empty(filter.request_header_modifier) || empty(filter.response_header_modifier);
    });
    const auto found = kube::wire::fault(rule_->filters);
    if (!found) return;
    cannot_be_sent(found->at + ": " + found->message + "; the rule gets no backend");
    std::erase_if(rule_->filters,
                  [](const kube::RouteFilter& filter) { return kube::wire::fault(filter).has_value(); });
    rule_->backend_refs.clear();
  }

  void legal_headers(kube::HeaderModifier& modifier, kube::wire::Change change) {
    const auto drop = [&](std::vector<kube::HttpHeader>& headers, kube::wire::Change how) {
      std::erase_if(headers, [&](const kube::HttpHeader& header) {
        const std::string why = kube::wire::header_fault(header.name, header.value, how);
        if (!why.empty()) cannot_be_sent(why + "; the header is left out");
        return !why.empty();
      });
    };
    drop(modifier.set, change);
    drop(modifier.add, change == kube::wire::Change::response ? change : kube::wire::Change::add_request);
  }

  void cannot_be_sent(std::string message) {
    context_.ledger.note_once({"GW653",
                               Severity::error,
                               std::move(message),
                               {},
                               source_->owner,
                               source_->at,
                               "write what HTTP allows there, or remove it",
                               Loss::other});
  }

  void settings() {
    if (rule_->timeouts) {
      const std::string then = "its own timeout is used";
      if (rule_->timeouts->request && lacks(Feature::request_timeout, Field::timeout, Outcome::approximated, then))
        rule_->timeouts->request.reset();
      if (rule_->timeouts->backend_request &&
          lacks(Feature::backend_timeout, Field::timeout, Outcome::approximated, then))
        rule_->timeouts->backend_request.reset();
      if (!rule_->timeouts->request && !rule_->timeouts->backend_request) rule_->timeouts.reset();
    }
    // Its policies find a rule by its name; without one nothing would hold for it.
    if (rule_->name && lacks(Feature::named_rule, Field::redirect, Outcome::refused,
                             "the policies of a rule cannot name it, so that it gets no backend")) {
      rule_->name.reset();
      rule_->backend_refs.clear();
    }
  }

  const WrittenRoute& written_;
  PolicyContext& context_;
  const Rule* source_ = nullptr;
  kube::HttpRouteRule* rule_ = nullptr;
};

// Splits at '|' outside of groups and classes.
std::vector<std::string_view> branches(std::string_view text) {
  std::vector<std::string_view> out;
  int depth = 0;
  bool in_class = false;
  std::size_t from = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\\') {
      ++i;
    } else if (in_class) {
      in_class = c != ']';
    } else if (c == '[') {
      in_class = true;
    } else if (c == '(') {
      ++depth;
    } else if (c == ')') {
      if (--depth < 0) return {};
    } else if (c == '|' && depth == 0) {
      out.push_back(text.substr(from, i - from));
      from = i + 1;
    }
  }
  out.push_back(text.substr(from));
  return out;
}

}  // namespace

void fit(const WrittenRoute& written, PolicyContext& context) {
  Fitter(written, context).run();
}

std::optional<std::string> from_slash(std::string_view pattern) {
  std::string_view body = pattern, tail;
  std::string flags;
  if (body.starts_with('^')) body.remove_prefix(1);
  if (body.starts_with("(?i)")) flags = "(?i)", body.remove_prefix(4);
  if (body.starts_with("(?:") && body.ends_with(").*") && !branches(body.substr(3, body.size() - 6)).empty())
    tail = ".*", body = body.substr(3, body.size() - 6);
  const auto parts = branches(body);
  if (parts.empty()) return std::nullopt;
  std::string joined;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::string_view part = parts[i];
    if (i != 0) joined += '|';
    if (part.starts_with('/') && !(part.size() > 1 && std::string_view("*+?{").find(part[1]) != std::string_view::npos))
      joined += part.substr(1);
    else if (part.starts_with(".*/"))
      joined += "(?:.*/)?" + std::string(part.substr(3));
    else
      return std::nullopt;
  }
  if (parts.size() == 1 && flags.empty() && tail.empty()) return "/" + joined;
  return "/" + flags + "(?:" + joined + ")" + std::string(tail);
}

void fit_infrastructure(const Plan& plan, PolicyContext& context) {
  const auto tell = [&](Feature feature, const kube::Object* object, const std::string& then, Loss loss) {
    const std::string why = missing(feature, context);
    if (why.empty() || !context.told.insert({object, feature}).second) return;
    context.ledger.note({"GW650", Severity::error, why + "; " + then, {}, object, nullptr, {}, loss});
  };
  for (const auto& [set, listeners] : plan.listener_sets)
    for (const auto& [name, listener] : listeners)
      if (listener.server)
        tell(Feature::listener_set, listener.server->owner,
             "https of its hosts is not served; split the Gateway (--layout namespace)", Loss::other);
  static constexpr Feature kinds[] = {Feature::tls_route, Feature::tcp_route, Feature::udp_route};
  for (const Stream& stream : context.ir.streams)
    tell(kinds[static_cast<std::size_t>(stream.kind)], stream.owner, "its connections are not served", Loss::other);
  for (const BackendTls& tls : context.ir.backend_tls)
    tell(Feature::backend_tls, tls.owner, "its backend is spoken to without TLS or not at all", Loss::backend_tls);
  for (const Part& part : plan.parts)
    for (const Rule* rule : part.rules)
      for (const Backend& b : rule->backends)
        if (b.wire == Wire::h2c)
          tell(Feature::h2c_backend, rule->owner, "its backend is spoken to with HTTP/1.1", Loss::backend);
}

bool keeps_mirrors(const Action& action, const PolicyContext& context) {
  return !action.redirect && !action.closed && missing(Feature::mirror, context).empty() &&
         (action.mirrors.size() == 1 || missing(Feature::mirrors, context).empty());
}

}  // namespace gw::convert
