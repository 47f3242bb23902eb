#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""doc/LOGS.md against the sources: every reason and every text that can reach a log has a row, and
no row is left of one that cannot."""
import fnmatch
import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
TREE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(TREE, "tests", "e2e"))
import messages  # noqa: E402
import tap  # noqa: E402
from tap import check, equal, test  # noqa: E402

WRITERS = ["pam_okta/*.c", "cmd/okta-sync/*.c", "cmd/okta-auth-helper/*.c", "common/*/*.c"]
# What only says more about one message, or is one of many of a form: the row of the whole is enough.
FAMILIES = {
    "FILE: line N: [section] key: what is wrong: remedy": ["common/model/conf*.c", "common/base/file.c"],
    "token: …": ["common/net/id_token.c", "common/net/jw[kt]*.c", "cmd/okta-auth-helper/verify.c"],
    "JSON: …": ["common/net/json*.c"],
    "answer refused: …": ["common/net/http_text.c"],
    "a page of Okta's …": ["common/net/directory.c"],
    "the next page … not followed": ["common/net/link.c"],
    "snapshot: …": ["common/snap/[cilvw]*.c"],
    "… message: …": ["common/model/wire.c"],
}
# What reaches no log.
SHOWN = [
    "pam_okta/rc.c", "pam_okta/prompt.c", "pam_okta/password.c",  # told to the person: pam_okta(8)
    "cmd/okta-sync/progress.c",
]
NO_TEXT = [
    "usage: *", "Your Okta account is not active.", "SELECT *", "INSERT *", "UPDATE *", "DELETE *", "CREATE *", "PRAGMA *",
    "BEGIN *", "okta.*.read*", "OpenSSL SSL_connect:", "* failure:", "unexpected eof", "this host",
    "<*>", "Okta refused a token: *Scopes asked*", "(no description)", "no reason given", "that it names",
]


def read(path):
    with open(os.path.join(TREE, path), encoding="utf-8") as f:
        return f.read()


def rows(text):
    """The first cell's `patterns` of each row of a table."""
    found = []
    for line in text.splitlines():
        if line.startswith("|") and not line.startswith("|--"):
            found += re.findall(r"`([^`]+)`", line.split("|")[1])
    return found


def sources():
    return sorted(os.path.relpath(p, TREE) for w in WRITERS for p in glob.glob(os.path.join(TREE, w)))


def pattern(row):
    return re.compile(r"[\s\S]*?".join(re.escape(part) for part in row.split("…")))


def shape(text):
    """TEXT with what printf() puts in as one character that a wildcard takes."""
    return re.sub(r"%[-0-9.*]*(?:l|ll|z|h)?[a-zA-Z]|%(?=[ ,:)]|$)", "\0", text).replace("%%", "%")


def logged_texts():
    for path in sources():
        if path in SHOWN or any(fnmatch.fnmatch(path, g) for globs in FAMILIES.values() for g in globs):
            continue
        for text in messages.texts(read(path)):
            if not any(fnmatch.fnmatchcase(text, n) for n in NO_TEXT):
                yield path, text


GUIDE = read("doc/LOGS.md")
ROWS = rows(GUIDE)


@test("each reason of a login's line has a row in the guide and an item in pam_okta(8), and no other has")
def _():
    words = set(re.findall(r'(?:REFUSED|UNAVAILABLE)\(\s*"([a-z_]+)"|=\s*\{\s*"([a-z_]+)"', read("pam_okta/rc.c")))
    words = {a or b for a, b in words}
    check(len(words) > 30, "reasons: %r" % words)
    login = GUIDE[GUIDE.index("## A login"):GUIDE.index("### What stands in detail")]
    equal(set(rows(login)), words, "rows")
    page = read("doc/man/pam_okta.8")
    page = page[page.index(".Sh DIAGNOSTICS"):]
    equal(set(re.findall(r"^\.It Ql (\w+)$", page, re.M)), words - {"not_ours"}, "items of the manual page")


@test("each sentence that a person is told stands in pam_okta(8)")
def _():
    page = re.sub(r"^\.\S+ ?|\\&", "", read("doc/man/pam_okta.8"), flags=re.M)
    page = " ".join(page.split())
    for text in messages.texts(read("pam_okta/rc.c")):
        if text[0].isupper():
            check(text in page, "%r is not in doc/man/pam_okta.8" % text)


@test("each text that can reach a log has a row in the guide")
def _():
    known = [pattern(r) for r in ROWS if re.search(r"[A-Za-z]{3}", r)]
    lacking = ["%s: %s" % (path, text) for path, text in logged_texts() if not any(p.search(shape(text)) for p in known)]
    equal(lacking, [], "texts without a row in doc/LOGS.md")


@test("a text that has no row is seen")
def _():
    known = [pattern(r) for r in ROWS]
    source = 'okta_err_set(err, OKTA_E_SYS, "%s: the moon " /* no */\n\t"is in the way (%" PRIu64 ")", x);'
    texts = list(messages.texts(source))
    equal(texts, ["%s: the moon is in the way (%)"], "texts")
    check(not any(p.search(shape(texts[0])) for p in known), "covered by %r" % [
        p.pattern for p in known if p.search(shape(texts[0]))])


@test("no row is wide enough to hide a text: each has letters of its own, and a family names its files")
def _():
    for row in ROWS:
        if "…" in row and row not in FAMILIES:
            check(len(re.sub(r"[^A-Za-z]", "", row)) >= 3, "the row %r says too little" % row)
    for row, globs in FAMILIES.items():
        check("`%s`" % row in GUIDE, "the row %r is missing" % row)
        for g in globs:
            check(glob.glob(os.path.join(TREE, g)), "no file matches %r" % g)


@test("no row is left of a text that no source has any more")
def _():
    all_texts = [shape(t) for path in sources() for t in messages.texts(read(path))]
    login = GUIDE[GUIDE.index("## A login"):GUIDE.index("### What stands in detail")]
    skip = set(rows(login)) | set(FAMILIES) | set(rows(GUIDE[:GUIDE.index("## A login")]))
    stale = [r for r in ROWS if r not in skip and not any(pattern(r).search(t) for t in all_texts)]
    equal(stale, [], "rows of no text")


@test("the NSS module and the helper write no log, as the guide says")
def _():
    for path in glob.glob(os.path.join(TREE, "nss_okta/*.c")) + glob.glob(os.path.join(TREE, "cmd/okta-auth-helper/*.c")):
        check(not re.search(r"\bv?syslog\s*\(|\bopenlog\s*\(", read(path)), "%s writes" % path)


if __name__ == "__main__":
    tap.run()
