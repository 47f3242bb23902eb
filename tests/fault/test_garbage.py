#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""test_garbage.py BUILD [full]: okta-auth-helper and okta-sync while an answer of Okta's is garbage, cut, mutated or
no HTTP: nobody gets in but who was approved, no snapshot changes, nothing crashes or stays behind.  `full`: 10,000
answers to the helper and 1,000 to okta-sync; else a slice of both.  SEED=N: other answers."""
import concurrent.futures
import json
import os
import queue
import random
import re
import shutil
import signal
import ssl
import subprocess
import sys
import threading
import time
import urllib.request

import fault
import garbage
from fault import BUILD, FULL, main, make, test

sys.path.insert(0, os.path.join(fault.ROOT, 'tests/net'))
sys.path.insert(0, os.path.join(fault.ROOT, 'tests/sync'))
os.environ['HELPER'] = os.path.join(BUILD, 'okta-auth-helper')
import helper  # noqa: E402
import world  # noqa: E402
from hostile import Hostile, Proxy  # noqa: E402
from okta import Okta  # noqa: E402

LOGINS = 10200 if FULL else 240  # some end before they meet what was spoilt
SYNCS = 1000 if FULL else 48
AT_ONCE = 48
FRESH_S = 100  # a token is told again that long
DEADLINE_S = 5  # of a login: one poll, and no second one
PEAK = os.path.join(BUILD, 'tests/fault/peak')
PEAK_KB = 16 * 1024  # of each process of a login
SEED = os.environ.get('SEED', '1')
CLIENT = '0oanativelinuxlogin1'
okta = None


def lead_and_drop_root(drop=helper.drop_root):
    """The processes of one login in a group of their own, by which they are found."""
    os.setsid()
    drop()


helper.drop_root = lead_and_drop_root


def group_is_gone(pid):
    end = time.monotonic() + 5
    while time.monotonic() < end:
        try:
            os.killpg(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


class Place:
    """Where Okta is, for who goes there by `proxy`: tells what was learnt of the stand-in, but for one spoilt answer."""

    def __init__(self, learnt):
        self.learnt = learnt
        self.spoil = self.rng = None
        self.spoilt = 0
        self.server = Hostile(self.answer)
        self.ca = self.server.ca
        self.proxy = Proxy(self.server.port)

    def spoil_with(self, which, kind, *seed):
        self.rng = random.Random(' '.join([SEED, *map(str, seed)]))
        self.spoil, self.spoilt = (which, kind), 0

    def answer(self, conn, request):
        head, _, body = request.partition(b'\r\n\r\n')
        length = re.search(rb'(?i)content-length: (\d+)', head)
        while length and len(body) < int(length[1]):
            body += conn.recv(65536)
        which, whole, honest = self.learnt.of(head.split(b' ')[1].decode())
        if self.spoil and self.spoil[0] == which:
            self.spoilt += 1
            whole = self.spoil[1](self.rng, honest)
        conn.sendall(whole)

    def close(self):
        self.proxy.close()
        self.server.close()
        shutil.rmtree(self.server.dir, ignore_errors=True)


def each(place_of, count, one):
    """What ONE says of each number below COUNT, at places that are handed round."""
    places = queue.Queue()
    made = [place_of() for _ in range(min(AT_ONCE, count))]
    for place in made:
        places.put(place)

    def at_a_place(n):
        place = places.get()
        try:
            return one(place, n)
        finally:
            places.put(place)
    try:
        with concurrent.futures.ThreadPoolExecutor(len(made)) as pool:
            return list(pool.map(at_a_place, range(count)))
    finally:
        for place in made:
            place.close()


# --- the helper -------------------------------------------------------------------------------

class Login:
    """The three answers of one approved login, as the stand-in gave them."""
    PATHS = {'device': '/device/authorize', 'token': '/v1/token', 'keys': '/v1/keys'}

    def __init__(self):
        self.lock, self.made, self.kept, self.approved = threading.Lock(), 0, {}, {}

    def learn(self):
        with self.lock:
            if self.kept and time.monotonic() - self.made < FRESH_S:
                return
            device = okta.oauth('device/authorize', scope='openid profile groups', client_id=CLIENT)
            okta.approve(device)
            time.sleep(1.1)
            token = okta.oauth('token', client_id=CLIENT, device_code=device['device_code'],
                               grant_type='urn:ietf:params:oauth:grant-type:device_code')
            with urllib.request.urlopen(okta.url + '/oauth2/v1/keys', context=okta.tls) as a:
                keys = a.read()
            claims = jwt_claims(token['id_token'])
            self.approved[claims['jti']] = claims  # a login under way may have the one before
            self.kept = {'device': json.dumps(device).encode(), 'token': json.dumps(token).encode(), 'keys': keys}
            self.made = time.monotonic()

    def of(self, path):
        which = next(name for name, part in self.PATHS.items() if part in path)
        return which, garbage.http(self.kept[which]), self.kept[which]


def jwt_claims(token):
    part = token.split('.')[1]
    return json.loads(garbage.base64.urlsafe_b64decode(part + '=' * (-len(part) % 4)))


def run_login(place, learnt):
    """(what was said last, exit status, is a process left, the most memory that one of its processes held)"""
    with helper.Helper(okta.url, ca_file=place.ca, proxy=place.proxy.url, deadline_s=DEADLINE_S, clock_skew_s=300, wrap=(PEAK,)) as h:
        try:
            m = h.read(25)
            if m['type'] == helper.PROMPT:
                m = h.read(25)
        except (TimeoutError, AssertionError, IndexError, ValueError) as e:
            m = {'type': 'no message: %r' % e}
        h.sock.close()
        try:
            status = h.proc.wait(10)
        except subprocess.TimeoutExpired:
            return m, 'hangs', True, 0
        peak = int(re.search(rb'peak_kb=(\d+)\n$', h.proc.stderr.read())[1])
        return m, status, not group_is_gone(h.proc.pid), peak


def is_the_approved(m, learnt):
    """The token's own claims, whatever else was spoilt."""
    c = learnt.approved.get(m['jti'])
    return c is not None and (m['iss'], m['sub'], m['jti'], m['iat_s'], m['exp_s'], m['preferred_username'], m['groups']) == (
        c['iss'], c['sub'], c['jti'], c['iat'], c['exp'], c['preferred_username'], c['groups'])


