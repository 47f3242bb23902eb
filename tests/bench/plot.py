# SPDX-License-Identifier: BSD-2-Clause
"""Two plots of lookup times, both on logarithmic scales, as SVG that is readable on light and
on dark paper: no background of its own, colours of middle lightness, text as the reader's
system wants it."""
import math

from results import NAMES, ns

COLOURS = {'okta': '#d1495b', 'db': '#3b8ea5', 'sss': '#e08e1b', 'nscd': '#8f6bb3', 'cache': '#4f9d5d',
           'extrausers': '#9c7a54', 'files': '#8a8f98'}
STYLE = '''<style>
text { font: 13px sans-serif; fill: #24292f }
.small { font-size: 11px }
.ours { font-weight: bold }
.grid { stroke: #8c959f; stroke-opacity: .35; stroke-width: 1 }
@media (prefers-color-scheme: dark) { text { fill: #e6edf3 } }
</style>
'''


class Scale:
    """Logarithms of LOW to HIGH onto FIRST to LAST."""

    def __init__(self, low, high, first, last):
        self.low, self.high, self.first, self.last = math.log10(low), math.log10(high), first, last

    def __call__(self, value):
        part = (math.log10(value) - self.low) / (self.high - self.low)
        return self.first + part * (self.last - self.first)

    def decades(self):
        return [10 ** e for e in range(math.ceil(self.low - 1e-9), math.floor(self.high + 1e-9) + 1)]


def unit(value):
    for limit, name in ((1e9, 's'), (1e6, 'ms'), (1e3, 'µs')):
        if value >= limit:
            return f'{value / limit:g} {name}'
    return f'{value:g} ns'


def text(x, y, words, anchor='start', kind=''):
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" class="{kind}">{words}</text>\n'


def line(x1, y1, x2, y2):
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" class="grid"/>\n'


def mark(peer, x, y, title):
    colour, title = COLOURS[peer], f'<title>{NAMES[peer]}: {title}</title>'
    if peer == 'okta':
        return (f'<path d="M{x:.1f} {y - 8:.1f} l8 8 l-8 8 l-8 -8 z" fill="{colour}">{title}</path>\n')
    return f'<circle cx="{x:.1f}" cy="{y:.1f}" r="5.5" fill="{colour}">{title}</circle>\n'


def write(path, width, height, title, body):
    with open(path, 'w') as f:
        f.write(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
                f'height="{height}" role="img" aria-label="{title}">\n{STYLE}'
                f'{text(12, 22, title, kind="ours")}{body}</svg>\n')


def legend(peers, x, y):
    out = ''
    for i, peer in enumerate(peers):
        out += mark(peer, x, y + 22 * i, 'legend') + text(x + 14, y + 22 * i + 4, NAMES[peer], kind='ours' if peer == 'okta' else '')
    return out


def apart(ys, least=15):
    """The same heights, moved so that labels do not lie on each other."""
    order = sorted(range(len(ys)), key=lambda i: ys[i])
    out, last = list(ys), None
    for i in order:
        if last is not None and out[i] < last + least:
            out[i] = last + least
        last = out[i]
    return out


# A cache is shown at what it holds: all else it has to ask for.
SHOWN = {'files': ('direct', 'name'), 'extrausers': ('direct', 'name'), 'cache': ('direct', 'name'),
         'db': ('direct', 'name'), 'sss': ('direct', 'name-held'), 'nscd': ('glibc', 'name-held'),
         'okta': ('direct', 'name')}  # the last lies on top
HOLDS = {'sss': ', if it holds it', 'nscd': ', if it holds it'}


def by_size(res, path):
    x, y = Scale(1000, 1000000, 90, 560), Scale(10, 1e9, 400, 50)
    body = ''
    for value in y.decades():
        body += line(90, y(value), 560, y(value)) + text(82, y(value) + 4, unit(value), 'end', 'small')
    for users, name in ((1000, '1,000 users'), (100000, '100,000'), (1000000, '1,000,000')):
        body += line(x(users), 50, x(users), 400) + text(x(users), 420, name, 'middle', 'small')
    ends, labels = [], []
    for peer, (way, op) in SHOWN.items():
        points = [(x(u), y(v), v) for u, s in ((1000, '1k'), (100000, '100k'), (1000000, '1m'))
                  if (v := res.value(s, peer, way, op))]
        if not points:
            continue
        path_of = ' L'.join(f'{px:.1f} {py:.1f}' for px, py, _ in points)
        width = 3 if peer == 'okta' else 2
        body += f'<path d="M{path_of}" fill="none" stroke="{COLOURS[peer]}" stroke-width="{width}"/>\n'
        body += ''.join(mark(peer, px, py, ns(v)) for px, py, v in points)
        ends.append(points[-1][1])
        labels.append((peer, NAMES[peer] + HOLDS.get(peer, '')))
    for (peer, label), at in zip(labels, apart(ends)):
        body += text(574, at + 4, label, kind='ours' if peer == 'okta' else '')
    write(path, 760, 436, 'One lookup by name, by size of the directory', body)


ROWS = [('by name, asked for before', 'name-held'), ('by name, any', 'name'), ('by uid, any', 'uid'),
        ('a name nobody has', 'miss'), ('a user\'s 10 groups', 'init-10'), ('a user\'s 1,000 groups', 'init-1000'),
        ('group of 50,000', 'big'), ('everybody, each entry', 'enum'), ('first lookup of a process', 'fresh')]


def by_operation(res, path):
    x = Scale(10, 1e9, 200, 620)
    body = ''
    bottom = 50 + 36 * len(ROWS)
    for value in x.decades():
        body += line(x(value), 40, x(value), bottom) + text(x(value), bottom + 18, unit(value), 'middle', 'small')
    for i, (name, op) in enumerate(ROWS):
        at = 62 + 36 * i
        body += text(190, at + 4, name, 'end') + line(200, at, 620, at)
        for peer in ('files', 'extrausers', 'cache', 'db', 'sss', 'nscd', 'okta'):
            value = res.value('1m', peer, 'glibc' if peer == 'nscd' else 'direct', op)
            if value:
                body += mark(peer, x(value), at, ns(value))
    body += legend(list(COLOURS), 650, 70)
    write(path, 760, bottom + 30, 'One operation, 1,000,000 users (nscd: through glibc)', body)
