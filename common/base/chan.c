/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/chan.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/socket.h>

#include "base/frame.h"
#include "base/wipe.h"

/* Wait until FD is ready for EVENTS: 1 ready, 0 deadline, -1 error. */
static int
wait_for(int fd, short events, const struct okta_clock *clock, int64_t deadline_ms)
{
	struct pollfd pfd = { .fd = fd, .events = events };
	int64_t left;
	int n;

	for (;;) {
		left = deadline_ms - okta_clock_mono_ms(clock);
		if (left < 0)
			left = 0;
		if (left > INT_MAX)
			left = INT_MAX;
		n = poll(&pfd, 1, (int)left);
		if (n >= 0)
			return n > 0;
		if (errno != EINTR)
			return -1;
	}
}

enum okta_rc
okta_chan_send(
    int fd, struct okta_view bytes, const struct okta_clock *clock, int64_t deadline_ms)
{
	ssize_t n;
	int ready;

	if (bytes.len > OKTA_FRAME_MAX_BYTES)
		return OKTA_E_TOOBIG;
	for (;;) {
		n = send(fd, bytes.p, bytes.len, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (n == (ssize_t)bytes.len)
			return OKTA_OK;
		if (n >= 0 || errno == EMSGSIZE)
			return OKTA_E_TOOBIG;
		if (errno == EPIPE || errno == ECONNRESET)
			return OKTA_E_UNAVAIL;
		if (errno != EINTR && errno != EAGAIN)
			return OKTA_E_SYS;
		ready = wait_for(fd, POLLOUT, clock, deadline_ms);
		if (ready <= 0)
			return ready == 0 ? OKTA_E_TIMEOUT : OKTA_E_SYS;
	}
}

enum okta_rc
okta_chan_recv(
    int fd, struct okta_buf *buf, const struct okta_clock *clock, int64_t deadline_ms)
{
	enum okta_rc rc = OKTA_E_INTERNAL;
	struct iovec iov;
	struct msghdr msg = { .msg_iov = &iov, .msg_iovlen = 1 };
	char *bytes;
	bool was_reset = false;
	ssize_t n = 0;
	int ready;

	okta_buf_clear(buf);
	bytes = malloc(OKTA_FRAME_MAX_BYTES);
	if (bytes == NULL)
		return OKTA_E_NOMEM;
	iov.iov_base = bytes;
	iov.iov_len = OKTA_FRAME_MAX_BYTES;
	for (;;) {
		ready = wait_for(fd, POLLIN, clock, deadline_ms);
		if (ready <= 0) {
			rc = ready == 0 ? OKTA_E_TIMEOUT : OKTA_E_SYS;
			n = 0;
			goto out;
		}
		/* no control data is asked for, so no descriptor can be pushed on us */
		n = recvmsg(fd, &msg, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		/* a peer that ended before it read all we sent: that is reported once,
		 * ahead of the records in which it may have said why */
		if (n < 0 && errno == ECONNRESET && !was_reset) {
			was_reset = true;
			continue;
		}
		break;
	}
	if (n < 0) {
		rc = errno == ECONNRESET ? OKTA_E_UNAVAIL : OKTA_E_SYS;
		n = 0;
	} else if (n == 0) {
		rc = OKTA_E_UNAVAIL;
	} else if ((msg.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) != 0) {
		rc = OKTA_E_TOOBIG;
	} else {
		rc = okta_buf_append(buf, bytes, (size_t)n);
	}
out:
	okta_free_wiped(bytes, (size_t)n);
	return rc;
}
