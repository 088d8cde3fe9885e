#!/usr/bin/env python3
"""The language server as an editor speaks to it: every capability on the sample, odd messages, and random edits after
each of which its findings are those of `gwctl validate`. Usage: lsp_test.py GWCTL [EDITS [SEED]]"""
import json
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

from lsp_client import Client

GWCTL = str(pathlib.Path(sys.argv[1]).resolve())
SAMPLE = pathlib.Path("testdata/sample").resolve()
ROUTE = """apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: shop}
spec:
  gatewayClassName: gwctl
  listeners:
  - name: http
    port: 80
    protocol: HTTP
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: web
  namespace: shop
spec:
  parentRefs:
  - name: edge
    sectionName: http
  rules:
  - matches:
    - path: {type: PathPrefix, value: /}
    - path: {type: Exact, value: /a}
    backendRefs:
    - name: web
      port: 80
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: shop}
spec:
  ports: [{name: http, port: 80}]
"""
INGRESS = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata:
  name: old
  namespace: shop
  annotations:
    nginx.ingress.kubernetes.io/proxy-read-timeout: "30"
spec:
  ingressClassName: nginx
  rules:
  - host: old.example.com
    http:
      paths:
      - path: /
        pathType: Prefix
        backend:
          service:
            name: web
            port:
              name: http
