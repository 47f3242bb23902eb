/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/idmap.h - from a text to its number, for a million texts. */
#ifndef OKTA_SYNC_IDMAP_H
#define OKTA_SYNC_IDMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

#define SYNC_IDMAP_WARM_MAX 64

struct sync_idmap_slot;

/* Caller holds it; { 0 } is empty.  Texts are borrowed and must outlive the map. */
struct sync_idmap {
	struct okta_view *text; /* by number */
	size_t n, max;
	struct sync_idmap_slot *slot;
	size_t n_slots; /* a power of two */
};

void sync_idmap_clear(struct sync_idmap *map);
/* The number of TEXT, or -1. */
int64_t sync_idmap_find(const struct sync_idmap *map, struct okta_view text);
/* Changes nothing: has what N searches will look at brought near, all at once.  A search
 * in a million texts waits for memory three times, one after the other. */
void sync_idmap_warm(
    const struct sync_idmap *map, const struct okta_view *texts, size_t n);
/* Room for N in all: without it a map that grows looks at each text again.
 * OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc sync_idmap_reserve(struct sync_idmap *map, size_t n);
/* At most SYNC_IDMAP_WARM_MAX at once; their numbers go on from map->n.  OKTA_E_CONFLICT:
 * one of them was there already; OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc sync_idmap_add_new(
    struct sync_idmap *map, const struct okta_view *texts, size_t n);
/* TEXT must not be there yet; its number is map->n before the call.  OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc sync_idmap_add(
    struct sync_idmap *map, struct okta_view text);

#endif /* OKTA_SYNC_IDMAP_H */
