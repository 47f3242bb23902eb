#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""test_glibc.py BUILD: the module as glibc loads it, beside `files`.

Everything runs in a mount namespace of its own: an empty /var/lib, an nsswitch.conf of ours
and a passwd and group file with one local user each.  The machine stays as it is.
"""
import ctypes
import grp
import json
import os
import pwd
import re
import subprocess
import sys

BUILD = os.path.abspath(sys.argv[1] if len(sys.argv) > 1 else 'build')
HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
MODULE = os.path.join(BUILD, 'libnss_okta.so.2')
STATE = '/var/lib/okta-login'
SNAPSHOT = STATE + '/directory.snapshot'
MKSNAP = os.path.join(BUILD, 'tests/nss/mksnap')
WORK = '/run/test-nss-okta'  # no name of what is installed: those are watched

NSSWITCH = 'passwd: files okta\ngroup: files [SUCCESS=merge] okta\nshadow: files\n'
LOCAL_PASSWD = 'root:x:0:0:root:/root:/bin/sh\nloc:x:1500:1500:Local:/home/loc:/bin/sh\n' \
               'eve:x:1501:1501:Local Eve:/home/eve:/bin/sh\n'
LOCAL_GROUP = 'root:x:0:\nsudo:x:27:loc\nloc:x:1500:\neve:x:1501:\n'
PASSWD = 'ada:*:100001:100001:Ada L:/home/ada:/bin/bash\n' \
         'bob:*:100002:100002::/home/bob:/bin/sh\n' \
         'cy:*:100003:90001:Cy:/home/cy:/bin/sh:SUSPENDED\n' \
         'eve:*:100004:100004:Okta Eve:/home/eve:/bin/sh\n'
GROUP = 'sudo:*:27:\neng:*:90001:ada,bob\nops:*:90002:ada,eve:27\nAdmins:*:0:bob:27\n'

results = []


def check(name, fine, detail=''):
    results.append(fine)
    print(f'{"ok" if fine else "not ok"} {len(results)} - {name}')
    if not fine:
        print(f'# {detail}')
    sys.stdout.flush()


def equal(name, got, want):
    check(name, got == want, f'got {got!r}, want {want!r}')


def write(path, text):
    with open(path, 'w') as f:
        f.write(text)


def publish(passwd=PASSWD, group=GROUP, generation=1):
    write(WORK + '/p', passwd)
    write(WORK + '/g', group)
    subprocess.run([MKSNAP, '-g', str(generation), '-r', '2000-2147483646', WORK + '/p', WORK + '/g', SNAPSHOT],
                   check=True)


def fresh(code, *args):
    """What a new process with glibc says: evaluates CODE in it."""
    p = subprocess.run([sys.executable, '-c', 'import pwd, grp, os, sys\n' + code, *args],
                       stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60)
    return p.stdout.strip() if p.returncode == 0 else f'status {p.returncode}: {p.stderr[-300:]}'


def getent(*args):
    p = subprocess.run(['getent', *args], stdout=subprocess.PIPE, text=True, timeout=60)
    return p.returncode, p.stdout.strip()


def enter():
    """Start again inside the namespace, with the module on the library path."""
    if os.geteuid() != 0:
        print('1..0 # SKIP needs root for a mount namespace')
        sys.exit(0)
    if os.environ.get('OKTA_NSS_TEST') != 'inside':
        subprocess.run(['make', '-s', '-C', ROOT, 'B=' + BUILD, 'WERROR=1', MODULE, MKSNAP], check=True, stdout=subprocess.DEVNULL)
        env = dict(os.environ, OKTA_NSS_TEST='inside', LD_LIBRARY_PATH=BUILD)
        os.execvpe('unshare', ['unshare', '-m', sys.executable, os.path.abspath(__file__), BUILD], env)


def mount():
    os.makedirs(WORK, exist_ok=True)
    run = lambda *a: subprocess.run(a, check=True)
    run('mount', '-t', 'tmpfs', '-o', 'mode=755', 'none', WORK)
    run('mount', '-t', 'tmpfs', '-o', 'mode=755', 'none', '/var/lib')
    os.mkdir(STATE, 0o755)
    for name, text in (('nsswitch.conf', NSSWITCH), ('passwd', LOCAL_PASSWD), ('group', LOCAL_GROUP)):
        write(f'{WORK}/{name}', text)
        run('mount', '--bind', f'{WORK}/{name}', f'/etc/{name}')


def answers():
    equal('getpwnam gives every field and * for a password', tuple(pwd.getpwnam('ada')),
          ('ada', '*', 100001, 100001, 'Ada L', '/home/ada', '/bin/bash'))
    equal('getpwuid agrees', pwd.getpwuid(100003), pwd.getpwnam('cy'))
    equal('getgrnam lists the members', tuple(grp.getgrnam('eng')), ('eng', '*', 90001, ['ada', 'bob']))
    equal('getgrgid agrees', grp.getgrgid(90001), grp.getgrnam('eng'))
    equal('a private group is there by name', tuple(grp.getgrnam('bob')), ('bob', '*', 100002, []))
    equal('a private group is there by gid', grp.getgrgid(100002).gr_name, 'bob')
    equal('a group for login rules is no Unix group', getent('group', 'Admins')[0], 2)
    equal('a joined local group has its own and our members',
          sorted(grp.getgrnam('sudo').gr_mem), ['ada', 'bob', 'eve', 'loc'])
    equal('getgrouplist has served and joined gids', sorted(os.getgrouplist('ada', 100001)),
          [27, 90001, 90002, 100001])
    equal('a login group joins its local group', sorted(os.getgrouplist('bob', 100002)), [27, 90001, 100002])
    equal('id agrees', subprocess.run(['id', '-Gn', 'ada'], stdout=subprocess.PIPE, text=True).stdout.split(),
          ['ada', 'sudo', 'eng', 'ops'])
    equal('getent passwd lists everybody once',
          sorted(x.split(':')[0] for x in getent('passwd')[1].split('\n')),
          sorted(['root', 'loc', 'eve', 'ada', 'bob', 'cy', 'eve']))
    names = [g.gr_name for g in grp.getgrall()]
    equal('getgrall lists the local sudo once and no login group',
          (names.count('sudo'), names.count('Admins'), names.count('eng'), names.count('ada')), (1, 0, 1, 1))


def local_wins():
    equal('a local user of the same name wins', pwd.getpwnam('eve').pw_uid, 1501)
    equal('he gets none of the groups of his namesake in Okta', os.getgrouplist('eve', 1501), [1501])
    equal('a local uid wins', pwd.getpwuid(1500).pw_name, 'loc')


def system_calls():
    """Between two markers, 100,000 lookups of four kinds straight at the module: not one call,
    but the look at the file that is due once a second."""
    code = '''
import ctypes, sys, time
m = ctypes.CDLL(sys.argv[1])
b = ctypes.create_string_buffer(4096)
s = ctypes.create_string_buffer(256)
e = ctypes.c_int()
def go():
    a = m._nss_okta_getpwnam_r(b"ada", s, b, ctypes.c_size_t(4096), ctypes.byref(e))
    c = m._nss_okta_getpwuid_r(100001, s, b, ctypes.c_size_t(4096), ctypes.byref(e))
    d = m._nss_okta_getgrnam_r(b"eng", s, b, ctypes.c_size_t(4096), ctypes.byref(e))
    f = m._nss_okta_getgrgid_r(90001, s, b, ctypes.c_size_t(4096), ctypes.byref(e))
    return a == c == d == f == 1
good = go()
assert good
os.access("/marker-1", 0)
begin = time.monotonic()
for i in range(25000):
    good = go() and good
os.access("/marker-2", 0)
print(good, int((time.monotonic() - begin) / 0.9) + 1)
'''
    log = WORK + '/strace'
    p = subprocess.run(['strace', '-o', log, sys.executable, '-c', 'import os\n' + code, MODULE],
                       stdout=subprocess.PIPE, text=True, timeout=60)
    text = open(log).read()
    between = re.search(r'marker-1.*?\n(.*?)[^\n]*marker-2', text, re.S)
    lines = [x for x in (between.group(1) if between else 'no markers').split('\n')
             if x and not re.match(r'(brk|mmap|munmap|futex)\(.*(ANON|0x|NULL)', x)]
    good, seconds = p.stdout.split()
    due = [x for x in lines if re.match(r'getpid\(|newfstatat\(AT_FDCWD, "' + SNAPSHOT, x)]
    check('warm lookups make no system call but one look at the file a second',
          good == 'True' and len(due) == len(lines) <= 2 * int(seconds), repr((seconds, len(lines), lines[:5])))
    first = text[:text.index('marker-1')]
    first = first[first.rindex('libnss_okta.so.2'):]
    used = set(re.findall(r'^(\w+)\(', first, re.M)) - {'brk', 'mprotect', 'futex', 'rt_sigaction'}
    allowed = {'openat', 'close', 'newfstatat', 'fstat', 'mmap', 'munmap', 'read', 'getpid', 'access', 'faccessat',
               'pread64', 'lseek', 'getrandom'}
    check('the first lookup only opens, stats and maps', used <= allowed, repr(used - allowed))
    above = [STATE[:i] or '/' for i, c in enumerate(STATE + '/') if c == '/']
    equal('it opens nothing but the way to the snapshot',
          [x for x in re.findall(r'(openat|newfstatat)\((?:AT_FDCWD, "|\d+, ")([^"]+)"', first) if SNAPSHOT.startswith(x[1])],
          [('newfstatat', x) for x in above] + [('openat', SNAPSHOT)])


class Buffers:
    """The module by ctypes, for names that are not good Python strings."""

    def __init__(self):
        self.m = ctypes.CDLL(MODULE)
        self.b = ctypes.create_string_buffer(4096)
        self.s = ctypes.create_string_buffer(256)
        self.e = ctypes.c_int()

    def by_name(self, function, name):
        return getattr(self.m, '_nss_okta_' + function)(
            name, self.s, self.b, ctypes.c_size_t(4096), ctypes.byref(self.e))

    def by_id(self, function, number):
        return getattr(self.m, '_nss_okta_' + function)(
            ctypes.c_uint(number), self.s, self.b, ctypes.c_size_t(4096), ctypes.byref(self.e))

    def groups(self, name):
        start, size = ctypes.c_long(0), ctypes.c_long(0)
        array = ctypes.c_void_p()
        return self.m._nss_okta_initgroups_dyn(
            name, ctypes.c_uint(0xffffffff), ctypes.byref(start), ctypes.byref(size), ctypes.byref(array),
            ctypes.c_long(0), ctypes.byref(self.e))


def hostile():
    """Not one hostile name or id is found, whichever call asks."""
    module, tried, bad = Buffers(), 0, []
    with open(os.path.join(ROOT, 'tests/vectors/own/hostile_identities.jsonl')) as f:
        rows = [json.loads(line) for line in f]
    for row in rows:
        if row['kind'] in ('user', 'group'):
            name = row['value'].encode('utf-8', 'surrogatepass').split(b'\0')[0]
            tried += 1
            if name == b'sudo':  # joined in this snapshot, as a group
                continue
            for status in (module.by_name('getpwnam_r', name), module.by_name('getgrnam_r', name),
                           module.groups(name)):
                if status != 0:
                    bad.append((row['value'], status))
        elif row['kind'] == 'uid' and isinstance(row['value'], int) and 0 <= row['value'] < 2**32:
            tried += 1
            for status in (module.by_id('getpwuid_r', row['value']), module.by_id('getgrgid_r', row['value'])):
                if status != 0:
                    bad.append((row['value'], status))
    check(f'none of {tried} hostile names and ids is found', tried > 140 and not bad, repr(bad[:5]))


def damage():
    """Whatever happens to the file, local users are there and nobody else turns up."""
    good = open(SNAPSHOT, 'rb').read()
    code = '''
out = []
for name in sys.argv[1:]:
    try: out.append(str(pwd.getpwnam(name).pw_uid))
    except KeyError: out.append("-")
print(" ".join(out), len(pwd.getpwall()))
'''
    cases = {'missing': None, 'empty': b'', 'cut to its header': good[:256], 'cut in half': good[:len(good) // 2],
             'no snapshot at all': b'x' * 5000, 'with a header bit flipped': good[:80] + bytes([good[80] ^ 1]) + good[81:]}
    for name, data in cases.items():
        os.unlink(SNAPSHOT)
        if data is not None:
            with open(SNAPSHOT, 'wb') as f:
                f.write(data)
        equal(f'local users are served with the snapshot {name}', fresh(code, 'loc', 'ada', 'root'), '1500 - 0 3')
        if data is None:
            write(SNAPSHOT, '')
    with open(SNAPSHOT, 'wb') as f:
        f.write(good[:264] + bytes([good[264] ^ 64]) + good[265:])
    equal('a record with a flipped uid is not served, others are', fresh(code, 'loc', 'ada', 'bob'),
          '1500 - 100002 3')
    os.unlink(SNAPSHOT)


def replacement():
    """One process looks on while the snapshot is replaced."""
    publish(generation=1)
    code = '''
import subprocess
print(pwd.getpwnam("ada").pw_gecos, flush=True)
sys.stdin.readline()
print(pwd.getpwnam("ada").pw_gecos, flush=True)
'''
    p = subprocess.Popen([sys.executable, '-c', 'import pwd, sys\n' + code], stdin=subprocess.PIPE,
                         stdout=subprocess.PIPE, text=True)
    before = p.stdout.readline()
    publish(PASSWD.replace('Ada L', 'Ada-2'), generation=2)
    after, _ = p.communicate('\n', timeout=30)
    equal('a replaced snapshot is seen at the next call', (before, after), ('Ada L\n', 'Ada-2\n'))


def enter_and_list():
    def listing(n):
        publish(''.join(f'u{i}:*:{100000 + i}:{100000 + i}::/home/u{i}:/bin/sh\n' for i in range(n)), GROUP, n)
        return subprocess.run(['getent', '-s', 'okta', 'passwd'], stdout=subprocess.PIPE, text=True,
                              timeout=120).stdout.count('\n')
    equal('getent lists 10,000 and 100,000 users', (listing(10000), listing(100000)), (10000, 100000))


def main():
    enter()
    mount()
    publish()
    answers()
    local_wins()
    system_calls()
    hostile()
    replacement()
    damage()
    enter_and_list()
    print(f'1..{len(results)}')
    return 0 if all(results) else 1


if __name__ == '__main__':
    sys.exit(main())
