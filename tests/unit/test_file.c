/* SPDX-License-Identifier: BSD-2-Clause */
/* links: base; libs: cmocka */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/file.h"
#include "base/wipe.h"

struct fixture {
	char dir[64], path[80], other[80];
};

static int
setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));
	FILE *f;

	assert_non_null(fx);
	(void)snprintf(fx->dir, sizeof(fx->dir), "/tmp/okta-file-XXXXXX");
	assert_non_null(mkdtemp(fx->dir));
	(void)snprintf(fx->path, sizeof(fx->path), "%s/f", fx->dir);
	(void)snprintf(fx->other, sizeof(fx->other), "%s/g", fx->dir);
	f = fopen(fx->path, "we");
	assert_non_null(f);
	assert_true(fputs("hello", f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(fx->path, 0600), 0);
	*state = fx;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fx = *state;

	(void)unlink(fx->path);
	(void)rmdir(fx->path);
	(void)unlink(fx->other);
	assert_int_equal(rmdir(fx->dir), 0); /* no temporary file is left */
	free(fx);
	return 0;
}

/* Read PATH and expect RC, a message with PATH in it, and untouched out-parameters. */
static void
refused(
    const char *path, uid_t owner, enum okta_file_kind kind, size_t max, enum okta_rc rc)
{
	char *data = (char *)0x1;
	size_t len = 7;
	struct okta_err err = { 0 };

	assert_int_equal(
	    okta_file_read_trusted(path, owner, kind, max, &data, &len, &err), rc);
	assert_int_equal(err.rc, rc);
	assert_non_null(strstr(err.msg, path));
	assert_int_equal(
	    okta_file_read_trusted(path, owner, kind, max, &data, &len, NULL), rc);
	assert_ptr_equal(data, (char *)0x1);
	assert_int_equal(len, 7);
}

static void
file_read_trusted_gives_the_whole_file_and_a_nul(void **state)
{
	const struct fixture *fx = *state;
	char *data = NULL;
	size_t len = 0;

	assert_int_equal(okta_file_read_trusted(
			     fx->path, geteuid(), OKTA_FILE_SECRET, 5, &data, &len, NULL),
	    OKTA_OK);
	assert_int_equal(len, 5);
	assert_string_equal(data, "hello");
	okta_free_wiped(data, len);
}

/* A config that others can edit lets them choose who logs in. */
static void
file_read_trusted_refuses_what_others_can_write(void **state)
{
	const struct fixture *fx = *state;

	assert_int_equal(chmod(fx->path, 0620), 0);
	refused(fx->path, geteuid(), OKTA_FILE_PUBLIC, 100, OKTA_E_UNTRUSTED);
	assert_int_equal(chmod(fx->path, 0602), 0);
	refused(fx->path, geteuid(), OKTA_FILE_PUBLIC, 100, OKTA_E_UNTRUSTED);
}

static void
file_read_trusted_refuses_a_secret_others_can_reach(void **state)
{
	const struct fixture *fx = *state;
	const mode_t modes[] = { 0640, 0604, 0610, 0601 };
	char *data = NULL;
	size_t len = 0, i;

	for (i = 0; i < 4; i++) {
		assert_int_equal(chmod(fx->path, modes[i]), 0);
		refused(fx->path, geteuid(), OKTA_FILE_SECRET, 100, OKTA_E_UNTRUSTED);
	}
	assert_int_equal(chmod(fx->path, 0644), 0);
	assert_int_equal(okta_file_read_trusted(fx->path, geteuid(), OKTA_FILE_PUBLIC,
			     100, &data, &len, NULL),
	    OKTA_OK);
	okta_free_wiped(data, len);
}

static void
file_read_trusted_refuses_another_owner(void **state)
{
	const struct fixture *fx = *state;

	refused(fx->path, geteuid() + 1, OKTA_FILE_PUBLIC, 100, OKTA_E_UNTRUSTED);
}

static void
file_read_trusted_refuses_symlink_fifo_and_directory(void **state)
{
	const struct fixture *fx = *state;

	assert_int_equal(symlink(fx->path, fx->other), 0);
	refused(fx->other, geteuid(), OKTA_FILE_PUBLIC, 100, OKTA_E_SYS);
	assert_int_equal(unlink(fx->other), 0);
	assert_int_equal(mkfifo(fx->other, 0600), 0);
	refused(fx->other, geteuid(), OKTA_FILE_PUBLIC, 100, OKTA_E_UNTRUSTED);
	refused(fx->dir, geteuid(), OKTA_FILE_PUBLIC, 100, OKTA_E_UNTRUSTED);
}

