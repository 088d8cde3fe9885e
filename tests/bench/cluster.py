#!/usr/bin/env python3
"""The large cluster: 10,000 generated Ingresses from files and from an API server in pages: CPU and peak memory.

./dev bench cluster [SIZE]     goals for 10,000: 300 MB for convert, validate, audit and plan; 1.5 GB for verify
"""
import http.server
import json
import os
import subprocess
import sys
import tempfile
import threading
import urllib.parse

from measure import GWCTL, ingresses, run

GOALS = {"convert": 300, "validate": 300, "audit": 300, "plan": 300, "verify": 1536}


class Api(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        address = urllib.parse.urlsplit(self.path)
        query = urllib.parse.parse_qs(address.query)
        if address.path == "/apis":
            return self.send({"groups": []})
        plural = address.path.rsplit("/", 1)[1]
        items = self.server.items if plural == "ingresses" else []
        start, limit = int(query.get("continue", ["0"])[0]), int(query.get("limit", ["500"])[0])
        metadata = {}
        if start + limit < len(items):
            metadata = {"continue": str(start + limit), "remainingItemCount": len(items) - start - limit}
        body = (f'{{"kind":"List","apiVersion":"{"v1" if "/api/" in address.path else "networking.k8s.io/v1"}",'
                f'"metadata":{json.dumps(metadata)},"items":[{",".join(items[start:start + limit])}]}}')
        if plural == "ingresses":
            body = body.replace('"kind":"List"', '"kind":"IngressList"', 1)
        return self.send(body)

    def send(self, body):
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_):
        pass


def objects(path):
    """What the API server holds, with the fields it adds itself."""
    lines = subprocess.run([GWCTL, "fmt", "-o", "json", path], capture_output=True, check=True).stdout.splitlines()
    added = {"uid": "0b5f2a1c-7d3e-4b8a-9c6d-1e2f3a4b5c6d", "resourceVersion": "123456", "generation": 1,
             "creationTimestamp": "2026-01-01T00:00:00Z",
             "managedFields": [{"manager": "kubectl", "operation": "Apply", "fieldsV1": {"f:spec": {"f:rules": {}}}}]}
    for line in lines:
        item = json.loads(line)
        item["metadata"].update(added)
        item["status"] = {"loadBalancer": {"ingress": [{"ip": "192.0.2.1"}]}}
        yield json.dumps(item)


def main():
    size = int(sys.argv[1]) if len(sys.argv) > 1 else 10000
    path = ingresses(size)
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
    server.items = list(objects(path))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as directory:
        config = os.path.join(directory, "config")
        with open(config, "w", encoding="ascii") as file:
            json.dump({"current-context": "c", "clusters": [
                {"name": "c", "cluster": {"server": f"http://127.0.0.1:{server.server_port}"}}],
                "contexts": [{"name": "c", "context": {"cluster": "c"}}]}, file)
        met = True
        for command, goal in GOALS.items():
            for what, words in (("files", [path]), ("cluster", ["-A", "--kubeconfig", config])):
                cost = run([GWCTL, command, *words])
                good = cost.rss <= goal * max(size, 2000) / 10000
                met = met and good
                print(f"{command:9} {what:8} {cost}  {'' if good else f'goal {goal} MB'}", flush=True)
    print("goals met" if met else "goals missed")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
