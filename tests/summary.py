#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""What a run says of each invariant: tests/invariants names the tests of each.

tests/run asks for the lines at its end.  Called with directories of logs, this keeps the figures
that stand there in tests/figures and writes the table of doc/THREATS.md anew.
"""
import glob
import os
import re
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
DOCUMENT = os.path.join(os.path.dirname(HERE), "doc/THREATS.md")
FIGURES = os.path.join(HERE, "figures")
BEGIN, END = "<!-- made of tests/invariants -->\n", "<!-- end of what is made -->\n"
RESULT = re.compile(r"^\s*(not )?ok\b[ \d]*-?\s*(.*)")
FIGURE = re.compile(r"^# figure ([SR]\d+) (.*)$", re.M)
HEAD = re.compile(r"([SR]\d+): (.+)$")
LINE = re.compile(r"  (control )?([a-z0-9]+(?:/\w+)?): (.+)$")


class Invariant:
    def __init__(self, name, promise):
        self.name, self.promise, self.attack = name, promise, ""
        self.tests, self.controls = [], []  # (place, name)

    def all(self):
        return self.tests + self.controls


def invariants(text=None):
    if text is None:
        with open(os.path.join(HERE, "invariants"), encoding="utf-8") as f:
            text = f.read()
    found = []
    for number, line in enumerate(text.splitlines(), 1):
        head, what = HEAD.match(line), LINE.match(line)
        if head:
            found.append(Invariant(head[1], head[2]))
        elif line.startswith("  attack: "):
            found[-1].attack = line[10:]
        elif what:
            (found[-1].controls if what[1] else found[-1].tests).append((what[2], what[3]))
        elif line and not line.startswith("#"):
            raise SystemExit("tests/invariants: line %d is neither an invariant nor a test of one: %s" % (number, line))
    return found


def mutants():
    """{invariant: [name]} of tests/mutants."""
    found = {}
    for path in sorted(glob.glob(HERE + "/mutants/*.sed")):
        with open(path, encoding="utf-8") as f:
            head = f.read().splitlines()[1]
        for name in head[2:].split(":")[0].split():
            found.setdefault(name, []).append(os.path.basename(path)[:-4])
    return found


def plain(name):
    return " ".join(re.sub(r"\W|_", " ", name).split())


def results(text):
    """{name: "ok", "FAIL" or "skipped"} of TAP; the worst of several of one name."""
    rank, found = ["ok", "skipped", "FAIL"], {}
    for m in filter(None, map(RESULT.match, text.splitlines())):
        state = "skipped" if re.search(r"# *skip\b", m[2], re.I) else "FAIL" if m[1] else "ok"
        # cmocka writes the name of what it skips behind the word
        said = re.sub(r"^# *skip +", "", m[2], flags=re.I)
        name = plain(re.sub(r" \((plain|sanitized)\)$|\s*# *skip\b.*", "", said, flags=re.I))
        found[name] = max(found.get(name, "ok"), state, key=rank.index)
    return found


def program(name):
    """Of a place or of a name in tests/list: what both have in common."""
    name = re.sub(r" \(sanitized\)$|\.(py|sh)$", "", name)
    folder, _, rest = name.partition("/")
    if folder == "nss" and not rest.startswith("test_"):
        rest = "direct"  # test_direct.sh runs it
    return folder if folder == "pam" else folder + "/" + re.sub(r"^test_", "", rest)


def state_of(place, name, ran):
    """None if no program of PLACE ran, "" if it ran without a test of that name."""
    programs = [found for where, found in ran.items() if program(where) == program(place)]
    if not programs:
        return None
    # the sentence may begin with a number that the run chose
    states = [state for found in programs for said, state in found.items() if said.endswith(plain(name))]
    return next((s for s in ("FAIL", "skipped", "ok") if s in states), "")


def say(ran, figures):
    """(lines, names that did not exist) of a run: RAN is {program: results}, FIGURES [(invariant, text, did the
    program that measured it fail)]."""
    lines, absent = [], []
    for each in invariants():
        states = [(place, name, state_of(place, name, ran)) for place, name in each.all()]
        absent += ["%s: %s has no test \"%s\"" % (each.name, place, name) for place, name, state in states if state == ""]
        there = [state for _, _, state in states if state is not None]
        measured = [(text, failed) for name, text, failed in figures if name == each.name]
        if not there and not measured:
            continue
        there += ["FAIL" if failed else "ok" for _, failed in measured]
        verdict = "FAIL" if "FAIL" in there or "" in there else "ok" if "ok" in there else "skip"
        lines.append("%-4s %-4s %2d of %d tests  %s%s" % (each.name, verdict, [s for _, _, s in states].count("ok"), len(states),
                     each.promise, "".join("  [%s]" % text for text, _ in measured)))
    return lines, absent


def kept():
    """[(invariant, text)] of tests/figures."""
    if not os.path.exists(FIGURES):
        return []
    with open(FIGURES, encoding="utf-8") as f:
        return [tuple(line.rstrip("\n").split(" ", 1)) for line in f if line[0] in "SR"]


def subject(figure):
    """What a figure is of: the invariant, and its words without the numbers."""
    return figure[0], re.sub(r"=-?[\d.]+(?= |$)", "", figure[1])


def is_less(figure, before):
    """Ten seconds of a fuzzer say less than the hour before."""
    runs = [re.search(r"executions=(\d+) findings=0$", f[1]) for f in (figure, before)]
    return all(runs) and int(runs[0][1]) < int(runs[1][1])


def keep(directories):
    """The newest figure of each subject takes the place of the one before; of a fuzzer the longest."""
    figures = {subject(f): f for f in kept()}
    for path in sorted((p for d in directories for p in glob.glob(d + "/*.log")), key=os.path.getmtime):
        with open(path, encoding="utf-8", errors="replace") as f:
            for found in FIGURE.findall(f.read()):
                if not is_less(found, figures.get(subject(found), found)):
                    figures[subject(found)] = found
    rows = sorted(figures.values(), key=lambda f: (f[0][0] != "S", int(f[0][1:]), f[1]))
    with open(FIGURES, "w", encoding="utf-8") as f:
        f.write("# The last measured figures, kept by tests/summary.py out of the logs of runs.\n")
        f.writelines("%s %s\n" % row for row in rows)


def cell(names):
    return "<br>".join(names) or "–"


def table():
    by, figures = mutants(), kept()
    rows = ["| | what holds | attack | mutant or control | last figure | where tested |\n", "|---|---|---|---|---|---|\n"]
    for each in invariants():
        tests = ['%s: "%s"' % test for test in each.tests]
        seen_by = ["mutant `%s`" % m for m in by.get(each.name, [])] + ['%s: "%s"' % test for test in each.controls]
        rows.append("| %s | %s | %s | %s | %s | %s |\n" % (each.name, each.promise, each.attack, cell(seen_by),
                    cell([text for name, text in figures if name == each.name]), cell(tests)))
    return "".join(rows)


def main():
    if len(sys.argv) < 2:
        sys.exit("summary.py LOGDIR...: keep the figures of these runs and write the table of doc/THREATS.md")
    keep(sys.argv[1:])
    with open(DOCUMENT, encoding="utf-8") as f:
        before, rest = f.read().split(BEGIN)
    with open(DOCUMENT, "w", encoding="utf-8") as f:
        f.write(before + BEGIN + table() + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
