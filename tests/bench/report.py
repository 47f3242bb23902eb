#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""report.py DIR [doc]: what `run` measured, as text; with "doc" also as doc/performance.md.

DIR/lookups.tsv, DIR/{login,sync,mass}.tsv and DIR/fleet.md are the results, as far as there.  With "doc" the parts of
doc/performance.md between "<!-- begin NAME -->" and "<!-- end NAME -->" are written anew, and
the plots doc/lookup-*.svg beside it.
"""
import os
import re
import subprocess
import sys
import time

import bars
import plot
from results import NAMES, Results, ns, number

SIZES = {'1k': '1,000 users, 100 groups', '100k': '100,000 users, 2,000 groups',
         '1m': '1,000,000 users, 10,000 groups'}
DIRECT = ['okta', 'db', 'sss', 'cache', 'extrausers', 'files']
GLIBC = ['okta', 'nscd', 'db', 'sss', 'cache', 'extrausers', 'files', 'null']
OPS = [('name', 'by name, any (of 200,000 at most)'), ('name-held', 'by name, 10,000 that were asked for before'),
       ('name-hot', 'by name, 64 people'), ('name-new', 'by name, not asked for before'),
       ('uid', 'by uid, any'), ('uid-held', 'by uid, the same 10,000'),
       ('uid-hot', 'by uid, 64 people'), ('miss', 'a name nobody has'),
       ('miss-hot', 'the same 64 of those'), ('group', 'group by name'), ('gid', 'group by gid'),
       ('init-10', "a user's 10 groups"), ('init-10-hot', 'the same for two users'),
       ('init-1000', "a user's 1,000 groups"),
       ('big', 'the largest group (50,000 members; 1,000 of 1,000 users)'),
       ('enum', 'everybody, each entry'), ('fresh', 'first lookup of a new process, with loading'),
       ('threads-1', 'one thread, by name, each lookup'), ('threads-2', 'two threads, each lookup of both')]
FLOORS = [('chain', 'a read at random from the mapped snapshot, that depends on the one before'),
          ('read', 'such a read that does not'),
          ('pair', 'such a read and the copy of an average record from a place that depends on it'),
          ('big', "copy of the largest group's names, with a pointer to each"),
          ('syscall', 'the cheapest system call'),
          ('stat', '`stat` of nsswitch.conf, which glibc makes in every lookup')]


def markdown(head, rows):
    lines = ['| ' + ' | '.join(head) + ' |', '|' + '---|' * len(head)]
    return '\n'.join(lines + ['| ' + ' | '.join(r) + ' |' for r in rows]) + '\n'


def cell(m):
    if m is None:
        return ''
    if m.reason:
        return '–'
    tail = f' ({ns(m.p99)})' if m.p99 > 0 else ''
    return ns(m.median) + tail


def times(res, size, way, peers):
    rows = []
    for op, text in OPS:
        found = [res.get(size, p, way, op) for p in peers]
        if any(m and not m.reason for m in found):
            rows.append([text] + [cell(m) for m in found])
    return markdown(['ns: median (p99)'] + [NAMES[p] for p in peers], rows)


def cost(res, size):
    users = {'1k': 1000, '100k': 100000, '1m': 1000000}[size]
    rows = []
    for peer in ['okta', 'db', 'sss', 'nscd', 'cache', 'extrausers', 'files']:
        memory = res.get(size, peer, 'direct', 'memory')
        size_of = res.value(size, peer, 'cost', 'bytes')
        daemons = res.value(size, peer, 'cost', 'daemons')
        row = [NAMES[peer]]
        row.append(f'{memory.median:,.0f} / {memory.p99:,.0f}' if memory and not memory.reason else '–')
        row.append(f'{daemons:,.0f}' if daemons else 'none' if peer != 'nscd' else '–')
        row.append(f'{size_of / users:,.0f}' if size_of and peer != 'sss' else
                   f'{size_of / 1e6:,.0f} MB in all' if size_of else '–')
        for way, op in (('direct', 'calls-name'), ('glibc', 'calls-name'), ('direct', 'calls-init-10-hot')):
            n = res.value(size, peer, way, op)
            row.append('–' if n is None else f'{n:,.0f}' if n >= 100 else f'{n:.1f}' if n >= 0.05 else '0')
        rows.append(row)
    return markdown(['', 'KiB resident / own', 'KiB of daemons', 'bytes a user on disk', 'system calls: by name',
                     'through glibc', "a user's 10 groups"], rows)


def reasons(res, size):
    """What was not measured, and why: one line a reason."""
    why = {}
    for m in res.all(size):
        if m.reason and not m.reason.startswith('nobody like that'):
            why.setdefault((m.peer, m.reason), []).append(f'{m.op} ({m.way})')
    return ''.join(f'- {NAMES[peer]}: {", ".join(ops)}: {reason}\n' for (peer, reason), ops in why.items())


def limit(res):
    """Where the time goes: the same instructions in the cache and out of it, and bare memory."""
    rows = []
    floors = {s: {w: res.value(s, 'okta', 'floor', w) for w, _ in FLOORS} for s in SIZES}
    f = floors['1m']
    for op, text, bare, steps in (('name', 'by name', 'pair', 2), ('uid', 'by uid', 'pair', 2),
                                  ('miss', 'a name nobody has', 'read', 1),
                                  ('init-10', "a user's 10 groups", 'pair', 2), ('big', 'group of 50,000', 'big', 0)):
        small = res.value('1k', 'okta', 'direct', op + '-hot') if steps else None
        large = res.value('1m', 'okta', 'direct', op)
        alone = f['chain'] * steps if f['chain'] and steps else None
        rows.append([text, number(large), number(small), number(large - small) if small and large else '–',
                     number(f[bare]), number(alone)])
    out = markdown(['ns', 'at 1,000,000', 'same code, all in the nearest cache', 'so waiting for memory',
                    'bare memory, overlapping', 'bare memory, one after the other'], rows)
    out += '\n' + markdown(['ns on this machine', *SIZES.values()],
                           [[text, *(number(floors[s][w]) for s in SIZES)] for w, text in FLOORS])
    return out


def building(res):
    rows = []
    for size, users in (('20k', 20000), ('1k', 1000), ('100k', 100000), ('1m', 1000000)):
        m = res.get(size, 'okta', 'cost', 'build')
        if m:
            rows.append([f'{users:,}', f'{int(m.extra[0]):,}', f'{m.median:.2f}', f'{float(m.extra[1]):.2f}',
                         f'{m.p99 / 1024:,.0f}', f'{m.least / users:,.0f}'])
    rows.sort(key=lambda r: int(r[0].replace(',', '')))
    return markdown(['users', 'memberships', 's of CPU to build', 's of CPU to check and publish', 'MiB at most',
                     'bytes a user'], rows)


def replacing(res):
    rows = []
    for size, text in SIZES.items():
        m = res.get(size, 'okta', 'cost', 'replace')
        if m is None:
            continue
        if m.reason:
            rows.append([text, m.reason] + [''] * 6)
            continue
        wrong, before, after, mappings, longest, busiest, other = m.extra
        rows.append([text, f'{int(m.least):,}', wrong, f'{m.median / 1000:,.0f}', f'{m.p99 / 1000:,.0f}',
                     f'{int(before):,} / {int(after):,} in {mappings}', f'{float(longest) / 1000:,.0f} / {float(busiest) / 1000:,.0f}', f'{float(other) / 1000:,.0f}'])
    return markdown(['', 'lookups meanwhile', 'failed or wrong', 'µs, slowest that had to do with it', 'µs, median of the slowest of those after each',
                     'KiB mapped before / after, mappings', 'µs: longest on the wall / most processor time',
                     'µs, slowest of the others'], rows)


def rest(path):
    """A table of run: logins or syncs."""
    rows = []
    with open(path) as f:
        for line in f:
            rows.append((line.rstrip('\n').split('\t') + ['', '', ''])[:4])
    return markdown(['what', 'measured', 'beside it', 'ratio or goal'], rows) if rows else ''


def machine():
    with open('/etc/os-release') as f:
        system = re.search(r'^PRETTY_NAME="(.*)"', f.read(), re.M)
    with open('/proc/cpuinfo') as f:
        model = re.search(r'^model name\s*: (.*)', f.read(), re.M)
    commit = subprocess.run(['git', 'describe', '--always', '--exclude=*', '--dirty= with changes'],
                            capture_output=True, text=True)
    return (f'{system[1] if system else "Linux"}, kernel {os.uname().release}, {os.cpu_count()} × '
            f'{model[1] if model else os.uname().machine}, {time.strftime("%Y-%m-%d", time.gmtime())}'
            f'{", tree " + commit.stdout.strip() if commit.returncode == 0 else ""}.')


def sections(directory):
    res = Results(os.path.join(directory, 'lookups.tsv'))
    out = {'machine': machine() + '\n'} if res.rows else {}
    for size, text in SIZES.items():
        if res.has(size):
            why = reasons(res, size)
            out[f'lookups-{size}'] = (
                f'**{text}**, module called directly:\n\n{times(res, size, "direct", DIRECT)}\n'
                f'Through glibc:\n\n{times(res, size, "glibc", GLIBC)}\nWhat else it costs:\n\n{cost(res, size)}'
                + (f'\nNot measured:\n\n{why}' if why else ''))
    if res.has('1m') or res.has('1k'):
        out['bars'] = markdown(['bar', 'measured', 'asked for', ''], bars.rows(res))
        out['building'] = building(res)
        out['replacing'] = replacing(res)
    if res.has('1m') and res.has('1k'):
        out['limit'] = limit(res)
    for part in ('login', 'sync', 'mass'):
        path = os.path.join(directory, part + '.tsv')
        if os.path.exists(path):
            out[part] = rest(path)
    if 'mass' in out:  # measured apart
        out['mass'] = machine() + '\n\n' + out['mass']
    fleet = os.path.join(directory, 'fleet.md')
    if os.path.exists(fleet):
        with open(fleet) as f:
            out['fleet'] = f.read()
    return res, out


def rewrite(path, parts):
    with open(path) as f:
        text = f.read()
    for name, part in parts.items():
        text, n = re.subn(rf'(<!-- begin {name} -->\n).*?(<!-- end {name} -->)',
                          lambda m, p=part: m[1] + '\n' + p.strip('\n') + '\n\n' + m[2], text, flags=re.S)
        if n != 1:
            sys.exit(f'report: {path}: must have "<!-- begin {name} -->" and its end once')
    with open(path, 'w') as f:
        f.write(text)


def main():
    res, parts = sections(sys.argv[1])
    with open(os.path.join(sys.argv[1], 'result.md'), 'w') as f:
        for part in parts.values():
            f.write(part + '\n')
            print(part)
    if sys.argv[2:] == ['doc']:
        doc = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'doc')
        rewrite(os.path.join(doc, 'performance.md'), parts)
        if not res.rows:
            return
        plot.by_size(res, os.path.join(doc, 'lookup-size.svg'))
        plot.by_operation(res, os.path.join(doc, 'lookup-operations.svg'))


if __name__ == '__main__':
    main()
