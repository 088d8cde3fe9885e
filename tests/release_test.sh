#!/usr/bin/env bash
# What a release carries, made here as .github/workflows/release.yml makes it: release_test.sh BUILD. The linters that
# this machine has (ruby, reprepro, actionlint, shellcheck) are used; without them their part is left out, with a line.
set -euo pipefail
build=$1
gwctl=$build/gwctl
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
has() { command -v "$1" >/dev/null || { echo "left out: no $1 here"; false; }; }

version=$(cat VERSION)
check "every file that repeats the version agrees" packaging/make check "v$version"
check "another tag is refused" bash -c '! packaging/make check v0.0.0'
check "the program says it" grep -q "^gwctl $version " <("$gwctl" version)

# ---- manifests
dist=$scratch/dist
mkdir "$dist"
for arch in amd64 arm64; do echo "$arch" >"$dist/gwctl-$version-linux-$arch.tar.gz"; done
check "checksums" packaging/make checksums "$dist"
check "the checksums are right" bash -c "cd '$dist' && sha256sum -c SHA256SUMS"
check "manifests" packaging/make manifests "$scratch/out-manifests" --repository example/gwctl --packages "$dist"
for file in gwctl.rb gw-migrate.yaml; do
  made=$scratch/out-manifests/$file
  while read -r sum _; do check "$file has $sum" grep -q "$sum" "$made"; done <"$dist/SHA256SUMS"
  check "$file has no placeholder left" bash -c "! grep -E '@[A-Z0-9_]+@' '$made'"
  check "$file names its download" grep -q "github.com/example/gwctl/releases/download/v$version/" "$made"
done
if has ruby; then check "the formula is Ruby" ruby -c "$scratch/out-manifests/gwctl.rb"; fi
"$gwctl" fmt "$scratch/out-manifests/gw-migrate.yaml" -o json >"$scratch/krew.json"
check "the krew manifest" python3 - "$scratch/krew.json" "$version" <<'PY'
import json, re, sys
plugin = json.load(open(sys.argv[1]))
assert plugin["apiVersion"] == "krew.googlecontainertools.github.com/v1alpha2" and plugin["kind"] == "Plugin"
spec = plugin["spec"]
assert spec["version"] == "v" + sys.argv[2] and len(spec["shortDescription"]) <= 50, spec["shortDescription"]
assert [p["selector"]["matchLabels"]["arch"] for p in spec["platforms"]] == ["amd64", "arm64"]
for platform in spec["platforms"]:
    assert re.fullmatch("[0-9a-f]{64}", platform["sha256"])
    assert platform["bin"] == "gwctl" and any("copyright" in f["from"] for f in platform["files"])
PY

# ---- SBOM
check "an SBOM" packaging/make sbom "$scratch/sbom.json" --binary "$gwctl" --repository example/gwctl
check "the SBOM names what is linked" python3 - "$scratch/sbom.json" "$version" <<'PY'
import json, sys
sbom = json.load(open(sys.argv[1]))
names = {p["name"]: p["versionInfo"] for p in sbom["packages"]}
assert sbom["spdxVersion"] == "SPDX-2.3" and names["gwctl"] == sys.argv[2]
assert "libyaml-dev" in names and "libc.so.6" in names, names
ids = {p["SPDXID"] for p in sbom["packages"]} | {"SPDXRef-DOCUMENT"}
assert all(r[k] in ids for r in sbom["relationships"] for k in ("spdxElementId", "relatedSpdxElement"))
PY

# ---- apt repository
if has reprepro && has dpkg-deb && has dpkg-shlibdeps; then
  mkdir "$scratch/debs"
  check "a deb" bash -c "cd '$build' && cpack -G DEB -B '$scratch/debs'"
  check "an apt repository" packaging/make apt "$scratch/apt" --packages "$scratch/debs"
  check "it lists gwctl" grep -q "^Package: gwctl" "$scratch/apt/dists/stable/main/binary-$(dpkg --print-architecture)/Packages"
  check "it holds the deb" bash -c "ls '$scratch'/apt/pool/main/g/gwctl/gwctl_${version}_*.deb"
fi

# ---- the archive, laid out as packaging/get and the manifests expect
mkdir "$scratch/archive"
check "an archive" bash -c "cd '$build' && cpack -G TGZ -B '$scratch/archive'"
archive=$(find "$scratch/archive" -maxdepth 1 -name "gwctl-$version-linux-*.tar.gz")
tar -tzf "$archive" >"$scratch/listing"
top=$(basename "$archive" .tar.gz)
for file in bin/gwctl bin/kubectl-gw_migrate share/doc/gwctl/copyright share/man/man1/gwctl.1 \
  share/bash-completion/completions/gwctl share/zsh/vendor-completions/_gwctl share/fish/vendor_completions.d/gwctl.fish; do
  check "the archive has $file" grep -qx "$top/$file" "$scratch/listing"
done

# ---- workflows
for workflow in .github/workflows/*.yml; do
  check "$workflow is YAML" "$gwctl" fmt "$workflow" -o json
  for script in $(grep -oE '(packaging/[a-z]+|\./[a-z]+|\.ci/run)( |$)' "$workflow" | tr -d ' ' | sort -u); do
    check "$workflow: $script is there" test -x "$script"
  done
done
if has actionlint; then check "actionlint" actionlint .github/workflows/*.yml; fi
if has shellcheck; then check "shellcheck" shellcheck packaging/build packaging/rootfs tests/container_test.sh tests/release_test.sh; fi
exit $((failures > 0))
