/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

int
okta_fd_move_up(int fd)
{
	int higher, errnum;

	if (fd < 0 || fd > 2)
		return fd;
	higher = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	errnum = errno;
	(void)close(fd);
	errno = errnum;
	return higher;
}

enum okta_rc
okta_fd_mark(int fd, struct okta_fd_mark *ret, struct okta_err *err)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return okta_err_sys(err, errno, "fstat");
	*ret = (struct okta_fd_mark){ st.st_dev, st.st_ino };
	return OKTA_OK;
}

bool
okta_fd_is(int fd, const struct okta_fd_mark *mark)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_dev == mark->dev && st.st_ino == mark->ino;
}

void
okta_fd_close(int fd, const struct okta_fd_mark *mark)
{
	struct stat st;

	if (fd < 0)
		return;
	/* what cannot be looked at is closed: if there is nothing, nothing happens */
	if (fstat(fd, &st) == 0 && (st.st_dev != mark->dev || st.st_ino != mark->ino))
		return;
	(void)close(fd);
}
