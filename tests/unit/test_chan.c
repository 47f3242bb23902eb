/* SPDX-License-Identifier: BSD-2-Clause */
/* links: base; libs: cmocka */
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
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/chan.h"
#include "base/frame.h"

struct fixture {
	int fd[2];
	struct okta_buf buf;
};

static int
setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	assert_non_null(fx);
	assert_int_equal(
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fx->fd), 0);
	okta_buf_init(&fx->buf, OKTA_FRAME_MAX_BYTES);
	*state = fx;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fx = *state;

	(void)close(fx->fd[0]);
	if (fx->fd[1] >= 0)
		(void)close(fx->fd[1]);
	okta_buf_clear(&fx->buf);
	free(fx);
	return 0;
}

static int64_t
in_ms(int64_t ms)
{
	return okta_clock_mono_ms(&okta_clock_system) + ms;
}

static enum okta_rc
send_text(int fd, const char *s, int64_t ms)
{
	return okta_chan_send(fd, okta_view_str(s), &okta_clock_system, in_ms(ms));
}

static enum okta_rc
receive(struct fixture *fx, int64_t ms)
{
	return okta_chan_recv(fx->fd[0], &fx->buf, &okta_clock_system, in_ms(ms));
}

static void
records_arrive_one_by_one(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(send_text(fx->fd[1], "one", 1000), OKTA_OK);
	assert_int_equal(send_text(fx->fd[1], "two!", 1000), OKTA_OK);
	assert_int_equal(receive(fx, 1000), OKTA_OK);
	assert_true(okta_view_eq_str(okta_buf_view(&fx->buf), "one"));
	assert_int_equal(receive(fx, -5), OKTA_OK); /* past the deadline it still looks */
	assert_true(okta_view_eq_str(okta_buf_view(&fx->buf), "two!"));
}

static void
receiving_ends_at_the_deadline(void **state)
{
	struct fixture *fx = *state;
	int64_t start = in_ms(0);

	assert_int_equal(receive(fx, 30), OKTA_E_TIMEOUT);
	assert_in_range(in_ms(0) - start, 29, 2000);
	assert_int_equal(receive(fx, -1000), OKTA_E_TIMEOUT);
}

/* A peer that does not read must not hold a login for ever. */
static void
sending_ends_at_the_deadline(void **state)
{
	struct fixture *fx = *state;
	static char big[OKTA_FRAME_MAX_BYTES];
	const struct okta_view v = { big, sizeof(big) };
	enum okta_rc r = OKTA_OK;
	unsigned i;

	for (i = 0; i < 1000 && r == OKTA_OK; i++)
		r = okta_chan_send(fx->fd[1], v, &okta_clock_system, in_ms(20));
	assert_int_equal(r, OKTA_E_TIMEOUT);
}

static void
a_peer_that_is_gone_is_told_and_raises_no_signal(void **state)
{
	struct fixture *fx = *state;

	(void)signal(SIGPIPE, SIG_DFL); /* would end this program */
	(void)close(fx->fd[1]);
	fx->fd[1] = -1;
	assert_int_equal(receive(fx, 1000), OKTA_E_UNAVAIL);
	assert_int_equal(send_text(fx->fd[0], "x", 1000), OKTA_E_UNAVAIL);
}

static void
a_record_that_would_be_cut_is_refused(void **state)
{
	struct fixture *fx = *state;
	static char big[OKTA_FRAME_MAX_BYTES + 1];
	const struct okta_view v = { big, sizeof(big) };

	assert_int_equal(
	    okta_chan_send(fx->fd[1], v, &okta_clock_system, in_ms(100)), OKTA_E_TOOBIG);
	assert_int_equal(send(fx->fd[1], big, sizeof(big), 0), sizeof(big));
	assert_int_equal(receive(fx, 1000), OKTA_E_TOOBIG);
	assert_int_equal(fx->buf.len, 0);
}

static void
a_descriptor_pushed_along_is_not_taken(void **state)
{
	struct fixture *fx = *state;
	char control[CMSG_SPACE(sizeof(int))] = { 0 };
	struct iovec iov = { (char[]){ "x" }, 1 };
	struct msghdr msg = { .msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = control,
		.msg_controllen = sizeof(control) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	int before, after, zero = 0;

	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &zero, sizeof(zero));
	before = dup(0);
	(void)close(before);
	assert_int_equal(sendmsg(fx->fd[1], &msg, 0), 1);
	assert_int_equal(
	    receive(fx, 1000), OKTA_E_TOOBIG); /* cut control data: refused */
	after = dup(0);
	(void)close(after);
	assert_int_equal(before, after);
}

static void
a_bad_descriptor_is_a_system_error(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(send_text(-1, "x", 10), OKTA_E_SYS);
	(void)close(fx->fd[0]);
	fx->fd[0] = open("/dev/null", O_RDONLY | O_CLOEXEC);
	assert_int_equal(receive(fx, 10), OKTA_E_SYS);
}

/* The reset that unread bytes cause is reported ahead of what the peer said last. */
static void
the_last_words_of_a_peer_that_read_nothing_arrive(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(send_text(fx->fd[0], "never read", 1000), OKTA_OK);
	assert_int_equal(send_text(fx->fd[1], "why", 1000), OKTA_OK);
	(void)close(fx->fd[1]);
	fx->fd[1] = -1;
	assert_int_equal(receive(fx, 1000), OKTA_OK);
	assert_string_equal(fx->buf.data, "why");
	assert_int_equal(receive(fx, 1000), OKTA_E_UNAVAIL);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(records_arrive_one_by_one),
		T(receiving_ends_at_the_deadline),
		T(sending_ends_at_the_deadline),
		T(a_peer_that_is_gone_is_told_and_raises_no_signal),
		T(a_record_that_would_be_cut_is_refused),
		T(a_descriptor_pushed_along_is_not_taken),
		T(a_bad_descriptor_is_a_system_error),
		T(the_last_words_of_a_peer_that_read_nothing_arrive),
	};

	return cmocka_run_group_tests_name("chan", tests, NULL, NULL);
}
