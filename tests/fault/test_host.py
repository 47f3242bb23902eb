#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""test_host.py BUILD [full]: pam_okta.so in programs that interrupt, cancel and unload it, and close its descriptors
(test_host.c)."""
from programs import run

run('test_host', 'pam_okta.so')