static void
file_read_trusted_refuses_more_than_the_maximum(void **state)
{
	const struct fixture *fx = *state;

	refused(fx->path, geteuid(), OKTA_FILE_PUBLIC, 4, OKTA_E_TOOBIG);
}

static void
file_read_trusted_tells_missing_from_unreadable(void **state)
{
	const struct fixture *fx = *state;

	refused(fx->other, geteuid(), OKTA_FILE_PUBLIC, 100, OKTA_E_NOTFOUND);
}

static void
file_replace_sets_content_and_mode_whatever_the_umask(void **state)
{
	const struct fixture *fx = *state;
	mode_t old = umask(0077);
	struct stat st;
	char *data = NULL;
	size_t len = 0;

	assert_int_equal(okta_file_replace(fx->path, 0644, "new text", 8, NULL), OKTA_OK);
	(void)umask(old);
	assert_int_equal(stat(fx->path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(okta_file_read_trusted(fx->path, geteuid(), OKTA_FILE_PUBLIC,
			     100, &data, &len, NULL),
	    OKTA_OK);
	assert_string_equal(data, "new text");
	okta_free_wiped(data, len);
}

static void
file_replace_replaces_a_symlink_instead_of_following_it(void **state)
{
	const struct fixture *fx = *state;
	struct stat st;

	assert_int_equal(symlink(fx->path, fx->other), 0);
	assert_int_equal(okta_file_replace(fx->other, 0600, "x", 1, NULL), OKTA_OK);
	assert_int_equal(lstat(fx->other, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(stat(fx->path, &st), 0);
	assert_int_equal(st.st_size, 5);
}

static void
file_replace_that_cannot_write_keeps_the_old_file(void **state)
{
	const struct fixture *fx = *state;
	const struct rlimit three = { 3, 3 };
	struct okta_err err = { 0 };
	struct stat st;
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)signal(SIGXFSZ, SIG_IGN);
		(void)setrlimit(RLIMIT_FSIZE, &three);
		_exit(
		    okta_file_replace(fx->path, 0600, "123456", 6, &err) == OKTA_E_SYS &&
			    err.sys_errno == EFBIG
			? 0
			: 1);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	assert_int_equal(stat(fx->path, &st), 0);
	assert_int_equal(st.st_size, 5);
}

static void
file_replace_says_why_it_cannot(void **state)
{
	const struct fixture *fx = *state;
	char path[5000];
	struct okta_err err = { 0 };

	assert_int_equal(unlink(fx->path), 0);
	assert_int_equal(mkdir(fx->path, 0700), 0);
	assert_int_equal(okta_file_replace(fx->path, 0600, "x", 1, &err), OKTA_E_SYS);
	assert_non_null(strstr(err.msg, "cannot replace"));
	(void)snprintf(path, sizeof(path), "%s/none/x", fx->dir);
	assert_int_equal(okta_file_replace(path, 0600, "x", 1, &err), OKTA_E_SYS);
	assert_int_equal(err.sys_errno, ENOENT);
	memset(path, 'a', sizeof(path) - 1);
	path[sizeof(path) - 1] = '\0';
	assert_int_equal(okta_file_replace(path, 0600, "x", 1, &err), OKTA_E_TOOBIG);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(file_read_trusted_gives_the_whole_file_and_a_nul),
		T(file_read_trusted_refuses_what_others_can_write),
		T(file_read_trusted_refuses_a_secret_others_can_reach),
		T(file_read_trusted_refuses_another_owner),
		T(file_read_trusted_refuses_symlink_fifo_and_directory),
		T(file_read_trusted_refuses_more_than_the_maximum),
		T(file_read_trusted_tells_missing_from_unreadable),
		T(file_replace_sets_content_and_mode_whatever_the_umask),
		T(file_replace_replaces_a_symlink_instead_of_following_it),
		T(file_replace_that_cannot_write_keeps_the_old_file),
		T(file_replace_says_why_it_cannot),
	};

	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
