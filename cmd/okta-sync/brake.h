/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/brake.h - is the new snapshot a change, or an accident?
 *
 * An empty answer, a narrowed admin role or a deleted group looks like everybody leaving.
 * MUST: keep the last good snapshot when more people, or more memberships, would go than
 * the configuration allows, in one step or in many small ones; and when an id would
 * change, whatever the limit.
 */
#ifndef OKTA_SYNC_BRAKE_H
#define OKTA_SYNC_BRAKE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "build.h"
#include "snap/read.h"

/*
 * Compare OLD with what B is about to publish as BYTES.  OKTA_OK; OKTA_E_REFUSED with the
 * numbers and the remedy (not if ACCEPT_SHRINK); OKTA_E_CONFIG when an id would change or
 * the registry has lost one: no option overrides that; OKTA_E_INPUT (OLD is damaged).
 */
OKTA_MUST_CHECK enum okta_rc sync_brake(const struct sync_build *b,
    const struct okta_snap *old, struct okta_view bytes, bool accept_shrink,
    struct okta_err *err);

/* What the snapshot held when it was counted anew (marks.h); zeros: not known. */
struct sync_brake_marks {
	uint64_t people, memberships;
};

/*
 * Steps that are each small enough add up: compare what B is about to publish with MARKS
 * as well.  OKTA_OK; OKTA_E_REFUSED with the numbers and the remedy.
 */
OKTA_MUST_CHECK enum okta_rc sync_brake_since_full(const struct sync_build *b,
    const struct sync_brake_marks *marks, struct okta_err *err);

#endif /* OKTA_SYNC_BRAKE_H */
