#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the order of runtime/hot.ld and runtime/hot_constants.ld: the input sections that commands use.

layout.py PROGRAM MAP TEXT CONSTANTS TOUCHED...   PROGRAM: the husk that was watched; MAP: what the linker wrote with -Map; TEXT,
CONSTANTS: where the lines of linker scripts go; TOUCHED: files of tests/bench/touched, one a command, the most important one first.

A page of a file that is mapped is mapped with the 15 around it, and after a clone once more. So what children execute comes first,
to be few such windows; then what all commands do. Constants are those that an executed instruction names, and the literals of
executed functions.
"""
import bisect
import re
import subprocess
import sys

LARGE = 8192  # bytes of a table of which little is read
NAMES = 800  # ... of names that are compared with one, and of what leads to them


class Sections:
    """Input sections of one kind: (address, size, name, object), sorted."""

    def __init__(self, text, kind):
        found = re.findall(r'^ (\.' + kind + r'\S*)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)$', text, re.MULTILINE)
        self.all = sorted((int(at, 16), int(size, 16), name, source) for name, at, size, source in found if int(at, 16) and int(size, 16))
        self.starts = [s[0] for s in self.all]

    def at(self, address):
        i = bisect.bisect(self.starts, address) - 1
        return i if i >= 0 and address < self.all[i][0] + self.all[i][1] else None

    def size(self, numbers):
        return sum(self.all[i][1] for i in numbers)


def read_touched(path):
    """[(address, whether a child executes it)], in the order of first use."""
    with open(path) as lines:
        return [(int(words[0], 16), len(words) > 1) for words in map(str.split, lines)]


def in_order(commands, sections, only_children):
    """For each command its sections, in the order of their first use."""
    return [list(dict.fromkeys(i for i in (sections.at(at) for at, child in command if child or not only_children) if i is not None))
            for command in commands]


def order_of_text(commands, sections):
    children = in_order(commands, sections, True)
    whole = in_order(commands, sections, False)
    with_children = [c for c in children if c]
    order = dict.fromkeys(i for i in with_children[0] if all(i in c for c in with_children))
    for child in with_children:
        order.update(dict.fromkeys(child))
    order.update(dict.fromkeys(i for i in whole[0] if all(i in c for c in whole)))
    for command in whole:
        order.update(dict.fromkeys(command))
    return list(order)


def references(program, low, high):
    """{address of an instruction: [addresses from low to high that it names]}"""
    text = subprocess.run(['objdump', '-d', '--no-show-raw-insn', program], check=True, capture_output=True, text=True).stdout
    result = {}
    for line in text.splitlines():
        at, colon, rest = line.partition(':\t')
        named = [int(n, 16) for n in re.findall(r'(?:0x|# )([0-9a-f]{6,7})\b', rest)] if colon else []
        named = [n for n in named if low <= n < high]
        if named:
            result[int(at, 16)] = named
    return result


def order_of_constants(program, commands, constants):
    named = references(program, constants.all[0][0], constants.all[-1][0] + constants.all[-1][1])
    order = {}
    for only_children in (True, False):
        for command in commands:
            for at, child in command:
                if child or not only_children:
                    order.update(dict.fromkeys(i for i in map(constants.at, named.get(at, ())) if i is not None))
    return sorted(order, key=lambda i: constants.all[i][1] >= LARGE)


def headers(program):
    return subprocess.run(['readelf', '-lW', program], check=True, capture_output=True, text=True).stdout


def addresses(image, base, section):
    first, size = section[0] - base, section[1]
    return [int.from_bytes(image[at:at + 8], 'little') for at in range((first + 7) & ~7, first + size - 7, 8)]


def pointed_to(program, constants, tables):
    """What the addresses in these tables lead to, and the addresses there: names of commands, of fields, of steps."""
    low, high = constants.starts[0], constants.all[-1][0] + constants.all[-1][1]
    with open(program, 'rb') as file:
        image = file.read()
    base = min(int(at, 16) - int(offset, 16) for offset, at in re.findall(r'LOAD +0x([0-9a-f]+) 0x([0-9a-f]+)', headers(program)))
    found, ends = {}, tables
    while ends:
        named = [constants.at(at) for i in ends for at in addresses(image, base, constants.all[i]) if low <= at < high]
        ends = [i for i in dict.fromkeys(named) if i is not None and constants.all[i][1] <= NAMES and i not in tables and i not in found]
        found.update(dict.fromkeys(ends))
    return [i for i in found if 'libc.a' not in constants.all[i][3] or constants.all[i][1] <= NAMES // 2]


def pattern(source, names):
    member = re.search(r'([^/]+\.a)\(([^)]+)\)$', source)
    return '*%s:%s(%s)' % (*member.groups(), names) if member else '*%s(%s)' % (source.rpartition('/')[2], names)


def write(path, what, lines):
    with open(path, 'w') as out:
        out.write('/* SPDX-License-Identifier: Apache-2.0\n   %s; made by `make layout`. A line that is missing or too\n'
                  '   many costs time, nothing else. */\n' % what)
        out.writelines(line + '\n' for line in dict.fromkeys(lines))


def literals(text, order):
    """The literals of functions of our own: the compiler puts them into sections of their names."""
    for i in order:
        _, _, name, source = text.all[i]
        if 'libhusk.a' in source and name.startswith('.text.'):
            function = name[len('.text.'):]
            yield pattern(source, '.rodata.%s .rodata.%s.*' % (function, function))


def main():
    program, map_path, text_path, constants_path = sys.argv[1:5]
    with open(map_path) as lines:
        text_of_map = lines.read().partition('Linker script and memory map')[2]
    text, constants = Sections(text_of_map, 'text'), Sections(text_of_map, 'rodata')
    commands = [read_touched(path) for path in sys.argv[5:]]
    order = order_of_text(commands, text)
    tables = order_of_constants(program, commands, constants)
    if not order or not tables:
        sys.exit('layout: nothing was executed')
    write(text_path, 'What commands execute: their children first, then what all of them do', [pattern(text.all[i][3], text.all[i][2]) for i in order])
    small = [i for i in tables if constants.all[i][1] < LARGE]
    small += pointed_to(program, constants, small)
    write(constants_path, 'Constants that commands use: their children first',
          [pattern(constants.all[i][3], constants.all[i][2]) for i in small] + list(literals(text, order)) +
          [pattern(constants.all[i][3], constants.all[i][2]) for i in tables if i not in small])
    print('layout: %d functions of %d bytes, %d constants of %d' % (len(order), text.size(order), len(tables), constants.size(tables)), file=sys.stderr)


if __name__ == '__main__':
    main()
