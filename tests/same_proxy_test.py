#!/usr/bin/env python3
"""Round trips: what a proxy's own objects say stays when its own Gateway takes over.

For Traefik, Kong and Istio at least 40 configurations each are made out of the policies that people write and the ways
in which they are referred to; each must convert without a loss, with the policy on the new route or Gateway. A policy
that is not among the input is a loss by name for its route alone. Usage: same_proxy_test.py GWCTL. Skipped (77) without
PyYAML."""
import subprocess
import sys

try:
    import yaml
except ImportError:
    sys.exit(77)

MIDDLEWARES = {
    "addPrefix": {"prefix": "/x"},
    "basicAuth": {"secret": "users"},
    "digestAuth": {"secret": "users", "realm": "inside"},
    "forwardAuth": {"address": "http://auth.apps.svc.cluster.local/check", "trustForwardHeader": True},
    "ipAllowList": {"sourceRange": ["10.0.0.0/8"], "ipStrategy": {"depth": 1}},
    "rateLimit": {"average": 10, "burst": 20, "sourceCriterion": {"requestHeaderName": "X-Key"}},
    "inFlightReq": {"amount": 5},
    "headers": {"customRequestHeaders": {"X-Team": "shop"}, "stsSeconds": 60, "allowedHosts": ["a.example.com"]},
    "redirectScheme": {"scheme": "https", "permanent": True},
    "redirectRegex": {"regex": "^http://a/(.*)", "replacement": "http://b/${1}"},
    "replacePath": {"path": "/one"},
    "replacePathRegex": {"regex": "^/a/(.*)", "replacement": "/$1"},
    "stripPrefix": {"prefixes": ["/a", "/b"]},
    "stripPrefixRegex": {"regex": ["/[0-9]+"]},
    "retry": {"attempts": 4, "initialInterval": "100ms"},
    "compress": {"excludedContentTypes": ["text/event-stream"]},
    "circuitBreaker": {"expression": "LatencyAtQuantileMS(50.0) > 100"},
    "buffering": {"maxRequestBodyBytes": 2000000},
    "contentType": {"autoDetect": True},
    "errors": {"status": ["500-599"], "query": "/{status}.html", "service": {"name": "pages", "port": 80}},
    "grpcWeb": {"allowOrigins": ["*"]},
    "passTLSClientCert": {"pem": True},
    "plugin": {"wall": {"enabled": True}},
    "chain": {"middlewares": [{"name": "inner"}]},
}

PLUGINS = {
    "key-auth": {"key_names": ["apikey"]}, "basic-auth": {"hide_credentials": True}, "jwt": {"claims_to_verify": ["exp"]},
    "hmac-auth": {}, "oauth2": {"scopes": ["mail"]}, "acl": {"allow": ["team"]}, "ldap-auth": {"ldap_host": "ldap"},
    "ip-restriction": {"allow": ["10.0.0.0/8"]}, "rate-limiting": {"minute": 5, "policy": "local"},
    "bot-detection": {}, "cors": {"origins": ["https?://.*"]}, "request-size-limiting": {"allowed_payload_size": 8},
    "request-termination": {"status_code": 403}, "request-transformer": {"add": {"headers": ["x:$(headers.y)"]}},
    "response-transformer": {"remove": {"headers": ["server"]}}, "proxy-cache": {"strategy": "memory"},
    "prometheus": {}, "correlation-id": {"header_name": "X-Id"}, "opentelemetry": {"endpoint": "http://otel"},
    "openid-connect": {"issuer": "https://id.example.com"}, "pre-function": {"access": ["return kong.response.exit(403)"]},
    "my-own-plugin": {"anything": {"at": "all"}},
}


def document(api, kind, name, spec, ns="apps", **more):
    out = {"apiVersion": api, "kind": kind, "metadata": {"name": name}, **more}
    if ns:
        out["metadata"]["namespace"] = ns
    if spec is not None:
        out["spec"] = spec
    return out


def ingress(class_name, annotations, host):
    backend = {"service": {"name": "web", "port": {"number": 80}}}
    out = document("networking.k8s.io/v1", "Ingress", "web",
                   {"ingressClassName": class_name,
                    "rules": [{"host": host, "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": backend}]}}]})
    out["metadata"]["annotations"] = annotations
    return out


def traefik():
    for kind, settings in MIDDLEWARES.items():
        wall = document("traefik.io/v1alpha1", "Middleware", "wall", {kind: settings})
        inner = document("traefik.io/v1alpha1", "Middleware", "inner", {"basicAuth": {"secret": "users"}})
        objects = [wall] + ([inner] if kind == "chain" else [])
        route = document("traefik.io/v1alpha1", "IngressRoute", "web", {
            "entryPoints": ["web"],
            "routes": [{"kind": "Rule", "match": "Host(`a.example.com`)", "middlewares": [{"name": "wall"}],
                        "services": [{"name": "web", "port": 80}]}]})
        yield "IngressRoute with " + kind, objects + [route], "wall"
        annotation = {"traefik.ingress.kubernetes.io/router.middlewares": "apps-wall@kubernetescrd"}
        yield "Ingress with " + kind, objects + [ingress("traefik", annotation, "a.example.com")], "wall"


