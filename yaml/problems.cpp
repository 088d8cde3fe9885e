// One row a problem; what has no row is shown in the words of libyaml.
#include "yaml/problems.h"

#include <algorithm>

namespace gw::yaml {
namespace {

constexpr Problem problems[] = {
    {"mapping values are not allowed in this context", "a ':' stands where no key can be",
     "put quotes around a value that holds ': ', and check the indentation of this line"},
    {"mapping keys are not allowed in this context", "a '?' stands where no key can be",
     "put quotes around a value that starts with '? '"},
    {"block sequence entries are not allowed in this context", "a '-' stands where no list item can be",
     "put the list on its own lines below the key, or put quotes around a value that is '-'"},
    {"could not find expected ':'", "this line is neither 'key: value' nor a list item",
     "write 'key: value' (with a space after the colon), and check the indentation and quotes above"},
    {"did not find expected key", "the line does not fit the mapping that it stands in",
     "give all keys of one mapping the same indentation, and check the quotes and brackets above"},
    {"did not find expected '-' indicator", "the line does not fit the list that it stands in",
     "start every item of the list with '- ' at the same indentation"},
    {"did not find expected ',' or ']'", "the list opened with '[' is not closed",
     "separate its items with ',' and close it with ']'; put quotes around items that hold brackets"},
    {"did not find expected ',' or '}'", "the mapping opened with '{' is not closed",
     "separate its entries with ',' and close it with '}'; put quotes around values that hold braces"},
    {"did not find expected node content", "a value is missing here", "write a value, or quote the character"},
    {"did not find expected <document start>", "text follows the end of the document",
     "put '---' on a line of its own between documents"},
    {"did not find expected alphabetic or numeric character",
     "'*' and '&' begin an alias or anchor, and no valid name follows",
     "put quotes around a value that starts with '*' or '&', for example \"*.example.com\""},
    {"did not find expected whitespace or line break", "a space is missing",
     "write a space after the tag or directive"},
    {"did not find expected comment or line break", "text follows '|' or '>' on the same line",
     "start the text on the next line, indented"},
    {"did not find expected tag URI", "the tag after '!' has no valid name",
     "put quotes around a value that starts with '!'"},
    {"did not find expected hexdecimal number", "an escape such as \\x41 or \\u0041 lacks its hexadecimal digits",
     "write two digits after \\x, four after \\u, or use single quotes to keep the backslash"},
    {"found character that cannot start any token", "a value cannot start with this character",
     "put quotes around a value that starts with '@', '`' or '%', and indent with spaces, not tabs"},
    {"found a tab character that violates indentation", "a tab stands where only spaces may indent",
     "indent with spaces"},
    {"found a tab character where an indentation space is expected", "a tab stands where only spaces may indent",
     "indent with spaces"},
    {"found an indentation indicator equal to 0", "'|0' and '>0' are not allowed",
     "write a digit from 1 to 9, or none"},
    {"found unexpected document indicator", "a quoted text runs into the end of the document",
     "close the quote that is opened above"},
    {"found unexpected end of stream", "a quote or bracket that is opened above is never closed",
     "close it, and double a quote character that belongs to the text"},
    {"found unknown escape character", "the text in double quotes holds an escape that YAML does not know",
     "write \\\\ for a backslash, or use single quotes, in which a backslash is an ordinary character"},
    {"found invalid Unicode character escape code", "\\u or \\U names no character (surrogate pairs are not allowed)",
     "write the character itself"},
    {"found undefined tag handle", "the tag uses a handle that is not declared",
     "remove the tag; Kubernetes ignores tags"},
    {"found unknown directive name", "a line that starts with '%' is a directive, and this one is unknown",
     "put quotes around a value that starts with '%', and indent it"},
    {"found incompatible YAML document", "Kubernetes reads YAML 1.1 only", "remove the %YAML line"},
    {"found duplicate %YAML directive", "%YAML is given twice", "remove the %YAML lines"},
    {"found unexpected non-alphabetical character",
     "a line that starts with '%' is a directive, and this one is broken",
     "put quotes around a value that starts with '%', and indent it"},
    {"could not find expected directive name", "a line that starts with '%' is a directive, and this one has no name",
     "put quotes around a value that starts with '%', and indent it"},
    {"block mapping entries are not allowed in this context", "a mapping cannot start here",
     "put it on its own lines below the key"},
};
constexpr Problem unknown{};

}  // namespace

const Problem& explain(std::string_view libyaml) {
  auto row = std::ranges::find(problems, libyaml, &Problem::libyaml);
  return row == std::end(problems) ? unknown : *row;
}

bool like_secret(std::string_view text) {
  constexpr std::string_view between = " \t\"':\r\n";
  for (std::size_t at = text.find("kind"); at != text.npos; at = text.find("kind", at + 4)) {
    std::size_t value = text.find_first_not_of(between, at + 4);
    if (value != text.npos && value > at + 4 && text.substr(value).starts_with("Secret")) return true;
  }
  return false;
}

}  // namespace gw::yaml
