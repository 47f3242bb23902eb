/* SPDX-License-Identifier: BSD-2-Clause */
/* links: registry model base; libs: sqlite3 */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <sqlite3.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "registry/alloc.h"
#include "registry/registry.h"
#include "registry/rows.h"

#define ORG "https://acme.okta.com"
#define MIN 1879048192U
#define MAX 2147483646U

struct fixture {
	char dir[64], path[96];
	struct okta_registry *reg;
	struct okta_err err;
};

static struct okta_view
v(const char *s)
{
	return okta_view_str(s);
}

static void
reopen(struct fixture *fx)
{
	okta_registry_close(&fx->reg);
	assert_int_equal(
	    okta_registry_open(fx->path, v(ORG), false, &fx->reg, &fx->err), OKTA_OK);
}

static int
setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	(void)snprintf(fx->dir, sizeof(fx->dir), "/tmp/okta-registry-XXXXXX");
	if (fx == NULL || mkdtemp(fx->dir) == NULL)
		return -1;
	(void)snprintf(fx->path, sizeof(fx->path), "%s/registry.db", fx->dir);
	reopen(fx);
	*state = fx;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fx = *state;
	char journal[128];

	okta_registry_close(&fx->reg);
	(void)snprintf(journal, sizeof(journal), "%s-journal", fx->path);
	(void)unlink(journal);
	(void)unlink(fx->path);
	(void)rmdir(fx->dir);
	free(fx);
	return 0;
}

static struct okta_registry_want
user(const char *id, const char *name)
{
	return (struct okta_registry_want){ .kind = OKTA_REGISTRY_USER,
		.okta_id = v(id),
		.name = v(name),
		.id_min = MIN,
		.id_max = MAX };
}

static struct okta_registry_row
assign(struct fixture *fx, struct okta_registry_want want)
{
	struct okta_registry_row row;
	bool changed;

	fx->err.msg[0] = '\0';
	assert_int_equal(
	    okta_registry_assign(fx->reg, &want, &row, &changed, &fx->err), OKTA_OK);
	assert_false(changed);
	return row;
}

static enum okta_rc
try_assign(struct fixture *fx, struct okta_registry_want want)
{
	struct okta_registry_row row;
	bool changed;

	return okta_registry_assign(fx->reg, &want, &row, &changed, &fx->err);
}

static void
begin(struct fixture *fx)
{
	assert_int_equal(okta_registry_begin(fx->reg, &fx->err), OKTA_OK);
}

static void
commit(struct fixture *fx)
{
	assert_int_equal(okta_registry_commit(fx->reg, &fx->err), OKTA_OK);
}

/* Hosts that sync by themselves agree only if the hash never changes. */
static void
alloc_home_gives_the_ids_it_has_always_given(void **state)
{
	(void)state;
	assert_int_equal(
	    okta_alloc_home(v("00uacMeX9dT00001c5d7"), MIN, MAX), 2101561104);
	assert_int_equal(
	    okta_alloc_home(v("00uacMeX9dT00001d5d7"), MIN, MAX), 1910933147);
	assert_int_equal(okta_alloc_home(v("x"), 5, 5), 5);
}

static enum okta_rc
is_odd_or_low(void *ctx, uint32_t id, bool *ret)
{
	(void)ctx;
	*ret = id % 2 == 1 || id < 1008;
	return OKTA_OK;
}

static void
alloc_find_probes_upwards_and_round_once(void **state)
{
	uint32_t id = 0, home = okta_alloc_home(v("abc"), 1000, 1009);

	(void)state;
	assert_true(home <= 1009);
	assert_int_equal(
	    okta_alloc_find(v("abc"), 1000, 1009, is_odd_or_low, NULL, &id), OKTA_OK);
	assert_int_equal(id, 1008);
	assert_int_equal(okta_alloc_find(v("abc"), 1000, 1007, is_odd_or_low, NULL, &id),
	    OKTA_E_NOTFOUND);
	assert_int_equal(id, 1008); /* untouched */
}

static enum okta_rc
is_broken(void *ctx, uint32_t id, bool *ret)
{
	(void)ctx;
	(void)id;
	*ret = false;
	return OKTA_E_SYS;
}

static void
alloc_find_stops_when_it_cannot_tell(void **state)
{
	uint32_t id = 7;

	(void)state;
	assert_int_equal(
	    okta_alloc_find(v("abc"), 1, 9, is_broken, NULL, &id), OKTA_E_SYS);
	assert_int_equal(id, 7);
}

