#!/usr/bin/env python3
"""The looks of the C++ sources: formatted by clang-format 14, files and functions that can be read in one sitting, plain
words.

    style_test.py          all of it; the formatting is left out where clang-format 14 is not installed
    style_test.py --long   the ten longest files and functions

clang-tidy takes some seconds a file, too long for every run: `./dev tidy FILE...` asks it.
"""
import concurrent.futures
import os
import re
import shutil
import subprocess
import sys

from cpp_text import ROOT, close_brace, sources, split_comments, without_directives

FILE_LINES = 600
FUNCTION_LINES = 80
# Files that may be longer, each with its reason.
LONG_FILES = {
    'kube/gateway.h': 760,  # one kind after the other, as the specification lists them; nothing else is in it
}


def functions(text):
    """(line, lines, name) of every function body that has a name."""
    code = without_directives(split_comments(text)[0])
    start = i = 0
    while i < len(code):
        if code[i] in ';}':
            start = i + 1
        elif code[i] == '{':
            head = ' '.join(code[start:i].split())
            name = re.search(r'([\w~:]+|operator\s*\S+?) ?\(', head)
            opens_scope = re.match(r'(template ?<.*> )?(inline )?(namespace|class|struct|union|enum|extern)\b', head)
            if name and not opens_scope and not re.search(r'=\s*$|\w\s*$', re.sub(r'\b(const|noexcept|override|final)\s*$', ')', head)):
                stop = close_brace(code, i)
                first = code.count('\n', 0, start + len(code[start:i]) - len(code[start:i].lstrip())) + 1
                yield first, code.count('\n', 0, stop) + 2 - first, name[1]
                i = start = stop
            else:
                start = i + 1
        i += 1


SAMPLE = '''// Why.
namespace gw {
struct Box {
  int size() const { return 1; }  // { not a brace
};
constexpr Row rows[] = {
    {"a", f(1)},
};
template <class T>
int Box::grown(T by,
               int more) {
  if (by) {
    return "}"[0];
  }
  return 2;
}
}  // namespace gw
'''


# Words that no text of the program uses (CONTRIBUTING, "Style"), each with what to write.
WORDS = [
    (r'unless told', 'default: ...'),
    (r'cannot be said\b(?! about)|says nothing to', 'cannot be expressed'),
    (r"(?<!there )(?<!There )(?<!where )\bis no (?!longer\b|more\b|code \')[a-z]", 'is not a'),
    (r'belongs? into\b', 'belongs in'),
    (r'\b[Hh]angs? (on|all|the|this|routes)\b', 'attach to'),
    (r'\bmend(ed|s)?\b', 'fix'),
    (r'a target with policies (has|does|can)\b', 'use a target with policies'),
]


def literals(text):
    """(line, content) of every string literal."""
    code = split_comments(text)[0]
    line = 1
    for found in re.finditer(r'\n|"(?: *)"', code):
        if found[0] == '\n':
            line += 1
        else:
            yield line, text[found.start() + 1:found.end() - 1]


def check_itself():
    got = list(functions(SAMPLE))
    if got != [(4, 1, 'size'), (9, 8, 'Box::grown')]:
        sys.exit(f'style_test: its own sample reads as {got}')


def unformatted(files):
    """What clang-format says of the files, or None where it is not there in its version 14."""
    program = shutil.which('clang-format-14') or shutil.which('clang-format')
    if not program or ' 14.' not in subprocess.run([program, '--version'], capture_output=True, text=True).stdout:
        return None

    def ask(part):
        return subprocess.run([program, '--dry-run', '--Werror', *part], capture_output=True, text=True, cwd=ROOT).stderr
    jobs = os.cpu_count() or 1
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        told = ''.join(pool.map(ask, [files[i::jobs] for i in range(jobs)]))
    return sorted(set(re.findall(r'^(\S+?):\d+:\d+: error', told, re.M)))


def main():
    check_itself()
    paths = sources('.cpp', '.h')
    names = {path: str(path.relative_to(ROOT)) for path in paths}
    wrong, sizes, bodies = [], [], []
    for path in paths:
        text = path.read_text()
        lines = text.count('\n')
        sizes.append((lines, names[path]))
        if lines > LONG_FILES.get(names[path], FILE_LINES):
            wrong.append(f'{names[path]} has {lines} lines; split it by what it does ({FILE_LINES} are allowed)')
        for line, content in literals(text) if not names[path].startswith('tests/') else ():
            for word, instead in WORDS:
                if re.search(word, content):
                    wrong.append(f'{names[path]}:{line}: "{content}": write "{instead}"')
        for line, length, name in functions(text):
            bodies.append((length, f'{names[path]}:{line}: {name}'))
            if length > FUNCTION_LINES and not names[path].startswith('tests/'):  # a TEST_CASE may be a long table
                wrong.append(f'{names[path]}:{line}: {name} has {length} lines; {FUNCTION_LINES} are allowed')
    for name in LONG_FILES:
        if name not in names.values():
            wrong.append(f'{name} is named as an exception and is not there')
    if '--long' in sys.argv:
        print('\n'.join(f'{size:5} {name}' for size, name in sorted(sizes)[-10:] + sorted(bodies)[-10:]))
    told = unformatted(list(names.values()))
    wrong += [f'{name} is not formatted; clang-format -i {name}' for name in told or []]
    median = sorted(sizes)[len(sizes) // 2][0]
    print(f'{len(sizes)} files, median {median} lines; {len(bodies)} functions, longest {max(bodies)[0]} lines')
    if wrong:
        sys.exit('\n'.join(wrong))
    if told is None:
        print('skipped: the formatting, as clang-format 14 is not there')
        sys.exit(77)


main()
