/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/points.h - how far each list of a full synchronisation is read: the page
 * that comes next, by the link Okta gave for it.
 */
#ifndef OKTA_SYNC_POINTS_H
#define OKTA_SYNC_POINTS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"
#include "idmap.h"

/* { 0 } is empty. */
struct sync_points {
	struct sync_idmap lists; /* kind as a letter, then the id */
	char **link;		 /* by number; "": the list was read to its end */
	size_t max;
};

void sync_points_clear(struct sync_points *points);
/*
 * List KIND (source.h) of ID ("" where there is only one) goes on at LINK.  OKTA_OK;
 * OKTA_E_INPUT: no such kind, id or link; OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc sync_points_put(struct sync_points *points, uint64_t kind,
    struct okta_view id, struct okta_view link);
/* Where it goes on; NULL: nothing of it was read. */
const char *sync_points_find(
    const struct sync_points *points, uint64_t kind, struct okta_view id);
/* Number I < points->lists.n. */
void sync_points_at(const struct sync_points *points, size_t i, uint64_t *ret_kind,
    struct okta_view *ret_id, struct okta_view *ret_link);

#endif /* OKTA_SYNC_POINTS_H */
