# SPDX-License-Identifier: BSD-2-Clause
"""Many people at their terminals at once: an ssh client and a terminal each, one loop for all."""
import fcntl
import os
import pty
import re
import selectors
import signal
import subprocess
import termios
import time

CODE = re.compile(rb"user_code=([A-Z]{8})")
ENTER = b"Press Enter after approving: "


def _own_terminal():
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)  # ssh asks on /dev/tty


class One:
    """One login.  It is lost if it ends without having shown GOT-IN and its own name."""

    def __init__(self, user, argv):
        self.user, self.seen, self.code, self.asked = user, bytearray(), None, 0
        self.master, slave = pty.openpty()
        try:
            self.process = subprocess.Popen(argv, stdin=slave, stdout=slave, stderr=slave, start_new_session=True, preexec_fn=_own_terminal,
                                            env={"PATH": "/usr/bin:/bin", "TERM": "dumb", "LC_ALL": "C.UTF-8"})
        finally:
            os.close(slave)
        os.set_blocking(self.master, False)
        self.ended = False

    def read(self):
        """What came; False at the end."""
        try:
            data = os.read(self.master, 65536)
        except BlockingIOError:
            return True
        except OSError:  # the other side is closed
            data = b""
        self.seen += data
        if self.code is None:
            found = CODE.search(self.seen)
            if found:
                self.code = found.group(1).decode()
        self.asked = self.seen.count(ENTER)
        return bool(data)

    def press_enter(self):
        os.write(self.master, b"\r")

    def got_in(self):
        return b"GOT-IN-" + self.user.encode() in self.seen

    def close(self):
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGKILL)
        self.process.wait()
        if self.master >= 0:
            os.close(self.master)
            self.master = -1


class Crowd:
    def __init__(self, world, people, per_address=20, at_once=8):
        """PEOPLE log in, PER_ADDRESS of them from each address, AT_ONCE of them on the way to the prompt."""
        self.world, self.all, self.at_once = world, [], at_once
        self.queue = [(user, "127.0.1.%d" % (1 + i // per_address)) for i, user in enumerate(people)]
        self.loop = selectors.DefaultSelector()

    def _start(self, user, address):
        argv = self.world.ssh_command(
            user, "echo", "GOT-IN-$(id -un)", options=(
                "-b", address, "-o", "NumberOfPasswordPrompts=1", "-o", "PreferredAuthentications=keyboard-interactive"))
        one = One(user, argv)
        self.all.append(one)
        self.loop.register(one.master, selectors.EVENT_READ, one)

    def _turn(self, timeout):
        for key, _ in self.loop.select(timeout):
            one = key.data
            if not one.read():
                self.loop.unregister(one.master)
                one.ended = True

    def gather(self, timeout):
        """Start them; until each is asked to press Enter, or has ended."""
        end = time.monotonic() + timeout
        while time.monotonic() < end:
            on_the_way = sum(1 for one in self.all if not one.ended and not one.asked)
            while self.queue and on_the_way < self.at_once:
                self._start(*self.queue.pop(0))
                on_the_way += 1
            if not self.queue and not on_the_way:
                break
            self._turn(0.5)
        return [one for one in self.all if one.asked and not one.ended]

    def stay(self, seconds):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self._turn(end - time.monotonic())

    def until_all_ended(self, timeout):
        """Each presses Enter when asked again; whoever is lost is returned."""
        end = time.monotonic() + timeout
        pressed = {one: 0 for one in self.all}
        while time.monotonic() < end and not all(one.ended for one in self.all):
            for one in self.all:
                if not one.ended and one.asked > pressed[one]:
                    one.press_enter()
                    pressed[one] = one.asked
            self._turn(0.5)
        return [one for one in self.all if not one.got_in()]

    def close(self):
        for one in self.all:
            one.close()
        self.loop.close()


def pss_kb(pids):
    """Memory of these processes, shared pages divided by who shares them."""
    total = 0
    for pid in pids:
        try:
            with open("/proc/%d/smaps_rollup" % pid, encoding="ascii") as f:
                total += int(re.search(r"(?m)^Pss:\s+(\d+)", f.read()).group(1))
        except (OSError, AttributeError):
            pass  # it has ended in between
    return total


def work(pids):
    """(milliseconds on a processor, times it went to sleep) of these processes so far."""
    ran, slept = 0.0, 0
    for pid in pids:
        try:
            with open("/proc/%d/schedstat" % pid, encoding="ascii") as f:
                ran += int(f.read().split()[0]) / 1e6
            with open("/proc/%d/status" % pid, encoding="ascii") as f:
                slept += int(re.search(r"(?m)^voluntary_ctxt_switches:\s+(\d+)", f.read()).group(1))
        except (OSError, AttributeError):
            pass
    return ran, slept
