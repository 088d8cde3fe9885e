#!/usr/bin/env python3
"""serve beside nginx: runs ../shared/bench/bench.py, which explains its flags.

./dev bench serve [load|reload|scale ...]   without arguments: load, 10,000 routes, one worker, h1 and https
The peers come from ../shared/bench/setup.sh, which installs nothing system-wide.
"""
import os
import sys

from measure import GWCTL, SHARED


def main():
    bench = os.path.join(SHARED, "bench", "bench.py")
    if not os.path.exists(bench):
        sys.exit("bench: ../shared/bench/bench.py is not there")
    words = sys.argv[1:] or ["load", "--routes", "10000", "--threads", "1", "--scenarios", "h1,https"]
    watch = " --watch" if words[0] == "reload" else ""
    command = (f"gwctl:{GWCTL} serve -f {{yaml}} --threads {{threads}} --admin none{watch}"
               " --port-map 80={http},443={https}:21200")
    os.execv(sys.executable, [sys.executable, bench, *words, "--cmd", command])


if __name__ == "__main__":
    main()
