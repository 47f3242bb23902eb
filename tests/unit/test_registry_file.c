/* SPDX-License-Identifier: BSD-2-Clause */
/* links: registry model base; libs: sqlite3 */
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "registry_fixture.h"

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
	assert_int_equal(try_open(fx), OKTA_E_UNTRUSTED);
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
	assert_int_equal(try_open(fx), OKTA_E_INPUT);
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

static void
fill_and_close(struct fixture *fx)
{
	begin(fx);
	(void)assign(fx, user("00u1", "ada"));
	(void)assign(fx, user("00u2", "bob"));
	(void)assign(fx, user("00u3", "carol"));
	commit(fx);
	okta_registry_close(&fx->reg);
}

/* DAMAGE, while the table's indexes are in no schema. */
static void
change_table_alone(const char *path, const char *damage)
{
	char text[1024];

	run_sql(path, "CREATE TABLE kept AS SELECT * FROM sqlite_master WHERE "
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
	    damage);
	run_sql(path, text);
	run_sql(path, "DROP TABLE kept");
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
	struct okta_registry_look left;
	struct fixture *fx = *state;
	size_t i;

	fill_and_close(fx);
	for (i = 0; i < sizeof(damage) / sizeof(damage[0]); i++) {
		change_table_alone(fx->path, damage[i]);
		assert_int_equal(try_open(fx), OKTA_E_INPUT);
		assert_non_null(strstr(fx->err.msg, "registry import"));
		left = okta_registry_look(fx->path);
		assert_int_equal(
		    okta_registry_open_again(fx->path, v(ORG), &left, &fx->reg, &fx->err),
		    OKTA_E_INPUT);
		run_sql(fx->path, "REINDEX"); /* the next damage alone */
	}
}

/* An index that was made while the file's rules were not in force agrees with the table.
 * SQLite's check would find the page that the old one leaves unused here. */
static void
open_refuses_two_rows_with_one_home_that_an_index_agrees_with(void **state)
{
	struct okta_registry_look left;
	struct fixture *fx = *state;

	fill_and_close(fx);
	change_table_alone(fx->path,
	    "UPDATE object SET home_name = 'ada' WHERE okta_id = '00u2';"
	    "CREATE INDEX homes ON object (home_name);"
	    "UPDATE kept SET rootpage = (SELECT rootpage FROM sqlite_master WHERE name = "
	    "'homes') WHERE name = 'sqlite_autoindex_object_2';"
	    "PRAGMA writable_schema = ON;"
	    "DELETE FROM sqlite_master WHERE name = 'homes'");
	left = okta_registry_look(fx->path);
	assert_int_equal(
	    okta_registry_open_again(fx->path, v(ORG), &left, &fx->reg, &fx->err),
	    OKTA_E_INPUT);
	assert_non_null(strstr(fx->err.msg, "registry import"));
}

/* What nobody wrote to since it was checked whole is not checked whole again; the damage
 * here is one that nothing but that check finds. */
static void
open_again_checks_all_pages_of_a_file_that_changed_and_of_no_other(void **state)
{
	const struct okta_registry_look none = { 0 };
	struct okta_registry_look before, left;
	struct fixture *fx = *state;

	fill_and_close(fx);
	before = okta_registry_look(fx->path);
	run_sql(
	    fx->path, "PRAGMA ignore_check_constraints = ON; UPDATE object SET gone = 7");
	left = okta_registry_look(fx->path);
	assert_int_equal(
	    okta_registry_open_again(fx->path, v(ORG), &before, &fx->reg, &fx->err),
	    OKTA_E_INPUT);
	assert_int_equal(
	    okta_registry_open_again(fx->path, v(ORG), &none, &fx->reg, &fx->err),
	    OKTA_E_INPUT);
	assert_int_equal(try_open(fx), OKTA_E_INPUT);
	assert_int_equal(
	    okta_registry_open_again(fx->path, v(ORG), &left, &fx->reg, &fx->err),
	    OKTA_OK);
}

/* To move it away, as one does with what is damaged, is to forget whose ids are taken. */
static void
a_registry_of_a_newer_release_is_left_alone(void **state)
{
	struct okta_registry_look left;
	struct fixture *fx = *state;
	struct okta_registry_look now;

	fill_and_close(fx);
	run_sql(fx->path, "PRAGMA user_version = 2");
	left = okta_registry_look(fx->path);
	assert_int_equal(try_open(fx), OKTA_E_INPUT);
	assert_non_null(strstr(fx->err.msg, "newer release"));
	assert_null(strstr(fx->err.msg, "move"));
	assert_null(strstr(fx->err.msg, "import"));
	assert_int_equal(
	    okta_registry_open(fx->path, v(ORG), true, &fx->reg, &fx->err), OKTA_E_INPUT);
	assert_non_null(strstr(fx->err.msg, "newer release"));
	now = okta_registry_look(fx->path);
	assert_memory_equal(&now, &left, sizeof(now));
	run_sql(fx->path, "PRAGMA user_version = 0"); /* of none of ours */
	assert_int_equal(try_open(fx), OKTA_E_INPUT);
	assert_null(strstr(fx->err.msg, "newer release"));
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
		r = try_open(fx);
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

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(close_without_commit_rolls_back),
		T(open_refuses_another_org),
		T(open_refuses_a_file_others_can_read),
		T(open_refuses_a_symlink),
		T(open_makes_a_file_nobody_else_can_read),
		T(open_read_only_never_creates),
		T(open_refuses_what_is_no_database_and_names_the_way_out),
		T(open_never_gives_a_wrong_id_from_a_damaged_file),
		T(open_refuses_a_row_that_an_index_contradicts),
		T(open_refuses_two_rows_with_one_home_that_an_index_agrees_with),
		T(open_again_checks_all_pages_of_a_file_that_changed_and_of_no_other),
		T(a_registry_of_a_newer_release_is_left_alone),
		T(begin_sees_what_another_wrote_since_open),
		T(a_crash_after_commit_gives_the_same_ids_again),
		T(generation_grows_with_each_commit_and_can_be_raised),
		T(each_goes_by_id_and_stops_when_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
