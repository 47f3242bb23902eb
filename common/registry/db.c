/* SPDX-License-Identifier: BSD-2-Clause */
#include "registry/db.h"

#include <errno.h>
#include <string.h>

#define COLUMNS "kind, okta_id, name, home_name, id, gone"

const char *const regdb_sql[STATEMENTS] = {
	"SELECT " COLUMNS " FROM object WHERE okta_id = ?1",
	"SELECT " COLUMNS " FROM object WHERE id = ?1",
	"SELECT id FROM object WHERE home_name = ?1",
	"INSERT INTO object (id, kind, okta_id, name, home_name, gone)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	"UPDATE object SET name = ?2, gone = 0 WHERE id = ?1",
	"UPDATE object SET gone = 1 WHERE id = ?1",
	"UPDATE object SET okta_id = ?2, gone = 0 WHERE id = ?1",
	"DELETE FROM object WHERE okta_id = ?1",
	"SELECT EXISTS (SELECT 1 FROM object WHERE okta_id > 'group:' AND okta_id < "
	"'group;')"
	" OR EXISTS (SELECT 1 FROM object WHERE okta_id > 'login:' AND okta_id < "
	"'login;')",
	"SELECT w.kind, o.okta_id, o.name, o.home_name, o.id, o.gone FROM object w JOIN "
	"object o"
	" ON o.name = w.name AND o.kind = w.kind AND o.gone = 0 AND o.id <> w.id"
	" WHERE instr(w.okta_id, ':') > 0 AND instr(o.okta_id, ':') = 0 ORDER BY o.id",
	"SELECT " COLUMNS " FROM object ORDER BY kind, id",
	"SELECT " COLUMNS " FROM object NOT INDEXED ORDER BY id",
	"SELECT okta_id, id FROM object INDEXED BY sqlite_autoindex_object_1 ORDER BY "
	"okta_id",
	"SELECT home_name, id FROM object INDEXED BY sqlite_autoindex_object_2"
	" WHERE home_name IS NOT NULL ORDER BY home_name",
	"SELECT value FROM meta WHERE key = ?1",
	"INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)",
};

