#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Turns what tests/bench/run left in RESULTS into results.json, plots (SVG) and the tables on standard output.

report.py RESULTS SAMPLES. Standard library only. Every figure is over the samples of one interleaved run; ratios are of medians.
"""
import json
import math
import os
import sys
from html import escape

COLOURS = {'floor': '#888888', 'husk': '#1a7f37', 'crun': '#0969da', 'runc': '#cf222e', 'runc-new': '#bc4c00', 'youki': '#8250df'}
OTHERS = ['#bf8700', '#1b7c83', '#a475f9', '#57606a']


def percentile(ordered, part):
    """Linear between neighbours."""
    at = (len(ordered) - 1) * part
    low = int(at)
    high = min(low + 1, len(ordered) - 1)
    return ordered[low] + (ordered[high] - ordered[low]) * (at - low)


def median(values):
    return percentile(sorted(values), 0.5)


def read_samples(path):
    """{runtime: {label: [sample]}} and the failed ones {runtime: count}."""
    good, failed = {}, {}
    with open(path) as lines:
        for line in lines:
            words = line.rstrip('\n').split('\t')
            if len(words) != 10:
                continue  # cut off
            name, label = words[:2]
            numbers = [int(w) for w in words[2:]]
            if numbers[0] < 0 and numbers[7] == 0:
                continue  # warm-up
            if numbers[7]:
                failed[name] = failed.get(name, 0) + 1
                continue
            count = numbers[6]
            good.setdefault(name, {}).setdefault(label, []).append({
                'round': numbers[0], 'us': numbers[1] / 1000 / count, 'cpu_us': (numbers[2] + numbers[3]) / count,
                'faults': numbers[4] / count, 'peak_kb': numbers[5]})
    return good, failed


def add_total(labels):
    """Several steps of one round also count as one sample, `total`."""
    if len(labels) < 2:
        return
    by_round = {}
    for label in labels:
        for sample in labels[label]:
            by_round.setdefault(sample['round'], []).append(sample)
    whole = [s for s in by_round.values() if len(s) == len(labels)]
    if whole:
        labels['total'] = [{'us': sum(x['us'] for x in s), 'cpu_us': sum(x['cpu_us'] for x in s), 'faults': sum(x['faults'] for x in s),
                            'peak_kb': max(x['peak_kb'] for x in s)} for s in whole]


def summary(samples):
    us = sorted(s['us'] for s in samples)
    return {'samples': len(us), 'median_us': median(us), 'p10_us': percentile(us, 0.1), 'p90_us': percentile(us, 0.9),
            'p99_us': percentile(us, 0.99), 'min_us': us[0], 'mean_us': sum(us) / len(us), 'all_us': [round(u, 1) for u in us],
            'cpu_us': median([s['cpu_us'] for s in samples]),
            'faults': median([s['faults'] for s in samples]), 'peak_kb': median([s['peak_kb'] for s in samples])}


def first_error(results, case, name):
    for file in (f'{case}.busy.{name}.err', f'{case}.idle.{name}.err', f'runtime.{name}.err'):
        try:
            with open(os.path.join(results, file), errors='replace') as f:
                for line in f:
                    if line.strip():
                        return line.strip()[:160]
        except OSError:
            pass
    return 'no message'


# ---- tables ---------------------------------------------------------------------------------------------------------

def ratio(a, b):
    return f'{a / b:.2f}' if b else '-'


def order(names):
    known = list(COLOURS)
    return sorted(names, key=lambda n: (known.index(n) if n in known else 99))


def base_of(table, label):
    """The floor's step of the same name; where it has only one, that one."""
    floor = table.get('floor', {})
    if label in floor:
        return floor[label]
    return next(iter(floor.values())) if len(floor) == 1 and label == 'total' else None


def print_case(case, way, table, failed, results):
    names = order(set(table) | set(failed))
    print(f'\n{case} ({IDLE_MS + " ms idle before each sample" if way == "idle" else "back to back"})')
    print(f'  {"":10} {"step":12} {"median us":>10} {"min":>8} {"p10":>8} {"p90":>8} {"p99":>8} {"x floor":>8} {"x husk":>7}'
          f' {"cpu us":>8} {"x floor":>8} {"peak kB":>8} {"faults":>7}')
    for name in names:
        for label, s in table.get(name, {}).items():
            floor, husk = base_of(table, label), table.get('husk', {}).get(label)
            print(f'  {name:10} {label:12} {s["median_us"]:10.0f} {s["min_us"]:8.0f} {s["p10_us"]:8.0f} {s["p90_us"]:8.0f} {s["p99_us"]:8.0f}'
                  f' {ratio(s["median_us"], floor["median_us"]) if floor else "-":>8} {ratio(s["median_us"], husk["median_us"]) if husk else "-":>7}'
                  f' {s["cpu_us"]:8.0f} {ratio(s["cpu_us"], floor["cpu_us"]) if floor else "-":>8} {s["peak_kb"]:8.0f} {s["faults"]:7.0f}')
        if name in failed:
            print(f'  {name:10} FAILED {failed[name]} times: {first_error(results, case, name)}')


def read_words(path):
    try:
        with open(path) as f:
            return [line.split() for line in f if line.strip()]
    except OSError:
        return []


def print_memory(results):
    found = {}
    for words in read_words(os.path.join(results, 'memory')):
        if len(words) == 6:
            found.setdefault((words[0], words[1]), []).append([int(w) for w in words[2:]])
    table = {}
    if found:
        print('\nmemory of a container\'s init, kB (median)')
        print(f'  {"":10} {"":10} {"rss":>8} {"pss":>8} {"private":>8} {"dirty":>8}')
    for (name, when), rows in found.items():
        rss, pss, private, dirty = (median(column) for column in zip(*rows))
        table.setdefault(name, {})[when] = {'rss_kb': rss, 'pss_kb': pss, 'private_kb': private, 'private_dirty_kb': dirty}
        print(f'  {name:10} {when:10} {rss:8.0f} {pss:8.0f} {private:8.0f} {dirty:8.0f}')
    return table


