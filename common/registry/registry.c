/* SPDX-License-Identifier: BSD-2-Clause */
#include "registry/registry.h"

#include <string.h>

#include "registry/db.h"

enum okta_rc
okta_registry_begin(struct okta_registry *reg, struct okta_err *err)
{
	sqlite3_int64 any = 0;
	bool is_stale = true;
	enum okta_rc r;

	r = regdb_run(reg, "BEGIN IMMEDIATE", err);
	if (r == OKTA_OK)
		r = regdb_is_stale(reg, &is_stale, err);
	if (r == OKTA_OK && (is_stale || reg->is_dirty || reg->rows == NULL))
		r = regdb_load(reg, err);
	if (r == OKTA_OK)
		r = regdb_scalar(reg, regdb_sql[ANY_WAITING], &any, err);
	if (r != OKTA_OK)
		return r;
	reg->any_waiting = any != 0;
	regrows_forget_seen(reg->rows);
	return OKTA_OK;
}

enum okta_rc
okta_registry_commit(struct okta_registry *reg, struct okta_err *err)
{
	enum okta_rc r = regdb_run(reg, "COMMIT", err);

	if (r == OKTA_OK)
		reg->is_dirty = false;
	return r;
}

bool
okta_registry_knows(const struct okta_registry *reg, struct okta_view okta_id)
{
	return reg->rows != NULL && regrows_by_okta_id(reg->rows, okta_id) != NULL;
}

void
okta_registry_warm(
    const struct okta_registry *reg, const struct okta_view *okta_ids, size_t n)
{
	if (reg->rows != NULL)
		regrows_warm(reg->rows, okta_ids, n);
}

enum okta_rc
okta_registry_find(struct okta_registry *reg, struct okta_view okta_id,
    struct okta_registry_row *ret, struct okta_err *err)
{
	return regdb_by_okta_id(reg, okta_id, ret, err);
}

enum okta_rc
okta_registry_restore(
    struct okta_registry *reg, const struct okta_registry_row *row, struct okta_err *err)
{
	struct okta_registry_row have;
	bool used = false;
	enum okta_rc r;

	r = regdb_by_okta_id(reg, okta_view_str(row->okta_id), &have, err);
	if (r == OKTA_OK && (have.id != row->id || have.kind != row->kind))
		return okta_err_set(err, OKTA_E_CONFLICT,
		    "%s (%s): has id %u here, %u there", row->name, row->okta_id, have.id,
		    row->id);
	if (r != OKTA_E_NOTFOUND)
		return r; /* there already, or a failure */
	r = regdb_by_id(reg, row->id, &have, err);
	if (r == OKTA_OK && okta_registry_is_waiting(&have) && have.kind == row->kind &&
	    strcmp(have.name, row->name) == 0)
		return regdb_bind_waiting(reg, okta_view_str(row->okta_id), &have, err);
	if (r == OKTA_OK)
		return okta_err_set(err, OKTA_E_CONFLICT,
		    "%s (%s): id %u belongs to %s (%s) here", row->name, row->okta_id,
		    row->id, have.name, have.okta_id);
	if (r != OKTA_E_NOTFOUND)
		return r;
	if (row->kind == OKTA_REGISTRY_USER) {
		r = regdb_has_home(reg, row->home_name, &used, err);
		if (r != OKTA_OK)
			return r;
		if (used)
			return okta_err_set(err, OKTA_E_CONFLICT,
			    "%s (%s): home name %s belongs to somebody else here",
			    row->name, row->okta_id, row->home_name);
	}
	return regdb_insert(reg, row, err);
}

enum okta_rc
okta_registry_each(struct okta_registry *reg,
    enum okta_rc (*fn)(void *ctx, const struct okta_registry_row *row), void *ctx,
    struct okta_err *err)
{
	return regdb_each(reg, EACH, fn, ctx, err);
}
