#!/usr/bin/env python3
"""Runs the handed cases: small inputs, each for a kind of fault, with what gwctl must make of them.

Usage: handed_cases_test.py GWCTL. Skipped (77) where the cases or PyYAML are not there; what the product promises is
tested without them, too, by testdata/. A case may only fail if OVERTAKEN says why, and one that is named there and
passes is an error: the list does not outlive its reasons."""
import pathlib
import subprocess
import sys

OVERTAKEN = {
    "repository/kinds-that-are-not-read": "it asks for ApisixRoute to be a kind that nobody reads; gwctl converts it",
}

cases = pathlib.Path(__file__).resolve().parents[2] / "shared" / "cases"
try:
    import yaml  # noqa: F401 - what the runner needs
except ImportError:
    print("skipped: no PyYAML")
    sys.exit(77)
if not (cases / "run").is_file():
    print("skipped: the handed cases are not there")
    sys.exit(77)

ran = subprocess.run([cases / "run", "--gwctl", sys.argv[1]], capture_output=True, text=True)
lines = ran.stdout.splitlines()
# A case that fails is a line "topic/name: the check", with what was got indented below it.
failed = {line.split(":")[0] for line in lines if line[:1].isalpha() and "/" in line.split(":")[0]}
surprises = failed - set(OVERTAKEN)
stale = set(OVERTAKEN) - failed
if ran.returncode not in (0, 1) or not lines:
    print(ran.stdout + ran.stderr)
    sys.exit("the runner itself failed")
print("\n".join(lines) if surprises else lines[-1])
for name in sorted(stale):
    print(f"{name} passes: take it out of OVERTAKEN")
sys.exit(1 if surprises or stale else 0)
