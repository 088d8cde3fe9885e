#!/usr/bin/env python3
"""convert beside ingress2gateway v1.2.0 on generated Ingresses: CPU, peak memory, growth.

./dev bench convert [--quick] [SIZE...]
Goals: CPU at most 1/20, memory at most 1/5 of the peer's in the same run; growth linear within 20 %.
--quick leaves the peer's largest run out (it takes minutes). Where the peer cannot be installed, the figures that were
recorded for it elsewhere stand in, and the line says so.
"""
import sys

from measure import GWCTL, Cost, best, go_tool, ingresses, run

RECORDED = {100: Cost(0.35, 52, 0), 1000: Cost(3.7, 140, 0), 10000: Cost(67, 1170, 0)}


def main():
    quick = "--quick" in sys.argv
    sizes = [int(word) for word in sys.argv[1:] if word.isdigit()] or [1000, 10000]
    peer = go_tool("github.com/kubernetes-sigs/ingress2gateway@v1.2.0", "ingress2gateway")
    ours, met = {}, True
    for size in sizes:
        path = ingresses(size)
        ours[size] = best([GWCTL, "convert", path, "--accept-loss", "all"])
        print(f"{size:6} gwctl           {ours[size]}", flush=True)
        if peer and not (quick and size == max(sizes)):
            theirs, how = run([peer, "print", "--input-file", path, "--providers", "ingress-nginx", "-A"]), ""
        elif size in RECORDED:
            theirs, how = RECORDED[size], "  (recorded on another machine)"
        else:
            continue
        cpu, memory = theirs.cpu / max(ours[size].cpu, 0.001), theirs.rss / ours[size].rss
        print(f"{size:6} ingress2gateway {theirs}{how}")
        print(f"{size:6} ratio: CPU 1/{cpu:.0f} (goal 1/20), memory 1/{memory:.1f} (goal 1/5)", flush=True)
        met = met and cpu >= 20 and memory >= 5
    if len(sizes) > 1:
        small, large = sizes[0], sizes[-1]
        growth = (ours[large].cpu / ours[small].cpu) / (large / small)
        print(f"growth {small} -> {large}: {growth:.2f} of linear (goal at most 1.20)")
        met = met and growth <= 1.2
    print("goals met" if met else "goals missed")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
