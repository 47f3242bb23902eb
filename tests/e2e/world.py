# SPDX-License-Identifier: BSD-2-Clause
"""A world of tests/world as an object: programs, terminals, ssh, log lines, processes in it."""
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time

import pexpect

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TREE, "tests", "world"))
import config  # noqa: E402

# The build directory, as make knows it in TREE: a test's argument, else $B as for world.sh.
B = sys.argv[1] if len(sys.argv) > 1 and os.path.basename(sys.argv[0]).startswith("test_") else os.environ.get("B", "build")
BUILD = os.path.join(TREE, B)
CONF = "/etc/okta-login/okta-login.conf"
STATE = "/var/lib/okta-login"
SNAPSHOT = STATE + "/directory.snapshot"
HELPER = "/usr/libexec/okta-login/okta-auth-helper"
LOCAL_PASSWORD = "Loc4l-Passw0rd"


class World:
    def __init__(self, okta, name="web1", environment=None):
        self.okta = okta
        self.dir = tempfile.mkdtemp(prefix="e2e-world-")
        end, self.alive = os.pipe()  # whatever becomes of us, the world goes too
        os.set_inheritable(end, True)
        self.env = {**os.environ, "B": B, "WORLD": self.dir, "WORLD_ALIVE": str(end), **(environment or {})}
        try:
            self.script("up", name)
            os.close(end)
            self.script("install")
            self.script("configure", okta.dir)
        except Exception:
            self.close()
            raise
        with open(self.dir + "/pid", encoding="ascii") as f:
            self.pid = int(f.read())
        self.mounts = os.readlink("/proc/%d/ns/mnt" % self.pid)

    def script(self, *arguments, env=None):
        done = subprocess.run(
            [TREE + "/tests/world/world.sh", *arguments], env={**self.env, **(env or {})},
            stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False,
            close_fds=arguments[0] != "up")
        if done.returncode:
            raise RuntimeError("world.sh %s: %s%s" % (arguments[0], done.stdout, done.stderr))
        return done.stdout

    def start_sshd(self, **env):
        self.script("sshd-stop")
        self.port = int(self.script("sshd", env=env))

    def close(self):
        self.script("down")
        os.close(self.alive)
        shutil.rmtree(self.dir, ignore_errors=True)

    # --- programs ---------------------------------------------------------------------------

    def _command(self, command, user=None, env=None):
        enter = ["nsenter", "-t", str(self.pid), "-m", "-u", "-p", "--wd=/", "--"]
        if user:
            enter += ["setpriv", "--reuid", user, "--regid", user, "--init-groups", "--"]
        if env is not None:
            enter += ["env", "-i", *("%s=%s" % pair for pair in env.items())]
        return enter + list(command)

    def run(self, *command, user=None, env=None, check=True, timeout=60, **more):
        done = subprocess.run(self._command(command, user, env), capture_output=True, text=True,
                              errors="backslashreplace", stdin=subprocess.DEVNULL,
                              timeout=timeout, check=False, **more)
        if check and done.returncode:
            raise AssertionError("%s: exit status %d: %s%s" % (
                " ".join(command), done.returncode, done.stdout, done.stderr))
        return done

    def out(self, *command, **more):
        return self.run(*command, **more).stdout.strip()

    def python(self, source, *arguments):
        return self.out("/usr/bin/python3", "-c", source, *arguments)

    def pty(self, *command, user=None, env=None, timeout=20):
        argv = self._command(command, user, env)
        child = pexpect.spawn(argv[0], argv[1:], timeout=timeout, encoding=None,
                              dimensions=(40, 160))
        return watch(child)

    def background(self, *command):
        return subprocess.Popen(self._command(command), stdin=subprocess.DEVNULL,
                                stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    # --- ssh --------------------------------------------------------------------------------

    def ssh_command(self, user, *command, key=None, options=(), tty=True):
        argv = ["ssh", "-F", "none", "-p", str(self.port), "-o", "StrictHostKeyChecking=no",
                "-o", "UserKnownHostsFile=/dev/null", "-o", "IdentitiesOnly=yes"]
        if tty:
            argv.append("-tt")
        if key:
            argv += ["-i", key]
        else:
            argv += ["-o", "PubkeyAuthentication=no"]
        return argv + list(options) + ["%s@127.0.0.1" % user, *command]

    def ssh(self, user, *command, timeout=20, **more):
        argv = self.ssh_command(user, *command, **more)
        return watch(pexpect.spawn(argv[0], argv[1:], timeout=timeout, encoding=None,
                                   dimensions=(40, 160), env={"PATH": "/usr/bin:/bin",
                                                              "TERM": "xterm",
                                                              "LC_ALL": "C.UTF-8"}))

    def ssh_run(self, user, *command, timeout=30, **more):
        """Without a terminal, for keys: nothing can be asked."""
        options = ("-o", "BatchMode=yes", *more.pop("options", ()))
        return subprocess.run(
            self.ssh_command(user, *command, tty=False, options=options, **more),
            stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=timeout,
            check=False)

    def key(self, user):
        return "%s/%s.key" % (self.dir, user)

    def authorize(self, user):
        """Give USER an authorized_keys file; returns the private key's path."""
        key = self.key(user)
        if not os.path.exists(key):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", key], check=True)
        with open(key + ".pub", encoding="ascii") as f:
            public = f.read()
        home = self.out("getent", "passwd", user).split(":")[5]
        self.run("install", "-d", "-m", "700", "-o", user, "-g", user, home, home + "/.ssh")
        self.write(home + "/.ssh/authorized_keys", public)
        self.run("chown", user, home + "/.ssh/authorized_keys")
        return key

    # --- files ------------------------------------------------------------------------------

    def path(self, inside):
        return "/proc/%d/root%s" % (self.pid, inside)

    def read(self, inside):
        with open(self.path(inside), "rb") as f:
            return f.read()

    def write(self, inside, data, mode=0o644):
        path = self.path(inside)
        with open(path + ".new", "wb") as f:
            f.write(data.encode() if isinstance(data, str) else data)
        os.chmod(path + ".new", mode)
        os.rename(path + ".new", path)

    def configure(self, changes=None):
        self.write(CONF, config.text(self.okta.org, changes))

    def sync(self, *options, check=True):
        return self.run("okta-sync", "--config", CONF, "--once", *options, check=check)

    # --- log --------------------------------------------------------------------------------

    def mark(self):
        return os.path.getsize(self.dir + "/log")

    def log(self, since=0):
        with open(self.dir + "/log", "rb") as f:
            f.seek(since)
            return f.read().decode("ascii")

    def logged(self, pattern, since, timeout=5):
        """The first line that matches, once it is there."""
        end = time.monotonic() + timeout
        while True:
            for line in self.log(since).splitlines():
                if re.search(pattern, line):
                    return line
            if time.monotonic() > end:
                raise AssertionError("no log line matches %r in:\n%s" % (pattern, self.log(since)))
            time.sleep(0.05)

    # --- processes --------------------------------------------------------------------------

    def processes(self, program):
        """Pids, as this machine counts them, of PROGRAM in this world."""
        found = []
        for name in os.listdir("/proc"):
            if not name.isdigit():
                continue
            try:
                if (os.readlink("/proc/%s/exe" % name) == program
                        and os.readlink("/proc/%s/ns/mnt" % name) == self.mounts):
                    found.append(int(name))
            except OSError:
                pass  # it has ended in between
        return found

    def helpers(self):
        """The first process of each helper, and whatever lost its first."""
        all_of_them = self.processes(HELPER)
        parents = {pid: parent_of(pid) for pid in all_of_them}
        return [pid for pid in all_of_them if parents[pid] is not None and parents[pid] not in all_of_them]

    def wait_helpers(self, count, timeout):
        return wait(lambda: len(self.helpers()) == count, timeout)


def parent_of(pid):
    try:
        with open("/proc/%d/stat" % pid, encoding="ascii") as f:
            return int(f.read().rsplit(")", 1)[1].split()[1])
    except OSError:
        return None  # it has ended in between


def watch(child):
    """Keep every byte the terminal was sent, in child.seen."""
    class Seen(bytearray):
        def write(self, data):
            self.extend(data)

        def flush(self):
            pass
    child.seen = Seen()
    child.logfile_read = child.seen
    return child


def wait(condition, timeout):
    """How long it took until CONDITION held, or an error."""
    started = time.monotonic()
    while not condition():
        if time.monotonic() - started > timeout:
            raise AssertionError("still not so after %.1f s" % timeout)
        time.sleep(0.02)
    return time.monotonic() - started
