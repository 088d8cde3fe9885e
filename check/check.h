// A conversion that is asked before it is written: the model of the old controller and the table that the new objects
// make are asked the same requests, and a route that would serve what the old side guarded, hid or served from another
// backend is left out, with the request that shows it. Here convert/ and verify/ meet; neither knows of the other.
#pragma once
#include <array>
#include <functional>
#include <string>
#include <vector>

#include "convert/convert.h"

namespace gw::check {

// Where the objects of a conversion go. What was taken before `restart` is to be forgotten: it is converted again.
struct Output {
  std::function<void(kube::Bundle&& piece)> take;
  std::function<void()> restart;
};

struct Summary {
  bool asked = false;
  std::string why_not;                       // then: why nothing was asked
  std::vector<std::string> controllers;      // whose models were asked
  std::size_t hosts = 0;                     // asked, or configured like one that was
  std::array<std::size_t, 3> differences{};  // by verify::Impact, in what is written
  std::size_t left_out = 0;                  // routes
};
std::string to_text(const Summary& summary);  // one line for people

// As convert::convert, with routes left out where that is needed. `bundle` is the same afterwards.
Result<convert::Outcomes> convert_checked(kube::Bundle& bundle, convert::Options options, const diag::Sources& sources,
                                          diag::Sink& sink, const Output& output, Summary& summary);

}  // namespace gw::check
