#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""test_down.py BUILD [full]: Okta away in five ways: what a person, a local account, a lookup and okta-sync make of
each, with figures.  `full`: more logins, and okta-sync also where it is patient.

Nothing here is timed for its speed.  But who waits for Okta waits for seconds, and that is a fault: LONG_MS is
what only such a wait takes, of the fastest local login and of the slowest lookup."""
import socket
import ssl
import struct
import subprocess
import sys
import threading
import time

import login
import machine
from build import program
from standin import Okta
from tap import check, equal, run, test
from world import CONF, SNAPSHOT, World

FULL = "full" in sys.argv[2:]
LOGINS = 30 if FULL else 12  # of a local account, for each way
LOOKUPS = 20000
ASKED = (50, 2) if FULL else (4, 1)  # how often ada asks at once, and how many times that
LONG_MS = 1000
CAPS = {"max_waiting": "200", "max_waiting_user": "200", "max_waiting_address": "200"}
SO_MEMINFO, MEMINFO_DROPS = 55, 8
RESOLVER = "127.9.9.53"
SYNC_S = 200  # okta-sync tries again some times before it gives up

okta = Okta()
okta.switches(device_interval=1)
world = World(okta)
world.sync()
world.start_sshd()
world.configure({"login": CAPS})
okta.stop()


def certificate():
    """For localhost, by the authority that the world trusts; (certificate, key)."""
    out = okta.dir + "/slow"
    with open(out + ".ext", "w", encoding="ascii") as f:
        f.write("subjectAltName=DNS:localhost\nextendedKeyUsage=serverAuth\nbasicConstraints=CA:FALSE\n")
    subprocess.run(["openssl", "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-subj", "/CN=localhost",
                    "-keyout", out + ".key", "-out", out + ".csr"], check=True, capture_output=True)
    subprocess.run(["openssl", "x509", "-req", "-in", out + ".csr", "-CA", okta.dir + "/ca.pem", "-CAkey", okta.dir + "/ca.key",
                    "-set_serial", "77", "-days", "2", "-extfile", out + ".ext", "-out", out + ".pem"], check=True, capture_output=True)
    return out + ".pem", out + ".key"


class Way:
    """A listener at Okta's port; came() counts who came there."""

    def __init__(self, backlog=50):
        self.accepted = 0
        self.kept = []
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", okta.port))
        self.listener.listen(backlog)

    def came(self):
        return self.accepted

    def start(self):
        threading.Thread(target=self.serve, daemon=True).start()
        return self

    def serve(self):
        while True:
            try:
                conn, _ = self.listener.accept()
            except OSError:
                return
            self.accepted += 1
            self.kept.append(conn)
            threading.Thread(target=self.talk, args=(conn,), daemon=True).start()

    def talk(self, conn):
        """Nothing: the TLS handshake hangs."""

    def close(self):
        self.listener.shutdown(socket.SHUT_RDWR)
        for s in [self.listener, *self.kept]:
            s.close()


class Dropped(Way):
    """The queue is full, and nobody takes from it: the kernel drops what comes."""

    def __init__(self):
        super().__init__(backlog=0)
        while True:
            s = socket.socket()
            s.settimeout(0.3)
            try:
                s.connect(("127.0.0.1", okta.port))
            except TimeoutError:
                s.close()  # or it would come again, and be counted
                return
            self.kept.append(s)

    def came(self):
        """What the kernel dropped at this listener: nobody gets through to it."""
        return struct.unpack("9I", self.listener.getsockopt(socket.SOL_SOCKET, SO_MEMINFO, 36))[MEMINFO_DROPS]

    def start(self):
        return self


class Reset(Way):
    def talk(self, conn):
        conn.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        conn.close()


class Slow(Way):
    """A sound handshake, and then a byte a second."""

    def __init__(self):
        super().__init__()
        self.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self.tls.load_cert_chain(*certificate())

    def talk(self, conn):
        try:
            with self.tls.wrap_socket(conn, server_side=True) as c:
                c.recv(65536)
                for byte in b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n" + b" " * 1000:
                    c.sendall(bytes([byte]))
                    time.sleep(1)
        except OSError:
            pass


