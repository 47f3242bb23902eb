#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""okta-sync --watch where the disk or the descriptors are used up: what changed is published as soon as it can be."""
import contextlib
import os
import resource
import signal
import subprocess
import sys

from meanwhile import begin, paged, publish, set_status, somebody, spooled, status_of
from watched import ORG, ask, whole_lists, with_log
from watcher import Watch, main
from world import UID, as_uid, lacks, same, test, wait_for


@contextlib.contextmanager
def crowd(n):
    ids = [ORG.admin('POST', '/users', {'login': f'crowd{i}@acme.example'})['id'] for i in range(n)]
    try:
        yield
    finally:
        for i in ids:
            ORG.admin('DELETE', '/users/' + i)


@contextlib.contextmanager
def small_disk(h):
    """The state directory on a disk of its own, in a mount namespace of ours; call the value to fill all but so much."""
    fill = os.path.join(h.state, 'fill')

    def leave(free):
        st = os.statvfs(h.state)
        with open(fill, 'wb') as f:
            f.write(bytes(st.f_bavail * st.f_frsize - free))

    subprocess.run(['mount', '-t', 'tmpfs', '-o', f'size=4m,mode=755,uid={UID},gid={UID}', 'small', h.state], check=True)
    try:
        yield leave
    finally:
        subprocess.run(['umount', '-l', h.state], check=True)


@test
def pages_that_are_kept_give_way_to_a_change_that_the_disk_has_no_room_for():
    with crowd(150):
        h = paged(with_log)
        ORG.switch(page_size_cap=0)
        with small_disk(h) as leave:
            w = Watch(h)
            ask(w)
            with somebody(h) as person:
                begin(w, "^/api/v1/groups/.*/users")
                spooled(h)
                room = os.path.getsize(h.spool)
                assert room > 20000, room
                leave(len(h.snapshot()) - room // 2)
                set_status(person, 'SUSPENDED')()
                w.send(signal.SIGUSR2)
                w.says('No space left on device')
                wait_for(lambda: not os.path.exists(h.spool))
                publish(w, lambda: None, status_of(person['name'], 'SUSPENDED'))
                os.unlink(os.path.join(h.state, 'fill'))
                ORG.admin('DELETE', '/faults')
                h.equal_to_full()
                w.stop()


@contextlib.contextmanager
def no_descriptors_left(pid):
    """As its user: root of a container may not."""
    def limit(soft):
        subprocess.run(['prlimit', '--pid', str(pid), f'--nofile={soft}:'], preexec_fn=as_uid, check=True)

    soft, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit(len(os.listdir(f'/proc/{pid}/fd')))
    try:
        yield
    finally:
        limit(soft)


@test
def a_snapshot_that_cannot_be_opened_for_want_of_descriptors_is_no_reason_to_read_everything():
    h = paged(with_log)
    w = Watch(h)
    ask(w)
    start = len(w.told)
    ORG.admin('DELETE', '/log')
    with somebody(h) as person:
        with no_descriptors_left(w.p.pid):
            set_status(person, 'SUSPENDED')()
            w.send(signal.SIGUSR2)
            w.says('directory.snapshot: cannot open')
        publish(w, lambda: None, status_of(person['name'], 'SUSPENDED'))
        same(w.fulls(start), 0)
        lacks('\n'.join(w.told[start:]), 'STATUS=reading everything')
        same(whole_lists(), [])
        h.equal_to_full()
        w.stop()


if __name__ == '__main__':
    if os.geteuid() != 0:
        print('1..0 # SKIP needs root for a mount namespace')
        sys.exit()
    if os.environ.get('OKTA_SYNC_SHORTAGE') != 'inside':
        os.environ['OKTA_SYNC_SHORTAGE'] = 'inside'
        os.execvp('unshare', ['unshare', '-m', sys.executable, *sys.argv])
    main()