/* Spread: a hash that clusters makes early ids guessable and probing slow. */
static void
alloc_home_spreads_ten_thousand_ids_over_the_range(void **state)
{
	unsigned bucket[16] = { 0 }, i;
	char id[32];

	(void)state;
	for (i = 0; i < 10000; i++) {
		(void)snprintf(id, sizeof(id), "00uacMeX9dT%06u5d7", i);
		bucket[(okta_alloc_home(v(id), MIN, MAX) - MIN) /
		       ((MAX - MIN) / 16 + 1)]++;
	}
	for (i = 0; i < 16; i++)
		assert_in_range(bucket[i], 500, 750);
}

static void
assign_gives_the_same_id_again(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row a, b;

	begin(fx);
	a = assign(fx, user("00u1", "ada"));
	b = assign(fx, user("00u1", "ada"));
	assert_int_equal(a.id, okta_alloc_home(v("00u1"), MIN, MAX));
	assert_int_equal(a.id, b.id);
	commit(fx);
	reopen(fx);
	begin(fx);
	assert_int_equal(assign(fx, user("00u1", "ada")).id, a.id);
}

/* Renaming somebody in Okta must not change who owns his files. */
static void
assign_keeps_id_and_home_across_a_rename(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row a, b;

	begin(fx);
	a = assign(fx, user("00u1", "ada"));
	b = assign(fx, user("00u1", "lovelace"));
	assert_int_equal(a.id, b.id);
	assert_string_equal(b.name, "lovelace");
	assert_string_equal(b.home_name, "ada");
}

static void
assign_gives_a_successor_of_the_name_another_id_and_home(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row a, b;
	char home[48];

	begin(fx);
	a = assign(fx, user("00u1", "ada"));
	commit(fx);
	begin(fx);
	b = assign(fx, user("00u2", "ada"));
	assert_int_not_equal(a.id, b.id);
	(void)snprintf(home, sizeof(home), "ada-%u", b.id);
	assert_string_equal(b.home_name, home);
}

static bool
all_but_one(void *ctx, uint32_t id)
{
	return id != *(const uint32_t *)ctx;
}

/* A deleted person's files must never belong to a newcomer. */
static void
assign_never_gives_a_tombstones_id(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_want want = user("00u2", "bob");
	uint32_t only;
	size_t gone = 0;

	begin(fx);
	only = assign(fx, user("00u1", "ada")).id;
	commit(fx);
	begin(fx);
	assert_int_equal(okta_registry_bury_absent(fx->reg, &gone, &fx->err), OKTA_OK);
	assert_int_equal(gone, 1);
	want.is_taken = all_but_one;
	want.ctx = &only;
	want.id_min = only - 5;
	want.id_max = only + 5;
	assert_int_equal(try_assign(fx, want), OKTA_E_NOTFOUND);
	assert_non_null(strstr(fx->err.msg, "id_range"));
	want.wanted_id = only;
	assert_int_equal(try_assign(fx, want), OKTA_E_CONFLICT);
	assert_non_null(strstr(fx->err.msg, "00u1"));
}

static void
assign_brings_a_tombstone_back_with_its_id(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row row;
	uint32_t id;
	size_t gone;

	begin(fx);
	id = assign(fx, user("00u1", "ada")).id;
	commit(fx);
	begin(fx);
	commit(fx);
	assert_int_equal(okta_registry_bury_absent(fx->reg, &gone, &fx->err), OKTA_OK);
	assert_int_equal(gone, 1);
	assert_int_equal(okta_registry_find(fx->reg, v("00u1"), &row, &fx->err), OKTA_OK);
	assert_true(row.gone);
	begin(fx);
	row = assign(fx, user("00u1", "ada"));
	assert_int_equal(row.id, id);
	assert_false(row.gone);
}

static void
bury_absent_leaves_whoever_was_assigned(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row row;
	size_t gone;

	begin(fx);
	(void)assign(fx, user("00u1", "ada"));
	(void)assign(fx, user("00u2", "bob"));
	commit(fx);
	begin(fx);
	(void)assign(fx, user("00u2", "bob"));
	commit(fx);
	assert_int_equal(okta_registry_bury_absent(fx->reg, &gone, &fx->err), OKTA_OK);
	assert_int_equal(gone, 1);
	assert_int_equal(okta_registry_find(fx->reg, v("00u2"), &row, &fx->err), OKTA_OK);
	assert_false(row.gone);
}

static void
assign_takes_the_wanted_id(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_want want = user("00u1", "ada");

	want.wanted_id = 20001;
	begin(fx);
	assert_int_equal(assign(fx, want).id, 20001);
}

static void
assign_refuses_a_wanted_id_that_is_local(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_want want = user("00u1", "ada");
	uint32_t free_id = 20002;

	want.wanted_id = 20001;
	want.is_taken = all_but_one;
	want.ctx = &free_id;
	begin(fx);
	assert_int_equal(try_assign(fx, want), OKTA_E_CONFLICT);
}

