/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "build.h"
#include "model/names.h"

static void
refuse_group(struct sync_build *b, size_t i, const char *why)
{
	b->groups[i].rule.served = false;
	sync_report_refused(b->report, "group", b->records->groups[i].name,
	    b->records->groups[i].id, why);
}

/* Why nobody of ours may have ID on this host, or NULL. */
static const char *
id_fault(const struct sync_build *b, uint32_t id)
{
	const char *fault = okta_id_fault(b->conf, id);

	if (fault != NULL)
		return fault;
	if (okta_local_has_uid(b->local, id))
		return "is the uid of a local user";
	if (okta_local_has_gid(b->local, id))
		return "is the gid of a local group";
	if (okta_local_has_subid(b->local, id))
		return "lies in a range of /etc/subuid or /etc/subgid";
	return NULL;
}

static bool
is_taken(void *ctx, uint32_t id)
{
	return id_fault(ctx, id) != NULL;
}

static bool
check_id(const struct sync_build *b, uint32_t id, char *why, size_t size)
{
	const char *fault = id_fault(b, id);

	if (fault == NULL)
		return true;
	(void)snprintf(why, size,
	    "his id %" PRIu32 " %s: an id is never changed: free it", id, fault);
	return false;
}

/* --- numbers from the directory ----------------------------------------------------- */

struct wanted {
	uint32_t id, user;
};

static int
by_id(const void *a, const void *b)
{
	const struct wanted *x = a, *y = b;

	if (x->id != y->id)
		return x->id < y->id ? -1 : 1;
	return x->user < y->user ? -1 : x->user > y->user;
}

/* uid_from: everybody needs a number of his own; two with one number get none. */
static void
read_wanted(struct sync_build *b, uint32_t *wanted, struct wanted *list)
{
	struct okta_err why = { 0 };
	size_t i, n = 0;
	bool same;

	for (i = 0; i < b->records->n_users; i++) {
		if (!b->people[i].served)
			continue;
		if (b->records->users[i].uid.len == 0) {
			sync_refuse_user(
			    b, i, "has no number in the attribute of [users] uid_from");
			continue;
		}
		if (okta_id_parse(b->conf, b->records->users[i].uid, &wanted[i], &why) !=
		    OKTA_OK) {
			sync_refuse_user(b, i, why.msg);
			continue;
		}
		list[n++] = (struct wanted){ wanted[i], (uint32_t)i };
	}
	if (n > 0)
		qsort(list, n, sizeof(*list), by_id);
	for (i = 0; i < n; i++) {
		same = (i > 0 && list[i - 1].id == list[i].id) ||
		       (i + 1 < n && list[i + 1].id == list[i].id);
		if (same)
			sync_refuse_user(b, list[i].user,
			    "another user has the same number in the attribute of "
			    "[users] "
			    "uid_from: neither is served: correct it in Okta");
	}
}

/* --- the registry ------------------------------------------------------------------- */

/* OKTA_OK (also when the object was refused), or a failure of the registry as a whole. */
static enum okta_rc
assign_user(struct sync_build *b, size_t i, uint32_t wanted_id, struct okta_err *err)
{
	const struct okta_directory_user *u = &b->records->users[i];
	struct sync_person *p = &b->people[i];
	const struct okta_registry_want want = { OKTA_REGISTRY_USER, u->id,
		okta_view_str(p->name), wanted_id, b->conf->id_min, b->conf->id_max,
		is_taken, b };
	struct okta_registry_row row;
	struct okta_err why = { 0 };
	char text[160];
	bool changed = false;
	enum okta_rc r;

	r = okta_registry_assign(b->registry, &want, &row, &changed, &why);
	if (r == OKTA_E_CONFLICT || r == OKTA_E_NOTFOUND) {
		sync_refuse_user(b, i, why.msg);
		return OKTA_OK;
	}
	if (r != OKTA_OK) {
		*err = why;
		return r;
	}
	if (changed)
		sync_report_note(b->report,
		    "user \"%s\" (%s): keeps uid %" PRIu32
		    " although Okta now says %" PRIu32 ": a uid never changes by itself",
		    p->name, row.okta_id, row.id, wanted_id);
	p->uid = row.id;
	if (strcmp(row.home_name, p->name) != 0) {
		p->home_name = okta_view_dup(okta_view_str(row.home_name));
		if (p->home_name == NULL)
			return okta_err_set(err, OKTA_E_NOMEM, "ids: out of memory");
	}
	if (!check_id(b, row.id, text, sizeof(text)))
		sync_refuse_user(b, i, text);
	return OKTA_OK;
}

static enum okta_rc
assign_group(struct sync_build *b, size_t i, struct okta_err *err)
{
	struct sync_unix_group *g = &b->groups[i];
	const struct okta_registry_want want = { OKTA_REGISTRY_GROUP,
		b->records->groups[i].id, okta_view_str(g->rule.unix_name), 0,
		b->conf->id_min, b->conf->id_max, is_taken, b };
	struct okta_registry_row row;
	struct okta_err why = { 0 };
	char text[160];
	bool changed = false;
	enum okta_rc r;

	r = okta_registry_assign(b->registry, &want, &row, &changed, &why);
	if (r == OKTA_E_CONFLICT || r == OKTA_E_NOTFOUND) {
		refuse_group(b, i, why.msg);
		return OKTA_OK;
	}
	if (r != OKTA_OK) {
		*err = why;
		return r;
	}
	g->gid = row.id;
	if (!check_id(b, row.id, text, sizeof(text)))
		refuse_group(b, i, text);
	return OKTA_OK;
}

