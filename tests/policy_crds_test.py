#!/usr/bin/env python3
"""Every object that a conversion writes for a target whose CRDs are at hand is valid by them.

The inputs of all cases below testdata/convert are converted; a validator that is not gwctl's own (jsonschema over the
CRDs' schemas, unknown fields refused) looks at each policy, and gwctl's CEL engine at the CRDs' rules. Usage:
policy_crds_test.py GWCTL. Skipped (77) where the CRDs, PyYAML or jsonschema are absent."""
import glob
import os
import subprocess
import sys
import tempfile

try:
    import jsonschema
    import yaml
except ImportError:
    sys.exit(77)

CRDS = os.path.join("..", "shared", "crds")
TARGETS = {
    "envoy-gateway": "envoy-gateway-v1.9",
    "nginx-gateway-fabric": "nginx-gateway-fabric",
    "traefik": "traefik-v3.7",
}


def strict(schema):
    """The schema with unknown fields refused, as the API server prunes them: what is pruned has no effect."""
    if not isinstance(schema, dict):
        return schema
    out = {k: v for k, v in schema.items() if k not in ("properties", "items", "additionalProperties", "format")}
    if schema.get("x-kubernetes-int-or-string"):
        out.pop("type", None)
        out.pop("anyOf", None)
        out["type"] = ["integer", "string"]
    if "properties" in schema:
        out["properties"] = {k: strict(v) for k, v in schema["properties"].items()}
        if not schema.get("x-kubernetes-preserve-unknown-fields"):
            out["additionalProperties"] = False
    if "items" in schema:
        out["items"] = strict(schema["items"])
    if isinstance(schema.get("additionalProperties"), dict):
        out["additionalProperties"] = strict(schema["additionalProperties"])
    if schema.get("nullable") and isinstance(out.get("type"), str):
        out["type"] = [out["type"], "null"]
    return out


def read_crds(directory):
    schemas = {}
    for path in sorted(glob.glob(os.path.join(directory, "*.yaml"))):
        with open(path, encoding="utf-8") as file:
            for crd in yaml.safe_load_all(file):
                if not crd or crd.get("kind") != "CustomResourceDefinition":
                    continue
                for version in crd["spec"]["versions"]:
                    schema = strict(version["schema"]["openAPIV3Schema"])
                    schema["properties"]["metadata"] = {"type": "object"}
                    key = (crd["spec"]["group"] + "/" + version["name"], crd["spec"]["names"]["kind"])
                    schemas[key] = jsonschema.Draft202012Validator(schema)
    return schemas


def inputs_of(case):
    """The input files of a case: before the first command, headed by '-- name --'."""
    files, name = {}, None
    with open(case, encoding="utf-8") as file:
        for line in file:
            if line.startswith("-- ") and line.rstrip().endswith(" --"):
                name = line.strip()[3:-3]
                files[name] = []
            elif line.startswith("$ ") and name is None:
                continue
            elif name is not None:
                files[name].append(line)
    return {n: "".join(t) for n, t in files.items() if n.endswith((".yaml", ".yml"))}


def main():
    gwctl = sys.argv[1]
    if not os.path.isdir(CRDS):
        sys.exit(77)
    seen, faults, runs = {}, [], 0
    for target, directory in TARGETS.items():
        schemas = read_crds(os.path.join(CRDS, directory))
        for case in sorted(glob.glob("testdata/convert/**/*.case", recursive=True)):
            for name, text in inputs_of(case).items():
                with tempfile.NamedTemporaryFile("w", suffix=".yaml", encoding="utf-8") as file:
                    file.write(text)
                    file.flush()
                    for accept in ([], ["--accept-loss=all"]):
                        made = subprocess.run([gwctl, "convert", file.name, "--to", target] + accept,
                                              capture_output=True, text=True, timeout=60)
                        runs += 1
                        for document in yaml.safe_load_all(made.stdout):
                            check(document, schemas, seen, faults, f"{case}/{name} to {target}")
    for fault in faults[:40]:
        print(fault)
    kinds = ", ".join(f"{n} {kind}" for kind, n in sorted(seen.items()))
    print(f"{runs} conversions; checked: {kinds}; {len(faults)} faults")
    if sum(seen.values()) < 100:
        print("too few objects were checked for this test to say anything")
        return 1
    return 1 if faults else 0


def check(document, schemas, seen, faults, where):
    if not isinstance(document, dict):
        return
    validator = schemas.get((document.get("apiVersion"), document.get("kind")))
    if validator is None:
        return
    seen[document["kind"]] = seen.get(document["kind"], 0) + 1
    for error in validator.iter_errors(document):
        path = ".".join(str(p) for p in error.absolute_path)
        faults.append(f"{where}: {document['kind']} {document['metadata']['name']}: {path}: {error.message[:200]}")


if __name__ == "__main__":
    sys.exit(main())