/* A uid that follows the directory would hand a person's files to somebody else. */
static void
assign_keeps_the_old_id_and_says_so_when_the_wanted_one_changed(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_want want = user("00u1", "ada");
	struct okta_registry_row row;
	bool changed = false;

	want.wanted_id = 20001;
	begin(fx);
	(void)assign(fx, want);
	want.wanted_id = 20002;
	assert_int_equal(
	    okta_registry_assign(fx->reg, &want, &row, &changed, &fx->err), OKTA_OK);
	assert_true(changed);
	assert_int_equal(row.id, 20001);
}

static void
assign_refuses_a_user_who_was_a_group(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_want want = user("00u1", "ada");

	begin(fx);
	(void)assign(fx, want);
	want.kind = OKTA_REGISTRY_GROUP;
	assert_int_equal(try_assign(fx, want), OKTA_E_CONFLICT);
}

static void
assign_refuses_empty_and_long_texts(void **state)
{
	struct fixture *fx = *state;

	begin(fx);
	assert_int_equal(try_assign(fx, user("", "ada")), OKTA_E_INPUT);
	assert_int_equal(try_assign(fx, user("00u1", "")), OKTA_E_INPUT);
	assert_int_equal(
	    try_assign(fx, user("00u1", "a234567890123456789012345678901234")),
	    OKTA_E_INPUT);
}

/* The database itself must refuse an id of a system account, should all else fail. */
static void
assign_cannot_store_an_id_below_1000(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_want want = user("00u1", "ada");

	want.wanted_id = 999;
	begin(fx);
	assert_int_not_equal(try_assign(fx, want), OKTA_OK);
}

static void
close_without_commit_rolls_back(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row row;

	begin(fx);
	(void)assign(fx, user("00u1", "ada"));
	reopen(fx);
	assert_int_equal(
	    okta_registry_find(fx->reg, v("00u1"), &row, &fx->err), OKTA_E_NOTFOUND);
}

static void
two_registries_agree_whatever_the_order(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row a[50], b;
	struct okta_registry *other = NULL;
	struct okta_registry_want want;
	char path[128], id[32], name[16];
	bool changed;
	int i;

	(void)snprintf(path, sizeof(path), "%s/other.db", fx->dir);
	assert_int_equal(
	    okta_registry_open(path, v(ORG), false, &other, &fx->err), OKTA_OK);
	assert_int_equal(okta_registry_begin(other, &fx->err), OKTA_OK);
	begin(fx);
	for (i = 0; i < 50; i++) {
		(void)snprintf(id, sizeof(id), "00u%d", i);
		(void)snprintf(name, sizeof(name), "u%d", i);
		a[i] = assign(fx, user(id, name));
	}
	for (i = 49; i >= 0; i--) {
		(void)snprintf(id, sizeof(id), "00u%d", i);
		(void)snprintf(name, sizeof(name), "u%d", i);
		want = user(id, name);
		assert_int_equal(
		    okta_registry_assign(other, &want, &b, &changed, &fx->err), OKTA_OK);
		assert_int_equal(a[i].id, b.id);
	}
	okta_registry_close(&other);
	assert_int_equal(unlink(path), 0);
}

static void
open_refuses_another_org(void **state)
{
	struct fixture *fx = *state;

	okta_registry_close(&fx->reg);
	assert_int_equal(okta_registry_open(fx->path, v("https://evil.okta.com"), false,
			     &fx->reg, &fx->err),
	    OKTA_E_CONFLICT);
	assert_null(fx->reg);
	assert_non_null(strstr(fx->err.msg, ORG));
}

static void
open_refuses_a_file_others_can_read(void **state)
{
	struct fixture *fx = *state;

	okta_registry_close(&fx->reg);
	assert_int_equal(chmod(fx->path, 0640), 0);
	assert_int_equal(okta_registry_open(fx->path, v(ORG), false, &fx->reg, &fx->err),
	    OKTA_E_UNTRUSTED);
	assert_int_equal(chmod(fx->path, 0600), 0);
}

static void
open_refuses_a_symlink(void **state)
{
	struct fixture *fx = *state;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/link.db", fx->dir);
	okta_registry_close(&fx->reg);
	assert_int_equal(symlink(fx->path, path), 0);
	assert_int_not_equal(
	    okta_registry_open(path, v(ORG), false, &fx->reg, &fx->err), OKTA_OK);
	assert_int_equal(unlink(path), 0);
}

