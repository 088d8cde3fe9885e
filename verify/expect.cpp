#include "verify/expect.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <nlohmann/json.hpp>

#include "route/target.h"
#include "verify/compare.h"
#include "verify/report.h"

namespace gw::verify {
namespace {

using route::Answer;
using route::AnswerSet;
using Kind = Wanted::Kind;

// Words between spaces; "…" within a word holds spaces, with \" and \\ in it.
std::optional<std::vector<std::string>> words_of(std::string_view line) {
  std::vector<std::string> out;
  std::string word;
  bool quoted = false, any = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    const char c = line[i];
    if (quoted && c == '\\' && i + 1 < line.size()) {
      word += line[++i];
    } else if (c == '"') {
      quoted = !quoted;
      any = true;
    } else if (!quoted && (c == ' ' || c == '\t' || c == '\r')) {
      if (any || !word.empty()) out.push_back(std::move(word));
      word.clear();
      any = false;
    } else {
      word += c;
    }
  }
  if (quoted) return std::nullopt;
  if (any || !word.empty()) out.push_back(std::move(word));
  return out;
}

std::string quoted(const std::string& text) {
  if (!text.empty() && text.find_first_of(" \t\"\\|") == std::string::npos) return text;
  std::string out = "\"";
  for (char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + "\"";
}

template <class T>
bool number(std::string_view text, T& out) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc() && end == text.data() + text.size() && !text.empty();
}

std::optional<std::string> read_url(const std::string& url, route::Request& out) {
  const std::size_t scheme = url.find("://");
  const std::string name = url.substr(0, scheme);
  if (scheme == std::string::npos || (name != "http" && name != "https"))
    return "'" + url + "' is not an http or https URL";
  out.scheme = name == "https" ? route::Scheme::https : route::Scheme::http;
  const std::string rest = url.substr(scheme + 3);
  const std::size_t slash = rest.find_first_of("/?");
  out.host = rest.substr(0, slash);
  if (slash != std::string::npos) out.target = rest[slash] == '/' ? rest.substr(slash) : "/" + rest.substr(slash);
  if (out.host.empty()) return "'" + url + "' names no host";
  return std::nullopt;
}

std::optional<std::string> read_request(const std::vector<std::string>& words, route::Request& out) {
  if (words.size() < 2) return "write METHOD URL -> what is wanted";
  out.method = words[0];
  if (auto why = read_url(words[1], out)) return why;
  for (std::size_t i = 2; i < words.size(); ++i) {
    if (words[i] == "-H" && i + 1 < words.size()) {
      const std::string& header = words[++i];
      const std::size_t colon = header.find(':');
      if (colon == std::string::npos || colon == 0) return "-H '" + header + "' is not a header; write \"NAME: VALUE\"";
      const std::size_t begin = std::min(header.find_first_not_of(' ', colon + 1), header.size());
      out.headers.emplace_back(header.substr(0, colon), header.substr(begin));
    } else if (words[i].starts_with("sni=")) {
      out.sni = words[i].substr(4);
    } else {
      return "'" + words[i] + "' is neither -H nor sni=";
    }
  }
  return std::nullopt;
}

// What stands behind a backend.
std::optional<std::string> read_detail(const std::string& word, Wanted& out) {
  double share = 0;
  if (word.ends_with('%') && number(std::string_view(word).substr(0, word.size() - 1), share)) {
    out.share = share;
  } else if (word.starts_with("path=")) {
    out.path = word.substr(5);
  } else if (word.starts_with("host=")) {
    out.host = word.substr(5);
  } else if (word.starts_with("does:")) {
    out.does.push_back(word.substr(5));
  } else if (word.starts_with("header:") && word.find('=') != std::string::npos) {
    const std::size_t equals = word.find('=');
    out.headers.emplace_back(word.substr(7, equals - 7), word.substr(equals + 1));
  } else {
    return "'" + word + "' is none of N%, path=, host=, header:NAME=VALUE and does:";
  }
  return std::nullopt;
}

std::optional<std::string> read_wanted(const std::vector<std::string>& words, Wanted& out) {
  if (words.empty()) return "nothing is wanted; write a backend, a status, redirect, denied, closed or same-as old";
  const std::string& first = words[0];
  static constexpr std::pair<std::string_view, Kind> names[] = {
      {"redirect", Kind::redirect}, {"denied", Kind::denied}, {"closed", Kind::closed}, {"same-as", Kind::same_as_old}};
  const auto* named = std::find_if(std::begin(names), std::end(names), [&](const auto& n) { return n.first == first; });
  if (named != std::end(names)) {
    out.kind = named->second;
    if (out.kind == Kind::redirect && words.size() > 1) out.location = words[1];
    if (out.kind == Kind::same_as_old && (words.size() < 2 || words[1] != "old")) return "write same-as old";
    return std::nullopt;
  }
  if (number(first, out.status)) {
    out.kind = Kind::status;
    if (words.size() > 1) out.location = words[1];
    return std::nullopt;
  }
  const std::size_t slash = first.find('/'), colon = first.rfind(':');
  if (slash == std::string::npos || slash == 0) return "'" + first + "' is not a backend; write NAMESPACE/SERVICE:PORT";
  out.kind = Kind::backend;
  out.backend = first.substr(0, colon);
  if (colon != std::string::npos && !number(std::string_view(first).substr(colon + 1), out.port))
    return "'" + first + "' has no good port";
  for (std::size_t i = 1; i < words.size(); ++i)
    if (auto why = read_detail(words[i], out)) return why;
  return std::nullopt;
}

std::optional<std::string> read_line(std::string_view line, Expectation& out) {
  const std::size_t arrow = line.find(" -> ");
  if (arrow == std::string_view::npos) return "no ' -> ' between the request and what is wanted";
  const auto asked = words_of(line.substr(0, arrow)), wanted = words_of(line.substr(arrow + 4));
  if (!asked || !wanted) return "a quote is not closed";
  if (auto why = read_request(*asked, out.request)) return why;
  std::vector<std::string> words;
  for (std::size_t i = 0; i <= wanted->size(); ++i) {
    if (i < wanted->size() && (*wanted)[i] != "|") {
      words.push_back((*wanted)[i]);
      continue;
    }
    if (auto why = read_wanted(words, out.any_of.emplace_back())) return why;
    words.clear();
  }
  return std::nullopt;
}

// ---- answers against what is wanted

// An answer that one backend gives, with its share of the requests.
struct Possible {
  Answer answer;
  std::optional<double> share;
};

std::vector<Possible> possible(const AnswerSet& answers) {
  std::uint64_t total = 0;
  for (const Answer& answer : answers.any_of)
    for (const route::WeightedBackend& row : answer.backends) total += row.weight;
  std::vector<Possible> out;
  for (const Answer& answer : answers.any_of) {
    if (answer.backends.empty()) out.push_back({answer, std::nullopt});
    for (const route::WeightedBackend& row : answer.backends) {
      if (row.weight == 0) continue;
      Possible one{answer, total == 0 ? 0 : 100.0 * static_cast<double>(row.weight) / static_cast<double>(total)};
      one.answer.backend = row.backend;
      one.answer.port = row.port;
      if (one.share == 100) one.share.reset();
      out.push_back(std::move(one));
    }
  }
  return out;
}

bool has_header(const Expectation& expected, const Answer& answer, const std::string& name, const std::string& value) {
  std::string small = name;
  for (char& c : small) c = route::to_lower(c);
  if (answer.effects)
    for (const route::Effect& effect : answer.effects->list) {
      const bool header =
          effect.kind == route::Effect::Kind::request_header || effect.kind == route::Effect::Kind::response_header;
      if (header && (effect.what == "set " + small + ": " + value || effect.what == "add " + small + ": " + value))
        return true;
    }
  return std::any_of(expected.request.headers.begin(), expected.request.headers.end(), [&](const auto& header) {
    return route::equal_fold(header.first, name) && header.second == value;
  });
}

// ingress-nginx drops a final slash from what it redirects to.
bool same_place(const std::string& wanted, const std::string& got) {
  return wanted == got || wanted + "/" == got || wanted == got + "/";
}

bool is_denied(const Answer& answer) {
  return answer.status == 401 || answer.status == 403 || answer.status == 0;
}

bool fits(const Expectation& expected, const Wanted& wanted, const Possible& one) {
  const Answer& answer = one.answer;
  const bool own = answer.backend.empty();
  switch (wanted.kind) {
    case Kind::closed:
      return answer.status == 0;
    case Kind::denied:
      return is_denied(answer);
    case Kind::redirect:
      return own && !answer.location.empty() && (!wanted.location || same_place(*wanted.location, answer.location));
    case Kind::status:
      return own && answer.status == wanted.status &&
             (!wanted.location || same_place(*wanted.location, answer.location));
    case Kind::same_as_old:
      return false;
    case Kind::backend:
      break;
  }
  if (answer.backend != wanted.backend || (wanted.port != 0 && answer.port != 0 && answer.port != wanted.port))
    return false;
  if (wanted.share.has_value() != one.share.has_value() && (wanted.share || one.share)) return false;
  if (wanted.share && std::abs(*wanted.share - *one.share) > 0.01) return false;
  if (wanted.path && !answer.backend_target.empty() && *wanted.path != answer.backend_target) return false;
  if (wanted.host && !answer.backend_host.empty() && *wanted.host != answer.backend_host) return false;
  const auto header = [&](const auto& row) { return has_header(expected, answer, row.first, row.second); };
  const auto done = [&](const std::string& what) {
    return answer.effects &&
           std::any_of(answer.effects->list.begin(), answer.effects->list.end(),
                       [&](const auto& effect) { return std::string(name(effect.kind)) + " " + effect.what == what; });
  };
  return std::all_of(wanted.headers.begin(), wanted.headers.end(), header) &&
         std::all_of(wanted.does.begin(), wanted.does.end(), done);
}

std::string share_text(double share) {
  std::string out = std::to_string(share);
  out.erase(out.find_last_not_of('0') + 1);
  if (out.ends_with('.')) out.pop_back();
  return out + "%";
}

std::string wanted_text(const route::Request& request, const Possible& one) {
  const Answer& answer = one.answer;
  if (answer.status == 0) return "closed";
  if (answer.backend.empty())
    return std::to_string(answer.status) + (answer.location.empty() ? "" : " " + quoted(answer.location));
  std::string out = answer.backend + (answer.port != 0 ? ":" + std::to_string(answer.port) : "");
  if (one.share) out += " " + share_text(*one.share);
  if (!answer.backend_target.empty() && answer.backend_target != request.target)
    out += " path=" + quoted(answer.backend_target);
  if (!answer.backend_host.empty() && answer.backend_host != request.host)
    out += " host=" + quoted(answer.backend_host);
  if (!answer.effects) return out;
  for (const route::Effect& effect : answer.effects->list) {
    if (route::shown(effect) != effect.what) continue;  // a credential is not written into a file
    const std::size_t colon = effect.what.find(": ");
    const bool header =
        effect.kind == route::Effect::Kind::request_header || effect.kind == route::Effect::Kind::response_header;
    if (header && effect.what.starts_with("set ") && colon != std::string::npos)
      out += " " + quoted("header:" + effect.what.substr(4, colon - 4) + "=" + effect.what.substr(colon + 2));
    else
      out += " " + quoted("does:" + std::string(name(effect.kind)) + " " + effect.what);
  }
  return out;
}

// ---- live answers

nlohmann::json echo_of(const Observed& seen) {
  nlohmann::json echo = nlohmann::json::parse(seen.body, nullptr, false);
  const bool ours = echo.is_object() && echo.contains("service") && echo.contains("namespace") && echo.contains("path");
  return ours ? echo : nlohmann::json();
}

std::string text_at(const nlohmann::json& from, const std::string& key) {
  const auto found = from.find(key);
  return found != from.end() && found->is_string() ? found->get<std::string>() : std::string();
}

// What only a backend that echoes tells is not asked of others.
bool fits_backend(const Wanted& wanted, const Observed& seen) {
  const nlohmann::json echo = echo_of(seen);
  if (echo.is_null()) return seen.status != 0 && seen.status < 500 && seen.status != 401 && seen.status != 403;
  if (text_at(echo, "namespace") + "/" + text_at(echo, "service") != wanted.backend) return false;
  if (wanted.path && text_at(echo, "path") != *wanted.path) return false;
  return std::all_of(wanted.headers.begin(), wanted.headers.end(), [&](const auto& header) {
    std::string small = header.first;
    for (char& c : small) c = route::to_lower(c);
    const bool answered = std::any_of(seen.headers.begin(), seen.headers.end(), [&](const auto& row) {
      return row.first == small && row.second == header.second;
    });
    if (answered || !echo.contains("headers")) return answered;
    for (const auto& [key, value] : echo["headers"].items())
      if (route::equal_fold(key, header.first) && value == header.second) return true;
    return false;
  });
}

bool fits(const Wanted& wanted, const Observed& seen) {
  switch (wanted.kind) {
    case Kind::closed:
      return seen.status == 0;
    case Kind::denied:
      return seen.status == 0 || seen.status == 401 || seen.status == 403;
    case Kind::redirect:
      return seen.status >= 300 && seen.status < 400 &&
             (!wanted.location || same_place(*wanted.location, seen.location));
    case Kind::status:
      return seen.status == wanted.status && (!wanted.location || same_place(*wanted.location, seen.location));
    case Kind::backend:
      return fits_backend(wanted, seen);
    case Kind::same_as_old:
      return false;
  }
  return false;
}

std::string got(const Observed& seen) {
  if (seen.status == 0) return "no answer: " + seen.error;
  const nlohmann::json echo = echo_of(seen);
  std::string out = std::to_string(seen.status) + (seen.location.empty() ? "" : " to " + seen.location);
  if (!echo.is_null())
    out += " from " + text_at(echo, "namespace") + "/" + text_at(echo, "service") + ", which sees " +
           text_at(echo, "path");
  return out;
}

Wanted wanted_of(const Possible& one) {
  Wanted out;
  const Answer& answer = one.answer;
  out.status = answer.status;
  out.kind = answer.status == 0 ? Kind::closed : answer.backend.empty() ? Kind::status : Kind::backend;
  out.backend = answer.backend;
  if (!answer.location.empty()) out.location = answer.location;
  if (!answer.backend_target.empty()) out.path = answer.backend_target;
  return out;
}

}  // namespace

