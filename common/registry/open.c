/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "registry/db.h"

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

/*
 * All of it, before anything is written.  Whether the indexes agree with the table is
 * asked while the rows are read (load.c), in a third of the time SQLite takes for it.
 */
static enum okta_rc
check_integrity(struct okta_registry *reg, struct okta_err *err)
{
	sqlite3_stmt *stmt = NULL;
	bool sound = false;
	int s;

	s = sqlite3_prepare_v2(reg->db, "PRAGMA quick_check(1)", -1, &stmt, NULL);
	if (s == SQLITE_OK)
		s = sqlite3_step(stmt);
	if (s == SQLITE_ROW)
		sound = strcmp((const char *)sqlite3_column_text(stmt, 0), "ok") == 0;
	(void)sqlite3_finalize(stmt);
	if (s != SQLITE_ROW)
		return regdb_fail(reg, err, s);
	return sound ? OKTA_OK : regdb_fail(reg, err, SQLITE_CORRUPT);
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
	r = regdb_run(reg, "BEGIN EXCLUSIVE", err);
	if (r == OKTA_OK)
		r = regdb_run(reg, schema, err);
	if (r == OKTA_OK)
		r = regdb_run(reg, version, err);
	if (r == OKTA_OK)
		r = regdb_meta_set(reg, "org_url", 0, &org_url, err);
	if (r == OKTA_OK)
		r = regdb_meta_set(reg, "seed", (sqlite3_int64)(seed >> 1), NULL, err);
	if (r == OKTA_OK)
		r = regdb_meta_set(reg, "generation", 0, NULL, err);
	if (r == OKTA_OK)
		r = regdb_run(reg, "COMMIT", err);
	return r;
}

static enum okta_rc
check_org(struct okta_registry *reg, struct okta_view org_url, struct okta_err *err)
{
	char mine[300], theirs[300];
	enum okta_rc r;

	r = regdb_meta_get(reg, "org_url", NULL, mine, sizeof(mine), err);
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
    bool is_as_left, struct okta_err *err)
{
	sqlite3_int64 tables = 0, app = 0, version = 0;
	enum okta_rc r;

	r = regdb_scalar(reg, "SELECT count(*) FROM sqlite_master", &tables, err);
	if (r == OKTA_OK)
		r = regdb_scalar(reg, "PRAGMA application_id", &app, err);
	if (r == OKTA_OK)
		r = regdb_scalar(reg, "PRAGMA user_version", &version, err);
	if (r != OKTA_OK)
		return r;
	if (tables == 0 && app == 0 && !read_only) {
		r = make_schema(reg, org_url, err);
		if (r != OKTA_OK)
			return r;
	} else if (tables == 0 && app == 0) {
		return okta_err_set(err, OKTA_E_NOTFOUND, "%s: is empty", reg->path);
	} else if (app == APPLICATION_ID && version > SCHEMA_VERSION) {
		/* to move it away would be to forget whose ids are taken */
		return okta_err_set(err, OKTA_E_INPUT,
		    "%s: was written by a newer release of okta-login: install that "
		    "again; "
		    "nothing was changed",
		    reg->path);
	} else if (app != APPLICATION_ID || version != SCHEMA_VERSION) {
		return regdb_fail(reg, err, SQLITE_NOTADB);
	}
	if (!read_only) {
		r = is_as_left ? OKTA_OK : check_integrity(reg, err);
		if (r == OKTA_OK)
			r = regdb_run(reg, "BEGIN", err);
		if (r == OKTA_OK)
			r = regdb_load(reg, err);
		if (r == OKTA_OK)
			r = regdb_run(reg, "COMMIT", err);
		if (r != OKTA_OK)
			return r;
	}
	return check_org(reg, org_url, err);
}

struct okta_registry_look
okta_registry_look(const char *path)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return (struct okta_registry_look){ 0 };
	return (struct okta_registry_look){ (uint64_t)st.st_dev, (uint64_t)st.st_ino,
		(uint64_t)st.st_size, st.st_mtim.tv_sec, st.st_mtim.tv_nsec,
		st.st_ctim.tv_sec, st.st_ctim.tv_nsec };
}

/* Zeros are what a look that failed gives as well. */
static bool
looks_like(const char *path, const struct okta_registry_look *left)
{
	struct okta_registry_look now;

	if (left == NULL || left->size == 0)
		return false;
	now = okta_registry_look(path);
	return memcmp(&now, left, sizeof(now)) == 0;
}

static enum okta_rc
open_file(const char *path, struct okta_view org_url, bool read_only,
    const struct okta_registry_look *left, struct okta_registry **ret,
    struct okta_err *err)
{
	const bool is_as_left = looks_like(path, left);
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
		rc = regdb_fail(reg, err, s);
		goto out;
	}
	(void)sqlite3_busy_timeout(reg->db, BUSY_MS);
	/* EXTRA also syncs the directory after the journal is gone, so that a commit that
	 * was answered can never be rolled back by the next start after a power cut */
	r = regdb_run(reg,
	    "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA "
	    "synchronous = "
	    "EXTRA; PRAGMA foreign_keys = OFF; PRAGMA temp_store = MEMORY; PRAGMA "
	    "cache_size = -131072;",
	    err);
	if (r == OKTA_OK)
		r = check_ours(reg, org_url, read_only, is_as_left, err);
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

enum okta_rc
okta_registry_open(const char *path, struct okta_view org_url, bool read_only,
    struct okta_registry **ret, struct okta_err *err)
{
	return open_file(path, org_url, read_only, NULL, ret, err);
}

enum okta_rc
okta_registry_open_again(const char *path, struct okta_view org_url,
    const struct okta_registry_look *left, struct okta_registry **ret,
    struct okta_err *err)
{
	return open_file(path, org_url, false, left, ret, err);
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
	regrows_free(&r->rows);
	free(r->path);
	free(r);
	*reg = NULL;
}
