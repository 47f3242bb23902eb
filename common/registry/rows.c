/* SPDX-License-Identifier: BSD-2-Clause */
#include "registry/rows.h"

#include <stdlib.h>
#include <string.h>

#include "registry/index.h"

#define CHUNK_BYTES 262144
#define FIRST	    1024
#define ABREAST	    OKTA_REGISTRY_WARM_MAX

struct chunk {
	struct chunk *next;
	char bytes[CHUNK_BYTES];
};

enum key { BY_OKTA_ID, BY_HOME, BY_ID, KEYS };

struct regrows {
	struct regrow *row;
	size_t n, max;
	struct regindex index[KEYS];
	bool is_made[KEYS]; /* all rows are in it */
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
		regindex_clear(&r->index[i]);
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

/* --- keys --------------------------------------------------------------------------- */

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

uint64_t
regrows_sum(struct okta_view text, uint64_t id)
{
	return mix(hash(text), id);
}

static uint32_t
tag_of_text(struct okta_view text)
{
	return (uint32_t)hash(text);
}

static uint32_t
tag_of_id(uint32_t id)
{
	return (uint32_t)mix(0, id);
}

static struct okta_view
okta_id_of(const struct regrow *row)
{
	return (struct okta_view){ row->okta_id, row->okta_id_len };
}

static struct okta_view
home_of(const struct regrow *row)
{
	return (struct okta_view){ row->home_name, row->home_len };
}

static bool
has_key(const struct regrow *row, enum key key)
{
	return !row->is_forgotten && (key != BY_HOME || row->home_name != NULL);
}

static uint32_t
tag_of(const struct regrow *row, enum key key)
{
	switch (key) {
	case BY_OKTA_ID:
		return row->tag;
	case BY_HOME:
		return tag_of_text(home_of(row));
	case BY_ID:
	case KEYS:
	default:
		return tag_of_id(row->id);
	}
}

static bool
same_key(const struct regrow *row, const struct regrow *other, enum key key)
{
	switch (key) {
	case BY_OKTA_ID:
		return okta_view_eq(okta_id_of(row), okta_id_of(other));
	case BY_HOME:
		return okta_view_eq(home_of(row), home_of(other));
	case BY_ID:
	case KEYS:
	default:
		return row->id == other->id;
	}
}

/* The row with the KEY of WANTED, which has TAG; NULL: there is none. */
static struct regrow *
find(const struct regrows *rows, enum key key, const struct regrow *wanted, uint32_t tag)
{
	const struct regindex *index = &rows->index[key];
	size_t at = regindex_first(index, tag);
	struct regrow *row;
	int64_t number;

	while ((number = regindex_next(index, tag, &at)) >= 0) {
		row = &rows->row[number];
		if (has_key(row, key) && same_key(row, wanted, key))
			return row;
	}
	return NULL;
}

/* --- indexes ------------------------------------------------------------------------ */

/* N rows from FIRST on; a search alone would wait for memory at each of them. */
static enum okta_rc
enter_some(struct regrows *rows, enum key key, size_t first, size_t n)
{
	struct regindex *index = &rows->index[key];
	const struct regrow *row = &rows->row[first];
	uint32_t tag[ABREAST];
	size_t i;

	for (i = 0; i < n; i++) {
		tag[i] = has_key(&row[i], key) ? tag_of(&row[i], key) : 0;
		__builtin_prefetch(&index->slot[regindex_first(index, tag[i])]);
	}
	for (i = 0; i < n; i++) {
		if (!has_key(&row[i], key))
			continue;
		if (find(rows, key, &row[i], tag[i]) != NULL)
			return OKTA_E_CONFLICT;
		regindex_add(index, tag[i], (uint32_t)(first + i));
	}
	return OKTA_OK;
}

/* All rows in the index of KEY, if they are not yet. */
static enum okta_rc
make(struct regrows *rows, enum key key)
{
	enum okta_rc r;
	size_t i, n;

	if (rows->is_made[key])
		return OKTA_OK;
	regindex_clear(&rows->index[key]);
	r = regindex_reserve(&rows->index[key], rows->n);
	for (i = 0; r == OKTA_OK && i < rows->n; i += n) {
		n = rows->n - i < ABREAST ? rows->n - i : ABREAST;
		r = enter_some(rows, key, i, n);
	}
	rows->is_made[key] = r == OKTA_OK;
	return r;
}

/* --- finding ------------------------------------------------------------------------ */

struct regrow *
regrows_by_okta_id(const struct regrows *rows, struct okta_view okta_id)
{
	const struct regrow wanted = { .okta_id = okta_id.p,
		.okta_id_len = (uint8_t)okta_id.len };

	if (!rows->is_made[BY_OKTA_ID] || okta_id.len > UINT8_MAX)
		return NULL;
	return find(rows, BY_OKTA_ID, &wanted, tag_of_text(okta_id));
}

void
regrows_warm(const struct regrows *rows, const struct okta_view *okta_ids, size_t n)
{
	const struct regindex *index = &rows->index[BY_OKTA_ID];
	const struct regrow *row[ABREAST];
	uint32_t tag[ABREAST];
	int64_t number;
	size_t i, at;

	if (!rows->is_made[BY_OKTA_ID] || n > ABREAST)
		return;
	for (i = 0; i < n; i++) {
		tag[i] = tag_of_text(okta_ids[i]);
		__builtin_prefetch(&index->slot[regindex_first(index, tag[i])]);
	}
	for (i = 0; i < n; i++) {
		at = regindex_first(index, tag[i]);
		number = regindex_next(index, tag[i], &at);
		row[i] = number < 0 ? NULL : &rows->row[number];
		if (row[i] != NULL)
			__builtin_prefetch(row[i]);
	}
	for (i = 0; i < n; i++)
		if (row[i] != NULL)
			__builtin_prefetch(row[i]->okta_id);
}

static enum okta_rc
find_made(
    struct regrows *rows, enum key key, const struct regrow *wanted, struct regrow **ret)
{
	struct regrow *row;
	enum okta_rc r = make(rows, key);