Result<std::vector<Expectation>> read_expectations(diag::FileId file, const diag::Sources& sources) {
  const std::string_view text = sources.text(file);
  std::vector<Expectation> out;
  for (std::size_t begin = 0, line_number = 1; begin < text.size(); ++line_number) {
    const std::size_t end = std::min(text.find('\n', begin), text.size());
    std::string_view line = text.substr(begin, end - begin);
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first != std::string_view::npos && line[first] != '#') {
      while (line.ends_with('\r') || line.ends_with(' ')) line.remove_suffix(1);
      Expectation& each = out.emplace_back();
      each.text = std::string(line.substr(first));
      each.span = {file, static_cast<std::uint32_t>(begin), static_cast<std::uint32_t>(begin + line.size())};
      if (auto why = read_line(each.text, each))
        return Error{std::string(sources.name(file)) + ":" + std::to_string(line_number) + ": " + *why,
                     "write for example: GET https://shop.example.com/api/x -> shop/api:8080 path=/x"};
    }
    begin = end + 1;
  }
  return out;
}

bool is_expectation_file(std::string_view text) {
  while (!text.empty()) {
    const std::string_view line = text.substr(0, text.find('\n'));
    text.remove_prefix(std::min(text.size(), line.size() + 1));
    const std::size_t first = line.find_first_not_of(" \t\r");
    if (first == std::string_view::npos || line[first] == '#') continue;
    return line.find(" -> ") != std::string_view::npos && line.find("://") != std::string_view::npos;
  }
  return false;
}

