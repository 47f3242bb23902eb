#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The process of okta-sync that speaks with Okta: how it is shut in, and who knows which secret."""
import os
import re
import resource
import signal
import subprocess
import sys

from world import BUILD, Host, Org, as_uid, group, main, same, test, user, wait_for
from memory import memory_has  # found through world

if os.geteuid() != 0:
    print('1..0 # SKIP needs root to look into processes of another account')
    sys.exit(0)

org = Org()


def child_of(pid):
    with open(f'/proc/{pid}/task/{pid}/children', encoding='ascii') as f:
        children = f.read().split()
    return int(children[0]) if children else None


class Waiting:
    """A sync whose fetcher waits for an answer of Okta's."""

    def __init__(self, path='/api/v1/groups', **keys):
        org.admin('DELETE', '/log')
        org.admin('DELETE', '/faults')
        org.fault(path=path, kind='delay', delay_ms=20000, times=1)
        self.host = Host(org)
        if keys.pop('ssws', False):
            self.host.use_ssws()
        self.p = self.host.start()
        self.writer = self.p.pid
        wait_for(lambda: [r for r in requests() if r['path'].startswith(path)], 20)
        self.fetcher = child_of(self.writer)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.p.kill()
        self.p.wait()
        self.p.stdout.close()
        org.admin('DELETE', '/faults')


def requests():
    log = org.log()
    return [r for r in (log if isinstance(log, list) else log.get('requests', log)) if '/__admin' not in r['path']]


@test
def the_fetcher_is_shut_in():
    with Waiting() as w:
        with open(f'/proc/{w.fetcher}/status', encoding='ascii') as f:
            status = dict(x.split(':\t', 1) for x in f.read().splitlines() if ':\t' in x)
        same((status['Seccomp'], status['NoNewPrivs'], status['CapEff'].strip('0'), status['Umask']), ('2', '1', '', '0077'))
        same(os.stat(f'/proc/{w.fetcher}/mem').st_uid, 0)
        with open(f'/proc/{w.fetcher}/limits', encoding='ascii') as f:
            limits = {x[:26].strip(): x[26:].split()[:2] for x in f.read().splitlines()[1:]}
        same((limits['Max core file size'], limits['Max file size'], limits['Max open files']),
             (['0', '0'], ['0', '0'], ['64', '64']))
        seen = [os.readlink(f'/proc/{w.fetcher}/fd/{n}') for n in sorted(os.listdir(f'/proc/{w.fetcher}/fd'), key=int)]
        same(seen[:3], ['/dev/null'] * 3)
        files = [x for x in seen[3:] if not x.startswith(('socket:', 'anon_inode:', 'pipe:'))]
        same(files, [])


@test
def the_fetcher_ends_with_the_writer():
    with Waiting() as w:
        fd = os.pidfd_open(w.fetcher)
        os.kill(w.writer, signal.SIGKILL)
        w.p.wait()
        ended = subprocess.run([sys.executable, '-c', 'import select,sys;'
                                'print(len(select.select([int(sys.argv[1])],[],[],5)[0]))', str(fd)],
                               pass_fds=[fd], check=True, capture_output=True).stdout
        os.close(fd)
        same(ended.strip(), b'1')


@test
def the_writer_knows_no_secret_once_the_fetcher_runs():
    with Waiting(ssws=True) as w:
        token = org.secret('ssws-token').encode()
        if not memory_has(w.fetcher, token):
            raise AssertionError('the control: the fetcher has no token')
        if memory_has(w.writer, token):
            raise AssertionError('the writer has the token')
    with Waiting() as w:
        line = org.secret('service.key').splitlines()[3].encode()
        for pid, who in ((w.writer, 'the writer'), (w.fetcher, 'the fetcher, after it has read it,')):
            if memory_has(pid, line):
                raise AssertionError(who + ' has the text of the private key')


@test
def no_secret_is_an_argument_or_in_the_environment():
    for ssws in (True, False):
        with Waiting(ssws=ssws) as w:
            secrets = [org.secret('ssws-token').encode()] + org.secret('service.key').encode().splitlines()[1:-1]
            for pid in (w.writer, w.fetcher):
                for name in ('cmdline', 'environ'):
                    with open(f'/proc/{pid}/{name}', 'rb') as f:
                        data = f.read()
                    same([s for s in secrets if s in data], [])


@test
def a_crash_of_either_leaves_no_core():
    old = resource.getrlimit(resource.RLIMIT_CORE)
    before = os.listdir('/')
    resource.setrlimit(resource.RLIMIT_CORE, (old[1], old[1]))
    try:
        with Waiting() as w:
            os.kill(w.writer, signal.SIGSEGV)
            _, status = os.waitpid(w.writer, 0)
            w.p.returncode = status
            same((os.WIFSIGNALED(status), os.WCOREDUMP(status)), (True, False))
        with Waiting() as w:
            os.kill(w.fetcher, signal.SIGSEGV)
            out, _ = w.p.communicate(timeout=20)
            same(w.p.returncode, 75)
            same([x for x in os.listdir('/') if x.startswith('core') and x not in before], [])
            if 'fetcher ended' not in out:
                raise AssertionError(out)
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, old)


def traced(host):
    """The system calls of the fetcher of one sync, from its own sandbox on."""
    host.write()
    log = host.path('trace')
    p = subprocess.run(['strace', '-f', '-o', log, *host.command()], stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                       text=True, preexec_fn=as_uid, stdin=subprocess.DEVNULL, timeout=120, check=False)
    same((p.returncode, p.stdout if p.returncode else ''), (0, ''))
    calls = {}
    with open(log, encoding='ascii', errors='replace') as f:
        for line in f:
            pid, rest = line.split(None, 1)
            calls.setdefault(pid, []).append(rest)
    fetchers = [c for c in calls.values() if any(x.startswith('seccomp(SECCOMP_SET_MODE_FILTER') for x in c)]
    same(len(fetchers), 1)
    at = [i for i, x in enumerate(fetchers[0]) if x.startswith('seccomp(SECCOMP_SET_MODE_FILTER')][0]
    return fetchers[0][at + 1:], calls


@test
def a_fetcher_that_reads_from_disk_has_no_network_and_neither_writes_a_file():
    h = Host()
    h.use_files(users=[user(1, 'ada@acme.example')], groups=[group(1, 'eng')],
                **{'group__00g00000000000000001__users': []})
    h.set(groups__match='eng')
    calls, everybody = traced(h)
    same([x for c in everybody.values() for x in c if 'SIGSYS' in x or re.match(r'connect\(\d+, \{sa_family=AF_INET', x)], [])
    same([x for x in calls if re.match(r'(socket|connect|bind)\(', x)], [])
    if not [x for x in calls if re.match(r'open(at)?\(', x)]:
        raise AssertionError('the control: it opened nothing')
    calls += traced(Host(org))[0]
    same([x for x in calls if re.match(r'open(at)?\(', x) and re.search(r'O_(WRONLY|RDWR|CREAT)', x)], [])


if not os.path.exists(os.path.join(BUILD, 'okta-sync')):
    raise SystemExit('build first')
sys.exit(main())
