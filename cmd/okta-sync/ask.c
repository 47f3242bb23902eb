/* SPDX-License-Identifier: BSD-2-Clause */
#include "ask.h"

#include <stdio.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "progress.h"
#include "spool.h"

#define OVERLAP_S 300 /* Okta's search index lags, by how much it does not say */

struct asking {
	const struct sync_turn *turn;
	struct sync_asked *ret;
	struct sync_spool spool;
	uint64_t pages; /* kept in it */
	bool is_resumed;
};

void
sync_asked_clear(struct sync_asked *asked)
{
	sync_records_clear(&asked->fresh);
	sync_news_clear(&asked->news);
}

/* --- pages that are kept --------------------------------------------------------- */

static void
expect_records(struct sync_asked *ret)
{
	sync_asked_clear(ret);
	ret->fresh.keep_strays = true;
	ret->fresh.other = sync_news_take;
	ret->fresh.other_ctx = &ret->news;
}

static enum okta_rc
take_again(void *ctx, struct okta_view frame)
{
	struct asking *a = ctx;

	return sync_records_again(&a->ret->fresh, frame);
}

static void
keep_frame(void *ctx, struct okta_view frame)
{
	struct asking *a = ctx;

	sync_spool_add(&a->spool, frame, a->ret->news.pages != a->pages);
	a->pages = a->ret->news.pages;
}

static void
say(const char *text)
{
	(void)printf("okta-sync: %s\n", text);
	(void)fflush(stdout);
	syslog(LOG_INFO, "%s", text);
}

static bool
resume(struct asking *a, const struct sync_spool_key *key, int64_t now_s)
{
	if (sync_spool_resume(
		a->turn->state->spool, key, now_s, take_again, a, &a->spool) != OKTA_OK)
		return false;
	/* without Okta's clock nobody knows since when changes must be asked for */
	if (a->ret->news.clock_s > 0)
		return true;
	sync_spool_close(&a->spool);
	return false;
}

static void
open_spool(struct asking *a, int64_t now_s)
{
	const struct sync_turn *turn = a->turn;
	const struct sync_spool_key key = sync_spool_key_of(turn->conf);
	char text[160];

	if (turn->errand != SYNC_ERRAND_FULL || turn->conf->source == OKTA_SOURCE_FILE)
		return;
	a->is_resumed = resume(a, &key, now_s);
	if (a->is_resumed) {
		sync_records_count_anew(&a->ret->fresh);
		a->ret->began_s = a->spool.began_s;
		a->pages = a->ret->news.pages;
		(void)snprintf(text, sizeof(text),
		    "goes on where a full synchronisation was interrupted: %llu pages "
		    "were read, the first %lld s ago",
		    (unsigned long long)a->pages, (long long)(now_s - a->spool.began_s));
		say(text);
	} else {
		expect_records(a->ret);
		sync_spool_begin(turn->state->spool, &key, now_s, &a->spool);
	}
	a->ret->fresh.frame = keep_frame;
	a->ret->fresh.frame_ctx = a;
}

/*
 * Pages that came before a connection was lost are as good as they were.  Anything else
 * may be the pages' fault, or a link's that has become old: they are not taken again.
 */
static enum okta_rc
was_interrupted(struct asking *a, enum okta_rc r, struct okta_err *err)
{
	char text[512];

	a->ret->is_interrupted = r == OKTA_E_UNAVAIL || r == OKTA_E_TIMEOUT;
	if (r != OKTA_E_INPUT || !a->is_resumed ||
	    !sync_spool_drop(a->turn->state->spool))
		return r;
	(void)snprintf(text, sizeof(text),
	    "the full synchronisation cannot go on where it was interrupted and begins "
	    "anew: %s",
	    err->msg);
	say(text);
	a->ret->must_begin_anew = true;
	return OKTA_OK;
}

/* --- asking ---------------------------------------------------------------------- */

static enum okta_rc
send_command(const struct asking *a, struct okta_err *err)
{
	const struct sync_turn *turn = a->turn;
	const struct sync_base_head *head = &turn->shared->head;
	struct sync_command command = { .errand = turn->errand,
		.is_beside = turn->is_beside };
	enum okta_rc r = OKTA_OK;

	if (turn->errand == SYNC_ERRAND_CHANGES)
		command.since_s = head->clock_s - OVERLAP_S;
	if (turn->errand == SYNC_ERRAND_LOG) {
		command.since_s = head->log_s - OVERLAP_S;
		(void)snprintf(command.link, sizeof(command.link), "%s", head->link);
	}
	if (a->is_resumed)
		r = sync_resume_send(turn->fetcher->fd, &okta_clock_system,
		    &a->ret->fresh, &a->ret->news.points);
	if (r == OKTA_OK)
		r = sync_command_send(turn->fetcher->fd, &okta_clock_system, &command);
	/* a fetcher that could not start has said why: that comes first */
	if (r != OKTA_OK && r != OKTA_E_UNAVAIL)
		return okta_err_set(err, r, "the fetcher cannot be asked");
	return OKTA_OK;
}

enum okta_rc
sync_ask(const struct sync_turn *turn, int64_t now_s, struct sync_asked *ret,
    struct okta_err *err)
{
	struct asking a = { .turn = turn, .ret = ret, .spool = SYNC_SPOOL_NONE };
	struct sync_progress progress;
	enum okta_rc r;

	expect_records(ret);
	ret->began_s = now_s;
	open_spool(&a, now_s);
	r = send_command(&a, err);
	if (r == OKTA_OK) {
		sync_progress_init(
		    &progress, STDERR_FILENO, okta_clock_mono_ms(&okta_clock_system));
		/* of two the long one */
		if (!turn->is_beside || turn->errand == SYNC_ERRAND_FULL)
			progress.path = turn->state->progress;
		r = sync_records_read(
		    &ret->fresh, turn->fetcher->fd, &okta_clock_system, &progress, err);
		if (r != OKTA_OK)
			r = was_interrupted(&a, r, err);
	}
	/* A is not there any more */
	ret->fresh.frame = NULL;
	sync_spool_close(&a.spool);
	return r;
}
