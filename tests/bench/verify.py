#!/usr/bin/env python3
"""verify on generated Ingresses, which it converts first, and on an access log: CPU, peak memory, growth.

./dev bench verify [SIZE...]        classes of requests; goals: 5 s of CPU and 300 MB for 1,000 Ingresses, linear
./dev bench verify --log [MB...]    an access log in NGINX's combined format; goals: 60 s of CPU for 1,000 MB, linear
The peer for the log is awk counting the distinct requests: what reading such a file costs at the least.
"""
import os
import random
import sys
import tempfile

from measure import GWCTL, ingresses, run


def growth(costs):
    (small, first), *_, (large, last) = sorted(costs.items())
    ratio = (last.cpu / first.cpu) / (large / small)
    print(f"growth {small} -> {large}: {ratio:.2f} of linear (goal at most 1.20)")
    return ratio <= 1.2


def classes(sizes):
    costs, met = {}, True
    for size in sizes:
        costs[size] = run([GWCTL, "verify", ingresses(size), "-o", "json"])
        print(f"{size:6} Ingresses {costs[size]}", flush=True)
        if size == 1000:
            met = met and costs[size].cpu <= 5 and costs[size].rss <= 300
    return met and (len(sizes) < 2 or growth(costs))


def access_log(megabytes):
    path = os.path.join(tempfile.gettempdir(), f"gwctl-bench-access-{megabytes}.log")
    if os.path.exists(path) and os.path.getsize(path) >= megabytes << 20:
        return path
    chosen = random.Random(7)
    with open(path, "w", encoding="ascii") as out:
        while out.tell() < megabytes << 20:
            out.write("".join(
                f'10.0.{chosen.randrange(256)}.{chosen.randrange(256)} - - [25/Nov/2026:10:00:00 +0000] '
                f'"GET /api/{chosen.randrange(60)}/item/{chosen.randrange(2000)} HTTP/1.1" 200 512 "-" "bench/1.0"\n'
                for _ in range(20000)))
    return path


def replay(sizes):
    costs, met = {}, True
    manifests = ingresses(100)
    for size in sizes:
        log = access_log(size)
        costs[size] = run([GWCTL, "verify", manifests, "--access-log", log, "--log-host", "h1.example.com"])
        peer = run(["awk", "{n[$6 $7]++} END {for (k in n) c++; print c}", log])
        print(f"{size:6} MB gwctl {costs[size]}\n{size:6} MB awk   {peer}   ratio {costs[size].cpu / peer.cpu:.2f}",
              flush=True)
        met = met and costs[size].cpu <= 60 * max(size, 100) / 1000
    return met and (len(sizes) < 2 or growth(costs))


def main():
    numbers = [int(word) for word in sys.argv[1:] if word.isdigit()]
    if "--log" in sys.argv:
        met = replay(numbers or [100, 1000])
    else:
        met = classes(numbers or [100, 1000])
    print("goals met" if met else "goals missed")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
