/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threat model: a token that was seen on its way comes a second time, at once or after
 * other logins of the same person.  MUST: it is found, whatever the order.  A token
 * names its person (S1), so a list for each person is a list for the host, and whoever
 * holds up his own list holds up nobody else.
 *
 * "OKTAUSE1", u8 the next cell, zeros up to CELL_BYTES; then the cells:
 * u8 length, jti.  Nothing that is written crosses a page, so a kill leaves it whole.
 */
#include "host/used.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "host/run_dir.h"

#define MAGIC	   "OKTAUSE1"
#define CELL_BYTES 128
#define JTI_BYTES  (CELL_BYTES - 1)
#define FILE_BYTES (CELL_BYTES * (1 + OKTA_USED_MAX))
#define NEXT_AT	   8

#define LOCK_TRIES 100
#define LOCK_NS	   10000000 /* another login of the same person is as good as done */

static enum okta_rc
lock(int fd, const char *path, struct okta_err *err)
{
	const struct timespec nap = { 0, LOCK_NS };
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	int i;

	for (i = 0; i < LOCK_TRIES; i++) {
		if (fcntl(fd, F_OFD_SETLK, &whole) == 0)
			return OKTA_OK;
		if (errno != EAGAIN && errno != EACCES)
			return okta_err_sys(err, errno, "%s: cannot be locked", path);
		(void)nanosleep(&nap, NULL);
	}
	return okta_err_set(err, OKTA_E_TIMEOUT,
	    "%s: another login of this person holds it: end that one", path);
}

static enum okta_rc
write_at(int fd, size_t at, const unsigned char *p, size_t len, const char *path,
    struct okta_err *err)
{
	const ssize_t n = pwrite(fd, p, len, (off_t)at);

	if (n == (ssize_t)len)
		return OKTA_OK;
	return okta_err_sys(err, n < 0 ? errno : ENOSPC, "%s: cannot be written", path);
}

/* A file begins here: nothing of it was written, or not even its header whole. */
static enum okta_rc
start(int fd, unsigned char file[FILE_BYTES], const char *path, struct okta_err *err)
{
	memset(file, 0, FILE_BYTES);
	memcpy(file, MAGIC, NEXT_AT);
	return write_at(fd, 0, file, CELL_BYTES, path, err);
}

static enum okta_rc
add(int fd, unsigned char file[FILE_BYTES], const unsigned char cell[CELL_BYTES],
    const char *path, struct okta_err *err)
{
	unsigned char next = file[NEXT_AT] % OKTA_USED_MAX;
	enum okta_rc r;
	size_t i;

	for (i = 1; i <= OKTA_USED_MAX; i++)
		if (memcmp(file + i * CELL_BYTES, cell, CELL_BYTES) == 0)
			return okta_err_set(
			    err, OKTA_E_REFUSED, "the token was used before");
	r = write_at(fd, (size_t)(next + 1) * CELL_BYTES, cell, CELL_BYTES, path, err);
	if (r != OKTA_OK)
		return r;
	next = (unsigned char)((next + 1) % OKTA_USED_MAX);
	return write_at(fd, NEXT_AT, &next, 1, path, err);
}

enum okta_rc
okta_used_add(const struct okta_used *used, struct okta_view jti, struct okta_err *err)
{
	unsigned char file[FILE_BYTES] = { 0 }, cell[CELL_BYTES] = { 0 };
	enum okta_rc r;
	ssize_t have;

	/* of a longer one the beginning: it is random text */
	cell[0] = (unsigned char)(jti.len < JTI_BYTES ? jti.len : JTI_BYTES);
	memcpy(cell + 1, jti.p, cell[0]);
	if (!okta_fd_is(used->fd, &used->mark))
		return okta_err_sys(
		    err, EBADF, "%s: was closed by the program that asks", used->path);
	have = pread(used->fd, file, sizeof(file), 0);
	if (have < 0)
		return okta_err_sys(err, errno, "%s: cannot be read", used->path);
	if (have >= CELL_BYTES && memcmp(file, MAGIC, NEXT_AT) != 0)
		return okta_err_set(err, OKTA_E_INPUT,
		    "%s: is no list of used tokens: remove it", used->path);
	/* shorter than its header: the disk was full then, and no token is in it */
	r = have < CELL_BYTES ? start(used->fd, file, used->path, err) : OKTA_OK;
	if (r != OKTA_OK)
		return r;
	return add(used->fd, file, cell, used->path, err);
}

void
okta_used_close(struct okta_used *used)
{
	okta_fd_close(used->fd, &used->mark);
	used->fd = -1;
}

enum okta_rc
okta_used_open(const char *run_dir, uid_t owner, uint32_t uid, struct okta_used *ret,
    struct okta_err *err)
{
	struct okta_used mine = { .fd = -1 };
	enum okta_rc r;
	int n;

	n = snprintf(
	    mine.path, sizeof(mine.path), "%s/used/%lu", run_dir, (unsigned long)uid);
	if (n < 0 || (size_t)n >= sizeof(mine.path))
		return okta_err_set(err, OKTA_E_TOOBIG, "%s: path is too long", run_dir);
	r = okta_run_dir_make(run_dir, 0755, owner, err);
	if (r == OKTA_OK) {
		*strrchr(mine.path, '/') = '\0';
		r = okta_run_dir_make(mine.path, 0700, owner, err);
		mine.path[strlen(mine.path)] = '/';
	}
	if (r == OKTA_OK)
		r = okta_run_file_open(mine.path, owner, &mine.fd, &mine.mark, err);
	if (r != OKTA_OK)
		return r;
	r = lock(mine.fd, mine.path, err);
	if (r != OKTA_OK) {
		okta_used_close(&mine);
		return r;
	}
	*ret = mine;
	return OKTA_OK;
}
