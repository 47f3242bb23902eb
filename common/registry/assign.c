/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "registry/alloc.h"
#include "registry/db.h"

struct taken {
	struct okta_registry *reg;
	const struct okta_registry_want *want;
};

static enum okta_rc
is_taken(void *ctx, uint32_t id, bool *ret)
{
	const struct taken *t = ctx;

	*ret = regrows_by_id(t->reg->rows, id) != NULL ||
	       (t->want->is_taken != NULL && t->want->is_taken(t->want->ctx, id));
	return OKTA_OK;
}

static enum okta_rc
choose_id(struct okta_registry *reg, const struct okta_registry_want *want, uint32_t *ret,
    struct okta_err *err)
{
	struct taken t = { reg, want };
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

static enum okta_rc
assign_new(struct okta_registry *reg, const struct okta_registry_want *want,
    struct okta_registry_row *ret, struct okta_err *err)
{
	struct okta_registry_row row = { .kind = want->kind };
	enum okta_rc r;
	bool used = false;

	r = regdb_take_waiting(reg, want, ret, err);
	if (r != OKTA_E_NOTFOUND)
		return r;
	memcpy(row.okta_id, want->okta_id.p, want->okta_id.len);
	memcpy(row.name, want->name.p, want->name.len);
	r = choose_id(reg, want, &row.id, err);
	if (r != OKTA_OK)
		return r;
	if (want->kind == OKTA_REGISTRY_USER) {
		/* a person who takes over a name must not find the predecessor's files */
		r = regdb_has_home(reg, row.name, &used, err);
		if (r != OKTA_OK)
			return r;
		if (used)
			(void)snprintf(row.home_name, sizeof(row.home_name), "%s-%u",
			    row.name, row.id);
		else
			memcpy(row.home_name, row.name, sizeof(row.name));
	}
	r = regdb_insert(reg, &row, err);
	if (r == OKTA_OK)
		*ret = row;
	return r;
}

static enum okta_rc
assign_known(struct okta_registry *reg, const struct okta_registry_want *want,
    struct okta_registry_row *row, struct okta_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	int s;

	if (row->kind != want->kind)
		return okta_err_set(err, OKTA_E_CONFLICT, "%s: was %s before, is %s now",
		    row->okta_id, row->kind == OKTA_REGISTRY_USER ? "a user" : "a group",
		    want->kind == OKTA_REGISTRY_USER ? "a user" : "a group");
	if (!row->gone && okta_view_eq_str(want->name, row->name))
		return OKTA_OK; /* the usual case writes nothing */
	memset(row->name, 0, sizeof(row->name));
	memcpy(row->name, want->name.p, want->name.len);
	row->gone = false;
	r = regdb_ready(reg, UPDATE, &stmt, err);
	if (r != OKTA_OK)
		return r;
	s = sqlite3_bind_int64(stmt, 1, row->id);
	if (s == SQLITE_OK)
		s = regdb_bind_text(stmt, 2, want->name);
	r = regdb_step_done(reg, stmt, s, err);
	if (r == OKTA_OK && regrows_rename(reg->rows, regrows_by_id(reg->rows, row->id),
				want->name) != OKTA_OK)
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
	struct okta_registry_row row;
	bool known;
	enum okta_rc r;

	/* a colon would be the key of an id that waits: whoever says it takes that id */
	if (!fits(want->okta_id, sizeof(row.okta_id)) ||
	    !fits(want->name, sizeof(row.name)) ||
	    memchr(want->okta_id.p, ':', want->okta_id.len) != NULL)
		return okta_err_set(err, OKTA_E_INPUT,
		    "okta id or name is empty or too long, or the id has a colon");
	if (reg->rows == NULL)
		return regdb_fail(reg, err, SQLITE_READONLY);
	r = regdb_by_okta_id(reg, want->okta_id, &row, err);
	if (r != OKTA_OK && r != OKTA_E_NOTFOUND)
		return r;
	known = r == OKTA_OK;
	r = known ? assign_known(reg, want, &row, err) : assign_new(reg, want, &row, err);
	if (r != OKTA_OK)
		return r;
	regrows_by_id(reg->rows, row.id)->seen = true;
	*ret = row;
	*ret_changed = want->wanted_id != 0 && want->wanted_id != row.id;
	return OKTA_OK;
}
