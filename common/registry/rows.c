/* SPDX-License-Identifier: BSD-2-Clause */
#include "registry/rows.h"

#include <stdlib.h>
#include <string.h>

#define CHUNK_BYTES 262144
#define FIRST	    1024

struct chunk {
	struct chunk *next;
	char bytes[CHUNK_BYTES];
};

enum key { BY_OKTA_ID, BY_HOME, BY_ID, KEYS };
#define SLOTS 4 /* a row */

struct regrows {
	struct regrow *row;
	size_t n, max;
	uint32_t *slot[KEYS]; /* number + 1, 0 is free */
	size_t n_slots;	      /* a power of two, four times max: a row that is bound has a
				 second one */
	struct chunk *arena;
	size_t arena_used;
};

enum okta_rc
regrows_new(struct regrows **ret)
{
	struct regrows *rows = calloc(1, sizeof(*rows));

	if (rows == NULL)
		return OKTA_E_NOMEM;
	*ret = rows;
	return OKTA_OK;
}

void
regrows_free(struct regrows **rows)
{
	struct regrows *r = *rows;
	struct chunk *chunk, *next;
	size_t i;

	if (r == NULL)
		return;
	for (chunk = r->arena; chunk != NULL; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	for (i = 0; i < KEYS; i++)
		free(r->slot[i]);
	free(r->row);
	free(r);
	*rows = NULL;
}

size_t
regrows_count(const struct regrows *rows)
{
	return rows->n;
}

struct regrow *
regrows_at(struct regrows *rows, size_t i)
{
	return &rows->row[i];
}

/* --- finding
 * ------------------------------------------------------------------------------- */

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
	size_t left;

	for (left = v.len; left >= 8; left -= 8, v.p += 8) {
		memcpy(&word, v.p, 8);
		h = mix(h, word);
	}
	word = 0;
	if (left > 0)
		memcpy(&word, v.p, left);
	return mix(h, word);
}

static bool
is_row(const struct regrow *row, enum key key, struct okta_view text, uint32_t id)
{
	if (row->is_forgotten)
		return false;
	switch (key) {
	case BY_OKTA_ID:
		return okta_view_eq_str(text, row->okta_id);
	case BY_HOME:
		return row->home_name != NULL && okta_view_eq_str(text, row->home_name);
	case BY_ID:
	case KEYS:
	default:
		return row->id == id;
	}
}

/* The slot of what has this key, or the free one where it would go. */
static uint32_t *
find(const struct regrows *rows, enum key key, struct okta_view text, uint32_t id)
{
	uint64_t h = key == BY_ID ? mix(0, id) : hash(text);
	size_t i = (size_t)h & (rows->n_slots - 1);
	uint32_t *slot = rows->slot[key];

	while (slot[i] != 0 && !is_row(&rows->row[slot[i] - 1], key, text, id))
		i = (i + 1) & (rows->n_slots - 1);
	return &slot[i];
}

static struct regrow *
row_of(const struct regrows *rows, enum key key, struct okta_view text, uint32_t id)
{
	uint32_t number = rows->n == 0 ? 0 : *find(rows, key, text, id);

	return number == 0 ? NULL : &rows->row[number - 1];
}

struct regrow *
regrows_by_okta_id(const struct regrows *rows, struct okta_view okta_id)
{
	return row_of(rows, BY_OKTA_ID, okta_id, 0);
}

struct regrow *
regrows_by_id(const struct regrows *rows, uint32_t id)
{
	return row_of(rows, BY_ID, (struct okta_view){ NULL, 0 }, id);
}

struct regrow *
regrows_by_home(const struct regrows *rows, struct okta_view home_name)
{
	return row_of(rows, BY_HOME, home_name, 0);
}

void
regrows_forget_seen(struct regrows *rows)
{
	size_t i;

	for (i = 0; i < rows->n; i++)
		rows->row[i].seen = false;
}

/* --- changing
 * ------------------------------------------------------------------------------ */

static const char *
keep(struct regrows *rows, struct okta_view v)
{
	struct chunk *chunk = rows->arena;
	char *p;

	if (v.len >= CHUNK_BYTES)
		return NULL;
	if (chunk == NULL || v.len >= CHUNK_BYTES - rows->arena_used) {
		chunk = malloc(sizeof(*chunk));
		if (chunk == NULL)
			return NULL;
		chunk->next = rows->arena;
		rows->arena = chunk;
		rows->arena_used = 0;
	}
	p = chunk->bytes + rows->arena_used;
	if (v.len > 0)
		memcpy(p, v.p, v.len);
	p[v.len] = '\0';
	rows->arena_used += v.len + 1;
	return p;
}

