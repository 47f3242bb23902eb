/* SPDX-License-Identifier: BSD-2-Clause */
/* The files of the host that the checks look into. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "doctor.h"

#define BLOCK_BYTES 8192

/* OUT is full: what does not fit is left out, which is no failure here. */
static bool
append(struct okta_buf *out, const char *p, size_t n)
{
	if (n > out->max - out->len)
		n = out->max - out->len;
	return n == 0 || okta_buf_append(out, p, n) == OKTA_OK;
}

bool
doctor_read(const char *path, bool tail, struct okta_buf *out)
{
	char block[BLOCK_BYTES];
	struct stat st;
	bool ok = false;
	ssize_t n = -1;
	int fd, saved;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	if (fstat(fd, &st) < 0)
		goto out;
	if (!S_ISREG(st.st_mode)) {
		errno = EINVAL;
		goto out;
	}
	if (tail && st.st_size > (off_t)out->max &&
	    lseek(fd, st.st_size - (off_t)out->max, SEEK_SET) < 0)
		goto out;
	while (out->len < out->max) {
		n = read(fd, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		if (!append(out, block, (size_t)n))
			goto out;
	}
	ok = n >= 0 || out->len == out->max;
out:
	saved = errno;
	(void)close(fd);
	errno = saved;
	return ok;
}
