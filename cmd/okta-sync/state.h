/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/state.h - the state directory: trusted, and ours alone while we write. */
#ifndef OKTA_SYNC_STATE_H
#define OKTA_SYNC_STATE_H

#include <limits.h>
#include <stdbool.h>
#include <time.h>

#include "base/err.h"

struct sync_state {
	int lock; /* descriptor, -1 when there is none */
	char dir[PATH_MAX];
	char snapshot[PATH_MAX], registry[PATH_MAX], status[PATH_MAX];
	char base[PATH_MAX];	  /* what --watch builds on, base.h */
	char spool[PATH_MAX];	  /* pages of a run that is not through, spool.h */
	char read[PATH_MAX];	  /* what it read, to be published: a base */
	char meanwhile[PATH_MAX]; /* what changed since it began, meanwhile.h */
	char request[PATH_MAX], request_lock[PATH_MAX]; /* request.h */
	char progress[PATH_MAX];			/* how far a run is */
};

/*
 * Check DIR (a directory of ours that nobody else can write) and take its lock; WATCH is
 * written into it.  OKTA_OK; OKTA_E_CONFIG: missing or not trusted, with the remedy;
 * OKTA_E_UNAVAIL: another okta-sync is at work (the paths are set all the same);
 * OKTA_E_SYS.
 */
OKTA_MUST_CHECK enum okta_rc sync_state_open(
    const char *dir, bool watch, struct sync_state *ret, struct okta_err *err);
void sync_state_close(struct sync_state *state);

/* True if an okta-sync --watch holds the lock now; since when, by the file's clock, is
 * another time for another one. */
bool sync_state_is_watched(const struct sync_state *state, struct timespec *ret_since);

/* What a writer that was killed left; the caller holds the lock, and none is at work. */
void sync_state_clean(const struct sync_state *state);

#endif /* OKTA_SYNC_STATE_H */
