#!/usr/bin/env python3
"""validate beside kubeconform on what convert makes of generated Ingresses.

./dev bench validate [SIZE...]
kubeconform checks schemas only, from ../shared/crds where it is there; gwctl checks schemas, CEL and references.
"""
import os
import subprocess
import sys
import tempfile

from measure import GWCTL, best, go_tool, ingresses


def main():
    peer = go_tool("github.com/yannh/kubeconform/cmd/kubeconform@v0.6.7", "kubeconform")
    for size in [int(word) for word in sys.argv[1:] if word.isdigit()] or [100, 1000]:
        path = os.path.join(tempfile.gettempdir(), f"gwctl-bench-gateway-{size}.yaml")
        with open(path, "wb") as out:
            subprocess.run([GWCTL, "convert", ingresses(size), "--accept-loss", "all"], stdout=out,
                           stderr=subprocess.DEVNULL, check=False)
        megabytes = os.path.getsize(path) / 1e6
        print(f"{size:6} gwctl       {best([GWCTL, 'validate', path])}  {megabytes:.1f} MB", flush=True)
        if peer:
            print(f"{size:6} kubeconform {best([peer, '-ignore-missing-schemas', path])}", flush=True)


if __name__ == "__main__":
    main()
