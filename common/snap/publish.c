/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * MUST: leave, after a crash at any instant, the old file or the new one, each whole.
 * MUST NOT: truncate or rewrite a file that a process may have mapped: touching a page
 * that is gone kills that process.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snap/read.h"
#include "snap/write.h"

#define TMP_SUFFIX	".tmp"
#define PREVIOUS_SUFFIX ".previous"
#define COMPARE_BYTES	((size_t)1 << 20)
#define CREATE_TRIES	8

static enum okta_rc
explain_dir(enum okta_rc r, const char *path, struct okta_err *err)
{
	switch (r) {
	case OKTA_OK:
		return OKTA_OK;
	case OKTA_E_NOTFOUND:
		return okta_err_sys(
		    err, ENOENT, "%s: its directory must be created first", path);
	case OKTA_E_UNTRUSTED:
		(void)okta_err_set(err, OKTA_E_SYS,
		    "%s: a directory above it is a symlink, or others own it or can "
		    "write it: "
		    "chown and chmod go-w it",
		    path);
		return OKTA_E_SYS;
	default:
		return okta_err_sys(err, errno, "%s: cannot open its directory", path);
	}
}

/* Readers would refuse such bytes, so nobody gets to see them. */
static enum okta_rc
check_bytes(const char *path, struct okta_view bytes, struct okta_err *err)
{
	struct okta_snap snap;

	if (okta_snap_open_bytes(bytes.p, bytes.len, &snap) != OKTA_OK)
		return okta_err_set(
		    err, OKTA_E_INPUT, "%s: not published: not a snapshot", path);
	if (okta_snap_is_superseded(&snap))
		return okta_err_set(err, OKTA_E_INPUT,
		    "%s: not published: it was superseded already", path);
	return okta_snap_verify(&snap, err);
}

/*
 * Temporary files of writers that were killed.  Each writer holds a lock on its own,
 * which is readable by nobody else until it is complete.
 */
static void
remove_stale(int dir, const char *name)
{
	size_t name_len = strlen(name), len;
	struct dirent *entry;
	DIR *list;
	int fd;

	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	list = fdopendir(fd);
	if (list == NULL) {
		(void)close(fd);
		return;
	}
	while ((entry = readdir(list)) != NULL) {
		len = strlen(entry->d_name);
		if (len <= name_len + strlen(TMP_SUFFIX) ||
		    strncmp(entry->d_name, name, name_len) != 0 ||
		    entry->d_name[name_len] != '.' ||
		    strcmp(entry->d_name + len - strlen(TMP_SUFFIX), TMP_SUFFIX) != 0)
			continue;
		fd = openat(dir, entry->d_name,
		    O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
		if (fd < 0)
			continue;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0)
			(void)unlinkat(dir, entry->d_name, 0);
		(void)close(fd);
	}
	(void)closedir(list);
}

/*
 * A new file NAME, locked: 0600, for nobody else's eyes and locks before it is whole.
 * Another writer may take it for a dead one's between its creation and its lock, and
 * remove it; then it is made again.  -1 with errno.
 */
