#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""test_order.py BUILD [full]: power cuts.  What okta-sync writes is recorded call by call; then each
state that a disk may be left in is made and looked at: after any call, with what was not flushed
written, not written, or written in part.  A flush of a file makes its bytes certain, a flush of a
directory its names.  Every state is the old snapshot or the new one, and a registry that knows whoever
is in it by the same ids and forgot nobody's; the next okta-sync goes on from there and keeps them."""
import itertools
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile

import fault
from fault import BUILD, FULL, main, make, test

sys.path.insert(0, os.path.join(fault.ROOT, 'tests/sync'))
from site_of_sync import Site, crowd  # noqa: E402
from world import UID, Host, group  # noqa: E402

TRACED = 'openat,open,creat,write,pwrite64,ftruncate,fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,' \
    'link,linkat,fchmod,close,dup,dup2,fcntl,lseek'
CALL = re.compile(r'\d+ +(\w+)\((.*)\)\s+= (-?\d+)')  # strace -f pads a short process number


def unescape(text):
    return bytes(int(x, 16) for x in re.findall(r'\\x([0-9a-f]{2})', text))


class Disk:
    """What is certain, and what happened since the last flush: a list of changes."""

    def __init__(self, folder):
        self.files = {}  # inode: bytes that are certain
        self.names = {}  # name: inode, certain
        self.seen = {}   # name: inode, as processes see it
        self.dirty = {}  # inode: changes to its bytes, in order
        self.moves = []  # changes of names, in order
        self.next = 0
        for name in os.listdir(folder):
            path = os.path.join(folder, name)
            if os.path.isfile(path):
                with open(path, 'rb') as f:
                    self.names[name] = self.make(f.read())
        self.seen = dict(self.names)

    def make(self, data=b''):
        self.next += 1
        self.files[self.next] = data
        self.dirty[self.next] = []
        return self.next

    def flush(self, inode):
        self.files[inode] = apply(self.files[inode], self.dirty[inode])
        self.dirty[inode] = []

    def flush_names(self):
        self.names = dict(self.seen)
        self.moves = []

    def move(self, change):
        self.moves.append(change)
        change(self.seen)

    def states(self):
        """What the disk may hold if the power goes now: names up to any of the changes that are not
        certain yet, and of each file's bytes none, all, the first ones, or all but the first."""
        for n in range(len(self.moves) + 1):
            names = dict(self.names)
            for change in self.moves[:n]:
                change(names)
            open_files = [i for i in set(names.values()) if self.dirty[i]]
            for kept in itertools.product(('none', 'all', 'half', 'torn', 'late'), repeat=len(open_files)):
                how = dict(zip(open_files, kept))
                yield {name: self.content(i, how.get(i)) for name, i in names.items()}

    def content(self, inode, how):
        changes = self.dirty[inode]
        if how == 'all':
            keep = changes
        elif how == 'half':
            keep = changes[:len(changes) // 2]
        elif how == 'late':
            keep = changes[len(changes) // 2:]
        elif how == 'torn' and changes[-1][0] is not None:
            keep = changes[:-1] + [(changes[-1][0], changes[-1][1][:len(changes[-1][1]) // 2])]
        else:
            keep = []
        return apply(self.files[inode], keep)


def apply(data, changes):
    data = bytearray(data)
    for at, piece in changes:
        if at is None:
            del data[piece:]
            data.extend(bytes(piece - len(data)))
        else:
            data.extend(bytes(max(0, at - len(data))))
            data[at:at + len(piece)] = piece
    return bytes(data)


def whole(lines):
    """Calls that strace has cut in two because another process came between, put together."""
    begun = {}
    for line in lines:
        pid = line.split(None, 1)[0]
        if '<unfinished ...>' in line:
            begun[pid] = line.split('<unfinished ...>')[0].rstrip()
        elif ' resumed>' in line:
            yield begun.pop(pid) + re.split(r'<\.\.\. \S+ resumed>', line, maxsplit=1)[1]
        else:
            yield line


def record(command, folder):
    """The calls that change FOLDER, as (what, …), in their order."""
    with tempfile.NamedTemporaryFile('r') as out:
        # okta-sync lets nobody look into its memory but root
        subprocess.run(['strace', '-f', '-y', '-xx', '-s', '10000000', '-e', 'trace=' + TRACED, '-o', out.name,
                        'setpriv', f'--reuid={UID}', f'--regid={UID}', '--clear-groups', *command],
                       check=True, stdout=subprocess.DEVNULL)
        lines = out.read().splitlines()
    return calls(lines), folder


def calls(lines):
    """(call, arguments, result) of each that did not fail."""
    return [m.groups() for m in map(CALL.match, whole(lines)) if m and int(m[3]) >= 0]


def plain(text):
    """strace -xx writes every string in hex: names of files as well."""
    return re.sub(r'(?:\\x[0-9a-f]{2})+', lambda m: unescape(m[0]).decode('latin-1'), text)


def replay(events, folder):
    """Each disk after each call."""
    disk = Disk(folder)
    at = {}  # descriptor: position

    def name_of(path):
        path = path.replace(' (deleted)', '')
        return os.path.basename(path) if os.path.dirname(path) == folder else None

    def path_of(first, second):
        second = plain(second.strip().strip('"'))
        return second if second.startswith('/') else os.path.join(first, second)

    by_fd = {}
    for call, text, result in events:
        args = [a.strip() for a in re.split(r', (?=(?:[^"]*"[^"]*")*[^"]*$)', text)]
        folder_of = re.match(r'(-?\w+)<(.*)>', plain(args[0])) if args else None
        fd = folder_of[1] if folder_of else None
        where = folder_of[2] if folder_of else ''
        if call in ('open', 'openat'):
            flags = args[2] if call == 'openat' else args[1]
            path = path_of(where, args[1] if call == 'openat' else args[0])
            name = name_of(os.path.normpath(path))
            if name is None:
                continue
            if name not in disk.seen and 'O_CREAT' in flags:
                inode = disk.make()
                disk.move(lambda names, n=name, i=inode: names.__setitem__(n, i))
            if name in disk.seen:
                by_fd[result] = disk.seen[name]
                at[result] = 0
                if 'O_TRUNC' in flags:
                    disk.dirty[disk.seen[name]].append((None, 0))
        elif call == 'close':
            by_fd.pop(fd, None)
            continue
        elif call in ('write', 'pwrite64', 'ftruncate') and fd in by_fd:
            data = unescape(args[1])[:int(result)] if call != 'ftruncate' else None
            if call == 'ftruncate':
                disk.dirty[by_fd[fd]].append((None, int(args[1])))
            elif call == 'pwrite64':
                disk.dirty[by_fd[fd]].append((int(args[3]), data))
            else:
                disk.dirty[by_fd[fd]].append((at[fd], data))
                at[fd] += len(data)
        elif call == 'lseek' and fd in by_fd:
            at[fd] = int(result)
            continue
        elif call in ('fsync', 'fdatasync'):
            if fd in by_fd:
                disk.flush(by_fd[fd])
            elif os.path.normpath(where) == folder:
                disk.flush_names()
        elif call in ('rename', 'renameat', 'renameat2', 'link', 'linkat'):
            two = (args[0], args[1]) if call in ('rename', 'link') else (args[1], args[3])
            a, b = (name_of(os.path.normpath(path_of(folder, x))) for x in two)
            if a is None or b is None:
                continue
            gone = call.startswith('rename')

            def moved(names, a=a, b=b, gone=gone):
                if a in names:
                    names[b] = names.pop(a) if gone else names[a]
            disk.move(moved)
        elif call in ('unlink', 'unlinkat'):
            name = name_of(os.path.normpath(path_of(folder, args[0] if call == 'unlink' else args[1])))
            if name is None:
                continue
            disk.move(lambda names, n=name: names.pop(n, None))
        else:
            continue
        yield call, disk


def lay_down(state, folder):
    """STATE as files of okta-sync's."""
    shutil.rmtree(folder, ignore_errors=True)
    os.mkdir(folder, 0o755)
    for name, data in state.items():
        path = os.path.join(folder, name)
        with open(path, 'wb') as f:
            f.write(data)
        os.chmod(path, 0o644 if name.endswith(('snapshot', 'json')) else 0o600)
        os.chown(path, UID, UID)
    os.chown(folder, UID, UID)


def look_at_all(site, events, limit):
    """(states, distinct ones, what is wrong with how many)."""
    old = site.host.state
    seen, bad, n = {}, [], 0
    for call, disk in replay(events, old):
        for state in disk.states():
            n += 1
            key = hash(tuple(sorted((k, v) for k, v in state.items() if 'status' not in k and k != 'lock')))
            seen.setdefault(key, (call, state))
    some = random.Random(5).sample(sorted(seen), min(limit, len(seen)))
    for call, state in (seen[key] for key in some):
        wrong = site.judge(state)
        if wrong:
            bad.append(f'after {call}: {sorted(state)}: {wrong}')
    return n, len(seen), bad


class Copy(Site):
    """One to which Okta brings a person and a group that nobody has seen before: the run that
    is recorded gives out ids, which a power cut may take back."""

    def __init__(self):
        super().__init__()
        newer, eng = crowd(3), group(1, 'eng')
        self.crowds.append(newer)
        self.turn = 2
        self.host.use_files(users=newer, groups=[eng],
                            **{f'group__{eng["id"]}__users': [{'id': u['id']} for u in newer]})
        self.host.write()

    def given(self):
        """{Okta id: number} as the snapshot has it, by the registry's keys."""
        users, groups, _ = self.host.dump()
        if sorted(users) not in (self.wanted(1), self.wanted(2)):
            raise AssertionError(f'the snapshot has {sorted(users)}')
        ids = {'object ' + u['okta_id']: u['uid'] for u in users.values()}
        ids.update(('object ' + g['okta_id'], g['gid']) for g in groups.values())
        return ids

    def judge(self, state):
        """What is wrong if the power comes back to STATE, or None."""
        kept, self.host.state = self.host.state, self.host.path('copy')
        try:
            lay_down(state, self.host.state)
            given, before = self.given(), self.registry()
            if not self.ids.items() <= before.items():
                return f'the registry forgot whose ids are taken: {before}'
            if not given.items() <= before.items():
                return f'the snapshot is ahead of the registry: {sorted(given.items() - before.items())}'
            if len(set(before.values())) < len(before):
                return f'two have one id: {before}'
            # once more: what a journal holds is for okta-sync to roll back, not for us
            lay_down(state, self.host.state)
            self.host.sync()
            if not before.items() | self.given().items() <= self.registry().items():
                return f'the next run changed ids: {before}, now {self.registry()}'
        except Exception as e:  # pylint: disable=broad-except
            return str(e)
        finally:
            self.host.state = kept
        return None


def recorded(site, command):
    """Events of a run, and the state before it put back."""
    before = site.host.path('before')
    shutil.copytree(site.host.state, before)
    events, _ = record(command, site.host.state)
    after = site.host.path('after')
    os.rename(site.host.state, after)
    os.rename(before, site.host.state)
    return events


@test
def every_state_a_power_cut_can_leave_is_the_old_snapshot_or_the_new_with_the_same_ids():
    site = Copy()
    events = recorded(site, site.host.command())
    kinds = {e[0] for e in events}
    assert {'fsync', 'pwrite64'} <= kinds and kinds & {'rename', 'renameat'}, kinds
    n, distinct, bad = look_at_all(site, events, 4000 if FULL else 250)
    print(f'# figure R5 states={n} distinct={distinct} bad={len(bad)}')
    assert distinct > 20, distinct
    assert not bad, f'{len(bad)}: ' + '\n'.join(bad[:8])


@test
def a_writer_that_does_not_flush_before_it_renames_is_caught():
    site = Copy()
    events = [e for e in recorded(site, site.host.command()) if e[0] not in ('fsync', 'fdatasync')]
    n, distinct, bad = look_at_all(site, events, 200 if FULL else 40)
    print(f'# figure R5 control states={n} distinct={distinct} bad={len(bad)}')
    assert len(bad) > 5, bad


@test
def an_okta_sync_that_publishes_before_it_commits_is_caught():
    site = Copy()
    events = recorded(site, [os.path.join(BUILD, 'tests/fault/mutant-order'), *site.host.command()[1:]])
    n, distinct, bad = look_at_all(site, events, 200 if FULL else 40)
    print(f'# figure R5 control-order states={n} distinct={distinct} bad={len(bad)}')
    assert any('ahead of the registry' in x for x in bad), bad


@test
def a_call_that_strace_cut_in_two_counts_like_any_other():
    whole_ones = ['100  fsync(4</s/a>) = 0', '7    close(3</s/b>) = 0', '100  renameat(5</s>, "a", 5</s>, "b") = 0']
    cut = ['100  fsync(4</s/a> <unfinished ...>', '7    close(3</s/b> <unfinished ...>', '100  <... fsync resumed>) = 0',
           '7    <... close resumed>)       = 0', '100  renameat(5</s>, "a", 5</s>, "b") = 0', '7    +++ exited with 0 +++',
           # a process that was killed before strace could read which call it made
           '8    ???( <unfinished ...>', '8    <... ??? resumed>)           = ?', '8    +++ killed by SIGKILL +++']
    assert calls(cut) == calls(whole_ones) and len(calls(cut)) == 3, calls(cut)


if __name__ == '__main__':
    make('all', 'faults')
    try:
        end = main()
    finally:
        for h in Host.made:
            shutil.rmtree(h.dir, ignore_errors=True)
    sys.exit(end)
