/* SPDX-License-Identifier: BSD-2-Clause */
/* common/registry/index.h - from a tag, 32 bits of a key's hash, to the numbers of the
 * rows that may have that key; for this folder alone.  Floor 2: base.
 *
 * The tag keeps a search from looking at rows, which lie anywhere in memory: of a million
 * rows that is what costs.
 */
#ifndef OKTA_REGISTRY_INDEX_H
#define OKTA_REGISTRY_INDEX_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

struct regslot {
	uint32_t number; /* + 1; 0 is free */
	uint32_t tag;
};

/* { 0 } is empty, and must be given room before anything is looked for. */
struct regindex {
	struct regslot *slot;
	size_t n_slots; /* a power of two, more than half of it free */
	size_t n;
};

void regindex_clear(struct regindex *index);
/* For N entries in all; what is there stays.  OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc regindex_reserve(struct regindex *index, size_t n);
/* Where there is room.  The same tag may be there already. */
void regindex_add(struct regindex *index, uint32_t tag, uint32_t number);

static inline size_t
regindex_first(const struct regindex *index, uint32_t tag)
{
	return tag & (index->n_slots - 1);
}

/* The next number with TAG from *at on, which moves behind it; -1: that was all. */
static inline int64_t
regindex_next(const struct regindex *index, uint32_t tag, size_t *at)
{
	struct regslot slot;

	do {
		slot = index->slot[*at];
		*at = (*at + 1) & (index->n_slots - 1);
	} while (slot.number != 0 && slot.tag != tag);
	return (int64_t)slot.number - 1;
}

#endif /* OKTA_REGISTRY_INDEX_H */
