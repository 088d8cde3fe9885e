#include "lsp/server.h"

#include <exception>
#include <nlohmann/json.hpp>

namespace gw::lsp {
namespace {

// JSON-RPC's and LSP's error codes.
constexpr int parse_error = -32700, invalid_request = -32600, unknown_method = -32601, invalid_params = -32602,
              internal_error = -32603, not_initialized = -32002;

std::string text_at(const Json& value, const char* key) {
  return value.is_object() && value.contains(key) && value[key].is_string() ? value[key].get<std::string>()
                                                                            : std::string();
}
Json member(const Json& value, const char* key) {
  return value.is_object() && value.contains(key) ? value[key] : Json();
}

const Json& capabilities() {
  static const Json all = {
      {"positionEncoding", "utf-16"},
      {"textDocumentSync", {{"openClose", true}, {"change", 2}, {"save", {{"includeText", false}}}}},
      {"hoverProvider", true},
      {"completionProvider", {{"triggerCharacters", Json::array({":", " ", "/"})}}},
      {"definitionProvider", true},
      {"referencesProvider", true},
      {"documentSymbolProvider", true},
      {"codeActionProvider", {{"codeActionKinds", Json::array({"quickfix", "refactor"})}}},
      {"codeLensProvider", {{"resolveProvider", false}}},
      {"inlayHintProvider", true}};
  return all;
}

}  // namespace

int Server::run() {
  while (!exited_) {
    const auto message = rpc_.read();
    if (!message) return 1;
    handle(*message);
    // While somebody types, only the last state counts; behind an answer the findings come at once.
    const bool asked = message->is_object() && message->contains("id");
    if (changed_ && !exited_ && (asked || !rpc_.pending())) publish();
  }
  return shut_down_ ? 0 : 1;
}

void Server::reply(const Json& id, const Json& result) {
  rpc_.write({{"jsonrpc", "2.0"}, {"id", id}, {"result", result}});
}

void Server::refuse(const Json& id, int code, const std::string& why) {
  rpc_.write({{"jsonrpc", "2.0"}, {"id", id}, {"error", {{"code", code}, {"message", why}}}});
}

void Server::handle(const Json& message) {
  if (message.is_null()) return refuse(nullptr, parse_error, "the message is no JSON");
  const std::string method = text_at(message, "method");
  const bool request = message.is_object() && message.contains("id");
  const Json id = member(message, "id");
  if (method.empty()) {
    if (request && !message.contains("result") && !message.contains("error"))
      refuse(id, invalid_request, "the message has no method");
    return;
  }
  const Json params = member(message, "params");
  try {
    if (!request) return note(method, params);
    if (!initialized_ && method != "initialize") return refuse(id, not_initialized, "initialize comes first");
    if (shut_down_) return refuse(id, invalid_request, "the server was shut down");
    const Json result = answer(method, params);
    if (result.is_discarded()) return refuse(id, unknown_method, "gwctl does not know '" + method + "'");
    reply(id, result);
  } catch (const Json::exception&) {
    if (request) refuse(id, invalid_params, "'" + method + "' has parameters of another shape");
  } catch (const std::exception&) {
    if (request) refuse(id, internal_error, "'" + method + "' could not be answered");
  }
}

Json Server::initialize(const Json& params) {
  initialized_ = true;
  std::string root = path_of_uri(text_at(params, "rootUri"));
  if (const Json folders = member(params, "workspaceFolders"); folders.is_array() && !folders.empty())
    root = path_of_uri(text_at(folders[0], "uri"));
  if (root.empty()) root = text_at(params, "rootPath");
  workspace_ = Workspace(root);
  settle(member(params, "initializationOptions"));
  changed_ = true;
  return {{"capabilities", capabilities()}, {"serverInfo", {{"name", "gwctl"}, {"version", version_}}}};
}

// The keys are those of .gwctl.yaml.
void Server::settle(const Json& options) {
  Settings settings;
  const auto one = [&](const char* key, std::string& to) {
    if (std::string value = text_at(options, key); !value.empty()) to = std::move(value);
  };
  one("channel", settings.channel);
  one("apiVersion", settings.api_version);
  one("profile", settings.profile);
  one("to", settings.to);
  one("from", settings.from);
  const auto list = [&](const char* key, std::vector<std::string>& to) {
    for (const Json& value : member(options, key))
      if (value.is_string()) to.push_back(value.get<std::string>());
  };
  list("select", settings.selection.select);
  list("ignore", settings.selection.ignore);
  list("enable", settings.selection.enable);
  list("layers", settings.selection.layers);
  workspace_.prefer(std::move(settings));
}

void Server::note(const std::string& method, const Json& params) {
  if (method == "exit") {
    exited_ = true;
    return;
  }
  if (!initialized_ || shut_down_) return;
  const Json document = member(params, "textDocument");
  const std::string path = path_of_uri(text_at(document, "uri"));
  if (method == "textDocument/didOpen") {
    workspace_.set(path, text_at(document, "text"));
  } else if (method == "textDocument/didChange") {
    std::string text = workspace_.text(path).value_or("");
    for (const Json& change : member(params, "contentChanges")) apply(change, text);
    workspace_.set(path, std::move(text));
  } else if (method == "textDocument/didClose") {
    workspace_.close(path);
  } else if (method == "workspace/didChangeConfiguration") {
    const Json settings = member(params, "settings");
    settle(settings.contains("gwctl") ? settings["gwctl"] : settings);
  } else if (method == "textDocument/didSave" || method == "workspace/didChangeWatchedFiles") {
    workspace_.refresh();
  } else {
    return;  // $/cancelRequest and others: every answer is there at once
  }
  changed_ = true;
}

Json Server::answer(const std::string& method, const Json& params) {
  if (method == "initialize") return initialize(params);
  if (method == "shutdown") {
    shut_down_ = true;
    return nullptr;
  }
  constexpr std::string_view prefix = "textDocument/";
  if (!method.starts_with(prefix)) return Json(Json::value_t::discarded);
  const std::string asked_for = method.substr(prefix.size());
  const std::string path = path_of_uri(text_at(member(params, "textDocument"), "uri"));
  const std::string text = workspace_.text(path).value_or("");
  const Asked asked{workspace_, path, text, Lines(text)};
  const Position at = position_of(member(params, "position"));
  if (asked_for == "hover") return hover(asked, at);
  if (asked_for == "completion") return completion(asked, at);
  if (asked_for == "definition") return definition(asked, at);
  if (asked_for == "references")
    return references(asked, at, member(member(params, "context"), "includeDeclaration") == true);
  if (asked_for == "documentSymbol") return symbols(asked);
  if (asked_for == "codeLens") return lenses(asked);
  if (asked_for == "inlayHint") return hints(asked);
  if (asked_for == "codeAction") {
    const Json range = member(params, "range");
    return actions(asked, asked.lines.offset(position_of(member(range, "start"))),
                   asked.lines.offset(position_of(member(range, "end"))));
  }
  return Json(Json::value_t::discarded);
}

// Only what changed: an editor keeps what it was told of the other documents.
void Server::publish() {
  changed_ = false;
  const View& view = workspace_.look();
  if (const std::string& why = workspace_.why_not(); !why.empty() && why != told_)
    rpc_.write({{"jsonrpc", "2.0"},
                {"method", "window/showMessage"},
                {"params", {{"type", 1}, {"message", "gwctl: " + why}}}});
  told_ = workspace_.why_not();
  std::map<std::string, Json> now = diagnostics(view);
  for (const auto& [uri, known] : published_) now.try_emplace(uri, Json::array());
  for (const auto& [uri, found] : now) {
    const auto before = published_.find(uri);
    if (before == published_.end() ? found.empty() && !workspace_.open().contains(path_of_uri(uri))
                                   : before->second == found.dump())
      continue;
    rpc_.write({{"jsonrpc", "2.0"},
                {"method", "textDocument/publishDiagnostics"},
                {"params", {{"uri", uri}, {"diagnostics", found}}}});
    published_[uri] = found.dump();
  }
}

}  // namespace gw::lsp
