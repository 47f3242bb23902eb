/* SPDX-License-Identifier: BSD-2-Clause */
#include "registry/registry.h"

#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "registry/alloc.h"

#define APPLICATION_ID 0x4f6b7461 /* "Okta", so that file(1) and we know our own */
#define SCHEMA_VERSION 1
#define BUSY_MS	       5000

/* The id is the row's key: that two objects share one is impossible, not merely checked.
 */
static const char schema[] =
    "CREATE TABLE meta (key TEXT PRIMARY KEY NOT NULL, value NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE object ("
    " id INTEGER PRIMARY KEY NOT NULL CHECK (id BETWEEN 1000 AND 2147483646),"
    " kind TEXT NOT NULL CHECK (kind IN ('u', 'g')),"
    " okta_id TEXT NOT NULL UNIQUE CHECK (length(okta_id) BETWEEN 1 AND 64),"
    " name TEXT NOT NULL CHECK (length(name) BETWEEN 1 AND 32),"
    " home_name TEXT UNIQUE CHECK ((kind = 'u') = (home_name IS NOT NULL)),"
    " gone INTEGER NOT NULL DEFAULT 0 CHECK (gone IN (0, 1)));";

enum statement {
	GET_BY_OKTA_ID,
	GET_BY_ID,
	GET_BY_HOME,
	INSERT,
	UPDATE,
	EACH_ALIVE,
	BURY,
	EACH,
	META_GET,
	META_SET,
	STATEMENTS
};

#define COLUMNS "kind, okta_id, name, home_name, id, gone"

static const char *const sql[STATEMENTS] = {
	"SELECT " COLUMNS " FROM object WHERE okta_id = ?1",
	"SELECT " COLUMNS " FROM object WHERE id = ?1",
	"SELECT id FROM object WHERE home_name = ?1",
	"INSERT INTO object (id, kind, okta_id, name, home_name, gone)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
	"UPDATE object SET name = ?2, gone = 0 WHERE id = ?1",
	"SELECT id FROM object WHERE gone = 0",
	"UPDATE object SET gone = 1 WHERE id = ?1",
	"SELECT " COLUMNS " FROM object ORDER BY kind, id",
	"SELECT value FROM meta WHERE key = ?1",
	"INSERT OR REPLACE INTO meta (key, value) VALUES (?1, ?2)",
};

struct okta_registry {
	sqlite3 *db;
	char *path;
	sqlite3_stmt *stmt[STATEMENTS];
	uint32_t *seen; /* ids assigned since begin() */
	size_t n_seen, max_seen;
};

