"""What the benches share: running a program and reading what it cost."""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SHARED = os.path.join(os.path.dirname(ROOT), "shared")
GWCTL = os.environ.get("GWCTL", os.path.join(ROOT, "build", "gwctl"))
CACHE = os.environ.get("GWCTL_BENCH", os.path.expanduser("~/.cache/gwctl-bench"))


class Cost:
    """CPU seconds (user and system), peak resident set in MB, exit code of one run."""

    def __init__(self, cpu, rss, code):
        self.cpu, self.rss, self.code = cpu, rss, code

    def __str__(self):
        return f"{self.cpu:9.2f} s {self.rss:9.1f} MB  exit {self.code}"


# A child counts the memory that its parent had when it was forked. This small process forks instead of us.
SPAWNER = """
import json, os, subprocess, sys
for line in sys.stdin:
    command, source = json.loads(line)
    with open(os.devnull, "wb") as nothing, open(source or os.devnull, "rb") as given:
        child = subprocess.Popen(command, stdin=given, stdout=nothing, stderr=nothing)
        _, status, usage = os.wait4(child.pid, 0)
    print(json.dumps([usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, os.waitstatus_to_exitcode(status)]),
          flush=True)
"""
spawner = subprocess.Popen([sys.executable, "-S", "-c", SPAWNER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def run(command, stdin=None):
    """Runs once; output is thrown away. The child's own figures, not ours and not those of earlier children."""
    spawner.stdin.write(json.dumps([command, stdin]) + "\n")
    spawner.stdin.flush()
    return Cost(*json.loads(spawner.stdout.readline()))


def best(command, times=3, stdin=None):
    return min((run(command, stdin) for _ in range(times)), key=lambda cost: cost.cpu)


def ingresses(count):
    """A file of `count` generated Ingresses."""
    generator = os.path.join(SHARED, "bench", "gen_ingress.py")
    if not os.path.exists(generator):
        sys.exit("bench: ../shared/bench/gen_ingress.py is not there")
    path = os.path.join(tempfile.gettempdir(), f"gwctl-bench-{count}.yaml")
    with open(path, "wb") as out:
        subprocess.run([sys.executable, generator, str(count)], stdout=out, check=True)
    return path


def go_tool(module, name):
    """A published Go program, installed into the cache; None when there is no Go or the module proxy refuses it."""
    path = os.path.join(CACHE, "bin", name)
    if os.path.exists(path):
        return path
    go = next((g for g in ("go", "/usr/local/go/bin/go") if subprocess.run(
        ["sh", "-c", f"command -v {g}"], stdout=subprocess.DEVNULL, check=False).returncode == 0), None)
    if go is None:
        print(f"bench: no Go, so no comparison with {name}")
        return None
    print(f"bench: installing {module}", flush=True)
    # Within a module of its own: `go install` asks the proxy for the list of versions, which not every proxy gives.
    package, version = module.split("@")
    with tempfile.TemporaryDirectory() as directory:
        env = {**os.environ, "GOFLAGS": "-mod=mod"}
        for command in (["mod", "init", "bench"], ["mod", "edit", f"-require={package}@{version}"],
                        ["build", "-o", path, package]):
            if subprocess.run([go, *command], cwd=directory, env=env, check=False).returncode != 0:
                print(f"bench: {module} could not be installed")
                return None
    return path
