# SPDX-License-Identifier: BSD-2-Clause
"""A running okta-sync --watch, what it says and what it tells the service manager."""
import contextlib
import os
import signal
import socket
import subprocess
import threading

import world
from world import as_uid, same, wait_for


def kill_together(pids):
    """None of them sees another one end."""
    for number in (signal.SIGSTOP, signal.SIGKILL):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):  # one goes with the other
                os.kill(pid, number)


class Watch:
    running = []

    def __init__(self, host, abstract=False, env=None, wait=True, program=None):
        host.write()
        self.host, self.lines, self.told = host, [], []
        self.manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        name = f'\0okta-test-{os.getpid()}-{id(self)}' if abstract else host.path('notify')
        if not abstract and os.path.exists(name):
            os.unlink(name)
        self.manager.bind(name)
        if not abstract:
            os.chmod(name, 0o777)
        env = {'NOTIFY_SOCKET': name.replace('\0', '@'), **(env or {})}
        command = host.command()
        command[0] = program or command[0]
        command[command.index('--once')] = '--watch'
        self.p = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=env,
                                  preexec_fn=as_uid, stdin=subprocess.DEVNULL)
        self.readers = [threading.Thread(target=x, daemon=True) for x in (self.read_lines, self.read_told)]
        for reader in self.readers:
            reader.start()
        Watch.running.append(self)
        if wait:
            self.up_to_date(0)
        if wait and getattr(host, 'logless', False):
            self.ask(turns=2)  # the log, which is refused, and then what changed

    @staticmethod
    def end_all():
        for w in Watch.running:
            if w.p.poll() is None:
                w.p.kill()

    def read_lines(self):
        for line in self.p.stdout:
            self.lines.append(line.rstrip('\n'))

    def read_told(self):
        while True:
            told = self.manager.recv(4096)
            if not told:
                return  # forget()
            self.told.append(told.decode())

    def text(self):
        return '\n'.join(self.lines)

    def says(self, *parts, times=1, seconds=20):
        try:
            wait_for(lambda: all(self.text().count(x) >= times for x in parts), seconds)
        except AssertionError:
            raise AssertionError(f'it did not say {parts!r}:\n{self.text()}') from None

    def count_told(self, part):
        return sum(x.count(part) for x in list(self.told))

    def tells(self, part, times=1):
        try:
            wait_for(lambda: self.count_told(part) >= times, 20)
        except AssertionError:
            raise AssertionError(f'it did not tell {part!r} {times} times: {self.told!r}\n{self.text()}') from None

    def up_to_date(self, before):
        self.tells('STATUS=up to date', before + 1)

    def turns(self, start):
        """How many turns that began behind message number START ended well."""
        told = list(self.told)[start:]
        begun = [i for i, x in enumerate(told) if x.startswith(('STATUS=asking', 'STATUS=reading'))]
        return sum(x.startswith('STATUS=up to date') for x in told[begun[0]:]) if begun else 0

    def fulls(self, start=0):
        """How many full synchronisations ended well behind message number START; of one that is read beside the
        changes only its publication says so."""
        n, on = 0, False
        for x in list(self.told)[start:]:
            if x in ('STATUS=reading everything from Okta', 'STATUS=publishing what was read'):
                on = True
            elif on and x.startswith('STATUS=up to date'):
                n, on = n + 1, False
            elif not x.startswith('STATUS=reading everything from Okta; '):
                on = False  # it failed
        return n

    def ask(self, number=signal.SIGUSR2, turns=1):
        """Ask Okta now, and wait for TURNS that began after this call."""
        start = len(self.told)
        self.p.send_signal(number)
        try:
            wait_for(lambda: self.turns(start) >= turns, 60)  # a directory in pages of two, on a busy machine
        except AssertionError:
            raise AssertionError(f'no answer: {self.told[start:]!r}\n{self.text()}') from None

    def now(self):
        """A full sync now, and wait for it."""
        n = self.text().count('done:')
        self.p.send_signal(signal.SIGUSR1)
        self.says('done:', times=n + 1)

    def children(self):
        with open('/proc/%d/task/%d/children' % (self.p.pid, self.p.pid), encoding='ascii') as f:
            return [int(x) for x in f.read().split()]

    def send(self, number):
        self.p.send_signal(number)

    def forget(self):
        """Of one that has ended nothing stays open."""
        self.manager.shutdown(socket.SHUT_RDWR)
        self.readers[1].join()
        self.manager.close()
        self.readers[0].join()
        self.p.stdout.close()
        Watch.running.remove(self)

    def stop(self, expect=0):
        if self.p.poll() is None:
            self.p.send_signal(signal.SIGTERM)
        self.p.wait(10)
        same(self.p.returncode, expect)
        same([x for x in os.listdir(self.host.state) if x.endswith('.tmp')], [])
        return self.text()


def main():
    """What world.main() does, and no watcher is left behind."""
    try:
        world.main()
    finally:
        Watch.end_all()