/* One message for whatever SQLite says; the remedy depends on who can help. */
static enum okta_rc
fail(const struct okta_registry *reg, struct okta_err *err, int code)
{
	const char *path = reg->path;
	int errnum;

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

static enum okta_rc
run(struct okta_registry *reg, const char *text, struct okta_err *err)
{
	int r = sqlite3_exec(reg->db, text, NULL, NULL, NULL);

	return r == SQLITE_OK ? OKTA_OK : fail(reg, err, r);
}

/* A statement ready to be bound; the caller resets it with done(). */
static enum okta_rc
ready(struct okta_registry *reg, enum statement which, sqlite3_stmt **ret,
    struct okta_err *err)
{
	int r;

	if (reg->stmt[which] == NULL) {
		r = sqlite3_prepare_v3(reg->db, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
		    &reg->stmt[which], NULL);
		if (r != SQLITE_OK)
			return fail(reg, err, r);
	}
	*ret = reg->stmt[which];
	return OKTA_OK;
}

static void
done(sqlite3_stmt *stmt)
{
	if (stmt == NULL)
		return;
	(void)sqlite3_reset(stmt);
	(void)sqlite3_clear_bindings(stmt);
}

static int
bind_text(sqlite3_stmt *stmt, int n, struct okta_view v)
{
	if (v.len > 1024)
		return SQLITE_TOOBIG;
	return sqlite3_bind_text(
	    stmt, n, v.len == 0 ? "" : v.p, (int)v.len, SQLITE_TRANSIENT);
}

/* --- rows
 * ---------------------------------------------------------------------------------- */

static bool
column_text(sqlite3_stmt *stmt, int n, char *dst, size_t size)
{
	const unsigned char *text = sqlite3_column_text(stmt, n);
	int len = sqlite3_column_bytes(stmt, n);

	if (text == NULL)
		len = 0;
	if (len < 0 || (size_t)len >= size ||
	    (len > 0 && memchr(text, '\0', (size_t)len) != NULL))
		return false;
	if (len > 0)
		memcpy(dst, text, (size_t)len);
	dst[len] = '\0';
	return true;
}

/* Nothing out of the file is believed: it lies in the same directory as what it guards.
 */
static enum okta_rc
read_row(const struct okta_registry *reg, sqlite3_stmt *stmt,
    struct okta_registry_row *ret, struct okta_err *err)
{
	struct okta_registry_row row = { 0 };
	char kind[2];
	sqlite3_int64 id = sqlite3_column_int64(stmt, 4);

	if (!column_text(stmt, 0, kind, sizeof(kind)) ||
	    (kind[0] != 'u' && kind[0] != 'g') ||
	    !column_text(stmt, 1, row.okta_id, sizeof(row.okta_id)) ||
	    !column_text(stmt, 2, row.name, sizeof(row.name)) ||
	    !column_text(stmt, 3, row.home_name, sizeof(row.home_name)) || id < 1000 ||
	    id > 2147483646)
		return fail(reg, err, SQLITE_CORRUPT);
	row.kind = kind[0] == 'u' ? OKTA_REGISTRY_USER : OKTA_REGISTRY_GROUP;
	row.id = (uint32_t)id;
	row.gone = sqlite3_column_int(stmt, 5) != 0;
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
		rc = fail(reg, err, r);
	done(stmt);
	return rc;
}

static enum okta_rc
by_okta_id(struct okta_registry *reg, struct okta_view okta_id,
    struct okta_registry_row *ret, struct okta_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	int b;

	r = ready(reg, GET_BY_OKTA_ID, &stmt, err);
	if (r != OKTA_OK)
		return r;
	b = bind_text(stmt, 1, okta_id);
	if (b != SQLITE_OK)
		return fail(reg, err, b);
	return one_row(reg, stmt, ret, err);
}

static enum okta_rc
by_id(struct okta_registry *reg, uint32_t id, struct okta_registry_row *ret,
    struct okta_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	int b;

	r = ready(reg, GET_BY_ID, &stmt, err);
	if (r != OKTA_OK)
		return r;
	b = sqlite3_bind_int64(stmt, 1, id);
	if (b != SQLITE_OK)
		return fail(reg, err, b);
	return one_row(reg, stmt, ret, err);
}

static enum okta_rc
has_home(
    struct okta_registry *reg, const char *home_name, bool *ret, struct okta_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	int s;

	r = ready(reg, GET_BY_HOME, &stmt, err);
	if (r != OKTA_OK)
		return r;
	s = bind_text(stmt, 1, okta_view_str(home_name));
	if (s == SQLITE_OK)
		s = sqlite3_step(stmt);
	done(stmt);
	if (s != SQLITE_ROW && s != SQLITE_DONE)
		return fail(reg, err, s);
	*ret = s == SQLITE_ROW;
	return OKTA_OK;
}

static enum okta_rc
insert(
    struct okta_registry *reg, const struct okta_registry_row *row, struct okta_err *err)
{
	const char kind[2] = { (char)row->kind, '\0' };
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	int s;

	r = ready(reg, INSERT, &stmt, err);
	if (r != OKTA_OK)
		return r;
	s = sqlite3_bind_int64(stmt, 1, row->id);
	if (s == SQLITE_OK)
		s = bind_text(stmt, 2, okta_view_str(kind));
	if (s == SQLITE_OK)
		s = bind_text(stmt, 3, okta_view_str(row->okta_id));
	if (s == SQLITE_OK)
		s = bind_text(stmt, 4, okta_view_str(row->name));
	if (s == SQLITE_OK && row->kind == OKTA_REGISTRY_USER)
		s = bind_text(stmt, 5, okta_view_str(row->home_name));
	if (s == SQLITE_OK)
		s = sqlite3_bind_int(stmt, 6, row->gone);
	if (s == SQLITE_OK)
		s = sqlite3_step(stmt);
	done(stmt);
	return s == SQLITE_DONE ? OKTA_OK : fail(reg, err, s);
}

/* --- constants
 * ----------------------------------------------------------------------------- */

static enum okta_rc
meta_get(struct okta_registry *reg, const char *key, sqlite3_int64 *ret_n, char *ret_text,
    size_t size, struct okta_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	int s;

	r = ready(reg, META_GET, &stmt, err);
	if (r != OKTA_OK)
		return r;
	s = bind_text(stmt, 1, okta_view_str(key));
	if (s == SQLITE_OK)
		s = sqlite3_step(stmt);
	if (s == SQLITE_ROW && ret_n != NULL)
		*ret_n = sqlite3_column_int64(stmt, 0);
	if (s == SQLITE_ROW && ret_text != NULL && !column_text(stmt, 0, ret_text, size))
		s = SQLITE_CORRUPT;
	done(stmt);
	if (s == SQLITE_ROW)
		return OKTA_OK;
	return fail(reg, err, s == SQLITE_DONE ? SQLITE_CORRUPT : s);
}

static enum okta_rc
meta_set(struct okta_registry *reg, const char *key, sqlite3_int64 n,
    const struct okta_view *v, struct okta_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	int s;

	r = ready(reg, META_SET, &stmt, err);
	if (r != OKTA_OK)
		return r;
	s = bind_text(stmt, 1, okta_view_str(key));
	if (s == SQLITE_OK)
		s = v != NULL ? bind_text(stmt, 2, *v) : sqlite3_bind_int64(stmt, 2, n);
	if (s == SQLITE_OK)
		s = sqlite3_step(stmt);
	done(stmt);
	return s == SQLITE_DONE ? OKTA_OK : fail(reg, err, s);
}

/* --- opening
 * ------------------------------------------------------------------------------- */

/* SQLite would make the file with the umask's mode: make it first, for the owner alone.
 */
static enum okta_rc
check_file(const char *path, bool read_only, struct okta_err *err)
{
	struct stat st;
	enum okta_rc rc = OKTA_OK;
	int fd;

	fd = open(path,
	    (read_only ? O_RDONLY : O_RDWR | O_CREAT) | O_NOFOLLOW | O_CLOEXEC |
		O_NONBLOCK,
	    0600);
	if (fd < 0) {
		rc = okta_err_sys(err, errno, "%s: cannot open", path);
		if (errno == ENOENT && err != NULL)
			err->rc = OKTA_E_NOTFOUND;
		return errno == ENOENT ? OKTA_E_NOTFOUND : rc;
	}
	if (fstat(fd, &st) < 0)
		rc = okta_err_sys(err, errno, "%s: cannot stat", path);
	else if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
		 (st.st_mode & 077) != 0)
		rc = okta_err_set(err, OKTA_E_UNTRUSTED,
		    "%s: must be a regular file of uid %lu that nobody else can reach: "
		    "chmod "
		    "600 it",
		    path, (unsigned long)geteuid());
	(void)close(fd);
	return rc;
}

