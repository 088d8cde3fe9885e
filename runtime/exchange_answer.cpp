// What an exchange answers itself: errors, redirects, preflights, and the pages of the admin address.

#include "route/cors.h"
#include "runtime/exchange.h"
#include "runtime/header_changes.h"
#include "runtime/worker.h"

namespace gw::runtime {
namespace {

std::string_view refusal(int status) {
  switch (status) {
    case 408:
      return "the request did not arrive in time";
    case 414:
    case 431:
      return "the request is larger than allowed";
    case 417:
      return "only 100-continue can be expected";
    case 501:
      return "this method or coding is not implemented";
    case 505:
      return "HTTP/1.0, HTTP/1.1 and HTTP/2 are understood";
    default:
      return "the request is not well-formed";
  }
}

}  // namespace

void Exchange::answer_here() {
  LocalAnswer answer = info_->site->handler->answer(request, *info_);
  response.clear();
  response.status = answer.status;
  for (auto& [name, value] : answer.fields) response.fields.push_back({keep(name), keep(value)});
  detail_ = "local";
  send_local(keep(std::move(answer.content_type)), keep(std::move(answer.body)));
}

void Exchange::refuse(ClientSide& client, const ClientInfo& info, int status) {
  client_ = &client;
  info_ = &info;
  started_ = moved_ = worker_.now();
  generation_ = worker_.generation();
  worker_.stats().requests_open.add();
  worker_.stats().refused.add();
  request.keep_alive = false;
  request_done_ = true;
  reply(status, refusal(status));
}

void Exchange::reply(int status, std::string_view detail) {
  drop_backend();
  if (finished_) return;
  if (head_sent_) return fail_response();
  detail_ = detail;
  response.clear();
  response.status = status;
  std::string text = std::to_string(status);
  text.append(" ").append(reason(status)).append(": ").append(detail).append("\n");
  if (decision_.action && decision_.action->cors) cors_headers(*decision_.action->cors);
  send_local("text/plain; charset=utf-8", keep(std::move(text)));
}

void Exchange::redirect(int status, std::string_view location) {
  response.clear();
  response.status = status;
  if (decision_.action) {
    change_headers(response, decision_.action->response_headers);
    if (decision_.action->cors) cors_headers(*decision_.action->cors);
  }
  response.fields.push_back({"Location", location});
  send_local({}, {});
}

void Exchange::send_local(std::string_view content_type, std::string_view body) {
  status_ = response.status;
  if (!content_type.empty()) response.fields.push_back({"Content-Type", content_type});
  response.framing = Framing::length;
  response.length = body.size();
  head_sent_ = true;
  replayable_ = false;
  std::string().swap(replay_);
  bool bodyless = body.empty() || request.method == "HEAD";
  client_->send_head(response, true);
  if (!bodyless) client_->send_body(body);
  bytes_out_ += body.size();
  client_->send_end({});
  finish();
}

void Exchange::fail_response() {
  drop_backend();
  if (client_) client_->cut();
  finish();
}

void Exchange::preflight() {
  response.clear();
  response.status = decision_.status;
  detail_ = "CORS preflight";
  if (decision_.action && decision_.action->cors) {
    change_kept(response, route::cors_headers(*decision_.action->cors, view(), true));
    change_headers(response, decision_.action->response_headers);
  }
  send_local({}, {});
}

void Exchange::cors_headers(const route::CorsPolicy& cors) {
  if (!cors_asked_) return response.fields.push_back({"Vary", "Origin"});
  std::erase_if(response.fields, [](const HeaderView& f) {
    return f.name.size() > 15 && same_name(f.name.substr(0, 15), "access-control-");
  });
  change_kept(response, route::cors_headers(cors, view(), false));
}

// As change_headers, for changes that do not outlive the call.
void Exchange::change_kept(Message& message, const route::HeaderChanges& changes) {
  using Op = route::HeaderChange::Op;
  for (const auto& change : changes) {
    if (change.op != Op::add) message.remove(change.name);
    if (change.op != Op::remove) message.fields.push_back({keep(change.name), keep(change.value)});
  }
}

}  // namespace gw::runtime
