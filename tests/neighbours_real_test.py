#!/usr/bin/env python3
"""The same DNS records and Certificates before and after, by the real external-dns and cert-manager.

Usage: neighbours_real_test.py GWCTL [SETS [SEED]]. Seeded sets of Ingresses (names, namespaces, issuers, targets, ttl,
shared and foreign Secrets, tls hosts without rules, aliases, wildcards) are converted for several targets and layouts, and
both programs are asked about both sides. No difference may be silent, and `gwctl neighbours` has to see each record and
Certificate as the programs do. Skipped (77) without Go or the tool that asks the programs."""
import importlib.machinery
import importlib.util
import json
import os
import pathlib
import random
import re
import shutil
import signal
import subprocess
import sys
import tempfile

tool = pathlib.Path(__file__).resolve().parents[2] / "shared" / "neighbours" / "run"
if not tool.is_file() or not shutil.which("go"):
    print("skipped: " + ("no Go" if tool.is_file() else "the tool that asks the real programs is not there"))
    sys.exit(77)
sys.dont_write_bytecode = True
loader = importlib.machinery.SourceFileLoader("real", str(tool))
real = importlib.util.module_from_spec(importlib.util.spec_from_loader("real", loader))
loader.exec_module(real)

TARGETS = ["standard", "envoy-gateway", "traefik"]
LAYOUTS = [[], ["--layout", "shared"], ["--layout", "namespace"], ["--layout", "ingress"]]
DNS = ["external-dns.kubernetes.io/", "external-dns.alpha.kubernetes.io/"]


def ingress(rng, number, hosts):
    """One Ingress as YAML; `hosts` are those of the set, so that Ingresses meet."""
    ns = rng.choice(["shop", "blog", "team-a"])
    own = rng.sample(hosts, rng.choice([1, 1, 1, 2, 3]) if len(hosts) > 2 else 1)
    notes = {}
    if rng.random() < 0.5:
        notes[rng.choice(["cert-manager.io/cluster-issuer"] * 3 + ["cert-manager.io/issuer"])] = rng.choice(["le", "ca"])
        if rng.random() < 0.2:
            notes["cert-manager.io/duration"] = rng.choice(["2160h", "720h"])
    dns = rng.choice(DNS)
    if rng.random() < 0.25:
        notes[dns + "target"] = rng.choice(["192.0.2.7", "lb.example.net"])
    if rng.random() < 0.25:
        notes[dns + "ttl"] = rng.choice(["60", "300"])
    if rng.random() < 0.1:
        notes[dns + "set-identifier"] = f"s{number}"
        notes[dns + "aws-weight"] = rng.choice(["10", "90"])
    if rng.random() < 0.1:
        notes[dns + "hostname"] = rng.choice(["extra.example.org", "a.example.org, b.example.org"])
    if rng.random() < 0.1:
        notes["nginx.ingress.kubernetes.io/server-alias"] = f"alias{number}.example.org"
    tls = []
    if rng.random() < 0.6:
        named = own + ([f"only-tls{number}.example.org"] if rng.random() < 0.2 else [])
        secret = rng.choice([f"tls-{number}", f"tls-{number}", "shared-tls"])
        tls = [(named, secret)]
        if len(named) > 1 and rng.random() < 0.3:
            tls = [(named[:1], secret), (named[1:], secret + "-more")]
    lines = ["apiVersion: networking.k8s.io/v1", "kind: Ingress", "metadata:", f"  name: i{number}", f"  namespace: {ns}"]
    if notes:
        lines += ["  annotations:"] + [f"    {key}: {json.dumps(value)}" for key, value in notes.items()]
    lines += ["spec:", "  ingressClassName: nginx"]
    if tls:
        lines += ["  tls:"] + [f"  - {json.dumps({'hosts': names, 'secretName': secret})}" for names, secret in tls]
    lines += ["  rules:"]
    for host in own:
        path = rng.choice(["/", "/", f"/p{number}"])
        lines += [f"  - host: {json.dumps(host)}", "    http:", "      paths:",
                  f"      - {{path: {path}, pathType: Prefix, backend: {{service: {{name: web{number}, port: {{number: 80}}}}}}}}"]
    return "\n".join(lines) + "\n", ns


