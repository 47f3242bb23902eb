# SPDX-License-Identifier: BSD-2-Clause
"""The machine the tests run on: what its own logins depend on must stay as it is."""
import glob
import hashlib
import os

from tap import equal, test

OWN = ["/etc/passwd", "/etc/group", "/etc/shadow", "/etc/gshadow", "/etc/nsswitch.conf", "/etc/hosts", "/etc/hostname",
       "/etc/sudoers", "/etc/pam.d/*", "/etc/sudoers.d/*", "/etc/ssh/*", "/etc/okta-login/*", "/etc/security/*",
       "/usr/lib/*/security/*", "/usr/lib/*/libnss_*", "/usr/libexec/okta*", "/usr/sbin/okta*", "/usr/sbin/sshd",
       "/var/lib/okta*", "/run/okta*", "/run/sshd*", "/dev/log"]


def _sums():
    sums = {}
    for pattern in OWN:
        for path in glob.glob(pattern):
            data = b""
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    data = f.read()
            sums[path] = (oct(os.lstat(path).st_mode), hashlib.sha256(data).hexdigest())
    return sums


_before = _sums()


def unchanged():
    """Add the test; called last, so that it is the last."""
    @test("this machine's own PAM, NSS, sshd and accounts are as they were before these tests")
    def _():
        after = _sums()
        changed = sorted(p for p in _before.keys() | after.keys() if _before.get(p) != after.get(p))
        equal(changed, [], "changed")