static void
open_makes_a_file_nobody_else_can_read(void **state)
{
	struct fixture *fx = *state;
	struct stat st;

	assert_int_equal(stat(fx->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void
open_read_only_never_creates(void **state)
{
	struct fixture *fx = *state;
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/none.db", fx->dir);
	okta_registry_close(&fx->reg);
	assert_int_equal(
	    okta_registry_open(path, v(ORG), true, &fx->reg, &fx->err), OKTA_E_NOTFOUND);
	assert_int_equal(access(path, F_OK), -1);
}

static void
open_refuses_what_is_no_database_and_names_the_way_out(void **state)
{
	struct fixture *fx = *state;
	int fd;

	okta_registry_close(&fx->reg);
	fd = open(fx->path, O_WRONLY | O_TRUNC);
	assert_true(fd >= 0);
	assert_int_equal(
	    write(fd, "this is no database at all, but long enough", 43), 43);
	assert_int_equal(close(fd), 0);
	assert_int_equal(okta_registry_open(fx->path, v(ORG), false, &fx->reg, &fx->err),
	    OKTA_E_INPUT);
	assert_non_null(strstr(fx->err.msg, "registry import"));
}

static void
run_sql(const char *path, const char *text)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	if (sqlite3_exec(db, text, NULL, NULL, NULL) != SQLITE_OK)
		fail_msg("%s: %s", sqlite3_errmsg(db), text);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

/* Bit rot that SQLite's own reading does not notice: a row says one thing, its index
 * another. */
static void
open_refuses_a_row_that_an_index_contradicts(void **state)
{
	static const char *const damage[] = {
		"UPDATE object SET okta_id = '00u9' WHERE okta_id = '00u1'",
		"UPDATE object SET home_name = 'eve' WHERE okta_id = '00u2'",
		"DELETE FROM object WHERE okta_id = '00u3'",
		"INSERT INTO object VALUES (1900000001, 'u', '00u7', 'mal', 'mal', 0)"
	};
	struct fixture *fx = *state;
	char text[1024];
	size_t i;

	begin(fx);
	(void)assign(fx, user("00u1", "ada"));
	(void)assign(fx, user("00u2", "bob"));
	(void)assign(fx, user("00u3", "carol"));
	commit(fx);
	okta_registry_close(&fx->reg);
	for (i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		/* without its indexes in the schema the table alone is changed */
		run_sql(fx->path,
		    "CREATE TABLE kept AS SELECT * FROM sqlite_master WHERE "
		    "tbl_name = 'object';"
		    "PRAGMA writable_schema = ON;"
		    "UPDATE sqlite_master SET sql = replace(sql, 'UNIQUE', '')"
		    " WHERE name = 'object';"
		    "DELETE FROM sqlite_master WHERE type = 'index' AND "
		    "tbl_name = 'object';");
		(void)snprintf(text, sizeof(text),
		    "SAVEPOINT s; %s; RELEASE s;"
		    "PRAGMA writable_schema = ON;"
		    "DELETE FROM sqlite_master WHERE name = 'object';"
		    "INSERT INTO sqlite_master SELECT * FROM kept ORDER BY type DESC;",
		    damage[i]);
		run_sql(fx->path, text);
		run_sql(fx->path, "DROP TABLE kept");
		assert_int_equal(
		    okta_registry_open(fx->path, v(ORG), false, &fx->reg, &fx->err),
		    OKTA_E_INPUT);
		assert_non_null(strstr(fx->err.msg, "registry import"));
		run_sql(fx->path, "REINDEX"); /* the next damage alone */
	}
}

static struct okta_registry_row
row_with(uint32_t id, const char *okta_id, const char *name)
{
	struct okta_registry_row row = { .kind = OKTA_REGISTRY_USER, .id = id };

	(void)snprintf(row.okta_id, sizeof(row.okta_id), "%s", okta_id);
	(void)snprintf(row.name, sizeof(row.name), "%s", name);
	(void)snprintf(row.home_name, sizeof(row.home_name), "%s", name);
	return row;
}

/* What the file's own rules forbid is not believed of a damaged file. */
static void
rows_take_no_id_okta_id_or_home_twice(void **state)
{
	struct okta_registry_row row = row_with(MIN, "00u1", "ada");
	struct regrows *rows = NULL;

	(void)state;
	assert_int_equal(regrows_new(&rows), OKTA_OK);
	assert_int_equal(regrows_add(rows, &row), OKTA_OK);
	row = row_with(MIN, "00u2", "bob");
	assert_int_equal(regrows_add(rows, &row), OKTA_E_CONFLICT);
	row = row_with(MIN + 1, "00u1", "bob");
	assert_int_equal(regrows_add(rows, &row), OKTA_E_CONFLICT);
	row = row_with(MIN + 1, "00u2", "ada");
	assert_int_equal(regrows_add(rows, &row), OKTA_E_CONFLICT);
	row = row_with(MIN + 1, "00u2", "bob");
	assert_int_equal(regrows_add(rows, &row), OKTA_OK);
	assert_int_equal(regrows_count(rows), 2);
	regrows_free(&rows);
}

/* --watch keeps the registry open: what it changed is what it goes on from. */
static void
a_change_is_seen_by_the_next_sync_of_the_same_process(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row row;
	size_t gone = 0;

	begin(fx);
	(void)assign(fx, user("00u1", "ada"));
	commit(fx);
	begin(fx);
	commit(fx);
	assert_int_equal(okta_registry_bury_absent(fx->reg, &gone, &fx->err), OKTA_OK);
	assert_int_equal(gone, 1);
	begin(fx);
	(void)assign(fx, user("00u1", "ada.l"));
	commit(fx);
	assert_int_equal(okta_registry_find(fx->reg, v("00u1"), &row, &fx->err), OKTA_OK);
	assert_string_equal(row.name, "ada.l");
	assert_string_equal(row.home_name, "ada");
	assert_false(row.gone);
	begin(fx);
	commit(fx);
	assert_int_equal(okta_registry_bury_absent(fx->reg, &gone, &fx->err), OKTA_OK);
	assert_int_equal(gone, 1);
}

/* Another process wrote between open and begin: its rows count. */
static void
begin_sees_what_another_wrote_since_open(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry *other = NULL, *ours = fx->reg;
	uint32_t id;

	assert_int_equal(
	    okta_registry_open(fx->path, v(ORG), false, &other, &fx->err), OKTA_OK);
	fx->reg = other;
	begin(fx);
	id = assign(fx, user("00u1", "ada")).id;
	commit(fx);
	fx->reg = ours;
	okta_registry_close(&other);
	begin(fx);
	assert_int_equal(assign(fx, user("00u1", "ada")).id, id);
	commit(fx);
}

/* Every page damaged in turn: refused or read right, never another id. */
static void
open_never_gives_a_wrong_id_from_a_damaged_file(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row row;
	char id[32], name[16], junk[64], keep[64];
	struct stat st;
	uint32_t right[200];
	off_t at;
	int i, fd, refused = 0;
	enum okta_rc r;

	begin(fx);
	for (i = 0; i < 200; i++) {
		(void)snprintf(id, sizeof(id), "00u%d", i);
		(void)snprintf(name, sizeof(name), "u%d", i);
		right[i] = assign(fx, user(id, name)).id;
	}
	commit(fx);
	okta_registry_close(&fx->reg);
	memset(junk, 0xa5, sizeof(junk));
	fd = open(fx->path, O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	for (at = 0; at + (off_t)sizeof(junk) < st.st_size; at += 512) {
		assert_int_equal(pread(fd, keep, sizeof(keep), at), sizeof(keep));
		assert_int_equal(pwrite(fd, junk, sizeof(junk), at), sizeof(junk));
		r = okta_registry_open(fx->path, v(ORG), false, &fx->reg, &fx->err);
		refused += r != OKTA_OK;
		for (i = 0; r == OKTA_OK && i < 200; i++) {
			(void)snprintf(id, sizeof(id), "00u%d", i);
			if (okta_registry_find(fx->reg, v(id), &row, &fx->err) == OKTA_OK)
				assert_int_equal(row.id, right[i]);
		}
		if (r == OKTA_OK)
			r = okta_registry_begin(fx->reg, &fx->err);
		for (i = 0; r == OKTA_OK && i < 200; i++) {
			(void)snprintf(id, sizeof(id), "00u%d", i);
			(void)snprintf(name, sizeof(name), "u%d", i);
			assert_int_equal(assign(fx, user(id, name)).id, right[i]);
		}
		okta_registry_close(&fx->reg);
		assert_int_equal(pwrite(fd, keep, sizeof(keep), at), sizeof(keep));
	}
	assert_true(refused > 0);
	assert_int_equal(close(fd), 0);
}

/* The one crash that matters: ids committed, snapshot not yet published. */
static void
a_crash_after_commit_gives_the_same_ids_again(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row row;
	bool changed;
	int status, i, fds[2];
	uint32_t id = 0;
	struct okta_registry_want want = user("00u1", "ada");

	okta_registry_close(&fx->reg);
	assert_int_equal(pipe(fds), 0);
	for (i = 0; i < 2; i++) { /* before the commit, after it */
		if (fork() == 0) {
			if (okta_registry_open(fx->path, v(ORG), false, &fx->reg, NULL) !=
				OKTA_OK ||
			    okta_registry_begin(fx->reg, NULL) != OKTA_OK ||
			    okta_registry_assign(fx->reg, &want, &row, &changed, NULL) !=
				OKTA_OK)
				_exit(1);
			if (i == 1 && okta_registry_commit(fx->reg, NULL) != OKTA_OK)
				_exit(1);
			if (write(fds[1], &row.id, sizeof(row.id)) != sizeof(row.id))
				_exit(1);
			(void)raise(SIGKILL);
		}
		assert_true(wait(&status) > 0);
		assert_true(WIFSIGNALED(status));
		assert_int_equal(read(fds[0], &id, sizeof(id)), sizeof(id));
		reopen(fx);
		if (i == 0) {
			assert_int_equal(
			    okta_registry_find(fx->reg, v("00u1"), &row, &fx->err),
			    OKTA_E_NOTFOUND);
		} else {
			assert_int_equal(
			    okta_registry_find(fx->reg, v("00u1"), &row, &fx->err),
			    OKTA_OK);
			assert_int_equal(row.id, id);
		}
		okta_registry_close(&fx->reg);
	}
	(void)close(fds[0]);
	(void)close(fds[1]);
	reopen(fx);
	begin(fx);
	assert_int_equal(assign(fx, want).id, id);
}

static void
generation_grows_with_each_commit_and_can_be_raised(void **state)
{
	struct fixture *fx = *state;
	uint64_t a = 0, b = 0, seed1 = 0, seed2 = 1;

	assert_int_equal(okta_registry_next_generation(fx->reg, &a, &fx->err), OKTA_OK);
	assert_int_equal(okta_registry_seed(fx->reg, &seed1, &fx->err), OKTA_OK);
	reopen(fx);
	assert_int_equal(okta_registry_next_generation(fx->reg, &b, &fx->err), OKTA_OK);
	assert_int_equal(b, a + 1);
	assert_int_equal(okta_registry_raise_generation(fx->reg, 100, &fx->err), OKTA_OK);
	assert_int_equal(okta_registry_raise_generation(fx->reg, 50, &fx->err), OKTA_OK);
	assert_int_equal(okta_registry_next_generation(fx->reg, &b, &fx->err), OKTA_OK);
	assert_int_equal(b, 101);
	assert_int_equal(okta_registry_seed(fx->reg, &seed2, &fx->err), OKTA_OK);
	assert_int_equal(seed1, seed2);
}

static struct okta_registry_row
row_of(const char *okta_id, const char *name, uint32_t id)
{
	struct okta_registry_row row = { .kind = OKTA_REGISTRY_USER, .id = id };

	(void)snprintf(row.okta_id, sizeof(row.okta_id), "%s", okta_id);
	(void)snprintf(row.name, sizeof(row.name), "%s", name);
	(void)snprintf(row.home_name, sizeof(row.home_name), "%s", name);
	return row;
}

static void
restore_puts_a_row_back_and_is_idempotent(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row row = row_of("00u1", "ada", 1900000000), got;

	begin(fx);
	assert_int_equal(okta_registry_restore(fx->reg, &row, &fx->err), OKTA_OK);
	assert_int_equal(okta_registry_restore(fx->reg, &row, &fx->err), OKTA_OK);
	assert_int_equal(okta_registry_find(fx->reg, v("00u1"), &got, &fx->err), OKTA_OK);
	assert_int_equal(got.id, 1900000000);
	assert_int_equal(assign(fx, user("00u1", "ada")).id, 1900000000);
}

static void
restore_refuses_what_contradicts_the_registry(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row row = row_of("00u1", "ada", 1900000000);

	begin(fx);
	assert_int_equal(okta_registry_restore(fx->reg, &row, &fx->err), OKTA_OK);
	row.id = 1900000001;
	assert_int_equal(okta_registry_restore(fx->reg, &row, &fx->err), OKTA_E_CONFLICT);
	row = row_of("00u2", "bob", 1900000000);
	assert_int_equal(okta_registry_restore(fx->reg, &row, &fx->err), OKTA_E_CONFLICT);
	row = row_of("00u3", "ada", 1900000003);
	assert_int_equal(okta_registry_restore(fx->reg, &row, &fx->err), OKTA_E_CONFLICT);
}

static enum okta_rc
count_rows(void *ctx, const struct okta_registry_row *row)
{
	uint32_t *last = ctx;

	assert_true(row->id > last[1]);
	last[1] = row->id;
	return ++last[0] == 2 ? OKTA_E_RANGE : OKTA_OK;
}

static void
each_goes_by_id_and_stops_when_told(void **state)
{
	struct fixture *fx = *state;
	uint32_t last[2] = { 0, 0 };

	begin(fx);
	(void)assign(fx, user("00u1", "ada"));
	(void)assign(fx, user("00u2", "bob"));
	(void)assign(fx, user("00u3", "eve"));
	assert_int_equal(
	    okta_registry_each(fx->reg, count_rows, last, &fx->err), OKTA_E_RANGE);
	assert_int_equal(last[0], 2);
}

static enum okta_rc
keep(struct fixture *fx, enum okta_registry_kind kind, const char *name, uint32_t id)
{
	return okta_registry_keep(fx->reg, kind, v(name), id, &fx->err);
}

/* Each of them has a place under its waiting name and one under its Okta id. */
static void
keep_of_a_full_table_of_names_that_all_come_leaves_it_usable(void **state)
{
	struct fixture *fx = *state;
	char name[16], id[24];
	uint32_t i;

	begin(fx);
	for (i = 0; i < 4096; i++) {
		(void)snprintf(name, sizeof(name), "p%u", i);
		assert_int_equal(keep(fx, OKTA_REGISTRY_USER, name, 5001 + i), OKTA_OK);
	}
	commit(fx);
	begin(fx);
	for (i = 0; i < 4096; i++) {
		(void)snprintf(name, sizeof(name), "p%u", i);
		(void)snprintf(id, sizeof(id), "00u%08u", i);
		assert_int_equal(assign(fx, user(id, name)).id, 5001 + i);
	}
	(void)alarm(20);
	assert_true(assign(fx, user("00unew", "somebodynew")).id != 0);
	(void)alarm(0);
	commit(fx);
}

static void
keep_gives_the_id_to_the_first_new_object_of_that_name_and_kind(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_want eng = user("00g1", "eng"), later;
	struct okta_registry_row row;
	bool changed = false;

	begin(fx);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5001), OKTA_OK);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "eng", 5002), OKTA_OK);
	assert_int_equal(keep(fx, OKTA_REGISTRY_GROUP, "eng", 6001), OKTA_OK);
	commit(fx);
	reopen(fx);
	begin(fx);
	eng.kind = OKTA_REGISTRY_GROUP;
	assert_int_equal(assign(fx, eng).id, 6001);
	row = assign(fx, user("00u1", "ada"));
	assert_int_equal(row.id, 5001);
	assert_string_equal(row.okta_id, "00u1");
	assert_string_equal(row.home_name, "ada");
	assert_false(row.gone);
	commit(fx);
	begin(fx);
	/* it is his by his Okta id now, whatever he is called; nobody else's by the name
	 */
	assert_int_equal(assign(fx, user("00u1", "countess")).id, 5001);
	assert_int_not_equal(assign(fx, user("00u2", "ada")).id, 5001);
	/* a number Okta says later changes nothing, and is told */
	later = user("00u3", "eng");
	later.wanted_id = MIN + 7;
	assert_int_equal(
	    okta_registry_assign(fx->reg, &later, &row, &changed, &fx->err), OKTA_OK);
	assert_int_equal(row.id, 5002);
	assert_true(changed);
}