class NoNames(Way):
    """The proxy that leads to Okta has a name, and the name server does not answer."""

    def __init__(self):
        super().__init__()
        self.dns = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.dns.bind((RESOLVER, 53))
        self.dns.setblocking(False)
        self.asked = 0
        self.before = world.read("/etc/nsswitch.conf"), world.read("/etc/resolv.conf")
        world.write("/etc/nsswitch.conf", self.before[0].replace(b"hosts: files", b"hosts: files dns"))
        world.write("/etc/resolv.conf", "nameserver %s\n" % RESOLVER)
        world.configure({"login": CAPS, "okta": {"proxy": "http://proxy.okta-down.example:3128"}})

    def came(self):
        """Questions to the name server: without an answer nobody has an address to connect to."""
        try:
            while self.dns.recv(65536):
                self.asked += 1
        except BlockingIOError:
            pass
        return self.asked

    def close(self):
        super().close()
        self.dns.close()
        world.write("/etc/nsswitch.conf", self.before[0])
        world.write("/etc/resolv.conf", self.before[1])
        world.configure({"login": CAPS})


LOOP = """
import pwd, sys, time
pwd.getpwnam('ada')
took = []
for i in range(int(sys.argv[1])):
    began = time.perf_counter()
    pwd.getpwnam('ada')
    took.append(time.perf_counter() - began)
took.sort()
print(took[len(took) // 2] * 1e6, took[int(len(took) * .99)] * 1e6, took[-1] * 1e6)
"""


def lookups(count=LOOKUPS):
    """Microseconds: median, p99 and the slowest."""
    return [float(x) for x in world.python(LOOP, str(count)).split()]


