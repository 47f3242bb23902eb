#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""oktactl token verify, as its users run it: TAP.  Argument: the build directory."""
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, sys.argv[1] if len(sys.argv) > 1 else "build")
CTL = os.environ.get("OKTACTL", os.path.join(BUILD, "oktactl"))
OWN = os.path.join(ROOT, "tests/vectors/own")
SHARED = os.path.join(ROOT, "../shared/vectors")
# rows that are about a login name, a policy or an earlier login: see tests/unit/test_jwt.c
WHOLE_LOGIN = ("user-", "groups-", "acr-amr", "replayed-jti", "auth_time-old")
QUIRKS = {346, 347, 350, 351, 367, 370, 372, 373}

count = 0


def report(good, name, why=""):
    global count
    count += 1
    print(f"{'ok' if good else 'not ok'} {count} - {name}", flush=True)
    if not good:
        print(f"# {why}")


def skip(name, why):
    global count
    count += 1
    print(f"ok {count} - {name} # SKIP {why}")


def verify(token, jwks, *options):
    with tempfile.NamedTemporaryFile("w", suffix=".json") as f:
        json.dump(jwks, f)
        f.flush()
        return subprocess.run([CTL, "token", "verify", "--jwks", f.name, *options],
                              input=token.encode("utf-8", "surrogatepass"),
                              capture_output=True, check=False)


def own():
    with open(os.path.join(OWN, "context.json"), encoding="utf-8") as f:
        context = json.load(f)
    wrong, talk, claims = [], [], None
    with open(os.path.join(OWN, "forged_id_tokens.jsonl"), encoding="utf-8") as f:
        rows = [json.loads(line) for line in f]
    for row in rows:
        if row["id"].startswith(WHOLE_LOGIN):
            continue
        jwks = {"keys": list(context["jwks"]["keys"])}
        if "extra_jwk" in row["req"]:
            jwks["keys"].append(row["req"]["extra_jwk"])
        r = verify(row["token"], jwks, "--issuer", context["issuer"], "--client-id",
                   context["client_id"], "--now", str(row["now"]), "--skew", "60")
        if r.returncode != (0 if row["expect"] == "accept" else 1):
            wrong.append(row["id"])
        if r.returncode == 1 and (r.stdout.count(b"\n") != 1 or
                                  not r.stdout.startswith(b"token: ")):
            talk.append(row["id"])
        if row["id"] == "ok-rs256":
            claims = json.loads(r.stdout)
    report(not wrong, "each forged token gets its verdict by exit status", wrong)
    report(not talk, "each refusal is one line that names the check", talk)
    report(claims is not None and claims["sub"] == context["expected_sub"],
           "the claims of a good token are printed as JSON", claims)


ELSEWHERE = "Wycheproof's vectors are another project's and not in this tree: looked for in ../shared/vectors/wycheproof"


def wycheproof():
    name = "--signature-only agrees with wycheproof on 393 of 401, and the other eight are known"
    path = os.path.join(SHARED, "wycheproof/json_web_signature_test.json")
    if not os.path.exists(path):
        skip(name, ELSEWHERE)
        return
    with open(path, encoding="utf-8") as f:
        groups = json.load(f)["testGroups"]
    differ, total = set(), 0
    for group in groups:
        jwks = {"keys": [group.get("public") or group["private"]]}
        for test in group["tests"]:
            total += 1
            jws = test["jws"] if isinstance(test["jws"], str) else json.dumps(test["jws"])
            good = verify(jws, jwks, "--signature-only").returncode == 0
            if good != (test["result"] == "valid"):
                differ.add(test["tcId"])
    report(total == 401 and differ == QUIRKS, name, sorted(differ ^ QUIRKS))


# 1: a set with shared secrets beside public keys; a login takes no shared secret at all.
# 7: an RSA key of the ROCA family; the keys are Okta's own, over TLS, and nobody else's word.
KEY_QUIRKS = {1, 7}


def wycheproof_keys():
    name = "of wycheproof's 26 keys and sets 24 get their verdict, and the other two are known"
    path = os.path.join(SHARED, "wycheproof/json_web_key_test.json")
    if not os.path.exists(path):
        skip(name, ELSEWHERE)
        return
    with open(path, encoding="utf-8") as f:
        groups = json.load(f)["testGroups"]
    differ, total = set(), 0
    for group in groups:
        key = group.get("public") or group["private"]
        jwks = key if "keys" in key else {"keys": [key]}
        for test in group["tests"]:
            total += 1
            good = verify(test["jws"], jwks, "--signature-only").returncode == 0
            if good != (test["result"] == "valid"):
                differ.add(test["tcId"])
    report(total == 26 and differ == KEY_QUIRKS, name, sorted(differ ^ KEY_QUIRKS))


def usage():
    bad = [[], ["--jwks", "/x"], ["--jwks", "/x", "--issuer", "i"],
           ["--jwks", "/x", "--signature-only", "more"],
           ["--jwks", "/x", "--issuer", "i", "--client-id", "c", "--now", "-1"],
           ["--jwks", "/x", "--issuer", "i", "--client-id", "c", "--skew", "1x"]]
    for options in bad:
        r = subprocess.run([CTL, "token", "verify", *options], input=b"", capture_output=True,
                           check=False)
        if r.returncode != 2 or b"usage:" not in r.stderr:
            report(False, "wrong options print the usage and exit 2", options)
            return
    report(True, "wrong options print the usage and exit 2")
    r = subprocess.run([CTL, "token", "verify", "--jwks", "/nonexistent", "--signature-only"],
                       input=b"", capture_output=True, check=False)
    report(r.returncode == 2 and b"/nonexistent" in r.stderr,
           "a JWKS that cannot be read is named", r)


def too_long():
    # judged by its first 64 KiB it would be "not three parts", or even good
    r = verify("A" * 70000, {"keys": []}, "--signature-only")
    report(r.returncode == 1 and b"form: more than 65536 bytes" in r.stdout,
           "of a token that is too long no beginning is judged", r)
    r = verify("A" * 65536, {"keys": []}, "--signature-only")
    report(r.returncode == 1 and b"not three parts" in r.stdout,
           "a token of 65536 bytes is still read", r)


own()
wycheproof()
wycheproof_keys()
usage()
too_long()
print(f"1..{count}")
