/* SPDX-License-Identifier: BSD-2-Clause */
#include "registry/index.h"

#include <stdlib.h>

#define FIRST 2048
#define MAX   ((size_t)1 << 31)

void
regindex_clear(struct regindex *index)
{
	free(index->slot);
	*index = (struct regindex){ 0 };
}

static void
put(struct regslot *slots, size_t n_slots, struct regslot slot)
{
	size_t i = slot.tag & (n_slots - 1);

	while (slots[i].number != 0)
		i = (i + 1) & (n_slots - 1);
	slots[i] = slot;
}

enum okta_rc
regindex_reserve(struct regindex *index, size_t n)
{
	size_t n_slots = index->n_slots == 0 ? FIRST : index->n_slots, i;
	struct regslot *slots;

	while (n_slots / 2 <= n && n_slots < MAX)
		n_slots *= 2;
	if (n_slots / 2 <= n)
		return OKTA_E_NOMEM;
	if (n_slots == index->n_slots)
		return OKTA_OK;
	slots = calloc(n_slots, sizeof(*slots));
	if (slots == NULL)
		return OKTA_E_NOMEM;
	for (i = 0; i < index->n_slots; i++)
		if (index->slot[i].number != 0)
			put(slots, n_slots, index->slot[i]);
	free(index->slot);
	index->slot = slots;
	index->n_slots = n_slots;
	return OKTA_OK;
}

void
regindex_add(struct regindex *index, uint32_t tag, uint32_t number)
{
	put(index->slot, index->n_slots, (struct regslot){ number + 1, tag });
	index->n++;
}
