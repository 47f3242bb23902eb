# SPDX-License-Identifier: BSD-2-Clause
"""The bars that lookups and the building of a snapshot are held to: passed, missed or unknown."""
from results import NAMES


def ratio(res, text, size, peer, op, least, way='direct', ours=None):
    """Their time over ours, on the same keys."""
    other, own = res.value(size, peer, way, op), res.value(size, 'okta', 'direct', ours or op)
    if other is None or not own:
        return row(text, None, None, None)
    r = other / own
    return row(text, f'{r:,.1f} times', f'at least {least:g} times', r >= least)


def row(text, measured, asked, passed):
    if measured is None:
        return [text, 'not measured', asked or '', 'unknown']
    return [text, measured, asked, 'passed' if passed else '**missed**']


def fresh(res, size):
    own = res.value(size, 'okta', 'direct', 'fresh')
    others = {p: res.value(size, p, 'direct', 'fresh') for p in ('db', 'sss', 'cache', 'extrausers', 'files')}
    others = {p: v for p, v in others.items() if v is not None}
    if own is None or not others:
        return row(f'first lookup of a new process, {size}', None, None, None)
    best = min(others, key=others.get)
    return row(f'first lookup of a new process, {size}: of the fastest peer\'s ({NAMES[best]})',
               f'{own / others[best]:.2f} times', 'at most 1.1 times', own <= 1.1 * others[best])


def threads(res, size):
    one, two = (res.value(size, 'okta', 'direct', f'threads-{n}') for n in (1, 2))
    if not one or not two:
        return row(f'two threads, {size}', None, None, None)
    # a lock that sleeps gives 1, more or less, and no lock 2
    return row(f'two threads, {size}: lookups a second of one\'s', f'{one / two:.2f} times', 'at least 1.5 times', 1.5 * two <= one)


def hot(res, size, op):
    own, other = res.value(size, 'okta', 'direct', op), res.value(size, 'nscd', 'glibc', op)
    text = f'{op.replace("-", ", ")}, {size}: of what nscd\'s hit takes'
    if own is None or not other:
        return row(text, None, None, None)
    return row(text, f'{own / other:.2f} times', 'at most 1.5 times', own <= 1.5 * other)


def share(res, size, op, most_ns):
    own, null = res.value(size, 'okta', 'glibc', op), res.value(size, 'null', 'glibc', op)
    text = f'by {op} through glibc, {size}: on top of a module that does nothing'
    if own is None or null is None:
        return row(text, None, None, None)
    return row(text, f'{own - null:,.0f} ns', f'at most {most_ns} ns', own - null <= most_ns)


def calls(res, size):
    found = [m for m in res.all(size) if m.peer == 'okta' and m.way == 'direct' and m.op.startswith('calls-')]
    if not found or any(m.reason for m in found):
        return row(f'system calls in a warm lookup, {size}', None, None, None)
    worst = max(found, key=lambda m: m.median)
    # one stat a second is allowed: a replaced file is noticed by it when its writer died
    return row(f'system calls in a warm lookup, {size}: most, of {len(found)} operations', f'{worst.median:.5f}', 'none', worst.median < 0.001)


def replaced(res, size):
    m, cold = res.get(size, 'okta', 'cost', 'replace'), res.value(size, 'okta', 'direct', 'fresh')
    if m is None or m.reason or cold is None:
        return [row(f'replacement under load, {size}', None, None, None)]
    wrong, mappings, other = m.extra[0], m.extra[3], float(m.extra[6])
    return [
        row(f'replacement under load, {size}: lookups that fail', wrong, 'none', wrong == '0'),
        row(f'replacement under load, {size}: slowest lookup that has to do with it, of a cold one',
            f'{m.median / cold:,.1f} times; {other / cold:,.1f} of the others', 'at most 2 times', m.median <= 2 * cold),
        row(f'replacement under load, {size}: mappings afterwards', mappings, '1', mappings == '1')]


def building(res, size, users, cpu_s, mib=None, each=None):
    m = res.get(size, 'okta', 'cost', 'build')
    if m is None or m.reason:
        return [row(f'building {users:,} users', None, None, None)]
    spent = m.median + float(m.extra[1])
    rows = [row(f'building and publishing {users:,} users: CPU', f'{spent:.2f} s', f'at most {cpu_s} s', spent <= cpu_s)]
    if mib is not None:
        rows.append(row('... memory at most', f'{m.p99 * 1024 / 1e6:,.0f} MB', f'at most {mib} MB', m.p99 * 1024 / 1e6 <= mib))
        rows.append(row('... file', f'{m.least / users:,.0f} bytes a user', f'at most {each}', m.least / users <= each))
    return rows


def rows(res):
    out = []
    if res.has('1m'):
        out += [ratio(res, 'by name, 1m: SSSD\'s warm hit', '1m', 'sss', 'name-held', 3),
                ratio(res, 'by uid, 1m: SSSD\'s warm hit', '1m', 'sss', 'uid-held', 3),
                ratio(res, 'by name, 1m: nss_db', '1m', 'db', 'name', 40),
                ratio(res, 'by uid, 1m: nss_db', '1m', 'db', 'uid', 40),
                ratio(res, 'a name nobody has, 1m: nss_db', '1m', 'db', 'miss', 80),
                ratio(res, 'a user\'s 10 groups, 1m: nss_db', '1m', 'db', 'init-10', 20),
                ratio(res, 'group of 50,000, 1m: nss_db', '1m', 'db', 'big', 3),
                ratio(res, 'enumeration, 1m: nss_db', '1m', 'db', 'enum', 2.5)]
    if res.has('1k'):
        out += [ratio(res, 'by name, 1k: SSSD\'s warm hit', '1k', 'sss', 'name-held', 10),
                ratio(res, 'by uid, 1k: SSSD\'s warm hit', '1k', 'sss', 'uid-held', 10)]
    for size in ('1k', '100k', '1m'):
        if not res.has(size):
            continue
        most = 300 if size == '1k' else 600
        out += [fresh(res, size), threads(res, size), hot(res, size, 'name-hot'), hot(res, size, 'uid-hot'),
                share(res, size, 'name', most), share(res, size, 'uid', most), calls(res, size)]
        out += replaced(res, size)
    out += building(res, '20k', 20000, 0.1)
    if res.has('1m'):
        out += building(res, '1m', 1000000, 5, 600, 300)
    return out
