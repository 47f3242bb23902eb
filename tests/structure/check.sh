#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# check.sh BUILD: the rules of the tree that a machine can hold, as TAP.
# Each check first proves on a deliberate offender that it can fail.
set -u
cd "$(dirname "$0")/../.." || exit 1
build=$1
n=0
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

ok() { n=$((n + 1)); echo "ok $n - $1"; }
bad() { n=$((n + 1)); echo "not ok $n - $1"; sed 's/^/# /'; }
verdict() { # verdict NAME FILE-OF-COMPLAINTS
	if [ -s "$2" ]; then bad "$1" <"$2"; else ok "$1"; fi
}
catches() { # catches NAME FILE-OF-COMPLAINTS: the mutant must have been seen
	if [ -s "$2" ]; then ok "$1: sees an offender"; else echo "the offender went unseen" | bad "$1"; fi
}
git ls-files >/dev/null || { echo "Bail out! the list of our files is git's: run this in a clone"; exit 1; }
ours() { git ls-files -co --exclude-standard -- "$@" | while read -r f; do [ -f "$f" ] && echo "$f"; done; }

# --- floors -----------------------------------------------------------------------------------
floor_of() {
	case $1 in
	common/base/*) echo "base" ;;
	common/snap/*) echo "base snap" ;;
	common/model/*) echo "base model" ;;
	common/host/*) echo "base snap model host" ;;
	common/net/*) echo "base model net" ;;
	common/registry/*) echo "base model registry" ;;
	common/sandbox/*) echo "base sandbox" ;;
	nss_okta/*) echo "base snap nss_okta" ;;
	pam_okta/*) echo "base snap model host pam_okta" ;;
	cmd/okta-auth-helper/*) echo "base model net sandbox okta-auth-helper" ;;
	cmd/okta-sync/*) echo "base snap model host net registry sandbox okta-sync" ;;
	cmd/oktactl/*) echo "base snap model host net registry oktactl" ;;
	esac
}
floors() { # floors FILE NAME-IT-STANDS-FOR
	allowed=$(floor_of "$2")
	sed -n 's/^#[ \t]*include "\([^"]*\)".*/\1/p' "$1" | while read -r inc; do
		case $inc in
		*/*) dir=${inc%%/*} ;;
		*) continue ;; # a file of the same folder
		esac
		case " $allowed " in
		*" $dir "*) ;;
		*) echo "$2: includes \"$inc\"" ;;
		esac
	done
	sed -n 's/^#[ \t]*include <\([^>]*\)>.*/\1/p' "$1" | while read -r inc; do
		case $inc in
		curl/* | openssl/* | json-c/* | json.h | qrencode.h) home=common/net ;;
		sqlite3.h) home=common/registry ;;
		seccomp.h) home=common/sandbox ;;
		ini.h) home=common/model/conf.c ;;
		security/*) home=pam_okta ;;
		nss.h) home=nss_okta ;;
		*) continue ;;
		esac
		case $2 in
		"$home"*) ;;
		*) echo "$2: includes <$inc>, which belongs to $home" ;;
		esac
	done
}
ours 'common/*.[ch]' 'nss_okta/*.[ch]' 'pam_okta/*.[ch]' 'cmd/*.[ch]' >"$scratch/sources"
while read -r f; do floors "$f" "$f"; done <"$scratch/sources" >"$scratch/floors"
verdict "no file includes a higher floor or a library of another floor" "$scratch/floors"
printf '#include "net/http.h"\n#include <curl/curl.h>\n' >"$scratch/m.c"
floors "$scratch/m.c" pam_okta/m.c >"$scratch/m.out"
catches "floors" "$scratch/m.out"

# --- banned calls -----------------------------------------------------------------------------
banned() {
	grep -nE '(^|[^_a-zA-Z0-9.>])(atoi|atol|atoll|strtol|strtoul|strtoll|strtoull|sscanf|strcpy|strcat|strncpy|strncat|sprintf|vsprintf|strtok|system|popen|gets|alloca|getenv|setenv|putenv|signal|abort|mktemp|tmpnam)[[:space:]]*\(' "$@" /dev/null |
		grep -vE '^[^:]*:[0-9]*:[[:space:]]*(/?\*|//)' || true
}
# shellcheck disable=SC2046 # file names of ours have no blanks
banned $(cat "$scratch/sources") >"$scratch/banned"
verdict "no banned call" "$scratch/banned"
echo 'int f(char *d) { strcpy(d, "x"); return 0; }' >"$scratch/m.c"
banned "$scratch/m.c" >"$scratch/m.out"
catches "banned calls" "$scratch/m.out"

# --- exports and NEEDED -----------------------------------------------------------------------
exports() { nm -D --defined-only "$1" | awk '$2 != "A" { print $3 }' | sed 's/@.*//' | sort; }
needed() { readelf -d "$1" | sed -n 's/.*(NEEDED).*\[\(.*\)\].*/\1/p' | sort; }
same() { # same NAME ACTUAL EXPECTED-FILE
	if diff "$3" "$2" >"$scratch/diff" 2>&1; then ok "$1"; else bad "$1" <"$scratch/diff"; fi
}
exports "$build/libnss_okta.so.2" >"$scratch/x"
same "libnss_okta.so.2 exports the NSS entry points and nothing else" "$scratch/x" tests/structure/nss.exports
exports "$build/pam_okta.so" >"$scratch/x"
same "pam_okta.so exports the PAM entry points and nothing else" "$scratch/x" tests/structure/pam.exports
for p in libnss_okta.so.2 pam_okta.so okta-auth-helper okta-sync oktactl; do
	needed "$build/$p" >"$scratch/x"
	grep -vxFf "tests/structure/$p.needed" "$scratch/x" >"$scratch/y"
	verdict "$p needs no library beyond its list" "$scratch/y"
done
needed "$build/okta-auth-helper" | grep -vxFf tests/structure/pam_okta.so.needed >"$scratch/m.out"
catches "NEEDED" "$scratch/m.out"
for p in libnss_okta.so.2 pam_okta.so okta-auth-helper okta-sync oktactl; do
	{
		readelf -lW "$build/$p" | grep -q GNU_RELRO || echo "no RELRO"
		readelf -dW "$build/$p" | grep -qE 'BIND_NOW|NOW' || echo "lazy binding"
		readelf -lW "$build/$p" | grep GNU_STACK | grep -q 'RWE' && echo "executable stack"
		readelf -hW "$build/$p" | grep -q 'DYN' || echo "not position independent"
		readelf -lW "$build/$p" | grep LOAD | grep -q 'RWE' && echo "writable code"
		true
	} >"$scratch/y"
	verdict "$p is position independent with full RELRO and no executable stack" "$scratch/y"
done
for p in libnss_okta.so.2 pam_okta.so; do
	# crtbegin's own frame_dummy and __do_global_dtors_aux are one pointer each
	readelf -SW "$build/$p" | awk '$0 ~ /\.(init|fini)_array/ { for (i = 1; i <= NF; i++)
		if ($i ~ /^(INIT|FINI)_ARRAY$/ && $(i+3) != "000008") print $0 }' >"$scratch/y"
	verdict "$p has no constructor and no destructor" "$scratch/y"