"""


def labels(result):
    return [item["label"] for item in result["items"]]


def line_of(text, part, nth=0):
    rows = [n for n, line in enumerate(text.split("\n")) if part in line]
    return rows[nth]


def check(what, fine, seen=""):
    if not fine:
        sys.exit(f"{what}: {seen}")


def capabilities(folder):
    (folder / "route.yaml").write_text(ROUTE)
    (folder / "old.yaml").write_text(INGRESS)
    client = Client(GWCTL, folder)
    client.open("route.yaml", ROUTE)
    client.open("old.yaml", INGRESS)

    hover = client.at("hover", "route.yaml", line_of(ROUTE, "sectionName"), 6)["contents"]["value"]
    check("hover on a field", hover.startswith("**sectionName** — string"), hover)
    hover = client.at("hover", "old.yaml", line_of(INGRESS, "proxy-read"), 20)["contents"]["value"]
    check("hover on an annotation", "for `standard`" in hover and "kind: HTTPRoute" in hover, hover)

    found = client.at("definition", "route.yaml", line_of(ROUTE, "  - name: edge"), 12)
    check("definition of a Gateway", [f["range"]["start"]["line"] for f in found] == [2], found)
    found = client.at("definition", "route.yaml", line_of(ROUTE, "sectionName"), 20)
    check("definition of a section", [f["range"]["start"]["line"] for f in found] == [6], found)
    found = client.at("definition", "old.yaml", line_of(INGRESS, "name: web"), 20)
    check("definition across files", found and found[0]["uri"].endswith("route.yaml"), found)
    found = client.at("references", "route.yaml", line_of(ROUTE, "kind: Service") + 1, 18, context={"includeDeclaration": True})
    check("references of a Service", {f["uri"].rsplit("/", 1)[1] for f in found} == {"route.yaml", "old.yaml"} and len(found) == 3, found)

    names = [s["name"] for s in client.ask("textDocument/documentSymbol", {"textDocument": {"uri": client.uri("route.yaml")}})]
    check("symbols", names == ["Gateway shop/edge", "HTTPRoute shop/web", "Service shop/web"], names)
    lens = client.ask("textDocument/codeLens", {"textDocument": {"uri": client.uri("route.yaml")}})
    check("code lens", [one["command"]["title"] for one in lens] == ["1 rule, 2 matches"], lens)
    hints = client.ask("textDocument/inlayHint", {"textDocument": {"uri": client.uri("old.yaml")},
                                                  "range": {"start": {"line": 0, "character": 0}, "end": {"line": 99, "character": 0}}})
    check("inlay hints", [h["label"] for h in hints] == [" = 80"], hints)

    def complete(name, text, part, typed):
        """What is offered behind `typed`, put below the line that has `part`."""
        rows = text.split("\n")
        line = line_of(text, part) + 1
        rows.insert(line, typed)
        client.change(name, [{"text": "\n".join(rows)}])
        out = labels(client.at("completion", name, line, len(typed)))
        client.change(name, [{"text": text}])
        return out
    check("fields", complete("route.yaml", ROUTE, "      port: 80", "    filt") == ["filters"], "filters")
    check("no field twice", "matches" not in complete("route.yaml", ROUTE, "      port: 80", "    "), "matches")
    admitted = ROUTE.replace("protocol: HTTP\n", "protocol: HTTP\n    allowedRoutes:\n      namespaces:\n")
    check("enum values", set(complete("route.yaml", admitted, "namespaces:", "        from: S")) == {"Same", "Selector"}, "from")
    check("Gateways", complete("route.yaml", ROUTE, "parentRefs:", "  - name: ") == ["edge"], "parentRefs")
    check("Services", complete("route.yaml", ROUTE, "backendRefs:", "    - name: ") == ["web"], "backendRefs")
    check("sections", complete("route.yaml", ROUTE, "  - name: edge", "    sectionName: ") == ["http"], "sectionName")
    check("ports", complete("route.yaml", ROUTE, "    - name: web", "      port: ") == ["80"], "port")
    check("annotations", "nginx.ingress.kubernetes.io/rewrite-target" in
          complete("old.yaml", INGRESS, "annotations:", "    nginx.ingress.kubernetes.io/rew"), "annotations")

    client.change("route.yaml", [{"text": ROUTE.replace("matches:", "matchs:")}])
    client.settle()
    wrong = client.told[client.uri("route.yaml")]
    check("a misspelt field is told", any("matchs" in d["message"] for d in wrong), wrong)
    where = next(d["range"] for d in wrong if "matchs" in d["message"])
    offered = client.ask("textDocument/codeAction", {"textDocument": {"uri": client.uri("route.yaml")}, "range": where, "context": {"diagnostics": []}})
    titles = [a["title"] for a in offered]
    check("actions", any(t.startswith("Ignore GW") for t in titles), titles)
    repair = next((a for a in offered if a.get("isPreferred")), None)
    check("a repair", repair and repair["edit"]["changes"][client.uri("route.yaml")][0]["newText"] == "matches", offered)
    offered = client.ask("textDocument/codeAction", {"textDocument": {"uri": client.uri("old.yaml")}, "range": {
        "start": {"line": 3, "character": 0}, "end": {"line": 3, "character": 0}}, "context": {"diagnostics": []}})
    made = next(a for a in offered if a["kind"] == "refactor")["edit"]["documentChanges"]
    check("convert here", made[0]["uri"].endswith("old.gateway.yaml") and "kind: HTTPRoute" in made[1]["edits"][0]["newText"], made)
    client.change("route.yaml", [{"text": ROUTE.replace("    - name: web\n", "    - name: web\n      namespace: other\n") +
                                  "---\napiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: other}\nspec: {ports: [{port: 80}]}\n"}])
    client.settle()
    refused = [d for d in client.told[client.uri("route.yaml")] if "ReferenceGrant" in d["message"]]
    check("a missing grant is told", refused, client.told[client.uri("route.yaml")])
    offered = client.ask("textDocument/codeAction", {"textDocument": {"uri": client.uri("route.yaml")}, "range": refused[0]["range"], "context": {"diagnostics": []}})
    check("the grant is offered", any("ReferenceGrant" in a["title"] for a in offered), offered)
    check("the end", client.stop() == 0)


def odd_messages(folder):
    client = Client(GWCTL, folder)
    client.raw(b"Content-Length: 5\r\n\r\n{\"a\":")
    check("no JSON", client.read()["error"]["code"] == -32700)
    client.send({"id": 7, "method": "textDocument/nothing", "params": {}})
    check("an unknown method", client.answer(7)["error"]["code"] == -32601)
    client.send({"id": 8, "method": "textDocument/hover", "params": [1, 2]})
    client.answer(8)
    client.send({"id": 9, "method": "textDocument/hover", "params": {"textDocument": {"uri": 5}, "position": {"line": -1, "character": "x"}}})
    client.answer(9)
    client.tell("$/cancelRequest", {"id": 9})
    client.tell("textDocument/didChange", {"textDocument": {"uri": client.uri("x.yaml")}, "contentChanges": {"no": "list"}})
    client.send({"id": 10})
    check("no method", client.answer(10)["error"]["code"] == -32600)
    check("still there", client.stop() == 0)
    early = subprocess.run([GWCTL, "lsp"], input=b"Content-Length: 2\r\n\r\n{}", capture_output=True, timeout=10)
    check("an end without shutdown", early.returncode == 1, early)


def findings(folder):
    """What `gwctl validate` finds: (file, line, code, message)."""
    done = subprocess.run([GWCTL, "validate", "-R", ".", "--format", "json"], cwd=folder, capture_output=True, text=True, timeout=60)
    return sorted((pathlib.PurePath(f["file"]).name, f["line"] - 1, f["code"], f["message"])
                  for f in json.loads(done.stdout)["findings"] if f.get("file"))


def edited(rng, text):
    """One change as the protocol has it, and the text after it."""
    rows = text.split("\n")
    line = rng.randrange(len(rows))
    begin = rng.randint(0, len(rows[line]))
    end_line = min(len(rows) - 1, line + rng.choice([0, 0, 0, 1, 3]))
    end = rng.randint(begin if end_line == line else 0, len(rows[end_line]))
    new = rng.choice(["", "", "x", " ", "\n", ": ", "- ", "name: web", "é😀", "{", "---\n", "port: 80\n", '"', "#", "http"])
    after = "\n".join(rows[:line] + [rows[line][:begin] + new + rows[end_line][end:]] + rows[end_line + 1:])

    def units(row, n):
        return len(row[:n].encode("utf-16-le")) // 2
    return {"range": {"start": {"line": line, "character": units(rows[line], begin)},
                      "end": {"line": end_line, "character": units(rows[end_line], end)}}, "text": new}, after


def random_edits(folder, edits, seed):
    rng = random.Random(seed)
    for file in SAMPLE.glob("*.yaml"):
        shutil.copy(file, folder)
    (folder / "route.yaml").write_text(ROUTE)
    (folder / "old.yaml").write_text(INGRESS)
    texts = {file.name: file.read_text() for file in sorted(folder.glob("*.yaml"))}
    whole = dict(texts)
    client = Client(GWCTL, folder)
    for name, text in texts.items():
        client.open(name, text)
    compared = 0
    for number in range(edits):
        name = rng.choice(sorted(texts))
        if rng.random() < 0.15:
            change, texts[name] = {"text": whole[name]}, whole[name]
        else:
            change, texts[name] = edited(rng, texts[name])
        client.change(name, [change])
        if rng.random() < 0.3:
            rows = texts[name].split("\n")
            line = rng.randrange(len(rows))
            client.at(rng.choice(["hover", "completion", "definition"]), name, line, rng.randint(0, len(rows[line])))
        if number % 20 != 19:
            continue
        for file, text in texts.items():
            (folder / file).write_text(text)
        client.settle()
        ours = sorted((uri.rsplit("/", 1)[1], d["range"]["start"]["line"], d["code"], d["message"].split("\n")[0])
                      for uri, all in client.told.items() for d in all)
        theirs = sorted((f, line, code, message.split("\n")[0]) for f, line, code, message in findings(folder))
        check(f"after {number + 1} edits (seed {seed}) the findings differ", ours == theirs,
              f"\nserver alone: {[f for f in ours if f not in theirs]}\nvalidate alone: {[f for f in theirs if f not in ours]}")
        compared += 1
    check("the end", client.stop() == 0)
    print(f"{edits} edits, {compared} comparisons with a fresh validate: equal")


def main():
    edits = int(sys.argv[2]) if len(sys.argv) > 2 else 600
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 24
    for test in (capabilities, odd_messages, lambda folder: random_edits(folder, edits, seed)):
        with tempfile.TemporaryDirectory() as folder:
            test(pathlib.Path(folder))


main()