	if (r != OKTA_OK)
		return r;
	row = find(rows, key, wanted, tag_of(wanted, key));
	if (row == NULL)
		return OKTA_E_NOTFOUND;
	*ret = row;
	return OKTA_OK;
}

enum okta_rc
regrows_by_id(struct regrows *rows, uint32_t id, struct regrow **ret)
{
	const struct regrow wanted = { .id = id };

	return find_made(rows, BY_ID, &wanted, ret);
}

enum okta_rc
regrows_by_home(struct regrows *rows, struct okta_view home_name, struct regrow **ret)
{
	const struct regrow wanted = { .home_name = home_name.p,
		.home_len = (uint8_t)home_name.len };

	return home_name.len > UINT8_MAX ? OKTA_E_NOTFOUND
					 : find_made(rows, BY_HOME, &wanted, ret);
}

void
regrows_forget_seen(struct regrows *rows)
{
	size_t i;

	for (i = 0; i < rows->n; i++)
		rows->row[i].seen = false;
}

/* --- changing ----------------------------------------------------------------------- */

static const char *
keep(struct regrows *rows, struct okta_view v)
{
	struct chunk *chunk = rows->arena;
	char *p;

	if (v.len > UINT8_MAX)
		return NULL;
	if (chunk == NULL || v.len > CHUNK_BYTES - rows->arena_used) {
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
	rows->arena_used += v.len;
	return p;
}

static enum okta_rc
grow(struct regrows *rows)
{
	size_t max = rows->max == 0 ? FIRST : rows->max * 2;
	struct regrow *row;

	if (rows->n < rows->max)
		return OKTA_OK;
	if (max > UINT32_MAX / 2)
		return OKTA_E_NOMEM;
	row = reallocarray(rows->row, max, sizeof(*row));
	if (row == NULL)
		return OKTA_E_NOMEM;
	rows->row = row;
	rows->max = max;
	return OKTA_OK;
}

/* Behind the last one, in no index, and not counted yet. */
static enum okta_rc
append(struct regrows *rows, const struct regrow_texts *row)
{
	struct regrow *to;

	if (grow(rows) != OKTA_OK)
		return OKTA_E_NOMEM;
	to = &rows->row[rows->n];
	*to = (struct regrow){ .id = row->id,
		.tag = tag_of_text(row->okta_id),
		.okta_id_len = (uint8_t)row->okta_id.len,
		.name_len = (uint8_t)row->name.len,
		.kind = (char)row->kind,
		.gone = row->gone };
	to->okta_id = keep(rows, row->okta_id);
	to->name = keep(rows, row->name);
	if (to->okta_id == NULL || to->name == NULL)
		return OKTA_E_NOMEM;
	if (row->kind == OKTA_REGISTRY_USER) {
		to->home_len = (uint8_t)row->home_name.len;
		to->home_name = okta_view_eq(row->home_name, row->name)
				    ? to->name
				    : keep(rows, row->home_name);
		if (to->home_name == NULL)
			return OKTA_E_NOMEM;
	}
	return OKTA_OK;
}

enum okta_rc
regrows_load(struct regrows *rows, const struct regrow_texts *row)
{
	enum okta_rc r;

	if (rows->n > 0 && row->id <= rows->row[rows->n - 1].id)
		return OKTA_E_CONFLICT;
	r = append(rows, row);
	if (r == OKTA_OK)
		rows->n++;
	return r;
}

enum okta_rc
regrows_loaded(struct regrows *rows)
{
	return make(rows, BY_OKTA_ID);
}

enum okta_rc
regrows_add(struct regrows *rows, const struct okta_registry_row *row)
{
	const struct regrow_texts texts = { row->kind, row->id, row->gone,
		okta_view_str(row->okta_id), okta_view_str(row->name),
		okta_view_str(row->home_name) };
	const struct regrow *to;
	enum okta_rc r = append(rows, &texts);
	size_t k;

	for (k = 0; r == OKTA_OK && k < KEYS; k++) {
		r = make(rows, (enum key)k);
		if (r == OKTA_OK)
			r = regindex_reserve(&rows->index[k], rows->index[k].n + 1);
	}
	if (r != OKTA_OK)
		return r;
	to = &rows->row[rows->n];
	for (k = 0; k < KEYS; k++)
		if (has_key(to, (enum key)k) &&
		    find(rows, (enum key)k, to, tag_of(to, (enum key)k)) != NULL)
			return OKTA_E_CONFLICT;
	for (k = 0; k < KEYS; k++)
		if (has_key(to, (enum key)k))
			regindex_add(
			    &rows->index[k], tag_of(to, (enum key)k), (uint32_t)rows->n);
	rows->n++;
	return OKTA_OK;
}

enum okta_rc
regrows_rename(struct regrows *rows, struct regrow *row, struct okta_view name)
{
	const struct okta_view was = { row->name, row->name_len };
	/* the old text stays: it may be the home name's too */
	const char *text = okta_view_eq(name, was) ? row->name : keep(rows, name);

	if (text == NULL)
		return OKTA_E_NOMEM;
	row->name = text;
	row->name_len = (uint8_t)name.len;
	row->gone = false;
	return OKTA_OK;
}

enum okta_rc
regrows_bind(struct regrows *rows, struct regrow *row, struct okta_view okta_id)
{
	const char *text = keep(rows, okta_id);
	enum okta_rc r;

	if (text == NULL)
		return OKTA_E_NOMEM;
	if (regrows_by_okta_id(rows, okta_id) != NULL)
		return OKTA_E_CONFLICT;
	r = regindex_reserve(&rows->index[BY_OKTA_ID], rows->index[BY_OKTA_ID].n + 1);
	if (r != OKTA_OK)
		return r;
	/* the slot of its old key leads here too, and then finds another text */
	row->okta_id = text;
	row->okta_id_len = (uint8_t)okta_id.len;
	row->tag = tag_of_text(okta_id);
	row->gone = false;
	regindex_add(&rows->index[BY_OKTA_ID], row->tag, (uint32_t)(row - rows->row));
	return OKTA_OK;
}

static void
copy_text(char *dst, size_t size, const char *text, size_t len)
{
	if (len >= size)
		len = size - 1;
	if (len > 0)
		memcpy(dst, text, len);
	memset(dst + len, 0, size - len);
}

void
regrows_copy(const struct regrow *row, struct okta_registry_row *ret)
{
	ret->kind = (enum okta_registry_kind)row->kind;
	ret->id = row->id;
	ret->gone = row->gone;
	copy_text(ret->okta_id, sizeof(ret->okta_id), row->okta_id, row->okta_id_len);
	copy_text(ret->name, sizeof(ret->name), row->name, row->name_len);
	copy_text(ret->home_name, sizeof(ret->home_name), row->home_name, row->home_len);
}