std::optional<std::string> mismatch(const Expectation& expected, const AnswerSet& answers, const AnswerSet* old_side) {
  for (const Answer& answer : answers.any_of)
    if (!answer.unmodelled.empty()) return "not modelled: " + answer.unmodelled;
  if (expected.any_of.front().kind == Kind::same_as_old) {
    if (!old_side) return "there are no Ingresses to ask for the old answer";
    if (!compare(*old_side, answers)) return std::nullopt;
    return "got " + summary(answers) + "; the old side: " + summary(*old_side);
  }
  const std::vector<Possible> all = possible(answers);
  const bool guarded = std::any_of(all.begin(), all.end(),
                                   [](const Possible& p) { return p.answer.status == 401 || p.answer.status == 403; });
  if (guarded && expected.any_of.size() == 1 && expected.any_of.front().kind == Kind::denied) return std::nullopt;
  const auto fitting = [&](const Possible& one) {
    return std::any_of(expected.any_of.begin(), expected.any_of.end(),
                       [&](const Wanted& wanted) { return fits(expected, wanted, one); });
  };
  const bool met = std::all_of(expected.any_of.begin(), expected.any_of.end(), [&](const Wanted& wanted) {
    return std::any_of(all.begin(), all.end(), [&](const Possible& one) { return fits(expected, wanted, one); });
  });
  if (met && std::all_of(all.begin(), all.end(), fitting)) return std::nullopt;
  std::string got = "got";
  for (const Possible& one : all) got += (&one == &all.front() ? " " : " | ") + wanted_text(expected.request, one);
  return got;
}