def print_counts(results):
    table = {}
    rows = read_words(os.path.join(results, 'count'))
    if rows:
        print('\ninstructions in user mode of one run (with its descendants)')
    for name, *words in rows:
        table[name] = ' '.join(words)
        print(f'  {name:10} {table[name]}')
    return table


# ---- plots ----------------------------------------------------------------------------------------------------------

def plot(path, title, series):
    """One row a series: every sample as a thin line on a logarithmic scale, p10 to p90 as a bar, the median as a mark."""
    rows = [(n, s) for n, s in series if s['all_us']]
    if not rows:
        return
    width, left, row = 900, 150, 46
    low = min(s['all_us'][0] for _, s in rows) * 0.9
    high = max(percentile(s['all_us'], 0.99) for _, s in rows) * 1.1
    span = math.log(high / low) or 1.0

    def x(us):
        return left + (width - left - 30) * min(max(math.log(max(us, low) / low) / span, 0), 1)
    height = 60 + row * len(rows) + 30
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" font-family="sans-serif" font-size="13">',
           f'<rect width="{width}" height="{height}" fill="white"/><text x="12" y="24" font-size="15">{escape(title)}</text>']
    steps = [m * 10 ** e for e in range(0, 9) for m in (1, 2, 5)]
    for tick in steps:
        if low <= tick <= high:
            text = f'{tick / 1000:g} ms' if tick >= 1000 else f'{tick} us'
            out.append(f'<line x1="{x(tick):.1f}" x2="{x(tick):.1f}" y1="38" y2="{height - 28}" stroke="#ddd"/>'
                       f'<text x="{x(tick):.1f}" y="{height - 10}" text-anchor="middle" fill="#666">{text}</text>')
    for i, (name, s) in enumerate(rows):
        y = 46 + row * i
        colour = COLOURS.get(name.split(' ')[0], OTHERS[i % len(OTHERS)])
        out.append(f'<text x="{left - 10}" y="{y + 22}" text-anchor="end">{escape(name)}</text>')
        out.append(f'<rect x="{x(s["p10_us"]):.1f}" y="{y + 8}" width="{max(x(s["p90_us"]) - x(s["p10_us"]), 1):.1f}" height="20"'
                   f' fill="{colour}" opacity="0.25"/>')
        for us in s['all_us']:
            out.append(f'<line x1="{x(us):.1f}" x2="{x(us):.1f}" y1="{y + 10}" y2="{y + 26}" stroke="{colour}" opacity="0.35"/>')
        middle = x(s['median_us'])
        out.append(f'<line x1="{middle:.1f}" x2="{middle:.1f}" y1="{y + 4}" y2="{y + 32}" stroke="{colour}" stroke-width="3"/>'
                   f'<text x="{middle:.1f}" y="{y + 2}" text-anchor="middle" font-size="11">{s["median_us"] / 1000:.2f} ms</text>')
    with open(path, 'w') as f:
        f.write('\n'.join(out + ['</svg>']) + '\n')


# ---- all ------------------------------------------------------------------------------------------------------------

def main(results, wanted):
    runtimes = open_lines(os.path.join(results, 'runtimes'))
    print('\n'.join('  '.join(w for w in line if w) for line in runtimes))
    print(f'{wanted} rounds wanted; {os.uname().sysname} {os.uname().release}, {os.cpu_count()} processors, load {os.getloadavg()[0]:.1f}')
    everything = {'kernel': os.uname().release, 'processors': os.cpu_count(), 'runtimes': runtimes, 'cases': {}}
    files = [f for f in os.listdir(results) if f.endswith(('.busy', '.idle'))]
    files.sort(key=lambda f: os.stat(os.path.join(results, f)).st_mtime)
    for file in files:
        case, way = file.rsplit('.', 1)
        good, failed = read_samples(os.path.join(results, file))
        for labels in good.values():
            if case != 'parallel':
                add_total(labels)
        table = {name: {label: summary(s) for label, s in labels.items()} for name, labels in good.items()}
        if not table and not failed:
            continue
        print_case(case, way, table, failed, results)
        everything['cases'].setdefault(case, {})[way] = {
            'runtimes': table, 'failed': {n: {'times': k, 'first_error': first_error(results, case, n)} for n, k in failed.items()}}
        series = [(name if len(table[name]) == 1 else f'{name} {label}', s) for name in order(table) for label, s in table[name].items()]
        plot(os.path.join(results, f'{case}.{way}.svg'), f'{case}, {"idle before each sample" if way == "idle" else "back to back"}', series)
    everything['memory_kb'] = print_memory(results)
    everything['instructions'] = print_counts(results)
    everything['notes'] = [' '.join(w) for w in read_words(os.path.join(results, 'notes'))]
    with open(os.path.join(results, 'results.json'), 'w') as f:
        json.dump(everything, f, indent=1)
    print('\nPeak kB: of any process of the command, as wait4 tells it; the kernel counts in batches, so a few hundred kB may be missing.')
    for note in everything['notes']:
        print(note)
    print(f'{results}/results.json and a plot of each case, {results}/*.svg, are written')


def open_lines(path):
    try:
        with open(path) as f:
            return [line.rstrip('\n').split('\t') for line in f]
    except OSError:
        return []


IDLE_MS = os.environ.get('IDLE_MS', '250')
if __name__ == '__main__':
    main(sys.argv[1], sys.argv[2])
