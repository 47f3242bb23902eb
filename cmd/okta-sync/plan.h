/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/plan.h - what --watch does next, and when.  Pure: the clock and the
 * jitter come in, so that a test can let a year go by.
 *
 * Three errands: everything is read anew (the truth; rare), Okta is asked what changed
 * (two requests), the System Log is asked what happened (one request).  Where there is
 * something that changes can be put on, everything is read beside them, and what came of
 * it is published in a turn of its own.
 * MUST: at most two requests a minute where nothing happens, six with the log, at the
 * default intervals; after a failure wait longer each time, and spread over a fleet.
 */
#ifndef OKTA_SYNC_PLAN_H
#define OKTA_SYNC_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#define SYNC_LOG_INTERVAL_MS 10000
#define SYNC_LOG_CHANGES_MS                                                              \
	3600000 /* with the log, what changed is asked for all the same */
#define SYNC_LOG_AGAIN_MS 3600000 /* after a refusal */
#define SYNC_SEARCH_MS	  300000
#define SYNC_RETRY_MIN_MS 15000
#define SYNC_RETRY_MAX_MS 900000

enum sync_errand {
	SYNC_ERRAND_NONE,
	SYNC_ERRAND_FULL,
	SYNC_ERRAND_CHANGES,
	SYNC_ERRAND_LOG,
	SYNC_ERRAND_PUBLISH /* what was read beside; asks nobody */
};

/* How an errand ended, as far as the next one is concerned. */
enum sync_end_kind {
	SYNC_ENDED_WELL,
	SYNC_ENDED_BADLY,     /* to be tried again */
	SYNC_ENDED_REFUSED,   /* by the brake: all was read, and will be the same */
	SYNC_ENDED_NEEDS_FULL /* changes alone, or what an interrupted full one left,
				 cannot say it */
};

struct sync_plan {
	/* settings */
	int64_t interval_ms, full_interval_ms;
	bool only_full; /* a source that cannot say what changed */
	bool use_log;	/* until Okta refuses it */
	bool try_log;	/* now and then, while it does */
	/* state */
	bool wants_full; /* now: asked for, or nothing to build on */
	bool has_base;	 /* everything was read once: changes can be applied to it */
	bool is_stuck;	 /* but one of them could not */
	bool is_reading; /* everything, beside them */
	int64_t next_full_ms, next_changes_ms, next_log_ms;
	int64_t full_price; /* requests the last full one took */
	int64_t
	    search_until_ms; /* with the log too: the index may lag behind what is said */
	int64_t not_before_ms; /* after a failure, or because the last one took long */
	unsigned failures, full_failures; /* in a row */
};

/*
 * LAST_FULL_AGE_MS: how long ago everything was read; negative: never.  RANDOM spreads
 * the full ones of a fleet.
 */
void sync_plan_start(
    struct sync_plan *plan, int64_t last_full_age_ms, int64_t now_ms, uint32_t random);

/* True if everything is to be read beside the changes. */
bool sync_plan_reads_beside(const struct sync_plan *plan);
/* What to do now; or SYNC_ERRAND_NONE, and *ret_ms is when to ask again. */
enum sync_errand sync_plan_next(
    const struct sync_plan *plan, int64_t now_ms, int64_t *ret_ms);

/* An errand that began at BEGAN_MS and costs REQUESTS each time ended; a full one that
 * went on where another was interrupted began when that one did.  What is read beside
 * ends as a full one if it failed, else as it was published. */
void sync_plan_ended(struct sync_plan *plan, enum sync_errand errand,
    enum sync_end_kind how, int64_t began_ms, uint64_t requests, int64_t now_ms,
    uint32_t random);

/* The log named so many people that Okta was asked who changed: its answer may lag, so
 * for SYNC_SEARCH_MS it is asked again as if there were no log. */
void sync_plan_after_search(struct sync_plan *plan, int64_t now_ms);

/* Okta refuses its System Log (it is tried again now and then), or gives it again. */
void sync_plan_without_log(struct sync_plan *plan, int64_t now_ms);
void sync_plan_with_log(struct sync_plan *plan);
/* Okta refuses to say who changed. */
void sync_plan_without_changes(struct sync_plan *plan, int64_t now_ms);

/* Somebody asks for a full one: waiting after a failure is over too. */
void sync_plan_request(struct sync_plan *plan);
/* Somebody asks for changes. */
void sync_plan_hurry(struct sync_plan *plan, int64_t now_ms);

#endif /* OKTA_SYNC_PLAN_H */
