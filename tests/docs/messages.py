# SPDX-License-Identifier: BSD-2-Clause
"""The texts that a source file can put into a log line, taken from its string literals."""
import re

LITERAL = r'"(?:[^"\\]|\\.)*"'
# Literals that stand side by side, also with a PRIu64 or a macro in between, are one text.
TEXT = re.compile(r'%s(?:\s*(?:%s|[A-Z][A-Za-z0-9_]*(?=\s*")|PRI[a-z]\d+))*' % (LITERAL, LITERAL))
NOISE = re.compile(r"(%s)|/\*.*?\*/|//[^\n]*|'(?:\\.|[^'\\])'" % LITERAL, re.S)


def without_noise(source):
    """SOURCE without comments and characters, but with what looks like one inside a literal."""
    return NOISE.sub(lambda m: m[1] or " ", source)


def texts(source):
    """Every text of at least two words in C SOURCE, as it is before printf() sees it."""
    source = re.sub(r"^\s*#.*$", "", without_noise(source), flags=re.M)
    for m in TEXT.finditer(source):
        parts = re.findall(r"%s|PRI[a-z]\d+|[A-Z][A-Za-z0-9_]*" % LITERAL, m[0])
        text = "".join(p[1:-1] if p.startswith('"') else "" if p.startswith("PRI") else "%s" for p in parts)
        text = text.replace('\\"', '"').replace("\\\\", "\\").replace("\\n", "\n")
        if re.search(r"[A-Za-z]{2,}[,:]? [(`]?[A-Za-z]{1,}", text):
            yield text.strip()
