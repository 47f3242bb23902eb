/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/resume.h - a full synchronisation that goes on where it was interrupted:
 * the writer, who has the pages that were read (spool.h), tells the fetcher which groups
 * there are and where each list goes on.
 *
 * Frames of type SYNC_FRAME_RESUME come before the command.  Each of their records is u64
 * what (0: group, else 1 + kind of a list, source.h), text id, text name or link.
 */
#ifndef OKTA_SYNC_RESUME_H
#define OKTA_SYNC_RESUME_H

#include "base/clock.h"
#include "base/err.h"
#include "base/view.h"
#include "grouplist.h"
#include "points.h"
#include "records.h"

#define SYNC_FRAME_RESUME 3

OKTA_MUST_CHECK enum okta_rc sync_resume_send(int fd, const struct okta_clock *clock,
    const struct sync_records *records, const struct sync_points *points);

/* --- the fetcher's side ---------------------------------------------------------- */

/* { 0 }: nothing was read. */
struct sync_resume {
	struct sync_grouplist groups; /* in the order of the handover */
	struct sync_points points;
};

void sync_resume_clear(struct sync_resume *resume);
/* Add one frame's records.  OKTA_OK, OKTA_E_INPUT, OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc sync_resume_take(
    struct sync_resume *resume, struct okta_view frame);

#endif /* OKTA_SYNC_RESUME_H */
