#include "runtime/authorization.h"

#include <algorithm>
#include <charconv>

#include "runtime/exchange.h"

namespace gw::runtime {
namespace {

constexpr std::string_view malformed = "the authorization service gave no valid answer";

Verdict no_verdict() {
  Verdict out;
  out.status = 503;
  out.problem = malformed;
  return out;
}

// Texts of a message that owns them.
void fill(RequestHead& to, std::string_view method, std::string_view target, std::string_view authority,
          const std::vector<HeaderView>& fields) {
  to.clear();
  std::size_t size = method.size() + target.size() + authority.size();
  for (const HeaderView& field : fields) size += field.name.size() + field.value.size();
  to.text.reserve(size);
  const auto own = [&](std::string_view text) {
    const std::size_t at = to.text.size();
    to.text.append(text);
    return std::string_view(to.text).substr(at);
  };
  to.method = own(method);
  to.target = own(target);
  to.authority = own(authority);
  for (const HeaderView& field : fields) {
    const auto name = own(field.name);
    to.fields.push_back({name, own(field.value)});
  }
}

// "/auth" and "/cart?x=1" make "/auth/cart?x=1".
std::string below(std::string_view prefix, std::string_view target) {
  if (prefix.empty()) return std::string(target);
  while (prefix.ends_with('/')) prefix.remove_suffix(1);
  return (prefix.starts_with('/') ? "" : "/") + std::string(prefix) + std::string(target);
}

std::string http_question(const route::ExternalAuth& service, const RequestHead& asked, std::string_view body,
                          RequestHead& question) {
  std::vector<HeaderView> fields;
  for (const HeaderView& field : asked.fields)
    if (same_name(field.name, "authorization") || listed(service.request_headers, field.name)) fields.push_back(field);
  fill(question, asked.method, below(service.path, origin_form(asked.target)), asked.authority, fields);
  return std::string(body);
}

// What an answer says of itself and not of the client that it consents to.
bool about_itself(std::string_view name) {
  return same_name(name, "date") || same_name(name, "server") ||
         (name.size() > 8 && same_name(name.substr(0, 8), "content-"));
}

// The first field of a name takes the place of those that are there, the others are added.
void add_field(route::HeaderChanges& to, const HeaderView& field) {
  using Op = route::HeaderChange::Op;
  const bool seen =
      std::any_of(to.begin(), to.end(), [&](const auto& change) { return same_name(change.name, field.name); });
  to.push_back({seen ? Op::add : Op::set, std::string(field.name), std::string(field.value)});
}

Verdict http_verdict(const route::ExternalAuth& service, const ResponseHead& head, std::string body) {
  Verdict out;
  out.allowed = head.status == 200;
  if (!out.allowed) {
    // Any other 2xx is a refusal, too, but no client may take it for the backend's answer.
    if (head.status >= 300) out.status = head.status;
    if (head.status >= 300) out.body = std::move(body);
    for (const HeaderView& field : head.fields)
      if (head.status >= 300) add_field(out.response, field);
    return out;
  }
  for (const HeaderView& field : head.fields) {
    if (same_name(field.name, "host")) continue;
    if (service.response_headers.empty() ? !about_itself(field.name) : listed(service.response_headers, field.name))
      add_field(out.request, field);
  }
  return out;
}

// ---- gRPC: one message in a frame of five bytes before it, and a status in the trailers

std::string grpc_question(const route::ExternalAuth& service, const RequestHead& asked, const ClientInfo& client,
                          std::string_view body, RequestHead& question) {
  static const std::vector<HeaderView> fields = {{"content-type", "application/grpc"}, {"user-agent", "gwctl"}};
  fill(question, "POST", "/envoy.service.auth.v3.Authorization/Check", {}, fields);
  question.te_trailers = true;
  const std::string message = check_request(service, asked, client, body);
  std::string frame(5, '\0');
  for (std::size_t i = 0; i < 4; ++i) frame[4 - i] = static_cast<char>(message.size() >> (8 * i) & 0xff);
  return frame + message;
}

Verdict grpc_verdict(const ResponseHead& head, std::string_view body, const std::vector<HeaderView>& trailers) {
  std::string_view status = head.find("grpc-status");
  for (const HeaderView& field : trailers)
    if (same_name(field.name, "grpc-status")) status = field.value;
  if (head.status != 200 || status != "0" || body.size() < 5 || body[0] != '\0') return no_verdict();
  std::size_t size = 0;
  for (std::size_t i = 1; i < 5; ++i) size = size << 8U | static_cast<unsigned char>(body[i]);
  if (body.size() != size + 5) return no_verdict();
  return check_response(body.substr(5));
}

}  // namespace

bool listed(const std::vector<std::string>& names, std::string_view name) {
  return std::any_of(names.begin(), names.end(), [&](const std::string& each) { return same_name(each, name); });
}

std::string_view origin_form(std::string_view target) {
  const auto scheme = target.find("://");
  if (target.starts_with('/') || scheme == target.npos) return target.starts_with('/') ? target : "/";
  const auto path = target.find('/', scheme + 3);
  return path == target.npos ? "/" : target.substr(path);
}

std::string question_of(const route::ExternalAuth& service, const RequestHead& asked, const ClientInfo& client,
                        std::string_view body, RequestHead& question) {
  std::string out = service.grpc ? grpc_question(service, asked, client, body, question)
                                 : http_question(service, asked, body, question);
  question.framing = Framing::length;
  question.length = out.size();
  return out;
}

Verdict verdict_of(const route::ExternalAuth& service, const ResponseHead& head, std::string body,
                   const std::vector<HeaderView>& trailers) {
  return service.grpc ? grpc_verdict(head, body, trailers) : http_verdict(service, head, std::move(body));
}

}  // namespace gw::runtime
