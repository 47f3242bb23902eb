/* SPDX-License-Identifier: BSD-2-Clause */
#include "state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/paths.h"

#define PREDECESSOR_MS 2000
#define TRY_MS	       50

#define BASE_FILE    "sync-base"
#define SPOOL_FILE   "sync-spool"
#define READ_FILE    "sync-read"
#define NAMES_FILE   "sync-meanwhile"
#define REQUEST_FILE "sync-request"
#define REQUEST_LOCK "sync-request.lock"

static enum okta_rc
check_dir(int fd, const char *dir, struct okta_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return okta_err_sys(err, errno, "%s: cannot stat", dir);
	if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return okta_err_set(err, OKTA_E_CONFIG,
		    "%s: the state directory must be owned by uid %lu and writable by "
		    "nobody else: "
		    "chown and chmod go-w it",
		    dir, (unsigned long)geteuid());
	return OKTA_OK;
}

static bool
join(char *dst, const char *dir, const char *name)
{
	int n = snprintf(dst, PATH_MAX, "%s/%s", dir, name);

	return n > 0 && n < PATH_MAX;
}

static const char watch_word[] = "watch\n";

/* A turn of a watcher that was killed holds the lock until the kernel has ended it. */
static bool
lock_soon(int fd, bool watch)
{
	int tries = watch ? PREDECESSOR_MS / TRY_MS : 0;

	while (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK || tries-- <= 0)
			return false;
		(void)poll(NULL, 0, TRY_MS);
	}
	return true;
}

static enum okta_rc
take_lock(int dir_fd, const char *dir, bool watch, int *ret, struct okta_err *err)
{
	const size_t len = watch ? sizeof(watch_word) - 1 : 0;
	enum okta_rc rc = OKTA_OK;
	int fd;

	fd = openat(
	    dir_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0)
		return okta_err_sys(err, errno, "%s/lock: cannot open", dir);
	if (!lock_soon(fd, watch))
		rc = errno == EWOULDBLOCK
			 ? okta_err_set(err, OKTA_E_UNAVAIL,
			       "%s: another okta-sync is at work here: wait for it", dir)
			 : okta_err_sys(err, errno, "%s/lock: cannot lock", dir);
	else if (ftruncate(fd, 0) < 0 || write(fd, watch_word, len) != (ssize_t)len)
		rc = okta_err_sys(err, errno, "%s/lock: cannot write", dir);
	if (rc == OKTA_OK)
		*ret = fd;
	else
		(void)close(fd);
	return rc;
}

bool
sync_state_is_watched(const struct sync_state *state, struct timespec *ret_since)
{
	char path[PATH_MAX], text[sizeof(watch_word)] = "";
	struct stat st;
	bool is = false;
	int fd;

	if (!join(path, state->dir, "lock"))
		return false;
	fd = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return false;
	if (flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK)
		is = read(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1 &&
		     strcmp(text, watch_word) == 0 && fstat(fd, &st) == 0;
	if (is)
		*ret_since = st.st_mtim; /* take_lock() wrote it */
	(void)close(fd);
	return is;
}

/* True for NAME.NUMBER.tmp of a file of ours; the snapshot's publisher looks after its
 * own, which it locks, but not when it is not run again. */
static bool
is_stale(const char *entry)
{
	static const char *const names[] = { OKTA_STATUS_FILE, OKTA_SNAPSHOT_FILE,
		BASE_FILE, READ_FILE, NAMES_FILE, REQUEST_FILE, OKTA_PROGRESS_FILE };
	static const char suffix[] = ".tmp";
	size_t i, n, len = strlen(entry);

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		n = strlen(names[i]);
		if (len > n + sizeof(suffix) && strncmp(entry, names[i], n) == 0 &&
		    entry[n] == '.' &&
		    strcmp(entry + len - (sizeof(suffix) - 1), suffix) == 0)
			return true;
	}
	return false;
}

void
sync_state_clean(const struct sync_state *state)
{
	struct dirent *entry;
	DIR *list = opendir(state->dir);

	(void)unlink(state->progress);
	if (list == NULL)
		return;
	while ((entry = readdir(list)) != NULL)
		if (is_stale(entry->d_name))
			(void)unlinkat(dirfd(list), entry->d_name, 0);
	(void)closedir(list);
}

enum okta_rc
sync_state_open(const char *dir, bool watch, struct sync_state *ret, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	int fd;

	fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		(void)okta_err_sys(
		    err, errno, "%s: cannot open the state directory", dir);
		rc = OKTA_E_CONFIG;
		goto out;
	}
	r = check_dir(fd, dir, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	if (!join(ret->dir, dir, ".") || !join(ret->base, dir, BASE_FILE) ||
	    !join(ret->spool, dir, SPOOL_FILE) || !join(ret->read, dir, READ_FILE) ||
	    !join(ret->meanwhile, dir, NAMES_FILE) ||
	    !join(ret->request, dir, REQUEST_FILE) ||
	    !join(ret->request_lock, dir, REQUEST_LOCK) ||
	    !join(ret->progress, dir, OKTA_PROGRESS_FILE) ||
	    !join(ret->snapshot, dir, OKTA_SNAPSHOT_FILE) ||
	    !join(ret->registry, dir, OKTA_REGISTRY_FILE) ||
	    !join(ret->status, dir, OKTA_STATUS_FILE)) {
		rc = okta_err_set(
		    err, OKTA_E_CONFIG, "the state directory's path is too long");
		goto out;
	}
	r = take_lock(fd, dir, watch, &ret->lock, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	sync_state_clean(ret);
	rc = OKTA_OK;
out:
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

void
sync_state_close(struct sync_state *state)
{
	if (state->lock >= 0)
		(void)close(state->lock);
	state->lock = -1;
}
