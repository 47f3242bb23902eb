/* SPDX-License-Identifier: BSD-2-Clause */
/* common/registry/db.h - the statements behind registry.h; for this folder alone.
 * Floor 2: base.
 */
#ifndef OKTA_REGISTRY_DB_H
#define OKTA_REGISTRY_DB_H

#include <sqlite3.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"
#include "registry/registry.h"
#include "registry/rows.h"

enum statement {
	GET_BY_OKTA_ID,
	GET_BY_ID,
	GET_BY_HOME,
	INSERT,
	UPDATE,
	BURY,
	BIND,
	FORGET,
	ANY_WAITING,
	KNOWN_BY_WAITING_NAME,
	EACH,
	EACH_BY_ID,
	INDEX_OF_OKTA_IDS,
	INDEX_OF_HOMES,
	META_GET,
	META_SET,
	STATEMENTS
};

extern const char *const regdb_sql[STATEMENTS];

struct okta_registry {
	sqlite3 *db;
	char *path;
	sqlite3_stmt *stmt[STATEMENTS];
	struct regrows *rows;  /* all of them; NULL: opened read-only */
	sqlite3_int64 rows_of; /* the file's version that was read */
	bool is_dirty;	       /* and what was changed since and not committed */
	bool any_waiting;      /* as of begin() */
};

/* One message for whatever SQLite says. */
enum okta_rc regdb_fail(const struct okta_registry *reg, struct okta_err *err, int code);
enum okta_rc regdb_run(struct okta_registry *reg, const char *text, struct okta_err *err);

/* A statement ready to be bound; the caller resets it with regdb_done(). */
OKTA_MUST_CHECK enum okta_rc regdb_ready(struct okta_registry *reg, enum statement which,
    sqlite3_stmt **ret, struct okta_err *err);
void regdb_done(sqlite3_stmt *stmt);
/* SQLite's code. */
int regdb_bind_text(sqlite3_stmt *stmt, int n, struct okta_view v);
/* False: SIZE bytes or more, or a NUL inside.  The view is good until the next step. */
bool regdb_column_view(sqlite3_stmt *stmt, int n, size_t size, struct okta_view *ret);
/* The same, copied with a NUL to the SIZE bytes at DST. */
bool regdb_column_text(sqlite3_stmt *stmt, int n, char *dst, size_t size);
/* The row that STMT, which selects all columns, stands on.  OKTA_E_INPUT. */
OKTA_MUST_CHECK enum okta_rc regdb_read_texts(const struct okta_registry *reg,
    sqlite3_stmt *stmt, struct regrow_texts *ret, struct okta_err *err);
/* One step of a statement that has no row to give, S being the result of binding it. */
OKTA_MUST_CHECK enum okta_rc regdb_step_done(
    struct okta_registry *reg, sqlite3_stmt *stmt, int s, struct okta_err *err);
/* The first column of the first row of TEXT. */
OKTA_MUST_CHECK enum okta_rc regdb_scalar(struct okta_registry *reg, const char *text,
    sqlite3_int64 *ret, struct okta_err *err);

/* load.c: all rows into memory, in a transaction of the caller's.  OKTA_E_INPUT: two of
 * them claim one id, or an index of the file says otherwise. */
OKTA_MUST_CHECK enum okta_rc regdb_load(struct okta_registry *reg, struct okta_err *err);
/* True if somebody else changed the file since. */
OKTA_MUST_CHECK enum okta_rc regdb_is_stale(
    struct okta_registry *reg, bool *ret, struct okta_err *err);
OKTA_MUST_CHECK enum okta_rc regdb_remember(
    struct okta_registry *reg, const struct okta_registry_row *row, struct okta_err *err);
/* What R, a failure of rows.h, is for whoever asked. */
OKTA_MUST_CHECK enum okta_rc regdb_rows_failed(
    const struct okta_registry *reg, enum okta_rc r, struct okta_err *err);

/* Rows, out of memory once they are there: OKTA_E_NOTFOUND when there is none. */
OKTA_MUST_CHECK enum okta_rc regdb_by_okta_id(struct okta_registry *reg,
    struct okta_view okta_id, struct okta_registry_row *ret, struct okta_err *err);
OKTA_MUST_CHECK enum okta_rc regdb_by_id(struct okta_registry *reg, uint32_t id,
    struct okta_registry_row *ret, struct okta_err *err);
OKTA_MUST_CHECK enum okta_rc regdb_has_home(
    struct okta_registry *reg, const char *home_name, bool *ret, struct okta_err *err);
OKTA_MUST_CHECK enum okta_rc regdb_insert(
    struct okta_registry *reg, const struct okta_registry_row *row, struct okta_err *err);
OKTA_MUST_CHECK enum okta_rc regdb_each(struct okta_registry *reg, enum statement which,
    enum okta_rc (*fn)(void *ctx, const struct okta_registry_row *row), void *ctx,
    struct okta_err *err);

/* meta.c: a constant; exactly one of the two forms is wanted. */
OKTA_MUST_CHECK enum okta_rc regdb_meta_get(struct okta_registry *reg, const char *key,
    sqlite3_int64 *ret_n, char *ret_text, size_t size, struct okta_err *err);
OKTA_MUST_CHECK enum okta_rc regdb_meta_set(struct okta_registry *reg, const char *key,
    sqlite3_int64 n, const struct okta_view *v, struct okta_err *err);

/* waiting.c: the id of a waiting ROW is OKTA_ID's from now on. */
OKTA_MUST_CHECK enum okta_rc regdb_bind_waiting(struct okta_registry *reg,
    struct okta_view okta_id, struct okta_registry_row *row, struct okta_err *err);
/* OKTA_OK: an id waited for the new object WANT and is its own now; OKTA_E_NOTFOUND. */
OKTA_MUST_CHECK enum okta_rc regdb_take_waiting(struct okta_registry *reg,
    const struct okta_registry_want *want, struct okta_err *err);

#endif /* OKTA_REGISTRY_DB_H */
