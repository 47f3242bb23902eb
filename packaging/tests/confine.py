#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""confine.py PROFILE PROGRAM TRACE: is all that a traced program did allowed by its AppArmor profile?

PROFILE is a file of packaging/apparmor; apparmor_parser resolves what it includes.  TRACE is what
"strace -f -y" wrote of PROGRAM's whole life.  Prints what the profile would have refused, one
access a line; exit status 1 if there is any, and 2 if the trace has nothing of the program.
What AppArmor does not look at is not looked at here: a name that is not there, a descriptor that
came from elsewhere.
"""
import os
import re
import subprocess
import sys

# --- the profile -----------------------------------------------------------------------------


def preprocessed(path):
    return subprocess.run(["apparmor_parser", "-Q", "-K", "-p", "-I", "/etc/apparmor.d", path],
                          capture_output=True, text=True, check=True).stdout


def expand(text, variables):
    """TEXT with every value of every variable in it."""
    m = re.search(r"@\{(\w+)\}", text)
    if not m:
        return [re.sub(r"/{2,}", "/", text)]
    return [x for v in variables[m[1]] for x in expand(text[:m.start()] + v + text[m.end():], variables)]


def glob(pattern):
    """AppArmor's globbing as a regular expression."""
    out, depth, i = [], 0, 0
    while i < len(pattern):
        c = pattern[i]
        if pattern.startswith("**", i):
            out.append("[^\\0]*" if depth or out[-1:] != ["/"] else "[^\\0]+")
            i += 1
        elif c == "*":
            out.append("[^/\\0]*" if out[-1:] != ["/"] else "[^/\\0]+")
        elif c == "?":
            out.append("[^/]")
        elif c == "[":
            end = pattern.index("]", i + 1)
            out.append(pattern[i:end + 1])
            i = end
        elif c == "{":
            depth += 1
            out.append("(?:")
        elif c == "}":
            depth -= 1
            out.append(")")
        elif c == "," and depth:
            out.append("|")
        else:
            out.append(re.escape(c))
        i += 1
    return re.compile("".join(out) + r"\Z")


class Profile:
    def __init__(self, path):
        text = re.sub(r"(?m)^\s*#.*|\s#\s.*$", "", preprocessed(path))
        variables = {}
        for name, values in re.findall(r"(?m)^\s*@\{(\w+)\}\s*\+?=\s*(.*)$", text):
            variables.setdefault(name, []).extend(re.findall(r'"[^"]*"|\S+', values))
        head = re.search(r"(?m)^profile .*\{$", text)
        self.allowed, self.denied, self.families, self.capabilities = [], [], set(), set()
        for line in text[head.end():].splitlines():
            self._rule(line.strip().rstrip(","), variables)

    def _rule(self, line, variables):
        m = re.fullmatch(r'(deny )?(?:audit |owner |allow )*"?([/@{][^"]*?)"?\s+([rwmkxlaiUPCcpux]+)(?: -> .*)?', line)
        if m:
            rules = [(glob(name), set(m[3])) for name in expand(m[2], variables)]
            (self.denied if m[1] else self.allowed).extend(rules)
        elif line.startswith("network "):
            self.families.add(tuple(line.split()[1:]))
        elif line.startswith("capability "):
            self.capabilities.add(line.split()[1])

    def refuses(self, path, wanted):
        """The permissions of WANTED that PATH is not given."""
        given = set().union(*(p for r, p in self.allowed if r.match(path)))
        taken = set().union(*(p for r, p in self.denied if r.match(path)))
        if "w" in given:
            given.add("a")
        return "".join(sorted(set(wanted) - (given - taken)))


# --- the trace -------------------------------------------------------------------------------
CALL = re.compile(r"^(?:\[pid +)?(\d+)?\]? *(?:[\d.:]+ )?(\w+)\((.*)\) += (\S+)")
NAME = re.compile(r'"((?:[^"\\]|\\.)*)"')
RESUMED = re.compile(r"^(?:\[pid +)?\d+\]? *(?:[\d.:]+ )?<\.\.\. \S+ resumed>(.*)")
OPENED = re.compile(r"= \d+<([^>]*)>")
FAMILIES = {"AF_INET": "inet", "AF_INET6": "inet6", "AF_UNIX": "unix", "AF_NETLINK": "netlink"}
# by name: what each call wants, of its first name and of its second
NAMED = {"unlink": "w", "unlinkat": "w", "rename": "rw", "renameat": "rw", "renameat2": "rw", "mkdir": "w",
         "mkdirat": "w", "rmdir": "w", "chmod": "w", "fchmodat": "w", "chown": "w", "lchown": "w",
         "fchownat": "w", "truncate": "w", "link": "l", "linkat": "l", "symlink": "w", "symlinkat": "w",
         "stat": "r", "lstat": "r", "newfstatat": "r", "statx": "r", "readlink": "r", "readlinkat": "r"}
