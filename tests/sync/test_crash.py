#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""okta-sync killed, starved, locked out and watched: the last good snapshot stays, no secret leaves."""
import glob
import os
import random
import signal
import stat
import subprocess
import sys
import time

from world import BUILD, UID, Host, Org, as_uid, gone, has, lacks, main, same, test, user, wait_for


def crowd(n, first=1):
    return [user(i, f'u{i}@acme.example', displayName='x' * 60) for i in range(first, first + n)]


def host_with(people):
    h = Host(sync__max_removal_percent='100')
    h.use_files(users=people, groups=[])
    return h


def sound(path):
    p = subprocess.run([os.path.join(BUILD, 'oktactl'), 'snapshot', 'verify', path], capture_output=True, text=True,
                       preexec_fn=as_uid, check=False)
    return p.returncode == 0


IN_PLACE = '''
import sys, time
data = open(sys.argv[1], "rb").read()
with open(sys.argv[2], "r+b", buffering=0) as f:
    print("begun", flush=True)
    for i in range(0, len(data), 512):
        f.write(data[i:i + 512])
        time.sleep(0.0005)
'''


def kill_often(start, check, times, longest):
    """Kill what START starts after a random time up to LONGEST, until TIMES of them were still
    running then; how often CHECK fails."""
    rng = random.Random(3)
    bad = killed = 0
    for _ in range(6 * times):
        p = start()
        time.sleep(rng.random() * longest)
        p.send_signal(signal.SIGKILL)
        p.communicate()
        killed += p.returncode == -signal.SIGKILL
        bad += not check()
        if killed == times:
            break
    return killed, bad


@test
def kill_9_at_eighty_instants_leaves_a_whole_snapshot_and_the_same_ids():
    h = host_with(crowd(1500))
    h.sync()
    path = os.path.join(h.state, 'directory.snapshot')
    first = {u['okta_id']: u['uid'] for u in h.dump()[0].values()}
    begin = time.monotonic()
    h.use_files(users=crowd(1500, 5), groups=[])
    h.sync()
    longest = (time.monotonic() - begin) * 1.1
    seen = set()

    def check():
        with open(path, 'rb') as f:
            seen.add(f.read(48)[32:40])
        return sound(path)

    flip = [crowd(1500), crowd(1500, 5)]

    def start():
        flip.reverse()
        h.use_files(users=flip[0], groups=[])
        return h.start()

    killed, bad = kill_often(start, check, 80, longest)
    same((killed, bad), (80, 0))
    assert len(seen) > 1, 'no run got as far as the snapshot: the instants were too early'
    h.use_files(users=crowd(1500), groups=[])
    h.sync()
    same({u['okta_id']: u['uid'] for u in h.dump()[0].values()}, first)
    same(glob.glob(os.path.join(h.state, '*.tmp')), [])


@test
def the_same_check_catches_a_writer_that_writes_in_place():
    h = host_with(crowd(300))
    h.sync()
    path = os.path.join(h.state, 'directory.snapshot')
    old = h.path('old')
    new = h.path('new')
    with open(old, 'wb') as f:
        f.write(h.snapshot())
    h.use_files(users=crowd(300, 200), groups=[])
    h.sync()
    with open(new, 'wb') as f:
        f.write(h.snapshot())

    def start():
        subprocess.run(['cp', old, path], check=True)
        p = subprocess.Popen([sys.executable, '-c', IN_PLACE, new, path], stdout=subprocess.PIPE, preexec_fn=as_uid)
        same(p.stdout.readline(), b'begun\n')  # how long python takes to start does not count
        return p

    _, bad = kill_often(start, lambda: sound(path), 20, 0.05)
    assert bad >= 3, bad


@test
def a_second_okta_sync_in_one_state_directory_says_so_and_waits_for_nothing():
    org = Org()
    h = Host(org)
    org.fault(path='^/api/v1/users', kind='delay', delay_ms=3000, times=1)
    p = h.start()
    wait_for(lambda: any(x['path'].startswith('/api/v1/groups') for x in org.log()))
    q = subprocess.run(h.command(), capture_output=True, text=True, preexec_fn=as_uid, check=False)
    same(q.returncode, 75)
    has(q.stderr, 'another okta-sync')
    p.communicate()
    same(p.returncode, 0)


