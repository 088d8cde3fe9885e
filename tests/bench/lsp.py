#!/usr/bin/env python3
"""The language server on a large workspace: how long an edit takes to be answered, and its memory beside `validate`'s.

Usage: lsp.py GWCTL [MANIFESTS [EDITS]]. Prints the median and the slowest edit in ms, CPU per edit as a ratio to one
`gwctl validate -R` of the same folder, and peak memory as a ratio to it; all in one run."""
import os
import pathlib
import resource
import statistics
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1]))
from lsp_client import Client

INGRESS = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: shop-{n}
  namespace: team-{ns}
  annotations:
    nginx.ingress.kubernetes.io/proxy-read-timeout: "60"
spec:
  ingressClassName: nginx
  tls:
  - hosts: [shop{n}.example.com]
    secretName: shop-{n}
  rules:
  - host: shop{n}.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend: {{service: {{name: web, port: {{number: 80}}}}}}
"""


def peak(pid):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1])
    return 0


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 1000
    edits = int(sys.argv[3]) if len(sys.argv) > 3 else 40
    with tempfile.TemporaryDirectory() as folder:
        for n in range(count):
            pathlib.Path(folder, f"i{n:05}.yaml").write_text(INGRESS.format(n=n, ns=n % 20))
        validate = [program, "validate", "-R", ".", "--format", "concise"]
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        for _ in range(5):
            subprocess.run(validate, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        once = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / 5
        client = Client(program, folder)
        client.open("i00007.yaml", INGRESS.format(n=7, ns=7))
        client.settle()
        ticks = os.sysconf("SC_CLK_TCK")

        def cpu():
            fields = pathlib.Path(f"/proc/{client.server.pid}/stat").read_text().rsplit(")", 1)[1].split()
            return (int(fields[11]) + int(fields[12])) / ticks
        begun, times = cpu(), []
        for n in range(edits):
            line, column = (13, 11) if n % 2 == 0 else (13, 10)
            text = "x" if n % 2 == 0 else ""
            start = time.perf_counter()
            client.change("i00007.yaml", [{"range": {"start": {"line": line, "character": 10},
                                                     "end": {"line": line, "character": 10 if n % 2 == 0 else column + 1}},
                                           "text": text}])
            client.settle()
            times.append((time.perf_counter() - start) * 1000)
        per_edit = (cpu() - begun) / edits
        memory = peak(client.server.pid)
        client.stop()
        most = after.ru_maxrss
    print(f"{count} manifests, {edits} edits: median {statistics.median(times):.0f} ms, slowest {max(times):.0f} ms; "
          f"CPU per edit {per_edit / once:.2f} of one validate ({once * 1000:.0f} ms); memory {memory / most:.2f} of its")


main()