done

# --- headers stand alone ----------------------------------------------------------------------
alone() {
	# shellcheck disable=SC2086 # a list of options
	${CC:-gcc} -std=gnu11 -D_GNU_SOURCE -Icommon -DOKTA_CONF_DIR='""' -DOKTA_STATE_DIR='""' -DOKTA_RUN_DIR='""' \
		-DOKTA_LIBEXEC_DIR='""' -Wall -Wextra -Werror -x c -fsyntax-only "$1" 2>&1 | head -3
}
ours 'common/*.h' 'nss_okta/*.h' 'pam_okta/*.h' 'cmd/*.h' | while read -r h; do alone "$h"; done >"$scratch/y"
verdict "every header compiles alone" "$scratch/y"
echo 'size_t f(void);' >"$scratch/m.h"
alone "$scratch/m.h" >"$scratch/m.out"
catches "headers" "$scratch/m.out"

# --- manual pages -----------------------------------------------------------------------------
"$build/oktactl" --json config keys 2>/dev/null |
	/usr/bin/python3 -c 'import json,sys
for k in json.load(sys.stdin): print(k["section"] + "." + k["key"])' | sort >"$scratch/keys"
awk '/^\.Ss / { s = $2; gsub(/[\[\]]|\\&/, "", s) } /^\.It Ic / { print s "." $3 }' doc/man/okta-login.conf.5 |
	sort >"$scratch/man"
if [ -s "$scratch/keys" ]; then
	same "okta-login.conf(5) has exactly the keys the parser knows" "$scratch/man" "$scratch/keys"
else
	echo "oktactl --json config keys printed nothing" | bad "okta-login.conf(5) has exactly the keys the parser knows"
