#include "verify/variants.h"

#include "verify/paths.h"

namespace gw::verify {
namespace {

using route::Request;

std::pair<std::string, std::string> split_target(const std::string& target) {
  const std::size_t mark = target.find('?');
  if (mark == std::string::npos) return {target, ""};
  return {target.substr(0, mark), target.substr(mark)};
}

void each_query(const Request& plain, const Visit& visit) {
  Request request = plain;
  const bool has_query = plain.target.find('?') != std::string::npos;
  const std::string_view join = has_query ? "&" : "?";
  request.target = plain.target + std::string(join) + "q=1";
  visit(request, Aspect::query, "query");
  request.target = plain.target + std::string(join) + "a=/";
  visit(request, Aspect::query, "query that ends in /");
  if (has_query) return;
  request.target = plain.target + "?";
  visit(request, Aspect::query, "empty query");
}

void each_method(const Request& plain, const Visit& visit) {
  if (plain.method != "GET") return;
  Request request = plain;
  for (std::string_view method : {"HEAD", "POST", "OPTIONS"}) {
    request.method = method;
    visit(request, Aspect::method, method);
  }
}

void each_host_spelling(const Request& plain, const Visit& visit) {
  Request request = plain;
  for (char& c : request.host)
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 'a' + 'A');
  visit(request, Aspect::host_spelling, "capital letters");
  request.host = plain.host + (plain.scheme == route::Scheme::https ? ":443" : ":80");
  visit(request, Aspect::host_spelling, "port");
  request.host = plain.host + ".";
  visit(request, Aspect::host_spelling, "trailing dot");
}

void each_sni(const Request& plain, const std::vector<std::string>& names, const Visit& visit) {
  if (plain.scheme != route::Scheme::https) return;
  Request request = plain;
  request.sni = "";
  visit(request, Aspect::server_name, "no server name");
  for (const std::string& name : names) {
    request.sni = name;
    visit(request, Aspect::server_name, "another server name");
  }
}

void each_spelling(const Request& plain, const Visit& visit) {
  Request request = plain;
  const auto [path, query] = split_target(plain.target);
  for (Spelling& spelling : spellings(path)) {
    request.target = std::move(spelling.path) + query;
    visit(request, Aspect::path_spelling, spelling.what);
  }
}

}  // namespace

void each_variant(const Request& plain, const std::vector<std::string>& sni, const Visit& visit) {
  each_query(plain, visit);
  each_method(plain, visit);
  each_host_spelling(plain, visit);
  each_spelling(plain, visit);
  each_sni(plain, sni, visit);
}

}  // namespace gw::verify
