#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""okta-auth-helper while an answer stops at each step of its way, and while its processes are stopped:
each login ends by its deadline, with a message, and leaves no process; also when its client goes at any moment.
TAP.  Arguments: the build directory; `full`: 500 clients that go."""
import concurrent.futures
import os
import random
import signal
import socket
import sys
import threading
import time

if len(sys.argv) > 1:
    os.environ["HELPER"] = os.path.abspath(os.path.join(sys.argv[1], "okta-auth-helper"))

# pylint: disable=wrong-import-position
import helper
from helper import PROMPT, Helper
from hostile import Hostile
from okta import Okta
from tap import run

DEADLINE_S = 8
LATEST_S = 20  # of any message, whatever the deadline
FULL = "full" in sys.argv[2:]
CLIENTS = 500 if FULL else 40
SEED = os.environ.get("SEED", "1")
okta = Okta()


def lead_and_drop_root(drop=helper.drop_root):
    """The processes of one login in a group of their own, by which they are found."""
    os.setsid()
    drop()


helper.drop_root = lead_and_drop_root


def group_is_gone(pid, seconds=3):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            os.killpg(pid, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.02)
    return False


def wait_for_end(conn):
    """Until the client goes: it is the one who has to lose patience."""
    conn.settimeout(60)
    try:
        while conn.recv(4096):
            pass
    except OSError:
        pass


def stops_after(*pieces, every_s=0.0):
    """An answer of which PIECES come, and then nothing more."""
    def answer(conn, _):
        for piece in pieces:
            conn.sendall(piece)
            if every_s:
                time.sleep(every_s)
        wait_for_end(conn)
    return answer


def drops_connections():
    """(url, what is to be kept): a queue that is full, so that the kernel drops who else comes."""
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(0)
    kept = [listener]
    for _ in range(4):
        s = socket.socket()
        s.setblocking(False)
        s.connect_ex(listener.getsockname())
        kept.append(s)
    time.sleep(0.1)
    return "https://localhost:%d" % listener.getsockname()[1], kept


def says_below_tls(data):
    """(url, what is to be kept): DATA once something came, then nothing."""
    listener = socket.create_server(("127.0.0.1", 0))

    def talk():
        while True:
            try:
                conn, _ = listener.accept()
            except OSError:
                return
            conn.recv(4096)
            conn.sendall(data)
            threading.Thread(target=wait_for_end, args=(conn,), daemon=True).start()
    threading.Thread(target=talk, daemon=True).start()
    return "https://localhost:%d" % listener.getsockname()[1], [listener]


HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
SOME = b'{"device_code":"d","user_code":"ABCD'
ANSWERS = {
    "the request is read and nothing answered": stops_after(),
    "half a status line": stops_after(b"HTTP/1.1 2"),
    "half of the headers": stops_after(HEAD + b"X-Half: ye"),
    "headers and no body": stops_after(HEAD + b"Content-Length: 200\r\n\r\n"),
    "half a body": stops_after(HEAD + b"Content-Length: 200\r\n\r\n" + SOME),
    "half a chunk": stops_after(HEAD + b"Transfer-Encoding: chunked\r\n\r\n80\r\n" + SOME),
    "chunks without the last one": stops_after(HEAD + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n"),
    "a header a byte a second": stops_after(HEAD, *(bytes([b]) for b in b"X-Slow: 0123456789012345678901234"), every_s=1),
    "a body a byte a second": stops_after(HEAD + b"Content-Length: 200\r\n\r\n", *(bytes([b]) for b in SOME), every_s=1),
}
TLS_RECORD = b"\x16\x03\x03\x00\x7a\x02\x00\x00\x76\x03\x03"  # the beginning of a ServerHello


def ends(mode, url, ca, approve=None, **over):
    """(mode, seconds, code) of a login that must end by itself."""
    with Helper(url, ca_file=ca, deadline_s=DEADLINE_S, **over) as h:
        m = h.read(LATEST_S)
        if m["type"] == PROMPT and approve:
            approve(h, m)
            m = h.read(LATEST_S)
        took = time.monotonic() - h.began
        h.sock.close()
        h.proc.wait(5)
        assert group_is_gone(h.proc.pid), mode + ": a process is left"
    assert m["type"] == helper.FAILURE, (mode, m)
    return mode, took, m["code"]


def below_http(mode, place):
    url, kept = place
    try:
        return ends(mode, url, "")
    finally:
        for s in kept:
            s.close()


def in_http(mode, answer):
    server = Hostile(answer)
    try:
        return ends(mode, server.url, server.ca)
    finally:
        server.close()


def behind_the_prompt(mode, path, **over):
    okta.fault(path=path, kind="delay", delay_ms=60000, times=-1)

    def approve(_, prompt):
        okta.approve(prompt)
    return ends(mode, okta.url, okta.ca, approve, **over)


def stopped(mode, which):
    """One of the helper's own processes stops for ever."""
    def stop(h, _):
        os.kill(h.processes()[which], signal.SIGSTOP)
    return ends(mode, okta.url, okta.ca, stop)


