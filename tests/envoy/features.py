#!/usr/bin/env python3
"""What the classes of requests in export_envoy_test cannot show: CORS, mirrors, retries, timeouts, gRPC, TLS to
backends, TLS passed through, TCP. The same Gateway in gwctl serve and, exported, in Envoy: same answers, and the
backends see the same. Run by ctest as envoy_features_test with the path of gwctl; exit code 77: no Envoy here."""
import http.client
import http.server
import json
import os
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

GWCTL = sys.argv[1]
SLOW = 1.0  # seconds that /slow takes


class Backend(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def answer(self):
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        seen = self.server.seen
        with self.server.lock:
            seen.append((self.command, self.path))
            times = sum(1 for _, path in seen if path == self.path)
        if self.path.startswith("/slow"):
            time.sleep(SLOW)
        # /flaky/N/... fails N times before it answers.
        failing = self.path.startswith("/flaky/") and times <= int(self.path.split("/")[2])
        body = json.dumps({"service": self.server.name, "path": self.path}).encode()
        try:
            self.send_response(503 if failing else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        except OSError:
            pass  # a gateway that gave up

    do_GET = do_POST = do_PUT = do_OPTIONS = answer

    def log_message(self, *_):
        pass


def serve(name, tls=None):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Backend)
    server.name, server.seen, server.lock, server.daemon_threads = name, [], threading.Lock(), True
    server.handle_error = lambda *_: None
    if tls:
        server.socket = tls.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


def tcp_echo():
    listener = socket.create_server(("127.0.0.1", 0))

    def one(connection):
        with connection:
            while data := connection.recv(4096):
                connection.sendall(data.upper())

    def accept():
        while True:
            threading.Thread(target=one, args=(listener.accept()[0],), daemon=True).start()

    threading.Thread(target=accept, daemon=True).start()
    return listener.getsockname()[1]


def free_ports(count):
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [one.getsockname()[1] for one in sockets]
    for one in sockets:
        one.close()
    return ports


def certificate(directory):
    """A self-signed certificate for backend.test and pass.test, and its key."""
    crt, key = os.path.join(directory, "crt"), os.path.join(directory, "key")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
                    "-days", "2", "-subj", "/CN=backend.test", "-addext",
                    "subjectAltName=DNS:backend.test,DNS:pass.test", "-keyout", key, "-out", crt],
                   check=True, stderr=subprocess.DEVNULL)
    return crt, key


def service(name, port, protocol=""):
    more = f", appProtocol: {protocol}" if protocol else ""
    return f"""---
apiVersion: v1
kind: Service
metadata: {{name: {name}, namespace: t, annotations: {{gwctl.dev/endpoints: "127.0.0.1:{port}"}}}}
spec: {{ports: [{{port: 80{more}}}]}}
"""


def route(name, path, rest):
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: {name}, namespace: t}}
spec:
  parentRefs: [{{name: g, sectionName: http}}]
  rules:
  - matches: [{{path: {{type: PathPrefix, value: {path}}}}}]
{rest}"""


def policy(name, hostname):
    return f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: BackendTLSPolicy
metadata: {{name: {name}, namespace: t}}
spec:
  targetRefs: [{{group: "", kind: Service, name: {name}}}]
  validation: {{hostname: {hostname}, caCertificateRefs: [{{group: "", kind: ConfigMap, name: ca}}]}}
"""


def to(name, more=""):
    return more + f"    backendRefs: [{{name: {name}, port: 80}}]\n"


