#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The manual pages against the programs: flags, commands, exit statuses, files, sections; and
mandoc has nothing to say."""
import glob
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "e2e"))
import shown  # noqa: E402
import tap  # noqa: E402
from shown import TREE, read  # noqa: E402
from tap import check, equal, test  # noqa: E402

BUILD = os.path.join(TREE, sys.argv[1] if len(sys.argv) > 1 else "build")
MAN = "doc/man/"
# What a page must tell, where there is anything to tell.
SECTIONS = {
    "okta-sync.8": ["FILES", "ENVIRONMENT", "EXIT STATUS", "EXAMPLES", "DIAGNOSTICS"],
    "oktactl.8": ["FILES", "ENVIRONMENT", "EXIT STATUS", "EXAMPLES"],
    "okta-auth-helper.8": ["FILES", "ENVIRONMENT", "EXIT STATUS"],
    "pam_okta.8": ["FILES", "ENVIRONMENT", "EXAMPLES", "DIAGNOSTICS"],
    "nss_okta.8": ["FILES", "ENVIRONMENT", "EXAMPLES", "DIAGNOSTICS"],
    "okta-login.conf.5": ["FILES", "EXAMPLES"],
}
# <sysexits.h>
STATUS = {"EX_USAGE": 64, "EX_NOINPUT": 66, "EX_UNAVAILABLE": 69, "EX_SOFTWARE": 70, "EX_OSERR": 71, "EX_IOERR": 74, "EX_TEMPFAIL": 75,
          "EX_NOPERM": 77, "EX_CONFIG": 78}


def page(name):
    return read(MAN + name)


def help_of(*command):
    done = subprocess.run([os.path.join(BUILD, command[0]), *command[1:]], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    equal((done.returncode, done.stderr), (0, ""), "exit status and complaint of %r" % (command,))
    return done.stdout


def usage_of(*command):
    """What wrong usage of a command with flags of its own prints."""
    done = subprocess.run([os.path.join(BUILD, command[0]), *command[1:]], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL)
    equal(done.returncode, 64, "exit status of %r" % (command,))
    check(done.stderr.startswith("usage: "), done.stderr)
    return done.stderr


def flags_of_help(text):
    return set(re.findall(r"(?<![\w-])--([a-z][a-z-]*)", text))


def flags_of_page(text):
    return set(re.findall(r"\bFl -([a-z][a-z-]*)", text))


@test("okta-sync --help and okta-sync(8) have the same flags")
def _():
    equal(flags_of_page(page("okta-sync.8")), flags_of_help(help_of("okta-sync", "--help")), "flags of the page")


@test("oktactl --help and oktactl(8) have the same flags and commands, setup with its own")
def _():
    text = help_of("oktactl", "--help").replace("okta-sync --once", "")  # another program's
    flags = flags_of_help(text) | flags_of_help(usage_of("oktactl", "setup", "--nonsense"))
    equal(flags_of_page(page("oktactl.8")), flags, "flags of the page")
    in_help = {m for m in re.findall(r"^  ([a-z]+)\b", text, re.M)}
    in_page = set(re.findall(r"^\.(?:It )?Cm ([a-z]+)", page("oktactl.8"), re.M))
    check(in_help and in_help <= in_page, "commands of the help that the page lacks: %r" % (in_help - in_page))
    listed = set(re.findall(r'\{ "([a-z]+)", ctl_', read("cmd/oktactl/main.c")))
    equal(in_help, listed, "commands of the help")


@test("the completion knows every command and flag of oktactl's help but its commands' own")
def _():
    completion = read("packaging/completion/oktactl")
    for flag in ("config", "state", "json", "version", "help"):
        check("--" + flag in completion, "no --" + flag)
    for line in re.findall(r"^  ([a-z]+ [a-z|]+)(?: |$)", help_of("oktactl", "--help"), re.M):
        command, words = line.split()
        for word in words.split("|"):
            check(re.search(r"\b%s:\S*\) words='[^']*\b%s\b" % (command, word), completion), "no %s %s" % (command, word))


def statuses(folder):
    found = set()
    for path in glob.glob(os.path.join(TREE, "cmd", folder, "*.c")):
        source = re.sub(r"/\*.*?\*/", "", read(path), flags=re.S)
        found |= set(re.findall(r"\bEX_[A-Z]+\b", source)) - {"EX_OK"}
    return {STATUS[name] for name in found}


@test("each exit status of the sources is in the page")
def _():
    for folder, name in (("oktactl", "oktactl.8"), ("okta-sync", "okta-sync.8")):
        text = page(name).split(".Sh EXIT STATUS", 1)[1].split("\n.Sh ", 1)[0]
        told = {int(n) for n in re.findall(r"^\.It (\d+)", text, re.M)}
        check({0} <= told, name)
        equal(statuses(folder) - told, set(), "statuses that %s does not tell" % name)


@test("each page has the sections that its reader looks for")
def _():
    equal({os.path.basename(p) for p in shown.pages()}, set(SECTIONS), "pages")
    for name, sections in SECTIONS.items():
        for section in sections:
            check(re.search(r"^\.Sh %s$" % section, page(name), re.M), "%s has no section %s" % (name, section))


@test("each page is installed")
def _():
    makefile = read("Makefile")
    for name in SECTIONS:
        check(re.search(r"\b%s\b" % re.escape(name), makefile), "%s is not in the Makefile" % name)


@test("each file of the state directory is in a page's FILES")
def _():
    told = "".join(page(n).split(".Sh FILES", 1)[1].split("\n.Sh ", 1)[0] for n in SECTIONS)
    names = re.findall(r'#define OKTA_[A-Z]+_FILE\s+"([a-z.-]+)"', read("common/base/paths.h"))
    for path in glob.glob(os.path.join(TREE, "cmd/okta-sync/*.[ch]")):
        names += re.findall(r'#define [A-Z]+_FILE\s+"([a-z.-]+)"', read(path))
    check(len(names) >= 3, "names: %r" % names)
    for name in set(names):
        check("/var/lib/okta-login/" + name in told, "%s is in no FILES" % name)


def lint(places):
    """What mandoc says of the pages in PLACES, and references to pages of ours that are not there.

    Which other pages this machine has, and whether it keeps an index of them, is not the pages' fault."""
    done = subprocess.run(["mandoc", "-Tlint", *places], capture_output=True, text=True, check=False)
    said = [line for line in (done.stdout + done.stderr).splitlines()
            if "referenced manual not found" not in line and "outdated mandoc.db" not in line]
    ours = {os.path.basename(p) for p in places}
    for path in places:
        with open(path, encoding="utf-8") as f:
            for name, section in re.findall(r"\bXr ([\w.-]+) (\d)\b", f.read()):
                if re.match("okta|(pam|nss)_okta", name) and "%s.%s" % (name, section) not in ours:
                    said.append("%s: refers to %s(%s), which is not there" % (path, name, section))
    return said


