# SPDX-License-Identifier: BSD-2-Clause
"""The lines that peer.sh prints, and how their numbers are written.  Of several lines for one
thing the one with the middle median counts."""
import os
from collections import namedtuple

NAMES = {'okta': 'nss_okta', 'db': 'nss_db', 'sss': 'SSSD', 'nscd': 'nscd', 'cache': 'libnss-cache',
         'extrausers': 'extrausers', 'files': 'files', 'null': 'a module that does nothing'}

Measured = namedtuple('Measured', 'size peer way op median p99 least extra reason')


class Results:
    def __init__(self, path):
        several, self.rows = {}, {}
        if not os.path.exists(path):
            return
        with open(path) as f:
            for line in f:
                size, peer, way, op, *values = line.rstrip('\n').split('\t')
                if values[0] == '-':
                    m = Measured(size, peer, way, op, None, None, None, [], values[1] if values[1:] else 'no reason given')
                else:
                    v = values + ['0'] * 2
                    m = Measured(size, peer, way, op, float(v[0]), float(v[1]), float(v[2]), values[3:], None)
                several.setdefault((size, peer, way, op), []).append(m)
        for what, lines in several.items():
            lines.sort(key=lambda m: m.median if m.reason is None else float('inf'))
            good = sum(m.reason is None for m in lines)
            self.rows[what] = lines[(good - 1) // 2 if good else 0]

    def has(self, size):
        return any(s == size for s, *_ in self.rows)

    def all(self, size):
        return [m for (s, *_), m in self.rows.items() if s == size]

    def get(self, size, peer, way, op):
        return self.rows.get((size, peer, way, op))

    def value(self, size, peer, way, op):
        """The median, or None where there is none."""
        m = self.get(size, peer, way, op)
        return m.median if m else None


def number(n):
    """Three digits are all that a measurement deserves."""
    if n is None:
        return '–'
    if n >= 100:
        digits = len(str(int(n))) - 3
        return f'{round(n / 10 ** digits) * 10 ** digits:,}'
    return f'{n:.0f}' if n >= 10 else f'{n:.1f}'


def ns(n):
    """Nanoseconds; from a millisecond on in milliseconds."""
    return number(n) if n < 1e6 else number(n / 1e6) + ' ms'
