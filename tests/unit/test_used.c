/* SPDX-License-Identifier: BSD-2-Clause */
/* links: host model base */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/used.h"

#define ADA 1879050001u

static char dir[80], sub[100], file[120];

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/okta-used-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(sub, sizeof(sub), "%s/used", dir);
	(void)snprintf(file, sizeof(file), "%s/%u", sub, ADA);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(file);
	(void)rmdir(sub);
	return rmdir(dir);
}

static enum okta_rc
add(const char *jti, struct okta_err *err)
{
	struct okta_used used;
	enum okta_rc r = okta_used_open(dir, geteuid(), ADA, &used, err);

	if (r != OKTA_OK)
		return r;
	r = okta_used_add(&used, okta_view_str(jti), err);
	okta_used_close(&used);
	return r;
}

/* S4.  The record of the last login would not know it any more. */
static void
used_refuses_a_token_that_comes_again_after_thirty_others(void **state)
{
	struct okta_err err = { 0 };
	char jti[64];
	int i;

	(void)state;
	assert_int_equal(add("ID.first", &err), OKTA_OK);
	for (i = 2; i <= OKTA_USED_MAX; i++) {
		(void)snprintf(jti, sizeof(jti), "ID.%d", i);
		assert_int_equal(add(jti, &err), OKTA_OK);
	}
	assert_int_equal(add("ID.first", &err), OKTA_E_REFUSED);
	assert_string_equal(err.msg, "the token was used before");
	assert_int_equal(add(jti, &err), OKTA_E_REFUSED);
	assert_int_equal(add("ID.new", &err), OKTA_OK); /* the oldest makes room */
	assert_int_equal(add("ID.2", &err), OKTA_E_REFUSED);
	assert_int_equal(add("ID.new", &err), OKTA_E_REFUSED);
}

static void
used_lets_one_of_two_logins_at_once_have_the_token(void **state)
{
	struct okta_err err = { 0 };
	int go[2], done[2], i, in = 0;
	char c;

	(void)state;
	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(done), 0);
	for (i = 0; i < 20; i++) {
		if (fork() != 0)
			continue;
		(void)close(go[1]);
		(void)!read(go[0], &c, 1);
		c = add("ID.same", &err) == OKTA_OK ? 1 : 0;
		(void)!write(done[1], &c, 1);
		_exit(0);
	}
	(void)close(go[0]);
	(void)close(go[1]);
	for (i = 0; i < 20; i++) {
		assert_int_equal(read(done[0], &c, 1), 1);
		in += c;
	}
	while (wait(NULL) > 0)
		;
	(void)close(done[0]);
	(void)close(done[1]);
	assert_int_equal(in, 1);
}

static void
used_tells_tokens_apart_and_knows_a_long_one_again(void **state)
{
	struct okta_err err = { 0 };
	char longer[1000];

	(void)state;
	assert_int_equal(add("ID.a", &err), OKTA_OK);
	assert_int_equal(add("ID.ab", &err), OKTA_OK);
	assert_int_equal(add("ID.", &err), OKTA_OK);
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_int_equal(add(longer, &err), OKTA_OK);
	assert_int_equal(add(longer, &err), OKTA_E_REFUSED);
}

/* The disk was full: the header was only begun.  Nobody is locked out by that. */
static void
used_starts_a_file_anew_whose_header_was_never_whole(void **state)
{
	struct okta_err err = { 0 };

	(void)state;
	assert_int_equal(add("ID.a", &err), OKTA_OK);
	assert_int_equal(truncate(file, 127), 0);
	assert_int_equal(add("ID.a", &err), OKTA_OK);
	assert_int_equal(add("ID.a", &err), OKTA_E_REFUSED);
	assert_int_equal(truncate(file, 1), 0);
	assert_int_equal(add("ID.b", &err), OKTA_OK);
	assert_int_equal(add("ID.b", &err), OKTA_E_REFUSED);
	/* a whole header holds what came after it */
	assert_int_equal(truncate(file, 128), 0);
	assert_int_equal(add("ID.b", &err), OKTA_OK);
}

