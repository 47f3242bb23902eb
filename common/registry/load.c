/* SPDX-License-Identifier: BSD-2-Clause */
#include "registry/db.h"

enum okta_rc
regdb_remember(
    struct okta_registry *reg, const struct okta_registry_row *row, struct okta_err *err)
{
	enum okta_rc r = regrows_add(reg->rows, row);

	if (r == OKTA_E_CONFLICT)
		return regdb_fail(reg, err, SQLITE_CORRUPT);
	if (r != OKTA_OK)
		return okta_err_set(err, r, "%s: out of memory", reg->path);
	return OKTA_OK;
}

struct load {
	struct okta_registry *reg;
	struct okta_err *err;
	size_t n_users;
};

static enum okta_rc
load_row(void *ctx, const struct okta_registry_row *row)
{
	struct load *load = ctx;

	load->n_users += row->kind == OKTA_REGISTRY_USER ? 1 : 0;
	return regdb_remember(load->reg, row, load->err);
}

/*
 * A text that was damaged in the table is another text in its index: whose id that was is
 * then not known, and nobody may get it.  The same with an entry an index lost.
 */
static enum okta_rc
check_index(
    struct okta_registry *reg, enum statement which, size_t n_rows, struct okta_err *err)
{
	const struct regrow *row;
	sqlite3_stmt *stmt = NULL;
	char text[65];
	size_t n = 0;
	enum okta_rc r;
	int s = SQLITE_DONE;

	r = regdb_ready(reg, which, &stmt, err);
	while (r == OKTA_OK && (s = sqlite3_step(stmt)) == SQLITE_ROW) {
		row = NULL;
		if (regdb_column_text(stmt, 0, text, sizeof(text)))
			row = which == INDEX_OF_HOMES
				  ? regrows_by_home(reg->rows, okta_view_str(text))
				  : regrows_by_okta_id(reg->rows, okta_view_str(text));
		if (row == NULL ||
		    sqlite3_column_int64(stmt, 1) != (sqlite3_int64)row->id)
			r = regdb_fail(reg, err, SQLITE_CORRUPT);
		n++;
	}
	regdb_done(stmt);
	if (r == OKTA_OK && s != SQLITE_DONE)
		r = regdb_fail(reg, err, s);
	if (r == OKTA_OK && n != n_rows)
		r = regdb_fail(reg, err, SQLITE_CORRUPT);
	return r;
}

static enum okta_rc
version_of(struct okta_registry *reg, sqlite3_int64 *ret, struct okta_err *err)
{
	return regdb_scalar(reg, "PRAGMA data_version", ret, err);
}

enum okta_rc
regdb_is_stale(struct okta_registry *reg, bool *ret, struct okta_err *err)
{
	sqlite3_int64 version = 0;
	enum okta_rc r = version_of(reg, &version, err);

	if (r == OKTA_OK)
		*ret = version != reg->rows_of;
	return r;
}

enum okta_rc
regdb_load(struct okta_registry *reg, struct okta_err *err)
{
	struct load load = { reg, err, 0 };
	enum okta_rc r;

	regrows_free(&reg->rows);
	r = regrows_new(&reg->rows);
	if (r != OKTA_OK)
		return okta_err_set(err, r, "%s: out of memory", reg->path);
	r = regdb_each(reg, EACH_BY_ID, load_row, &load, err);
	if (r == OKTA_OK)
		r = check_index(reg, INDEX_OF_OKTA_IDS, regrows_count(reg->rows), err);
	if (r == OKTA_OK)
		r = check_index(reg, INDEX_OF_HOMES, load.n_users, err);
	if (r == OKTA_OK)
		r = version_of(reg, &reg->rows_of, err);
	reg->is_dirty = false;
	if (r != OKTA_OK)
		regrows_free(&reg->rows);
	return r;
}
