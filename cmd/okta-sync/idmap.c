/* SPDX-License-Identifier: BSD-2-Clause */
#include "idmap.h"

#include <stdlib.h>
#include <string.h>

#define MAX_TEXTS     ((size_t)1 << 30)
#define FIRST	      1024
#define WORTH_WARMING 10000 /* fewer are near anyway */

/* The tag keeps a search from looking at texts, which lie anywhere in memory. */
struct sync_idmap_slot {
	uint32_t number; /* + 1; 0 is free */
	uint32_t tag;
};

void
sync_idmap_clear(struct sync_idmap *map)
{
	free(map->text);
	free(map->slot);
	*map = (struct sync_idmap){ 0 };
}

static uint64_t
mix(uint64_t h, uint64_t word)
{
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ (h >> 32);
}

static uint64_t
hash(struct okta_view v)
{
	uint64_t h = v.len, word;
	const char *p = v.p;
	size_t left;

	for (left = v.len; left >= 8; left -= 8, p += 8) {
		memcpy(&word, p, 8);
		h = mix(h, word);
	}
	word = 0;
	if (left > 0)
		memcpy(&word, p, left);
	return mix(mix(h, word), 0);
}

/* The slot of TEXT, or the free one where it would go. */
static size_t
find_slot(const struct sync_idmap *map, struct okta_view text, uint64_t h)
{
	size_t i = (size_t)h & (map->n_slots - 1);
	const uint32_t tag = (uint32_t)(h >> 32);

	while (map->slot[i].number != 0 &&
	       (map->slot[i].tag != tag ||
		   !okta_view_eq(map->text[map->slot[i].number - 1], text)))
		i = (i + 1) & (map->n_slots - 1);
	return i;
}

int64_t
sync_idmap_find(const struct sync_idmap *map, struct okta_view text)
{
	if (map->n == 0)
		return -1;
	return (int64_t)map->slot[find_slot(map, text, hash(text))].number - 1;
}

void
sync_idmap_warm(const struct sync_idmap *map, const struct okta_view *texts, size_t n)
{
	size_t at[SYNC_IDMAP_WARM_MAX], i;
	uint32_t number;

	if (map->n < WORTH_WARMING || n > SYNC_IDMAP_WARM_MAX)
		return;
	for (i = 0; i < n; i++) {
		at[i] = (size_t)hash(texts[i]) & (map->n_slots - 1);
		__builtin_prefetch(&map->slot[at[i]]);
	}
	for (i = 0; i < n; i++) {
		number = map->slot[at[i]].number;
		at[i] = number == 0 ? 0 : number - 1;
		__builtin_prefetch(&map->text[at[i]]);
	}
	for (i = 0; i < n; i++)
		__builtin_prefetch(map->text[at[i]].p);
}

enum okta_rc
sync_idmap_reserve(struct sync_idmap *map, size_t n)
{
	size_t max = map->max == 0 ? FIRST : map->max, i, k;
	struct sync_idmap_slot *slot;
	struct okta_view *text;
	uint64_t h;

	while (max < n && max <= MAX_TEXTS)
		max *= 2;
	if (max > MAX_TEXTS)
		return OKTA_E_NOMEM;
	if (max == map->max)
		return OKTA_OK;
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
	for (i = 0; i < map->n; i++) {
		h = hash(text[i]); /* all differ: the first free slot it is */
		k = (size_t)h & (map->n_slots - 1);
		while (slot[k].number != 0)
			k = (k + 1) & (map->n_slots - 1);
		slot[k] = (struct sync_idmap_slot){ (uint32_t)i + 1,
			(uint32_t)(h >> 32) };
	}
	return OKTA_OK;
}

static void
enter(struct sync_idmap *map, size_t slot, struct okta_view text, uint64_t h)
{
	map->text[map->n++] = text;
	map->slot[slot] = (struct sync_idmap_slot){ (uint32_t)map->n,
		(uint32_t)(h >> 32) };
}

enum okta_rc
sync_idmap_add(struct sync_idmap *map, struct okta_view text)
{
	uint64_t h = hash(text);
	enum okta_rc r;

	r = sync_idmap_reserve(map, map->n + 1);
	if (r != OKTA_OK)
		return r;
	enter(map, find_slot(map, text, h), text, h);
	return OKTA_OK;
}

enum okta_rc
sync_idmap_add_new(struct sync_idmap *map, const struct okta_view *texts, size_t n)
{
	uint64_t h[SYNC_IDMAP_WARM_MAX];
	enum okta_rc r;
	size_t i, at;

	r = sync_idmap_reserve(map, map->n + n);
	if (r != OKTA_OK)
		return r;
	for (i = 0; i < n; i++) {
		h[i] = hash(texts[i]);
		__builtin_prefetch(&map->slot[(size_t)h[i] & (map->n_slots - 1)]);
	}
	for (i = 0; i < n; i++) {
		at = find_slot(map, texts[i], h[i]);
		if (map->slot[at].number != 0)
			return OKTA_E_CONFLICT;
		enter(map, at, texts[i], h[i]);
	}
	return OKTA_OK;
}
