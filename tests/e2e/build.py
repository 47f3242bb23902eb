# SPDX-License-Identifier: BSD-2-Clause
"""Small C programs of the tests, compiled when a test needs one."""
import os
import subprocess

from world import BUILD, TREE

PLACE = os.path.join(BUILD, "e2e")


def program(name, *archives, libs=(), options=()):
    """Path of tests/e2e/NAME.c compiled and linked with our ARCHIVES and LIBS."""
    os.makedirs(PLACE, exist_ok=True)
    path = os.path.join(PLACE, name)
    subprocess.run(
        ["gcc", "-std=gnu11", "-D_GNU_SOURCE", "-O1", "-g", "-Wall", "-Wextra",
         "-I" + os.path.join(TREE, "common"), "-o", path,
         os.path.join(TREE, "tests", "e2e", name + ".c"),
         *(os.path.join(BUILD, "lib%s.a" % a) for a in archives), *libs, *options],
        check=True)
    return path
