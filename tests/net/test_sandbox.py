#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""okta-auth-helper's processes: how each is shut in, and that a liar among them gains nothing.
TAP.  Argument: the build directory."""
import json
import os
import re
import signal
import subprocess
import sys
import tempfile
import time

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else "build")
os.environ["HELPER"] = os.path.join(BUILD, "okta-auth-helper")

# pylint: disable=wrong-import-position
import helper
from helper import CLAIMS, FAILURE, NONCE, PROMPT, ROOT, Helper
from memory import memory_has
from okta import Okta
from tap import run

NATIVE = "0oanativelinuxlogin1"
LIARS = ["liar-device", "liar-fetch", "liar-verify", "liar-both", "mutant-one-process"]
okta = Okta()
work = tempfile.mkdtemp(prefix="okta-liars-")
os.chmod(work, 0o755)


def path(name):
    return os.path.join(work, name)


def leave(name, data):
    with open(path(name), "w", encoding="ascii") as f:
        f.write(data)
    os.chmod(path(name), 0o644)
    return path(name)


def build_liars():
    built = BUILD if not BUILD.startswith(ROOT + "/") else os.path.relpath(BUILD, ROOT)
    subprocess.run(["make", "-s", "WERROR=1", "B=" + built,
                    *[f"{built}/tests/net/{n}" for n in LIARS]], cwd=ROOT, check=True,
                   stdout=subprocess.DEVNULL)


def token_of(login, client=NATIVE):
    """A token Okta really issued, to somebody who really approved."""
    code = okta.oauth("device/authorize", client_id=client, scope="openid profile groups")
    okta.approve(code, login)
    return okta.oauth("token", client_id=client, device_code=code["device_code"],
                      grant_type="urn:ietf:params:oauth:grant-type:device_code")["id_token"]


build_liars()
okta.switches(device_interval=1)
ADA = okta.admin("GET", "/users/ada@acme.example")["id"]
KEYS = json.loads(okta.tls and subprocess.run(
    ["curl", "-s", "--cacert", okta.ca, okta.url + "/oauth2/v1/keys"], check=True,
    capture_output=True).stdout)
KID = KEYS["keys"][0]["kid"]
subprocess.run(["openssl", "genpkey", "-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256",
                "-out", path("key.pem")], check=True, capture_output=True)
os.chmod(path("key.pem"), 0o644)
leave("jwks.json", json.dumps(KEYS))


def outcome(liar, lie, approve=None, kid=KID, sub=ADA, **words):
    """All that a helper with this liar in it says, up to its end."""
    over = {k: words.pop(k) for k in list(words) if k in ("deadline_s", "clock_skew_s", "qr",
                                                         "client_secret", "client_id")}
    words.update(key=path("key.pem"), kid=kid, sub=sub)
    script = " ".join([lie] + [f"{k}={v}" for k, v in words.items() if v])
    said = []
    with Helper(okta.url, ca_file=okta.ca, program=os.path.join(BUILD, "tests/net", liar),
                groups_claim=script, **over) as h:
        while True:
            m = h.read()
            said.append(m)
            if m["type"] != PROMPT:
                return said
            if approve:
                okta.approve(m, approve)


def got_in(said, sub=ADA):
    return any(m["type"] == CLAIMS and m["sub"] == sub for m in said)


def refused(said):
    assert not got_in(said), said
    assert said[-1]["type"] == FAILURE, said
    return said[-1]


# --- liars ------------------------------------------------------------------------------------

def two_liars_that_share_a_key_get_in_so_this_harness_can_see_a_login():
    assert got_in(outcome("liar-both", "own-token"))


def a_build_whose_keys_come_from_the_process_that_brings_the_token_lets_the_liar_in():
    assert got_in(outcome("mutant-one-process", "own-token-and-keys"))


def whoever_asks_for_the_token_cannot_sign_one_of_his_own():
    for lie, kid in [("own-token", KID), ("own-token", "liar"), ("own-token", None),
                     ("own-token-own-jwk", KID), ("own-token-own-jwk", "liar")]:
        m = refused(outcome("liar-device", lie, kid=kid))
        assert m["code"] == "TOKEN", (lie, kid, m)


def whoever_asks_for_the_token_cannot_bring_the_keys_as_well():
    m = refused(outcome("liar-device", "own-token-and-keys"))
    assert "talks nonsense" in m["detail"], m


def whoever_asks_for_the_token_cannot_use_an_old_one_or_one_of_another_client_or_person():
    token = leave("token", token_of("ada@acme.example"))
    assert got_in(outcome("liar-device", "given-token", token=token)), "the control"
    time.sleep(3)  # Okta counts in seconds
    m = refused(outcome("liar-device", "given-token", token=token, clock_skew_s=1))
    assert m["code"] == "TOKEN" and "before this login began" in m["detail"], m
    m = refused(outcome("liar-device", "given-token", token=token, client_id="0oaOTHER"))
    assert m["code"] == "TOKEN" and "aud" in m["detail"], m
    token = leave("token", token_of("grace@acme.example"))
    assert not got_in(outcome("liar-device", "given-token", token=token)), "as somebody else"


def whoever_asks_for_the_token_cannot_pronounce_a_verdict():
    for lie in ["claims", "verdict"]:
        m = refused(outcome("liar-device", lie))
        assert "talks nonsense" in m["detail"], m


def whoever_asks_for_the_token_does_not_know_the_nonce():
    m = refused(outcome("liar-device", "see-nonce"))
    assert m["detail"] == "seen:" + "00" * len(NONCE), m
    m = refused(outcome("liar-fetch", "see-nonce-in-fetch", approve="ada@acme.example"))
    assert m["detail"] == "seen:" + "00" * len(NONCE), m


def whoever_fetches_does_not_know_the_client_secret():
    secret = okta.secret()
    m = refused(outcome("liar-fetch", "see-secret", approve="ada@acme.example",
                        client_secret=secret, client_id="0oanativesecretlogi1"))
    assert m["detail"] == "seen:" + "00" * min(len(secret), 64), m


def whoever_asks_for_the_token_cannot_show_another_page_code_or_qr():
    m = refused(outcome("liar-device", "prompt-elsewhere"))
    assert m["code"] == "ANSWER" and "verification_uri" in m["detail"], m
    said = outcome("liar-device", "prompt-twice")
    assert [x["type"] for x in said] == [PROMPT, FAILURE], said
    assert "talks nonsense" in said[-1]["detail"], said
    said = outcome("liar-device", "own-qr")
    assert said[0]["qr"] == "", "a QR code that leads elsewhere"
    refused(said)


def whoever_asks_for_the_token_gains_nothing_by_nonsense():
    for lie, says in [("garbage", "talks nonsense"), ("flood", "more than is allowed"),
                      ("exit", "ended without a word"), ("no-token", "token:"),
                      ("token-without-prompt", "before the code")]:
        m = refused(outcome("liar-device", lie))
        assert says in m["detail"], (lie, m)
    m = refused(outcome("liar-device", "escape"))
    assert m["detail"].isprintable() and "\x1b" not in m["detail"], m


def whoever_starts_a_program_is_ended_and_the_log_says_what_happened():
    m = refused(outcome("liar-device", "shell"))
    assert m["code"] == "INTERNAL", m
    assert f"signal {int(signal.SIGSYS)}" in m["detail"] and "sandbox" in m["detail"], m


def whoever_fetches_the_keys_cannot_make_okta_s_token_anybody_else_s():
    for kid in [KID, "liar"]:
        said = outcome("liar-fetch", "own-keys", approve="ada@acme.example", kid=kid)
        assert refused(said)["code"] == "TOKEN", said


def whoever_asks_userinfo_cannot_change_who_it_is():
    said = outcome("liar-fetch", "userinfo", approve="ada@acme.example", jwks=path("jwks.json"))
    assert got_in(said), ("the control", said)
    said = outcome("liar-fetch", "userinfo", approve="grace@acme.example",
                   jwks=path("jwks.json"))
    m = refused(said)
    assert m["code"] == "TOKEN" and m["detail"].startswith("userinfo: sub"), m


def whoever_verifies_is_given_fresh_keys_and_userinfo_once():
    for lie, says in [("keys-again", "asks for keys again"),
                      ("userinfo-again", "asks userinfo again")]:
        m = refused(outcome("liar-verify", lie, approve="ada@acme.example", deadline_s=15))
        assert m["code"] == "INTERNAL" and says in m["detail"], (lie, m)


# --- walls ------------------------------------------------------------------------------------

def status_of(pid):
    with open(f"/proc/{pid}/status", encoding="ascii") as f:
        return dict(x.split(":\t", 1) for x in f.read().splitlines() if ":\t" in x)


def limits_of(pid):
    with open(f"/proc/{pid}/limits", encoding="ascii") as f:
        return {x[:26].strip(): x[26:].split()[:2] for x in f.read().splitlines()[1:]}


def waiting(**over):
    okta.forget()
    return helper.waiting(okta, **over)


def a_waiting_login_is_two_processes_each_shut_in():
    okta.switches(device_interval=5)
    with waiting() as h:
        pids = h.processes()
        assert len(pids) == 2, pids
        for n, pid in enumerate(pids):
            s = status_of(pid)
            assert s["Seccomp"] == "2" and int(s["Seccomp_filters"]) >= 1 + n, s
            assert s["NoNewPrivs"] == "1" and int(s["CapEff"], 16) == 0, s
            assert s["Umask"] == "0077"
            assert os.stat(f"/proc/{pid}/mem").st_uid == 0, "dumpable"
            limits = limits_of(pid)
            assert limits["Max core file size"] == ["0", "0"], limits
            assert limits["Max file size"] == ["0", "0"], limits
            assert limits["Max open files"] == ["64", "64"], limits
            assert limits["Max processes"][1] == "4096" and limits["Max data size"][1] != \
                "unlimited", limits
    okta.switches(device_interval=1)


def no_process_has_a_descriptor_that_is_not_its_own():
    okta.switches(device_interval=5)
    with waiting() as h:
        ours = []
        for n, pid in enumerate(h.processes()):
            seen = sorted(os.readlink(f"/proc/{pid}/fd/{d}") for d in os.listdir(f"/proc/{pid}/fd"))
            assert seen.count("/dev/null") == 2, seen
            files = [x for x in seen if not x.startswith(("socket:", "anon_inode:", "pipe:"))]
            assert files == ["/dev/null"] * 2, seen
            if n == 0:  # the module's, and one to each process
                ours = [x for x in seen if x.startswith("socket:")]
                assert len(ours) == 2, seen
            else:  # it cannot speak to the module, nor to another process
                assert not set(ours) & set(seen), seen
    okta.switches(device_interval=1)


def the_client_secret_is_in_the_memory_of_the_one_process_that_needs_it():
    okta.switches(device_interval=5)
    secret = okta.secret().encode()
    with waiting(client_id="0oanativesecretlogi1", client_secret=secret.decode()) as h:
        coordinator, device = h.processes()
        assert memory_has(device, secret), "the control"
        assert not memory_has(coordinator, secret)
        assert memory_has(coordinator, NONCE) and not memory_has(device, NONCE)
    okta.switches(device_interval=1)


def all_of_them_end_when_the_first_is_killed():
    okta.switches(device_interval=5)
    with waiting() as h:
        device = h.processes()[1]
        fd = os.pidfd_open(device)
        os.kill(device, signal.SIGSTOP)  # it does not see that its socket is closed
        h.proc.kill()
        h.proc.wait()
        ready = subprocess.run([sys.executable, "-c",
                                "import select,sys;print(len(select.select([int(sys.argv[1])],"
                                "[],[],5)[0]))", str(fd)], pass_fds=[fd], check=True,
                               capture_output=True).stdout
        os.close(fd)
        assert ready.strip() == b"1", "it lives on"
    okta.switches(device_interval=1)


def the_end_of_the_process_that_waits_is_told_at_once():
    okta.switches(device_interval=30)
    with waiting() as h:
        # not SIGKILL: its socket closes a moment before it can be waited for, and that is the
        # signal it gets then
        os.kill(h.processes()[1], signal.SIGSEGV)
        m = h.failure(5)
        assert m["code"] == "INTERNAL" and "signal 11" in m["detail"], m
    okta.switches(device_interval=1)


def trace(**over):
    """One whole login: for each process, in the order they began, the system calls it made."""
    log = path("trace")
    open(log, "w", encoding="ascii").close()
    os.chmod(log, 0o666)
    with Helper(okta.url, ca_file=okta.ca, wrap=("strace", "-f", "-xx", "-o", log),
                **over) as h:
        okta.approve(h.prompt())
        h.claims()
        h.sock.close()
        h.proc.wait(10)
    calls = {}
    with open(log, encoding="ascii") as f:
        for line in f:
            pid, rest = line.split(None, 1)
            calls.setdefault(pid, []).append(rest)
    return list(calls.values())


def made(calls, pattern):
    return [c for c in calls if re.match(pattern, c)]


def the_process_that_verifies_has_no_network_and_opens_no_file():
    okta.switches(id_token="thin")
    coordinator, *others = trace()
    okta.switches(id_token="fat")
    assert made(coordinator, r"execve\(") and not made(coordinator, r"(socket|connect)\(")
    talkers = [c for c in others if made(c, r"connect\(")]
    assert len(talkers) == 3, "token, keys and userinfo each by a process of its own"
    for calls in others:
        assert made(calls, r"seccomp\(SECCOMP_SET_MODE_FILTER"), calls
    verifiers = [c for c in others if not made(c, r"connect\(")]
    assert len(verifiers) == 2, "once before userinfo, once with it"
    for calls in verifiers:
        assert made(calls, r"sendto\(0"), "the control: it said something"
        outside = made(calls, r"(socket|connect|recv\w*|open\w*|clone\w*|fork)\(")
        assert not outside, outside


def no_process_opens_a_file_for_writing_or_makes_a_call_that_is_refused():
    for calls in trace():
        writing = [c for c in made(calls, r"open(at)?\(") if re.search(r"O_(WRONLY|RDWR|CREAT)", c)
                   and "\\x2f\\x64\\x65\\x76\\x2f\\x6e\\x75\\x6c\\x6c" not in c]  # /dev/null
        assert not writing, writing
        assert not [c for c in calls if "SIGSYS" in c], [c for c in calls if "SIGSYS" in c]


try:
    run([
        two_liars_that_share_a_key_get_in_so_this_harness_can_see_a_login,
        a_build_whose_keys_come_from_the_process_that_brings_the_token_lets_the_liar_in,
        whoever_asks_for_the_token_cannot_sign_one_of_his_own,
        whoever_asks_for_the_token_cannot_bring_the_keys_as_well,
        whoever_asks_for_the_token_cannot_use_an_old_one_or_one_of_another_client_or_person,
        whoever_asks_for_the_token_cannot_pronounce_a_verdict,
        whoever_asks_for_the_token_does_not_know_the_nonce,
        whoever_fetches_does_not_know_the_client_secret,
        whoever_asks_for_the_token_cannot_show_another_page_code_or_qr,
        whoever_asks_for_the_token_gains_nothing_by_nonsense,
        whoever_starts_a_program_is_ended_and_the_log_says_what_happened,
        whoever_fetches_the_keys_cannot_make_okta_s_token_anybody_else_s,
        whoever_asks_userinfo_cannot_change_who_it_is,
        whoever_verifies_is_given_fresh_keys_and_userinfo_once,
        a_waiting_login_is_two_processes_each_shut_in,
        no_process_has_a_descriptor_that_is_not_its_own,
        the_client_secret_is_in_the_memory_of_the_one_process_that_needs_it,
        all_of_them_end_when_the_first_is_killed,
        the_end_of_the_process_that_waits_is_told_at_once,
        the_process_that_verifies_has_no_network_and_opens_no_file,
        no_process_opens_a_file_for_writing_or_makes_a_call_that_is_refused,
    ])
finally:
    okta.close()
    subprocess.run(["rm", "-rf", work], check=False)
