# SPDX-License-Identifier: BSD-2-Clause
"""The commands that the documents show: those of blocks marked sh, those that stand in a line of
text, and those of the manual pages' EXAMPLES."""
import glob
import os
import re

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# Other blocks: files and what is printed.
LANGUAGES = {"sh", "ini", "text", "pam", "nsswitch", "sshd", "cron", "json"}
PROGRAMS = ("oktactl", "okta-sync", "make", "apt", "apt-get", "dnf", "systemctl", "journalctl", "loginctl", "pam-auth-update", "getent",
            "id", "ls", "find", "pkill", "date", "shred", "chronyc", "timedatectl", "openssl", "userdel", "useradd", "install", "sed", "fuser", "sqlite3", "sudo",
            "umask", "cp", "mv", "rm", "chmod", "chown", "ssh", "tests/deps.sh")


def documents():
    return sorted(os.path.relpath(p, TREE) for p in [TREE + "/README.md", *glob.glob(TREE + "/doc/*.md")])


def pages():
    return sorted(os.path.relpath(p, TREE) for p in glob.glob(TREE + "/doc/man/*.[58]"))


def read(path):
    with open(os.path.join(TREE, path), encoding="utf-8") as f:
        return f.read()


def is_command(text):
    """Is TEXT a call of a program with arguments?"""
    words = text.split()
    return len(words) > 1 and words[0] in PROGRAMS


def without_remark(line):
    return re.sub(r"\s{2,}# .*$", "", line).strip()


def blocks(text):
    """(language, lines) of each fenced block; the language of an indented one is None."""
    lines, at = text.splitlines(), 0
    while at < len(lines):
        fence = re.match(r"^```(\w*)$", lines[at])
        if fence:
            end = lines.index("```", at + 1)
            yield fence[1], lines[at + 1:end]
            at = end
        elif lines[at].startswith("    ") and (at == 0 or not lines[at - 1].strip() or not lines[at - 1].startswith(("|", "-", " "))):
            end = at
            while end < len(lines) and (lines[end].startswith("    ") or not lines[end].strip()):
                end += 1
            yield None, [line[4:] for line in lines[at:end]]
            at = end - 1
        at += 1


def in_text(text):
    """Commands in `backticks` outside of blocks."""
    text = re.sub(r"^```.*?^```$", "", text, flags=re.S | re.M)
    return [c for c in re.findall(r"`([^`\n]+)`", text) if is_command(c) and "…" not in c]


def in_document(text):
    found = []
    for language, lines in blocks(text):
        if language == "sh":
            found += [without_remark(line) for line in lines if line.strip()]
    return found + in_text(text)


def in_page(text):
    if ".Sh EXAMPLES" not in text:
        return []
    examples = text.split(".Sh EXAMPLES", 1)[1].split("\n.Sh ", 1)[0]
    lines = re.findall(r"^\.Dl (.*)$", examples, re.M)
    return [line.replace(r"\(dq", '"').replace(r"\e", "\\").replace(r"\-", "-") for line in lines]


def hidden(text):
    """Commands in blocks that are not marked sh, and marks that say nothing."""
    found = []
    for language, lines in blocks(text):
        if language is not None and language not in LANGUAGES:
            found.append("a block of the kind %r" % language)
        if language != "sh":
            found += [line for line in lines if is_command(line.strip())]
    return found


def all_shown():
    """{command: [where it stands]}"""
    shown = {}
    for path in documents():
        for command in in_document(read(path)):
            shown.setdefault(command, []).append(path)
    for path in pages():
        for command in in_page(read(path)):
            shown.setdefault(command, []).append(path)
    return shown