/* One message for whatever SQLite says; the remedy depends on who can help. */
enum okta_rc
regdb_fail(const struct okta_registry *reg, struct okta_err *err, int code)
{
	const char *path = reg->path;
	int errnum;

	/* whoever reads alone cannot put back what was before */
	if ((code & 0xff) == SQLITE_READONLY &&
	    sqlite3_extended_errcode(reg->db) == SQLITE_READONLY_ROLLBACK)
		return okta_err_set(err, OKTA_E_SYS,
		    "%s: a write was interrupted: okta-sync --once puts back what was "
		    "before",
		    path);
	switch (code & 0xff) {
	case SQLITE_NOMEM:
		return okta_err_set(err, OKTA_E_NOMEM, "%s: out of memory", path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
	case SQLITE_CONSTRAINT:
	case SQLITE_ERROR:
	case SQLITE_MISMATCH:
		return okta_err_set(err, OKTA_E_INPUT,
		    "%s: is damaged or not ours (%s): move it away and run `oktactl "
		    "registry "
		    "import` on the last good snapshot",
		    path, sqlite3_errstr(code));
	default:
		errnum = sqlite3_system_errno(reg->db);
		if ((code & 0xff) == SQLITE_FULL)
			errnum = ENOSPC;
		if ((code & 0xff) == SQLITE_BUSY || (code & 0xff) == SQLITE_LOCKED)
			errnum = EBUSY;
		if (errnum == 0)
			errnum = EIO;
		return okta_err_sys(err, errnum, "%s: %s", path, sqlite3_errstr(code));
	}
}

enum okta_rc
regdb_run(struct okta_registry *reg, const char *text, struct okta_err *err)
{
	int r = sqlite3_exec(reg->db, text, NULL, NULL, NULL);

	return r == SQLITE_OK ? OKTA_OK : regdb_fail(reg, err, r);
}

/* A statement ready to be bound; the caller resets it with regdb_done(). */
enum okta_rc
regdb_ready(struct okta_registry *reg, enum statement which, sqlite3_stmt **ret,
    struct okta_err *err)
{
	int r;

	if (reg->stmt[which] == NULL) {
		r = sqlite3_prepare_v3(reg->db, regdb_sql[which], -1,
		    SQLITE_PREPARE_PERSISTENT, &reg->stmt[which], NULL);
		if (r != SQLITE_OK)
			return regdb_fail(reg, err, r);
	}
	*ret = reg->stmt[which];
	return OKTA_OK;
}

void
regdb_done(sqlite3_stmt *stmt)
{
	if (stmt == NULL)
		return;
	(void)sqlite3_reset(stmt);
	(void)sqlite3_clear_bindings(stmt);
}

int
regdb_bind_text(sqlite3_stmt *stmt, int n, struct okta_view v)
{
	if (v.len > 1024)
		return SQLITE_TOOBIG;
	return sqlite3_bind_text(
	    stmt, n, v.len == 0 ? "" : v.p, (int)v.len, SQLITE_TRANSIENT);
}

/* One step of a bound statement that has no row to give. */
enum okta_rc
regdb_step_done(
    struct okta_registry *reg, sqlite3_stmt *stmt, int s, struct okta_err *err)
{
	if (s == SQLITE_OK)
		s = sqlite3_step(stmt);
	regdb_done(stmt);
	reg->is_dirty = true;
	return s == SQLITE_DONE ? OKTA_OK : regdb_fail(reg, err, s);
}

enum okta_rc
regdb_scalar(
    struct okta_registry *reg, const char *text, sqlite3_int64 *ret, struct okta_err *err)
{
	sqlite3_stmt *stmt = NULL;
	int s;

	s = sqlite3_prepare_v2(reg->db, text, -1, &stmt, NULL);
	if (s == SQLITE_OK)
		s = sqlite3_step(stmt);
	if (s == SQLITE_ROW)
		*ret = sqlite3_column_int64(stmt, 0);
	(void)sqlite3_finalize(stmt);
	return s == SQLITE_ROW ? OKTA_OK : regdb_fail(reg, err, s);
}

bool
regdb_column_view(sqlite3_stmt *stmt, int n, size_t size, struct okta_view *ret)
{
	const unsigned char *text = sqlite3_column_text(stmt, n);
	int len = sqlite3_column_bytes(stmt, n);

	if (text == NULL)
		len = 0;
	if (len < 0 || (size_t)len >= size ||
	    (len > 0 && memchr(text, '\0', (size_t)len) != NULL))
		return false;
	*ret = (struct okta_view){ len == 0 ? "" : (const char *)text, (size_t)len };
	return true;
}

static void
copy_view(char *dst, struct okta_view v)
{
	memcpy(dst, v.p, v.len);
	dst[v.len] = '\0';
}

bool
regdb_column_text(sqlite3_stmt *stmt, int n, char *dst, size_t size)
{
	struct okta_view v;

	if (!regdb_column_view(stmt, n, size, &v))
		return false;
	copy_view(dst, v);
	return true;
}

/* Nothing out of the file is believed: it lies in the same directory as what it guards.
 */
enum okta_rc
regdb_read_texts(const struct okta_registry *reg, sqlite3_stmt *stmt,
    struct regrow_texts *ret, struct okta_err *err)
{
	const size_t okta_id_size = sizeof(((struct okta_registry_row *)NULL)->okta_id),
		     name_size = sizeof(((struct okta_registry_row *)NULL)->name),
		     home_size = sizeof(((struct okta_registry_row *)NULL)->home_name);
	const sqlite3_int64 id = sqlite3_column_int64(stmt, 4);
	struct okta_view kind;

	if (!regdb_column_view(stmt, 0, 2, &kind) ||
	    (!okta_view_eq_str(kind, "u") && !okta_view_eq_str(kind, "g")) ||
	    !regdb_column_view(stmt, 1, okta_id_size, &ret->okta_id) ||
	    !regdb_column_view(stmt, 2, name_size, &ret->name) ||
	    !regdb_column_view(stmt, 3, home_size, &ret->home_name) || id < 1000 ||
	    id > 2147483646)
		return regdb_fail(reg, err, SQLITE_CORRUPT);
	ret->kind = kind.p[0] == 'u' ? OKTA_REGISTRY_USER : OKTA_REGISTRY_GROUP;
	ret->id = (uint32_t)id;
	ret->gone = sqlite3_column_int(stmt, 5) != 0;
	return OKTA_OK;
}

static enum okta_rc
read_row(const struct okta_registry *reg, sqlite3_stmt *stmt,
    struct okta_registry_row *ret, struct okta_err *err)
{
	struct okta_registry_row row = { 0 };
	struct regrow_texts texts;
	enum okta_rc r = regdb_read_texts(reg, stmt, &texts, err);

	if (r != OKTA_OK)
		return r;
	row.kind = texts.kind;
	row.id = texts.id;
	row.gone = texts.gone;
	copy_view(row.okta_id, texts.okta_id);
	copy_view(row.name, texts.name);
	copy_view(row.home_name, texts.home_name);
	*ret = row;
	return OKTA_OK;
}

/* Step a bound query for one row: OKTA_OK, OKTA_E_NOTFOUND or a failure. */
static enum okta_rc
one_row(struct okta_registry *reg, sqlite3_stmt *stmt, struct okta_registry_row *ret,
    struct okta_err *err)
{
	enum okta_rc rc;
	int r = sqlite3_step(stmt);

	if (r == SQLITE_ROW)
		rc = read_row(reg, stmt, ret, err);
	else if (r == SQLITE_DONE)
		rc = OKTA_E_NOTFOUND;
	else
		rc = regdb_fail(reg, err, r);
	regdb_done(stmt);
	return rc;
}

enum okta_rc
regdb_by_okta_id(struct okta_registry *reg, struct okta_view okta_id,
    struct okta_registry_row *ret, struct okta_err *err)
{
	const struct regrow *row;
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	int b;

	if (reg->rows != NULL) {
		row = regrows_by_okta_id(reg->rows, okta_id);
		if (row != NULL)
			regrows_copy(row, ret);
		return row != NULL ? OKTA_OK : OKTA_E_NOTFOUND;
	}
	r = regdb_ready(reg, GET_BY_OKTA_ID, &stmt, err);
	if (r != OKTA_OK)
		return r;
	b = regdb_bind_text(stmt, 1, okta_id);
	if (b != SQLITE_OK)
		return regdb_fail(reg, err, b);
	return one_row(reg, stmt, ret, err);
}

enum okta_rc
regdb_by_id(struct okta_registry *reg, uint32_t id, struct okta_registry_row *ret,
    struct okta_err *err)
{
	struct regrow *row = NULL;
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	int b;

	if (reg->rows != NULL) {
		r = regrows_by_id(reg->rows, id, &row);
		if (r == OKTA_OK)
			regrows_copy(row, ret);
		return r == OKTA_OK || r == OKTA_E_NOTFOUND
			   ? r
			   : regdb_rows_failed(reg, r, err);
	}
	r = regdb_ready(reg, GET_BY_ID, &stmt, err);
	if (r != OKTA_OK)
		return r;
	b = sqlite3_bind_int64(stmt, 1, id);
	if (b != SQLITE_OK)
		return regdb_fail(reg, err, b);
	return one_row(reg, stmt, ret, err);
}

enum okta_rc
regdb_has_home(
    struct okta_registry *reg, const char *home_name, bool *ret, struct okta_err *err)
{
	struct regrow *row = NULL;
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	int s;

	if (reg->rows != NULL) {
		r = regrows_by_home(reg->rows, okta_view_str(home_name), &row);
		*ret = r == OKTA_OK;
		return r == OKTA_OK || r == OKTA_E_NOTFOUND
			   ? OKTA_OK
			   : regdb_rows_failed(reg, r, err);
	}
	r = regdb_ready(reg, GET_BY_HOME, &stmt, err);
	if (r != OKTA_OK)
		return r;
	s = regdb_bind_text(stmt, 1, okta_view_str(home_name));
	if (s == SQLITE_OK)
		s = sqlite3_step(stmt);
	regdb_done(stmt);
	if (s != SQLITE_ROW && s != SQLITE_DONE)
		return regdb_fail(reg, err, s);
	*ret = s == SQLITE_ROW;
	return OKTA_OK;
}

enum okta_rc
regdb_insert(
    struct okta_registry *reg, const struct okta_registry_row *row, struct okta_err *err)
{
	const char kind[2] = { (char)row->kind, '\0' };
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	int s;

	r = regdb_ready(reg, INSERT, &stmt, err);
	if (r != OKTA_OK)
		return r;
	s = sqlite3_bind_int64(stmt, 1, row->id);
	if (s == SQLITE_OK)
		s = regdb_bind_text(stmt, 2, okta_view_str(kind));
	if (s == SQLITE_OK)
		s = regdb_bind_text(stmt, 3, okta_view_str(row->okta_id));
	if (s == SQLITE_OK)
		s = regdb_bind_text(stmt, 4, okta_view_str(row->name));
	if (s == SQLITE_OK && row->kind == OKTA_REGISTRY_USER)
		s = regdb_bind_text(stmt, 5, okta_view_str(row->home_name));
	if (s == SQLITE_OK)
		s = sqlite3_bind_int(stmt, 6, row->gone);
	r = regdb_step_done(reg, stmt, s, err);
	if (r == OKTA_OK && reg->rows != NULL)
		r = regdb_remember(reg, row, err);
	return r;
}

enum okta_rc
regdb_each(struct okta_registry *reg, enum statement which,
    enum okta_rc (*fn)(void *ctx, const struct okta_registry_row *row), void *ctx,
    struct okta_err *err)
{
	struct okta_registry_row row;
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	int s = SQLITE_DONE;

	r = regdb_ready(reg, which, &stmt, err);
	while (r == OKTA_OK && (s = sqlite3_step(stmt)) == SQLITE_ROW) {
		r = read_row(reg, stmt, &row, err);
		if (r == OKTA_OK)
			r = fn(ctx, &row);
	}
	regdb_done(stmt);
	if (r == OKTA_OK && s != SQLITE_DONE)
		r = regdb_fail(reg, err, s);
	return r;
}