static void
keep_gives_a_waiting_id_to_nobody_else(void **state)
{
	struct fixture *fx = *state;
	uint32_t id = okta_alloc_home(v("00u1"), MIN, MAX);
	struct okta_registry_want bob = user("00u2", "bob");

	begin(fx);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", id), OKTA_OK);
	assert_int_equal(assign(fx, user("00u1", "eve")).id, id + 1);
	bob.wanted_id = id;
	assert_int_equal(try_assign(fx, bob), OKTA_E_CONFLICT);
}

static void
keep_survives_syncs_that_do_not_see_its_name(void **state)
{
	struct fixture *fx = *state;
	size_t gone = 7;

	begin(fx);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5001), OKTA_OK);
	commit(fx);
	begin(fx);
	assert_int_equal(okta_registry_bury_absent(fx->reg, &gone, &fx->err), OKTA_OK);
	assert_int_equal(gone, 0);
	assert_int_equal(assign(fx, user("00u1", "ada")).id, 5001);
}

static void
keep_refuses_what_contradicts_the_registry(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row bob;

	begin(fx);
	bob = assign(fx, user("00u2", "bob"));
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", bob.id), OKTA_E_CONFLICT);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5001), OKTA_OK);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5001), OKTA_OK); /* again */
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5002), OKTA_E_CONFLICT);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "eve", 5001), OKTA_E_CONFLICT);
	assert_int_equal(keep(fx, OKTA_REGISTRY_GROUP, "eng", 5001), OKTA_E_CONFLICT);
	assert_int_equal(
	    keep(fx, OKTA_REGISTRY_GROUP, "ada", 5001), OKTA_OK); /* private */
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "", 5003), OKTA_E_INPUT);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "low", 999), OKTA_E_INPUT);
}

