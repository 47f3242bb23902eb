/* SPDX-License-Identifier: BSD-2-Clause */
#include "records.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "model/wire.h"

#define CHUNK_BYTES 262144

struct sync_chunk {
	struct sync_chunk *next;
	char bytes[CHUNK_BYTES];
};

void
sync_records_clear(struct sync_records *records)
{
	struct sync_chunk *chunk, *next;

	for (chunk = records->arena; chunk != NULL; chunk = next) {
		next = chunk->next;
		free(chunk);
	}
	sync_idmap_clear(&records->user_ids);
	sync_idmap_clear(&records->group_ids);
	sync_idmap_clear(&records->stray_ids);
	sync_idmap_clear(&records->ids);
	free(records->users);
	free(records->groups);
	free(records->members);
	free(records->strays);
	free(records->user_of);
	*records = (struct sync_records){ 0 };
}

/* --- memory ------------------------------------------------------------------------- */

/* A copy of *v in the arena, in its place. */
static bool
keep(struct sync_records *records, struct okta_view *v)
{
	struct sync_chunk *chunk = records->arena;
	char *p;

	if (v->len == 0) {
		*v = (struct okta_view){ "", 0 };
		return true;
	}
	if (v->len > CHUNK_BYTES)
		return false;
	if (chunk == NULL || v->len > CHUNK_BYTES - records->arena_used) {
		chunk = malloc(sizeof(*chunk));
		if (chunk == NULL)
			return false;
		chunk->next = records->arena;
		records->arena = chunk;
		records->arena_used = 0;
	}
	p = chunk->bytes + records->arena_used;
	memcpy(p, v->p, v->len);
	records->arena_used += v->len;
	v->p = p;
	return true;
}

/* Room for one more of *array, which has N of MAX. */
static bool
grow(void **array, size_t n, size_t *max, size_t element)
{
	size_t bigger = *max == 0 ? 1024 : *max * 2;
	void *more;

	if (n < *max)
		return true;
	if (bigger > UINT32_MAX)
		return false;
	more = reallocarray(*array, bigger, element);
	if (more == NULL)
		return false;
	*array = more;
	*max = bigger;
	return true;
}

/* --- adding ------------------------------------------------------------------------- */

/* The number of ID among people and members. */
static enum okta_rc
number_of(struct sync_records *records, struct okta_view id, uint32_t *ret)
{
	int64_t number = sync_idmap_find(&records->ids, id);
	enum okta_rc r;

	if (number >= 0) {
		*ret = (uint32_t)number;
		return OKTA_OK;
	}
	if (!keep(records, &id) || !grow((void **)&records->user_of, records->n_user_of,
				       &records->max_user_of, sizeof(uint32_t)))
		return OKTA_E_NOMEM;
	*ret = (uint32_t)records->ids.n;
	r = sync_idmap_add(&records->ids, id);
	if (r == OKTA_OK)
		records->user_of[records->n_user_of++] = 0;
	return r;
}

/* Okta's statuses are few; a million copies of them are not. */
static bool
keep_status(struct sync_records *records, struct okta_view *v)
{
	static const char *const known[] = { "ACTIVE", "STAGED", "PROVISIONED",
		"RECOVERY", "PASSWORD_EXPIRED", "LOCKED_OUT", "SUSPENDED",
		"DEPROVISIONED" };
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++)
		if (okta_view_eq_str(*v, known[i])) {
			v->p = known[i];
			return true;
		}
	return keep(records, v);
}

static bool
keep_user(struct sync_records *records, struct okta_directory_user *u)
{
	bool is_login = okta_view_eq(u->name, u->login);

	if (!keep_status(records, &u->status) || !keep(records, &u->login) ||
	    (!is_login && !keep(records, &u->name)) || !keep(records, &u->display_name) ||
	    !keep(records, &u->uid) || !keep(records, &u->shell))
		return false;
	if (is_login)
		u->name = u->login;
	return true;
}

