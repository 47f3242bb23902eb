# SPDX-License-Identifier: BSD-2-Clause
"""What stands in another process's memory: where a secret may be, and where it must not."""


def parts_of(pid):
    """What it can write, mapping by mapping."""
    with open(f"/proc/{pid}/maps", encoding="ascii") as maps, open(f"/proc/{pid}/mem", "rb") as mem:
        for line in maps:
            if "w" not in line.split()[1] or "[v" in line:
                continue
            start, end = [int(x, 16) for x in line.split()[0].split("-")]
            try:
                mem.seek(start)
                part = mem.read(end - start)
            except OSError:
                continue
            yield part


def memory_of(pid):
    return b"".join(parts_of(pid))


def memory_has(pid, needle):
    return any(needle in part for part in parts_of(pid))