def report(rows):
    for mode, took, code in rows:
        print("# %-45s %-12s after %.1f s" % (mode, code, took), flush=True)
    print("# figure R12 what=hang-modes modes=%d slowest_s=%.1f deadline_s=%d hanging=0 processes_left=0" % (
        len(rows), max(took for _, took, _ in rows), DEADLINE_S), flush=True)


def an_answer_that_stops_at_any_step_ends_the_login_by_its_deadline_and_leaves_no_process():
    okta.switches(device_interval=1, id_token="thin")
    okta.forget()
    with concurrent.futures.ThreadPoolExecutor(20) as pool:
        jobs = [pool.submit(below_http, "connections are dropped", drops_connections()),
                pool.submit(below_http, "the TLS hello is not answered", says_below_tls(b"")),
                pool.submit(below_http, "the TLS handshake stops in the middle", says_below_tls(TLS_RECORD))]
        jobs += [pool.submit(in_http, *each) for each in ANSWERS.items()]
        rows = [j.result() for j in jobs]
    for mode, path in (("no answer to the poll", "/v1/token"), ("no keys", "/keys"), ("no userinfo", "/userinfo")):
        okta.forget()
        rows.append(behind_the_prompt(mode, path))
    okta.forget()
    okta.switches(id_token="fat")
    rows.append(stopped("the process that polls is stopped", 1))
    report(rows)
    assert len(rows) >= 12 and all(took < DEADLINE_S + 1 for _, took, _ in rows), rows


def a_login_whose_processes_are_stopped_and_continued_all_the_time_succeeds():
    """Each wait ends early, and only who waits can begin it anew."""
    okta.switches(device_interval=1)
    okta.forget()
    times = 0
    with Helper(okta.url, ca_file=okta.ca) as h:
        prompt = h.prompt()
        approved = threading.Timer(1.5, okta.approve, [prompt])
        approved.start()
        h.sock.setblocking(False)
        end = time.monotonic() + 30
        while True:
            try:
                frame = h.sock.recv(65536)
                break
            except BlockingIOError:
                assert time.monotonic() < end, "no verdict"
            for pid in h.processes():
                try:
                    os.kill(pid, signal.SIGSTOP)
                    os.kill(pid, signal.SIGCONT)
                    times += 1
                except ProcessLookupError:
                    pass
            time.sleep(0.005)
        m = helper.decode(frame)
        assert m["type"] == helper.CLAIMS, m
        h.sock.close()
        h.proc.wait(5)
        assert group_is_gone(h.proc.pid), "a process is left"
    assert times > 100, times
    print("# figure S16 what=helper-stopped-and-continued times=%d refused=0" % times)


def goes_after(seconds):
    """(moment, seconds until each process had ended) of a login whose client goes."""
    h = Helper(okta.url, ca_file=okta.ca)
    time.sleep(max(0, seconds - (time.monotonic() - h.began)))
    began = time.monotonic()
    h.sock.close()
    try:
        h.proc.wait(10)
        gone = group_is_gone(h.proc.pid, 10)
    finally:
        h.proc.stderr.close()
    return seconds, time.monotonic() - began if gone else 99.0


def clients_that_go_at_any_moment_leave_no_process_after_two_seconds_and_no_poll():
    okta.switches(device_interval=1)
    okta.forget()
    rng = random.Random(SEED)
    # up to the prompt it takes a tenth of a second, and then there is a poll each second
    moments = [rng.random() * (0.2 if n % 2 else 2.5) for n in range(CLIENTS)]
    with concurrent.futures.ThreadPoolExecutor(16) as pool:
        rows = list(pool.map(goes_after, moments))
    asked = [r["path"] for r in okta.requests()]
    print("# figure R11 clients=%d slowest_ms=%.0f polls=%d" % (
        CLIENTS, 1000 * max(took for _, took in rows), sum("/v1/token" in p for p in asked)), flush=True)
    assert any("/v1/token" in p for p in asked) and any("/device/authorize" in p for p in asked), "none came so far"
    okta.forget()
    time.sleep(2.5)
    assert not okta.requests(), okta.requests()
    slow = [row for row in rows if row[1] > 2]
    assert not slow, slow


try:
    run([
        an_answer_that_stops_at_any_step_ends_the_login_by_its_deadline_and_leaves_no_process,
        a_login_whose_processes_are_stopped_and_continued_all_the_time_succeeds,
        clients_that_go_at_any_moment_leave_no_process_after_two_seconds_and_no_poll,
    ])
finally:
    okta.close()
