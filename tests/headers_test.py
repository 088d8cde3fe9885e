#!/usr/bin/env python3
"""Counts the public functions of the headers that say what they take and give; at least 90 of 100 must.

    headers_test.py            the share of every room, and the whole; fails below the bound
    headers_test.py --list     every function without a comment, as FILE:LINE: NAME
    headers_test.py --self     only the samples at the end of this file

A function is documented by a comment directly above it (or above `template`) or at the end of one of its lines. The comment
of an overload of the same name right before it holds for it, too; and a comment above a run of functions that take and
give the same types (a table's readers, a command each) holds for the run, up to the next blank line. Not counted, because there is nothing to say that the declaration
does not say itself:
- constructors, destructors, what is `= default` or `= delete`, and operators;
- what overrides a function (its base says what it does);
- trivial accessors: a body that only returns or sets a member, or a constant (`{ return size_; }`, `{ return a_.b(); }`);
- `fields(v, T&)`: it is the description of a type, field by field.
"""
import re
import sys

from cpp_text import ROOT, close_brace, sources, split_comments, without_directives

BOUND = 90
DESCRIPTIONS = {'fields'}
NOT_NAMES = {'if', 'for', 'while', 'switch', 'return', 'sizeof', 'decltype', 'alignas', 'noexcept', 'requires',
             'static_assert', 'explicit', 'assert', 'catch', 'defined'}


def trivial(body):
    """A body that returns or sets one thing."""
    statements = [s.strip() for s in body.split(';') if s.strip()]
    if not statements:
        return True
    if len(statements) > 1:
        return False
    one = re.sub(r'std::(move|string_view|span|ref|forward<\w+>)', '', statements[0])
    if one.startswith('return'):
        return len(re.findall(r'[\w\]\)]\s*\(', one)) <= 1 and not re.search(r'[?|&]{2}|\?|<<|>>| [-+*/%] ', one)
    return bool(re.fullmatch(r'[\w.\->]+ ?= ?[\w.():\->]+', one))


def functions(text):
    """(line, name, documented) of every public function that counts."""
    code, whole, trailing = split_comments(text)
    code = without_directives(code)
    line_of = [1]
    for c in code:
        line_of.append(line_of[-1] + (c == '\n'))
    scopes = [('namespace', '', True)]  # kind, name, public
    found, start, i, last = [], 0, 0, (0, '', False, '')

    def declaration(begin, end, body):
        nonlocal last
        text_ = code[begin:end]
        begin += len(text_) - len(text_.lstrip())
        head = ' '.join(text_.split())
        if not head or not scopes[-1][2] or scopes[-1][0] == 'other':
            return
        head = re.sub(r'^template ?<', '<', head)
        depth = 0
        if head.startswith('<'):
            for j, c in enumerate(head):
                depth += {'<': 1, '>': -1}.get(c, 0)
                if not depth:
                    head = head[j + 1:].strip()
                    break
        if re.match(r'(using|typedef|friend|static_assert|enum|extern template|requires\b)', head):
            return
        plain = re.sub(r'\[\[[^]]*\]\]', '', head)
        while (shorter := re.sub(r'(\w)\s*<[^<>;{}]*>', r'\1', plain)) != plain:
            plain = shorter
        at = re.search(r'(~?\b\w+|operator\s*\S+?)\s*\(', plain)
        if not at or at[1] in NOT_NAMES:
            return
        name, before = at[1], plain[:at.start()]
        if name.startswith(('operator', '~')) or 'operator' in before or name == scopes[-1][1]:
            return
        if '=' in before or not before.strip() or re.search(r'\boverride\b|\bfinal\b|= ?(default|delete)', plain):
            return
        if name in DESCRIPTIONS or (body is not None and trivial(body)):
            return
        first, final = line_of[begin], line_of[end]
        shape = re.sub(r'\b' + name + r'\b', '', plain, count=1)
        above = first - 1 in whole
        if not above and first - last[0] <= 1 and last[2] and (last[1] == name or last[3] == shape):
            above = True
        said = above or any(n in trailing for n in range(first, final + 1))
        found.append((first, name, said))
        last = (line_of[end if body is None else close_brace(code, end)], name, above, shape)

    parens = 0
    while i < len(code):
        c = code[i]
        if c in '([':
            parens += 1
        elif c in ')]':
            parens -= 1
        elif c == '{' and parens == 0:
            head = ' '.join(code[start:i].split())
            head = re.sub(r'^template ?<[^{;]*?> (?=(class|struct|union)\b)', '', head)
            if found_ := re.match(r'(inline )?namespace\b ?([\w:]*)', head):
                scopes.append(('namespace', '', bool(found_[2]) or scopes[-1][2] and head.startswith('inline')))
            elif head.startswith('extern "'):
                scopes.append(('namespace', '', True))
            elif (found_ := re.match(r'(class|struct|union)\b(?: \[\[.*?\]\])?(?: alignas\(.*?\))? ?(\w*)', head)) and '(' not in head:
                scopes.append((found_[1], found_[2], found_[1] != 'class'))
                if not scopes[-2][2]:
                    scopes[-1] = ('other', found_[2], False)
            elif re.match(r'enum\b', head) or not re.search(r'\)', head) or re.search(r'=\s*$', head):
                i = close_brace(code, i)  # an enum or an initialiser; the statement goes on to its ';'
                i += 1
                continue
            else:
                # a member initialiser list may have braces of its own
                if re.search(r'\)\s*(noexcept)?\s*:[^:]', head) and re.search(r'[\w>]$', head):
                    i = close_brace(code, i) + 1
                    continue
                stop = close_brace(code, i)
                declaration(start, i, code[i + 1:stop])
                i, start = stop + 1, stop + 1
                continue
            start = i + 1
        elif c == '}' and parens == 0:
            scopes.pop()
            start = i + 1
        elif c == ';' and parens == 0:
            declaration(start, i, None)
            start = i + 1
        elif c == ':' and parens == 0 and code[i + 1] != ':' and code[i - 1] != ':':
            word = code[start:i].strip()
            if word in ('public', 'private', 'protected'):
                kind, name, _ = scopes[-1]
                scopes[-1] = (kind, name, word == 'public' and kind != 'other')
                start = i + 1
        i += 1
    return found