fi
awk '/^#?[a-z_]+ *=/ { k = $0; sub(/^#/, "", k); sub(/ *=.*/, "", k); print s "." k } /^\[/ { s = $0; gsub(/[\[\]]/, "", s) }' \
	conf/okta-login.conf.example | sort >"$scratch/example"
comm -13 "$scratch/keys" "$scratch/example" >"$scratch/y"
verdict "the example configuration has no unknown key" "$scratch/y"
# shellcheck disable=SC2046
mandoc -Tlint -W warning $(ours 'doc/man/*.[58]') >"$scratch/y" 2>&1
verdict "mandoc finds nothing in the manual pages" "$scratch/y"

# --- style and static analysis ----------------------------------------------------------------
ours '*.c' '*.h' | while read -r f; do
	clang-format --dry-run -Werror "$f" >/dev/null 2>&1 || echo "$f: run clang-format -i on it"
done >"$scratch/y"
verdict "clang-format would change nothing" "$scratch/y"
# it leaves comments alone: their tables would become paragraphs
ours '*.c' '*.h' | while read -r f; do
	expand "$f" | awk -v f="$f" '/^ *\/?\*/ && length > 90 { print f ": line " NR " is a comment of " length " columns" }'
done >"$scratch/y"
verdict "no comment is wider than 90 columns" "$scratch/y"
# shellcheck disable=SC2046
cppcheck --quiet --std=c11 --language=c --enable=warning,performance,portability --inline-suppr \
	--suppress=missingIncludeSystem '-DNSS_DECLARE_MODULE_FUNCTIONS(module)=' -Icommon -D_GNU_SOURCE -DOKTA_CONF_DIR='"/e"' -DOKTA_STATE_DIR='"/s"' \
	-DOKTA_RUN_DIR='"/r"' -DOKTA_LIBEXEC_DIR='"/l"' -DOKTA_VERSION='"0"' -j 2 \
	$(ours 'common/*.c' 'nss_okta/*.c' 'pam_okta/*.c' 'cmd/*.c') >"$scratch/y" 2>&1
verdict "cppcheck has no finding" "$scratch/y"
ours | while read -r f; do
	case $(head -c 64 "$f" | head -n 1 | tr -d '\0') in
	'#!/bin/sh'* | '#!/bin/bash'* | '#!/usr/bin/env bash'*) echo "$f" ;;
	esac
done >"$scratch/scripts"
# shellcheck disable=SC2046
shellcheck -S warning $(cat "$scratch/scripts") >"$scratch/y" 2>&1
verdict "shellcheck has no finding" "$scratch/y"
unlisted() { # unlisted FILE...: those that make does not build and tests/list does not run
	make -s -pn B="$build" 2>/dev/null | sed -n 's/^UNIT := //p' | tr ' ' '\n' >"$scratch/unit"
	for f in "$@"; do
		name=${f##*/test_}
		grep -qx "${name%.c}" "$scratch/unit" || echo "$f: its name is not in UNIT of tests/tests.mk: it never runs"
	done
}
# shellcheck disable=SC2046
unlisted $(ours 'tests/unit/test_*.c') >"$scratch/y"
verdict "every unit test is listed" "$scratch/y"
unlisted tests/unit/test_listed_nowhere.c >"$scratch/m.out"
catches "unit tests" "$scratch/m.out"
lifeless() { # lifeless SED...: mutants whose line is not there any more
	for f in "$@"; do
		of=$(sed -n '1s/^# //p' "$f")
		if sed -f "$f" "$of" | cmp -s - "$of"; then echo "$f: changes nothing in $of"; fi
	done
}
lifeless tests/mutants/*.sed >"$scratch/y"
verdict "every mutant changes its file" "$scratch/y"
printf '# Makefile\ns/a line that is nowhere/x/\n' >"$scratch/m.sed"
lifeless "$scratch/m.sed" >"$scratch/m.out"
catches "mutants" "$scratch/m.out"
ours '*.c' '*.h' '*.mjs' '*.py' '*.sh' '*.mk' Makefile | while read -r f; do
	head -n 3 "$f" | grep -q 'SPDX-License-Identifier: BSD-2-Clause' || echo "$f: no SPDX line"
done >"$scratch/y"
verdict "every source file names its licence" "$scratch/y"
ours '*package-lock.json' | xargs -r grep -nE '"resolved"|\.tgz"' >"$scratch/y"
verdict "no lock file records a download address" "$scratch/y"

echo "1..$n"