BY_NUMBER = {"fchmod": "w", "fchown": "w", "ftruncate": "w", "flock": "k", "fstat": ""}


def whole(lines):
    """Calls that strace has cut in two, put together; "???" is what it calls one whose process was
    killed before it could be read."""
    begun = {}
    for line in lines:
        pid = (re.match(r"(?:\[pid +)?(\d+)", line) or [None, ""])[1]
        resumed = RESUMED.match(line)
        if "<unfinished ...>" in line:
            begun[pid] = line.split("<unfinished ...>")[0].rstrip()
        elif resumed:
            yield begun.pop(pid, pid + " ") + resumed[1]
        else:
            yield line


def absolute(call, text):
    """The names in TEXT, the arguments; those in a directory named by number with that one's."""
    names = []
    for m in NAME.finditer(text):
        before = re.search(r"(?:AT_FDCWD|\d+)<([^>]*)>, *$", text[:m.start()])
        name = m[1]
        if not name and call in ("newfstatat", "statx", "readlinkat"):
            continue  # about a descriptor that is open already
        names.append(os.path.normpath(name if name.startswith("/") else (before[1] if before else "/") + "/" + name))
    return names


def accesses(lines, program):
    """(kind, thing, permissions) of every call that succeeded, from PROGRAM's start in its process."""
    ours = set()
    for line in whole(lines):
        m = CALL.match(line)
        if not m or m[4].startswith("-") or m[4] == "?":
            continue
        pid, call, text, result = m[1] or "0", m[2], m[3], m[4]
        if call == "execve":
            if NAME.search(text)[1] == program:
                ours.add(pid)
                continue
        if pid not in ours:
            continue
        if call in ("clone", "clone3", "fork", "vfork"):
            ours.add(re.match(r"\d+", result)[0])
        yield from of_call(call, text, line)


def of_call(call, text, line):
    slash = "/" if "S_IFDIR" in line or "O_DIRECTORY" in line or call == "mkdir" else ""
    if call in ("open", "openat", "openat2", "creat"):
        path = OPENED.search(line)
        flags = text.split('"')[-1]
        wanted = ("rw" if "O_RDWR" in flags else "w" if "O_WRONLY" in flags or call == "creat" else "r")
        if path and path[1].startswith("/"):
            yield "file", directory(path[1], slash), wanted
    elif call == "mmap" and "PROT_EXEC" in text:
        path = re.search(r", \d+<(/[^>]*)>", text)
        if path:
            yield "file", path[1], "m"
    elif call == "execve":
        yield "file", NAME.search(text)[1], "x"
    elif call in BY_NUMBER:
        path = re.match(r"\d+<(/[^>]*)>", text)
        if path and BY_NUMBER[call]:
            yield "file", directory(path[1], slash), BY_NUMBER[call]
    elif call == "fcntl" and re.search(r"F_(OFD_)?SETLKW?", text):
        path = re.match(r"\d+<(/[^>]*)>", text)
        if path and "F_UNLCK" not in text:
            yield "file", path[1], "k"
    elif call in NAMED:
        for name in absolute(call, text):
            yield "file", directory(name, slash), NAMED[call]
    elif call == "socket":
        family, kind = [a.strip() for a in text.split(",")][:2]
        yield "socket", FAMILIES.get(family, family), re.match(r"SOCK_(\w+)", kind)[1].lower()
    elif call in ("setresuid", "setuid", "setgroups", "setresgid", "setgid"):
        yield "capability", "setuid" if "uid" in call else "setgid", ""
    elif call == "connect" and "sun_path=" in text:
        path = NAME.search(text)
        if path and path[1].startswith("/"):
            yield "file", path[1], "w"


def directory(name, slash):
    """As AppArmor names it: a directory ends with a slash."""
    name = name.replace(" (deleted)", "")
    return name if name.endswith("/") else name + slash


def main():
    path, program, trace = sys.argv[1:]
    profile = Profile(path)
    with open(trace, encoding="utf-8", errors="replace") as f:
        seen = set(accesses(f, program))
    directories = {thing for _, thing, _ in seen if thing.endswith("/")}
    seen = sorted({(kind, thing + "/" if thing + "/" in directories else thing, wanted)
                   for kind, thing, wanted in seen})
    if not any(kind == "file" for kind, _, _ in seen):
        print("%s: %s was not seen to do anything" % (trace, program))
        return 2
    refused = []
    for kind, thing, wanted in seen:
        if kind == "file" and thing.startswith("/") and profile.refuses(thing, wanted):
            refused.append("%s %s" % (thing, profile.refuses(thing, wanted)))
        elif kind == "socket" and thing != "unix" and (thing, wanted) not in profile.families:
            refused.append("network %s %s" % (thing, wanted))
        elif kind == "capability" and thing not in profile.capabilities:
            refused.append("capability %s" % thing)
    print("\n".join(refused) if refused else "%d accesses, each allowed" % len(seen))
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main())
