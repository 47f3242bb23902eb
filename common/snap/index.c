/* SPDX-License-Identifier: BSD-2-Clause */
/* The five indexes, and what may be in them once only. */
#include "snap/layout.h"

#include <string.h>

#include "base/text.h"
#include "snap/le.h"
#include "snap/record.h"

#define SEED_TRIES  16
#define BUCKET_LOAD 6 /* of 8 slots: few searches go on to a second bucket */

/* Ascending, by radix: linear, and the same on every machine. */
void
okta_snapw_sort(uint64_t *p, uint64_t *spare, size_t n)
{
	size_t count[256], i, sum, c;
	uint64_t *from = p, *to = spare, *swap;
	unsigned shift;

	for (shift = 0; shift < 64; shift += 8) {
		memset(count, 0, sizeof(count));
		for (i = 0; i < n; i++)
			count[from[i] >> shift & 255]++;
		for (i = 0, sum = 0; i < 256; i++) {
			c = count[i];
			count[i] = sum;
			sum += c;
		}
		for (i = 0; i < n; i++)
			to[count[from[i] >> shift & 255]++] = from[i];
		swap = from;
		from = to;
		to = swap;
	}
}

/* The key of the record at P for one index: a text, or NULL and an id. */
static struct okta_view
key_of(const unsigned char *p, enum okta_snap_index index, uint32_t *ret_id)
{
	struct okta_view v = { NULL, 0 };

	*ret_id = okta_le32(p + 8);
	if (index == OKTA_SNAP_INDEX_USER_NAME) {
		v.p = (const char *)p + OKTA_SNAP_USER_HEAD;
		v.len = p[18];
	} else if (index == OKTA_SNAP_INDEX_GROUP_NAME) {
		v.p = (const char *)p + OKTA_SNAP_GROUP_HEAD;
		v.len = p[33];
	} else if (index == OKTA_SNAP_INDEX_OKTA_GROUP) {
		v.p = (const char *)p + OKTA_SNAP_GROUP_HEAD + p[33] + 1 + p[34] + 1;
		v.len = okta_le16(p + 36);
	}
	return v;
}

static bool
is_indexed(const unsigned char *p, enum okta_snap_index index)
{
	if (index == OKTA_SNAP_INDEX_GROUP_NAME || index == OKTA_SNAP_INDEX_GID)
		return p[32] != OKTA_SNAP_GROUP_LOGIN;
	return index != OKTA_SNAP_INDEX_OKTA_GROUP || p[32] != OKTA_SNAP_GROUP_LOCAL;
}

static enum okta_rc
conflict(const unsigned char *a, const unsigned char *b, enum okta_snap_index index,
    struct okta_err *err)
{
	const bool users = index <= OKTA_SNAP_INDEX_UID;
	enum okta_snap_index named = index;
	char shown_a[64], shown_b[64];
	uint32_t id;

	if (index == OKTA_SNAP_INDEX_UID)
		named = OKTA_SNAP_INDEX_USER_NAME;
	if (index == OKTA_SNAP_INDEX_GID)
		named = OKTA_SNAP_INDEX_GROUP_NAME;
	okta_text_sanitize(shown_a, sizeof(shown_a), key_of(a, named, &id));
	okta_text_sanitize(shown_b, sizeof(shown_b), key_of(b, named, &id));
	if (index != named)
		return okta_err_set(err, OKTA_E_CONFLICT,
		    "snapshot: %s \"%s\" and \"%s\" have the same id %u",
		    users ? "users" : "groups", shown_a, shown_b, id);
	return okta_err_set(err, OKTA_E_CONFLICT, "snapshot: two %s have the name \"%s\"",
	    users ? "users" : "groups", shown_a);
}

static uint64_t
hash_of(
    const struct okta_snapw_layout *l, const unsigned char *p, enum okta_snap_index index)
{
	struct okta_view key;
	uint32_t id;

	key = key_of(p, index, &id);
	return key.p == NULL ? okta_snap_hash_id(l->seed, id)
			     : okta_snap_hash_name(l->seed, key.p, key.len);
}

/* Equal keys have equal tags, so they are neighbours; a few strangers may be among them.
 */
static enum okta_rc
check_unique(struct okta_snapw_layout *l, enum okta_snap_index index, size_t n,
    struct okta_err *err)
{
	const unsigned char *a, *b;
	struct okta_view key_a, key_b;
	uint32_t id_a, id_b;
	size_t i, j;

