#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""config.py DIR - print an okta-login.conf for the Okta stand-in that runs with --dir DIR.

A test changes single keys: text(org, {"login": {"grace": "20"}, "okta": {"proxy": None}});
None leaves a key out.
"""
import json
import sys

CONF_DIR = "/etc/okta-login"


def defaults(org):
    return {
        "okta": {
            "org_url": org["org_url"],
            "ca_file": CONF_DIR + "/ca.pem",
        },
        "login": {
            "client_id": org["native_client_id"],
            "allow_groups": "linux-users",
        },
        "sync": {
            "client_id": org["service_client_id"],
            "private_key_file": CONF_DIR + "/service.key",
            "key_id": org["service_kid"],
        },
        "users": {
            "strip_domains": "acme.example",
        },
        "groups": {
            "match": "eng, linux-admins, Data Science",
            "rename": "Data Science:data-science",
            "local": "linux-admins:sudo",
        },
    }


def text(org, changes=None):
    conf = defaults(org)
    for section, keys in (changes or {}).items():
        for key, value in keys.items():
            if value is None:
                conf.get(section, {}).pop(key, None)
            else:
                conf.setdefault(section, {})[key] = value
    lines = []
    for section, keys in conf.items():
        lines.append("[%s]" % section)
        lines += ["%s = %s" % pair for pair in keys.items()]
    return "\n".join(lines) + "\n"


def load(directory):
    with open(directory + "/org.json", encoding="utf-8") as f:
        return json.load(f)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: config.py DIR: the stand-in's directory")
    sys.stdout.write(text(load(sys.argv[1])))
