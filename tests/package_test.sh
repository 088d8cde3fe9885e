#!/usr/bin/env bash
# The packages hold what a user needs, and what they hold works: run by ctest as package_test with the build folder.
set -euo pipefail
build=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
failures=0
check() { # WHAT COMMAND...
  local what=$1
  shift
  if ! "$@" >"$scratch/out" 2>&1; then
    echo "FAILED: $what: $*"
    sed 's/^/  /' "$scratch/out"
    failures=$((failures + 1))
  fi
}

if ! command -v dpkg-deb >/dev/null || ! command -v dpkg-shlibdeps >/dev/null; then
  echo "skipped: dpkg-deb and dpkg-shlibdeps make the packages, and this machine has none"
  exit 77
fi
(cd "$build" && cpack -B "$scratch/packages" >"$scratch/cpack" 2>&1) || { cat "$scratch/cpack"; exit 1; }
deb=$(ls "$scratch"/packages/*.deb)
archive=$(ls "$scratch"/packages/*.tar.gz)
for library in libssl3 libnghttp2-14 libcurl4; do # the last one is loaded when it is needed
  check "the package names $library" grep -q "$library" <(dpkg-deb -f "$deb" Depends)
done

dpkg-deb -x "$deb" "$scratch/deb"
mkdir "$scratch/tgz"
tar -xzf "$archive" -C "$scratch/tgz" --strip-components=1
for root in "$scratch/deb/usr" "$scratch/tgz" "$scratch/tgz/usr"; do
  [ -d "$root/bin" ] || continue
  export PATH="$root/bin:$PATH"
  check "$root: the program runs" "$root/bin/gwctl" version -o json
  check "$root: the kubectl plugin is the same program" "$root/bin/kubectl-gw_migrate" convert testdata/sample/shop.yaml
  check "$root: bash completes a command" bash -c "source '$root/share/bash-completion/completions/gwctl'
    COMP_WORDS=(gwctl conv); COMP_CWORD=1; _gwctl 2>/dev/null; [ \"\${COMPREPLY[*]}\" = convert ]"
  for page in gwctl.1 gwctl-convert.1; do
    check "$root: $page is there" test -s "$root/share/man/man1/$page"
    command -v man >/dev/null && check "$root: $page reads" bash -c "man -l '$root/share/man/man1/$page' | grep -q SYNOPSIS"
  done
  check "$root: gwctl-diagnostics.7 is there" test -s "$root/share/man/man7/gwctl-diagnostics.7"
  check "$root: the licence is there" grep -q Apache "$root/share/doc/gwctl/copyright"
done
exit $((failures > 0))
