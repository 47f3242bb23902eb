#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""syslog.py SOCKET FILE READY - collect what programs send to /dev/log, one line a record.

First process of a world: it also reaps whatever loses its parent.  Bytes that are no
printable ASCII are written as \\xNN, so that a test can see a raw control byte in a log.
"""
import os
import re
import select
import signal
import socket
import stat
import sys
import time


def main():
    path, out, ready = sys.argv[1:4]
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    for number in (signal.SIGHUP, signal.SIGINT):
        signal.signal(number, signal.SIG_IGN)
    # Datagrams only, as syslogd has it; every user may write.
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4 << 20)
    sock.bind(path)
    os.chmod(path, 0o666)
    # A pipe on descriptor 0 is the life line of whoever made this world.
    waiting = [sock, 0] if stat.S_ISFIFO(os.fstat(0).st_mode) else [sock]
    with open(out, "ab", buffering=0) as log:
        open(ready, "w", encoding="ascii").close()
        while True:
            if 0 in select.select(waiting, [], [])[0]:
                return
            record = sock.recv(65536)
            record = re.sub(rb"^<(\d+)>(\w{3} [ \d]\d [\d:]{8} )?", rb"<\1> ", record).rstrip(b"\n\0")
            text = "".join(chr(b) if 0x20 <= b < 0x7f else "\\x%02x" % b for b in record)
            log.write(("%.3f %s\n" % (time.time(), text)).encode())


main()
