/* SPDX-License-Identifier: BSD-2-Clause */
/* links: oktasync snap model base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../cmd/okta-sync/notify.h"

static enum okta_rc
parse(struct sync_notify *n, const char *address, const char *usec, const char *pid)
{
	struct okta_err err = { 0 };

	return sync_notify_parse(n, address, usec, pid, &err);
}

static void
notify_says_nothing_without_a_manager(void **state)
{
	struct sync_notify n;

	(void)state;
	assert_int_equal(parse(&n, NULL, "1000000", NULL), OKTA_OK);
	assert_int_equal(n.len, 0);
	assert_int_equal(n.watchdog_ms, 0);
	sync_notify_send(&n, "READY=1");
}

static void
notify_refuses_an_address_that_is_none(void **state)
{
	char longest[200] = "/";
	struct sync_notify n;

	(void)state;
	memset(longest + 1, 'x', sizeof(longest) - 2);
	assert_int_equal(parse(&n, "run/notify", NULL, NULL), OKTA_E_INPUT);
	assert_int_equal(parse(&n, "", NULL, NULL), OKTA_E_INPUT);
	assert_int_equal(parse(&n, "@", NULL, NULL), OKTA_E_INPUT);
	assert_int_equal(parse(&n, longest, NULL, NULL), OKTA_E_INPUT);
}

static void
notify_gives_a_sign_of_life_at_half_the_managers_patience(void **state)
{
	struct sync_notify n;
	char mine[16];

	(void)state;
	(void)snprintf(mine, sizeof(mine), "%ld", (long)getpid());
	assert_int_equal(parse(&n, "/x", "3000000", NULL), OKTA_OK);
	assert_int_equal(n.watchdog_ms, 1500);
	assert_int_equal(parse(&n, "/x", "3000000", mine), OKTA_OK);
	assert_int_equal(n.watchdog_ms, 1500);
}

static void
notify_gives_none_when_it_is_not_meant_or_no_number(void **state)
{
	static const char *const bad[][2] = { { "3000000", "1" }, { "3000000", "x" },
		{ "-5", NULL }, { "1e6", NULL }, { "", NULL },
		{ "99999999999999999999", NULL } };
	struct sync_notify n;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(parse(&n, "/x", bad[i][0], bad[i][1]), OKTA_OK);
		assert_int_equal(n.watchdog_ms, 0);
	}
}

/* A leading '@' is the NUL of an abstract name, and no byte follows the name. */
static void
notify_reaches_an_abstract_address(void **state)
{
	struct sockaddr_un at = { .sun_family = AF_UNIX };
	struct sync_notify n;
	char name[40], got[64];
	ssize_t len;
	int fd;

	(void)state;
	(void)snprintf(name, sizeof(name), "@okta-unit-%ld", (long)getpid());
	memcpy(at.sun_path, name, strlen(name));
	at.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&at,
		(socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
	    0);
	assert_int_equal(parse(&n, name, NULL, NULL), OKTA_OK);
	sync_notify_send(&n, "STATUS=%s", "here");
	len = recv(fd, got, sizeof(got), 0);
	assert_int_equal(len, 11);
	assert_memory_equal(got, "STATUS=here", 11);
	(void)close(fd);
}

static void
notify_knows_the_journal_by_device_and_inode_alone(void **state)
{
	struct stat st;
	char stream[64];
	int fd[2];

	(void)state;
	assert_int_equal(pipe(fd), 0);
	assert_int_equal(fstat(fd[1], &st), 0);
	(void)snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev,
	    (unsigned long long)st.st_ino);
	assert_true(sync_notify_is_journal(stream, fd[1]));
	assert_false(sync_notify_is_journal("1:2", fd[1]));
	assert_false(sync_notify_is_journal("", fd[1]));
	assert_false(sync_notify_is_journal(NULL, fd[1]));
	(void)close(fd[0]);
	(void)close(fd[1]);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notify_says_nothing_without_a_manager),
		cmocka_unit_test(notify_refuses_an_address_that_is_none),
		cmocka_unit_test(
		    notify_gives_a_sign_of_life_at_half_the_managers_patience),
		cmocka_unit_test(notify_gives_none_when_it_is_not_meant_or_no_number),
		cmocka_unit_test(notify_reaches_an_abstract_address),
		cmocka_unit_test(notify_knows_the_journal_by_device_and_inode_alone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
