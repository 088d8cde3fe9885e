#include "runtime/http.h"

#include <algorithm>
#include <ctime>
#include <iterator>

namespace gw::runtime {
namespace {

// Status codes and their words (RFC 9110, section 15, and the IANA registry), in order.
struct Reason {
  int status;
  std::string_view words;
};
constexpr Reason reasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {102, "Processing"},
    {103, "Early Hints"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {203, "Non-Authoritative Information"},
    {204, "No Content"},
    {205, "Reset Content"},
    {206, "Partial Content"},
    {207, "Multi-Status"},
    {300, "Multiple Choices"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {402, "Payment Required"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {407, "Proxy Authentication Required"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {418, "I'm a teapot"},
    {421, "Misdirected Request"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
};
static_assert(std::is_sorted(std::begin(reasons), std::end(reasons),
                             [](const Reason& a, const Reason& b) { return a.status < b.status; }));

}  // namespace

std::string_view Message::find(std::string_view name) const {
  for (const HeaderView& f : fields)
    if (same_name(f.name, name)) return f.value;
  return {};
}

bool Message::has(std::string_view name) const {
  return std::any_of(fields.begin(), fields.end(), [&](const HeaderView& f) { return same_name(f.name, name); });
}

void Message::remove(std::string_view name) {
  std::erase_if(fields, [&](const HeaderView& f) { return same_name(f.name, name); });
}

void RequestHead::clear() {
  text.clear();
  fields.clear();
  framing = Framing::none;
  length = 0;
  http10 = expect_continue = te_trailers = false;
  keep_alive = true;
  upgrade = method = target = authority = {};
}

void ResponseHead::clear() {
  text.clear();
  fields.clear();
  framing = Framing::none;
  length = 0;
  http10 = false;
  keep_alive = true;
  upgrade = {};
  status = 0;
}

std::string_view reason(int status) {
  const Reason* found = std::lower_bound(std::begin(reasons), std::end(reasons), status,
                                         [](const Reason& row, int wanted) { return row.status < wanted; });
  return found != std::end(reasons) && found->status == status ? found->words : "Unknown";
}

bool idempotent(std::string_view method) {
  constexpr std::string_view methods[] = {"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "TRACE"};
  return std::find(std::begin(methods), std::end(methods), method) != std::end(methods);
}

std::string http_date(std::int64_t second) {
  constexpr const char* days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr const char* months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  std::time_t t = second;
  std::tm tm{};
  gmtime_r(&t, &tm);
  char text[40];
  std::snprintf(text, sizeof text, "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday], tm.tm_mday,
                months[tm.tm_mon], tm.tm_year + 1900, tm.tm_hour, tm.tm_min, tm.tm_sec);
  return text;
}

}  // namespace gw::runtime
