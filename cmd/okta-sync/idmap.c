/* SPDX-License-Identifier: BSD-2-Clause */
#include "idmap.h"

#include <stdlib.h>

#define MAX_TEXTS ((size_t)1 << 30)

void
sync_idmap_clear(struct sync_idmap *map)
{
	free(map->text);
	free(map->slot);
	*map = (struct sync_idmap){ 0 };
}

static uint64_t
hash(struct okta_view v)
{
	uint64_t h = UINT64_C(14695981039346656037);
	size_t i;

	for (i = 0; i < v.len; i++)
		h = (h ^ (unsigned char)v.p[i]) * UINT64_C(1099511628211);
	return h ^ (h >> 29);
}

/* The slot of TEXT, or the free one where it would go. */
static size_t
find_slot(const struct sync_idmap *map, struct okta_view text)
{
	size_t i = (size_t)hash(text) & (map->n_slots - 1);

	while (map->slot[i] != 0 && !okta_view_eq(map->text[map->slot[i] - 1], text))
		i = (i + 1) & (map->n_slots - 1);
	return i;
}

int64_t
sync_idmap_find(const struct sync_idmap *map, struct okta_view text)
{
	size_t i;

	if (map->n == 0)
		return -1;
	i = find_slot(map, text);
	return (int64_t)map->slot[i] - 1;
}

static enum okta_rc
grow(struct sync_idmap *map)
{
	size_t max = map->max == 0 ? 1024 : map->max * 2, i;
	struct okta_view *text;
	uint32_t *slot;

	if (max > MAX_TEXTS)
		return OKTA_E_NOMEM;
	text = reallocarray(map->text, max, sizeof(*text));
	if (text == NULL)
		return OKTA_E_NOMEM;
	map->text = text;
	slot = calloc(max * 2, sizeof(*slot));
	if (slot == NULL)
		return OKTA_E_NOMEM;
	free(map->slot);
	map->slot = slot;
	map->n_slots = max * 2;
	map->max = max;
	for (i = 0; i < map->n; i++)
		slot[find_slot(map, text[i])] = (uint32_t)i + 1;
	return OKTA_OK;
}

enum okta_rc
sync_idmap_add(struct sync_idmap *map, struct okta_view text)
{
	enum okta_rc r;

	if (map->n == map->max) {
		r = grow(map);
		if (r != OKTA_OK)
			return r;
	}
	map->text[map->n] = text;
	map->slot[find_slot(map, text)] = (uint32_t)map->n + 1;
	map->n++;
	return OKTA_OK;
}
