#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""test_readers.py BUILD [full]: threads that look people up while the snapshot, their process and its descriptors
are not left alone (test_readers.c)."""
from programs import run

run('test_readers', 'libnss_okta.so.2')