SAMPLE = '''
// Why.
#pragma once
namespace gw {
int bare(int a);
// Takes a, gives b.
int said(int a);
int ended(int a);  // gives b
int said_over(int a,
              int b);  // both

// Overloads.
template <class T>
int twice(T a);
int twice(int a, int b);
// Each gives how much of it there is.
long apples(const Box& box);
long pears(const Box& box);
bool ripe(const Box& box);  // all of it
bool green(const Box& box);
int plums(const Box& box);
class Box {
 public:
  Box(int size);
  ~Box();
  bool operator==(const Box&) const = default;
  int size() const { return size_; }
  bool empty() const { return list_.empty(); }
  int grown(int by) { list_.push(by); return size_ + by; }
  void run() override;
  static Box of(std::function<int(int)> f = {});

 private:
  int hidden(int a);
  int size_ = f(3);
};
struct Open {
  int value{3};
  int twice_more() const { return value * 2; }
};
namespace { int unseen(int a); }
}  // namespace gw
'''


def check_itself():
    got = [(name, said) for _, name, said in functions(SAMPLE)]
    want = [('bare', False), ('said', True), ('ended', True), ('said_over', True), ('twice', True), ('twice', True),
            ('apples', True), ('pears', True), ('ripe', True), ('green', False), ('plums', False), ('grown', False), ('of', False), ('twice_more', False)]
    if got != want:
        sys.exit(f'headers_test: its own sample reads as\n{got}\ninstead of\n{want}')


def main():
    check_itself()
    if '--self' in sys.argv:
        return
    rooms = {}
    headers = [path for path in sources('.h') if path.relative_to(ROOT).parts[0] != 'tests']
    for path in headers:
        name = path.relative_to(ROOT)
        for line, function, said in functions(path.read_text()):
            rooms.setdefault(name.parts[0], []).append(said)
            if not said and '--list' in sys.argv:
                print(f'{name}:{line}: {function}')
    total = [said for room in rooms.values() for said in room]
    for room, said in sorted(rooms.items()):
        print(f'{room:12} {sum(said):4} of {len(said):4}  {100 * sum(said) // len(said)} %')
    share = 100 * sum(total) / len(total)
    print(f'{sum(total)} of {len(total)} public functions in {len(headers)} headers are documented: {share:.1f} %')
    if share < BOUND:
        sys.exit(f'headers_test: at least {BOUND} % must be; headers_test.py --list names those without a comment')


main()
