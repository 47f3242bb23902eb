/* SPDX-License-Identifier: BSD-2-Clause */
#include "progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/text.h"

#define TTY_MS	 200
#define OTHER_MS 60000

void
sync_progress_init(struct sync_progress *p, int fd, int64_t now_ms)
{
	*p = (struct sync_progress){ .fd = fd,
		.is_tty = isatty(fd) == 1,
		.started_ms = now_ms,
		.last_ms = now_ms };
}

void
sync_progress_wait(
    struct sync_progress *p, struct okta_view why, int64_t ms, int64_t now_ms)
{
	okta_text_sanitize(p->why, sizeof(p->why), why);
	p->wait_until_ms = now_ms + ms;
	p->last_ms = 0; /* a wait is worth a line at once on a terminal */
	if (!p->is_tty)
		p->last_ms = ms >= 5000 ? now_ms - OTHER_MS : now_ms;
}

void
sync_progress_show(
    struct sync_progress *p, const struct sync_counts *counts, int64_t now_ms)
{
	char line[320], wait[180] = "";
	size_t total = counts->users + counts->groups + counts->members;
	int64_t ms = now_ms - p->started_ms;
	int n;

	if (now_ms - p->last_ms < (p->is_tty ? TTY_MS : OTHER_MS))
		return;
	p->last_ms = now_ms;
	if (p->wait_until_ms > now_ms)
		(void)snprintf(wait, sizeof(wait), "; waiting %lld s: %s",
		    (long long)(p->wait_until_ms - now_ms + 999) / 1000, p->why);
	n = snprintf(line, sizeof(line),
	    "%sokta-sync: %zu people, %zu groups, %zu memberships so far, %llu a "
	    "second%s%s",
	    p->is_tty ? "\r\033[K" : "", counts->users, counts->groups, counts->members,
	    ms > 0 ? (unsigned long long)total * 1000 / (unsigned long long)ms : 0, wait,
	    p->is_tty ? "" : "\n");
	if (n <= 0)
		return;
	if ((size_t)n >= sizeof(line))
		n = (int)sizeof(line) - 1;
	p->shown = true;
	if (write(p->fd, line, (size_t)n) < 0)
		p->last_ms = now_ms; /* nobody reads: no reason to stop a sync */
}

void
sync_progress_end(struct sync_progress *p)
{
	static const char clear[] = "\r\033[K";

	if (p->is_tty && p->shown && write(p->fd, clear, sizeof(clear) - 1) < 0)
		p->shown = false;
}