static enum okta_rc
remember(void *ctx, const struct okta_registry_row *row)
{
	memcpy(ctx, row, sizeof(*row));
	return OKTA_OK;
}

static void
refuted_are_the_living_who_have_another_id_than_the_one_that_waits(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row row = { 0 };

	begin(fx);
	(void)assign(fx, user("00u1", "ada"));
	assert_int_equal(keep(fx, OKTA_REGISTRY_GROUP, "ada", 5000), OKTA_OK);
	assert_int_equal(
	    okta_registry_each_refuted(fx->reg, remember, &row, &fx->err), OKTA_OK);
	assert_int_equal(row.id, 0);
	/* her home name is taken, so she is refused even before that */
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5001), OKTA_E_CONFLICT);
	(void)assign(fx, user("00u1", "countess"));
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "countess", 5002), OKTA_OK);
	assert_int_equal(
	    okta_registry_each_refuted(fx->reg, remember, &row, &fx->err), OKTA_OK);
	assert_string_equal(row.okta_id, "00u1");
}

static void
forget_takes_back_only_what_waits(void **state)
{
	struct fixture *fx = *state;

	begin(fx);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5001), OKTA_OK);
	assert_int_equal(
	    okta_registry_forget(fx->reg, OKTA_REGISTRY_GROUP, v("ada"), &fx->err),
	    OKTA_E_NOTFOUND);
	assert_int_equal(
	    okta_registry_forget(fx->reg, OKTA_REGISTRY_USER, v("ada"), &fx->err),
	    OKTA_OK);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5002), OKTA_OK);
	commit(fx);
	begin(fx);
	assert_int_equal(assign(fx, user("00u1", "ada")).id, 5002);
	assert_int_equal(
	    okta_registry_forget(fx->reg, OKTA_REGISTRY_USER, v("ada"), &fx->err),
	    OKTA_E_NOTFOUND);
}

