#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""Three verifiers over the same tokens: ours, libjwt and cjose (S3).  Each token on which they do
not agree is in a table below with the reason: TAP.  Argument: the build directory."""
import base64
import json
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.join(ROOT, sys.argv[1] if len(sys.argv) > 1 else "build")
OTHERS = os.path.join(BUILD, "tests/net/other_libraries")
OWN = os.path.join(ROOT, "tests/vectors/own")
NAMES = ("libjwt", "cjose")

BOTH = {"libjwt", "cjose"}
# beginning of the row's id -> which of them differ from us, and why
EXPLAINED = {
    "alg-downgrade-rs512": (BOTH, "the header chooses the hash; our key set pins one algorithm a key"),
    "alg-rs384": (BOTH, "the same"),
    "alg-ps256-on-rs256-key": ({"cjose"}, "the header chooses the padding; ours is pinned"),
    "use-enc-key": (BOTH, "a key is given to them by hand; we leave out one that is not for signatures"),
    "crit-": (BOTH, "neither looks at crit; RFC 7515 section 4.1.11: what is not understood is refused"),
    "zip-def": ({"cjose"}, "an unknown header member is no matter to it; we allow alg, kid and typ"),
    "typ-": ({"cjose"}, "it leaves typ to the caller; an access token must not do as an ID token"),
    "sig-padding=": (BOTH, "both decode base64url with padding; RFC 7515 section 2 has none"),
    "sig-noncanon": (BOTH, "both ignore bits behind the last byte: one signature, several tokens"),
    "sig-std-b64": ({"libjwt"}, "it decodes the other alphabet as well"),
    "sig-ws": ({"libjwt"}, "it skips blanks"),
    # here only the signature is asked: the payload's JSON and claims are judged afterwards, and a
    # row that is taken here is refused there (tests/unit/test_jwt.c)
    "payload-": ({"libjwt"}, "it parses the payload in the same step; our signature check is done before"),
    "exp-i64": ({"libjwt"}, "the same: its JSON library refuses the number"),
    "exp-1e400": ({"libjwt"}, "the same"),
    "user-'alice\\x00root'": ({"libjwt"}, "the same: its JSON library refuses U+0000"),
}


def unb64(text):
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def der(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    length = bytes([n]) if n < 128 else bytes([0x82]) + n.to_bytes(2, "big")
    return bytes([tag]) + length + body


def pem_of(jwk):
    """The public key as SubjectPublicKeyInfo; a shared secret as it is."""
    if jwk["kty"] == "RSA":
        number = [der(2, b"\0" + unb64(jwk[m])) for m in ("n", "e")]
        number[1] = der(2, unb64(jwk["e"]))
        kind = der(0x30, bytes.fromhex("06092a864886f70d0101010500"))
        key = der(0x30, *number)
    elif jwk["kty"] == "EC":
        kind = der(0x30, bytes.fromhex("06072a8648ce3d020106082a8648ce3d030107"))
        key = b"\4" + unb64(jwk["x"]) + unb64(jwk["y"])
    else:
        return jwk.get("k", "")
    text = base64.encodebytes(der(0x30, kind, der(3, b"\0", key))).decode()
    return "-----BEGIN PUBLIC KEY-----\n" + text + "-----END PUBLIC KEY-----\n"


def key_for(token, keys):
    """By kid, as a program does that uses such a library; else the first."""
    try:
        kid = json.loads(unb64(token.split(".")[0])).get("kid")
    except (ValueError, AttributeError):
        kid = None
    for k in keys:
        if k.get("kid") == kid:
            return k
    return keys[0]


def ours(token, keys, scratch):
    with open(scratch, "w", encoding="utf-8") as f:
        json.dump({"keys": keys}, f)
    r = subprocess.run([os.path.join(BUILD, "oktactl"), "token", "verify", "--jwks", scratch,
                        "--signature-only"], input=token.encode("utf-8", "surrogatepass"),
                       capture_output=True, check=False)
    return r.returncode == 0


def fits(token):
    return token != "" and not any(c in token for c in "\t\n\0")


def verdicts():
    with open(os.path.join(OWN, "context.json"), encoding="utf-8") as f:
        keys = json.load(f)["jwks"]["keys"]
    with open(os.path.join(OWN, "forged_id_tokens.jsonl"), encoding="utf-8") as f:
        rows = [r for r in map(json.loads, f) if fits(r["token"])]
    lines, result = [], {}
    with tempfile.NamedTemporaryFile() as scratch:
        for row in rows:
            mine = keys + ([row["req"]["extra_jwk"]] if "extra_jwk" in row["req"] else [])
            key = key_for(row["token"], mine)
            lines.append("\t".join((row["token"], json.dumps(key), pem_of(key).replace("\n", "|"))))
            result[row["id"]] = [ours(row["token"], mine, scratch.name)]
    out = subprocess.run([OTHERS], input="\n".join(lines) + "\n", text=True, encoding="utf-8",
                         errors="surrogateescape", capture_output=True, check=True).stdout.split()
    for row, words in zip(rows, out, strict=True):
        result[row["id"]] += [w == "y" for w in words]
    return rows, result


def main():
    subprocess.run(["make", "-s", "-C", ROOT, "B=" + BUILD, OTHERS], check=True)
    rows, result = verdicts()
    bad = []
    count = 0

    def report(name, wrong):
        nonlocal count
        count += 1
        print(f"{'not ok' if wrong else 'ok'} {count} - {name}")
        for w in wrong:
            print("#", w)
        bad.extend(wrong)

    accept = [r["id"] for r in rows if r["expect"] == "accept"]
    report("all three accept the good tokens", [i for i in accept if result[i] != [True] * 3])
    for n, name in enumerate(NAMES, 1):
        report(f"each signature that {name} takes and we refuse is explained",
               [i for i, v in result.items() if v[n] and not v[0] and not explained(i, name)])
        report(f"each signature that {name} refuses and we take is explained",
               [i for i, v in result.items() if v[0] and not v[n] and not explained(i, name)])
    report("each explanation is of a token on which they differ",
           [e for e in EXPLAINED if not any(i.startswith(e) and len(set(v)) > 1 for i, v in result.items())])
    print(f"1..{count}")
    return 1 if bad else 0


def explained(row, name):
    return any(row.startswith(e) and name in which for e, (which, _) in EXPLAINED.items())


if __name__ == "__main__":
    sys.exit(main())
