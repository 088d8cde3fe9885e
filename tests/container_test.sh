#!/usr/bin/env bash
# The stages of Containerfile without a container engine: container_test.sh GWCTL. The build commands are checked, not
# run, since GWCTL is built already; the last of them and everything of the final stage run as they are written.
set -euo pipefail
gwctl=$1
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
fail() { echo "FAILED: $*"; exit 1; }

if ! ldconfig -p | grep -q 'libcurl\.so\.4 ' || ! command -v strip >/dev/null; then
  echo "skipped: the image holds libcurl.so.4, and this machine has none (or no strip)"
  exit 77
fi
last() { sed -n "s/^$1 //p" Containerfile | tail -1; }

preset=$(sed -n 's/^RUN cmake --preset \([a-z]*\).*/\1/p' Containerfile)
grep -q "\"name\": \"$preset\"" CMakePresets.json || fail "there is no preset $preset"
[ -x setup ] || fail "setup is missing"

gather=$(last RUN)
[[ $gather == "packaging/rootfs build/gwctl /rootfs" ]] || fail "the last RUN is not packaging/rootfs: $gather"
packaging/rootfs "$gwctl" "$scratch/root"
[ "$(last 'COPY --from=build')" = "/rootfs /" ] || fail "the final stage copies something else"

bytes=$(find "$scratch/root" -type f -printf '%s\n' | awk '{sum += $1} END {print sum}')
echo "the image holds $bytes bytes in $(find "$scratch/root" -type f | wc -l) files"
[ "$bytes" -lt 40000000 ] || fail "it is larger than 40 MB"
if find "$scratch/root" -type f -name '*sh' -path '*bin*' | grep -q .; then fail "it holds a shell"; fi

user=$(last USER) entry=$(last ENTRYPOINT | tr -d '[]" ')
[ "${user%%:*}" != 0 ] || fail "it runs as root"
if [ "$(id -u)" -ne 0 ]; then
  echo "the stages are whole; running in them needs root"
  exit 0
fi
cp testdata/sample/*.yaml "$scratch/root$(last WORKDIR)"
chmod -R a+rX "$scratch"
inside() { chroot --userspec="$user" "$scratch/root" "$entry" "$@"; }
inside version || fail "it does not start"
inside convert work/shop.yaml work/services.yaml >"$scratch/root/work/gateway.yaml" || fail "it does not convert"
inside validate work/gateway.yaml work/services.yaml || fail "it does not validate"
# libcurl is there and loads: the answer is about the connection, not about the library
cat >"$scratch/root/work/kubeconfig" <<'KUBECONFIG'
apiVersion: v1
kind: Config
current-context: c
contexts: [{name: c, context: {cluster: c, user: u}}]
clusters: [{name: c, cluster: {server: "http://127.0.0.1:9"}}]
users: [{name: u, user: {token: t}}]
KUBECONFIG
if inside convert --kubeconfig work/kubeconfig >"$scratch/out" 2>&1; then fail "an absent cluster was read"; fi
if grep -q libcurl "$scratch/out"; then cat "$scratch/out"; fail "libcurl does not load"; fi
grep -q "127.0.0.1:9" "$scratch/out" || { cat "$scratch/out"; fail "the answer is not about the connection"; }
echo "ok"
