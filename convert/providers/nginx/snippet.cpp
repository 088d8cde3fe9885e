#include "convert/providers/nginx/snippet.h"

#include <algorithm>

#include "convert/providers/nginx/check.h"

namespace gw::convert::nginx {
namespace {

using Words = std::vector<std::string>;

// Statements of one level; a block stands in the statement before it as the word "{".
std::vector<Words> statements(std::string_view text) {
  std::vector<Words> out;
  Words words;
  std::string word;
  bool have = false;
  int depth = 0;
  char quote = 0;
  const auto end_word = [&] {
    if (have) words.push_back(std::move(word));
    word.clear();
    have = false;
  };
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quote) {
      if (c == '\\' && i + 1 < text.size())
        word += text[++i];
      else if (c == quote)
        quote = 0;
      else
        word += c;
      continue;
    }
    if (c == '#' && !have) {
      while (i < text.size() && text[i] != '\n') ++i;
    } else if (c == '"' || c == '\'') {
      quote = c;
      have = true;
    } else if (c == '{') {
      end_word();
      words.push_back("{");
      ++depth;
    } else if (c == '}') {
      end_word();
      if (--depth <= 0) {
        depth = 0;
        if (!words.empty()) out.push_back(std::move(words));
        words.clear();
      }
    } else if (c == ';') {
      end_word();
      if (depth == 0) {
        if (!words.empty()) out.push_back(std::move(words));
        words.clear();
      }
    } else if (std::isspace(static_cast<unsigned char>(c))) {
      end_word();
    } else {
      word += c;
      have = true;
    }
  }
  end_word();
  if (!words.empty()) out.push_back(std::move(words));
  return out;
}

bool constant(std::string_view value) {
  return value.find('$') == std::string_view::npos && value.find_first_of("\r\n") == std::string_view::npos;
}

bool header_name(std::string_view name) {
  return !name.empty() && name.size() <= 256 &&
         std::all_of(name.begin(), name.end(), [](unsigned char c) { return std::isalnum(c) || c == '-' || c == '_'; });
}

bool add_header(std::vector<HeaderEdit>& to, HeaderEdit::Op op, const std::string& name, const std::string& value) {
  if (!header_name(name) || !constant(value) || (value.empty() && op != HeaderEdit::Op::remove)) return false;
  to.push_back({op, name, value});
  return true;
}

// "Name: value" as more_set_headers takes it; several a directive.
bool more_headers(std::vector<HeaderEdit>& to, const Words& words, bool set) {
  bool all = words.size() > 1;
  for (std::size_t i = 1; i < words.size(); ++i) {
    const std::size_t colon = words[i].find(':');
    const std::string name = words[i].substr(0, colon);
    const std::string value =
        colon == std::string::npos ? std::string() : std::string(trim(words[i].substr(colon + 1)));
    all = all && words[i][0] != '-' &&
          add_header(to, set && !value.empty() ? HeaderEdit::Op::set : HeaderEdit::Op::remove, name,
                     set ? value : std::string());
  }
  return all;
}

bool returns(SnippetParts& parts, const Words& words) {
  if (words.size() != 3 || parts.redirect) return false;
  const long code = to_int(words[1]);
  if (code != 301 && code != 302 && code != 303 && code != 307 && code != 308) return false;
  std::string url = words[2];
  Redirect redirect;
  redirect.status = static_cast<int>(code);
  const bool keeps_path = url.ends_with("$request_uri");
  if (keeps_path) url.resize(url.size() - std::string_view("$request_uri").size());
  if (url == "https://$host" || url == "https://$http_host" || url == "https://$server_name") {
    if (!keeps_path) return false;
    redirect.scheme = "https";
  } else {
    const auto to = parse_url(url);
    if (!to || !constant(url) || to->path.find_first_of("?#") != std::string::npos) return false;
    redirect.scheme = to->scheme;
    redirect.host = to->host;
    if (to->port) redirect.port = to->port;
    if (!keeps_path)
      redirect.path = PathRewrite{false, to->path.empty() ? "/" : to->path};
    else if (!to->path.empty())
      return false;
  }
  parts.redirect = std::move(redirect);
  return true;
}

