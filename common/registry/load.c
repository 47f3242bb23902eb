/* SPDX-License-Identifier: BSD-2-Clause */
#include "registry/db.h"

#include <string.h>

enum okta_rc
regdb_rows_failed(const struct okta_registry *reg, enum okta_rc r, struct okta_err *err)
{
	return r == OKTA_E_CONFLICT
		   ? regdb_fail(reg, err, SQLITE_CORRUPT)
		   : okta_err_set(err, r, "%s: out of memory", reg->path);
}

enum okta_rc
regdb_remember(
    struct okta_registry *reg, const struct okta_registry_row *row, struct okta_err *err)
{
	enum okta_rc r = regrows_add(reg->rows, row);

	return r == OKTA_OK ? r : regdb_rows_failed(reg, r, err);
}

/*
 * Of the entries of each index, in whatever order, as the table says they must be.  The
 * table is read by id and an index by text: to look each of a million up costs more than
 * all the rest.
 */
struct sums {
	uint64_t okta_ids, homes;
};

/* By bytes, as SQLite's own order is; neither has a NUL inside. */
static bool
is_behind(struct okta_view text, const char *last)
{
	const size_t len = strlen(last), common = text.len < len ? text.len : len;
	const int c = memcmp(text.p, last, common);

	return c != 0 ? c > 0 : text.len > len;
}

static enum okta_rc
load_rows(struct okta_registry *reg, struct sums *sums, struct okta_err *err)
{
	struct regrow_texts row;
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	int s = SQLITE_DONE;

	r = regdb_ready(reg, EACH_BY_ID, &stmt, err);
	while (r == OKTA_OK && (s = sqlite3_step(stmt)) == SQLITE_ROW) {
		r = regdb_read_texts(reg, stmt, &row, err);
		if (r != OKTA_OK)
			break;
		sums->okta_ids += regrows_sum(row.okta_id, row.id);
		if (row.kind == OKTA_REGISTRY_USER)
			sums->homes += regrows_sum(row.home_name, row.id);
		r = regrows_load(reg->rows, &row);
		if (r != OKTA_OK)
			r = regdb_rows_failed(reg, r, err);
	}
	regdb_done(stmt);
	if (r == OKTA_OK && s != SQLITE_DONE)
		r = regdb_fail(reg, err, s);
	if (r != OKTA_OK)
		return r;
	r = regrows_loaded(reg->rows);
	return r == OKTA_OK ? r : regdb_rows_failed(reg, r, err);
}

/*
 * A text that was damaged in the table is another text in its index: whose id that was is
 * then not known, and nobody may get it.  The same with an entry an index lost; and with
 * one that does not come behind the one before it, which may be there twice.
 */
static enum okta_rc
check_index(
    struct okta_registry *reg, enum statement which, uint64_t want, struct okta_err *err)
{
	sqlite3_stmt *stmt = NULL;
	struct okta_view text;
	uint64_t have = 0;
	char last[65] = ""; /* nobody's */
	enum okta_rc r;
	int s = SQLITE_DONE;

	r = regdb_ready(reg, which, &stmt, err);
	while (r == OKTA_OK && (s = sqlite3_step(stmt)) == SQLITE_ROW) {
		if (!regdb_column_view(stmt, 0, sizeof(last), &text) ||
		    !is_behind(text, last)) {
			r = regdb_fail(reg, err, SQLITE_CORRUPT);
			break;
		}
		memcpy(last, text.p, text.len);
		last[text.len] = '\0';
		have += regrows_sum(text, (uint64_t)sqlite3_column_int64(stmt, 1));
	}
	regdb_done(stmt);
	if (r == OKTA_OK && s != SQLITE_DONE)
		r = regdb_fail(reg, err, s);
	if (r == OKTA_OK && have != want)
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
	struct sums sums = { 0 };
	enum okta_rc r;

	regrows_free(&reg->rows);
	r = regrows_new(&reg->rows);
	if (r != OKTA_OK)
		return okta_err_set(err, r, "%s: out of memory", reg->path);
	r = load_rows(reg, &sums, err);
	if (r == OKTA_OK)
		r = check_index(reg, INDEX_OF_OKTA_IDS, sums.okta_ids, err);
	if (r == OKTA_OK)
		r = check_index(reg, INDEX_OF_HOMES, sums.homes, err);
	if (r == OKTA_OK)
		r = version_of(reg, &reg->rows_of, err);
	reg->is_dirty = false;
	if (r != OKTA_OK)
		regrows_free(&reg->rows);
	return r;
}
