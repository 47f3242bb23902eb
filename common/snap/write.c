/* SPDX-License-Identifier: BSD-2-Clause */
#include "snap/write.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "snap/layout.h"
#include "snap/le.h"

#define CHUNK_BYTES ((size_t)1 << 20)

struct okta_snapw_chunk {
	struct okta_snapw_chunk *next;
	char bytes[CHUNK_BYTES];
};

/* LEN bytes at a multiple of 4; NULL when out of memory.  LEN is far below a chunk. */
static char *
arena_take(struct okta_snapw_arena *arena, size_t len)
{
	struct okta_snapw_chunk *chunk = arena->chunks;
	char *p;

	len = (size_t)okta_pad(len, 4);
	if (chunk == NULL || len > CHUNK_BYTES - arena->used) {
		chunk = malloc(sizeof(*chunk));
		if (chunk == NULL)
			return NULL;
		chunk->next = arena->chunks;
		arena->chunks = chunk;
		arena->used = 0;
	}
	p = chunk->bytes + arena->used;
	arena->used += len;
	return p;
}

void
okta_snapw_arena_free(struct okta_snapw_arena *arena)
{
	struct okta_snapw_chunk *chunk;

	while (arena->chunks != NULL) {
		chunk = arena->chunks;
		arena->chunks = chunk->next;
		free(chunk);
	}
	arena->used = 0;
}

/* Room for element N of *array; doubles. */
static bool
grow(void **array, size_t *size, size_t n, size_t element)
{
	size_t bigger = *size < 64 ? 64 : *size * 2;
	void *p;

	if (n < *size)
		return true;
	p = reallocarray(*array, bigger, element);
	if (p == NULL)
		return false;
	*array = p;
	*size = bigger;
	return true;
}

static enum okta_rc
no_memory(struct okta_err *err)
{
	return okta_err_set(err, OKTA_E_NOMEM, "snapshot: out of memory");
}

/* --- what may be stored ------------------------------------------------------------- */

/* Fit for a line of passwd(5): well-formed UTF-8, no ':', no control byte. */
static bool
text_is_clean(struct okta_view v)
{
	size_t i;

	for (i = 0; i < v.len; i++)
		if (v.p[i] == ':' || (unsigned char)v.p[i] < 0x20 || v.p[i] == 0x7f)
			return false;
	return okta_text_is_utf8(v);
}

/* Like text_is_clean(), for names that only Okta and our own rules see. */
static bool
okta_text_is_clean(struct okta_view v)
{
	size_t i;

	for (i = 0; i < v.len; i++)
		if (v.p[i] == '\0')
			return false;
	return okta_text_is_utf8(v);
}

static enum okta_rc
bad_field(struct okta_err *err, const char *what, struct okta_view name,
    const char *field, const char *why)
{
	char shown[64];

	okta_text_sanitize(shown, sizeof(shown), name);
	return okta_err_set(
	    err, OKTA_E_INPUT, "snapshot: %s \"%s\": %s %s", what, shown, field, why);
}

static bool
in_range(const struct okta_snapw *w, uint32_t id)
{
	return id >= w->head.id_min && id <= w->head.id_max;
}

enum okta_rc
okta_snapw_new(
    const struct okta_snapw_head *head, struct okta_snapw **ret, struct okta_err *err)
{
	struct okta_snapw *w;

	if (head->id_min < OKTA_SNAP_ID_FLOOR || head->id_max > OKTA_SNAP_ID_CEIL ||
	    head->id_min > head->id_max)
		return okta_err_set(err, OKTA_E_INPUT,
		    "snapshot: id range %u-%u must lie in %u-%u", head->id_min,
		    head->id_max, (unsigned)OKTA_SNAP_ID_FLOOR,
		    (unsigned)OKTA_SNAP_ID_CEIL);
	if (head->org_url.len > OKTA_SNAP_ORG_URL_MAX ||
	    !okta_text_is_printable(head->org_url))
		return okta_err_set(err, OKTA_E_INPUT,
		    "snapshot: the org URL must be printable ASCII of at most %d bytes",
		    OKTA_SNAP_ORG_URL_MAX);
	w = calloc(1, sizeof(*w));
	if (w == NULL)
		return no_memory(err);
	w->head = *head;
	if (head->org_url.len > 0)
		memcpy(w->org_url, head->org_url.p, head->org_url.len);
	w->head.org_url.p = w->org_url;
	*ret = w;
	return OKTA_OK;
}

