#!/usr/bin/env python3
"""`convert --in-place` on twelve kustomize trees: `in_place_trees_test.py GWCTL`. The real kustomize builds every overlay
before and after, and verify compares the two builds: an overlay must answer as before.

kustomize is taken from PATH or installed with Go into a cache; without either the test is left out (77)."""
import concurrent.futures
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile

GWCTL = os.path.abspath(sys.argv[1])
VERSION = 'v5.8.1'
KIND = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n'
COMPONENT = 'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\n'


def ingress(name='shop', host='shop.example.com', path='/', service='web', tls=None, annotations='', ns=None):
    """An Ingress of ingress-nginx and the Service behind it."""
    lines = [f'apiVersion: networking.k8s.io/v1\nkind: Ingress\nmetadata:\n  name: {name}']
    if ns:
        lines.append(f'  namespace: {ns}')
    if annotations:
        lines.append(f'  annotations: {{{annotations}}}')
    lines.append('spec:\n  ingressClassName: nginx')
    if tls:
        lines.append(f'  tls: [{{hosts: [{host}], secretName: {tls}}}]')
    lines.append(f'  rules:\n  - host: {host}\n    http:\n      paths:\n'
                 f'      - {{path: {path}, pathType: Prefix, backend: {{service: {{name: {service}, port: {{number: 80}}}}}}}}')
    return '\n'.join(lines) + '\n'


def service(name='web'):
    return f'apiVersion: v1\nkind: Service\nmetadata: {{name: {name}}}\nspec: {{selector: {{app: {name}}}, ports: [{{port: 80}}]}}\n'


def base(**more):
    return {'base/kustomization.yaml': KIND + 'resources: [ingress.yaml, service.yaml]\n', 'base/ingress.yaml': ingress(**more),
            'base/service.yaml': service()}


def overlay(name, text):
    return {f'{name}/kustomization.yaml': KIND + 'resources: [../base]\n' + text}


# What each tree has, by name; the number of overlays that nobody builds on.
TREES = {
    'one directory': ({'kustomization.yaml': KIND + 'namespace: shop\nresources: [ingress.yaml, service.yaml]\n',
                       'ingress.yaml': ingress(), 'service.yaml': service()}, 1),
    'prefix': ({**base(), **overlay('blue', 'namePrefix: blue-\n'), **overlay('green', 'namePrefix: green-\n')}, 2),
    'suffix': ({**base(tls='shop-tls'), **overlay('v2', 'nameSuffix: -v2\n')}, 1),
    'namespace': ({**base(), **overlay('staging', 'namespace: staging\n'), **overlay('prod', 'namespace: prod\n')}, 2),
    'prefix, suffix and namespace': ({**base(), **overlay('prod', 'namePrefix: acme-\nnameSuffix: -eu\nnamespace: prod\n')}, 1),
    'JSON patch of the host': ({**base(), **overlay('prod', '''namespace: prod
patches:
- target: {kind: Ingress, name: shop}
  patch: |-
    - {op: replace, path: /spec/rules/0/host, value: shop.prod.example.com}
''')}, 1),
    'JSON patch in a file': ({**base(), **overlay('prod', '''patches:
- target: {kind: Ingress, name: shop}
  path: host.yaml
'''), 'prod/host.yaml': '- {op: replace, path: /spec/rules/0/host, value: shop.prod.example.com}\n'}, 1),
    'strategic merge in a file': ({**base(), **overlay('prod', 'patches: [{path: host.yaml}]\n'), 'prod/host.yaml': ingress(
        host='shop.prod.example.com')}, 1),
    'patchesStrategicMerge and patchesJson6902': ({**base(), **overlay('prod', '''patchesStrategicMerge: [paths.yaml]
patchesJson6902:
- target: {group: networking.k8s.io, version: v1, kind: Ingress, name: shop}
  patch: |-
    - {op: replace, path: /spec/rules/0/host, value: shop.prod.example.com}
'''), 'prod/paths.yaml': ingress(host='shop.example.com', path='/shop')}, 1),
    'a component': ({**base(), 'parts/host/kustomization.yaml': COMPONENT + '''patches:
- target: {kind: Ingress}
  patch: |-
    - {op: replace, path: /spec/rules/0/host, value: shop.prod.example.com}
''', **overlay('prod', 'components: [../parts/host]\n'), **overlay('dev', 'namePrefix: dev-\n')}, 2),
    'a generated Secret': ({**base(tls='shop-tls'), **overlay('prod', '''namespace: prod
secretGenerator:
- name: shop-tls
  type: kubernetes.io/tls
  files: [tls.crt, tls.key]
'''), 'prod/tls.crt': 'not a certificate\n', 'prod/tls.key': 'not a key\n'}, 1),
    'two layers and two Ingresses': ({
        **base(), 'api/kustomization.yaml': KIND + 'resources: [ingress.yaml, service.yaml]\n',
        'api/ingress.yaml': ingress(name='api', host='api.example.com', service='api'), 'api/service.yaml': service('api'),
        'all/kustomization.yaml': KIND + 'resources: [../base, ../api]\nnamespace: shop\n',
        'prod/kustomization.yaml': KIND + '''resources: [../all]
namePrefix: prod-
commonLabels: {team: shop}
patches:
- target: {kind: Ingress, name: api}
  patch: |-
    - {op: replace, path: /spec/rules/0/host, value: api.prod.example.com}
'''}, 1),
}


