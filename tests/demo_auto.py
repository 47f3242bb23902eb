#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""demo_auto.py SSH_PORT ORG_URL CA_FILE: log ada in, approve her code, look around.

Prints the transcript.  Exit status 0 only if the prompt showed link and code, the shell is
ada's, and `id` and `getent passwd` inside it say what the directory says.
"""
import re
import subprocess
import sys

import pexpect

port, org, ca = sys.argv[1:4]


def need(what, text, pattern):
    if not re.search(pattern, text):
        sys.exit(f'\ndemo: FAILED: {what} is missing')


ssh = pexpect.spawn('ssh', ['-tt', '-F', 'none', '-o', 'StrictHostKeyChecking=no',
                            '-o', 'UserKnownHostsFile=/dev/null', '-o', 'LogLevel=ERROR',
                            '-o', 'PreferredAuthentications=keyboard-interactive',
                            '-p', port, 'ada@127.0.0.1'],
                    timeout=60, encoding='utf-8', dimensions=(40, 120))
ssh.logfile_read = sys.stdout
ssh.expect('(?i)press enter')
prompt = ssh.before
need('the link of the org', prompt, re.escape(org) + r'/activate')
code = re.search(r'\b([A-Z]{8})\b', prompt)
if not code:
    sys.exit('\ndemo: FAILED: no code in the prompt')
print('\n   [approving in the background, as a person would in the browser]')
done = subprocess.run(['node', 'tests/okta/approve.mjs', code[1], 'ada@acme.example',
                       'Passw0rd!', '--org', org, '--ca', ca],
                      capture_output=True, text=True, timeout=60)
if done.returncode != 0:
    sys.exit(f'\ndemo: FAILED: approval: {done.stdout}{done.stderr}')
ssh.sendline('')
while ssh.expect([r'\$ $', '(?i)press enter']) == 1:
    ssh.sendline('')
ssh.sendline('id; getent passwd ada; echo exit-$?')
ssh.expect('exit-0')
seen = ssh.before
ssh.sendline('exit')
ssh.expect(pexpect.EOF)
ssh.close()
need('her uid', seen, r'uid=\d{10}\(ada\)')
need('her group', seen, r'gid=\d{10}\(ada\)')
need('her passwd line', seen, r'ada:\*:\d{10}:\d{10}:Ada Lovelace:/home/ada:/bin/bash')
print('\ndemo: ada logged in through Okta; everything above happened')