def manifest(world):
    with open(world["crt"], encoding="ascii") as file:
        ca = "".join("    " + line for line in file)
    cors = """    filters:
    - type: CORS
      cors: {allowOrigins: ["https://ok.test", "https://*.wild.test"], allowMethods: [GET, PUT], allowHeaders: [X-A],
             exposeHeaders: [X-B], allowCredentials: true, maxAge: 60}
"""
    mirror = "    filters: [{type: RequestMirror, requestMirror: {backendRef: {name: m, port: 80}}}]\n"
    none = ("    filters: [{type: RequestMirror, requestMirror: {backendRef: {name: m, port: 80}, percent: 0}}]\n")
    return f"""apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {{name: c}}
spec: {{controllerName: gwctl.dev/gateway-controller}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: g, namespace: t}}
spec:
  gatewayClassName: c
  addresses: [{{type: IPAddress, value: 127.0.0.1}}]
  listeners:
  - {{name: http, port: 80, protocol: HTTP}}
  - {{name: grpc, port: 80, protocol: HTTP, hostname: grpc.test}}
  - {{name: tls, port: 443, protocol: TLS, hostname: pass.test, tls: {{mode: Passthrough}}}}
  - {{name: tcp, port: 9000, protocol: TCP}}
""" + route("cors", "/cors", to("a", cors)) + route("mirror", "/mirror", to("a", mirror)) + \
        route("unmirrored", "/unmirrored", to("a", none)) + \
        route("retry", "/flaky", to("a", "    retry: {codes: [503], attempts: 2, backoff: 10ms}\n")) + \
        route("request", "/slow/request", to("a", "    timeouts: {request: 300ms}\n")) + \
        route("backend", "/slow/backend", to("a", "    timeouts: {request: 5s, backendRequest: 300ms}\n")) + \
        route("patient", "/slow/patient", to("a", "    timeouts: {request: 5s}\n")) + \
        route("secure", "/secure", to("secure")) + route("wrong", "/wrong", to("wrong")) + f"""---
apiVersion: gateway.networking.k8s.io/v1
kind: GRPCRoute
metadata: {{name: cart, namespace: t}}
spec:
  parentRefs: [{{name: g, sectionName: grpc}}]
  rules:
  - matches: [{{method: {{service: shop.Cart, method: Get}}}}]
    backendRefs: [{{name: h2, port: 80}}]
  - matches: [{{method: {{method: Any}}}}]
    backendRefs: [{{name: h2, port: 80}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TLSRoute
metadata: {{name: pass, namespace: t}}
spec:
  parentRefs: [{{name: g, sectionName: tls}}]
  hostnames: [pass.test]
  rules: [{{backendRefs: [{{name: raw, port: 80}}]}}]
---
apiVersion: gateway.networking.k8s.io/v1
kind: TCPRoute
metadata: {{name: tcp, namespace: t}}
spec:
  parentRefs: [{{name: g, sectionName: tcp}}]
  rules: [{{backendRefs: [{{name: tcp, port: 80}}]}}]
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: ca, namespace: t}}
data:
  ca.crt: |
{ca}""" + policy("secure", "backend.test") + policy("wrong", "elsewhere.test") + \
        "".join(service(*one) for one in world["services"])


# ---- what is asked of a gateway: name -> what came back, from the client's and the backends' side