static int
create_tmp(int dir, const char *name)
{
	struct stat ours, there;
	int fd, try;

	for (try = 0; try < CREATE_TRIES; try++) {
		fd = openat(
		    dir, name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
		if (fd < 0)
			return -1;
		if (flock(fd, LOCK_EX | LOCK_NB) == 0 && fstat(fd, &ours) == 0 &&
		    fstatat(dir, name, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
		    ours.st_dev == there.st_dev && ours.st_ino == there.st_ino)
			return fd;
		(void)unlinkat(dir, name, 0);
		(void)close(fd);
	}
	errno = EBUSY;
	return -1;
}

static int
write_all(int fd, struct okta_view bytes)
{
	ssize_t n;

	while (bytes.len > 0) {
		n = write(fd, bytes.p, bytes.len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -1;
		bytes.p += n;
		bytes.len -= (size_t)n;
	}
	return 0;
}

/* What the file gives back is what was meant, byte by byte, without mapping all of it. */
static enum okta_rc
compare_file(int fd, const char *path, struct okta_view bytes, struct okta_err *err)
{
	enum okta_rc rc = OKTA_E_INTERNAL;
	size_t at = 0, want;
	char *p;
	ssize_t n;

	p = malloc(COMPARE_BYTES);
	if (p == NULL) {
		rc = okta_err_sys(err, ENOMEM, "%s: cannot read back", path);
		goto out;
	}
	while (at < bytes.len) {
		want = bytes.len - at < COMPARE_BYTES ? bytes.len - at : COMPARE_BYTES;
		n = pread(fd, p, want, (off_t)at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0 || memcmp(p, bytes.p + at, (size_t)n) != 0) {
			rc = okta_err_set(err, OKTA_E_INPUT,
			    "%s: not published: the disk gave back other bytes", path);
			goto out;
		}
		at += (size_t)n;
	}
	rc = OKTA_OK;
out:
	free(p);
	return rc;
}

/* Write, flush and read back the temporary file FD whose whole path is TMP. */
static enum okta_rc
fill_tmp(
    int fd, const char *tmp, uid_t owner, struct okta_view bytes, struct okta_err *err)
{
	struct okta_snap snap;
	enum okta_rc r;

	if (write_all(fd, bytes) < 0 || fchmod(fd, 0644) < 0 || fsync(fd) < 0)
		return okta_err_sys(err, errno, "%s: cannot write", tmp);
	r = compare_file(fd, tmp, bytes, err);
	if (r != OKTA_OK)
		return r;
	r = okta_snap_open(tmp, owner, &snap);
	if (r != OKTA_OK)
		return okta_err_set(err, OKTA_E_INPUT,
		    "%s: not published: readers would refuse it (%s)", tmp,
		    okta_rc_name(r));
	okta_snap_close(&snap);
	return OKTA_OK;
}

/* The file that is about to be replaced, or -1 if it is none of ours. */
static int
open_old(int dir, const char *name, uid_t owner)
{
	char magic[8];
	struct stat st;
	int fd;

	fd = openat(dir, name, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return -1;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == owner &&
	    st.st_size >= OKTA_SNAP_HEADER_BYTES &&
	    pread(fd, magic, sizeof(magic), 0) == (ssize_t)sizeof(magic) &&
	    memcmp(magic, OKTA_SNAP_MAGIC, sizeof(magic)) == 0)
		return fd;
	(void)close(fd);
	return -1;
}

static int
sync_dir(int dir)
{
	int fd, r, saved;

	fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	r = fsync(fd);
	saved = errno;
	(void)close(fd);
	errno = saved;
	return r;
}

/*
 * The file that is replaced keeps a second name, which nobody opens, until the next one
 * is: a reader that unmaps it would otherwise be its last user, and wait in the middle of
 * a lookup while the file system deletes it.  On a file system without links that is so.
 */
static bool
name_of_previous(const char *name, char ret[NAME_MAX + 1])
{
	int n = snprintf(ret, NAME_MAX + 1, "%s" PREVIOUS_SUFFIX, name);

	return n > 0 && n <= NAME_MAX;
}

static void
keep_as_previous(int dir, const char *name)
{
	char previous[NAME_MAX + 1];

	if (name_of_previous(name, previous) && linkat(dir, name, dir, previous, 0) < 0)
		errno = 0;
}

/* Before the new file is written, so that there is room for it as if there were none. */
static void
remove_previous(int dir, const char *name)
{
	char previous[NAME_MAX + 1];

	if (name_of_previous(name, previous))
		(void)unlinkat(dir, previous, 0);
}

/* Swap the names; only then may the old file say that it is old. */
static enum okta_rc
replace(int dir, const char *tmp_name, const char *name, const char *path, uid_t owner,
    bool *ret_renamed, struct okta_err *err)
{
	const unsigned char word[4] = { 1, 0, 0, 0 };
	enum okta_rc rc = OKTA_E_INTERNAL;
	int old = open_old(dir, name, owner);

	if (old >= 0)
		keep_as_previous(dir, name);
	if (renameat(dir, tmp_name, dir, name) < 0) {
		rc = okta_err_sys(err, errno, "%s: cannot replace", path);
		goto out;
	}
	*ret_renamed = true;
	if (sync_dir(dir) < 0)
		rc = okta_err_sys(err, errno,
		    "%s: is in place, but its directory cannot be flushed", path);
	else
		rc = OKTA_OK;
	/* readers look for a new file by themselves within a second, should this fail */
	if (old >= 0 && pwrite(old, word, sizeof(word), 20) < 0)
		errno = 0;
out:
	if (old >= 0)
		(void)close(old);
	return rc;
}

enum okta_rc
okta_snapw_publish(
    const char *path, uid_t owner, struct okta_view bytes, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	char tmp[PATH_MAX];
	const char *name = "", *tmp_name;
	bool made = false, renamed = false;
	int n, dir = -1, fd = -1;

	r = check_bytes(path, bytes, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	r = okta_snap_open_dir(path, owner, &dir, &name);
	if (r != OKTA_OK) {
		rc = explain_dir(r, path, err);
		goto out;
	}
	n = snprintf(tmp, sizeof(tmp), "%s.%ld" TMP_SUFFIX, path, (long)getpid());
	if (name[0] == '\0' || n < 0 || (size_t)n >= sizeof(tmp)) {
		rc = okta_err_sys(err, ENAMETOOLONG, "%s: names no file", path);
		goto out;
	}
	tmp_name = tmp + (name - path);
	remove_stale(dir, name);
	remove_previous(dir, name);
	fd = create_tmp(dir, tmp_name);
	if (fd < 0) {
		rc = okta_err_sys(err, errno, "%s: cannot create", tmp);
		goto out;
	}
	made = true;
	r = fill_tmp(fd, tmp, owner, bytes, err);
	if (r == OKTA_OK)
		r = replace(dir, tmp_name, name, path, owner, &renamed, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	if (made && !renamed)
		(void)unlinkat(dir, tmp_name, 0);
	if (fd >= 0)
		(void)close(fd);
	if (dir >= 0)
		(void)close(dir);
	return rc;
}