static enum okta_rc
pragma_int(
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
	return s == SQLITE_ROW ? OKTA_OK : fail(reg, err, s);
}

/* An index that lost an entry could hide who owns an id: look at all of it before
 * writing. */
static enum okta_rc
check_integrity(struct okta_registry *reg, struct okta_err *err)
{
	sqlite3_stmt *stmt = NULL;
	bool sound = false;
	int s;

	s = sqlite3_prepare_v2(reg->db, "PRAGMA integrity_check(1)", -1, &stmt, NULL);
	if (s == SQLITE_OK)
		s = sqlite3_step(stmt);
	if (s == SQLITE_ROW)
		sound = strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
	(void)sqlite3_finalize(stmt);
	if (s != SQLITE_ROW)
		return fail(reg, err, s);
	return sound ? OKTA_OK : fail(reg, err, SQLITE_CORRUPT);
}

static enum okta_rc
make_schema(struct okta_registry *reg, struct okta_view org_url, struct okta_err *err)
{
	enum okta_rc r;
	uint64_t seed;
	char version[96];

	if (getrandom(&seed, sizeof(seed), 0) != (ssize_t)sizeof(seed))
		return okta_err_sys(err, errno, "%s: getrandom", reg->path);
	(void)snprintf(version, sizeof(version),
	    "PRAGMA application_id = %d; PRAGMA user_version = %d;", APPLICATION_ID,
	    SCHEMA_VERSION);
	r = run(reg, "BEGIN EXCLUSIVE", err);
	if (r == OKTA_OK)
		r = run(reg, schema, err);
	if (r == OKTA_OK)
		r = run(reg, version, err);
	if (r == OKTA_OK)
		r = meta_set(reg, "org_url", 0, &org_url, err);
	if (r == OKTA_OK)
		r = meta_set(reg, "seed", (sqlite3_int64)(seed >> 1), NULL, err);
	if (r == OKTA_OK)
		r = meta_set(reg, "generation", 0, NULL, err);
	if (r == OKTA_OK)
		r = run(reg, "COMMIT", err);
	return r;
}