std::optional<std::string> mismatch(const Expectation& expected, const Observed& seen, const AnswerSet* old_side) {
  std::vector<Wanted> wanted = expected.any_of;
  if (wanted.front().kind == Kind::same_as_old) {
    if (!old_side) return "there are no Ingresses to ask for the old answer";
    wanted.clear();
    for (const Possible& one : possible(*old_side)) wanted.push_back(wanted_of(one));
  }
  if (std::any_of(wanted.begin(), wanted.end(), [&](const Wanted& each) { return fits(each, seen); }))
    return std::nullopt;
  return "got " + got(seen);
}

std::string expectation_line(const route::Request& request, const AnswerSet& answers) {
  for (const Answer& answer : answers.any_of)
    if (!answer.unmodelled.empty()) return {};
  std::string out =
      request.method + " " +
      quoted((request.scheme == route::Scheme::https ? "https://" : "http://") + request.host + request.target);
  for (const auto& [header, value] : request.headers) {
    const std::string line = quoted(header + ": " + value);
    out += " -H " + line;
  }
  if (request.scheme == route::Scheme::https && request.sni &&
      *request.sni != std::string(route::split_host(request.host).host))
    out += " sni=" + quoted(*request.sni);
  out += " ->";
  std::vector<std::string> seen;
  for (const Possible& one : possible(answers)) {
    std::string text = wanted_text(request, one);
    if (std::find(seen.begin(), seen.end(), text) == seen.end()) seen.push_back(std::move(text));
  }
  for (const std::string& text : seen) out += (&text == &seen.front() ? " " : " | ") + text;
  return out;
}

}  // namespace gw::verify