bool
sync_records_is_user(const struct okta_directory_user *u)
{
	return u->id.len > 0 && u->id.len <= OKTA_DIRECTORY_ID_MAX &&
	       okta_text_is_printable(u->id) &&
	       u->status.len <= OKTA_DIRECTORY_STATUS_MAX &&
	       u->login.len <= OKTA_DIRECTORY_TEXT_MAX &&
	       u->name.len <= OKTA_DIRECTORY_TEXT_MAX &&
	       u->display_name.len <= OKTA_DIRECTORY_TEXT_MAX &&
	       u->uid.len <= OKTA_DIRECTORY_TEXT_MAX &&
	       u->shell.len <= OKTA_DIRECTORY_TEXT_MAX;
}

bool
sync_records_is_older(
    const struct okta_directory_user *user, const struct okta_directory_user *known)
{
	return user->updated != 0 && user->updated < known->updated;
}

enum okta_rc
sync_records_add_user(
    struct sync_records *records, const struct okta_directory_user *user)
{
	struct okta_directory_user u = *user;
	uint32_t number;
	enum okta_rc r;

	if (!sync_records_is_user(user))
		return OKTA_E_INPUT;
	r = number_of(records, u.id, &number);
	if (r != OKTA_OK)
		return r;
	u.id = records->ids.text[number];
	if (!keep_user(records, &u))
		return OKTA_E_NOMEM;
	records->seen_users++;
	if (records->user_of[number] != 0) {
		if (!sync_records_is_older(
			&u, &records->users[records->user_of[number] - 1]))
			records->users[records->user_of[number] - 1] = u;
		return OKTA_OK;
	}
	if (!grow((void **)&records->users, records->n_users, &records->max_users,
		sizeof(u)))
		return OKTA_E_NOMEM;
	records->users[records->n_users++] = u;
	records->user_of[number] = (uint32_t)records->n_users;
	return OKTA_OK;
}

enum okta_rc
sync_records_add_group(
    struct sync_records *records, struct okta_view id, struct okta_view name)
{
	struct sync_group g = { id, name };

	if (g.id.len == 0 || g.id.len > OKTA_DIRECTORY_ID_MAX || g.name.len == 0 ||
	    !okta_text_is_printable(g.id))
		return OKTA_E_INPUT;
	if (g.name.len > OKTA_WIRE_GROUP_MAX)
		g.name = okta_view_str(
		    "\x01"); /* no name of Okta's: the id is what is left */
	if (!keep(records, &g.id) || !keep(records, &g.name))
		return OKTA_E_NOMEM;
	records->seen_groups++;
	if (!grow((void **)&records->groups, records->n_groups, &records->max_groups,
		sizeof(g)))
		return OKTA_E_NOMEM;
	records->groups[records->n_groups++] = g;
	if (sync_idmap_find(&records->group_ids, g.id) >= 0)
		g.id = (struct okta_view){ "",
			0 }; /* came twice: its number counts, not its id */
	return sync_idmap_add(&records->group_ids, g.id);
}

enum okta_rc
sync_records_add_member(
    struct sync_records *records, uint64_t group, struct okta_view user_id)
{
	uint32_t number;
	enum okta_rc r;

	if (group >= records->n_groups || user_id.len == 0 ||
	    user_id.len > OKTA_DIRECTORY_ID_MAX)
		return OKTA_E_INPUT;
	r = number_of(records, user_id, &number);
	if (r != OKTA_OK)
		return r;
	if (!grow((void **)&records->members, records->n_members, &records->max_members,
		sizeof(*records->members)))
		return OKTA_E_NOMEM;
	records->seen_members++;
	records->members[records->n_members++] = (struct sync_member){ number,
		(uint32_t)group };
	return OKTA_OK;
}

/* --- afterwards --------------------------------------------------------------------- */

enum okta_rc
sync_records_add_stray(struct sync_records *records, struct sync_member stray)
{
	if (!grow((void **)&records->strays, records->n_strays, &records->max_strays,
		sizeof(stray)))
		return OKTA_E_NOMEM;
	records->strays[records->n_strays++] = stray;
	return OKTA_OK;
}

static enum okta_rc
settle_stray(struct sync_records *records, struct sync_member m)
{
	struct okta_view id = records->ids.text[m.user];
	int64_t number = sync_idmap_find(&records->stray_ids, id);
	enum okta_rc r;

	if (number < 0) {
		number = (int64_t)records->stray_ids.n;
		r = sync_idmap_add(&records->stray_ids, id);
		if (r != OKTA_OK)
			return r;
	}
	m.user = (uint32_t)number;
	return sync_records_add_stray(records, m);
}