/* OKTA_E_CONFLICT: another row has one of its keys. */
static enum okta_rc
enter(struct regrows *rows, size_t i)
{
	const struct regrow *row = &rows->row[i];
	uint32_t *slot[KEYS] = { find(rows, BY_OKTA_ID, okta_view_str(row->okta_id), 0),
		NULL, find(rows, BY_ID, (struct okta_view){ NULL, 0 }, row->id) };
	size_t k;

	if (row->home_name != NULL)
		slot[BY_HOME] = find(rows, BY_HOME, okta_view_str(row->home_name), 0);
	for (k = 0; k < KEYS; k++)
		if (slot[k] != NULL && *slot[k] != 0)
			return OKTA_E_CONFLICT;
	for (k = 0; k < KEYS; k++)
		if (slot[k] != NULL)
			*slot[k] = (uint32_t)i + 1;
	return OKTA_OK;
}

static enum okta_rc
grow(struct regrows *rows)
{
	size_t max = rows->max == 0 ? FIRST : rows->max * 2, i;
	struct regrow *row;
	enum okta_rc r = OKTA_OK;

	if (max > UINT32_MAX / SLOTS)
		return OKTA_E_NOMEM;
	row = reallocarray(rows->row, max, sizeof(*row));
	if (row == NULL)
		return OKTA_E_NOMEM;
	rows->row = row;
	for (i = 0; i < KEYS; i++) {
		free(rows->slot[i]);
		rows->slot[i] = calloc(max * SLOTS, sizeof(uint32_t));
		if (rows->slot[i] == NULL)
			r = OKTA_E_NOMEM;
	}
	if (r != OKTA_OK)
		return r;
	rows->max = max;
	rows->n_slots = max * SLOTS;
	for (i = 0; r == OKTA_OK && i < rows->n; i++)
		if (!row[i].is_forgotten)
			r = enter(rows, i);
	return r;
}

enum okta_rc
regrows_add(struct regrows *rows, const struct okta_registry_row *row)
{
	struct regrow *to;
	enum okta_rc r;

	if (rows->n == rows->max) {
		r = grow(rows);
		if (r != OKTA_OK)
			return r;
	}
	to = &rows->row[rows->n];
	*to = (struct regrow){ .id = row->id, .kind = row->kind, .gone = row->gone };
	to->okta_id = keep(rows, okta_view_str(row->okta_id));
	to->name = keep(rows, okta_view_str(row->name));
	if (to->okta_id == NULL || to->name == NULL)
		return OKTA_E_NOMEM;
	if (row->kind == OKTA_REGISTRY_USER) {
		to->home_name = strcmp(row->home_name, row->name) == 0
				    ? to->name
				    : keep(rows, okta_view_str(row->home_name));
		if (to->home_name == NULL)
			return OKTA_E_NOMEM;
	}
	r = enter(rows, rows->n);
	if (r == OKTA_OK)
		rows->n++;
	return r;
}

enum okta_rc
regrows_rename(struct regrows *rows, struct regrow *row, struct okta_view name)
{
	/* the old text stays: it may be the home name's too */
	const char *text = okta_view_eq_str(name, row->name) ? row->name
							     : keep(rows, name);

	if (text == NULL)
		return OKTA_E_NOMEM;
	row->name = text;
	row->gone = false;
	return OKTA_OK;
}

enum okta_rc
regrows_bind(struct regrows *rows, struct regrow *row, struct okta_view okta_id)
{
	const char *text = keep(rows, okta_id);
	uint32_t *slot = find(rows, BY_OKTA_ID, okta_id, 0);

	if (text == NULL)
		return OKTA_E_NOMEM;
	if (*slot != 0)
		return OKTA_E_CONFLICT;
	/* the slot of its old key leads here too, and then finds another text */
	*slot = (uint32_t)(row - rows->row) + 1;
	row->okta_id = text;
	row->gone = false;
	return OKTA_OK;
}

static void
copy_text(char *dst, size_t size, const char *text)
{
	size_t len = text == NULL ? 0 : strlen(text);

	if (len >= size)
		len = size - 1;
	if (len > 0)
		memcpy(dst, text, len);
	memset(dst + len, 0, size - len);
}

void
regrows_copy(const struct regrow *row, struct okta_registry_row *ret)
{
	ret->kind = row->kind;
	ret->id = row->id;
	ret->gone = row->gone;
	copy_text(ret->okta_id, sizeof(ret->okta_id), row->okta_id);
	copy_text(ret->name, sizeof(ret->name), row->name);
	copy_text(ret->home_name, sizeof(ret->home_name), row->home_name);
}