static enum okta_rc
check_org(struct okta_registry *reg, struct okta_view org_url, struct okta_err *err)
{
	char mine[300], theirs[300];
	enum okta_rc r;

	r = meta_get(reg, "org_url", NULL, mine, sizeof(mine), err);
	if (r != OKTA_OK)
		return r;
	if (okta_view_eq_str(org_url, mine))
		return OKTA_OK;
	okta_text_sanitize(theirs, sizeof(theirs), org_url);
	return okta_err_set(err, OKTA_E_CONFLICT,
	    "%s: belongs to the org %s, not to %s: another org's people must not inherit "
	    "its ids; "
	    "use another state directory or move the whole of this one away",
	    reg->path, mine, theirs);
}

static enum okta_rc
check_ours(struct okta_registry *reg, struct okta_view org_url, bool read_only,
    struct okta_err *err)
{
	sqlite3_int64 tables = 0, app = 0, version = 0;
	enum okta_rc r;

	r = pragma_int(reg, "SELECT count(*) FROM sqlite_master", &tables, err);
	if (r == OKTA_OK)
		r = pragma_int(reg, "PRAGMA application_id", &app, err);
	if (r == OKTA_OK)
		r = pragma_int(reg, "PRAGMA user_version", &version, err);
	if (r != OKTA_OK)
		return r;
	if (tables == 0 && app == 0 && !read_only) {
		r = make_schema(reg, org_url, err);
		if (r != OKTA_OK)
			return r;
	} else if (tables == 0 && app == 0) {
		return okta_err_set(err, OKTA_E_NOTFOUND, "%s: is empty", reg->path);
	} else if (app != APPLICATION_ID || version != SCHEMA_VERSION) {
		return fail(reg, err, SQLITE_NOTADB);
	}
	if (!read_only) {
		r = check_integrity(reg, err);
		if (r != OKTA_OK)
			return r;
	}
	return check_org(reg, org_url, err);
}

