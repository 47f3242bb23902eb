/* SPDX-License-Identifier: BSD-2-Clause */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "net/json.h"

#define TTY_MS	       200
#define OTHER_MS       60000
#define FILE_MS	       2000  /* between two files that differ */
#define FILE_SAME_MS   10000 /* a file that grows old says that nobody is at work */
#define FILE_MAX_BYTES 4096

void
sync_progress_init(struct sync_progress *p, int fd, int64_t now_ms)
{
	*p = (struct sync_progress){ .fd = fd,
		.is_tty = isatty(fd) == 1,
		.started_ms = now_ms,
		.last_ms = now_ms,
		/* what is through before anybody could look is not worth a file */
		.filed_ms = now_ms,
		.filed = SIZE_MAX };
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
sync_progress_pace(struct sync_progress *p, size_t lists_done, size_t lists,
    int64_t left_s, int64_t now_ms)
{
	p->lists_done = lists_done;
	p->lists = lists;
	p->left_until_ms = left_s < 0 ? 0 : now_ms + left_s * 1000;
}

static size_t
total(const struct sync_counts *counts)
{
	return counts->users + counts->groups + counts->members;
}

static uint64_t
rate(const struct sync_progress *p, const struct sync_counts *counts, int64_t now_ms)
{
	int64_t ms = now_ms - p->started_ms;

	return ms > 0 ? (uint64_t)total(counts) * 1000 / (uint64_t)ms : 0;
}

/* Whole seconds until UNTIL_MS, 0 when that is past. */
static int64_t
seconds(int64_t until_ms, int64_t now_ms)
{
	return until_ms > now_ms ? (until_ms - now_ms + 999) / 1000 : 0;
}

/* --- the file ----------------------------------------------------------------------- */

static enum okta_rc
put(struct okta_buf *b, const struct sync_progress *p, const struct sync_counts *counts,
    int64_t now_ms)
{
	const int64_t now_s = okta_clock_now_s(&okta_clock_system);
	const int64_t wait_s = seconds(p->wait_until_ms, now_ms);
	enum okta_rc r;

	r = okta_buf_printf(b,
	    "{\"version\":1,\"started\":%" PRId64 ",\"updated\":%" PRId64
	    ",\"people\":%zu,\"groups\":%zu,\"memberships\":%zu,\"per_second\":%" PRIu64
	    ",\"lists_done\":%zu,\"lists\":%zu,\"left_s\":%" PRId64
	    ",\"waiting_s\":%" PRId64 ",\"waiting_for\":",
	    now_s - (now_ms - p->started_ms) / 1000, now_s, counts->users, counts->groups,
	    counts->members, rate(p, counts, now_ms), p->lists_done, p->lists,
	    p->left_until_ms == 0 ? (int64_t)-1 : seconds(p->left_until_ms, now_ms),
	    wait_s);
	if (r == OKTA_OK)
		r = okta_json_write_str(okta_view_str(wait_s > 0 ? p->why : ""), b);
	if (r == OKTA_OK)
		r = okta_buf_append_str(b, "}\n");
	return r;
}

static void
file(struct sync_progress *p, const struct sync_counts *counts, int64_t now_ms)
{
	int64_t least = total(counts) != p->filed ? FILE_MS : FILE_SAME_MS;
	struct okta_err err = { 0 };
	struct okta_buf b;

	if (p->path == NULL || now_ms - p->filed_ms < least)
		return;
	p->filed_ms = now_ms;
	p->filed = total(counts);
	okta_buf_init(&b, FILE_MAX_BYTES);
	/* a full disk is no reason to stop a sync */
	if (put(&b, p, counts, now_ms) == OKTA_OK &&
	    okta_file_replace(p->path, 0644, b.data, b.len, &err) == OKTA_OK)
		p->is_filed = true;
	okta_buf_clear(&b);
}

/* --- the line ----------------------------------------------------------------------- */

static void
line(struct sync_progress *p, const struct sync_counts *counts, int64_t now_ms)
{
	char text[480], lists[64] = "", left[64] = "", wait[180] = "";
	int64_t left_s = seconds(p->left_until_ms, now_ms);
	int n;

	if (p->lists > 1)
		(void)snprintf(
		    lists, sizeof(lists), ", %zu of %zu lists", p->lists_done, p->lists);
	if (left_s > 0)
		(void)snprintf(left, sizeof(left),
		    ", at least %" PRId64 " min left at Okta's limit",
		    (left_s + 59) / 60);
	if (p->wait_until_ms > now_ms)
		(void)snprintf(wait, sizeof(wait), "; waiting %" PRId64 " s: %s",
		    seconds(p->wait_until_ms, now_ms), p->why);
	n = snprintf(text, sizeof(text),
	    "%sokta-sync: %zu people, %zu groups, %zu memberships so far, %" PRIu64
	    " a second%s%s%s%s",
	    p->is_tty ? "\r\033[K" : "", counts->users, counts->groups, counts->members,
	    rate(p, counts, now_ms), lists, left, wait, p->is_tty ? "" : "\n");
	if (n <= 0)
		return;
	if ((size_t)n >= sizeof(text))
		n = (int)sizeof(text) - 1;
	p->shown = true;
	if (write(p->fd, text, (size_t)n) < 0)
		p->last_ms = now_ms; /* nobody reads: no reason to stop a sync */
}

void
sync_progress_show(
    struct sync_progress *p, const struct sync_counts *counts, int64_t now_ms)
{
	file(p, counts, now_ms);
	if (now_ms - p->last_ms < (p->is_tty ? TTY_MS : OTHER_MS))
		return;
	p->last_ms = now_ms;
	line(p, counts, now_ms);
}

void
sync_progress_end(struct sync_progress *p)
{
	static const char clear[] = "\r\033[K";

	if (p->is_filed)
		(void)unlink(p->path);
	p->is_filed = false;
	if (p->is_tty && p->shown && write(p->fd, clear, sizeof(clear) - 1) < 0)
		p->shown = false;
}