def generated(rng):
    count = rng.randint(1, 12)
    hosts = [f"h{n}.example.com" for n in range(max(2, count))] + (["*.wild.example.com"] if rng.random() < 0.3 else [])
    made = [ingress(rng, n, hosts) for n in range(count)]
    issuers = "".join(f"---\napiVersion: cert-manager.io/v1\nkind: ClusterIssuer\nmetadata: {{name: {n}}}\nspec: {{selfSigned: {{}}}}\n"
                      for n in ("le", "ca"))
    return "---\n".join(text for text, ns in made) + issuers


def gwctl(program, home, *words):
    return subprocess.run([program, *words], cwd=home, capture_output=True, text=True, timeout=60,
                          env={"PATH": "/usr/bin:/bin", "NO_COLOR": "1"})


def look(program, text, target, layout, asked):
    """(silent differences, disagreements of the model, things compared) of one set."""
    with tempfile.TemporaryDirectory() as home:
        pathlib.Path(home, "in.yaml").write_text(text)
        done = gwctl(program, home, "convert", "in.yaml", "--to", target, *layout, "--report", "report.json")
        if done.returncode not in (0, 1):
            return [f"convert ends with {done.returncode}: {done.stderr[-300:]}"], [], 1
        pathlib.Path(home, "new.yaml").write_text(done.stdout)
        account = json.loads(pathlib.Path(home, "report.json").read_text())
        model = json.loads(gwctl(program, home, "neighbours", "in.yaml", "new.yaml", "-o", "json").stdout)
    told = real.LOUD.findall(done.stderr) + [f"{f['message']} {f.get('help', '')}" for f in account.get("findings", [])
                                             if f["severity"] in ("warning", "error")]
    try:
        old, new = real.look(text, asked), real.look(done.stdout, asked, "output")
    except real.Broken as why:
        return [f"the programs cannot read it: {why}"], [], 1
    found = real.compare(old, new)
    silent = [f"{d['kind']} {d['change']}: {d['name']} {d['fields']}" for d in found if real.untold(d, told)]
    seen = {(d["kind"], d["name"]): d["change"] for d in found}
    wrong, compared = [], 0
    for kind, part in real.KINDS.items():
        ours = {re.sub(r" \((.*)\)$", r" \1", row["name"]): row["change"] for row in model[part]}
        theirs = {name: seen.get((kind, name), "same") for name in {*old[part], *new[part]}}
        compared += len({*ours, *theirs})
        wrong += [f"{kind} {name}: the programs say {theirs.get(name)}, the model {ours.get(name)}"
                  for name in sorted({*ours, *theirs}) if ours.get(name) != theirs.get(name)]
    return silent, wrong, compared


def build_programs():
    """Where they are not built yet, Go fetches and compiles for minutes; a machine that takes longer goes without."""
    with tempfile.NamedTemporaryFile("w", suffix=".yaml") as sample:
        sample.write("apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n")
        sample.flush()
        build = subprocess.Popen([sys.executable, str(tool), "--old-only", sample.name], stdout=subprocess.DEVNULL,
                                 stderr=subprocess.PIPE, text=True, start_new_session=True)
        try:
            told = build.communicate(timeout=480)[1]
        except subprocess.TimeoutExpired:
            os.killpg(build.pid, signal.SIGKILL)
            print("skipped: the real programs were not built within eight minutes")
            sys.exit(77)
    if build.returncode == 2:
        print(f"skipped: the real programs cannot be built ({told.strip().splitlines()[-1:]})")
        sys.exit(77)


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    sets, seed = int(sys.argv[2]) if len(sys.argv) > 2 else 60, int(sys.argv[3]) if len(sys.argv) > 3 else 22
    asked = real.parse(["--http01"])  # solvers, too, as the model does
    build_programs()
    silent = wrong = compared = 0
    for number in range(sets):
        rng = random.Random(f"{seed}/{number}")
        text, target, layout = generated(rng), rng.choice(TARGETS), rng.choice(LAYOUTS)
        quiet, off, more = look(program, text, target, layout, asked)
        compared += more
        silent += len(quiet)
        wrong += len(off)
        for line in quiet:
            print(f"set {number} ({target} {' '.join(layout)}): silent: {line}")
        for line in off:
            print(f"set {number} ({target} {' '.join(layout)}): {line}")
    print(f"{sets} sets, {compared} records and Certificates: {silent} silent differences, the model differs in {wrong}")
    sys.exit(1 if silent or wrong * 200 > compared else 0)


main()
