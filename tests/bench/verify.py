#!/usr/bin/env python3
"""verify on generated Ingresses, which it converts first: CPU and peak memory.

./dev bench verify [SIZE...]
"""
import sys

from measure import GWCTL, ingresses, run


def main():
    for size in [int(word) for word in sys.argv[1:] if word.isdigit()] or [100, 1000]:
        print(f"{size:6} {run([GWCTL, 'verify', ingresses(size), '-o', 'json'])}", flush=True)


if __name__ == "__main__":
    main()