bool access_directive(std::string_view name) {
  return one_of(name, "allow", "deny", "auth_basic", "auth_basic_user_file", "auth_request", "satisfy", "if", "return",
                "limit_except", "access_by_lua_block", "access_by_lua", "valid_referers", "auth_jwt", "secure_link",
                "internal", "rewrite_by_lua_block");
}

bool understood(SnippetParts& parts, const Words& words) {
  const std::string& name = words[0];
  if (name == "more_set_headers") return more_headers(parts.response_headers, words, true);
  if (name == "more_clear_headers") return more_headers(parts.response_headers, words, false);
  if (name == "more_set_input_headers") return more_headers(parts.request_headers, words, true);
  if (name == "more_clear_input_headers") return more_headers(parts.request_headers, words, false);
  if (name == "add_header" && (words.size() == 3 || (words.size() == 4 && words[3] == "always")))
    return add_header(parts.response_headers, HeaderEdit::Op::add, words[1], words[2]);
  if (name == "proxy_hide_header" && words.size() == 2)
    return add_header(parts.response_headers, HeaderEdit::Op::remove, words[1], {});
  if (name == "proxy_set_header" && words.size() == 3)
    return words[2].empty() ? add_header(parts.request_headers, HeaderEdit::Op::remove, words[1], {})
                            : lower(words[1]) != "host" &&
                                  add_header(parts.request_headers, HeaderEdit::Op::set, words[1], words[2]);
  if (name == "return") return returns(parts, words);
  return false;
}

// Directives that neither refuse a request nor choose its answer. A '_' at the end matches what follows.
// clang-format off
constexpr std::string_view tuning[] = {
    "proxy_", "fastcgi_", "uwsgi_", "grpc_", "gzip", "gzip_", "gunzip", "brotli", "brotli_", "zstd", "zstd_",
    "log_format", "access_log", "error_log", "log_", "map", "geo", "split_clients", "upstream", "add_header",
    "add_trailer", "expires", "etag", "more_set_headers", "more_clear_headers", "client_body_", "client_header_",
    "large_client_", "client_max_body_size", "keepalive_", "send_timeout", "resolver", "resolver_", "ssl_ciphers",
    "ssl_protocols", "ssl_session_", "ssl_prefer_", "ssl_dhparam", "ssl_ecdh_", "ssl_stapling", "ssl_stapling_",
    "ssl_buffer_", "ssl_early_data", "server_tokens", "sendfile", "sendfile_", "tcp_", "open_file_", "limit_req_zone",
    "limit_conn_zone", "limit_req_status", "limit_conn_status", "limit_req_log_", "limit_conn_log_", "limit_rate",
    "limit_rate_", "lua_shared_dict", "lua_package_", "variables_hash_", "map_hash_", "types_hash_", "server_names_",
    "underscores_in_headers", "ignore_invalid_headers", "charset", "charset_", "types", "default_type", "set",
    "set_real_ip_from", "real_ip_", "env", "worker_", "http2_", "port_in_redirect", "absolute_redirect",
    "server_name_in_redirect", "opentracing", "opentracing_", "opentelemetry", "opentelemetry_", "otel_",
    "vhost_traffic_", "reset_timedout_connection", "chunked_transfer_", "output_buffers", "postpone_output", "directio",
    "aio", "sub_filter", "sub_filter_", "merge_slashes", "msie_",
};
// clang-format on

bool tunes(std::string_view name) {
  static constexpr std::string_view passing[] = {"proxy_pass", "fastcgi_pass", "uwsgi_pass",
                                                 "grpc_pass",  "scgi_pass",    "proxy_cache_bypass"};
  if (std::find(std::begin(passing), std::end(passing), name) != std::end(passing)) return false;
  return std::any_of(std::begin(tuning), std::end(tuning), [&](std::string_view word) {
    return name == word || (word.ends_with('_') && name.starts_with(word));
  });
}

}  // namespace

std::string deciding_directive(std::string_view text) {
  for (const Words& words : statements(text))
    if (!words.empty() && !tunes(words[0])) return words[0];
  return {};
}

SnippetParts read_snippet(std::string_view text) {
  SnippetParts parts;
  for (const Words& words : statements(text)) {
    const bool block = std::find(words.begin(), words.end(), "{") != words.end();
    if (!block && understood(parts, words)) continue;
    parts.refused.push_back(words[0]);
    parts.access = parts.access || access_directive(words[0]);
  }
  return parts;
}

}  // namespace gw::convert::nginx
