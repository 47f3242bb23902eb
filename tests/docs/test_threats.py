#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""doc/THREATS.md names tests as proof: each of them exists, under the name it prints itself."""
import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))  # its tap
import shown  # noqa: E402
import summary  # noqa: E402
import tap  # noqa: E402
from tap import check, equal, test  # noqa: E402

PLACE = re.compile(r"^(?:tests/)?([a-z0-9]+)(?:/([a-z0-9_]+))?: (.*)$", re.S)


def claims(text):
    """(place, name) of each test in the last cell of the tables' rows."""
    for row in re.findall(r"^\|.*\|$", text, re.M):
        cells = [c.strip() for c in row.strip("|").split(" | ")]
        for part in cells[-1].split("; "):
            m = PLACE.match(part)
            if m:
                for name in re.findall(r'"([^"]+)"|`([A-Za-z][A-Za-z0-9_]+)`', m[3]):
                    yield (m[1] + ("/" + m[2] if m[2] else ""), name[0] or name[1])


def sources(place):
    folder, _, name = place.partition("/")
    base = os.path.join(shown.TREE, "packaging/tests" if folder == "packages" else "tests/" + folder)
    patterns = [base + "/check.sh"] if not name else [base + "/" + name + e for e in (".c", ".py", ".sh")]
    return [p for pattern in patterns for p in glob.glob(pattern)]


def has_test(text, name):
    """A C function, a Python function, or a sentence; a shell test may say $p for a product."""
    if re.fullmatch(r"\w+", name):
        return re.search(r"\b%s\b" % re.escape(name), text) is not None
    if re.search(r"\bdef %s\(" % re.escape(re.sub(r"\W", "_", name)), text):
        return True  # printed with blanks
    joined = re.sub(r'"\s*\n?\s*"', "", text)
    words = r"(?:%s)" % r" ".join(r"(?:%s|\$\{?\w+\}?:?)" % re.escape(w) for w in name.split())
    return name in joined or re.search(words, joined) is not None


def by_hand(text):
    """Without the table that is made of tests/invariants."""
    before, rest = text.split(summary.BEGIN)
    return before + rest.split(summary.END)[1]


def is_there(place, name):
    return any(has_test(shown.read(os.path.relpath(p, shown.TREE)), name) for p in sources(place))


TEXT = shown.read("doc/THREATS.md")
CLAIMS = list(claims(by_hand(TEXT)))
WANTED = ["S%d" % n for n in (*range(1, 33), 39, 40, 41)] + ["R%d" % n for n in (*range(1, 18), 20, 24)]


@test("each test that THREATS.md names as proof exists")
def _():
    check(len(CLAIMS) > 80, "only %d tests are named" % len(CLAIMS))
    lacking = ["%s: %s%s" % (place, name, "" if sources(place) else " (no such file)") for place, name in CLAIMS
               if not is_there(place, name)]
    equal(lacking, [], "named, and not there")


@test("each invariant S1 to S32, S39 to S41, R1 to R17, R20 and R24 has an attack and tests, and each of them exists")
def _():
    found = summary.invariants()
    equal([each.name for each in found], WANTED, "the invariants of tests/invariants")
    equal([each.name for each in found if not each.attack or not each.tests], [], "without an attack or a test")
    equal(["%s: %s: %s" % (each.name, *named) for each in found for named in each.all() if not is_there(*named)], [],
          "named, and not there")


@test("each invariant has a mutant or a control")
def _():
    seen = summary.mutants()
    equal(sorted(set(seen) - set(WANTED)), [], "mutants of unknown invariants")
    equal([each.name for each in summary.invariants() if not each.controls and each.name not in seen], [],
          "without a mutant and a control")


@test("the table of the invariants is the one made of tests/invariants, tests/mutants and tests/figures")
def _():
    check(summary.BEGIN + summary.table() + summary.END in TEXT, "tests/summary.py LOGDIR... writes it anew")


@test("the summary of a run counts a failed test, a figure of a failed program and a name that is not there")
def _():
    text = "ok 1 - policy_login_denies_a_token_of_another_person (plain)\nok 2 - x\nnot ok 3 - x\n" \
           "not ok 4 # SKIP jwt_agrees\nok 5 - a page # SKIP no page here\n"  # as cmocka and as the others write it
    equal(summary.results(text), {"policy login denies a token of another person": "ok", "x": "FAIL",
                                  "jwt agrees": "skipped", "a page": "skipped"}, "results")
    equal(summary.state_of("unit/test_policy", "x", {"unit/policy (sanitized)": summary.results(text)}), "FAIL", "state")
    lines, absent = summary.say({"structure": {}}, [("S1", "n=1", True)])
    check(any(re.match(r"S1 +FAIL +0 of .*\[n=1\]", line) for line in lines), "%r" % lines)
    check(any(re.match(r"S13 +FAIL", line) for line in lines) and len(absent) == 4 and absent[0].startswith("S13: "), "%r" % absent)


@test("a short run of a fuzzer does not take the place of a long one unless it found something")
def _():
    def fuzzed(executions, findings):
        return "R7", "fuzz_snap executions=%d findings=%d" % (executions, findings)
    for figure, before, less in ((5, 0), (9, 0), True), ((9, 0), (5, 0), False), ((5, 1), (9, 0), False), ((5, 0), (9, 1), False):
        equal(summary.is_less(fuzzed(*figure), fuzzed(*before)), less, "%r after %r" % (figure, before))


@test("each row that promises something names a test")
def _():
    for row in re.findall(r"^\|.*\|$", by_hand(TEXT), re.M):
        if row.startswith(("|---", "| promise")):
            continue
        check(list(claims(row)), "no test in: %s" % row)


@test("a test that does not exist is seen")
def _():
    found = list(claims('| a | b | unit/test_policy: `policy_never_was`, "no such sentence"; structure: "x" |'))
    equal(found, [("unit/test_policy", "policy_never_was"), ("unit/test_policy", "no such sentence"), ("structure", "x")], "claims")
    check(not has_test("static void policy_is(void)", "policy_never_was"), "taken for there")
    check(has_test('verdict "$p needs no library"', "pam_okta.so needs no library"), "a product's name")


if __name__ == "__main__":
    tap.run()
