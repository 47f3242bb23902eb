# SPDX-License-Identifier: BSD-2-Clause
"""The stand-in of tests/okta on a port of its own, and its admin API."""
import json
import os
import shutil
import ssl
import subprocess
import tempfile
import urllib.parse
import urllib.request

from helper import ROOT


class Okta:
    def __init__(self, tls="good"):
        self.dir = tempfile.mkdtemp(prefix="okta-net-")
        os.chmod(self.dir, 0o755)
        self.proc = subprocess.Popen(
            ["node", os.path.join(ROOT, "tests/okta/server.mjs"), "--dir", self.dir,
             "--port", "0", "--tls", tls],
            stdout=subprocess.PIPE, text=True)
        line = self.proc.stdout.readline()
        if not line.startswith("ready "):
            raise RuntimeError("the stand-in did not start")
        self.url = line.split()[1]
        self.ca = os.path.join(self.dir, "ca.pem")
        self.tls = ssl.create_default_context(cafile=self.ca)
        if tls != "good":
            self.tls.check_hostname = False
            self.tls.verify_mode = ssl.CERT_NONE

    def admin(self, method, path, body=None):
        req = urllib.request.Request(
            self.url + "/__admin" + path, method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"})
        with urllib.request.urlopen(req, context=self.tls) as answer:
            text = answer.read()
        return json.loads(text) if text else None

    def oauth(self, path, **form):
        """What a client of the org authorization server is answered."""
        with urllib.request.urlopen(self.url + "/oauth2/v1/" + path, context=self.tls,
                                    data=urllib.parse.urlencode(form).encode()) as answer:
            return json.loads(answer.read())

    def approve(self, prompt, login="ada@acme.example", action="approve"):
        self.admin("POST", "/approve", {"user_code": prompt["user_code"], "login": login,
                                        "action": action})

    def switches(self, **values):
        self.admin("PATCH", "/switches", values)

    def fault(self, **fault):
        self.admin("POST", "/faults", fault)

    def requests(self):
        log = self.admin("GET", "/log")
        rows = log if isinstance(log, list) else log.get("requests", log)
        return [r for r in rows if "/__admin" not in r["path"]]

    def forget(self):
        self.admin("DELETE", "/log")
        self.admin("DELETE", "/faults")

    def secret(self):
        with open(os.path.join(self.dir, "service-secret"), encoding="ascii") as f:
            return f.read().strip()

    def close(self):
        self.proc.terminate()
        self.proc.wait(10)
        self.proc.stdout.close()
        shutil.rmtree(self.dir, ignore_errors=True)
