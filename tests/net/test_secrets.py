#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a login's secrets leave behind: nothing.  Every byte the helper's processes write is
looked at, and their memory, arguments, environments and ends.  TAP.  Argument: the build
directory."""
import base64
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
os.environ["HELPER"] = os.path.join(BUILD, "okta-auth-helper")

# pylint: disable=wrong-import-position
import helper
from helper import CLAIMS, HELPER, NOBODY, ROOT, Helper
from memory import memory_of
from okta import Okta
from tap import run

NATIVE = "0oanativelinuxlogin1"
SECRET = "canary-client-secret-4711"
CODE = "canary-device-code-0815"
MUTANTS = ["mutant-leaks", "mutant-keeps"]
# how the private half of a P-256 key begins, as DER, and any key as PEM
KEYS = [b"PRIVATE KEY", bytes.fromhex("30770201010420"), bytes.fromhex("308187020100301306072a8648ce")]

if os.geteuid() != 0:
    print("1..0 # SKIP needs root to look into processes of another account")
    sys.exit(0)
okta = Okta()
work = tempfile.mkdtemp(prefix="okta-secrets-")


def build_mutants():
    built = BUILD if not BUILD.startswith(ROOT + "/") else os.path.relpath(BUILD, ROOT)
    subprocess.run(["make", "-s", "WERROR=1", "B=" + built,
                    *[f"{built}/tests/net/{n}" for n in MUTANTS]], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL)


def program(name):
    return os.path.join(BUILD, "tests/net", name)


class Traced(Helper):
    """A helper whose every call that carries bytes out is in a log, in full."""

    def __init__(self, **over):
        self.log = os.path.join(work, "trace")
        calls = "write,writev,pwrite64,pwritev,sendto,sendmsg,sendmmsg,openat,open,execve,socket,connect"
        helper.drop_root, dropped = (lambda: None), helper.drop_root
        try:  # it is strace that becomes the account, so that strace may read everything
            super().__init__(okta.url, ca_file=okta.ca, wrap=(
                "strace", "-f", "-u", "nobody", "-xx", "-s", "200000", "-e", "trace=" + calls,
                "-o", self.log), **over)
        finally:
            helper.drop_root = dropped

    def calls(self):
        """(process, call, bytes of its strings, text) of each call."""
        self.sock.close()
        self.proc.wait(20)
        out = []
        with open(self.log, encoding="ascii") as f:
            for line in f:
                m = re.match(r"(\d+) +(\w+)\((.*)", line)
                if m:
                    data = b"".join(bytes.fromhex(s.replace("\\x", "")) for s in
                                    re.findall(r'"((?:\\x[0-9a-f]{2})*)"', m.group(3)))
                    out.append((m.group(1), m.group(2), data, m.group(3)))
        return out


def forms_of(secret):
    """The bytes themselves and how they may stand in a header, a form or a log."""
    raw = secret if isinstance(secret, bytes) else secret.encode()
    return [raw, raw.hex().encode(), base64.b64encode(raw)[:-4], base64.urlsafe_b64encode(raw)[:-4],
            # inside user:password the phase may be another
            base64.b64encode(b"x" + raw)[4:-4], base64.b64encode(b"xx" + raw)[4:-4]]


def has(data, secret):
    return any(form in data for form in forms_of(secret))


def canned(**tokens):
    """Okta gives the codes and tokens this test wants."""
    okta.forget()
    okta.admin("DELETE", "/faults")
    okta.switches(device_interval=1, id_token="fat")
    okta.fault(path="/device/authorize", kind="status", status=200, times=1, body=json.dumps({
        "device_code": CODE, "user_code": "ABCDEFGH", "expires_in": 600, "interval": 1,
        "verification_uri": okta.url + "/activate"}))
    if tokens:
        okta.fault(path="/v1/token", kind="status", status=200, times=1, body=json.dumps(tokens))
    else:
        okta.fault(path="/v1/token", kind="status", status=400, times=50, body=json.dumps(
            {"error": "authorization_pending"}))


def a_token():
    okta.forget()
    okta.switches(device_interval=1, id_token="fat")
    code = okta.oauth("device/authorize", client_id=NATIVE, scope="openid profile groups")
    okta.approve(code)
    return okta.oauth("token", client_id=NATIVE, device_code=code["device_code"],
                      grant_type="urn:ietf:params:oauth:grant-type:device_code")["id_token"]


def bytes_that_left(**over):
    canned(id_token=a_token(), access_token="canary-access-token-99", token_type="Bearer")
    with Traced(client_secret=SECRET, **over) as h:
        h.prompt()
        m = h.claims()
        assert m["type"] == CLAIMS
        calls = h.calls()
    assert [c for c in calls if c[1] == "sendto"], "nothing was traced"
    return calls


def device_code_and_client_secret_are_in_nothing_that_is_written():
    for who, call, data, text in bytes_that_left():
        for secret in (CODE, SECRET):
            assert not has(data, secret), (who, call, text[:200])


def a_build_that_writes_the_device_code_is_caught():
    calls = bytes_that_left(program=program("mutant-leaks"))
    assert [c for c in calls if has(c[2], CODE)], "the harness is blind"


def tokens_go_from_one_process_to_the_next_and_nowhere_else():
    okta.forget()
    okta.admin("DELETE", "/faults")
    okta.switches(device_interval=1, id_token="thin")
    with Traced(client_id="0oanativedpoplogin01") as h:
        okta.approve(h.prompt())
        h.claims()
        calls = h.calls()
    okta.switches(id_token="fat")
    coordinator = calls[0][0]
    parts = {}
    for who, call, data, _ in calls:
        if call == "sendto" and who != coordinator and data[:2] == b"\x01\x20":  # a PART
            parts.setdefault(data[2], b"")
            parts[data[2]] += data[14:]
    id_token, access_token, proofs = parts[0], parts[1], parts[2]
    assert id_token.count(b".") == 2 and access_token and proofs.count(b"\n") == 3
    for who, call, data, text in calls:
        inside = who != coordinator and call == "sendto" and text.startswith("0,")
        for secret in (id_token, access_token, proofs.split(b"\n")[0]):
            assert inside or not has(data, secret), (who, call, text[:200])
        for key in KEYS:
            assert key not in data, "a private key left the process that made it"


def nothing_but_sockets_is_written_to():
    for who, call, _, text in bytes_that_left():
        assert call not in ("write", "writev", "pwrite64", "pwritev") or \
            not re.match(r"[12],", text), (who, call, text[:200])
        if call in ("open", "openat") and "O_RDONLY" not in text:
            assert "".join(f"\\x{b:02x}" for b in b"/dev/null") in text, text


def waiting(**over):
    canned()
    return helper.waiting(okta, client_secret=SECRET, **over)


def the_process_that_waits_for_the_others_holds_no_secret():
    with waiting() as h:
        coordinator, device = [memory_of(p) for p in h.processes()]
        assert has(device, CODE) and has(device, SECRET), "the control"
        assert not has(coordinator, CODE) and not has(coordinator, SECRET)


def a_build_that_keeps_the_client_secret_is_caught():
    with waiting(program=program("mutant-keeps")) as h:
        assert has(memory_of(h.processes()[0]), SECRET), "the harness is blind"


def no_argument_environment_or_name_has_a_secret():
    with waiting() as h:
        for pid in h.processes():
            for name in ("cmdline", "environ", "comm", "auxv", "status"):
                with open(f"/proc/{pid}/{name}", "rb") as f:
                    data = f.read()
                assert not has(data, CODE) and not has(data, SECRET), name


def cores_allowed():
    os.setgroups([])
    os.setgid(NOBODY)
    os.setuid(NOBODY)


def a_crash_leaves_no_core():
    old = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (old[1], old[1]))
    place = os.path.join(work, "cores")
    os.makedirs(place, exist_ok=True)
    os.chmod(place, 0o777)
    os.chmod(work, 0o755)
    try:
        control = subprocess.Popen(["/bin/sleep", "30"], cwd=place, preexec_fn=cores_allowed)
        control.send_signal(signal.SIGSEGV)
        _, status = os.waitpid(control.pid, 0)
        control.returncode = status
        if not os.WCOREDUMP(status):
            print("# this host makes no cores at all: less is proven")
        for which in (0, 1):
            with waiting() as h:
                victim = h.processes()[which]
                os.kill(victim, signal.SIGSEGV)
                if which == 0:
                    _, status = os.waitpid(victim, 0)
                    h.proc.returncode = status
                    assert os.WIFSIGNALED(status) and not os.WCOREDUMP(status), status
                else:
                    m = h.failure(5)
                    assert "signal 11" in m["detail"] and not has(m["detail"].encode(), SECRET), m
        left = [x for x in os.listdir("/") if x.startswith("core")]
        assert not left, left
    finally:
        resource.setrlimit(resource.RLIMIT_CORE, old)


def temporary_directories_are_as_they_were():
    places = ["/tmp", "/var/tmp", "/dev/shm", "/run", "/"]

    def all_of_them():
        return {os.path.join(p, n) for p in places for n in os.listdir(p)
                if os.lstat(os.path.join(p, n)).st_uid == NOBODY}
    before = all_of_them()
    with waiting():
        pass
    assert all_of_them() <= before, all_of_them() - before


build_mutants()
try:
    run([
        device_code_and_client_secret_are_in_nothing_that_is_written,
        a_build_that_writes_the_device_code_is_caught,
        tokens_go_from_one_process_to_the_next_and_nowhere_else,
        nothing_but_sockets_is_written_to,
        the_process_that_waits_for_the_others_holds_no_secret,
        a_build_that_keeps_the_client_secret_is_caught,
        no_argument_environment_or_name_has_a_secret,
        a_crash_leaves_no_core,
        temporary_directories_are_as_they_were,
    ])
finally:
    okta.close()
    subprocess.run(["rm", "-rf", work], check=False)