def local_logins(count=LOGINS):
    """Milliseconds of the fastest, {way: milliseconds}; every one of them must get in."""
    took = {"ssh": [], "su": []}
    for n in range(count):
        began = time.monotonic()
        if n % 4 == 0:
            done = world.ssh_run(("opal", "root")[n // 4 % 2], "echo", "GOT-IN", key=world.key(("opal", "root")[n // 4 % 2]))
            equal(done.stdout, "GOT-IN\n", "ssh with a key (%s)" % done.stderr[-200:])
        else:
            equal(world.out("su", "-", "opal", "-c", "echo GOT-IN"), "GOT-IN", "su")
        took["su" if n % 4 else "ssh"].append((time.monotonic() - began) * 1000)
    return {way: min(each) for way, each in took.items()}


def waits(names, calm_logins, logins):
    """What of these figures only a wait for Okta explains."""
    found = ["%s: the fastest takes %.0f ms more" % (way, logins[way] - calm_logins[way])
             for way in logins if logins[way] - calm_logins[way] > LONG_MS]
    return found + ["a lookup takes %.0f ms" % (names[2] / 1000)] * (names[2] / 1000 > LONG_MS)


def ask_ada(at_once):
    """Seconds until ada is told, of each of so many who ask at once; she does not get in."""
    children = [(world.pty("su", "ada", user="opal", timeout=40), time.monotonic()) for _ in range(at_once)]
    took = []
    for child, began in children:
        child.expect(rb"Okta cannot be reached now")
        took.append(time.monotonic() - began)
    for child, _ in children:
        check(login.finish(child) != 0, "ada got in")
    return took


def sync_in(ways):
    """okta-sync in each of these ways, at which it tries again some times."""
    before = world.read(SNAPSHOT)
    for name, make in ways.items():
        way = make().start()
        began = time.monotonic()
        try:
            sync = world.run("okta-sync", "--config", CONF, "--once", check=False, timeout=SYNC_S)
        finally:
            way.close()
        took = time.monotonic() - began
        check(sync.returncode != 0, "okta-sync: " + sync.stdout)
        check("okta-sync: https://" in sync.stderr, "okta-sync does not say what is amiss: " + sync.stderr)
        equal(world.read(SNAPSHOT), before, "the snapshot")
        print("# " + sync.stderr.strip().replace("\n", "\n# "))
        print("# figure R12 what=sync-%s ends_after_s=%.1f snapshot_kept=1" % (name, took), flush=True)


def down(name, make):
    calm_names, calm_logins = lookups(), local_logins()  # with nothing on Okta's port
    way = make().start()
    try:
        # first what has nothing to do with Okta
        seen, since = way.came(), world.mark()
        names, logins = lookups(), local_logins()
        connections = way.came() - seen
        equal(connections, 0, "connections for local logins and lookups")
        equal(world.helpers(), [], "helpers")
        equal(waits(names, calm_logins, logins), [], "waits")
        told = [took for _ in range(ASKED[1]) for took in ask_ada(ASKED[0])]
        line = world.logged(r"okta: user=ada service=su .*result=unavailable reason=unreachable", since)
        check(way.came() > seen, "who saw nobody above does not see ada either (control)")
        world.wait_helpers(0, 3)
    finally:
        way.close()
    print("# " + line)
    print("# figure R1 what=%s local_logins=%d refused=0 connections=%d least_ms_more=%.1f" % (
        name, LOGINS, connections, logins["su"] - calm_logins["su"]))
    print("# figure R2 what=%s logins=%d told_after_s=%.1f" % (name, len(told), max(told)))
    print("# figure R3 what=%s lookups=%d median_ratio=%.2f p99_ratio=%.2f slowest_ms=%.1f" % (
        name, LOOKUPS, names[0] / calm_names[0], names[1] / calm_names[1], names[2] / 1000), flush=True)
    check(max(told) < 20, "ada is told after %.1f s" % max(told))


@test("connections are dropped: ada is told within 20 s, local accounts and lookups do not notice")
def _():
    down("dropped", Dropped)


@test("connections are reset: ada is told within 20 s, local accounts and lookups do not notice")
def _():
    down("reset", Reset)


@test("the name server is silent: ada is told within 20 s, local accounts and lookups do not notice")
def _():
    down("no-names", NoNames)


@test("the TLS handshake hangs: ada is told within 20 s, local accounts and lookups do not notice")
def _():
    down("tls-hangs", Way)


@test("an answer a byte a second: ada is told within 20 s, local accounts and lookups do not notice")
def _():
    down("slow-bytes", Slow)


@test("a host that asks Okta for each name is seen: by its logins, its lookups and its connections")
def _():
    with open(program("waits", options=("-shared", "-fPIC", "-DPORT=%d" % okta.port, "-DWAIT_MS=%d" % (LONG_MS + 200))), "rb") as f:
        world.write("/usr/lib/libnss_waits.so.2", f.read())
    before = world.read("/etc/nsswitch.conf")
    world.write("/etc/nsswitch.conf", before.replace(b"passwd:", b"passwd: waits", 1))
    try:
        calm_logins = local_logins(2)
        equal(waits(lookups(2), calm_logins, calm_logins), [], "waits without an outage")
        way = Way().start()
        try:
            names, logins = lookups(2), local_logins(2)
            check(way.came() > 0, "connections")
        finally:
            way.close()
    finally:
        world.write("/etc/nsswitch.conf", before)
    found = waits(names, calm_logins, logins)
    print("# " + "; ".join(found))
    equal(len(found), 3, "what was seen of a host that waits")


@test("connections that are reset, a TLS handshake that hangs: okta-sync keeps its snapshot and says what is amiss")
def _():
    sync_in({"reset": Reset, "tls-hangs": Way})


if FULL:
    @test("connections that are dropped, no name server, an answer a byte a second: okta-sync keeps its snapshot as well")
    def _():
        sync_in({"dropped": Dropped, "no-names": NoNames, "slow-bytes": Slow})


@test("Okta is back: ada logs in, and okta-sync goes on by itself")
def _():
    okta.start()
    okta.switches(device_interval=1)
    world.sync()
    one = login.Login(world.ssh("ada", "echo", "GOT-IN"))
    login.approve_and_enter(okta, one)
    one.until(b"GOT-IN")
    login.finish(one.child)


def details():
    return "log:\n" + world.log()[-3000:]


machine.unchanged()
run(details, close=(world, okta))
