/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/notify.h - tell the service manager how it goes: the sd_notify(3)
 * protocol, one datagram a message to the socket it names.  Without one nothing is sent.
 */
#ifndef OKTA_SYNC_NOTIFY_H
#define OKTA_SYNC_NOTIFY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/err.h"

struct sync_notify {
	struct sockaddr_un to;
	socklen_t len;	     /* 0: nobody listens */
	int64_t watchdog_ms; /* how often it wants a sign of life; 0: it does not */
};

/*
 * Read NOTIFY_SOCKET, WATCHDOG_USEC and WATCHDOG_PID; call before the environment is
 * emptied.  OKTA_OK, or OKTA_E_INPUT: the address is neither a path nor abstract.
 */
OKTA_MUST_CHECK enum okta_rc sync_notify_init(
    struct sync_notify *notify, struct okta_err *err);
/* The same from texts; each may be NULL. */
OKTA_MUST_CHECK enum okta_rc sync_notify_parse(struct sync_notify *notify,
    const char *address, const char *watchdog_usec, const char *watchdog_pid,
    struct okta_err *err);

/* True if STREAM (as $JOURNAL_STREAM: device:inode) is what descriptor FD writes to: then
 * the journal has every line we print. */
bool sync_notify_is_journal(const char *stream, int fd);

/* Lines as of sd_notify(3), made like printf.  A manager that does not listen is no
 * reason to stop. */
void sync_notify_send(const struct sync_notify *notify, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif /* OKTA_SYNC_NOTIFY_H */
