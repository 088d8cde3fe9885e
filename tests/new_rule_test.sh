#!/usr/bin/env bash
# `./dev new-rule` gives files that compile and refuses what it must; tried on a copy.
set -euo pipefail
root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
mkdir -p "$root/testdata/validate"
cp -r validate "$root/"
cp -r testdata/validate/rules "$root/testdata/validate/"
tests/new_rule sample_rule --root "$root"
grep -q '^=== GW4[0-9][0-9] fails$' "$root/testdata/validate/rules/sample_rule.cases"
for file in sample_rule registry; do
  "${CXX:-c++}" -std=c++20 -fsyntax-only -Wall -Wextra -Werror -I"$root" -I. "$root/validate/rules/$file.cpp"
done
if tests/new_rule sample_rule --root "$root" 2>"$root/told"; then exit 1; fi
grep -q 'sample_rule.cpp exists' "$root/told"
if tests/new_rule 'Bad-Name' --root "$root" 2>/dev/null; then exit 1; fi
echo "new-rule: files compile, a second call and a bad name are refused"