@test
def the_fetcher_dies_with_its_parent():
    org = Org()
    h = Host(org)
    org.fault(path='^/api/v1/users', kind='delay', delay_ms=20000, times=1)
    p = h.start()
    wait_for(lambda: any(x['path'].startswith('/api/v1/groups') for x in org.log()))
    children = subprocess.run(['pgrep', '-P', str(p.pid)], capture_output=True, text=True, check=False).stdout.split()
    same(len(children), 1)
    # stopped, it cannot notice the closed socket: only the kernel can end it
    os.kill(int(children[0]), signal.SIGSTOP)
    p.send_signal(signal.SIGKILL)
    p.communicate()
    wait_for(lambda: gone(children[0]), 2)


@test
def no_secret_is_seen_in_arguments_environment_output_log_or_state():
    org = Org()
    for use, name in (('use_secret', 'service-secret'), ('use_ssws', 'ssws-token'), ('use_key', 'service.key')):
        h = Host(org)
        getattr(h, use)()
        secret = org.secret(name)
        canaries = [secret] if 'KEY' not in secret else [x for x in secret.splitlines() if len(x) == 64]
        org.fault(path='^/api/v1/users', kind='delay', delay_ms=1500, times=1)
        p = h.start(env={'SECRET_FROM_OUTSIDE': 'canary', 'https_proxy': 'http://localhost:1', 'SSLKEYLOGFILE': h.path('keys')})
        wait_for(lambda: any(x['path'].startswith('/api/v1/groups') for x in org.log()))
        seen = b''
        for pid in [str(p.pid)] + subprocess.run(['pgrep', '-P', str(p.pid)], capture_output=True, text=True,
                                                 check=False).stdout.split():
            for what in ('cmdline', 'environ'):
                try:
                    with open(f'/proc/{pid}/{what}', 'rb') as f:
                        seen += f.read()
                except OSError:
                    pass
        out, _ = p.communicate()
        same(p.returncode, 0)
        for root, _, files in os.walk(h.state):
            for file in files:
                with open(os.path.join(root, file), 'rb') as f:
                    seen += f.read()
        text = seen.decode('latin-1') + out
        lacks(text, *canaries)
        lacks(text, 'eyJ')
        assert not os.path.exists(h.path('keys'))
        org.admin('DELETE', '/log')


@test
def a_state_directory_others_can_write_is_refused():
    h = host_with(crowd(3))
    os.chmod(h.state, 0o777)
    has(h.sync(expect=78), 'chmod go-w')
    os.chmod(h.state, 0o755)
    os.rename(h.state, h.path('real'))
    os.symlink('real', h.state)
    h.sync(expect=78)


@test
def a_read_only_state_directory_keeps_the_last_good_snapshot():
    h = host_with(crowd(3))
    h.sync()
    before = h.snapshot()
    os.chmod(h.state, 0o555)
    out = h.sync(expect=75)
    os.chmod(h.state, 0o755)
    has(out, 'Permission denied')
    same(h.snapshot(), before)


@test
def a_damaged_present_snapshot_is_replaced_and_reported():
    h = host_with(crowd(30))
    h.sync()
    path = os.path.join(h.state, 'directory.snapshot')
    with open(path, 'r+b') as f:
        f.seek(100)
        f.write(b'\xff' * 40)
    has(h.sync(), 'cannot be used')
    assert sound(path)


@test
def files_of_the_state_directory_have_the_modes_they_need():
    h = host_with(crowd(3))
    with open(os.path.join(h.state, 'sync-status.json.4711.tmp'), 'wb') as f:
        f.write(b'left by a writer that was killed')
    h.sync()
    mode = {x: stat.S_IMODE(os.stat(os.path.join(h.state, x)).st_mode) for x in os.listdir(h.state)}
    same(mode, {'directory.snapshot': 0o644, 'registry.db': 0o600, 'sync-base': 0o600, 'sync-status.json': 0o644,
                'lock': 0o600})


@test
def ten_thousand_people_and_half_a_thousand_groups_are_read_whole():
    org = Org('--users', '10000', '--groups', '500')
    h = Host(org, groups__match='team-*')
    out = h.sync()
    users, groups, _ = h.dump()
    assert len(users) >= 10000, out
    assert sum(len(g['members']) for g in groups.values()) > 50000
    before = {u['okta_id']: u['uid'] for u in users.values()}
    h.sync()
    same({u['okta_id']: u['uid'] for u in h.dump()[0].values()}, before)


if __name__ == '__main__':
    assert UID != 0
    main()