@test("mandoc -Tlint is silent about every page, also about style and references")
def _():
    equal(lint([os.path.join(TREE, p) for p in shown.pages()]), [], "lint")


@test("a page that refers to one that is not there, or has a line too long, is seen")
def _():
    with tempfile.TemporaryDirectory(prefix="okta-man.") as place:
        path = place + "/okta-sync.8"
        with open(path, "w", encoding="utf-8") as f:
            f.write(page("okta-sync.8").replace(".Sh SEE ALSO", ".Sh SEE ALSO\n.Xr okta-nothing 8 ,") + "x " * 60 + "\n")
        said = " ".join(lint([path, *(os.path.join(TREE, p) for p in shown.pages() if "okta-sync" not in p)]))
    for word in ("okta-nothing", "longer than 80"):
        check(word in said, said)


@test("the example of okta-login.conf(5) and the README's are configurations that are complete")
def _():
    examples = page("okta-login.conf.5").split(".Sh EXAMPLES", 1)[1]
    texts = [re.search(r"\.Bd -literal[^\n]*\n(.*?)\.Ed", examples, re.S)[1]]
    texts += ["\n".join(lines) + "\n" for kind, lines in shown.blocks(read("README.md")) if kind == "ini"]
    equal(len(texts), 2, "examples")
    with tempfile.TemporaryDirectory(prefix="okta-man.") as place:
        os.chmod(place, 0o755)
        key = place + "/service.key"
        subprocess.run(["openssl", "genpkey", "-algorithm", "RSA", "-out", key], capture_output=True, check=True)
        os.chmod(key, 0o600)
        for text in texts:
            with open(place + "/okta-login.conf", "w", encoding="utf-8") as f:
                f.write(text.replace("/etc/okta-login/service.key", key))
            done = subprocess.run([BUILD + "/oktactl", "--config", place + "/okta-login.conf", "config", "check"], capture_output=True, text=True,
                                  check=False)
            equal(done.returncode, 0, "exit status of config check (%s)" % done.stderr)


if __name__ == "__main__":
    tap.run()