def kong():
    for plugin, config in PLUGINS.items():
        for kind in ("KongPlugin", "KongClusterPlugin"):
            wall = document("configuration.konghq.com/v1", kind, "wall", None, "apps" if kind == "KongPlugin" else None,
                            plugin=plugin, config=config)
            yield f"{kind} {plugin}", [ingress("kong", {"konghq.com/plugins": "wall"}, "a.example.com"), wall], "wall"


def istio():
    rules = {
        "principals": [{"from": [{"source": {"principals": ["cluster.local/ns/a/sa/b"]}}]}],
        "addresses": [{"from": [{"source": {"remoteIpBlocks": ["10.0.0.0/8"]}}]}],
        "paths": [{"to": [{"operation": {"paths": ["/admin*"], "methods": ["GET"]}}]}],
        "tokens": [{"from": [{"source": {"requestPrincipals": ["*"]}}]}],
        "when": [{"when": [{"key": "request.headers[x-key]", "values": ["1"]}]}],
    }
    selector = {"matchLabels": {"istio": "ingressgateway"}}
    policies = []
    for name, rule in rules.items():
        for action in ("ALLOW", "DENY", "CUSTOM"):
            spec = {"selector": selector, "action": action, "rules": rule}
            if action == "CUSTOM":
                spec["provider"] = {"name": "ext"}
            policies.append((f"{action} by {name}",
                             document("security.istio.io/v1", "AuthorizationPolicy", "wall", spec, "istio-system")))
    policies.append(("nobody", document("security.istio.io/v1", "AuthorizationPolicy", "wall", {"selector": selector},
                                        "istio-system")))
    policies.append(("tokens", document("security.istio.io/v1", "RequestAuthentication", "wall", {
        "selector": selector, "jwtRules": [{"issuer": "https://id.example.com"}]}, "istio-system")))
    policies.append(("wasm", document("extensions.istio.io/v1alpha1", "WasmPlugin", "wall", {
        "selector": selector, "url": "oci://example.com/wall"}, "istio-system")))
    matches = {"all": None, "prefix": [{"uri": {"prefix": "/a/"}}], "header": [{"headers": {"x": {"exact": "1"}}}]}
    for label, policy in policies:
        for shape, match in matches.items():
            gateway = document("networking.istio.io/v1", "Gateway", "edge", {
                "selector": {"istio": "ingressgateway"},
                "servers": [{"port": {"number": 80, "name": "http", "protocol": "HTTP"}, "hosts": ["a.example.com"]}]})
            route = {"route": [{"destination": {"host": "web", "port": {"number": 80}}}]}
            if match:
                route["match"] = match
            service = document("networking.istio.io/v1", "VirtualService", "web", {
                "hosts": ["a.example.com"], "gateways": ["edge"], "http": [route]})
            yield f"{label}, {shape}", [gateway, service, policy], "wall"


def references(target, out):
    """The names of policies that the written routes or policies of a Gateway hold on to."""
    names = set()
    for d in out:
        for rule in d.get("spec", {}).get("rules", []) if d["kind"] == "HTTPRoute" else []:
            names.update(f["extensionRef"]["name"] for f in rule.get("filters", []) if f["type"] == "ExtensionRef")
        annotation = d["metadata"].get("annotations", {}).get("konghq.com/plugins", "")
        names.update(n for n in annotation.split(",") if n)
        if target == "istio" and any(r.get("kind") == "Gateway" for r in d.get("spec", {}).get("targetRefs", [])):
            names.add(d["metadata"]["name"])
    return names


def convert(gwctl, target, objects):
    text = "---\n".join(yaml.safe_dump(o) for o in objects)
    made = subprocess.run([gwctl, "convert", "-", "--to", target], input=text, capture_output=True, text=True, timeout=60)
    return made, [d for d in yaml.safe_load_all(made.stdout) if d]


def main():
    gwctl, faults = sys.argv[1], []
    for target, configurations in (("traefik", traefik()), ("kong", kong()), ("istio", istio())):
        count = 0
        for label, objects, policy in configurations:
            count += 1
            # In either order of the documents.
            made, out = convert(gwctl, target, objects)
            again, _ = convert(gwctl, target, objects[::-1])
            kinds = {d["kind"] for d in out}
            if made.returncode != 0:
                faults.append(f"{target}: {label}: exit {made.returncode}: {made.stderr[:300]}")
            elif policy not in references(target, out) or "HTTPRoute" not in kinds:
                faults.append(f"{target}: {label}: the policy is on no route")
            elif not any(d["metadata"]["name"] == policy and d["kind"] not in ("HTTPRoute", "Gateway") for d in out):
                faults.append(f"{target}: {label}: the policy itself is not written")
            if sorted(made.stdout.split("---\n")) and made.returncode != again.returncode:
                faults.append(f"{target}: {label}: another order of the documents ends otherwise")
            # Without the policy: a loss by name, for Traefik and Kong, whose routes name it.
            if target != "istio":
                rest = [o for o in objects if o["metadata"]["name"] != policy]
                missing, out = convert(gwctl, target, rest)
                if missing.returncode != 1 or policy not in missing.stderr:
                    faults.append(f"{target}: {label}: a missing policy is not told by its name")
                if any(d["kind"] == "HTTPRoute" and any(r.get("backendRefs") for r in d["spec"]["rules"]) for d in out):
                    faults.append(f"{target}: {label}: the route of a missing policy is open")
        print(f"{target} to {target}: {count} configurations")
        if count < 40:
            faults.append(f"{target}: only {count} configurations")
    for fault in faults[:30]:
        print(fault)
    print(f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