def installed():
    """The path of kustomize; None where it cannot be had."""
    if found := shutil.which('kustomize'):
        return found
    cache = os.path.join(os.environ.get('XDG_CACHE_HOME') or os.path.expanduser('~/.cache'), 'gwctl-tests', VERSION)
    program = os.path.join(cache, 'kustomize')
    if not os.path.exists(program) and shutil.which('go'):
        install = subprocess.Popen(['go', 'install', f'sigs.k8s.io/kustomize/kustomize/v5@{VERSION}'], text=True,
                                   stderr=subprocess.PIPE, env={**os.environ, 'GOBIN': cache}, start_new_session=True)
        try:
            if install.communicate(timeout=480)[1] and install.returncode != 0:
                print('go install fails')
        except subprocess.TimeoutExpired:
            os.killpg(install.pid, signal.SIGKILL)
            print('go install took longer than eight minutes')
    return program if os.path.exists(program) else None


def roots(directory):
    """The kustomizations that no other builds on, components aside."""
    every, below = {}, set()
    for at, _, files in os.walk(directory):
        if 'kustomization.yaml' in files:
            text = open(os.path.join(at, 'kustomization.yaml')).read()
            every[os.path.normpath(at)] = 'kind: Component' in text
            for listed in re.findall(r'^(?:resources|components): \[(.*)\]$', text, re.M):
                below |= {os.path.normpath(os.path.join(at, one.strip())) for one in listed.split(',')}
    return sorted(one for one, component in every.items() if not component and one not in below)


def run(*command, env=None):
    return subprocess.run(command, capture_output=True, text=True, env=env)


def try_one(name, kustomize):
    """What went wrong with a tree, as lines."""
    files, overlays = TREES[name]
    wrong = []
    with tempfile.TemporaryDirectory() as scratch:
        tree = os.path.join(scratch, 'tree')
        for path, text in files.items():
            os.makedirs(os.path.dirname(os.path.join(tree, path)), exist_ok=True)
            open(os.path.join(tree, path), 'w').write(text)
        found = roots(tree)
        if len(found) != overlays:
            wrong.append(f'{len(found)} overlays, not {overlays}')
        old = {root: run(kustomize, 'build', root) for root in found}
        env = {**os.environ, 'PATH': os.path.dirname(kustomize) + os.pathsep + os.environ['PATH']}
        done = run(GWCTL, 'convert', '--in-place', tree, '--write', env=env)
        if done.returncode != 0:
            wrong.append(f'exit {done.returncode}: {done.stderr.strip()}')
        for root in found:
            new = run(kustomize, 'build', root)
            place = os.path.relpath(root, tree)
            if old[root].returncode != 0 or new.returncode != 0:
                wrong.append(f'{place} is not built: {(old[root].stderr or new.stderr).strip()}')
                continue
            if 'HTTPRoute' not in new.stdout or 'kind: Ingress\n' not in old[root].stdout:
                wrong.append(f'{place}: the build has no route, or had no Ingress')
            before, after = os.path.join(scratch, 'old.yaml'), os.path.join(scratch, 'new.yaml')
            open(before, 'w').write(old[root].stdout)
            open(after, 'w').write(new.stdout)
            said = run(GWCTL, 'verify', before, '--against', after)
            if said.returncode != 0 or 'PROVED' not in said.stdout + said.stderr:
                wrong.append(f'{place}: verify says {said.stdout.strip()[-600:]} {said.stderr.strip()[-300:]}')
            if not re.search(rf'{re.escape(place)}/?: PROVED' if place != '.' else r': PROVED', done.stderr):
                wrong.append(f'{place}: the report does not prove it: {done.stderr.strip()[-300:]}')
    return wrong


def main():
    kustomize = installed()
    if not kustomize:
        print('in_place_trees_test: neither kustomize nor Go is installed (or the module proxy was not reached)')
        return 77
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = dict(zip(TREES, pool.map(lambda name: try_one(name, kustomize), TREES)))
    for name, wrong in results.items():
        print(f'{"fails" if wrong else "answers as before"}: {name}')
        for line in wrong:
            print('  ' + line.replace('\n', '\n  '))
    return 1 if any(results.values()) or len(TREES) != 12 else 0


sys.exit(main())
