/* SPDX-License-Identifier: BSD-2-Clause */
#include "registry/db.h"

enum okta_rc
regdb_meta_get(struct okta_registry *reg, const char *key, sqlite3_int64 *ret_n,
    char *ret_text, size_t size, struct okta_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	int s;

	r = regdb_ready(reg, META_GET, &stmt, err);
	if (r != OKTA_OK)
		return r;
	s = regdb_bind_text(stmt, 1, okta_view_str(key));
	if (s == SQLITE_OK)
		s = sqlite3_step(stmt);
	if (s == SQLITE_ROW && ret_n != NULL)
		*ret_n = sqlite3_column_int64(stmt, 0);
	if (s == SQLITE_ROW && ret_text != NULL &&
	    !regdb_column_text(stmt, 0, ret_text, size))
		s = SQLITE_CORRUPT;
	regdb_done(stmt);
	if (s == SQLITE_ROW)
		return OKTA_OK;
	return regdb_fail(reg, err, s == SQLITE_DONE ? SQLITE_CORRUPT : s);
}

enum okta_rc
regdb_meta_set(struct okta_registry *reg, const char *key, sqlite3_int64 n,
    const struct okta_view *v, struct okta_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	int s;

	r = regdb_ready(reg, META_SET, &stmt, err);
	if (r != OKTA_OK)
		return r;
	s = regdb_bind_text(stmt, 1, okta_view_str(key));
	if (s == SQLITE_OK)
		s = v != NULL ? regdb_bind_text(stmt, 2, *v)
			      : sqlite3_bind_int64(stmt, 2, n);
	if (s == SQLITE_OK)
		s = sqlite3_step(stmt);
	regdb_done(stmt);
	return s == SQLITE_DONE ? OKTA_OK : regdb_fail(reg, err, s);
}

enum okta_rc
okta_registry_seed(struct okta_registry *reg, uint64_t *ret, struct okta_err *err)
{
	sqlite3_int64 n = 0;
	enum okta_rc r;

	r = regdb_meta_get(reg, "seed", &n, NULL, 0, err);
	if (r == OKTA_OK)
		*ret = (uint64_t)n;
	return r;
}

enum okta_rc
okta_registry_next_generation(
    struct okta_registry *reg, uint64_t *ret, struct okta_err *err)
{
	sqlite3_int64 n = 0;
	enum okta_rc r;

	r = regdb_meta_get(reg, "generation", &n, NULL, 0, err);
	if (r != OKTA_OK)
		return r;
	if (n < 0 || n >= INT64_MAX - 1)
		return regdb_fail(reg, err, SQLITE_CORRUPT);
	r = regdb_meta_set(reg, "generation", n + 1, NULL, err);
	if (r == OKTA_OK)
		*ret = (uint64_t)n + 1;
	return r;
}

enum okta_rc
okta_registry_raise_generation(
    struct okta_registry *reg, uint64_t at_least, struct okta_err *err)
{
	sqlite3_int64 n = 0;
	enum okta_rc r;

	r = regdb_meta_get(reg, "generation", &n, NULL, 0, err);
	if (r != OKTA_OK || at_least >= INT64_MAX - 1 || n >= (sqlite3_int64)at_least)
		return r;
	return regdb_meta_set(reg, "generation", (sqlite3_int64)at_least, NULL, err);
}
