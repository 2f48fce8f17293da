#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the order of runtime/hot.ld: the input sections that commands execute, those of all commands first.

layout.py MAP TOUCHED...   MAP: what the linker wrote with -Map; TOUCHED: files of tests/bench/touched, one a command, the most
important one first. The lines of a linker script go to standard output.
"""
import bisect
import re
import sys


def read_sections(path):
    """[(address, size, section, object)], sorted; the linker breaks a line behind a long name."""
    with open(path) as lines:
        text = lines.read().partition('Linker script and memory map')[2]
    found = re.findall(r'^ (\.text\S*)\s+0x([0-9a-f]+)\s+0x([0-9a-f]+) (\S+)$', text, re.MULTILINE)
    return sorted((int(at, 16), int(size, 16), name, source) for name, at, size, source in found if int(at, 16) and int(size, 16))


def read_touched(path, sections, starts):
    """The numbers of the sections, in the order of their first use."""
    order = {}
    with open(path) as lines:
        for line in lines:
            at = int(line, 16)
            i = bisect.bisect(starts, at) - 1
            if i >= 0 and at < sections[i][0] + sections[i][1]:
                order[i] = True
    return list(order)


def pattern(section):
    _, _, name, source = section
    member = re.search(r'([^/]+\.a)\(([^)]+)\)$', source)
    return '*%s:%s(%s)' % (*member.groups(), name) if member else '*%s(%s)' % (source.rpartition('/')[2], name)


def main():
    sections = read_sections(sys.argv[1])
    starts = [s[0] for s in sections]
    commands = [read_touched(path, sections, starts) for path in sys.argv[2:]]
    order = dict.fromkeys(i for i in commands[0] if all(i in c for c in commands))
    for command in commands:
        order.update(dict.fromkeys(command))
    if not order:
        sys.exit('layout: nothing was executed in common')
    print('/* SPDX-License-Identifier: Apache-2.0')
    print('   What commands execute, in that order, what all of them do first; made by `make layout`. A line that is missing or too')
    print('   many costs time, nothing else. */')
    for i in order:
        print(pattern(sections[i]))
    print('layout: %d sections, %d bytes' % (len(order), sum(sections[i][1] for i in order)), file=sys.stderr)


if __name__ == '__main__':
    main()
