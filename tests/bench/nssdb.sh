#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# nssdb.sh TARBALL DIR: build glibc's own nss_db and makedb into DIR from glibc's source.
#
# Debian builds both and ships neither, so the sources of the very glibc this machine runs are
# compiled here, unchanged.  What they expect of glibc's build (locks, cancellation points)
# is replaced by the public functions that do the same.
set -eu
tarball=$1 dir=$2
src=$dir/src
mkdir -p "$src/shim/programs"
tar -xf "$tarball" -C "$src" --strip-components=1 --wildcards \
	'*/nss/makedb.c' '*/nss/nss_db' '*/nss/nss_files/files-*.c' '*/intl/hash-string.[ch]'

for empty in libc-lock not-cancel nsswitch nss_files libc-diag programs/xmalloc; do
	: >"$src/shim/$empty.h"
done
: >"$src/version.h"
cat >"$src/shim/glibc.h" <<'END'
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define attribute_hidden
#define __libc_lock_define(storage, name) storage pthread_mutex_t name = PTHREAD_MUTEX_INITIALIZER;
#define __libc_lock_lock(name) pthread_mutex_lock(&(name))
#define __libc_lock_unlock(name) pthread_mutex_unlock(&(name))
#define __open_nocancel open
#define __read_nocancel read
#define __close_nocancel_nostatus close
#define DIAG_PUSH_NEEDS_COMMENT
#define DIAG_POP_NEEDS_COMMENT
#define DIAG_IGNORE_NEEDS_COMMENT(version, option)
#define PKGVERSION ""
#define VERSION "of glibc"
#define REPORT_BUGS_TO "Debian"
#define N_(text) text
#define _(text) text
#define _libc_intl_domainname "libc"
static inline void *xmalloc(size_t n) { void *p = malloc(n); if (p == NULL) exit(1); return p; }
static inline void *xcalloc(size_t n, size_t m) { void *p = calloc(n, m); if (p == NULL) exit(1); return p; }
END
for f in pwd grp; do
	printf '#define EXTERN_PARSER\n#define GENERIC "../nss_db/db-XXX.c"\n#include "nss_files/files-%s.c"\n' $f \
		>"$src/nss/db-$f.c"
done
# -O2, as Debian builds its libc
cc="${CC:-gcc} -O2 -w -D_GNU_SOURCE -I$src/shim -include $src/shim/glibc.h"
cd "$src/nss"
# shellcheck disable=SC2086 # a list of options
{
	$cc -fPIC -shared -Wl,-soname,libnss_db.so.2 -Wl,--no-undefined -I. -o "$dir/libnss_db.so.2" \
		db-pwd.c db-grp.c nss_db/db-open.c nss_db/db-initgroups.c ../intl/hash-string.c
	$cc -o "$dir/makedb" makedb.c ../intl/hash-string.c
}
rm -rf "$src"
