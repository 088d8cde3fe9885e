#!/usr/bin/env python3
"""This build beside an older one on generated Ingresses: CPU, wall clock and peak memory of the same commands, run in
turn; ratios are medians.

./dev bench against OLD_GWCTL [ROUNDS]
Goals (now / then): verify 1,000: CPU 1/3, wall 1/5; verify 10,000: memory 1/4, CPU linear within 15 %; audit 10,000:
CPU 1/3, wall 1/5; routes and graph 10,000: memory 1/6, CPU 1/2; convert --no-check 10,000: wall 0.6, memory 1/2; convert
with its check 1,000 and 10,000 beside the old one without: CPU 2.0, memory 1.3.
"""
import json
import os
import statistics
import subprocess
import sys

from measure import GWCTL, ingresses

SPAWNER = """
import json, os, subprocess, sys, time
for line in sys.stdin:
    command = json.loads(line)
    start = time.monotonic()
    with open(os.devnull, "wb") as nothing:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=nothing, stderr=nothing)
        _, status, usage = os.wait4(child.pid, 0)
    print(json.dumps([usage.ru_utime + usage.ru_stime, time.monotonic() - start, usage.ru_maxrss / 1024]), flush=True)
"""
WORK = [  # command now, command then, size, goals for CPU, wall, memory
    (["convert"], ["convert"], 1000, 2.0, None, 1.3),
    (["convert"], ["convert"], 10000, 2.0, None, 1.3),
    (["convert", "--no-check"], ["convert"], 10000, None, 0.6, 0.5),
    (["verify"], ["verify"], 1000, 1 / 3, 1 / 5, None),
    (["audit"], ["audit"], 10000, 1 / 3, 1 / 5, None),
    (["routes"], ["routes"], 10000, 0.5, None, 1 / 6),
    (["graph"], ["graph"], 10000, 0.5, None, 1 / 6),
    (["verify"], ["verify"], 10000, None, None, 1 / 4),
]


class Runner:
    def __init__(self):
        self.spawner = subprocess.Popen([sys.executable, "-S", "-c", SPAWNER], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)

    def run(self, command):
        self.spawner.stdin.write(json.dumps(command) + "\n")
        self.spawner.stdin.flush()
        return json.loads(self.spawner.stdout.readline())


def main():
    if len(sys.argv) < 2 or not os.access(sys.argv[1], os.X_OK):
        sys.exit(__doc__)
    then, rounds = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 3
    runner, met, cpu = Runner(), True, {}
    for now_words, then_words, size, *goals in WORK:
        path = ingresses(size)
        pairs = [(runner.run([then, *then_words, path]), runner.run([GWCTL, *now_words, path]))
                 for _ in range(1 if size == 10000 and now_words == ["verify"] else rounds)]
        old = [statistics.median(pair[0][i] for pair in pairs) for i in range(3)]
        new = [statistics.median(pair[1][i] for pair in pairs) for i in range(3)]
        cpu[(now_words[0], size)] = new[0]
        line = f"{' '.join(now_words):18} {size:6}"
        for name, unit, a, b, goal in zip(("CPU", "wall", "memory"), (" s", " s", " MB"), old, new, goals):
            ratio = b / max(a, 1e-9)
            missed = goal is not None and ratio > goal
            met = met and not missed
            wanted = "" if goal is None else f" (goal {goal:.2f}{', missed' if missed else ''})"
            line += f"  {name} {a:.2f} -> {b:.2f}{unit}: {ratio:.2f}{wanted}"
        print(line, flush=True)
    growth = cpu[("verify", 10000)] / cpu[("verify", 1000)] / 10
    print(f"verify 1000 -> 10000: CPU {growth:.2f} of linear (goal at most 1.15)")
    met = met and growth <= 1.15
    print("goals met" if met else "goals missed")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