class Asker:
    def __init__(self, ports, world):
        self.http, self.tls, self.tcp = ports
        self.world = world

    def ask(self, path, method="GET", headers=None, host="x.test"):
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=10)
        connection.request(method, path, headers={"Host": host, **(headers or {})})
        reply = connection.getresponse()
        body = reply.read()
        fields = {name.lower(): value for name, value in reply.getheaders()}
        connection.close()
        return reply.status, fields, body

    def hits(self, name, path):
        return sum(1 for _, seen in self.world[name].seen if seen == path)

    @staticmethod
    def cors_fields(fields):
        """Access-Control-* with lists in one spelling; without an origin the others mean nothing to a browser."""
        if "access-control-allow-origin" not in fields:
            return {}
        return {name: sorted(word.strip().lower() for word in value.split(","))
                for name, value in fields.items() if name.startswith("access-control")}

    def cors(self):
        out = {}
        for origin in ("https://ok.test", "https://a.wild.test", "https://evil.test", "http://ok.test"):
            _, fields, _ = self.ask("/cors/x", headers={"Origin": origin})
            status, preflight, _ = self.ask("/cors/p", "OPTIONS", {
                "Origin": origin, "Access-Control-Request-Method": "PUT", "Access-Control-Request-Headers": "x-a"})
            out[origin] = (self.cors_fields(fields), status // 100, self.cors_fields(preflight))
        return out

    def mirrors(self):
        out = {}
        for path in ("/mirror/x", "/unmirrored/x"):
            path += f"?{self.http}"
            status, _, body = self.ask(path)
            until = time.monotonic() + 3
            while path.startswith("/mirror") and not self.hits("m", path) and time.monotonic() < until:
                time.sleep(0.02)
            out[path.split("?")[0]] = (status, json.loads(body)["service"], self.hits("m", path))
        return out

    def retries(self):
        out = {}
        for failures in (0, 2, 3):
            path = f"/flaky/{failures}/{self.http}"
            status, _, _ = self.ask(path)
            out[failures] = (status, self.hits("a", path))
        return out

    def timeouts(self):
        out = {}
        for name in ("request", "backend", "patient"):
            began = time.monotonic()
            status, _, _ = self.ask(f"/slow/{name}/{self.http}")
            out[name] = (status, time.monotonic() - began < SLOW)
        return out

    def backend_tls(self):
        good, _, body = self.ask("/secure/x")
        bad, _, _ = self.ask("/wrong/x")
        return good, json.loads(body)["service"], bad // 100, self.hits("wrong", "/wrong/x")

    def grpc(self):
        out = {}
        for path in ("/shop.Cart/Get", "/shop.Cart/Put", "/other/Any", "/x/y/Any"):
            answer = subprocess.run(
                ["curl", "-s", "-i", "--http2-prior-knowledge", "-H", "content-type: application/grpc", "-X", "POST",
                 "--resolve", f"grpc.test:{self.http}:127.0.0.1", f"http://grpc.test:{self.http}{path}"],
                capture_output=True, text=True, timeout=20, check=False)
            text = answer.stdout.lower()
            # Envoy says it in the words of gRPC; to a client 404 is the same.
            unimplemented = text.startswith("http/2 404") or "\ngrpc-status: 12" in text
            reached = text.startswith("http/2 200") and f'"path":"{path.lower()}"' in text
            out[path] = "reached" if reached else "unimplemented" if unimplemented else answer.stdout
        return out

    def passthrough(self):
        context = ssl.create_default_context(cafile=self.world["crt"])
        out = {}
        for name in ("pass.test", "other.test"):
            try:
                with socket.create_connection(("127.0.0.1", self.tls), timeout=5) as raw, \
                        context.wrap_socket(raw, server_hostname=name) as secure:
                    secure.sendall(b"GET /raw HTTP/1.1\r\nHost: pass.test\r\nConnection: close\r\n\r\n")
                    out[name] = b'"raw"' in b"".join(iter(lambda s=secure: s.recv(4096), b""))
            except OSError:
                out[name] = "closed"
        return out

    def stream(self):
        with socket.create_connection(("127.0.0.1", self.tcp), timeout=5) as raw:
            raw.sendall(b"hello")
            return raw.recv(16)


FEATURES = ["cors", "mirrors", "retries", "timeouts", "backend_tls", "grpc", "passthrough", "stream"]


def wait_for(ports, process, log):
    until = time.monotonic() + 30
    while time.monotonic() < until and process.poll() is None:
        try:
            for port in ports:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            time.sleep(0.05)
    with open(log, encoding="utf-8", errors="replace") as file:
        sys.exit("it did not come up: " + file.read()[-2000:])


def start(command, ports, directory, name):
    log = os.path.join(directory, name + ".log")
    with open(log, "wb") as out:
        process = subprocess.Popen(command, stdout=out, stderr=out)
    wait_for(ports, process, log)
    return process


def port_map(ports):
    return ",".join(f"{listener}={port}" for listener, port in zip((80, 443, 9000), ports))


def main():
    envoy = subprocess.run(["tests/envoy/install"], capture_output=True, text=True, check=False).stdout.strip()
    missing = [tool for tool in ("openssl", "curl") if not shutil.which(tool)]
    if not envoy or missing:
        print("skipped: no", ", ".join(missing) or "Envoy", "here")
        return 77
    directory = tempfile.mkdtemp(prefix="gwctl-envoy-features-")
    running = []
    try:
        crt, key = certificate(directory)
        tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        tls.load_cert_chain(crt, key)
        world = {"crt": crt, "a": serve("a"), "m": serve("m"), "secure": serve("secure", tls),
                 "wrong": serve("wrong", tls), "raw": serve("raw", tls)}
        h2_port, *ports = free_ports(7)
        world["services"] = [(name, world[name].server_port) for name in ("a", "m", "secure", "wrong", "raw")]
        world["services"] += [("tcp", tcp_echo()), ("h2", h2_port, "kubernetes.io/h2c")]
        # A backend that speaks h2c: gwctl itself, before its echo backend.
        behind = os.path.join(directory, "behind.yaml")
        with open(behind, "w", encoding="ascii") as file:
            file.write("""apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {name: c}
spec: {controllerName: gwctl.dev/gateway-controller}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {name: g, namespace: t}
spec:
  gatewayClassName: c
  addresses: [{type: IPAddress, value: 127.0.0.1}]
  listeners: [{name: http, port: 80, protocol: HTTP}]
""" + route("all", "/", to("echo")))
        running.append(start([GWCTL, "serve", behind, "--demo-backends", "--admin", "none", "--port-map",
                              f"80={h2_port}"], [h2_port], directory, "behind"))
        file = os.path.join(directory, "gateway.yaml")
        with open(file, "w", encoding="ascii") as out:
            out.write(manifest(world))
        ours, theirs = ports[:3], ports[3:]
        running.append(start([GWCTL, "serve", file, "--admin", "none", "--port-map", port_map(ours)], ours, directory,
                             "gwctl"))
        config = os.path.join(directory, "envoy.yaml")
        with open(config, "w", encoding="ascii") as out:
            subprocess.run([GWCTL, "export", "envoy", file, "--admin", "none", "--port-map", port_map(theirs)],
                           stdout=out, check=True)
        running.append(start([envoy, "-c", config, "--use-dynamic-base-id", "--concurrency", "1", "--log-level",
                              "warn"], theirs, directory, "envoy"))
        failed = 0
        for feature in FEATURES:
            answers = [getattr(Asker(each, world), feature)() for each in (ours, theirs)]
            same = answers[0] == answers[1]
            failed += not same
            print("same   " if same else "DIFFERS", feature, answers[0], "" if same else f"\n   Envoy: {answers[1]}")
            expected = EXPECTED.get(feature)
            if expected is not None and answers[0] != expected:
                failed += 1
                print("   expected:", expected)
        return 1 if failed else 0
    finally:
        for process in running:
            process.terminate()
        for process in running:
            process.wait(10)
        shutil.rmtree(directory)


# What a Gateway API gateway must do here, so that two wrong answers do not pass for one right one.
EXPECTED = {
    "mirrors": {"/mirror/x": (200, "a", 1), "/unmirrored/x": (200, "a", 0)},
    "retries": {0: (200, 1), 2: (200, 3), 3: (503, 3)},
    "timeouts": {"request": (504, True), "backend": (504, True), "patient": (200, False)},
    "backend_tls": (200, "secure", 5, 0),
    "grpc": {"/shop.Cart/Get": "reached", "/shop.Cart/Put": "unimplemented", "/other/Any": "reached",
             "/x/y/Any": "unimplemented"},
    "passthrough": {"pass.test": True, "other.test": "closed"},
    "stream": b"HELLO",
}

if __name__ == "__main__":
    sys.exit(main())
