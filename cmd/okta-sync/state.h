/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/state.h - the state directory: trusted, and ours alone while we write. */
#ifndef OKTA_SYNC_STATE_H
#define OKTA_SYNC_STATE_H

#include <limits.h>

#include "base/err.h"

struct sync_state {
	int lock; /* descriptor, -1 when there is none */
	char snapshot[PATH_MAX], registry[PATH_MAX], status[PATH_MAX];
};

/*
 * Check DIR (a directory of ours that nobody else can write) and take its lock.  OKTA_OK;
 * OKTA_E_CONFIG: missing or not trusted, with the remedy; OKTA_E_UNAVAIL: another
 * okta-sync is at work; OKTA_E_SYS.
 */
OKTA_MUST_CHECK enum okta_rc sync_state_open(
    const char *dir, struct sync_state *ret, struct okta_err *err);
void sync_state_close(struct sync_state *state);

#endif /* OKTA_SYNC_STATE_H */
