#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""sync.py BUILD [1k|100k|1m]: what a full sync of a large directory costs, and a change in it.

Prints rows of the table of tests/bench/run: what, measured, beside it, goal.  The stand-in
works the directory out page by page (tests/okta/mass.mjs).  CPU is that of okta-sync with
its fetcher; a first sync with no group at all tells people and memberships apart.  Then one
person is suspended and let in again, several times, under --watch.  The last part, which is
left out with a million, has the stand-in enforce limits, in windows of 45 seconds instead of a
minute, and sets the time it took beside the time the limits allow.
"""
import json
import os
import resource
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), '../..'))
BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else os.path.join(ROOT, 'build'))
SIZES = {'1k': [1000, 100, 10000], '100k': [100000, 2000, 1000000], '1m': [1000000, 10000, 10000000]}
SIZE = SIZES[sys.argv[2].split()[-1] if len(sys.argv) > 2 else '1m']
UID = 61100
WINDOW_S = 45
CONF = '''[okta]
org_url = {url}
ca_file = {dir}/ca.pem
[login]
client_id = 0oanativelinuxlogin1
allow_groups = *
[users]
strip_domains = acme.example
[groups]
match = {match}
[sync]
auth = private_key_jwt
client_id = 0oaserviceoktasync01
key_id = service-1
private_key_file = {dir}/service.key
'''


def say(text):
    print('bench: ' + text, file=sys.stderr, flush=True)


def row(what, measured, beside='', goal=''):
    print(f'{what}\t{measured}\t{beside}\t{goal}', flush=True)


class StandIn:
    def __init__(self, mass):
        self.dir = tempfile.mkdtemp(prefix='okta-bench-org.')
        args = ['node', '--max-old-space-size=3000', os.path.join(ROOT, 'tests/okta/server.mjs'), '--dir', self.dir, '--port', '0',
                '--mass', ','.join(map(str, mass))]
        self.p = subprocess.Popen(args, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True)
        line = self.p.stdout.readline()
        if not line.startswith('ready '):
            raise RuntimeError('the stand-in did not start')
        self.url = line.split()[1]

    def admin(self, method, path, body=None):
        req = urllib.request.Request(self.url + '/__admin' + path, None if body is None else json.dumps(body).encode(), method=method,
                                     headers={'content-type': 'application/json'})
        with urllib.request.urlopen(req, context=ssl.create_default_context(cafile=os.path.join(self.dir, 'ca.pem'))) as r:
            text = r.read()
        return json.loads(text) if text else None

    def log(self):
        """Every request so far: the file keeps more of them than /log does."""
        with open(os.path.join(self.dir, 'requests.log'), encoding='utf-8') as f:
            return [json.loads(x) for x in f if '/api/v1/' in x]

    def stop(self):
        self.p.send_signal(signal.SIGTERM)
        self.p.wait()
        self.p.stdout.close()
        shutil.rmtree(self.dir)


def host(org, match):
    path = tempfile.mkdtemp(prefix='okta-bench-host.')
    os.chmod(path, 0o755)
    os.mkdir(os.path.join(path, 'state'), 0o755)
    for name in ('ca.pem', 'service.key'):
        shutil.copy(os.path.join(org.dir, name), path)
    with open(os.path.join(path, 'conf'), 'w', encoding='utf-8') as f:
        f.write(CONF.format(url=org.url, dir=path, match=match))
    for base, dirs, files in os.walk(path):
        for name in ['.'] + dirs + files:
            os.chown(os.path.join(base, name), UID, UID)
    return path


def peak_kib(pid):
    try:
        with open(f'/proc/{pid}/status', encoding='ascii') as f:
            return next((int(x.split()[1]) for x in f if x.startswith('VmHWM:')), 0)
    except OSError:
        return 0


def watch(pid, peaks, done):
    """The largest resident size of PID and of its child, as long as they live."""
    while not done.wait(0.1):
        try:
            with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as f:
                children = f.read().split()
        except OSError:
            return
        peaks['writer'] = max(peaks['writer'], peak_kib(pid))
        for child in children:
            peaks['fetcher'] = max(peaks['fetcher'], peak_kib(child))


def become():
    os.setgroups([])
    os.setresgid(UID, UID, UID)
    os.setresuid(UID, UID, UID)


def sync(path):
    """(wall s, CPU s, peaks in KiB) of one full sync."""
    peaks, done = {'writer': 0, 'fetcher': 0}, threading.Event()
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command = [os.path.join(BUILD, 'okta-sync'), '--config', path + '/conf', '--state', path + '/state', '--once']
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=become, text=True) as p:
        watcher = threading.Thread(target=watch, args=(p.pid, peaks, done))
        watcher.start()
        out = p.communicate()[0]
        done.set()
        watcher.join()
    if p.returncode != 0:
        raise RuntimeError(f'okta-sync failed: {out[-300:]}')
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return time.monotonic() - began, cpu, peaks


def ended_cpu(pid):
    """CPU s of the children of PID that have ended."""
    with open(f'/proc/{pid}/stat', encoding='ascii') as f:
        fields = f.read().rsplit(')', 1)[1].split()
    return (int(fields[13]) + int(fields[14])) / os.sysconf('SC_CLK_TCK')


class Lines(threading.Thread):
    """What a process says, each line with the time at which it came."""
    def __init__(self, p):
        super().__init__(daemon=True)
        self.p, self.said = p, []
        self.start()

    def run(self):
        for line in self.p.stdout:
            self.said.append((time.monotonic(), line))

    def wait_for(self, part, since=0):
        """When PART came, not before SINCE."""
        while True:
            ended = not self.is_alive()
            for at, line in self.said:
                if at >= since and part in line:
                    return at
            if ended:
                raise RuntimeError(f'okta-sync ended before it said "{part}"')
            time.sleep(0.01)


def change(org, p, lines, user, status):
    """(wall s until it is published, CPU s of the turn, its peak in KiB)"""
    peaks, done = {'writer': 0, 'fetcher': 0}, threading.Event()
    watcher = threading.Thread(target=watch, args=(p.pid, peaks, done))
    before, began = ended_cpu(p.pid), time.monotonic()
    watcher.start()
    org.admin('PATCH', '/users/' + user, {'status': status})
    p.send_signal(signal.SIGUSR2)
    wall = lines.wait_for('updated:', began) - began
    while ended_cpu(p.pid) <= before:
        time.sleep(0.05)
    done.set()
    watcher.join()
    return wall, ended_cpu(p.pid) - before, peaks['fetcher']  # the larger of two children


def read_beside(org, path, p, lines, user):
    """While everything is read: (wall s until a change is published; from the last page until that is, the largest process
    of those in KiB)."""
    spool = path + '/state/sync-spool'
    org.admin('POST', '/faults', {'path': '^/api/v1/users\\?.*after=', 'kind': 'hold', 'times': 1, 'skip': SIZE[0] // 200 - 2})
    p.send_signal(signal.SIGUSR1)
    size = -1
    while not os.path.exists(spool) or os.path.getsize(spool) != size:
        size = os.path.getsize(spool) if os.path.exists(spool) else -1
        time.sleep(5)  # all is read by then but the last pages of people
    meanwhile, _, _ = change(org, p, lines, user, 'SUSPENDED')
    peaks, done = {'writer': 0, 'fetcher': 0}, threading.Event()
    watcher = threading.Thread(target=watch, args=(p.pid, peaks, done))
    watcher.start()
    began = time.monotonic()
    org.admin('DELETE', '/faults')
    wall = lines.wait_for('done:', began) - began
    done.set()
    watcher.join()
    return meanwhile, wall, peaks['fetcher']


def changes(org, path):
    """The median by CPU of five changes of one person; and read_beside()."""
    user = org.admin('POST', '/users', {'login': 'changes@acme.example', 'status': 'ACTIVE'})['id']
    command = [os.path.join(BUILD, 'okta-sync'), '--config', path + '/conf', '--state', path + '/state', '--watch']
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, preexec_fn=become, text=True) as p:
        lines = Lines(p)
        lines.wait_for('done:')
        while ended_cpu(p.pid) == 0:  # the turn ends behind its line
            time.sleep(0.05)
        measured = [change(org, p, lines, user, status) for status in ('SUSPENDED', 'ACTIVE') * 3][1:]
        beside = read_beside(org, path, p, lines, user)
        p.send_signal(signal.SIGTERM)
        p.wait()
        lines.join()
    return sorted(measured, key=lambda m: m[1])[len(measured) // 2], beside


def size():
    users, groups, memberships = SIZE
    say(f'full sync of {users:,} people, {groups:,} groups, {memberships:,} memberships: some minutes')
    org = StandIn(SIZE)
    try:
        path = host(org, 'none-of-them')
        sync(path)
        _, alone, _ = sync(path)
        shutil.rmtree(path)
        path = host(org, 'team-*')
        wall, first, _ = sync(path)
        asked = len(org.log())
        wall, cpu, peaks = sync(path)
        asked = len(org.log()) - asked
        packed = sum(x['gzip'] for x in org.log()) * 100 // len(org.log())
        snapshot = os.path.getsize(path + '/state/directory.snapshot')
        registry = os.path.getsize(path + '/state/registry.db')
        (until, turn, peak), (meanwhile, landed, most) = changes(org, path)
        shutil.rmtree(path)
    finally:
        org.stop()
    what = f'full sync, {users:,} people, {memberships:,} memberships'
    row(f'{what}: CPU', f'{cpu:.1f} s', f'the first, which makes the registry: {first:.1f} s')
    row('... of that a person', f'{alone * 1e6 / users:.1f} us', '', 'goal 20 us')
    row('... of that a membership', f'{(cpu - alone) * 1e6 / memberships:.2f} us', '', 'goal 3 us')
    row('... wall, as fast as the stand-in is', f'{wall:.0f} s', f'{asked:,} requests, {packed} % packed')
    row('... peak of the fetcher', f"{peaks['fetcher'] // 1024:,} MiB", 'one page each in flight')
    row('... peak of the writer', f"{peaks['writer'] // 1024:,} MiB",
        f'snapshot {snapshot >> 20:,} MiB, registry {registry >> 20:,} MiB')
    row('one person changed, under --watch: CPU', f'{turn:.2f} s', f'published after {until:.2f} s')
    row('... peak of the process of that turn', f'{peak // 1024:,} MiB', 'which ends then')
    row('one person changed while everything is read: published after', f'{meanwhile:.2f} s', '', 'goal 60 s, 10 s with the log')
    row('... what was read is published after', f'{landed:.1f} s', f'largest of those processes {most // 1024:,} MiB')


def limits():
    """121 requests for groups at 61 a window and 30 for people at 15: a pause each, at the same time."""
    say('full sync at enforced limits: a minute')
    org = StandIn([6000, 120, 24000])
    try:
        path = host(org, 'team-*')
        org.admin('PATCH', '/switches', {'enforce_rate_limits': True, 'rate_limits': {'users': 15, 'groups': 61}, 'rate_limit_window_s': WINDOW_S})
        wall, _, _ = sync(path)
        log = org.log()
        shutil.rmtree(path)
    finally:
        org.stop()
    allowed = WINDOW_S
    row(f'full sync of 6,000 people and 120 groups at Okta\'s limits, windows of {WINDOW_S} s', f'{wall:.1f} s', f'the limits allow {allowed} s',
        f'goal 5 % more; it is {(wall / allowed - 1) * 100:.1f} %')
    row('... answers 429', str(sum(x['status'] == 429 for x in log)), f"at most {max(x['in_flight'] for x in log)} at once", 'goal 0; 10 at once')


if __name__ == '__main__':
    size()
    if SIZE != SIZES['1m']:
        limits()
