# SPDX-License-Identifier: BSD-2-Clause
"""Answers that are none: what comes in the place of an honest one."""
import base64
import json
import re

JUNK = [None, True, -1, 0, 1e308, 2 ** 63, "", "\x00", "\x1b[2J", "\u202e", "A" * 70000, [], {}, [[]] * 50, {"a": {"a": {}}}]


def http(body, status="200 OK", head=b"Content-Type: application/json\r\n", length=None):
    return b"HTTP/1.1 %s\r\n%sContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (
        status.encode(), head, len(body) if length is None else length, body)


def some_bytes(rng, body):
    return http(rng.randbytes(rng.randrange(4096)))


def flipped_bits(rng, body):
    b = bytearray(body)
    for _ in range(rng.randint(1, 8)):
        b[rng.randrange(len(b))] ^= 1 << rng.randrange(8)
    return http(bytes(b))


def cut(rng, body):
    return http(body[:rng.randrange(len(body))])


def cut_on_the_way(rng, body):
    return http(body[:rng.randrange(len(body))], length=len(body))


def with_a_byte_that_is_no_text(rng, body):
    at = rng.randrange(len(body))
    return http(body[:at] + rng.choice([b"\xff", b"\x00", b"\xc0\xaf", b"\xed\xa0\x80", b"\xf8\x88\x80\x80\x80"]) + body[at:])


def of_another_kind(rng, body):
    return http(rng.choice([b"", b"null", b"true", b"0", b'""', b"[[]]", b'[1]', b'{"a":1}', b"[" * 4000, b'{"a":' * 4000, b"NaN",
                            b"\xef\xbb\xbf[]", b"<html></html>", b"[,]", b"[{}", b"'a'"]))


def broken_http(rng, body):
    n = rng.randrange(10)
    if n == 0:
        return rng.randbytes(rng.randrange(1, 500))
    if n == 1:
        return b"HTTP/1.1 %d x\r\n\r\n" % rng.choice([99, 100, 101, 600, 999, 1000])
    if n == 2:
        return http(body, head=b"Transfer-Encoding: chunked\r\n")
    if n == 3:
        return b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + rng.choice([b"-5", b"zz", b"fffffffffffffffff"]) + b"\r\n" + body
    if n == 4:
        return b"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\n" + body
    if n == 5:
        return b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: %d\r\n\r\n" % len(body) + body
    if n == 6:
        return http(body, head=b"Content-Encoding: gzip\r\n")
    if n == 7:
        return b"HTTP/1.1 200 OK\r\n" + rng.randbytes(200) + b"\r\n\r\n" + body
    if n == 8:
        return body
    return http(b"", status="302 Found", head=b"Location: /elsewhere\r\n")


def other_values(rng, body):
    """One value of the JSON is another one, or there twice."""
    value = json.loads(body)
    at = value
    while isinstance(at, (dict, list)) and at:
        key = rng.choice(list(at) if isinstance(at, dict) else range(len(at)))
        if isinstance(at[key], (dict, list)) and at[key] and rng.random() < 0.8:
            at = at[key]
            continue
        if rng.random() < 0.3 and isinstance(at, dict):
            text = json.dumps(value)
            return http(text.replace("{", '{%s: %s, ' % (json.dumps(key), json.dumps(at[key])), 1).encode())
        at[key] = rng.choice(JUNK)
        break
    return http(json.dumps(value).encode())


def unsigned_claims(rng, body):
    """The token says something else, under the old signature."""
    value = json.loads(body)
    head, payload, signature = value["id_token"].split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    name = rng.choice(["sub", "groups", "preferred_username", "exp", "jti"])
    claims[name] = {"groups": ["sudo"], "exp": claims["exp"] + 86400}.get(name, "00uSOMEBODYELSE00000")
    changed = base64.urlsafe_b64encode(json.dumps(claims).encode()).decode().rstrip("=")
    value["id_token"] = ".".join([head, changed, signature])
    return http(json.dumps(value).encode())


# what can be no honest answer, whatever it is read as
NONE_AT_ALL = [some_bytes, cut, cut_on_the_way, of_another_kind, with_a_byte_that_is_no_text]
ANYTHING = NONE_AT_ALL + [flipped_bits, broken_http, other_values]


def is_json(data):
    """Whether the body of the answer DATA is sound JSON after all."""
    head, _, body = data.partition(b"\r\n\r\n")
    m = re.search(rb"Content-Length: (\d+)", head)
    try:
        json.loads(body.decode())
        return bool(m) and int(m[1]) == len(body)
    except ValueError:
        return False
