/* SPDX-License-Identifier: BSD-2-Clause */
/* links: registry model base; libs: sqlite3 */
#include "registry/alloc.h"
#include "registry_fixture.h"

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

/* Ids follow from Okta ids by a hash that everybody can work out: whoever calls himself
 * "ada-1901234567" has the home that Ada's successor would have had. */
static void
assign_finds_a_home_where_others_have_those_of_the_name_and_the_id(void **state)
{
	struct fixture *fx = *state;
	const uint32_t id = okta_alloc_home(v("00u2"), MIN, MAX);
	char name[33], home[48];

	begin(fx);
	(void)assign(fx, user("00u1", "ada"));
	(void)snprintf(name, sizeof(name), "ada-%u", id);
	(void)assign(fx, user("00u3", name));
	assert_int_equal(assign(fx, user("00u2", "ada")).id, id);
	(void)snprintf(home, sizeof(home), "ada-%u-2", id);
	assert_string_equal(find(fx, "00u2").home_name, home);
	commit(fx);
}

/* He alone waits for another name: nobody else's turn fails for it. */
static void
assign_refuses_whom_no_home_is_left_for_and_nobody_else(void **state)
{
	struct fixture *fx = *state;
	const uint32_t id = okta_alloc_home(v("00u2"), MIN, MAX);
	struct okta_registry_row row;
	char name[33], okta_id[16];
	int i;

	begin(fx);
	(void)assign(fx, user("00u1", "ada"));
	(void)snprintf(name, sizeof(name), "ada-%u", id);
	(void)assign(fx, user("00u3", name));
	for (i = 2; i < 10; i++) {
		(void)snprintf(name, sizeof(name), "ada-%u-%d", id, i);
		(void)snprintf(okta_id, sizeof(okta_id), "00v%d", i);
		(void)assign(fx, user(okta_id, name));
	}
	assert_int_equal(try_assign(fx, user("00u2", "ada")), OKTA_E_CONFLICT);
	assert_non_null(strstr(fx->err.msg, "another name"));
	assert_int_equal(
	    okta_registry_find(fx->reg, v("00u2"), &row, &fx->err), OKTA_E_NOTFOUND);
	(void)assign(fx, user("00u4", "bob"));
	commit(fx);
	reopen(fx);
	assert_string_equal(find(fx, "00u4").name, "bob");
}

/* Whoever asks first who has an id must hear what assign() will do. */
static void
knows_whoever_has_an_id_and_nobody_else(void **state)
{
	struct fixture *fx = *state;

	begin(fx);
	assert_false(okta_registry_knows(fx->reg, v("00u1")));
	(void)assign(fx, user("00u1", "ada"));
	assert_true(okta_registry_knows(fx->reg, v("00u1")));
	assert_false(okta_registry_knows(fx->reg, v("00u2")));
	commit(fx);
	reopen(fx);
	assert_true(okta_registry_knows(fx->reg, v("00u1")));
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

	begin(fx);
	only = assign(fx, user("00u1", "ada")).id;
	commit(fx);
	begin(fx);
	assert_int_equal(bury(fx), 1);
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

	begin(fx);
	id = assign(fx, user("00u1", "ada")).id;
	commit(fx);
	begin(fx);
	commit(fx);
	assert_int_equal(bury(fx), 1);
	row = find(fx, "00u1");
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

	begin(fx);
	(void)assign(fx, user("00u1", "ada"));
	(void)assign(fx, user("00u2", "bob"));
	commit(fx);
	begin(fx);
	(void)assign(fx, user("00u2", "bob"));
	commit(fx);
	assert_int_equal(bury(fx), 1);
	row = find(fx, "00u2");
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

/* --watch keeps the registry open: what it changed is what it goes on from. */
static void
a_change_is_seen_by_the_next_sync_of_the_same_process(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row row;

	begin(fx);
	(void)assign(fx, user("00u1", "ada"));
	commit(fx);
	begin(fx);
	commit(fx);
	assert_int_equal(bury(fx), 1);
	begin(fx);
	(void)assign(fx, user("00u1", "ada.l"));
	commit(fx);
	row = find(fx, "00u1");
	assert_string_equal(row.name, "ada.l");
	assert_string_equal(row.home_name, "ada");
	assert_false(row.gone);
	begin(fx);
	commit(fx);
	assert_int_equal(bury(fx), 1);
}

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
		T(assign_finds_a_home_where_others_have_those_of_the_name_and_the_id),
		T(assign_refuses_whom_no_home_is_left_for_and_nobody_else),
		T(knows_whoever_has_an_id_and_nobody_else),
		T(assign_never_gives_a_tombstones_id),
		T(assign_brings_a_tombstone_back_with_its_id),
		T(bury_absent_leaves_whoever_was_assigned),
		T(assign_takes_the_wanted_id),
		T(assign_refuses_a_wanted_id_that_is_local),
		T(assign_keeps_the_old_id_and_says_so_when_the_wanted_one_changed),
		T(assign_refuses_a_user_who_was_a_group),
		T(assign_refuses_empty_and_long_texts),
		T(assign_cannot_store_an_id_below_1000),
		T(two_registries_agree_whatever_the_order),
		T(a_change_is_seen_by_the_next_sync_of_the_same_process),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
