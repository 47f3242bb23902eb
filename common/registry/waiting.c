/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <string.h>

#include "registry/db.h"

/* Where an Okta id would stand; no Okta id has a colon.  True if NAME fits. */
static bool
waiting_key(enum okta_registry_kind kind, struct okta_view name, char ret[65])
{
	if (name.len == 0 || name.len > 32 || memchr(name.p, '\0', name.len) != NULL)
		return false;
	(void)snprintf(ret, 65, "%s:%.*s", kind == OKTA_REGISTRY_USER ? "login" : "group",
	    (int)name.len, name.p);
	return true;
}

bool
okta_registry_is_waiting(const struct okta_registry_row *row)
{
	return strchr(row->okta_id, ':') != NULL;
}

/* The id of a waiting ROW is OKTA_ID's from now on. */
enum okta_rc
regdb_bind_waiting(struct okta_registry *reg, struct okta_view okta_id,
    struct okta_registry_row *row, struct okta_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	int s;

	r = regdb_ready(reg, BIND, &stmt, err);
	if (r != OKTA_OK)
		return r;
	s = sqlite3_bind_int64(stmt, 1, row->id);
	if (s == SQLITE_OK)
		s = regdb_bind_text(stmt, 2, okta_id);
	r = regdb_step_done(reg, stmt, s, err);
	if (r == OKTA_OK && reg->rows != NULL &&
	    regrows_bind(reg->rows,
		regrows_by_okta_id(reg->rows, okta_view_str(row->okta_id)),
		okta_id) != OKTA_OK)
		r = okta_err_set(err, OKTA_E_NOMEM, "%s: out of memory", reg->path);
	if (r != OKTA_OK)
		return r;
	memset(row->okta_id, 0, sizeof(row->okta_id));
	memcpy(row->okta_id, okta_id.p, okta_id.len);
	row->gone = false;
	return OKTA_OK;
}

/* OKTA_OK: an id waited for the new object WANT and is its own now; OKTA_E_NOTFOUND. */
enum okta_rc
regdb_take_waiting(struct okta_registry *reg, const struct okta_registry_want *want,
    struct okta_err *err)
{
	struct okta_registry_row row;
	char key[65];
	enum okta_rc r;

	if (!reg->any_waiting || !waiting_key(want->kind, want->name, key))
		return OKTA_E_NOTFOUND;
	r = regdb_by_okta_id(reg, okta_view_str(key), &row, err);
	if (r == OKTA_OK)
		r = regdb_bind_waiting(reg, want->okta_id, &row, err);
	return r;
}

enum okta_rc
okta_registry_keep(struct okta_registry *reg, enum okta_registry_kind kind,
    struct okta_view name, uint32_t id, struct okta_err *err)
{
	struct okta_registry_row row = { .kind = kind, .id = id, .gone = true }, have;
	enum okta_rc r;

	if (!waiting_key(kind, name, row.okta_id))
		return okta_err_set(
		    err, OKTA_E_INPUT, "the name is empty or longer than 32 bytes");
	memcpy(row.name, name.p, name.len);
	if (kind == OKTA_REGISTRY_USER)
		memcpy(row.home_name, name.p, name.len);
	r = regdb_by_id(reg, id, &have, err);
	/* the same already; or a user's private group, which needs no row */
	if (r == OKTA_OK && strcmp(have.name, row.name) == 0 &&
	    (have.kind == kind || have.kind == OKTA_REGISTRY_USER))
		return OKTA_OK;
	if (r != OKTA_OK && r != OKTA_E_NOTFOUND)
		return r;
	return okta_registry_restore(reg, &row, err);
}

enum okta_rc
okta_registry_each_refuted(struct okta_registry *reg,
    enum okta_rc (*fn)(void *ctx, const struct okta_registry_row *row), void *ctx,
    struct okta_err *err)
{
	return regdb_each(reg, KNOWN_BY_WAITING_NAME, fn, ctx, err);
}

enum okta_rc
okta_registry_forget(struct okta_registry *reg, enum okta_registry_kind kind,
    struct okta_view name, struct okta_err *err)
{
	struct okta_registry_row row;
	sqlite3_stmt *stmt = NULL;
	char key[65];
	enum okta_rc r;

	if (!waiting_key(kind, name, key))
		return OKTA_E_NOTFOUND;
	r = regdb_by_okta_id(reg, okta_view_str(key), &row, err);
	if (r == OKTA_OK)
		r = regdb_ready(reg, FORGET, &stmt, err);
	if (r != OKTA_OK)
		return r;
	r = regdb_step_done(reg, stmt, regdb_bind_text(stmt, 1, okta_view_str(key)), err);
	if (r == OKTA_OK && reg->rows != NULL)
		regrows_by_okta_id(reg->rows, okta_view_str(key))->is_forgotten = true;
	return r;
}