enum okta_rc
okta_registry_open(const char *path, struct okta_view org_url, bool read_only,
    struct okta_registry **ret, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_registry *reg = NULL;
	int s;

	r = check_file(path, read_only, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	reg = calloc(1, sizeof(*reg));
	if (reg != NULL)
		reg->path = okta_view_dup(okta_view_str(path));
	if (reg == NULL || reg->path == NULL) {
		rc = okta_err_set(err, OKTA_E_NOMEM, "%s: out of memory", path);
		goto out;
	}
	s = sqlite3_open_v2(path, &reg->db,
	    (read_only ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE) |
		SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE,
	    NULL);
	if (s != SQLITE_OK) {
		rc = fail(reg, err, s);
		goto out;
	}
	(void)sqlite3_busy_timeout(reg->db, BUSY_MS);
	/* EXTRA also syncs the directory after the journal is gone, so that a commit that
	 * was answered can never be rolled back by the next start after a power cut */
	r = run(reg,
	    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA "
	    "synchronous = "
	    "EXTRA; PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY;",
	    err);
	if (r == OKTA_OK)
		r = check_ours(reg, org_url, read_only, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}

	*ret = reg;
	reg = NULL;
	rc = OKTA_OK;
out:
	okta_registry_close(&reg);
	return rc;
}

void
okta_registry_close(struct okta_registry **reg)
{
	struct okta_registry *r = *reg;
	int i;

	if (r == NULL)
		return;
	for (i = 0; i < STATEMENTS; i++)
		(void)sqlite3_finalize(r->stmt[i]);
	(void)sqlite3_close(r->db); /* rolls an open transaction back */
	free(r->seen);
	free(r->path);
	free(r);
	*reg = NULL;
}

/* --- transactions
 * -------------------------------------------------------------------------- */

enum okta_rc
okta_registry_begin(struct okta_registry *reg, struct okta_err *err)
{
	reg->n_seen = 0;
	return run(reg, "BEGIN IMMEDIATE", err);
}

enum okta_rc
okta_registry_commit(struct okta_registry *reg, struct okta_err *err)
{
	return run(reg, "COMMIT", err);
}

enum okta_rc
okta_registry_seed(struct okta_registry *reg, uint64_t *ret, struct okta_err *err)
{
	sqlite3_int64 n = 0;
	enum okta_rc r;

	r = meta_get(reg, "seed", &n, NULL, 0, err);
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

	r = meta_get(reg, "generation", &n, NULL, 0, err);
	if (r != OKTA_OK)
		return r;
	if (n < 0 || n >= INT64_MAX - 1)
		return fail(reg, err, SQLITE_CORRUPT);
	r = meta_set(reg, "generation", n + 1, NULL, err);
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

	r = meta_get(reg, "generation", &n, NULL, 0, err);
	if (r != OKTA_OK || at_least >= INT64_MAX - 1 || n >= (sqlite3_int64)at_least)
		return r;
	return meta_set(reg, "generation", (sqlite3_int64)at_least, NULL, err);
}

/* --- assigning
 * ----------------------------------------------------------------------------- */

static enum okta_rc
mark_seen(struct okta_registry *reg, uint32_t id, struct okta_err *err)
{
	uint32_t *more;
	size_t max;

	if (reg->n_seen == reg->max_seen) {
		max = reg->max_seen == 0 ? 1024 : reg->max_seen * 2;
		more = reallocarray(reg->seen, max, sizeof(*more));
		if (more == NULL)
			return okta_err_set(
			    err, OKTA_E_NOMEM, "%s: out of memory", reg->path);
		reg->seen = more;
		reg->max_seen = max;
	}
	reg->seen[reg->n_seen++] = id;
	return OKTA_OK;
}

struct taken {
	struct okta_registry *reg;
	const struct okta_registry_want *want;
	struct okta_err *err;
};

static enum okta_rc
is_taken(void *ctx, uint32_t id, bool *ret)
{
	const struct taken *t = ctx;
	struct okta_registry_row row;
	enum okta_rc r;

	r = by_id(t->reg, id, &row, t->err);
	if (r != OKTA_OK && r != OKTA_E_NOTFOUND)
		return r;
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
	r = by_id(reg, want->wanted_id, &owner, err);
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

	memcpy(row.okta_id, want->okta_id.p, want->okta_id.len);
	memcpy(row.name, want->name.p, want->name.len);
	r = choose_id(reg, want, &row.id, err);
	if (r != OKTA_OK)
		return r;
	if (want->kind == OKTA_REGISTRY_USER) {
		/* a person who takes over a name must not find the predecessor's files */
		r = has_home(reg, row.name, &used, err);
		if (r != OKTA_OK)
			return r;
		if (used)
			(void)snprintf(row.home_name, sizeof(row.home_name), "%s-%u",
			    row.name, row.id);
		else
			memcpy(row.home_name, row.name, sizeof(row.name));
	}
	r = insert(reg, &row, err);
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
	r = ready(reg, UPDATE, &stmt, err);
	if (r != OKTA_OK)
		return r;
	s = sqlite3_bind_int64(stmt, 1, row->id);
	if (s == SQLITE_OK)
		s = bind_text(stmt, 2, want->name);
	if (s == SQLITE_OK)
		s = sqlite3_step(stmt);
	done(stmt);
	return s == SQLITE_DONE ? OKTA_OK : fail(reg, err, s);
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

	if (!fits(want->okta_id, sizeof(row.okta_id)) ||
	    !fits(want->name, sizeof(row.name)))
		return okta_err_set(
		    err, OKTA_E_INPUT, "okta id or name is empty or too long");
	r = by_okta_id(reg, want->okta_id, &row, err);
	if (r != OKTA_OK && r != OKTA_E_NOTFOUND)
		return r;
	known = r == OKTA_OK;
	r = known ? assign_known(reg, want, &row, err) : assign_new(reg, want, &row, err);
	if (r == OKTA_OK)
		r = mark_seen(reg, row.id, err);
	if (r != OKTA_OK)
		return r;
	*ret = row;
	*ret_changed = known && want->wanted_id != 0 && want->wanted_id != row.id;
	return OKTA_OK;
}

enum okta_rc
okta_registry_find(struct okta_registry *reg, struct okta_view okta_id,
    struct okta_registry_row *ret, struct okta_err *err)
{
	return by_okta_id(reg, okta_id, ret, err);
}

/* --- tombstones
 * ---------------------------------------------------------------------------- */

static int
compare_ids(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* The ids of living rows that were not seen; the caller frees *ret. */
static enum okta_rc
absent_ids(struct okta_registry *reg, uint32_t **ret, size_t *ret_n, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	sqlite3_stmt *stmt = NULL;
	uint32_t *ids = NULL, *more, id;
	size_t n = 0, max = 0;
	int s;

	if (reg->n_seen > 0)
		qsort(reg->seen, reg->n_seen, sizeof(*reg->seen), compare_ids);
	r = ready(reg, EACH_ALIVE, &stmt, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	while ((s = sqlite3_step(stmt)) == SQLITE_ROW) {
		id = (uint32_t)sqlite3_column_int64(stmt, 0);
		if (reg->n_seen > 0 &&
		    bsearch(&id, reg->seen, reg->n_seen, sizeof(id), compare_ids) != NULL)
			continue;
		if (n == max) {
			max = max == 0 ? 64 : max * 2;
			more = reallocarray(ids, max, sizeof(*ids));
			if (more == NULL) {
				rc = okta_err_set(err, OKTA_E_NOMEM, "out of memory");
				goto out;
			}
			ids = more;
		}
		ids[n++] = id;
	}
	if (s != SQLITE_DONE) {
		rc = fail(reg, err, s);
		goto out;
	}

	*ret = ids;
	*ret_n = n;
	ids = NULL;
	rc = OKTA_OK;
out:
	done(stmt);
	free(ids);
	return rc;
}

static enum okta_rc
bury(struct okta_registry *reg, const uint32_t *ids, size_t n, struct okta_err *err)
{
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	size_t i;
	int s;

	r = ready(reg, BURY, &stmt, err);
	for (i = 0; r == OKTA_OK && i < n; i++) {
		s = sqlite3_bind_int64(stmt, 1, ids[i]);
		if (s == SQLITE_OK)
			s = sqlite3_step(stmt);
		done(stmt);
		if (s != SQLITE_DONE)
			r = fail(reg, err, s);
	}
	return r;
}

enum okta_rc
okta_registry_bury_absent(
    struct okta_registry *reg, size_t *ret_gone, struct okta_err *err)
{
	bool own = sqlite3_get_autocommit(reg->db) != 0;
	uint32_t *ids = NULL;
	size_t n = 0;
	enum okta_rc r;

	r = absent_ids(reg, &ids, &n, err);
	if (r == OKTA_OK && n > 0) {
		if (own)
			r = run(reg, "BEGIN IMMEDIATE", err);
		if (r == OKTA_OK)
			r = bury(reg, ids, n, err);
		if (r == OKTA_OK && own)
			r = run(reg, "COMMIT", err);
		else if (own)
			(void)run(reg, "ROLLBACK", NULL);
	}
	free(ids);
	if (r == OKTA_OK)
		*ret_gone = n;
	return r;
}

/* --- import and listing
 * -------------------------------------------------------------------- */

enum okta_rc
okta_registry_restore(
    struct okta_registry *reg, const struct okta_registry_row *row, struct okta_err *err)
{
	struct okta_registry_row have;
	bool used = false;
	enum okta_rc r;

	r = by_okta_id(reg, okta_view_str(row->okta_id), &have, err);
	if (r == OKTA_OK && (have.id != row->id || have.kind != row->kind))
		return okta_err_set(err, OKTA_E_CONFLICT,
		    "%s (%s): has id %u here, %u there", row->name, row->okta_id, have.id,
		    row->id);
	if (r != OKTA_E_NOTFOUND)
		return r; /* there already, or a failure */
	r = by_id(reg, row->id, &have, err);
	if (r == OKTA_OK)
		return okta_err_set(err, OKTA_E_CONFLICT,
		    "%s (%s): id %u belongs to %s (%s) here", row->name, row->okta_id,
		    row->id, have.name, have.okta_id);
	if (r != OKTA_E_NOTFOUND)
		return r;
	if (row->kind == OKTA_REGISTRY_USER) {
		r = has_home(reg, row->home_name, &used, err);
		if (r != OKTA_OK)
			return r;
		if (used)
			return okta_err_set(err, OKTA_E_CONFLICT,
			    "%s (%s): home name %s belongs to somebody else here",
			    row->name, row->okta_id, row->home_name);
	}
	return insert(reg, row, err);
}

enum okta_rc
okta_registry_each(struct okta_registry *reg,
    enum okta_rc (*fn)(void *ctx, const struct okta_registry_row *row), void *ctx,
    struct okta_err *err)
{
	struct okta_registry_row row;
	sqlite3_stmt *stmt = NULL;
	enum okta_rc r;
	int s = SQLITE_DONE;

	r = ready(reg, EACH, &stmt, err);
	while (r == OKTA_OK && (s = sqlite3_step(stmt)) == SQLITE_ROW) {
		r = read_row(reg, stmt, &row, err);
		if (r == OKTA_OK)
			r = fn(ctx, &row);
	}
	done(stmt);
	if (r == OKTA_OK && s != SQLITE_DONE)
		r = fail(reg, err, s);
	return r;
}
