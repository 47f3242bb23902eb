/* SPDX-License-Identifier: BSD-2-Clause */
#include "registry/db.h"

static enum okta_rc
bury(struct okta_registry *reg, size_t *ret_n, struct okta_err *err)
{
	sqlite3_stmt *stmt = NULL;
	struct regrow *row;
	enum okta_rc r;
	size_t i;

	r = regdb_ready(reg, BURY, &stmt, err);
	for (i = 0; r == OKTA_OK && i < regrows_count(reg->rows); i++) {
		row = regrows_at(reg->rows, i);
		if (row->gone || row->seen || row->is_forgotten)
			continue;
		r = regdb_step_done(reg, stmt, sqlite3_bind_int64(stmt, 1, row->id), err);
		row->gone = r == OKTA_OK;
		(*ret_n)++;
	}
	return r;
}

enum okta_rc
okta_registry_bury_absent(
    struct okta_registry *reg, size_t *ret_gone, struct okta_err *err)
{
	bool own = sqlite3_get_autocommit(reg->db) != 0;
	enum okta_rc r = OKTA_OK;
	size_t n = 0;

	if (reg->rows == NULL)
		return regdb_fail(reg, err, SQLITE_READONLY);
	if (own)
		r = regdb_run(reg, "BEGIN IMMEDIATE", err);
	if (r == OKTA_OK)
		r = bury(reg, &n, err);
	if (r == OKTA_OK && own)
		r = okta_registry_commit(reg, err);
	if (r != OKTA_OK && own)
		(void)regdb_run(reg, "ROLLBACK", NULL);
	if (r == OKTA_OK)
		*ret_gone = n;
	return r;
}