static void
an_okta_id_that_would_be_the_key_of_a_waiting_id_is_refused(void **state)
{
	struct fixture *fx = *state;

	begin(fx);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5001), OKTA_OK);
	assert_int_equal(try_assign(fx, user("login:ada", "eve")), OKTA_E_INPUT);
}

static void
restore_gives_a_waiting_id_to_the_same_name(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row row = { .kind = OKTA_REGISTRY_USER,
		.okta_id = "00u1",
		.name = "ada",
		.home_name = "ada",
		.id = 5001 };

	begin(fx);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5001), OKTA_OK);
	assert_int_equal(okta_registry_restore(fx->reg, &row, &fx->err), OKTA_OK);
	assert_int_equal(assign(fx, user("00u1", "ada")).id, 5001);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(alloc_home_gives_the_ids_it_has_always_given),
		T(alloc_find_probes_upwards_and_round_once),
		T(alloc_find_stops_when_it_cannot_tell),
		T(alloc_home_spreads_ten_thousand_ids_over_the_range),
		T(assign_gives_the_same_id_again),
		T(assign_keeps_id_and_home_across_a_rename),
		T(assign_gives_a_successor_of_the_name_another_id_and_home),
		T(assign_never_gives_a_tombstones_id),
		T(assign_brings_a_tombstone_back_with_its_id),
		T(bury_absent_leaves_whoever_was_assigned),
		T(assign_takes_the_wanted_id),
		T(assign_refuses_a_wanted_id_that_is_local),
		T(assign_keeps_the_old_id_and_says_so_when_the_wanted_one_changed),
		T(assign_refuses_a_user_who_was_a_group),
		T(assign_refuses_empty_and_long_texts),
		T(assign_cannot_store_an_id_below_1000),
		T(close_without_commit_rolls_back),
		T(two_registries_agree_whatever_the_order),
		T(open_refuses_another_org),
		T(open_refuses_a_file_others_can_read),
		T(open_refuses_a_symlink),
		T(open_makes_a_file_nobody_else_can_read),
		T(open_read_only_never_creates),
		T(open_refuses_what_is_no_database_and_names_the_way_out),
		T(open_never_gives_a_wrong_id_from_a_damaged_file),
		T(open_refuses_a_row_that_an_index_contradicts),
		T(rows_take_no_id_okta_id_or_home_twice),
		T(a_change_is_seen_by_the_next_sync_of_the_same_process),
		T(begin_sees_what_another_wrote_since_open),
		T(a_crash_after_commit_gives_the_same_ids_again),
		T(generation_grows_with_each_commit_and_can_be_raised),
		T(restore_puts_a_row_back_and_is_idempotent),
		T(restore_refuses_what_contradicts_the_registry),
		T(each_goes_by_id_and_stops_when_told),
		T(keep_of_a_full_table_of_names_that_all_come_leaves_it_usable),
		T(keep_gives_the_id_to_the_first_new_object_of_that_name_and_kind),
		T(keep_gives_a_waiting_id_to_nobody_else),
		T(keep_survives_syncs_that_do_not_see_its_name),
		T(keep_refuses_what_contradicts_the_registry),
		T(refuted_are_the_living_who_have_another_id_than_the_one_that_waits),
		T(forget_takes_back_only_what_waits),
		T(an_okta_id_that_would_be_the_key_of_a_waiting_id_is_refused),
		T(restore_gives_a_waiting_id_to_the_same_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
