/* SPDX-License-Identifier: BSD-2-Clause */
#include "notify.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/view.h"

#define WATCHDOG_MAX_US UINT64_C(86400000000)

/* A leading '@' stands for the NUL of an abstract name. */
static enum okta_rc
take_address(struct sync_notify *notify, const char *address, struct okta_err *err)
{
	size_t len = strlen(address);
	char shown[80];

	okta_text_sanitize(shown, sizeof(shown), okta_view_str(address));
	if ((address[0] != '/' && address[0] != '@') || len < 2 ||
	    len >= sizeof(notify->to.sun_path))
		return okta_err_set(err, OKTA_E_INPUT,
		    "NOTIFY_SOCKET: \"%s\" is neither a path nor an abstract name: unset "
		    "it, or start okta-sync from the service manager",
		    shown);
	notify->to.sun_family = AF_UNIX;
	memcpy(notify->to.sun_path, address, len + 1);
	if (address[0] == '@')
		notify->to.sun_path[0] = '\0';
	notify->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len);
	return OKTA_OK;
}

enum okta_rc
sync_notify_parse(struct sync_notify *notify, const char *address,
    const char *watchdog_usec, const char *watchdog_pid, struct okta_err *err)
{
	uint64_t us = 0, pid = (uint64_t)getpid();
	enum okta_rc r;

	memset(notify, 0, sizeof(*notify));
	if (address == NULL)
		return OKTA_OK;
	r = take_address(notify, address, err);
	if (r != OKTA_OK)
		return r;
	/* meant for another process of the unit, or no number: then no sign of life is
	 * expected from us */
	if (watchdog_usec == NULL ||
	    okta_view_u64(okta_view_str(watchdog_usec), WATCHDOG_MAX_US, &us) != OKTA_OK)
		return OKTA_OK;
	if (watchdog_pid != NULL &&
	    (okta_view_u64(okta_view_str(watchdog_pid), INT32_MAX, &pid) != OKTA_OK ||
		pid != (uint64_t)getpid()))
		return OKTA_OK;
	notify->watchdog_ms = (int64_t)(us / 2000);
	return OKTA_OK;
}

enum okta_rc
sync_notify_init(struct sync_notify *notify, struct okta_err *err)
{
	return sync_notify_parse(notify, secure_getenv("NOTIFY_SOCKET"),
	    secure_getenv("WATCHDOG_USEC"), secure_getenv("WATCHDOG_PID"), err);
}

bool
sync_notify_is_journal(const char *stream, int fd)
{
	struct okta_view rest, dev;
	struct stat st;
	uint64_t d, i;

	if (stream == NULL || fstat(fd, &st) < 0)
		return false;
	rest = okta_view_str(stream);
	dev = okta_view_split(&rest, ':');
	return okta_view_u64(dev, UINT64_MAX, &d) == OKTA_OK &&
	       okta_view_u64(rest, UINT64_MAX, &i) == OKTA_OK &&
	       d == (uint64_t)st.st_dev && i == (uint64_t)st.st_ino;
}

void
sync_notify_send(const struct sync_notify *notify, const char *fmt, ...)
{
	char text[512];
	va_list ap;
	int fd, n;

	if (notify->len == 0)
		return;
	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n <= 0)
		return;
	if ((size_t)n >= sizeof(text))
		n = (int)sizeof(text) - 1;
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return;
	(void)sendto(fd, text, (size_t)n, MSG_NOSIGNAL,
	    (const struct sockaddr *)&notify->to, notify->len);
	(void)close(fd);
}
