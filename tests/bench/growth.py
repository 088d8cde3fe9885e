#!/usr/bin/env python3
"""How the cost of each command grows with hostile shapes: `growth.py [SHAPE...] [--most N]`.

Each shape is made in 1,000 … N pieces (default 100,000) and given to the commands that read it. Printed are CPU seconds and
peak memory; a command fails the bench where it takes more than 10 s or 1 GB, or where ten times the pieces cost more than
25 times the time (n log n is 10 to 13; short runs are noise and are not compared)."""
import os
import sys
import tempfile

import measure

LIMIT_SECONDS, LIMIT_MB, LIMIT_GROWTH, NOISE = 10, 1000, 25, 0.2
BACKEND = "backend: {service: {name: web, port: {number: 80}}}"


def ingress(name, rules, annotations=""):
    return ("apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata: {name: %s, namespace: shop%s}\n"
            "spec:\n  ingressClassName: nginx\n  rules:\n%s" % (name, annotations, rules))


def rule(host, paths, kind="Prefix"):
    return "  - host: %s\n    http:\n      paths:\n" % host + "".join(
        "      - {path: '%s', pathType: %s, %s}\n" % (path, kind, BACKEND) for path in paths)


def equal_paths(n):
    return ingress("p", rule("a.example.com", ["/p"] * n))


def prefixes(n):
    return ingress("p", rule("a.example.com", ["/p%d" % i for i in range(n)]))


def hosts(n):
    return ingress("h", "".join(rule("h%d.example.com" % i, ["/"]) for i in range(n)))


def one_host(n):
    return "---\n".join(ingress("i%d" % i, rule("a.example.com", ["/p%d" % i])) for i in range(n))


def annotations(n):
    names = ",".join("nginx.ingress.kubernetes.io/x%d: 'y'" % i for i in range(n))
    return ingress("a", rule("a.example.com", ["/"]), ", annotations: {" + names + "}")


def routes(n):
    gateway = ("apiVersion: gateway.networking.k8s.io/v1\nkind: Gateway\nmetadata: {name: g, namespace: shop}\n"
               "spec: {gatewayClassName: c, listeners: [{name: h, protocol: HTTP, port: 80}]}\n")
    one = ("---\napiVersion: gateway.networking.k8s.io/v1\nkind: HTTPRoute\nmetadata: {name: r%d, namespace: shop}\n"
           "spec: {parentRefs: [{name: g}], hostnames: [a.example.com], rules: [{matches: [{path: {type: PathPrefix, "
           "value: /p%d}}], backendRefs: [{name: w, port: 80}]}]}\n")
    return gateway + "".join(one % (i, i) for i in range(n))


def list_items(n):
    """A list that the CEL rules of its kind compare pair by pair."""
    targets = ", ".join("{group: '', kind: Service, name: s%d}" % i for i in range(n))
    return ("apiVersion: gateway.networking.k8s.io/v1\nkind: BackendTLSPolicy\nmetadata: {name: p, namespace: shop}\n"
            "spec: {targetRefs: [%s], validation: {hostname: a.example.com, wellKnownCACertificates: System}}\n" % targets)


OLD = [["convert"], ["verify"], ["validate"], ["routes"], ["audit"]]
NEW = [["validate"], ["routes"], ["graph"], ["export", "envoy"]]
SHAPES = {
    "equal-paths": (equal_paths, OLD, 20_000),
    "prefixes": (prefixes, OLD, 100_000),
    "hosts": (hosts, OLD, 100_000),
    "ingresses-of-a-host": (one_host, OLD, 20_000),
    "annotations": (annotations, OLD, 50_000),
    "routes": (routes, NEW, 20_000),
    "list-items": (list_items, [["validate"]], 100_000),
}


def main():
    arguments = sys.argv[1:]
    most = int(arguments.pop(arguments.index("--most") + 1)) if "--most" in arguments else 100_000
    wanted = [a for a in arguments if a in SHAPES] or list(SHAPES)
    failed = 0
    with tempfile.TemporaryDirectory() as directory:
        for shape in wanted:
            make, commands, largest = SHAPES[shape]
            before = {}
            for count in (1_000, 10_000, 20_000, 50_000, 100_000):
                if count > min(most, largest):
                    break
                path = os.path.join(directory, "in.yaml")
                with open(path, "w") as out:
                    out.write(make(count))
                for command in commands:
                    cost = measure.run([measure.GWCTL, *command, path])
                    faults = []
                    if cost.cpu > LIMIT_SECONDS or cost.rss > LIMIT_MB:
                        faults.append("over the limit")
                    if cost.code not in (0, 1, 2):
                        faults.append("ended by a signal")
                    last = before.get(tuple(command))
                    if last and last[1] > NOISE and cost.cpu / last[1] > LIMIT_GROWTH * (count / last[0]) / 10:
                        faults.append("grows too fast")
                    before[tuple(command)] = (count, cost.cpu)
                    failed += bool(faults)
                    print(f"{shape:20} {count:7} {' '.join(command):14} {cost} {', '.join(faults)}", flush=True)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
