# SPDX-License-Identifier: BSD-2-Clause
"""The Okta stand-in of tests/okta as a process: start, stop, change, ask what it was asked."""
import atexit
import json
import os
import shutil
import signal
import ssl
import subprocess
import tempfile
import urllib.error
import urllib.parse
import urllib.request

import world

OKTA = os.path.join(world.TREE, "tests", "okta")
PASSWORD = "Passw0rd!"


class Okta:
    def __init__(self, *options):
        self.dir = tempfile.mkdtemp(prefix="e2e-okta-")
        self.port = 0
        self.process = None
        atexit.register(self.close)  # also when a world cannot be made
        self.start(*options)

    def start(self, *options):
        self.process = subprocess.Popen(
            ["node", OKTA + "/server.mjs", "--dir", self.dir, "--port", str(self.port), *options],
            stdout=subprocess.PIPE, stderr=open(self.dir + "/stderr", "ab"), text=True)
        line = self.process.stdout.readline()
        if not line.startswith("ready https://"):
            with open(self.dir + "/stderr", encoding="utf-8") as f:
                raise RuntimeError("the Okta stand-in did not start: " + f.read()[-400:])
        self.url = line.split()[1]
        self.port = int(self.url.rsplit(":", 1)[1])
        with open(self.dir + "/org.json", encoding="utf-8") as f:
            self.org = json.load(f)

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(3)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.process = None

    def close(self):
        self.stop()
        shutil.rmtree(self.dir, ignore_errors=True)

    def admin(self, method, path, body=None):
        # Which certificate a test made it use is the products' business, not this channel's.
        context = ssl._create_unverified_context()
        request = urllib.request.Request(
            self.url + "/__admin" + urllib.parse.quote(path), method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"content-type": "application/json"})
        try:
            with urllib.request.urlopen(request, context=context, timeout=10) as answer:
                text = answer.read()
        except urllib.error.HTTPError as error:
            raise RuntimeError("%s %s: %s" % (method, path, error.read().decode()[:200])) from None
        return json.loads(text) if text else None

    def switches(self, **values):
        return self.admin("PATCH", "/switches", values)

    def fault(self, path, kind, **more):
        self.admin("POST", "/faults", {"path": path, "kind": kind, **more})

    def no_faults(self):
        self.admin("DELETE", "/faults")

    def user(self, login, **changes):
        return self.admin("PATCH", "/users/%s@acme.example" % login, changes)

    def approve(self, code, login, action="approve"):
        return self.admin("POST", "/approve", {
            "user_code": code, "login": login + "@acme.example", "action": action})

    def requests(self, path=""):
        """What products asked for since the last forget(), oldest first."""
        return [r for r in self.admin("GET", "/log")
                if not r["path"].startswith("/__admin") and path in r["path"]]

    def forget(self):
        self.admin("DELETE", "/log")
