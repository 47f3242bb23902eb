#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""test_fleet.py: the simulation in doc/performance.md is what tests/bench/fleet.py prints."""
import os
import re
import subprocess
import sys

TREE = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..')
PART = re.compile(r'<!-- begin fleet -->\n(.*?)<!-- end fleet -->', re.S)


def printed():
    return subprocess.run([sys.executable, os.path.join(TREE, 'tests/bench/fleet.py')], check=True,
                          capture_output=True, text=True).stdout


def complaints(document, simulation):
    parts = PART.findall(document)
    if len(parts) != 1:
        return ['doc/performance.md: there must be one part between "<!-- begin fleet -->" and its end']
    there, here = parts[0].strip('\n').split('\n'), simulation.strip('\n').split('\n')
    found = [f'doc: {a}\n# simulation: {b}' for a, b in zip(there, here) if a != b]
    if len(there) != len(here):
        found.append(f'doc: {len(there)} lines\n# simulation: {len(here)} lines')
    return found


def say(number, name, passed, why=()):
    print(f'{"ok" if passed else "not ok"} {number} - {name}')
    for line in why:
        print(f'# {line}')
    return passed


def main():
    with open(os.path.join(TREE, 'doc/performance.md')) as f:
        document = f.read()
    simulation = printed()
    found = complaints(document, simulation)
    good = say(1, 'doc/performance.md says of a fleet what the simulation prints', not found, found)
    changed = re.sub(r'(begin fleet.*?\| 1M \|[^\n]*?)(\d)(?=\D*\n)',
                     lambda m: m[1] + str((int(m[2]) + 1) % 10), document, count=1, flags=re.S)
    good &= say(2, 'a digit changed in the document is seen',
                changed != document and bool(complaints(changed, simulation)))
    good &= say(3, 'the simulation prints the same twice', printed() == simulation)
    print('1..3')
    return 0 if good else 1


sys.exit(main())
