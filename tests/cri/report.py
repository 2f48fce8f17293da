#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What critest's OUT/junit.xml says:   report.py OUT WHERE EXPECTED SPECS

Prints every spec that failed or was skipped, the passed ones by class, and "cri-WHERE: N passed, N failed, N skipped". What the file
EXPECTED names counts as skipped. Status 0 when nothing else failed or was skipped, 1 otherwise, 3 without a result."""
import collections
import os
import re
import sys
import xml.etree.ElementTree as ET

out, where, expected, specs = sys.argv[1:5]


def rows(path):
    with open(path) as f:
        return [line.rstrip('\n').split('\t') for line in f if line.strip() and not line.startswith('#')]


def first_line(name):
    try:
        with open(f'{out}/{name}') as f:
            return f.readline().strip()
    except OSError:
        return ''


def verdicts():
    """(spec, status, first line of the reason) of what was in focus"""
    for case in ET.parse(out + '/junit.xml').getroot().iter('testcase'):
        name, status = case.get('name'), case.get('status')
        if not name.startswith('[It]'):  # what surrounds the specs
            if status not in ('passed', 'skipped'):
                yield name, 'failed', ''
            continue
        reason = ''
        for kind in ('failure', 'error', 'skipped'):
            e = case.find(kind)
            if e is not None:
                reason = ((e.get('message') or e.text or '').strip().splitlines() or [''])[0]
        if status == 'skipped' and reason == 'skipped' and ' benchmark about ' not in name:
            continue  # not in focus
        # also panicked, timedout, interrupted
        yield re.sub(r'^\[It\] (\[k8s\.io\] )?', '', name), status if status in ('passed', 'skipped') else 'failed', reason


if not os.path.exists(out + '/junit.xml'):
    print('there is no junit.xml; critest.log ends with')
    if os.path.exists(out + '/critest.log'):
        with open(out + '/critest.log', errors='replace') as f:
            print(''.join(f.readlines()[-10:]), end='')
    print(f'cri-{where}: 0 passed, 1 failed, 0 skipped')
    sys.exit(3)

here = f'{where} {first_line("runtime.txt")}'
allowed = [(re.compile(spec), re.compile(reason)) for spec, at, reason, _ in rows(expected) if re.search(at, here)]
classes = {name: c for c, name in rows(specs)}
print(f'{here}, {first_line("engine.txt")}')
passed, of, count, lines = collections.Counter(), collections.Counter(), collections.Counter(), []
unexpected = []
for name, status, reason in verdicts():
    c = classes.get(name, 'unknown')
    of[c] += 1
    passed[c] += status == 'passed'
    known = any(s.search(name) and r.search(reason) for s, r in allowed)
    count['passed' if status == 'passed' else 'skipped' if known else 'failed'] += 1
    if status != 'passed' and not known:
        unexpected.append(name)
    if status != 'passed':
        lines.append(f'{status} {"as expected" if known else "UNEXPECTED"}: {c}: {name} | {reason[:300]}')
print(*sorted(lines), sep='\n')
by_class = ', '.join(f'{c} {passed[c]}/{of[c]}' for c in sorted(of))
print('passed by class:', by_class)
# for the table of the README
with open(out + '/summary', 'w') as f:
    version = re.sub(r'^containerd \S+ v?([0-9.]+).*', r'containerd \1', first_line('engine.txt'))
    f.write(f'{where}\n{version}\n{count["passed"]} passed, {count["failed"]} failed, {count["skipped"]} skipped\n{by_class}\n{"; ".join(unexpected)}\n')
print(f'cri-{where}: {count["passed"]} passed, {count["failed"]} failed, {count["skipped"]} skipped')
sys.exit(1 if count['failed'] or not count['passed'] else 0)
