/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threat model: whoever could write here could give himself groups, or let nobody in.
 * MUST: directory and file are root's alone, checked on each use, on the open descriptor
 * where there is one.
 */
#include "host/run_dir.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

enum okta_rc
okta_run_dir_make(const char *path, mode_t mode, uid_t owner, struct okta_err *err)
{
	struct stat st;

	if (mkdir(path, mode) == 0) {
		/* the mode must not depend on the umask of whoever runs su */
		if (chmod(path, mode) < 0)
			return okta_err_sys(err, errno, "%s: cannot set its mode", path);
	} else if (errno != EEXIST) {
		return okta_err_sys(err, errno, "%s: cannot make the directory", path);
	}
	if (lstat(path, &st) < 0)
		return okta_err_sys(err, errno, "%s: cannot stat", path);
	if (!S_ISDIR(st.st_mode) || st.st_uid != owner ||
	    (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return okta_err_set(err, OKTA_E_UNTRUSTED,
		    "%s: is no directory of root's alone: remove it", path);
	return OKTA_OK;
}

enum okta_rc
okta_run_file_open(const char *path, uid_t owner, int *ret_fd,
    struct okta_fd_mark *ret_mark, struct okta_err *err)
{
	enum okta_rc rc = OKTA_E_INTERNAL;
	struct stat st;
	int fd;

	fd = okta_fd_move_up(open(path,
	    O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY, 0600));
	if (fd < 0 || fstat(fd, &st) < 0) {
		rc = okta_err_sys(err, errno, "%s: cannot open", path);
		goto out;
	}
	if (!S_ISREG(st.st_mode) || st.st_uid != owner || st.st_nlink > 1 ||
	    (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		rc = okta_err_set(err, OKTA_E_UNTRUSTED,
		    "%s: is no file of root's alone: remove it", path);
		goto out;
	}
	*ret_fd = fd;
	*ret_mark = (struct okta_fd_mark){ st.st_dev, st.st_ino };
	fd = -1;
	rc = OKTA_OK;
out:
	if (fd >= 0)
		(void)close(fd);
	return rc;
}
