# SPDX-License-Identifier: BSD-2-Clause
"""A world where the packages are installed and nothing is set up: oktactl setup's place to start."""
import hashlib
import os
import re
import shutil

import world

CONF_DIR = "/etc/okta-login"
KEY = CONF_DIR + "/service.key"
STACKS = ["auth", "account", "password", "session", "session-noninteractive"]


def bare(host):
    """As after `apt install`, but for the name service: that one is left to setup."""
    for service in ("sshd", "su", "sudo", "login"):
        if os.path.exists("/etc/pam.d/" + service):
            shutil.copy2("/etc/pam.d/" + service, host.path("/etc/pam.d/" + service))
        else:  # sshd comes out of its package without being installed
            host.write("/etc/pam.d/" + service, "".join(
                "@include common-%s\n" % kind for kind in ("auth", "account", "session", "password")))
    with open("/etc/nsswitch.conf", encoding="utf-8") as f:
        text = re.sub(r"(?m)^hosts:.*", "hosts: files", f.read())
    host.write("/etc/nsswitch.conf", text)
    host.run("rm", "-f", *(CONF_DIR + "/" + name for name in (
        "okta-login.conf", "service.key", "client-secret", "ssws-token")))
    # what the machine below may have of its own
    host.run("sh", "-c", "rm -rf %s/* && install -d -m 755 %s" % (world.STATE, world.STATE))
    for profile in ("okta", "okta-password"):
        with open(world.TREE + "/packaging/pam-configs/" + profile, encoding="utf-8") as f:
            host.write("/usr/share/pam-configs/" + profile, f.read())
    host.run("sed", "-i", "/^Include/d", "/etc/ssh/sshd_config", check=False)
    with open(host.dir + "/host.key", "rb") as key:
        host.write("/etc/ssh/world_host_key", key.read(), 0o600)
    host.write("/etc/ssh/sshd_config", "HostKey /etc/ssh/world_host_key\nUsePAM yes\nKbdInteractiveAuthentication yes\n"
                                       "LoginGraceTime 120\nMaxStartups 100:30:200\n")


def give_key(host, okta):
    """The key the service app at Okta knows already."""
    with open(okta.dir + "/service.key", "rb") as f:
        host.write(KEY, f.read(), 0o600)


def answers(okta, **changes):
    """Flags that are right for the stand-in; None leaves one out."""
    flags = {
        "org-url": okta.url,
        "ca-file": CONF_DIR + "/ca.pem",
        "client-id": okta.org["native_client_id"],
        "sync-client-id": okta.org["service_client_id"],
        "key-id": okta.org["service_kid"],
        "strip-domains": "acme.example",
        "allow-groups": "linux-users",
        "match": "eng, linux-admins",
        "local": "linux-admins:sudo",
        **{name.replace("_", "-"): value for name, value in changes.items()},
    }
    return [word for name, value in flags.items() if value is not None for word in ("--" + name, value)]


def files(host):
    """{path: what it is} of everything setup may touch, but the registry of ids."""
    found = {}
    for top in ("/etc", "/var/lib/okta-login", "/var/lib/pam"):
        for directory, names, plain in os.walk(host.path(top)):
            for name in names + plain:
                path = os.path.join(directory, name)
                inside = path[len(host.path("")):]
                stat = os.lstat(path)
                data = b""
                if os.path.islink(path):
                    data = os.readlink(path).encode()
                elif os.path.isfile(path):
                    with open(path, "rb") as f:
                        data = f.read()
                found[inside] = (oct(stat.st_mode), stat.st_uid, stat.st_gid, hashlib.sha256(data).hexdigest())
    return {path: what for path, what in found.items() if not path.startswith("/var/lib/okta-login/registry.db")}


def difference(before, after):
    return sorted(path for path in before.keys() | after.keys() if before.get(path) != after.get(path))