/* From numbers of ids to indexes of users; who is none is a stray. */
static enum okta_rc
settle_members(struct sync_records *records)
{
	struct sync_member *m = records->members;
	enum okta_rc r = OKTA_OK;
	uint32_t user;
	size_t i, n = 0;

	for (i = 0; r == OKTA_OK && i < records->n_members; i++) {
		user = records->user_of[m[i].user];
		if (user != 0)
			m[n++] = (struct sync_member){ user - 1, m[i].group };
		else if (records->keep_strays)
			r = settle_stray(records, m[i]);
	}
	records->n_members = n;
	return r;
}

static int
by_group(const void *a, const void *b)
{
	const struct sync_member *x = a, *y = b;

	return x->group < y->group ? -1 : x->group > y->group;
}

/* One person's groups, sorted in place, each once; nearly everybody has few of them. */
static size_t
sort_groups(struct sync_member *m, size_t n)
{
	struct sync_member one;
	size_t i, k;

	if (n > 64) {
		qsort(m, n, sizeof(*m), by_group);
	} else {
		for (i = 1; i < n; i++) {
			one = m[i];
			for (k = i; k > 0 && m[k - 1].group > one.group; k--)
				m[k] = m[k - 1];
			m[k] = one;
		}
	}
	for (i = k = 0; i < n; i++)
		if (k == 0 || m[k - 1].group != m[i].group)
			m[k++] = m[i];
	return k;
}

/* As they are where nobody joined or left since they were sorted. */
static bool
is_sorted(const struct sync_member *m, size_t n)
{
	size_t i;

	for (i = 1; i < n; i++)
		if (m[i].user < m[i - 1].user ||
		    (m[i].user == m[i - 1].user && m[i].group <= m[i - 1].group))
			return false;
	return true;
}

/* By person, by counting: a comparison costs more than a membership may. */
enum okta_rc
sync_records_sort_members(struct sync_records *records)
{
	const struct sync_member *from = records->members;
	size_t n = records->n_members, i, k = 0;
	struct sync_member *to;
	size_t *end;

	if (is_sorted(from, n))
		return OKTA_OK;
	to = calloc(n + 1, sizeof(*to));
	end = calloc(records->n_users + 1, sizeof(*end));
	if (to == NULL || end == NULL) {
		free(to);
		free(end);
		return OKTA_E_NOMEM;
	}
	for (i = 0; i < n; i++)
		end[from[i].user + 1]++;
	for (i = 1; i <= records->n_users; i++)
		end[i] += end[i - 1];
	for (i = 0; i < n; i++)
		to[end[from[i].user]++] = from[i];
	/* now end[i] is the end of person i, and the beginning of the next one */
	for (i = n = 0; i < records->n_users; i++) {
		n = sort_groups(
		    to + (i == 0 ? 0 : end[i - 1]), end[i] - (i == 0 ? 0 : end[i - 1]));
		memmove(to + k, to + (i == 0 ? 0 : end[i - 1]), n * sizeof(*to));
		k += n;
	}
	free(end);
	free(records->members);
	records->members = to;
	records->max_members = records->n_members + 1;
	records->n_members = k;
	return OKTA_OK;
}

enum okta_rc
sync_records_know_users(struct sync_records *records)
{
	struct okta_view id[SYNC_IDMAP_WARM_MAX];
	enum okta_rc r;
	size_t i, k, n;

	r = sync_idmap_reserve(&records->user_ids, records->n_users);
	for (i = 0; r == OKTA_OK && i < records->n_users; i += n) {
		n = records->n_users - i;
		n = n < SYNC_IDMAP_WARM_MAX ? n : SYNC_IDMAP_WARM_MAX;
		for (k = 0; k < n; k++)
			id[k] = records->users[i + k].id;
		r = sync_idmap_add_new(&records->user_ids, id, n);
	}
	return r;
}

enum okta_rc
sync_records_finish(struct sync_records *records)
{
	enum okta_rc r;

	r = settle_members(records);
	sync_idmap_clear(&records->ids);
	free(records->user_of);
	records->user_of = NULL;
	records->n_user_of = records->max_user_of = 0;
	if (r == OKTA_OK)
		r = sync_records_know_users(records);
	return r == OKTA_OK ? sync_records_sort_members(records) : r;
}
