#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""fleet.py: what hosts cost Okta and the network, minute by minute for one day, as Markdown.

Hosts either ask Okta themselves (all with one API service app, so they share its half of each
rate limit), or one collector asks and publishes snapshots that the others fetch.  The same on
every run: chance has a seed.  doc/performance.md holds what this prints; a test compares.
"""
import random
from collections import namedtuple

MINUTES = 24 * 60

# Okta's limits a minute (Workforce, without the multiplier that large contracts get) and the
# share that one client gets of them: FACTS 6.9
SHARE = 0.5
LIMIT = {'users': 600, 'user': 2000, 'groups': 500, 'logs': 120}

# Items on a page: FACTS 6.3 and 6.4; members as okta-sync asks for them
USERS_A_PAGE, GROUPS_A_PAGE, MEMBERS_A_PAGE = 200, 200, 1000

# So many people who changed are read each by himself: cmd/okta-sync/changes.c
READ_AGAIN = 100

# Bytes of JSON an item: a whole user as recorded (FACTS 9), one with only the fields that
# okta-sync asks for and a group as the stand-in serves them, an event of the log.  gzip is
# taken to make a quarter of it: ids and dates do not shrink much.
WHOLE_USER, FEW_FIELDS, GROUP, EVENT = 700, 206, 545, 1500
GZIP = 0.25
HEADERS = 1900  # request with token and proof, answer's headers, TLS records

# What the snapshot of make bench's million users takes with zstd -3
PACKED_A_USER = 140
ENTRY_OF_A_DIFFERENCE = 160  # one changed user or group, packed, with its place
SIGNED_LIST = 800  # the small signed file that says which snapshot is current
UNCHANGED = 700  # a conditional request for it and "304 Not Modified"
WHOLE_EVERY = 15  # minutes: nobody fetches whole snapshots more often than that

# Assumed, not from Okta: how much of a directory changes in a day
USERS_CHANGING, GROUPS_CHANGING = 0.01, 0.02

# As issue and manual have it: questions a minute while nothing changes
DELTA = {'users': 1, 'groups': 1}
LOG = {'logs': 6}
FULL_EVERY = 60  # minutes, for hosts that only know the full sync

Org = namedtuple('Org', 'name users groups memberships big')
ORGS = [Org('1k', 1000, 100, 10000, 0), Org('50k', 50000, 1000, 500000, 1),
        Org('1M', 1000000, 10000, 10000000, 20)]
HOSTS = [1, 1000, 100000]
BIG = 50000  # members of a big group


def pages(items, size):
    return max(1, -(-items // size))


def full_sync(org):
    """Requests by bucket, and bytes, of reading everything once."""
    usual = (org.memberships - org.big * BIG) // (org.groups - org.big)
    users = pages(org.users, USERS_A_PAGE)
    members = (org.groups - org.big) * pages(usual, MEMBERS_A_PAGE) + org.big * pages(BIG, MEMBERS_A_PAGE)
    groups = pages(org.groups, GROUPS_A_PAGE) + members
    json = org.users * FEW_FIELDS + org.groups * GROUP + org.memberships * WHOLE_USER
    return {'users': users, 'groups': groups}, int(json * GZIP) + (users + groups) * HEADERS


def poisson(chance, mean):
    """How many of many unlikely things happen."""
    n, left = 0, mean
    while True:
        left -= chance.expovariate(1)
        if left < 0:
            return n
        n += 1


def changes(org):
    """(users, groups) that change in each minute of the day."""
    chance = random.Random(f'changes of {org.name}')
    return [(poisson(chance, org.users * USERS_CHANGING / MINUTES),
             poisson(chance, org.groups * GROUPS_CHANGING / MINUTES)) for _ in range(MINUTES)]


def starts(hosts, every):
    """How many hosts begin a full sync in each minute: spread evenly, as jitter does."""
    at = [0] * MINUTES
    for minute in range(MINUTES):
        phase = minute % every
        at[minute] = hosts * (phase + 1) // every - hosts * phase // every
    return at


def a_day(org, hosts, way):
    """Requests and bytes of a day, and how far the buckets fall behind: (requests a minute,
    busiest bucket's load, minutes it lags at the end, bytes)."""
    full, full_bytes = full_sync(org)
    starting = starts(hosts, FULL_EVERY if way == 'full' else MINUTES)
    usual_members = org.memberships // org.groups
    asked = dict.fromkeys(LIMIT, 0)
    backlog = dict.fromkeys(LIMIT, 0.0)
    worst = dict.fromkeys(LIMIT, 0.0)
    sent = 0
    for minute, (users, groups) in enumerate(changes(org)):
        now = dict.fromkeys(LIMIT, 0)
        for bucket, n in full.items():
            now[bucket] += starting[minute] * n
        sent += starting[minute] * full_bytes
        if way != 'full':
            for bucket, n in (DELTA if way == 'delta' else LOG).items():
                now[bucket] += hosts * n
                sent += hosts * n * HEADERS
            members = groups * pages(usual_members, MEMBERS_A_PAGE)
            now['groups'] += hosts * members
            sent += hosts * (members * HEADERS + int(groups * usual_members * WHOLE_USER * GZIP))
            if way == 'log':  # each one named by an event is read by its id
                now['user'] += hosts * users
                now['groups'] += hosts * groups
                sent += hosts * (users + groups) * (HEADERS + int(EVENT * GZIP))
            else:
                # who is found is read by his id as well, unless they are too many
                again = users if users <= READ_AGAIN else 0
                now['user'] += hosts * again
                sent += hosts * (again * HEADERS + int((users * FEW_FIELDS + again * WHOLE_USER + groups * GROUP) * GZIP))
        for bucket, n in now.items():
            asked[bucket] += n
            backlog[bucket] = max(0.0, backlog[bucket] + n - LIMIT[bucket] * SHARE)
            worst[bucket] = max(worst[bucket], backlog[bucket] / (LIMIT[bucket] * SHARE))
    load = max(asked[b] / MINUTES / (LIMIT[b] * SHARE) for b in LIMIT)
    return sum(asked.values()) / MINUTES, load, max(worst.values()), sent


def published(org, hosts, differences):
    """Bytes of a day from the store to all hosts; each looks once a minute."""
    sent, waiting = 0, 0
    for minute, (users, groups) in enumerate(changes(org)):
        changed = users + groups
        if differences:
            sent += SIGNED_LIST + changed * ENTRY_OF_A_DIFFERENCE if changed else UNCHANGED
            continue
        waiting += changed
        if minute % WHOLE_EVERY == WHOLE_EVERY - 1 and waiting:
            sent += SIGNED_LIST + org.users * PACKED_A_USER
            waiting = 0
        else:
            sent += UNCHANGED
    return sent * hosts


# --- tables ---------------------------------------------------------------------------------

def count(n):
    return f'{n:,.0f}' if n >= 10 else f'{n:.1f}'


def size(n):
    for unit in ('B', 'kB', 'MB', 'GB', 'TB', 'PB'):
        if n < 1000 or unit == 'PB':
            return f'{n:.0f} {unit}' if n >= 100 or unit == 'B' else f'{n:.2g} {unit}' if n < 10 else f'{n:.0f} {unit}'
        n /= 1000
    return ''


def wait(minutes):
    if minutes < 1:
        return 'none'
    if minutes < 120:
        return f'{minutes:.0f} min'
    if minutes < 48 * 60:
        return f'{minutes / 60:.0f} h'
    return f'{minutes / 60 / 24:,.0f} days'


def verdict(load):
    return f'{load * 100:.1f} %' if load < 0.1 else f'{load * 100:.0f} %' if load <= 1 else f'**{load:,.0f} times**' if load >= 10 else f'**{load:.1f} times**'


def table(head, rows):
    print('| ' + ' | '.join(head) + ' |')
    print('|' + '---|' * len(head))
    for row in rows:
        print('| ' + ' | '.join(row) + ' |')
    print()


def main():
    print('One full sync:\n')
    rows = []
    for org in ORGS:
        requests, sent = full_sync(org)
        minutes = max(n / (LIMIT[b] * SHARE) for b, n in requests.items())
        rows.append([org.name, f'{org.groups:,}', f"{requests['users']:,}", f"{requests['groups']:,}",
                     f'{minutes:.1f}' if minutes < 10 else f'{minutes:.0f}', size(sent)])
    table(['users', 'groups', 'requests: users', 'requests: groups and members',
           'minutes at least, at the limit', 'bytes'], rows)

    print('Every host asks Okta itself. Load: of the busiest rate limit, one client\'s half of it; '
          'above 100 % it falls behind for ever, and "behind" says how far after one day:\n')
    ways = [('full', 'full, hourly'), ('delta', 'delta'), ('log', 'System Log')]
    rows = []
    for org in ORGS:
        for hosts in HOSTS:
            for way, name in ways:
                requests, load, lag, sent = a_day(org, hosts, way)
                rows.append([org.name, f'{hosts:,}', name, count(requests), verdict(load), wait(lag),
                             size(sent)])
    table(['users', 'hosts', 'way', 'requests a minute', 'load', 'behind', 'bytes a day'], rows)

    print('So many hosts can ask Okta themselves before a limit is reached:\n')
    table(['users'] + [name for _, name in ways],
          [[org.name] + [f'{int(1 / a_day(org, 1, way)[1]):,}' for way, _ in ways] for org in ORGS])

    print('One collector asks Okta (delta; the requests and the load are those of one host above, for any '
          'number of hosts) and publishes; hosts fetch:\n')
    rows = []
    for org in ORGS:
        requests, load, _, _ = a_day(org, 1, 'delta')
        for hosts in HOSTS:
            whole, differences = published(org, hosts, False), published(org, hosts, True)
            rows.append([org.name, f'{hosts:,}', count(requests), verdict(load), size(whole),
                         size(differences), size(differences / hosts)])
    table(['users', 'hosts', 'requests a minute to Okta', 'load', 'bytes a day, whole snapshots',
           'bytes a day, differences', 'the latter, each host'], rows)


if __name__ == '__main__':
    main()
