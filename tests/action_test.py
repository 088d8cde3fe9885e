#!/usr/bin/env python3
"""action.yml, .pre-commit-hooks.yaml and README's GitLab snippet, run as their lines stand: `action_test.py GWCTL`.
Nothing is built: packaging/get fetches a release of the given gwctl from a server on the loopback address."""
import hashlib
import http.server
import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading

GWCTL = os.path.abspath(sys.argv[1])
GOOD = """apiVersion: networking.k8s.io/v1
kind: Ingress
metadata: {name: web, namespace: shop}
spec:
  ingressClassName: nginx
  rules:
  - host: shop.example.com
    http: {paths: [{path: /, pathType: Prefix, backend: {service: {name: web, port: {number: 80}}}}]}
"""
BAD = GOOD.replace("pathType: Prefix", "pathType: Prefixed")
OTHER = "services: {web: {image: nginx}}\n"  # YAML of somebody else
failed = []


def check(what, good, shown=""):
    print("ok     " if good else "FAILED ", what)
    if not good:
        failed.append(what)
        print(shown)


def scalar(text):
    return text.strip().strip("'\"")


def steps(path):
    """The steps of a composite action: name -> {run, env}; enough YAML for this one file."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    out = {}
    for block in re.split(r"^    - name: ", text, flags=re.M)[1:]:
        name, _, rest = block.partition("\n")
        many = re.search(r"^      run: \|\n((?:        .*\n?|\n)+)", rest, re.M)
        one = re.search(r"^      run: (.+)$", rest, re.M)
        if not many and not one:
            continue  # an action of somebody else
        run = re.sub(r"^        ", "", many.group(1), flags=re.M) if many else one.group(1)
        env = dict(re.findall(r"^        ([A-Z_]+): (.+)$", rest.split("      run:")[0], re.M))
        out[name] = {"run": run, "env": env}
    inputs = {name: scalar(default) for name, default in re.findall(
        r"^  ([a-z]+):\n(?:    (?!default).*\n)*    default: (.+)$", text, re.M)}
    return out, inputs


def shell(line, env, cwd):
    return subprocess.run(["bash", "-eo", "pipefail", "-c", line], cwd=cwd, env={**os.environ, **env},
                          capture_output=True, text=True, check=False)


class Releases:
    """A release of this version, served on the loopback address."""

    def __init__(self, root, directory):
        with open(os.path.join(root, "VERSION"), encoding="utf-8") as file:
            self.version = file.read().strip()
        arch = {"x86_64": "amd64", "aarch64": "arm64"}.get(os.uname().machine, os.uname().machine)
        self.folder = os.path.join(directory, "releases", "v" + self.version)
        os.makedirs(self.folder)
        self.name = f"gwctl-{self.version}-linux-{arch}.tar.gz"
        with tarfile.open(os.path.join(self.folder, self.name), "w:gz", compresslevel=1) as archive:
            archive.add(GWCTL, self.name.removesuffix(".tar.gz") + "/bin/gwctl")
        with open(os.path.join(self.folder, self.name), "rb") as file:
            self.checksum = hashlib.sha256(file.read()).hexdigest()
        self.list(self.checksum)

        class Quiet(http.server.SimpleHTTPRequestHandler):
            def __init__(self, *args):
                super().__init__(*args, directory=os.path.join(directory, "releases"))

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Quiet)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()
        self.url = f"http://127.0.0.1:{self.server.server_address[1]}"

    def list(self, checksum):
        with open(os.path.join(self.folder, "SHA256SUMS"), "w", encoding="utf-8") as file:
            file.write(f"{checksum}  {self.name}\n")

    def env(self, cache):
        return {"GWCTL_RELEASES": self.url, "GWCTL_CACHE": cache, "PATH": "/usr/bin:/bin", "no_proxy": "127.0.0.1"}


def get(root, directory, releases):
    program = os.path.join(root, "packaging", "get")
    releases.list("0" * 64)
    ran = shell(program, releases.env(directory + "/cache"), directory)
    check("a wrong checksum is refused", ran.returncode == 2 and "checksum" in ran.stderr and
          not os.path.exists(directory + "/cache"), ran.stdout + ran.stderr)
    releases.list(releases.checksum)
    ran = shell(program, releases.env(directory + "/cache"), directory)
    fetched = f"{directory}/cache/{releases.version}/gwctl"
    check("the release is fetched", ran.returncode == 0 and ran.stdout.strip() == fetched and os.access(fetched, os.X_OK),
          ran.stdout + ran.stderr)
    nowhere = {**releases.env(directory + "/cache"), "GWCTL_RELEASES": "http://127.0.0.1:9"}
    ran = shell(program, nowhere, directory)
    check("and fetched once", ran.returncode == 0 and ran.stdout.strip() == fetched, ran.stdout + ran.stderr)
    os.makedirs(directory + "/bin")
    os.symlink(GWCTL, directory + "/bin/gwctl")
    ran = shell(program, {**nowhere, "PATH": directory + "/bin:/usr/bin:/bin"}, directory)
    check("one on the PATH is preferred", ran.stdout.strip() == directory + "/bin/gwctl", ran.stdout + ran.stderr)
    ran = shell(program, {**nowhere, "GWCTL_CACHE": directory + "/empty"}, directory)
    check("without any of them it says what to do", ran.returncode == 2 and "./setup --no-serve" in ran.stderr,
          ran.stdout + ran.stderr)
    with open(program, encoding="utf-8") as file:
        build = file.read()
    with open(os.path.join(root, "CMakePresets.json"), encoding="utf-8") as file:
        presets = file.read()
    check("the presets of its build are there", all(f'"{name}"' in presets for name in re.findall(r"--preset (\S+)", build)))


def action(root, directory, releases):
    parsed, defaults = steps(os.path.join(root, "action.yml"))
    check("action.yml has a step that gets gwctl and one that validates", list(parsed) == ["Get gwctl", "Validate"])
    output = directory + "/output"
    ran = shell(parsed["Get gwctl"]["run"], {**releases.env(directory + "/cache"), "ACTION": root, "GITHUB_OUTPUT": output},
                directory)
    with open(output, encoding="utf-8") as file:
        gwctl = file.read().strip().removeprefix("gwctl=")
    check("the first one names a program", ran.returncode == 0 and os.access(gwctl, os.X_OK), ran.stdout + ran.stderr)

    def run(paths, arguments=defaults.get("arguments")):
        values = {"inputs.paths": paths, "inputs.arguments": arguments, "steps.get.outputs.gwctl": gwctl}
        env = {name: re.sub(r"\$\{\{ (.+?) \}\}", lambda m: values[m.group(1)], value)
               for name, value in parsed["Validate"]["env"].items()}
        return shell(parsed["Validate"]["run"], env, directory)

    ran = run("good")
    check("the action passes on good manifests and foreign YAML", ran.returncode == 0, ran.stdout + ran.stderr)
    ran = run("good bad")
    check("it fails on a bad one, with an annotation of its line", ran.returncode == 1 and
          re.search(r"^::error file=bad/web\.yaml,line=8,", ran.stdout, re.M), ran.stdout + ran.stderr)
    ran = run("good; touch pwned", "-R")
    check("inputs are words, not commands", ran.returncode == 2 and not os.path.exists(directory + "/pwned"),
          ran.stdout + ran.stderr)


def hooks(root, directory, releases):
    with open(os.path.join(root, ".pre-commit-hooks.yaml"), encoding="utf-8") as file:
        entries = dict(re.findall(r"^- id: (\S+)\n(?:  .*\n)*?  entry: (.+)$", file.read(), re.M))
    check("two hooks", sorted(entries) == ["gwctl-validate", "gwctl-verify"])
    env = releases.env(directory + "/cache")
    entries = {name: os.path.join(root, entry) for name, entry in entries.items()}
    for files, code in (("good/web.yaml good/compose.yaml", 0), ("good/web.yaml bad/web.yaml", 1)):
        ran = shell(entries["gwctl-validate"] + " " + files, env, directory)
        check(f"the hook on {files}", ran.returncode == code, ran.stdout + ran.stderr)
    ran = shell(entries["gwctl-verify"] + " good/web.yaml", env, directory)
    check("the hook that verifies runs", ran.returncode in (0, 1) and " host" in ran.stdout, ran.stdout + ran.stderr)


def gitlab(root, directory):
    with open(os.path.join(root, "README.md"), encoding="utf-8") as file:
        line = re.search(r"^    - (gwctl validate .+ > (\S+))$", file.read(), re.M)
    shutil.copytree(directory + "/good", directory + "/manifests")
    ran = shell(line.group(1), {"PATH": directory + "/bin:" + os.environ["PATH"]}, directory)
    with open(os.path.join(directory, line.group(2)), encoding="utf-8") as file:
        check("the GitLab snippet writes its report", ran.returncode == 0 and file.read().startswith("["),
              ran.stdout + ran.stderr)


def main():
    root = os.getcwd()
    with tempfile.TemporaryDirectory(prefix="gwctl-action-") as directory:
        for folder, name, text in (("good", "web.yaml", GOOD), ("good", "compose.yaml", OTHER),
                                   ("bad", "web.yaml", BAD)):
            os.makedirs(os.path.join(directory, folder), exist_ok=True)
            with open(os.path.join(directory, folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        releases = Releases(root, directory)
        get(root, directory, releases)
        action(root, directory, releases)
        hooks(root, directory, releases)
        gitlab(root, directory)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