void
okta_snapw_free(struct okta_snapw **w)
{
	if (*w == NULL)
		return;
	okta_snapw_arena_free(&(*w)->group_texts);
	okta_snapw_arena_free(&(*w)->user_texts);
	free((*w)->groups);
	free((*w)->users);
	free((*w)->locals);
	free((*w)->scratch);
	free((*w)->bytes);
	free((*w)->omitted);
	free(*w);
	*w = NULL;
}

struct okta_view
okta_snapw_omitted(const struct okta_snapw *w)
{
	struct okta_view v = { w->omitted, w->omitted_len };

	return v;
}

/* Append V and its NUL at P; returns the place behind. */
static char *
put_text(char *p, struct okta_view v)
{
	if (v.len > 0)
		memcpy(p, v.p, v.len);
	p[v.len] = '\0';
	return p + v.len + 1;
}

/* Sort N numbers and drop what is there twice; returns how many are left. */
static int
compare_u32(const void *a, const void *b)
{
	const uint32_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static size_t
sort_unique(uint32_t *p, size_t n)
{
	size_t i, kept = 0;

	if (n > 1)
		qsort(p, n, sizeof(*p), compare_u32);
	for (i = 0; i < n; i++)
		if (kept == 0 || p[kept - 1] != p[i])
			p[kept++] = p[i];
	return kept;
}

/* --- groups ------------------------------------------------------------------------- */

static enum okta_rc
check_joins(
    const struct okta_snapw_group *group, struct okta_view shown, struct okta_err *err)
{
	size_t i;

	if (group->n_joins > OKTA_SNAP_JOIN_MAX)
		return bad_field(
		    err, "group", shown, "joins", "more than 16 local groups");
	if (group->n_joins > 0 && group->kind == OKTA_SNAP_GROUP_LOCAL)
		return bad_field(
		    err, "group", shown, "joins", "cannot be given to a local group");
	for (i = 0; i < group->n_joins; i++)
		if (group->joins[i] == 0 || group->joins[i] > OKTA_SNAP_ID_CEIL)
			return bad_field(err, "group", shown, "joins",
			    "must be gids of local groups, never 0");
	return OKTA_OK;
}

static enum okta_rc
check_group(const struct okta_snapw *w, const struct okta_snapw_group *group,
    struct okta_err *err)
{
	struct okta_view shown = group->name.len > 0 ? group->name : group->okta_name;
	bool is_local = group->kind == OKTA_SNAP_GROUP_LOCAL;

	switch (group->kind) {
	case OKTA_SNAP_GROUP_SERVED:
		if (!in_range(w, group->gid))
			return bad_field(
			    err, "group", shown, "gid", "is outside the id range");
		break;
	case OKTA_SNAP_GROUP_LOCAL:
		if (group->gid == 0 || group->gid > OKTA_SNAP_ID_CEIL)
			return bad_field(err, "group", shown, "gid",
			    "0 and above 2147483646 is never joined");
		break;
	case OKTA_SNAP_GROUP_LOGIN:
		if (group->gid != 0 || group->name.len != 0)
			return bad_field(err, "group", shown, "name or gid",
			    "must not be set: it is no Unix group");
		break;
	default:
		return okta_err_set(
		    err, OKTA_E_INPUT, "snapshot: group of no known kind");
	}
	if (group->kind != OKTA_SNAP_GROUP_LOGIN && !okta_snap_name_is_valid(group->name))
		return bad_field(
		    err, "group", shown, "name", "must match [a-z_][a-z0-9_.-]{0,31}");
	if (is_local != (group->okta_id.len == 0) ||
	    group->okta_id.len > OKTA_SNAP_OKTA_ID_MAX || !text_is_clean(group->okta_id))
		return bad_field(err, "group", shown, "Okta id",
		    "must be 1 to 64 bytes, and none for a local group");
	if (is_local != (group->okta_name.len == 0) ||
	    group->okta_name.len > OKTA_SNAP_OKTA_NAME_MAX ||
	    !okta_text_is_clean(group->okta_name))
		return bad_field(err, "group", shown, "Okta name",
		    "must be 1 to 1020 bytes of UTF-8, and none for a local group");
	return check_joins(group, shown, err);
}

enum okta_rc
okta_snapw_add_group(struct okta_snapw *w, const struct okta_snapw_group *group,
    uint32_t *ret_number, struct okta_err *err)
{
	struct okta_snapw_draft_group draft;
	enum okta_rc r;
	char *p;

	if (w->sealed)
		return okta_err_set(
		    err, OKTA_E_INTERNAL, "snapshot: a group was added after a user");
	r = check_group(w, group, err);
	if (r != OKTA_OK)
		return r;
	memset(&draft, 0, sizeof(draft));
	draft.kind = group->kind;
	draft.gid = group->gid;
	draft.name_len = (uint8_t)group->name.len;
	draft.okta_id_len = (uint8_t)group->okta_id.len;
	draft.okta_name_len = (uint16_t)group->okta_name.len;
	draft.texts_len = group->name.len + group->okta_id.len + group->okta_name.len + 3;
	if (group->n_joins > 0)
		memcpy(draft.joins, group->joins, group->n_joins * sizeof(*group->joins));
	draft.n_joins = (uint8_t)sort_unique(draft.joins, group->n_joins);

	if (w->n_groups >= UINT32_MAX / 2 ||
	    !grow((void **)&w->groups, &w->groups_size, w->n_groups, sizeof(*w->groups)))
		return no_memory(err);
	p = arena_take(&w->group_texts, draft.texts_len);
	if (p == NULL)
		return no_memory(err);
	draft.texts = p;
	p = put_text(p, group->name);
	p = put_text(p, group->okta_id);
	(void)put_text(p, group->okta_name);
	w->groups[w->n_groups] = draft;
	*ret_number = (uint32_t)w->n_groups++;
	return OKTA_OK;
}

/* Number of the LOCAL group with that gid, or n_groups.  There are few of them. */
static size_t
find_local(const struct okta_snapw *w, uint32_t gid)
{
	size_t i;

	for (i = 0; i < w->n_locals; i++)
		if (w->groups[w->locals[i]].gid == gid)
			return w->locals[i];
	return w->n_groups;
}

static enum okta_rc
resolve_joins(
    struct okta_snapw *w, struct okta_snapw_draft_group *group, struct okta_err *err)
{
	size_t i, found;

	for (i = 0; i < group->n_joins; i++) {
		found = find_local(w, group->joins[i]);
		if (found == w->n_groups)
			return okta_err_set(err, OKTA_E_INPUT,
			    "snapshot: gid %u is joined, but no local group has it",
			    group->joins[i]);
		group->join_numbers[i] = (uint32_t)found;
	}
	return OKTA_OK;
}

enum okta_rc
okta_snapw_seal(struct okta_snapw *w, struct okta_err *err)
{
	enum okta_rc r;
	size_t i;

	if (w->sealed)
		return OKTA_OK;
	if (w->locals == NULL)
		w->locals = calloc(w->n_groups + 1, sizeof(*w->locals));
	if (w->locals == NULL)
		return no_memory(err);
	w->n_locals = 0;
	for (i = 0; i < w->n_groups; i++)
		if (w->groups[i].kind == OKTA_SNAP_GROUP_LOCAL)
			w->locals[w->n_locals++] = (uint32_t)i;
	for (i = 0; i < w->n_groups; i++) {
		r = resolve_joins(w, &w->groups[i], err);
		if (r != OKTA_OK)
			return r;
	}
	w->sealed = true;
	return OKTA_OK;
}

/* --- users -------------------------------------------------------------------------- */

static enum okta_rc
check_user_texts(const struct okta_snapw_user *user, struct okta_err *err)
{
	const struct {
		const char *field;
		struct okta_view text;
		size_t max;
	} texts[] = {
		{ "gecos", user->gecos, OKTA_SNAP_GECOS_MAX },
		{ "home", user->home, OKTA_SNAP_HOME_MAX },
		{ "shell", user->shell, OKTA_SNAP_SHELL_MAX },
		{ "Okta id", user->okta_id, OKTA_SNAP_OKTA_ID_MAX },
		{ "Okta login", user->okta_login, OKTA_SNAP_LOGIN_MAX },
	};
	size_t i;

	if (!okta_snap_name_is_valid(user->name))
		return bad_field(err, "user", user->name, "name",
		    "must match [a-z_][a-z0-9_.-]{0,31}");
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		if (texts[i].text.len > texts[i].max || !text_is_clean(texts[i].text))
			return bad_field(err, "user", user->name, texts[i].field,
			    "is too long, not UTF-8, or has a ':' or control byte");
	if (user->okta_id.len == 0)
		return bad_field(err, "user", user->name, "Okta id", "is missing");
	return OKTA_OK;
}

static enum okta_rc
check_user(
    const struct okta_snapw *w, const struct okta_snapw_user *user, struct okta_err *err)
{
	enum okta_rc r = check_user_texts(user, err);
	bool is_private = (user->flags & OKTA_SNAP_USER_PRIVATE_GROUP) != 0;

	if (r != OKTA_OK)
		return r;
	if (!in_range(w, user->uid))
		return bad_field(
		    err, "user", user->name, "uid", "is outside the id range");
	if ((is_private && user->gid != user->uid) ||
	    (!in_range(w, user->gid) && find_local(w, user->gid) == w->n_groups))
		return bad_field(err, "user", user->name, "gid",
		    "must be the uid of a private group, in the id range, or a local "
		    "group's");
	if (user->status <= OKTA_STATUS_NONE || user->status >= OKTA_STATUS_COUNT)
		return bad_field(err, "user", user->name, "status", "is none of Okta's");
	if ((user->flags & ~(unsigned)OKTA_SNAP_USER_PRIVATE_GROUP) != 0)
		return bad_field(err, "user", user->name, "flags", "are unknown");
	return OKTA_OK;
}

/* The numbers of all groups of USER, and of those they join, in w->scratch. */
static enum okta_rc
gather_groups(struct okta_snapw *w, const struct okta_snapw_user *user, size_t *ret_n,
    struct okta_err *err)
{
	const struct okta_snapw_draft_group *group;
	size_t i, n = 0;

	for (i = 0; i < user->n_groups; i++) {
		if (user->groups[i] >= w->n_groups)
			return bad_field(
			    err, "user", user->name, "groups", "name no group");
		group = &w->groups[user->groups[i]];
		while (n + 1 + group->n_joins > w->scratch_size)
			if (!grow((void **)&w->scratch, &w->scratch_size, w->scratch_size,
				sizeof(*w->scratch)))
				return no_memory(err);
		w->scratch[n++] = user->groups[i];
		if (group->n_joins > 0)
			memcpy(w->scratch + n, group->join_numbers,
			    group->n_joins * sizeof(*w->scratch));
		n += group->n_joins;
	}
	n = sort_unique(w->scratch, n);
	if (n > OKTA_SNAP_GIDS_MAX)
		return bad_field(
		    err, "user", user->name, "groups", "are more than 65535");
	*ret_n = n;
	return OKTA_OK;
}

/* Fill DRAFT and copy the texts and the N group numbers of w->scratch behind them. */
static bool
draft_user(struct okta_snapw *w, const struct okta_snapw_user *user, size_t n,
    struct okta_snapw_draft_user *draft)
{
	const struct okta_view texts[] = { user->name, user->gecos, user->home,
		user->shell, user->okta_id, user->okta_login };
	const struct okta_view star = { "*", 1 };
	size_t i, len = 2;
	char *start, *p;

	for (i = 0; i < 6; i++) {
		draft->len[i] = (uint8_t)texts[i].len;
		len += texts[i].len + 1;
	}
	start = arena_take(
	    &w->user_texts, (size_t)okta_pad(len, 4) + n * sizeof(*w->scratch));
	if (start == NULL)
		return false;
	p = put_text(start, texts[0]);
	p = put_text(p, star);
	for (i = 1; i < 6; i++)
		p = put_text(p, texts[i]);
	if (n > 0)
		memcpy(start + okta_pad(len, 4), w->scratch, n * sizeof(*w->scratch));
	draft->uid = user->uid;
	draft->gid = user->gid;
	draft->status = (uint16_t)user->status;
	draft->flags = (uint16_t)user->flags;
	draft->n_groups = (uint16_t)n;
	draft->texts_len = (uint16_t)len;
	draft->texts = start;
	return true;
}

enum okta_rc
okta_snapw_add_user(
    struct okta_snapw *w, const struct okta_snapw_user *user, struct okta_err *err)
{
	struct okta_snapw_draft_user draft;
	struct okta_snapw_draft_group *group;
	enum okta_rc r;
	size_t i, n = 0;

	if (w->finished)
		return okta_err_set(
		    err, OKTA_E_INTERNAL, "snapshot: a user was added after the end");
	r = okta_snapw_seal(w, err);
	if (r != OKTA_OK)
		return r;
	r = check_user(w, user, err);
	if (r != OKTA_OK)
		return r;
	r = gather_groups(w, user, &n, err);
	if (r != OKTA_OK)
		return r;
	if (w->n_users >= UINT32_MAX / 2 ||
	    !grow((void **)&w->users, &w->users_size, w->n_users, sizeof(*w->users)) ||
	    !draft_user(w, user, n, &draft))
		return no_memory(err);

	w->users[w->n_users++] = draft;
	w->user_records_len += okta_snapw_user_record_len(&draft);
	w->names_len += 1 + user->name.len;
	for (i = 0; i < n; i++) {
		group = &w->groups[w->scratch[i]];
		if (group->kind == OKTA_SNAP_GROUP_LOGIN)
			continue;
		group->n_members++;
		group->members_len += user->name.len + 1;
	}
	return OKTA_OK;
}
