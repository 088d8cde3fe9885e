// Numbers as Go writes them: what Kubernetes sees of a YAML number is the JSON text that Go makes of it.
#pragma once
#include <optional>
#include <string>
#include <string_view>

namespace gw::yaml {

// encoding/json's form: shortest digits that read back equal; exponent below 1e-6 and from 1e21. `value` is finite.
std::string json_float(double value);
// strconv.FormatFloat(value, 'g', -1, 32), with ".inf" and ".nan": how sigs.k8s.io/yaml turns a float key into text.
std::string key_float(double value);
// strconv.ParseFloat for decimal text that already fits [-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?;
// nothing when it is out of range.
std::optional<double> parse_float(std::string_view text);

}  // namespace gw::yaml
