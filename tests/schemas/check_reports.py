#!/usr/bin/env python3
"""Reports of `gwctl validate` against the published schemas of their formats.

SARIF: the JSON schema of 2.1.0; JUnit: the XSD of the Jenkins xunit plugin; GitLab: the fields that Code Quality
reads; GitHub: workflow commands. The schemas come from published packages and are kept in a cache; exit 77 with a
message when they cannot be had.
Usage: check_reports.py GWCTL MANIFEST...
"""
import glob
import importlib
import io
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile

CACHE = os.environ.get("GWCTL_SCHEMAS", os.path.expanduser("~/.cache/gwctl-schemas"))
SKIPPED = 77


def skip(why):
    print("skipped: " + why)
    sys.exit(SKIPPED)


def quiet(command, **options):
    try:
        return subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False, timeout=120,
                              **options).returncode == 0
    except (OSError, subprocess.TimeoutExpired):
        return False


def member(archive, name):
    with tarfile.open(archive) as tar:
        return tar.extractfile(next(m for m in tar.getmembers() if m.name.endswith(name))).read()


def package_file(name, pattern, wanted, fetch):
    """The file `wanted` of a package, fetched once."""
    path = os.path.join(CACHE, os.path.basename(wanted))
    if not os.path.exists(path):
        with tempfile.TemporaryDirectory() as scratch:
            found = fetch(scratch) and glob.glob(os.path.join(scratch, pattern))
            if not found:
                skip("no schema of " + name + " to be had")
            content = member(found[0], wanted)
        os.makedirs(CACHE, exist_ok=True)
        with open(path, "wb") as out:
            out.write(content)
    with open(path, "rb") as file:
        return file.read()


def library(name):
    sys.path.insert(0, os.path.join(CACHE, "lib"))
    try:
        return importlib.import_module(name)
    except ImportError:
        if not quiet([sys.executable, "-m", "pip", "install", "-q", "--target", os.path.join(CACHE, "lib"), name]):
            skip("no Python package " + name)
        importlib.invalidate_caches()
        return importlib.import_module(name)


def report(gwctl, form, manifests):
    return subprocess.run([gwctl, "validate", *manifests, "--format", form], capture_output=True, text=True,
                          check=False).stdout


def check_sarif(gwctl, manifests):
    schema = json.loads(package_file(
        "SARIF", "*.tgz", "schemas/sarif-2.1.0-rtm.5.json",
        lambda where: quiet(["npm", "pack", "@microsoft/jest-sarif@1.0.0-beta.0"], cwd=where)))
    log = json.loads(report(gwctl, "sarif", manifests))
    library("jsonschema").validate(log, schema)
    return len(log["runs"][0]["results"])


def check_junit(gwctl, manifests):
    xsd = package_file(
        "JUnit", "*.tar.gz", "example_scripts/junit-10.xsd",
        lambda where: quiet([sys.executable, "-m", "pip", "download", "-q", "--no-deps", "--no-binary", ":all:",
                             "pytest==7.4.4"], cwd=where))
    text = report(gwctl, "junit", manifests)
    library("xmlschema").XMLSchema(io.StringIO(xsd.decode())).validate(text)
    return text.count("<failure")


def check_gitlab(gwctl, manifests):
    """https://docs.gitlab.com/ci/testing/code_quality/: what a report must have."""
    findings = json.loads(report(gwctl, "gitlab", manifests))
    prints = set()
    for each in findings:
        assert each["description"] and each["check_name"], each
        assert each["severity"] in ("info", "minor", "major", "critical", "blocker"), each
        assert not each["location"]["path"].startswith("./"), each
        assert each["location"]["lines"]["begin"] >= 1, each
        prints.add(each["fingerprint"])
    assert len(prints) == len(findings), "fingerprints repeat"
    return len(findings)


def check_github(gwctl, manifests):
    """https://docs.github.com/actions/reference/workflow-commands: one command a line."""
    lines = report(gwctl, "github", manifests).splitlines()
    command = re.compile(r"^::(error|warning|notice)( file=[^,]+,line=\d+(,endLine=\d+)?,col=\d+(,endColumn=\d+)?,"
                         r"title=[^,:]+| title=[^,:]+)?::.+$")
    for line in lines:
        assert command.match(line), line
    return len(lines)


def main():
    gwctl, manifests = sys.argv[1], sys.argv[2:]
    for name, check in (("gitlab", check_gitlab), ("github", check_github), ("sarif", check_sarif),
                        ("junit", check_junit)):
        print(f"{name}: {check(gwctl, manifests)} findings, valid", flush=True)
        check(gwctl, [os.path.join(os.path.dirname(os.path.abspath(__file__)), "clean.yaml")])


if __name__ == "__main__":
    main()
