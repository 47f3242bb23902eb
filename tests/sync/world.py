# SPDX-License-Identifier: BSD-2-Clause
"""A stand-in org, a state directory and an okta-sync to run against them; and TAP.

okta-sync runs as an unprivileged uid that owns configuration and state, so that nothing of
the host is needed; test_root.py shows what root does differently.
"""
import contextlib
import json
import os
import shutil
import signal
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request

ROOT = os.path.realpath(os.path.join(os.path.dirname(__file__), '../..'))
sys.path.append(os.path.join(ROOT, 'tests'))  # tap, memory
import tap  # noqa: E402  pylint: disable=wrong-import-position

BUILD = os.path.join(ROOT, sys.argv[1] if len(sys.argv) > 1 else 'build')
UID = 61100 if os.geteuid() == 0 else os.geteuid()
TESTS = []


def test(f):
    TESTS.append(f)
    return f


def main():
    """Each test function is one test; its docstring or name is the sentence it proves."""
    status = tap.status_of(TESTS)
    Org.stop_all()
    for host in Host.made:
        shutil.rmtree(host.dir, ignore_errors=True)
    sys.exit(status)


def has(text, *parts):
    for p in parts:
        if p not in text:
            raise AssertionError(f'{p!r} is not in:\n{text}')


def lacks(text, *parts):
    for p in parts:
        if p in text:
            raise AssertionError(f'{p!r} is in:\n{text}')


def same(a, b):
    if a != b:
        raise AssertionError(f'{a!r} is not {b!r}')


def as_uid():
    if os.geteuid() == 0:
        os.setgroups([])
        os.setresgid(UID, UID, UID)
        os.setresuid(UID, UID, UID)


class Org:
    """One stand-in; Org.shared() is reset between users instead of started anew."""
    running = []

    def __init__(self, *args):
        self.dir = tempfile.mkdtemp(prefix='okta-sync-org.')
        self.p = subprocess.Popen(
            ['node', os.path.join(ROOT, 'tests/okta/server.mjs'), '--dir', self.dir, '--port', '0', *args],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True)
        line = self.p.stdout.readline()
        if not line.startswith('ready '):
            raise RuntimeError('the stand-in did not start: ' + self.p.stderr.read())
        with open(os.path.join(self.dir, 'org.json'), encoding='utf-8') as f:
            self.org = json.load(f)
        self.url = self.org['org_url']
        self.ca = os.path.join(self.dir, 'ca.pem')
        Org.running.append(self)

    def stop(self):
        if self.p.poll() is None:
            self.p.send_signal(signal.SIGTERM)
            self.p.wait()
        self.p.stdout.close()
        self.p.stderr.close()
        shutil.rmtree(self.dir, ignore_errors=True)

    @staticmethod
    def stop_all():
        for o in Org.running:
            o.stop()

    def admin(self, method, path, body=None):
        data = None if body is None else json.dumps(body).encode()
        req = urllib.request.Request(self.url + '/__admin' + urllib.parse.quote(path), data, method=method,
                                     headers={'content-type': 'application/json'})
        ctx = ssl.create_default_context(cafile=self.ca)
        try:
            with urllib.request.urlopen(req, context=ctx) as r:
                text = r.read()
        except urllib.error.HTTPError as e:
            raise RuntimeError(f'{method} {path}: {e.code} {e.read()!r}') from None
        return json.loads(text) if text else None

    def switch(self, **changes):
        self.admin('PATCH', '/switches', changes)

    def fault(self, **fault):
        self.admin('POST', '/faults', fault)

    def log(self):
        return self.admin('GET', '/log')

    def secret(self, name):
        with open(os.path.join(self.dir, name), encoding='utf-8') as f:
            return f.read().strip()

    def has_no_secret_in(self, path):
        """PATH holds no token and no line of a key."""
        with open(path, 'rb') as f:
            data = f.read().decode('latin-1')
        lacks(data, 'eyJ', self.secret('ssws-token'), *[x for x in self.secret('service.key').splitlines() if len(x) == 64])


