/* SPDX-License-Identifier: BSD-2-Clause */
/* common/base/chan.h - frames over a SOCK_SEQPACKET socket, with deadlines.
 * Floor 0: libc and base/ only.  Raises no signal (MSG_NOSIGNAL).
 */
#ifndef OKTA_BASE_CHAN_H
#define OKTA_BASE_CHAN_H

#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/view.h"

/*
 * Send BYTES as one record before the monotonic clock reaches DEADLINE_MS.
 * OKTA_OK, OKTA_E_UNAVAIL (the peer is gone), OKTA_E_TIMEOUT, OKTA_E_TOOBIG or
 * OKTA_E_SYS.
 */
OKTA_MUST_CHECK enum okta_rc okta_chan_send(
    int fd, struct okta_view bytes, const struct okta_clock *clock, int64_t deadline_ms);

/*
 * Receive one record of at most OKTA_FRAME_MAX_BYTES into BUF (emptied first).  With
 * DEADLINE_MS in the past it only looks.  OKTA_OK, OKTA_E_UNAVAIL (the peer closed),
 * OKTA_E_TIMEOUT, OKTA_E_TOOBIG (record cut short: refuse it), OKTA_E_NOMEM or
 * OKTA_E_SYS.
 */
OKTA_MUST_CHECK enum okta_rc okta_chan_recv(
    int fd, struct okta_buf *buf, const struct okta_clock *clock, int64_t deadline_ms);

#endif /* OKTA_BASE_CHAN_H */
