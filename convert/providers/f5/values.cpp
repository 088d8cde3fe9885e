#include "convert/providers/f5/values.h"

#include <algorithm>
#include <cctype>

#include "convert/providers/nginx/check.h"
#include "convert/providers/values.h"
#include "convert/providers/wishes.h"

namespace gw::convert::f5::values {

bool path_mode(std::string_view v) {
  return nginx::one_of(v, "case_sensitive", "case_insensitive", "exact");
}
bool merge_kind(std::string_view v) {
  return v == "master" || v == "minion";
}
bool redirect_code(std::string_view v) {
  return nginx::one_of(v, "301", "302", "307", "308");
}
bool balance(std::string_view v) {
  return nginx::one_of(v, "round_robin", "least_conn", "ip_hash", "random", "random two", "random two least_conn") ||
         v.starts_with("hash ") || v.starts_with("least_time ") || v.starts_with("random two least_time");
}
bool nginx_time(std::string_view v) {
  return not_empty(v) &&
         std::all_of(v.begin(), v.end(),
                     [](unsigned char c) {
                       return std::isdigit(c) ||
                              std::string_view("mshdwMy ").find(static_cast<char>(c)) != std::string_view::npos;
                     }) &&
         std::isdigit(static_cast<unsigned char>(v[0]));
}
bool size(std::string_view v) {
  if (v.empty()) return false;
  if (std::string_view("kKmMgG").find(v.back()) != std::string_view::npos) v.remove_suffix(1);
  return !v.empty() && std::all_of(v.begin(), v.end(), [](unsigned char c) { return std::isdigit(c); });
}
bool buffers(std::string_view v) {
  const std::size_t space = v.find(' ');
  return space != std::string_view::npos && is_int(v.substr(0, space)) && size(v.substr(space + 1));
}
bool positive(std::string_view v) {
  return small_int(v).value_or(0) > 0;
}
bool reject_code(std::string_view v) {
  return small_int(v).value_or(0) >= 400 && *small_int(v) <= 599;
}
bool root_path(std::string_view v) {
  return is_path(v) && v.find_first_of("$|^<>\\") == std::string_view::npos && !v.ends_with('/');
}
bool target(std::string_view v) {
  return v.starts_with('/') && v.find("..") == std::string_view::npos &&
         v.find_first_of(";{}\r\n") == std::string_view::npos && v.find("://") == std::string_view::npos;
}
bool ports(std::string_view v) {
  for (const std::string& one : nginx::split(v))
    if (small_int(one).value_or(0) <= 0) return false;
  return not_empty(v);
}

}  // namespace gw::convert::f5::values