static void
used_is_root_only_and_refuses_what_is_damaged_locked_or_not_its_own(void **state)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
	struct okta_err err = { 0 };
	struct stat st;
	int fd;

	(void)state;
	assert_int_equal(add("ID.a", &err), OKTA_OK);
	assert_int_equal(stat(sub, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);

	fd = open(file, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fcntl(fd, F_OFD_SETLK, &whole), 0);
	assert_int_equal(add("ID.b", &err), OKTA_E_TIMEOUT);
	assert_non_null(strstr(err.msg, file));
	assert_int_equal(pwrite(fd, "X", 1, 0), 1);
	(void)close(fd);
	assert_int_equal(add("ID.b", &err), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "remove it"));
	assert_int_equal(chmod(file, 0644), 0);
	assert_int_equal(add("ID.b", &err), OKTA_E_UNTRUSTED);
}

/* Whoever can write there can make a list disappear, and the token with it. */
static void
used_refuses_a_directory_of_another_owner_or_that_others_can_write(void **state)
{
	struct okta_err err = { 0 };

	(void)state;
	assert_int_equal(add("ID.a", &err), OKTA_OK);
	assert_int_equal(chmod(sub, 0770), 0);
	assert_int_equal(add("ID.b", &err), OKTA_E_UNTRUSTED);
	assert_non_null(strstr(err.msg, sub));
	assert_int_equal(chmod(sub, 0700), 0);
	if (chown(sub, 54321, 54321) < 0)
		skip();
	assert_int_equal(add("ID.b", &err), OKTA_E_UNTRUSTED);
	assert_int_equal(chown(sub, geteuid(), getegid()), 0);
	assert_int_equal(add("ID.b", &err), OKTA_OK);
}

/* S15: a host that closed our number, or made it its own, keeps what is there now, and
 * nobody gets in by a list that is not looked at. */
static void
used_leaves_alone_what_the_host_put_in_its_descriptors_place(void **state)
{
	static const char text[] = "the host's";
	char path[120], back[4096];
	struct okta_err err = { 0 };
	struct okta_used used;
	int theirs, number, i;

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/theirs", dir);
	for (i = 0; i < 2; i++) {
		theirs = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
		assert_int_equal(write(theirs, text, sizeof(text)), sizeof(text));
		assert_int_equal(
		    okta_used_open(dir, geteuid(), ADA, &used, &err), OKTA_OK);
		number = used.fd;
		if (i == 0)
			assert_int_equal(dup2(theirs, number), number);
		else
			assert_int_equal(close(number), 0);
		assert_int_equal(
		    okta_used_add(&used, okta_view_str("ID.a"), &err), OKTA_E_SYS);
		assert_non_null(strstr(err.msg, file));
		assert_non_null(strstr(err.msg, "was closed by the program that asks"));
		assert_int_equal(pread(theirs, back, sizeof(back), 0), (int)sizeof(text));
		assert_string_equal(back, text);
		okta_used_close(&used);
		assert_int_equal(used.fd, -1);
		assert_int_equal(fcntl(number, F_GETFD) >= 0, i == 0);
		if (i == 0)
			(void)close(number);
		(void)close(theirs);
	}
	assert_int_equal(unlink(path), 0);
	assert_int_equal(add("ID.a", &err), OKTA_OK);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(used_refuses_a_token_that_comes_again_after_thirty_others),
		T(used_lets_one_of_two_logins_at_once_have_the_token),
		T(used_tells_tokens_apart_and_knows_a_long_one_again),
		T(used_starts_a_file_anew_whose_header_was_never_whole),
		T(used_is_root_only_and_refuses_what_is_damaged_locked_or_not_its_own),
		T(used_refuses_a_directory_of_another_owner_or_that_others_can_write),
		T(used_leaves_alone_what_the_host_put_in_its_descriptors_place),
	};

	return cmocka_run_group_tests_name("used", tests, NULL, NULL);
}