class Host:
    """Configuration and state of one host."""
    made = []

    def __init__(self, org=None, **keys):
        self.dir = tempfile.mkdtemp(prefix='okta-sync-host.')
        self.state = os.path.join(self.dir, 'state')
        self.conf = os.path.join(self.dir, 'okta-login.conf')
        os.mkdir(self.state, 0o755)
        os.chmod(self.dir, 0o755)
        self.org = org
        Host.made.append(self)
        self.keys = {
            'okta.org_url': org.url if org else 'https://localhost:1',
            'login.client_id': '0oanativelinuxlogin1',
            'login.allow_groups': '*',
            'users.strip_domains': 'acme.example',
            'groups.match': 'linux-users, eng',
        }
        if org:
            shutil.copy(org.ca, os.path.join(self.dir, 'ca.pem'))
            for name in ('service.key', 'service-secret', 'ssws-token'):
                shutil.copy(os.path.join(org.dir, name), self.dir)
                os.chmod(os.path.join(self.dir, name), 0o600)
            self.keys['okta.ca_file'] = os.path.join(self.dir, 'ca.pem')
            self.use_key()
        self.set(**keys)

    def path(self, name):
        return os.path.join(self.dir, name)

    def use_key(self, client='0oaserviceoktasync01'):
        self.keys.update({'sync.auth': 'private_key_jwt', 'sync.client_id': client, 'sync.key_id': 'service-1',
                          'sync.private_key_file': self.path('service.key')})

    def use_secret(self):
        self.drop('sync.')
        self.keys.update({'sync.auth': 'client_secret', 'sync.client_id': '0oaservicesecret0001',
                          'sync.client_secret_file': self.path('service-secret')})

    def use_ssws(self):
        self.drop('sync.')
        self.keys.update({'sync.auth': 'ssws', 'sync.token_file': self.path('ssws-token')})

    def use_files(self, **files):
        """Source `file`; users=[...] becomes users.json and so on ('-' written as '__')."""
        source = self.path('source')
        os.makedirs(source, exist_ok=True)
        for name, value in files.items():
            text = value if isinstance(value, str) else json.dumps(value)
            with open(os.path.join(source, name.replace('__', '-') + '.json'), 'w', encoding='utf-8') as f:
                f.write(text)
        self.keys.update({'sync.source': 'file', 'sync.source_dir': source})

    def drop(self, prefix):
        self.keys = {k: v for k, v in self.keys.items() if not k.startswith(prefix)}

    def set(self, **keys):
        """section__key=value; None removes it."""
        for k, v in keys.items():
            k = k.replace('__', '.', 1)
            if v is None:
                self.keys.pop(k, None)
            else:
                self.keys[k] = v
        return self

    def write(self):
        sections = {}
        for k, v in self.keys.items():
            section, key = k.split('.', 1)
            sections.setdefault(section, []).append(f'{key} = {v}\n')
        with open(self.conf + '.new', 'w', encoding='utf-8') as f:
            for section, lines in sections.items():
                f.write(f'[{section}]\n{"".join(lines)}')
        if os.geteuid() == 0:
            for base, dirs, files in os.walk(self.dir):
                for name in ['.'] + dirs + files:
                    with contextlib.suppress(FileNotFoundError):  # a sync that runs replaces its own
                        os.chown(os.path.join(base, name), UID, UID, follow_symlinks=False)
        os.rename(self.conf + '.new', self.conf)  # a sync that runs may be reading it

    def command(self, *args):
        return [os.path.join(BUILD, 'okta-sync'), '--config', self.conf, '--state', self.state, '--once', *args]

    def upgrade(self):
        """The next release of okta-sync from now on."""
        build = os.path.relpath(BUILD, ROOT)
        subprocess.run(['make', '-s', 'WERROR=1', f'B={build}', f'{build}/tests/sync/next-sync'], cwd=ROOT, check=True)
        self.command = lambda *args: [os.path.join(BUILD, 'tests/sync/next-sync'), *Host.command(self, *args)[1:]]

    def start(self, *args, **popen):
        self.write()
        return subprocess.Popen(self.command(*args), stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                preexec_fn=as_uid, stdin=subprocess.DEVNULL, **popen)

    def sync(self, *args, expect=0, timeout=120):
        p = self.start(*args)
        try:
            out, _ = p.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            p.kill()
            raise
        if p.returncode != expect:
            raise AssertionError(f'exit status {p.returncode}, not {expect}:\n{out}')
        return out

    def ctl(self, *args, expect=0):
        self.write()
        p = subprocess.run([os.path.join(BUILD, 'oktactl'), '--config', self.conf, '--state', self.state, *args],
                           capture_output=True, text=True, preexec_fn=as_uid, check=False)
        if expect is not None and p.returncode != expect:
            raise AssertionError(f'oktactl {args}: exit status {p.returncode}:\n{p.stdout}{p.stderr}')
        return p.stdout + p.stderr

    def dump(self):
        """({name: user}, {unix name, or Okta id: group}, header)"""
        self.ctl('snapshot', 'verify')
        rows = [json.loads(x) for x in self.ctl('snapshot', 'dump').splitlines()]
        users = {r['name']: r for r in rows if r['type'] == 'user'}
        groups = {r['name'] or r['okta_id']: r for r in rows if r['type'] == 'group'}
        return users, groups, rows[0]

    def snapshot(self):
        try:
            with open(os.path.join(self.state, 'directory.snapshot'), 'rb') as f:
                return f.read()
        except FileNotFoundError:
            return None

    def status(self):
        with open(os.path.join(self.state, 'sync-status.json'), encoding='utf-8') as f:
            return json.load(f)

    def equal_to_full(self):
        """What is published is what a full sync of the same directory publishes."""
        full = Host(self.org)
        full.keys = dict(self.keys)
        shutil.copy(os.path.join(self.state, 'registry.db'), full.state)
        full.sync()
        same(self.dump()[:2], full.dump()[:2])

    def kept(self, expect, *says, args=()):
        """A sync that must change nothing and say why in one line."""
        before = self.snapshot()
        out = self.sync(*args, expect=expect)
        same(self.snapshot(), before)
        has(out, *says)
        same(self.status()['exit'], expect)
        left = [x for x in os.listdir(self.state) if x.endswith('.tmp')]
        same(left, [])
        return out


def user(n, login, status='ACTIVE', **profile):
    """A person as the Users API lists one; N makes the id."""
    return {'id': f'00u{n:017d}', 'status': status, 'profile': {'login': login, **profile}}


def group(n, name):
    return {'id': f'00g{n:017d}', 'type': 'OKTA_GROUP', 'profile': {'name': name}}


def flip(path, at):
    with open(path, 'r+b') as f:
        f.seek(at)
        byte = f.read(1)
        f.seek(at)
        f.write(bytes([byte[0] ^ 1]))


def gone(pid):
    try:
        with open(f'/proc/{pid}/stat', encoding='utf-8') as f:
            return f.read().rsplit(')', 1)[1].split()[0] == 'Z'
    except OSError:
        return True


def wait_for(what, seconds=10):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if what():
            return
        time.sleep(0.02)
    raise AssertionError('waited in vain')
