#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""okta-auth-helper against servers that mean harm: TAP.  Argument: the build directory."""
import gzip
import json
import os
import socket
import sys
import threading
import time

if len(sys.argv) > 1:
    os.environ["HELPER"] = os.path.abspath(os.path.join(sys.argv[1], "okta-auth-helper"))

# pylint: disable=wrong-import-position
from helper import Helper
from hostile import Hostile
from okta import Okta
from tap import run


def verdict(answer, **over):
    """What the helper says about a server that answers so, and the connections it took."""
    server = Hostile(answer)
    try:
        with Helper(server.url, ca_file=server.ca, **over) as h:
            m = h.failure(25)
            m["seconds"] = time.monotonic() - h.began
            m["connections"] = server.connections
            return m
    finally:
        server.close()


def raw(data):
    return lambda conn, _: conn.sendall(data)


def body(text, head="", status="200 OK"):
    return (f"HTTP/1.1 {status}\r\nContent-Length: {len(text)}\r\n{head}\r\n").encode() + text


def certificates_that_are_expired_self_signed_or_another_hosts_are_refused():
    for tls in ["expired", "self-signed", "wrong-host"]:
        okta = Okta(tls)
        try:
            with Helper(okta.url, ca_file=okta.ca) as h:
                m = h.failure()
                assert m["code"] == "TLS" and "ca_file" in m["detail"], (tls, m)
        finally:
            okta.close()


def a_certificate_of_no_known_authority_is_refused():
    server = Hostile(raw(body(b"{}")))
    try:
        with Helper(server.url) as h:  # the system's roots
            assert h.failure()["code"] == "TLS"
    finally:
        server.close()


def redirects_are_never_followed():
    seen = []
    trap = Hostile(lambda conn, request: (seen.append(request), conn.sendall(body(b"{}"))))
    for status in ["301 x", "302 x", "303 x", "307 x", "308 x"]:
        for to in [trap.url + "/", "http://localhost/", "file:///etc/passwd"]:
            m = verdict(raw(body(b"{}", f"Location: {to}\r\n", status)))
            assert m["code"] == "ANSWER" and "redirect" in m["detail"], m
    trap.close()
    assert not seen


def http_0_9_is_refused():
    assert verdict(raw(b'{"device_code":"d"}'))["code"] == "ANSWER"


def a_body_beyond_a_megabyte_is_refused():
    m = verdict(raw(body(b" " * (1 << 20) + b"{}")))
    assert m["code"] == "ANSWER" and "too large" in m["detail"], m


def a_body_without_end_is_refused():
    def endless(conn, _):
        conn.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            conn.sendall(b"10000\r\n" + b" " * 65536 + b"\r\n")
    m = verdict(endless)
    assert m["code"] == "ANSWER" and m["seconds"] < 5, m


def a_gzip_bomb_is_refused_as_soon_as_it_is_too_large():
    bomb = gzip.compress(b" " * (256 << 20), 9)
    m = verdict(raw(body(bomb, "Content-Encoding: gzip\r\n")))
    assert m["code"] == "ANSWER" and "too large" in m["detail"] and m["seconds"] < 5, m


def gzip_is_unpacked():
    packed = gzip.compress(b'{"error":"access_denied","error_description":"x"}')
    m = verdict(raw(body(packed, "Content-Encoding: gzip\r\n", "403 x")))
    assert m["code"] == "DENIED", m


def headers_beyond_64_kib_are_refused():
    m = verdict(raw(body(b"{}", "".join(f"X-{i}: {'a' * 1000}\r\n" for i in range(70)))))
    assert m["code"] == "ANSWER", m


def headers_without_end_are_refused():
    def endless(conn, _):
        conn.sendall(b"HTTP/1.1 200 OK\r\n")
        while True:
            conn.sendall(b"X: " + b"a" * 1000 + b"\r\n")
    m = verdict(endless)
    assert m["code"] == "ANSWER" and m["seconds"] < 5, m


def a_slow_answer_ends_at_the_deadline():
    def slow(conn, _):
        conn.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n")
        while True:
            conn.sendall(b" ")
            time.sleep(1)
    m = verdict(slow, deadline_s=4)
    # one request would take 20 s; tests/unit/test_oidc.c is exact about the deadline
    assert m["code"] == "DEADLINE" and m["seconds"] < 15, m


def garbage_is_no_answer():
    for data in [os.urandom(2000), b"\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n",
                 b"HTTP/9.9 200 OK\r\n\r\n{}", body(b"\xff" * 50), body(b"[]"),
                 body(b"[" * 5000), body(b'{"device_code":"a","device_code":"b"}'),
                 body(b"{}", "Content-Encoding: br\r\n"), body(b"x", "Content-Encoding: gzip\r\n")]:
        m = verdict(raw(data))
        assert m["code"] in ("ANSWER", "UNREACHABLE"), (data[:40], m)


