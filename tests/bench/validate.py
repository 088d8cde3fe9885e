#!/usr/bin/env python3
"""validate beside kubeconform and kubectl-validate, on what convert makes of generated Ingresses and on plain routes.

./dev bench validate [OBJECTS...]
kubeconform checks JSON schemas, here those of Gateway API made from ../shared/crds; kubectl-validate checks schemas and
CEL as the API server does, from the same definitions, and is too slow for more than 1,000 objects: its figure for more is
scaled. gwctl checks schemas, CEL, references, conflicts and lint. Goals: half of kubeconform's CPU, 1/50 of
kubectl-validate's, 60 MB over the input, growth linear within 20 % to 100,000 objects.
"""
import json
import os
import subprocess
import sys
import tempfile

from measure import GWCTL, SHARED, best, go_tool, ingresses

CRDS = os.path.join(SHARED, "crds", "gateway-api-v1.6.3", "standard")
SCALED_FROM = 1000  # objects that kubectl-validate is given at most


def converted(ingress_count):
    """The documents that convert makes of generated Ingresses."""
    made = subprocess.run([GWCTL, "convert", ingresses(ingress_count), "--accept-loss", "all"], capture_output=True,
                          text=True, check=False).stdout
    return [document.strip("\n") for document in made.split("\n---\n")]


def write(name, objects, documents):
    path = os.path.join(tempfile.gettempdir(), f"gwctl-bench-{name}-{objects}.yaml")
    with open(path, "w", encoding="utf-8") as out:
        out.write("\n---\n".join(documents) + "\n")
    return path


def large(objects):
    """Gateways, ListenerSets and HTTPRoutes of one whole conversion, some 2 KB each; beyond 10,000 objects the same
    again under other names."""
    sample = 400
    per_ingress = len(converted(sample)) / sample
    documents = converted(max(1, int(min(objects, 10000) / per_ingress)))
    count = len(documents)
    again = (documents[i % count].replace("\n  name: ", f"\n  name: r{i}-", 1) for i in range(count, objects))
    return write("large", objects, documents + list(again) if objects > 10000 else documents)


def plain(objects):
    """A Gateway and HTTPRoutes of two rules, 0.6 KB each."""
    gateway = """apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: edge, namespace: infra}
spec:
  gatewayClassName: edge
  listeners:
  - {name: http, port: 80, protocol: HTTP, allowedRoutes: {namespaces: {from: All}}}"""
    routes = (f"""apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata:
  name: route-{i}
  namespace: team-{i % 50}
  labels:
    app.kubernetes.io/name: route-{i}
spec:
  parentRefs:
  - name: edge
    namespace: infra
  hostnames:
  - host-{i}.example.com
  rules:
  - matches:
    - path:
        type: PathPrefix
        value: /api/{i}
    filters:
    - type: RequestHeaderModifier
      requestHeaderModifier:
        set:
        - name: X-Team
          value: team-{i % 50}
    backendRefs:
    - name: api-{i}
      port: 8080
  - backendRefs:
    - name: web-{i}
      port: 80""" for i in range(objects - 1))
    return write("plain", objects, [gateway, *routes])


def json_schemas():
    """The CRDs' schemas as kubeconform reads them, with unknown fields refused (-strict)."""
    try:
        import yaml
    except ImportError:
        return None
    folder = os.path.join(tempfile.gettempdir(), "gwctl-bench-schemas")
    os.makedirs(folder, exist_ok=True)
    for name in sorted(os.listdir(CRDS)):
        with open(os.path.join(CRDS, name), encoding="utf-8") as file:
            for crd in yaml.safe_load_all(file):
                if not crd or crd.get("kind") != "CustomResourceDefinition":
                    continue
                for version in crd["spec"]["versions"]:
                    path = os.path.join(folder, f"{crd['spec']['names']['kind'].lower()}_{version['name']}.json")
                    with open(path, "w", encoding="utf-8") as out:
                        json.dump(version["schema"]["openAPIV3Schema"], out)
    return os.path.join(folder, "{{.ResourceKind}}_{{.ResourceAPIVersion}}.json")


def main():
    sizes = [int(word) for word in sys.argv[1:] if word.isdigit()] or [1000, 10000]
    kubeconform = go_tool("github.com/yannh/kubeconform/cmd/kubeconform@v0.6.7", "kubeconform")
    kubectl_validate = go_tool("sigs.k8s.io/kubectl-validate@latest", "kubectl-validate")
    schemas = json_schemas()
    for name, make in (("large", large), ("plain", plain)):
        small = None
        for size in sizes:
            path = make(size)
            megabytes = os.path.getsize(path) / 1e6
            own = best([GWCTL, "validate", path])
            print(f"{name} {size:7} gwctl            {own}  {megabytes:.1f} MB, {own.rss - megabytes:.0f} MB over it",
                  flush=True)
            if small:
                print(f"{'':13}   growth: {own.cpu / small[1].cpu * small[0] / size:.2f} of linear")
            else:
                small = (size, own)
            if kubeconform and schemas:
                peer = best([kubeconform, "-strict", "-schema-location", schemas, "-ignore-missing-schemas", path])
                print(f"{name} {size:7} kubeconform      {peer}  ratio {own.cpu / peer.cpu:.3f}", flush=True)
            if kubectl_validate:
                count = min(size, SCALED_FROM)
                peer = best([kubectl_validate, "--version", "1.30", "--local-crds", CRDS, make(count)], times=1)
                cpu = peer.cpu * size / count
                print(f"{name} {size:7} kubectl-validate {peer}  scaled {cpu:.1f} s, ratio 1/{cpu / own.cpu:.0f}",
                      flush=True)


if __name__ == "__main__":
    main()
