/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/wipe.h"

static enum okta_rc
check_trusted(const struct stat *st, const char *path, uid_t owner,
    enum okta_file_kind kind, size_t max_bytes, struct okta_err *err)
{
	if (!S_ISREG(st->st_mode))
		return okta_err_set(
		    err, OKTA_E_UNTRUSTED, "%s: is not a regular file", path);
	if (st->st_uid != owner)
		return okta_err_set(err, OKTA_E_UNTRUSTED,
		    "%s: is owned by uid %lu, must be owned by uid %lu: chown it", path,
		    (unsigned long)st->st_uid, (unsigned long)owner);
	if ((st->st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return okta_err_set(err, OKTA_E_UNTRUSTED,
		    "%s: group or others can write it: chmod go-w it", path);
	if (kind == OKTA_FILE_SECRET && (st->st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return okta_err_set(err, OKTA_E_UNTRUSTED,
		    "%s: holds a secret that group or others can reach: chmod 600 it",
		    path);
	if (st->st_size < 0 || (uintmax_t)st->st_size > max_bytes)
		return okta_err_set(
		    err, OKTA_E_TOOBIG, "%s: is larger than %zu bytes", path, max_bytes);
	return OKTA_OK;
}

enum okta_rc
okta_file_read_trusted(const char *path, uid_t owner, enum okta_file_kind kind,
    size_t max_bytes, char **ret_data, size_t *ret_len, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct stat st;
	char *data = NULL;
	size_t size = 0, len = 0;
	ssize_t n;
	bool missing;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		missing = errno == ENOENT || errno == ENOTDIR;
		rc = okta_err_sys(err, errno, "%s: cannot open", path);
		if (missing)
			rc = OKTA_E_NOTFOUND;
		if (err != NULL)
			err->rc = rc;
		goto out;
	}
	if (fstat(fd, &st) < 0) {
		rc = okta_err_sys(err, errno, "%s: cannot stat", path);
		goto out;
	}
	r = check_trusted(&st, path, owner, kind, max_bytes, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}

	size = (size_t)st.st_size;
	data = malloc(size + 1);
	if (data == NULL) {
		rc = okta_err_set(err, OKTA_E_NOMEM, "%s: out of memory", path);
		goto out;
	}
	while (len < size) {
		n = read(fd, data + len, size - len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			/* not _INPUT: the bytes may be sound, and be what a caller
			 * must heed */
			rc = okta_err_sys(err, errno, "%s: cannot be read", path);
			goto out;
		}
		if (n == 0) {
			rc = okta_err_set(err, OKTA_E_INPUT,
			    "%s: cannot be read to its end: it changed", path);
			goto out;
		}
		len += (size_t)n;
	}
	data[len] = '\0';

	*ret_data = data;
	*ret_len = len;
	data = NULL;
	rc = OKTA_OK;
out:
	okta_free_wiped(data, size);
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

/* fsync the directory PATH lies in, so that a rename survives a power cut. */
static int
sync_directory_of(const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	size_t len = slash == NULL ? 0 : (size_t)(slash - path);
	int fd, r, saved;

	if (len >= sizeof(dir)) {
		errno = ENAMETOOLONG;
		return -1;
	}
	if (slash == NULL)
		(void)snprintf(dir, sizeof(dir), ".");
	else
		(void)snprintf(dir, sizeof(dir), "%.*s", len == 0 ? 1 : (int)len, path);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	r = fsync(fd);
	saved = errno;
	(void)close(fd);
	errno = saved;
	return r;
}

static int
write_all(int fd, const void *p, size_t len)
{
	const char *at = p;
	ssize_t n;

	while (len > 0) {
		n = write(fd, at, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

enum okta_rc
okta_file_replace(
    const char *path, mode_t mode, const void *p, size_t len, struct okta_err *err)
{
	enum okta_rc rc = OKTA_E_INTERNAL;
	char tmp[PATH_MAX];
	int n, fd = -1;
	int made = 0;

	n = snprintf(tmp, sizeof(tmp), "%s.%ld.tmp", path, (long)getpid());
	if (n < 0 || (size_t)n >= sizeof(tmp)) {
		rc = okta_err_set(err, OKTA_E_TOOBIG, "%s: path is too long", path);
		goto out;
	}
	(void)unlink(tmp); /* ours, from a process of the same number that died */
	fd = open(tmp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode);
	if (fd < 0) {
		rc = okta_err_sys(err, errno, "%s: cannot create", tmp);
		goto out;
	}
	made = 1;
	if (fchmod(fd, mode) < 0 || write_all(fd, p, len) < 0 || fsync(fd) < 0) {
		rc = okta_err_sys(err, errno, "%s: cannot write", tmp);
		goto out;
	}
	if (rename(tmp, path) < 0) {
		rc = okta_err_sys(err, errno, "%s: cannot replace", path);
		goto out;
	}
	made = 0;
	if (sync_directory_of(path) < 0) {
		rc = okta_err_sys(err, errno, "%s: cannot sync its directory", path);
		goto out;
	}
	rc = OKTA_OK;
out:
	if (fd >= 0)
		(void)close(fd);
	if (made)
		(void)unlink(tmp);
	return rc;
}