def wrong_with_login(m, status, stray, learnt):
    if m['type'] == helper.CLAIMS:
        if not is_the_approved(m, learnt):
            return 'a login nobody approved: %r' % m
    elif m['type'] != helper.FAILURE:
        return 'said %r' % m['type']
    if stray:
        return 'a process is left'
    return None if status == 0 else 'ended with %r' % status


@test
def answers_that_are_garbage_log_in_nobody_who_was_not_approved_and_crash_nothing():
    okta.switches(device_interval=1)
    learnt = Login()
    learnt.learn()

    def one(place, n):
        learnt.learn()
        # most of it at the first answer, which costs no wait
        which = ('device', 'token', 'device', 'keys', 'device')[n % 5]
        kind = random.Random(n).choice(garbage.ANYTHING + [garbage.unsigned_claims] * 2 * (which == 'token'))
        place.spoil_with(which, kind, n)
        m, status, stray, peak = run_login(place, learnt)
        wrong = wrong_with_login(m, status, stray, learnt) or peak > PEAK_KB and f'a process held {peak} kB'
        return m['type'] == helper.CLAIMS, place.spoilt > 0, wrong and f'{n} {which} {kind.__name__}: {wrong}', peak
    rows = each(lambda: Place(learnt), LOGINS, one)
    wrong = [r[2] for r in rows if r[2]]
    spoilt = sum(r[1] for r in rows)
    print(f'# figure R16 what=helper-answers n={spoilt} logins_by_right={sum(r[0] for r in rows)} '
          f'wrong={len(wrong)} peak_kb={max(r[3] for r in rows)}', flush=True)
    assert not wrong, '\n'.join(wrong[:40])
    assert spoilt > 0.95 * LOGINS, spoilt


