"""C++ as text, for the tests of style: comments apart from code, and where functions begin and end."""
import pathlib
import re

ROOT = pathlib.Path(__file__).resolve().parent.parent


def sources(*suffixes):
    """The C++ files of the project, sorted, without what a build made."""
    return sorted(path for path in ROOT.glob('*/**/*')
                  if path.suffix in suffixes and not path.relative_to(ROOT).parts[0].startswith(('build', '.', 'external')))


def split_comments(text):
    """The text with comments and literals blanked, and the lines that have a comment (whole-line ones apart)."""
    whole, trailing, out, i = set(), set(), [], 0
    line = 1
    while i < len(text):
        c = text[i]
        if text.startswith('//', i) or text.startswith('/*', i):
            stop = text.find('\n', i) if text[i + 1] == '/' else text.find('*/', i) + 2
            stop = len(text) if stop < i else stop
            begin = text.rfind('\n', 0, i) + 1
            for at in range(line, line + text.count('\n', i, stop) + 1):
                (whole if not text[begin:i].strip() else trailing).add(at)
            out.append(re.sub(r'[^\n]', ' ', text[i:stop]))
            line += text.count('\n', i, stop)
            i = stop
            continue
        if text.startswith('R"', i) and (found := re.match(r'R"([^(]*)\(', text[i:])):
            stop = text.index(')' + found[1] + '"', i) + len(found[1]) + 2
            out.append('""' + re.sub(r'[^\n]', ' ', text[i + 2:stop]))
            line += text.count('\n', i, stop)
            i = stop
            continue
        if c == '"' or (c == "'" and not (i and text[i - 1].isalnum() and text[i + 1].isalnum())):
            stop = i + 1
            while text[stop] != c:
                stop += 2 if text[stop] == '\\' else 1
            out.append(c + ' ' * (stop - i - 1) + c)
            i = stop + 1
            continue
        if c == '\n':
            line += 1
        out.append(c)
        i += 1
    return ''.join(out), whole, trailing


def without_directives(code):
    """The code with preprocessor lines blanked."""
    return re.sub(r'^[ \t]*#.*(\\\n.*)*', lambda m: re.sub(r'[^\n]', ' ', m[0]), code, flags=re.M)


def close_brace(code, at):
    """Where the brace that opens at `at` is closed."""
    depth = 0
    for j in range(at, len(code)):
        depth += {'{': 1, '}': -1}.get(code[j], 0)
        if not depth:
            return j
    return len(code) - 1
