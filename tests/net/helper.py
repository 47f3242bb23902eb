# SPDX-License-Identifier: BSD-2-Clause
"""Drive the real okta-auth-helper as pam_okta.so does: one SOCK_SEQPACKET socket on fd 0."""
import os
import select
import socket
import struct
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
HELPER = os.environ.get("HELPER", os.path.join(ROOT, "build", "okta-auth-helper"))
sys.path.append(os.path.join(ROOT, "tests"))  # tap, memory
NOBODY = 65534

START, PROMPT, CLAIMS, FAILURE, VERDICT = 1, 2, 3, 4, 5
NONCE = bytes(range(200, 216))
FAILURES = ["", "INTERNAL", "DENIED", "EXPIRED", "DEADLINE", "NOT_ASSIGNED", "POLICY",
            "TOO_MANY_GROUPS", "CLIENT", "RATE_LIMITED", "UNREACHABLE", "TLS", "SERVER",
            "ANSWER", "TOKEN"]


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def u64(self):
        (n,) = struct.unpack_from("<Q", self.data, self.at)
        self.at += 8
        return n

    def raw(self):
        (n,) = struct.unpack_from("<I", self.data, self.at)
        self.at += 4 + n
        return self.data[self.at - n:self.at]

    def text(self):
        return self.raw().decode()

    def texts(self):
        return [self.text() for _ in range(self.u64())]


def decode(frame):
    if not frame:
        return {"type": None}
    if frame[1] == VERDICT:
        r = Reader(frame)
        r.at = 2
        assert r.raw() == NONCE, "the verdict of another login"
        frame = r.raw()
        assert frame[1] == CLAIMS and r.at == len(r.data), "no claims in the verdict"
    elif frame[1] == CLAIMS:
        raise AssertionError("claims without the nonce")
    r = Reader(frame)
    r.at = 2
    kind = frame[1]
    if kind == PROMPT:
        names = ["user_code", "verification_uri", "verification_uri_complete"]
        m = {n: r.text() for n in names}
        m.update(expires_in_s=r.u64(), interval_s=r.u64(), qr=r.text())
    elif kind == CLAIMS:
        m = {n: r.text() for n in ["iss", "sub", "preferred_username", "jti"]}
        m.update({n: r.u64() for n in ["iat_s", "exp_s", "auth_time_s", "has_groups"]})
        m.update(groups=r.texts(), amr=r.texts())
    elif kind == FAILURE:
        m = {"code": FAILURES[r.u64()], "detail": r.text()}
    else:
        m = {}
    assert r.at == len(frame), "bytes after the last field"
    m["type"] = kind
    return m


def start_frame(org_url, **over):
    f = {"org_url": org_url, "issuer": org_url, "client_id": "0oanativelinuxlogin1",
         "client_secret": "", "ca_file": "", "proxy": "", "scopes": "openid profile groups",
         "groups_claim": "groups", "nonce": NONCE, "deadline_s": 60, "clock_skew_s": 60, "qr": 0,
         "poll_s": 0}
    f.update(over)
    out = struct.pack("BB", 1, START)
    for name in ["org_url", "issuer", "client_id", "client_secret", "ca_file", "proxy",
                 "scopes", "groups_claim", "nonce"]:
        data = f[name] if isinstance(f[name], bytes) else f[name].encode()
        out += struct.pack("<I", len(data)) + data
    return out + struct.pack("<QQQQ", f["deadline_s"], f["clock_skew_s"], f["qr"], f["poll_s"])


def drop_root():
    if os.geteuid() == 0:
        os.setgroups([])
        os.setgid(NOBODY)
        os.setuid(NOBODY)


class Helper:
    """One login.  env is what a hostile caller would leave there; normally nothing."""

    def __init__(self, org_url, env=None, wrap=(), program=HELPER, **over):
        self.sock, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self.began = time.monotonic()
        self.proc = subprocess.Popen([*wrap, program], stdin=theirs, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.PIPE, env=env or {}, cwd="/",
                                     preexec_fn=drop_root)
        theirs.close()
        self.sock.send(start_frame(org_url, **over))

    def read(self, timeout=30):
        ready, _, _ = select.select([self.sock], [], [], timeout)
        if not ready:
            raise TimeoutError("the helper says nothing")
        try:
            return decode(self.sock.recv(65536))
        except ConnectionResetError:
            return {"type": None}

    def prompt(self):
        m = self.read()
        assert m["type"] == PROMPT, m
        return m

    def failure(self, timeout=30):
        m = self.read(timeout)
        assert m["type"] == FAILURE, m
        return m

    def claims(self, timeout=30):
        m = self.read(timeout)
        assert m["type"] == CLAIMS, m
        return m

    def processes(self):
        """The coordinator and what it forked, by number."""
        with open("/proc/%d/task/%d/children" % (self.proc.pid, self.proc.pid),
                  encoding="ascii") as f:
            return [self.proc.pid] + [int(n) for n in f.read().split()]

    def hang_up(self):
        self.sock.close()
        began = time.monotonic()
        self.proc.wait(10)
        return time.monotonic() - began

    def end(self):
        self.sock.close()
        self.proc.stderr.close()
        return self.proc.wait(10)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.sock.close()
        if self.proc.poll() is None:
            self.proc.kill()
        self.proc.wait()
        self.proc.stderr.close()


def waiting(okta, **over):
    """A login that waits for the browser, both its processes at rest."""
    h = Helper(okta.url, ca_file=okta.ca, **over)
    h.prompt()
    end = time.monotonic() + 5
    while time.monotonic() < end:
        asked = [r["path"] for r in okta.requests() if "/keys" in r["path"]]
        if asked and len(h.processes()) == 2:
            return h
        time.sleep(0.05)  # the keys are still on their way
    raise AssertionError("the keys never came")
