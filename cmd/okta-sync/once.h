/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/once.h - one full sync. */
#ifndef OKTA_SYNC_ONCE_H
#define OKTA_SYNC_ONCE_H

#include <stdbool.h>

#include "base/err.h"
#include "report.h"
#include "state.h"
#include "status.h"

struct sync_options {
	const char *config, *state;
	bool accept_shrink, watch;
};

/*
 * Read, decide, publish; STATE is locked by the caller.  STATUS gets the counts, REPORT
 * every refusal.  OKTA_OK, or why the last good snapshot stays: OKTA_E_CONFIG, _CONFLICT
 * and _UNTRUSTED need an admin, all others may pass by themselves.
 */
OKTA_MUST_CHECK enum okta_rc sync_once(const struct sync_options *options,
    const struct sync_state *state, struct sync_status *status,
    struct sync_report *report, struct okta_err *err);

#endif /* OKTA_SYNC_ONCE_H */
