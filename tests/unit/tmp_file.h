/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/tmp_file.h - one file of a name of its own, while a program runs. */
#ifndef TMP_FILE_H
#define TMP_FILE_H

#include <stdlib.h>
#include <unistd.h>

static char path[] = "/tmp/okta-test-XXXXXX";

static inline int
make_path(void **state)
{
	int fd = mkstemp(path);

	(void)state;
	return fd < 0 || close(fd) < 0;
}

static inline int
drop_path(void **state)
{
	(void)state;
	(void)unlink(path);
	return 0;
}

#endif /* TMP_FILE_H */
