/* SPDX-License-Identifier: BSD-2-Clause */
/* okta-auth-helper - speaks with Okta for one login.  Started by pam_okta.so, by nobody
 * else.
 *
 * MUST: be an unprivileged user; have one SOCK_SEQPACKET socket on descriptor 0 and
 * nothing else; end within two seconds when the peer hangs up; send verified claims or a
 * failure, and say nothing by its exit status. MUST NOT: decide who may log in; write a
 * file; leave a core; obey the environment.
 *
 * This process becomes the coordinator (login.c); what reads from the network, and what
 * verifies, is forked from it.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/chan.h"
#include "base/clock.h"
#include "base/frame.h"
#include "bounds.h"
#include "login.h"
#include "sandbox/sandbox.h"

#define START_MS 10000 /* to say START */

static int
refuse(const char *why)
{
	(void)fprintf(stderr, "okta-auth-helper: %s\n", why);
	return EXIT_FAILURE;
}

static bool
is_seqpacket(int fd)
{
	socklen_t len;
	int type;

	len = sizeof(type);
	return getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) == 0 &&
	       type == SOCK_SEQPACKET;
}

/*
 * Nothing here ever needs a core, a file, a new privilege, a debugger or another
 * descriptor.  Before the first secret is read.  The sandbox leaves what all that is
 * forked from here needs together; each of them narrows it down.
 */
static bool
lock_down(struct okta_err *err)
{
	const struct okta_sandbox sandbox = {
		OKTA_MAY_READ | OKTA_MAY_NETWORK | OKTA_MAY_FORK, DATA_BYTES
	};

	(void)umask(077);
	return clearenv() == 0 &&
	       okta_sandbox_keep_only(STDIN_FILENO, STDIN_FILENO, err) == OKTA_OK &&
	       okta_sandbox_silence(0, err) == OKTA_OK &&
	       /* a parent that died before: the socket says so */
	       okta_sandbox_die_with(getppid(), err) == OKTA_OK &&
	       okta_sandbox_enter(&sandbox, err) == OKTA_OK;
}

static void
send_error(const struct okta_clock *clock, const struct okta_err *err)
{
	struct okta_failure failure = { .code = OKTA_FAIL_INTERNAL };
	struct okta_buf frame;
	enum okta_rc r;

	failure.detail = okta_view_str(err->msg);
	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	r = okta_wire_put_failure(&frame, &failure);
	if (r == OKTA_OK)
		r = okta_chan_send(STDIN_FILENO, okta_buf_view(&frame), clock,
		    okta_clock_mono_ms(clock) + START_MS);
	(void)r; /* a peer that does not hear it denies by itself */
	okta_buf_clear(&frame);
}

int
main(int argc, char **argv)
{
	const struct okta_clock *clock = &okta_clock_system;
	const int64_t start_ms = okta_clock_mono_ms(clock);
	struct okta_start start;
	struct okta_err err = { 0 };
	struct okta_buf frame;
	enum okta_rc r;

	(void)argv;
	if (argc != 1)
		return refuse("takes no arguments: pam_okta.so starts it");
	if (geteuid() == 0)
		return refuse(
		    "refuses to run as root: pam_okta.so starts it as another user");
	if (!is_seqpacket(STDIN_FILENO))
		return refuse("descriptor 0 is not pam_okta.so's socket");
	if (!lock_down(&err)) {
		if (err.rc == OKTA_OK)
			(void)okta_err_set(&err, OKTA_E_NOMEM, "out of memory");
		send_error(clock, &err); /* a kernel without seccomp, for one */
		_exit(EXIT_FAILURE);
	}
	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	r = okta_chan_recv(STDIN_FILENO, &frame, clock, start_ms + START_MS);
	if (r == OKTA_OK) {
		r = okta_wire_get_start(okta_buf_view(&frame), &start, &err);
		if (r == OKTA_OK)
			login_run(STDIN_FILENO, &start, clock, start_ms);
		else
			send_error(clock, &err);
	}
	okta_buf_clear(&frame);
	/* no handlers, no library's clean-up: nothing of it is needed, and it could hang
	 */
	_exit(r == OKTA_OK ? EXIT_SUCCESS : EXIT_FAILURE);
}