def many_values(one):
    """A megabyte of JSON that is nothing but small values: what takes the most memory for each of its bytes."""
    body = b'{"a":[' + (one + b',') * ((2 ** 20 - 16) // (len(one) + 1)) + b'0]}'
    return lambda rng, honest: garbage.http(body)


@test
def an_answer_of_nothing_but_small_values_is_refused_and_takes_no_more_memory_than_others():
    learnt = Login()
    learnt.learn()
    rows = [(which, one) for which in ('device', 'token', 'keys') for one in (b'0', b'[]', b'{}', b'{"":0}')]

    def login_at(place, n):
        which, one = rows[n]
        place.spoil_with(which, many_values(one), n)
        m, status, stray, peak = run_login(place, learnt)
        wrong = ('nothing was spoilt' if not place.spoilt else
                 'a login' if m['type'] == helper.CLAIMS else
                 f'a process held {peak} kB' if peak > PEAK_KB else wrong_with_login(m, status, stray, learnt))
        return peak, wrong and f'{which} {one}: {wrong}'
    done = each(lambda: Place(learnt), len(rows), login_at)
    peak = max(r[0] for r in done)
    wrong = [r[1] for r in done if r[1]]
    print(f'# figure R16 what=small-values n={len(rows)} wrong={len(wrong)} peak_kb={peak}', flush=True)
    assert not wrong, '\n'.join(wrong)


@test
def the_same_answers_unspoilt_log_in_who_was_approved():
    learnt = Login()
    learnt.learn()
    place = Place(learnt)
    try:
        m, status, stray, _ = run_login(place, learnt)
    finally:
        place.close()
    assert m['type'] == helper.CLAIMS and is_the_approved(m, learnt), m
    assert status == 0 and not stray, status


# --- okta-sync --------------------------------------------------------------------------------

class Directory:
    """Every answer of the stand-in to one okta-sync, by its path."""

    def __init__(self, org):
        self.org, self.kept, self.lock = org, {}, threading.Lock()
        self.token = org.secret('ssws-token')
        self.tls = ssl.create_default_context(cafile=org.ca)

    def of(self, path):
        with self.lock:
            if path not in self.kept:
                request = urllib.request.Request(self.org.url + path, headers={'Authorization': 'SSWS ' + self.token})
                with urllib.request.urlopen(request, context=self.tls) as a:
                    head = ''.join(f'{k}: {v}\r\n' for k, v in a.headers.items()
                                   if k.lower() not in ('content-length', 'connection', 'transfer-encoding', 'keep-alive'))
                    self.kept[path] = head.encode('latin-1'), a.read()
            head, body = self.kept[path]
        # a page that fails is asked for again as smaller ones
        return path.split('?')[0], garbage.http(body, head=head), body


def host_at(place, org):
    host = world.Host(org)
    host.use_ssws()
    host.set(okta__proxy=place.proxy.url)
    shutil.copy(place.ca, host.path('ca.pem'))
    return host


def run_sync(host):
    """(exit status, output, is a process left); the group is its own."""
    p = host.start(start_new_session=True)
    try:
        out, _ = p.communicate(timeout=120)
    except subprocess.TimeoutExpired:
        os.killpg(p.pid, signal.SIGKILL)
        return 'hangs', p.communicate()[0], False
    return p.returncode, out, not group_is_gone(p.pid)


@test
def answers_that_are_none_change_no_snapshot_and_crash_nothing():
    org = world.Org()
    learnt = Directory(org)
    hosts = {}

    def one(place, n):
        if place not in hosts:
            hosts[place] = host_at(place, org)
            place.spoil = None
            status, out, _ = run_sync(hosts[place])
            assert status == 0, out
        host = hosts[place]
        path = random.Random(n).choice(sorted({p.split('?')[0] for p in learnt.kept if p.startswith('/api/')}))
        kind = garbage.NONE_AT_ALL[n % len(garbage.NONE_AT_ALL)]
        place.spoil_with(path, kind, n)
        before = host.snapshot()
        status, out, stray = run_sync(host)
        wrong = ('the snapshot is another one' if host.snapshot() != before else
                 'a process is left' if stray else
                 f'exit status {status}' if status in (0, 'hangs') or status < 0 or status > 127 else
                 'no line that names it' if 'okta-sync: ' not in out else None)
        return place.spoilt > 0, wrong and f'{n} {path} {kind.__name__}: {wrong}\n{out}'
    rows = each(lambda: Place(learnt), SYNCS, one)
    wrong = [r[1] for r in rows if r[1]]
    spoilt = sum(r[0] for r in rows)
    print(f'# figure R16 what=sync-answers n={spoilt} changed_snapshots={len(wrong)}', flush=True)
    assert not wrong, '\n'.join(wrong[:10])
    assert spoilt > 0.95 * SYNCS, spoilt


if __name__ == '__main__':
    make('all', PEAK)
    okta = Okta()
    try:
        status_of_all = main()
    finally:
        okta.close()
        world.Org.stop_all()
        for each_host in world.Host.made:
            shutil.rmtree(each_host.dir, ignore_errors=True)
    sys.exit(status_of_all)