	for (i = 0; i < n; i++) {
		for (j = i + 1; j < n && l->keys[j] >> 32 == l->keys[i] >> 32; j++) {
			a = l->p + (l->keys[i] & UINT32_MAX) * 8;
			b = l->p + (l->keys[j] & UINT32_MAX) * 8;
			key_a = key_of(a, index, &id_a);
			key_b = key_of(b, index, &id_b);
			if (key_a.p == NULL ? id_a == id_b : okta_view_eq(key_a, key_b))
				return conflict(a, b, index, err);
		}
	}
	return OKTA_OK;
}

/*
 * Put the N entries in l->keys, in ascending order, into BUCKETS buckets at P; returns
 * the longest probe, 0 if one would be too long.
 */
static uint32_t
fill_buckets(
    const struct okta_snapw_layout *l, size_t n, unsigned char *p, uint64_t buckets)
{
	uint64_t home, bucket = 0, probe = 1;
	unsigned char *slot;
	unsigned used = 0;
	size_t i;

	for (i = 0; i < n; i++) {
		home = (l->keys[i] >> 32) * buckets >> 32;
		if (home > bucket) {
			bucket = home;
			used = 0;
		}
		if (used == OKTA_SNAP_BUCKET_SLOTS) {
			bucket++;
			used = 0;
		}
		if (bucket - home >= OKTA_SNAP_PROBE_MAX)
			return 0;
		if (bucket - home >= probe)
			probe = bucket - home + 1;
		slot = p + bucket * OKTA_SNAP_BUCKET_BYTES + used++ * 4;
		okta_le32_put(slot, (uint32_t)(l->keys[i] >> 32));
		okta_le32_put(slot + OKTA_SNAP_BUCKET_SLOTS * 4, (uint32_t)l->keys[i]);
	}
	return (uint32_t)probe;
}

/* The (tag, record offset / 8) of all records one index leads to, ascending, in l->keys.
 */
static size_t
gather_keys(struct okta_snapw_layout *l, enum okta_snap_index index)
{
	bool users = index <= OKTA_SNAP_INDEX_UID;
	uint64_t at = users ? OKTA_SNAP_HEADER_BYTES : l->groups_off;
	uint64_t end = at + (users ? l->users_len : l->groups_len);
	size_t n = 0;

	for (; at < end; at += okta_le32(l->p + at + 4))
		if (is_indexed(l->p + at, index))
			l->keys[n++] = hash_of(l, l->p + at, index) >> 32 << 32 | at / 8;
	okta_snapw_sort(l->keys, l->spare, n);
	return n;
}

/* Write one index at *off and describe it in the header; *fits is false if the seed is
 * bad. */
static enum okta_rc
write_index(struct okta_snapw_layout *l, enum okta_snap_index index, uint64_t *off,
    bool *fits, struct okta_err *err)
{
	unsigned char *head = l->p + OKTA_SNAP_INDEXES_AT + 16 * (size_t)index;
	size_t n = gather_keys(l, index);
	uint64_t buckets = n / BUCKET_LOAD + 1;
	uint32_t probe;
	enum okta_rc r;

	r = check_unique(l, index, n, err);
	if (r != OKTA_OK)
		return r;
	*off = okta_pad(*off, OKTA_SNAP_BUCKET_BYTES);
	probe = fill_buckets(l, n, l->p + *off, buckets);
	*fits = probe != 0;
	if (!*fits)
		return OKTA_OK;
	okta_le64_put(head, *off);
	okta_le32_put(head + 8, (uint32_t)buckets);
	okta_le32_put(head + 12, probe);
	*off += (buckets + probe - 1) * OKTA_SNAP_BUCKET_BYTES;
	return OKTA_OK;
}

uint64_t
okta_snapw_index_room(uint64_t n)
{
	return (1 + n / BUCKET_LOAD + 1 + OKTA_SNAP_PROBE_MAX) * OKTA_SNAP_BUCKET_BYTES;
}

/* Another seed gives other neighbours: nobody can choose names that fill one place. */
enum okta_rc
okta_snapw_write_indexes(
    struct okta_snapw_layout *l, uint64_t capacity, struct okta_err *err)
{
	unsigned try, i;
	bool fits;
	enum okta_rc r;

	for (try = 0; try < SEED_TRIES; try++) {
		l->seed = l->w->head.seed + try;
		l->end = l->indexes_off;
		fits = true;
		memset(l->p + l->indexes_off, 0, (size_t)(capacity - l->indexes_off));
		for (i = 0; fits && i < OKTA_SNAP_INDEX_COUNT; i++) {
			r = write_index(l, (enum okta_snap_index)i, &l->end, &fits, err);
			if (r != OKTA_OK)
				return r;
		}
		if (fits)
			return OKTA_OK;
	}
	return okta_err_set(err, OKTA_E_INTERNAL,
	    "snapshot: no hash seed suits these names: give another");
}
