#!/usr/bin/env python3
"""action.yml, .pre-commit-hooks.yaml and README's GitLab snippet, run as their lines stand: `action_test.py GWCTL`.
The action's build is left out where a built gwctl is given; everything after it runs in a directory of its own."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

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
        run = re.sub(r"^        ", "", many.group(1), flags=re.M) if many else one.group(1)
        env = dict(re.findall(r"^        ([A-Z_]+): (.+)$", rest.split("      run:")[0], re.M))
        out[name] = {"run": run, "env": env}
    inputs = {name: scalar(default) for name, default in re.findall(
        r"^  ([a-z]+):\n(?:    (?!default).*\n)*    default: (.+)$", text, re.M)}
    return out, inputs


def shell(line, env, cwd):
    return subprocess.run(["bash", "-eo", "pipefail", "-c", line], cwd=cwd, env={**os.environ, **env},
                          capture_output=True, text=True, check=False)


def action(root, directory):
    parsed, defaults = steps(os.path.join(root, "action.yml"))
    check("action.yml has a step that builds and one that validates", list(parsed) == ["Build gwctl", "Validate"])
    build = parsed["Build gwctl"]["run"]
    check("the build's commands are there", all(os.path.exists(os.path.join(root, word.split()[0]))
                                               for word in build.split(" && ") if word.startswith("./")), build)
    targets = re.findall(r"--preset (\S+)", build)
    with open(os.path.join(root, "CMakePresets.json"), encoding="utf-8") as file:
        presets = file.read()
    check("its presets are there", targets and all(f'"{name}"' in presets for name in targets), build)

    def run(paths, arguments=defaults.get("arguments")):
        values = {"inputs.paths": paths, "inputs.arguments": arguments, "github.action_path": directory + "/action"}
        env = {name: re.sub(r"\$\{\{ (.+?) \}\}", lambda m: values[m.group(1)], value)
               for name, value in parsed["Validate"]["env"].items()}
        return shell(parsed["Validate"]["run"], env, directory)

    os.makedirs(directory + "/action/build")
    os.symlink(GWCTL, directory + "/action/build/gwctl")
    ran = run("good")
    check("the action passes on good manifests and foreign YAML", ran.returncode == 0, ran.stdout + ran.stderr)
    ran = run("good bad")
    check("it fails on a bad one, with an annotation of its line", ran.returncode == 1 and
          re.search(r"^::error file=bad/web\.yaml,line=8,", ran.stdout, re.M), ran.stdout + ran.stderr)
    ran = run("good; touch pwned", "-R")
    check("inputs are words, not commands", ran.returncode == 2 and not os.path.exists(directory + "/pwned"),
          ran.stdout + ran.stderr)


def hooks(root, directory):
    with open(os.path.join(root, ".pre-commit-hooks.yaml"), encoding="utf-8") as file:
        entries = dict(re.findall(r"^- id: (\S+)\n(?:  .*\n)*?  entry: (.+)$", file.read(), re.M))
    check("two hooks", sorted(entries) == ["gwctl-validate", "gwctl-verify"])
    os.makedirs(directory + "/bin")
    os.symlink(GWCTL, directory + "/bin/gwctl")
    env = {"PATH": directory + "/bin:" + os.environ["PATH"]}
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
        action(root, directory)
        hooks(root, directory)
        gitlab(root, directory)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