/* Newcomers in the order of Okta ids, so that two hosts that meet the same ones at once
 * agree even where two hash to one slot. */
static int
by_user_id(const void *a, const void *b, void *ctx)
{
	const struct okta_directory_user *users = ctx;
	const struct okta_view x = users[*(const uint32_t *)a].id,
			       y = users[*(const uint32_t *)b].id;
	int c = memcmp(x.p, y.p, x.len < y.len ? x.len : y.len);

	return c != 0 ? c : x.len < y.len ? -1 : x.len > y.len;
}

static int
by_group_id(const void *a, const void *b, void *ctx)
{
	const struct sync_group *groups = ctx;
	const struct okta_view x = groups[*(const uint32_t *)a].id,
			       y = groups[*(const uint32_t *)b].id;
	int c = memcmp(x.p, y.p, x.len < y.len ? x.len : y.len);

	return c != 0 ? c : x.len < y.len ? -1 : x.len > y.len;
}

static void
warm(const struct sync_build *b, size_t first, size_t n)
{
	struct okta_view ids[OKTA_REGISTRY_WARM_MAX];
	size_t i;

	for (i = 0; i < n; i++)
		ids[i] = b->records->users[first + i].id;
	okta_registry_warm(b->registry, ids, n);
}

/* Whoever has an id keeps it, in whatever order; whoever has none goes to NEWCOMERS. */
static enum okta_rc
assign_known_users(struct sync_build *b, const uint32_t *wanted, uint32_t *newcomers,
    size_t *ret_n, struct okta_err *err)
{
	const struct sync_records *rec = b->records;
	enum okta_rc r = OKTA_OK;
	size_t i, left;

	*ret_n = 0;
	for (i = 0; r == OKTA_OK && i < rec->n_users; i++) {
		left = rec->n_users - i;
		if (i % OKTA_REGISTRY_WARM_MAX == 0)
			warm(b, i,
			    left < OKTA_REGISTRY_WARM_MAX ? left
							  : OKTA_REGISTRY_WARM_MAX);
		if (!b->people[i].served)
			continue;
		if (okta_registry_knows(b->registry, rec->users[i].id))
			r = assign_user(b, i, wanted[i], err);
		else
			newcomers[(*ret_n)++] = (uint32_t)i;
	}
	return r;
}

static enum okta_rc
assign_users(
    struct sync_build *b, uint32_t *order, const uint32_t *wanted, struct okta_err *err)
{
	size_t i, n = 0;
	enum okta_rc r;

	r = assign_known_users(b, wanted, order, &n, err);
	if (n > 0)
		qsort_r(order, n, sizeof(*order), by_user_id, b->records->users);
	for (i = 0; r == OKTA_OK && i < n; i++)
		r = assign_user(b, order[i], wanted[order[i]], err);
	return r;
}

static enum okta_rc
assign_groups(struct sync_build *b, uint32_t *order, struct okta_err *err)
{
	const struct sync_records *rec = b->records;
	enum okta_rc r = OKTA_OK;
	size_t i;

	for (i = 0; i < rec->n_groups; i++)
		order[i] = (uint32_t)i;
	if (rec->n_groups > 0)
		qsort_r(order, rec->n_groups, sizeof(*order), by_group_id, rec->groups);
	for (i = 0; r == OKTA_OK && i < rec->n_groups; i++)
		if (b->groups[order[i]].rule.served)
			r = assign_group(b, order[i], err);
	return r;
}

static enum okta_rc
find_primary(struct sync_build *b, struct okta_err *err)
{
	const char *ref = b->conf->primary_group;
	struct okta_group_in in;
	size_t i;

	if (ref == NULL)
		return OKTA_OK;
	for (i = 0; i < b->records->n_groups; i++) {
		in = (struct okta_group_in){ b->records->groups[i].id,
			b->records->groups[i].name };
		if (b->groups[i].rule.served && okta_group_is(okta_view_str(ref), &in)) {
			b->primary_gid = b->groups[i].gid;
			return OKTA_OK;
		}
	}
	return okta_err_set(
	    err, OKTA_E_CONFIG, "[users] primary_group: \"%s\" has no usable gid", ref);
}

enum okta_rc
sync_assign_ids(struct sync_build *b, struct okta_err *err)
{
	size_t n = b->records->n_users, m = b->records->n_groups;
	uint32_t *wanted, *order;
	struct wanted *list;
	enum okta_rc r = OKTA_E_NOMEM;

	wanted = calloc(n + 1, sizeof(*wanted));
	list = calloc(n + 1, sizeof(*list));
	order = calloc((n > m ? n : m) + 1, sizeof(*order));
	if (wanted == NULL || list == NULL || order == NULL) {
		r = okta_err_set(err, r, "ids: out of memory");
	} else {
		if (b->conf->uid_from != NULL)
			read_wanted(b, wanted, list);
		r = assign_users(b, order, wanted, err);
		if (r == OKTA_OK)
			r = assign_groups(b, order, err);
	}
	free(wanted);
	free(list);
	free(order);
	if (r != OKTA_OK)
		return r;
	return find_primary(b, err);
}