def device_answers_out_of_range_are_refused():
    good = {"device_code": "d", "user_code": "ABCDEFGH", "expires_in": 600, "interval": 5}
    for change in [{"user_code": "abc"}, {"user_code": "ABC\x1b[2J"}, {"user_code": "A" * 17},
                   {"device_code": ""}, {"device_code": "a\nb"}, {"device_code": 7},
                   {"expires_in": 0}, {"expires_in": 1e3}, {"expires_in": "600"},
                   {"interval": 0}, {"interval": 301}, {"interval": None}]:
        def answer(conn, request, change=change):
            host = [x for x in request.decode().split("\r\n") if x.startswith("Host:")][0][6:]
            full = {**good, "verification_uri": f"https://{host}/activate", **change}
            conn.sendall(body(json.dumps(full).encode()))
        m = verdict(answer)
        assert m["code"] == "ANSWER" and list(change)[0] in m["detail"], (change, m)


def texts_of_the_server_reach_the_log_printable_and_short():
    text = {"error": "x\x1b[31m\n\u202e", "error_description": "\r\nroot logged in" + "A" * 5000}
    m = verdict(raw(body(json.dumps(text).encode(), "", "400 x")))
    assert m["code"] == "CLIENT" and m["detail"].isascii() and m["detail"].isprintable(), m
    assert len(m["detail"]) < 320


def nobody_there_is_said_within_five_seconds():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    with Helper(f"https://localhost:{port}") as h:
        assert h.failure()["code"] == "UNREACHABLE"
    with Helper("https://no-such-host.invalid") as h:
        m = h.failure()
        assert m["code"] == "UNREACHABLE" and time.monotonic() - h.began < 5, m


def a_server_that_accepts_and_is_silent_is_given_up_within_five_seconds():
    listener = socket.create_server(("127.0.0.1", 0))
    with Helper(f"https://localhost:{listener.getsockname()[1]}") as h:
        m = h.failure()
        assert m["code"] == "UNREACHABLE" and time.monotonic() - h.began < 5, m
    listener.close()


def a_connection_cut_in_the_handshake_is_no_tls_error():
    listener = socket.create_server(("127.0.0.1", 0))

    def cut():
        conn, _ = listener.accept()
        conn.recv(10)
        conn.close()
    threading.Thread(target=cut, daemon=True).start()
    with Helper(f"https://localhost:{listener.getsockname()[1]}") as h:
        m = h.failure()
        assert m["code"] == "UNREACHABLE", m
    listener.close()


def plain_http_on_the_port_is_a_tls_error():
    listener = socket.create_server(("127.0.0.1", 0))

    def talk():
        conn, _ = listener.accept()
        conn.sendall(b"HTTP/1.1 200 OK\r\n\r\n{}")
        conn.recv(4096)
        conn.close()
    threading.Thread(target=talk, daemon=True).start()
    with Helper(f"https://localhost:{listener.getsockname()[1]}") as h:
        assert h.failure()["code"] == "TLS"
    listener.close()


def a_malformed_start_is_answered_with_a_failure():
    server = Hostile(raw(body(b"{}")))
    with Helper(server.url, scopes="") as h:
        assert h.failure()["code"] == "INTERNAL"
    with Helper(server.url, ca_file="/nonexistent") as h:
        m = h.failure()
        assert m["code"] == "CLIENT" and "/nonexistent" in m["detail"], m
    with Helper(server.url, proxy="socks5://127.0.0.1:1") as h:
        m = h.failure()
        assert m["code"] == "CLIENT" and "proxy" in m["detail"], m
    with Helper("http://localhost:1") as h:
        assert h.failure()["code"] != "UNREACHABLE"
    assert server.connections == 0
    server.close()


run([
    certificates_that_are_expired_self_signed_or_another_hosts_are_refused,
    a_certificate_of_no_known_authority_is_refused,
    redirects_are_never_followed,
    http_0_9_is_refused,
    a_body_beyond_a_megabyte_is_refused,
    a_body_without_end_is_refused,
    a_gzip_bomb_is_refused_as_soon_as_it_is_too_large,
    gzip_is_unpacked,
    headers_beyond_64_kib_are_refused,
    headers_without_end_are_refused,
    a_slow_answer_ends_at_the_deadline,
    garbage_is_no_answer,
    device_answers_out_of_range_are_refused,
    texts_of_the_server_reach_the_log_printable_and_short,
    nobody_there_is_said_within_five_seconds,
    a_server_that_accepts_and_is_silent_is_given_up_within_five_seconds,
    a_connection_cut_in_the_handshake_is_no_tls_error,
    plain_http_on_the_port_is_a_tls_error,
    a_malformed_start_is_answered_with_a_failure,
])
