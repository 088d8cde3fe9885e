#!/usr/bin/env python3
"""serve under a modest, mixed load while it is reloaded all the time: errors must be 0, memory must not grow.

./dev bench soak [SECONDS]   600 unless told; exit 1 when a request failed or memory or descriptors grew
HTTP/1, HTTPS and HTTP/2 by h2load (package nghttp2-client), WebSocket and a probe of certificate and reload by this script.
Every 5 seconds a reload, by SIGHUP and by change of the file in turns; every other one brings another certificate.
"""
import base64
import hashlib
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time

from measure import GWCTL

HTTP, HTTPS, APP = 21880, 21843, 21881
RATE = 100  # requests a second of each h2load


class Soak:
    def __init__(self, seconds):
        self.seconds = seconds
        self.end = time.monotonic() + seconds
        self.errors = []
        self.frames = self.probes = self.reloads = self.generation = 0
        self.certificates = set()
        self.directory = tempfile.mkdtemp(prefix="gwctl-soak-")
        self.pairs = [self.make_pair(name) for name in ("one", "two")]
        self.echo = socket.create_server(("127.0.0.1", 0), backlog=64)

    def wrong(self, what):
        self.errors.append(what)
        print(f"soak: {what}", flush=True)

    def going(self):
        return time.monotonic() < self.end

    # ---- what is served

    def make_pair(self, name):
        key, certificate = (os.path.join(self.directory, f"{name}.{kind}") for kind in ("key", "crt"))
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes",
                        "-keyout", key, "-out", certificate, "-days", "30", "-subj", "/CN=soak.test",
                        "-addext", "subjectAltName=DNS:soak.test"], check=True, stderr=subprocess.DEVNULL)
        return [base64.b64encode(open(path, "rb").read()).decode() for path in (certificate, key)]

    def write(self, name, text):
        path = os.path.join(self.directory, name)
        with open(path + ".new", "w", encoding="utf-8") as out:
            out.write(text)
        os.rename(path + ".new", path)
        return path

    def write_manifest(self):
        certificate, key = self.pairs[self.generation // 2 % 2]
        return self.write("world.yaml", f"""\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {{name: soak}}
spec: {{controllerName: gwctl.dev/soak}}
---
apiVersion: v1
kind: Secret
metadata: {{name: cert, namespace: default}}
type: kubernetes.io/tls
data: {{tls.crt: {certificate}, tls.key: {key}}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: g, namespace: default}}
spec:
  gatewayClassName: soak
  listeners:
  - {{name: http, port: {HTTP}, protocol: HTTP}}
  - {{name: https, port: {HTTPS}, protocol: HTTPS, tls: {{certificateRefs: [{{name: cert}}]}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: app, namespace: default, annotations: {{gwctl.dev/endpoints: "127.0.0.1:{APP}"}}}}
spec: {{ports: [{{port: 80}}]}}
---
apiVersion: v1
kind: Service
metadata:
  name: echo
  namespace: default
  annotations: {{gwctl.dev/endpoints: "127.0.0.1:{self.echo.getsockname()[1]}"}}
spec: {{ports: [{{port: 80}}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: r, namespace: default}}
spec:
  parentRefs: [{{name: g}}]
  rules:
  - matches: [{{path: {{value: /ws}}}}]
    backendRefs: [{{name: echo, port: 80}}]
  - filters:
    - {{type: ResponseHeaderModifier, responseHeaderModifier: {{set: [{{name: X-Generation, value: "{self.generation}"}}]}}}}
    backendRefs: [{{name: app, port: 80}}]
""")

    def write_backend(self):
        return self.write("backend.yaml", f"""\
apiVersion: gateway.networking.k8s.io/v1
kind: GatewayClass
metadata: {{name: soak}}
spec: {{controllerName: gwctl.dev/soak}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: Gateway
metadata: {{name: g, namespace: default}}
spec: {{gatewayClassName: soak, listeners: [{{name: http, port: {APP}, protocol: HTTP}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: app, namespace: default}}
spec: {{ports: [{{port: 80}}]}}
---
apiVersion: gateway.networking.k8s.io/v1
kind: HTTPRoute
metadata: {{name: r, namespace: default}}
spec: {{parentRefs: [{{name: g}}], rules: [{{backendRefs: [{{name: app, port: 80}}]}}]}}
""")

    def start(self, manifest, *flags):
        ready = manifest + ".ready"
        log = open(manifest + ".log", "w", encoding="utf-8")
        process = subprocess.Popen([GWCTL, "serve", manifest, "--admin", "none", "--ready-file", ready, *flags],
                                   stdout=log, stderr=log)
        until = time.monotonic() + 20
        while not os.path.exists(ready) and time.monotonic() < until:
            time.sleep(0.05)
        return process

    def memory(self):
        """Resident KiB and open descriptors."""
        with open(f"/proc/{self.process.pid}/status", encoding="ascii") as status:
            resident = next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))
        return resident, len(os.listdir(f"/proc/{self.process.pid}/fd"))

    # ---- who asks

    def h2load(self, name, *arguments):
        return name, subprocess.Popen(["h2load", "-c", "10", "--rps", str(RATE // 10), "-n", str(int(self.seconds) * RATE),
                                       *arguments], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                      text=True)

    def judge(self, name, process):
        try:
            out = process.communicate(timeout=60)[0]
        except subprocess.TimeoutExpired:
            process.kill()
            return self.wrong(f"{name}: not done a minute after its time")
        totals = re.search(r"(\d+) total, .*?(\d+) done, (\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout", out)
        codes = re.search(r"(\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx", out)
        if not totals or not codes:
            return self.wrong(f"{name}: h2load says: {out.strip()}")
        done, bad = int(totals[2]), sum(map(int, totals.groups()[3:])) + sum(map(int, codes.groups()[1:]))
        print(f"{name:10} {done:8} requests, {bad} failed", flush=True)
        if bad or done != int(self.seconds) * RATE:
            self.wrong(f"{name}: {bad} failed of {done}")

    def connect(self, secure):
        connection = socket.create_connection(("127.0.0.1", HTTPS if secure else HTTP), timeout=20)
        if not secure:
            return connection
        context = ssl.create_default_context()
        context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        return context.wrap_socket(connection, server_hostname="soak.test")

    def probe(self):
        """A new connection, and what generation and certificate it shows."""
        with self.connect(True) as connection:
            self.certificates.add(hashlib.sha256(connection.getpeercert(True)).hexdigest())
            connection.sendall(b"GET / HTTP/1.1\r\nHost: soak.test\r\nConnection: close\r\n\r\n")
            answer = b"".join(iter(lambda: connection.recv(65536), b""))
        self.probes += 1
        return int(re.search(rb"x-generation: (\d+)", answer, re.I)[1])

    def serve_echo(self):
        def converse(connection):
            with connection:
                connection.recv(65536)
                connection.sendall(b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n")
                while data := connection.recv(65536):
                    connection.sendall(data)

        while True:
            connection = self.echo.accept()[0]
            threading.Thread(target=converse, args=(connection,), daemon=True).start()

    def talk_websocket(self, secure):
        """Connections of 20 seconds, so that most live through a few reloads."""
        while self.going():
            try:
                with self.connect(secure) as connection:
                    connection.sendall(b"GET /ws HTTP/1.1\r\nHost: soak.test\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
                                       b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: c29ha3NvYWtzb2Frc29haw==\r\n\r\n")
                    head = b""
                    while b"\r\n\r\n" not in head:
                        head += connection.recv(65536) or self.cut(head)
                    if b" 101 " not in head:
                        raise OSError(f"no upgrade: {head!r}")
                    until = time.monotonic() + 20
                    while self.going() and time.monotonic() < until:
                        sent = b"\x82\x7e\x04\x00" + os.urandom(1024)
                        connection.sendall(sent)
                        got = b""
                        while len(got) < len(sent):
                            got += connection.recv(65536) or self.cut(got)
                        if got != sent:
                            raise OSError("another frame came back")
                        self.frames += 1
                        time.sleep(0.1)
            except OSError as error:
                self.wrong(f"WebSocket: {error}")
                time.sleep(1)

    @staticmethod
    def cut(so_far):
        raise OSError(f"closed after {len(so_far)} bytes")

    # ---- what happens to the server

    def reload(self):
        self.generation += 1
        self.write_manifest()
        if self.generation % 2:
            self.process.send_signal(signal.SIGHUP)
        until = time.monotonic() + 4.5
        while time.monotonic() < until:
            try:
                if self.probe() == self.generation:
                    self.reloads += 1
                    return
            except (OSError, TypeError) as error:
                self.wrong(f"probe: {error}")
            time.sleep(0.2)
        self.wrong(f"generation {self.generation} was not served within 4.5 s")

    def run(self):
        backend = self.start(self.write_backend(), "--demo-backends")
        self.process = self.start(self.write_manifest(), "--watch", "--threads", "2")
        threading.Thread(target=self.serve_echo, daemon=True).start()
        talkers = [threading.Thread(target=self.talk_websocket, args=(secure,)) for secure in (False, True) * 3]
        loads = [self.h2load("HTTP/1", "--h1", f"http://127.0.0.1:{HTTP}/"),
                 self.h2load("HTTPS", "--h1", f"https://127.0.0.1:{HTTPS}/"),
                 self.h2load("HTTP/2", "-m", "4", f"https://127.0.0.1:{HTTPS}/")]
        for talker in talkers:
            talker.start()
        started, figures, marks = time.monotonic(), [], [self.seconds * part / 10 for part in (1, 5, 9.9)]
        while self.going():
            turn = time.monotonic()
            self.reload()
            while marks and time.monotonic() - started >= marks[0]:
                figures.append(self.memory())
                print(f"after {marks.pop(0):5.0f} s: {figures[-1][0]} KiB, {figures[-1][1]} descriptors", flush=True)
            time.sleep(max(0.0, min(5 - (time.monotonic() - turn), self.end - time.monotonic())))
        for talker in talkers:
            talker.join()
        for name, process in loads:
            self.judge(name, process)
        backend.terminate()
        self.process.terminate()
        if self.process.wait(timeout=40) != 0:
            self.wrong(f"serve ended with {self.process.returncode}")
        print(f"WebSocket  {self.frames:8} frames; {self.reloads} reloads seen by {self.probes} probes, "
              f"{len(self.certificates)} certificates; {len(self.errors)} errors")
        if len(self.certificates) != 2:
            self.wrong("the certificate was not exchanged")
        if figures[-1][0] > figures[1][0] * 1.05 + 512 or figures[-1][1] > figures[1][1] + 10:
            self.wrong("memory or descriptors grew")
        if not self.errors:
            shutil.rmtree(self.directory)
        return 1 if self.errors else 0


if __name__ == "__main__":
    if not shutil.which("h2load"):
        sys.exit("bench: h2load is not installed (Debian: nghttp2-client)")
    sys.exit(Soak(float(sys.argv[1]) if len(sys.argv) > 1 else 600).run())
