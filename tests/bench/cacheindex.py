#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""cacheindex.py FILE FIELD OUT: an index as libnss-cache reads it beside its FILE.

Lines of one width, sorted by the bytes of the key: key, NUL, offset of the line in FILE, NUL
and NULs up to the width, newline.
"""
import sys


def main():
    path, field, out = sys.argv[1], int(sys.argv[2]), sys.argv[3]
    rows, at = [], 0
    with open(path, 'rb') as f:
        for line in f:
            rows.append((line.split(b':', field + 1)[field], b'%d' % at))
            at += len(line)
    rows.sort()
    width = max(len(key) + len(offset) for key, offset in rows) + 2
    with open(out, 'wb') as f:
        for key, offset in rows:
            f.write((key + b'\0' + offset + b'\0').ljust(width, b'\0') + b'\n')


main()
