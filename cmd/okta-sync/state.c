/* SPDX-License-Identifier: BSD-2-Clause */
#include "state.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/paths.h"

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

static enum okta_rc
take_lock(int dir_fd, const char *dir, int *ret, struct okta_err *err)
{
	int fd;

	fd = openat(
	    dir_fd, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
	if (fd < 0)
		return okta_err_sys(err, errno, "%s/lock: cannot open", dir);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		enum okta_rc rc =
		    errno == EWOULDBLOCK
			? okta_err_set(err, OKTA_E_UNAVAIL,
			      "%s: another okta-sync is at work here: wait for it", dir)
			: okta_err_sys(err, errno, "%s/lock: cannot lock", dir);

		(void)close(fd);
		return rc;
	}
	*ret = fd;
	return OKTA_OK;
}

/* What a writer that was killed left of the status file; the lock says none is at work.
 */
static void
remove_stale(const char *dir)
{
	static const char prefix[] = OKTA_STATUS_FILE ".", suffix[] = ".tmp";
	struct dirent *entry;
	size_t len;
	DIR *list = opendir(dir);

	if (list == NULL)
		return;
	while ((entry = readdir(list)) != NULL) {
		len = strlen(entry->d_name);
		if (len > sizeof(prefix) + sizeof(suffix) - 2 &&
		    strncmp(entry->d_name, prefix, sizeof(prefix) - 1) == 0 &&
		    strcmp(entry->d_name + len - (sizeof(suffix) - 1), suffix) == 0)
			(void)unlinkat(dirfd(list), entry->d_name, 0);
	}
	(void)closedir(list);
}

enum okta_rc
sync_state_open(const char *dir, struct sync_state *ret, struct okta_err *err)
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
	if (!join(ret->snapshot, dir, OKTA_SNAPSHOT_FILE) ||
	    !join(ret->registry, dir, OKTA_REGISTRY_FILE) ||
	    !join(ret->status, dir, OKTA_STATUS_FILE)) {
		rc = okta_err_set(
		    err, OKTA_E_CONFIG, "the state directory's path is too long");
		goto out;
	}
	r = take_lock(fd, dir, &ret->lock, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	remove_stale(dir);
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
