#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""The doctor's reading of PAM stacks against libpam's own, which is the judge."""
import os
import random
import subprocess
import sys
import tempfile

TREE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TREE, "tests", "e2e"))
import build  # noqa: E402
import tap  # noqa: E402
from tap import check, test  # noqa: E402

CODES = ("success open_err symbol_err service_err system_err buf_err perm_denied auth_err cred_insufficient "
         "authinfo_unavail user_unknown maxtries new_authtok_reqd acct_expired session_err cred_unavail cred_expired "
         "cred_err no_module_data conv_err authtok_err authtok_recover_err authtok_lock_busy authtok_disable_aging "
         "try_again ignore abort authtok_expired module_unknown").split()
LIKELY = ["success"] * 6 + ["auth_err"] * 3 + ["ignore", "user_unknown", "new_authtok_reqd"]
ACTIONS = ["ignore", "ok", "ok", "done", "bad", "die", "reset"]


def program():
    os.makedirs(build.PLACE, exist_ok=True)
    path = os.path.join(build.PLACE, "stacks")
    at = os.path.join(TREE, "cmd", "oktactl")
    subprocess.run(["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-Wextra", "-Werror",
                    "-fsanitize=address,undefined", "-I" + TREE + "/common", "-I" + at, "-o", path,
                    TREE + "/tests/doctor/stacks.c", at + "/doctor_stack.c", at + "/doctor_read.c",
                    *(TREE + "/common/base/%s.c" % name for name in ("buf", "clock", "err", "text", "view", "wipe")),
                    "-lpam"], check=True)
    return path


def control(dice, jumps):
    if dice.random() < 0.4:
        return dice.choice(["required", "requisite", "sufficient", "optional", "REQUIRED"])
    words = ["%s=%s" % (code, dice.choice(ACTIONS + jumps))
             for code in dice.sample(["success", "auth_err", "ignore", "user_unknown", "new_authtok_reqd"], dice.randint(1, 4))]
    if dice.random() < 0.8:
        words.append("default=" + dice.choice(ACTIONS))
    return "[%s]" % " ".join(words)


def stack(dice, where, name, depth=0):
    """Write a stack; some jumps lead too far, which libpam calls bad."""
    lines, count = [], dice.randint(1, 6)
    for n in range(count):
        left = count - n - 1
        kind = dice.random()
        if depth < 2 and kind < 0.25:
            inner = "%s-%d" % (name.replace("s", "i", 1), n)
            stack(dice, where, inner, depth + 1)
            lines.append(dice.choice(["auth substack %s/%s", "auth substack %s/%s", "-auth include %s/%s", "@include %s/%s"])
                         % (where, inner))
            continue
        code = dice.choice(LIKELY if dice.random() < 0.9 else CODES)
        lines.append("%s %s %s auth=%s%s" % (
            dice.choice(["auth", "auth", "AUTH", "-auth"]), control(dice, [str(dice.randint(1, left + 1))]),
            dice.choice(["pam_debug.so", "\\\n  pam_debug.so"]), code, dice.choice(["", " # why"])))
        if dice.random() < 0.1:
            lines.append("account required pam_deny.so")
    with open("%s/%s" % (where, name), "w", encoding="ascii") as f:
        f.write("\n".join(lines) + "\n")


@test("three thousand stacks of every control, include and substack end as in libpam")
def _():
    dice = random.Random(20261122)
    with tempfile.TemporaryDirectory(prefix="stk") as where:
        for n in range(3000):
            stack(dice, where, "s%d" % n)
        done = subprocess.run([program(), where], capture_output=True, text=True, check=False, timeout=100)
        if done.returncode:
            for line in done.stdout.splitlines():
                name = line.split(":")[0]
                if os.path.exists(where + "/" + name):
                    with open(where + "/" + name, encoding="ascii") as f:
                        print("#", line, "\n# " + f.read().replace("\n", "\n# "))
        check(done.returncode == 0, done.stdout[-800:] + done.stderr[-800:])
        check("3000 stacks" in done.stdout, done.stdout)


tap.run()
