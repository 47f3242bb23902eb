/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "registry/alloc.h"
#include "registry/db.h"

#define HOMES_TRIED 10 /* more were made to be in the way */

struct taken {
	struct okta_registry *reg;
	const struct okta_registry_want *want;
	struct okta_err *err;
};

static enum okta_rc
is_taken(void *ctx, uint32_t id, bool *ret)
{
	const struct taken *t = ctx;
	struct regrow *row;
	enum okta_rc r = regrows_by_id(t->reg->rows, id, &row);

	if (r != OKTA_OK && r != OKTA_E_NOTFOUND)
		return regdb_rows_failed(t->reg, r, t->err);
	*ret = r == OKTA_OK ||
	       (t->want->is_taken != NULL && t->want->is_taken(t->want->ctx, id));
	return OKTA_OK;
}

static enum okta_rc
choose_id(struct okta_registry *reg, const struct okta_registry_want *want, uint32_t *ret,
    struct okta_err *err)
{
	struct taken t = { reg, want, err };
	struct okta_registry_row owner;
	enum okta_rc r;
	bool taken = true;

	if (want->wanted_id == 0) {
		r = okta_alloc_find(
		    want->okta_id, want->id_min, want->id_max, is_taken, &t, ret);
		if (r == OKTA_E_NOTFOUND)
			(void)okta_err_set(err, r,
			    "no id is left in %u-%u: widen [users] id_range",
			    want->id_min, want->id_max);
		return r;
	}
	r = regdb_by_id(reg, want->wanted_id, &owner, err);
	if (r == OKTA_OK)
		return okta_err_set(err, OKTA_E_CONFLICT,
		    "id %u belongs to %s (%s) for ever: give another one in Okta",
		    want->wanted_id, owner.name, owner.okta_id);
	if (r != OKTA_E_NOTFOUND)
		return r;
	r = is_taken(&t, want->wanted_id, &taken);
	if (r != OKTA_OK)
		return r;
	if (taken)
		return okta_err_set(err, OKTA_E_CONFLICT,
		    "id %u is used by a local account, group or subid range: give "
		    "another one in "
		    "Okta",
		    want->wanted_id);
	*ret = want->wanted_id;
	return OKTA_OK;
}

/* The Nth that is tried.  An id follows from an Okta id, so whoever chooses his own name
 * can have the second one before its owner comes. */
static void
propose_home(struct okta_registry_row *row, unsigned n)
{
	char *home = row->home_name;
	const size_t size = sizeof(row->home_name);

	if (n == 1)
		(void)snprintf(home, size, "%s", row->name);
	else if (n == 2)
		(void)snprintf(home, size, "%s-%u", row->name, row->id);
	else
		(void)snprintf(home, size, "%s-%u-%u", row->name, row->id, n - 1);
}

/* A person who takes over a name must not find the predecessor's files. */
static enum okta_rc
choose_home(
    struct okta_registry *reg, struct okta_registry_row *row, struct okta_err *err)
{
	bool used = true;
	enum okta_rc r;
	unsigned n;

	for (n = 1; n <= HOMES_TRIED; n++) {
		propose_home(row, n);
		r = regdb_has_home(reg, row->home_name, &used, err);
		if (r != OKTA_OK)
			return r;
		if (!used)
			return OKTA_OK;
	}
	return okta_err_set(err, OKTA_E_CONFLICT,
	    "the homes of %s, %s-%u and so on belong to others: give him another name in "
	    "Okta",
	    row->name, row->name, row->id);
}

static enum okta_rc
assign_new(struct okta_registry *reg, const struct okta_registry_want *want,
    struct okta_err *err)
{
	struct okta_registry_row row = { .kind = want->kind };
	enum okta_rc r;

	r = regdb_take_waiting(reg, want, err);
	if (r != OKTA_E_NOTFOUND)
		return r;
	memcpy(row.okta_id, want->okta_id.p, want->okta_id.len);
	memcpy(row.name, want->name.p, want->name.len);
	r = choose_id(reg, want, &row.id, err);
	if (r != OKTA_OK)
		return r;
	if (want->kind == OKTA_REGISTRY_USER) {
		r = choose_home(reg, &row, err);
		if (r != OKTA_OK)
			return r;
	}
	return regdb_insert(reg, &row, err);
}

static enum okta_rc
assign_known(struct okta_registry *reg, const struct okta_registry_want *want,
    struct regrow *row, struct okta_err *err)
{
	const char kind = (char)want->kind;
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	int s;

	if (row->kind != kind)
		return okta_err_set(err, OKTA_E_CONFLICT,
		    "%.*s: was %s before, is %s now", (int)want->okta_id.len,
		    want->okta_id.p,
		    row->kind == OKTA_REGISTRY_USER ? "a user" : "a group",
		    want->kind == OKTA_REGISTRY_USER ? "a user" : "a group");
	if (!row->gone &&
	    okta_view_eq(want->name, (struct okta_view){ row->name, row->name_len }))
		return OKTA_OK; /* the usual case writes nothing */
	r = regdb_ready(reg, UPDATE, &stmt, err);
	if (r != OKTA_OK)
		return r;
	s = sqlite3_bind_int64(stmt, 1, row->id);
	if (s == SQLITE_OK)
		s = regdb_bind_text(stmt, 2, want->name);
	r = regdb_step_done(reg, stmt, s, err);
	if (r == OKTA_OK && regrows_rename(reg->rows, row, want->name) != OKTA_OK)
		r = okta_err_set(err, OKTA_E_NOMEM, "%s: out of memory", reg->path);
	return r;
}

/* Texts the row can hold without cutting, and without a NUL. */
static bool
fits(struct okta_view v, size_t size)
{
	return v.len > 0 && v.len < size && memchr(v.p, '\0', v.len) == NULL;
}

enum okta_rc
okta_registry_assign(struct okta_registry *reg, const struct okta_registry_want *want,
    struct okta_registry_row *ret, bool *ret_changed, struct okta_err *err)
{
	struct regrow *row;
	enum okta_rc r;

	/* a colon would be the key of an id that waits: whoever says it takes that id */
	if (!fits(want->okta_id, sizeof(ret->okta_id)) ||
	    !fits(want->name, sizeof(ret->name)) ||
	    memchr(want->okta_id.p, ':', want->okta_id.len) != NULL)
		return okta_err_set(err, OKTA_E_INPUT,
		    "okta id or name is empty or too long, or the id has a colon");
	if (reg->rows == NULL)
		return regdb_fail(reg, err, SQLITE_READONLY);
	row = regrows_by_okta_id(reg->rows, want->okta_id);
	r = row != NULL ? assign_known(reg, want, row, err) : assign_new(reg, want, err);
	if (r != OKTA_OK)
		return r;
	if (row == NULL)
		row = regrows_by_okta_id(reg->rows, want->okta_id);
	row->seen = true;
	regrows_copy(row, ret);
	*ret_changed = want->wanted_id != 0 && want->wanted_id != row->id;
	return OKTA_OK;
}
