/* SPDX-License-Identifier: BSD-2-Clause */
/* common/base/file.h - read the small files that decide who may log in.
 * Floor 0: libc and base/ only.  No globals; safe in any thread.
 */
#ifndef OKTA_BASE_FILE_H
#define OKTA_BASE_FILE_H

#include <stddef.h>
#include <sys/types.h>

#include "base/err.h"

/* What besides "regular, right owner, nobody else can write" a file must satisfy. */
enum okta_file_kind {
	OKTA_FILE_PUBLIC, /* others may read it: configuration, CA bundle, /etc/passwd */
	OKTA_FILE_SECRET  /* group and others have no access at all: keys, client secrets
			   */
};

/*
 * Read the whole of PATH.  It must be a regular file of at most MAX_BYTES, owned by
 * OWNER, that group and others cannot write (SECRET: nor read).  The checks are made on
 * the open descriptor, so PATH cannot be swapped behind them; a symlink as the last
 * component is refused.
 *
 * On OKTA_OK the caller owns *ret_data (free with okta_free_wiped()); one NUL follows
 * its *ret_len bytes.  On failure both are left untouched and *err is set:
 * OKTA_E_NOTFOUND, _UNTRUSTED, _TOOBIG, _INPUT (it changed meanwhile), _SYS (see
 * err->sys_errno) or _NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc okta_file_read_trusted(const char *path, uid_t owner,
    enum okta_file_kind kind, size_t max_bytes, char **ret_data, size_t *ret_len,
    struct okta_err *err);

/*
 * Replace PATH by LEN bytes at P, mode MODE: written to an O_EXCL temporary file beside
 * it, fsync, rename, fsync of the directory.  After a crash PATH is the old file or the
 * new one.  OKTA_OK, OKTA_E_SYS or OKTA_E_TOOBIG (path too long).
 */
OKTA_MUST_CHECK enum okta_rc okta_file_replace(
    const char *path, mode_t mode, const void *p, size_t len, struct okta_err *err);

#endif /* OKTA_BASE_FILE_H */
