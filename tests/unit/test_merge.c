/* SPDX-License-Identifier: BSD-2-Clause */
/* links: oktasync snapw snap net host model base; libs: libcrypto json-c inih */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../cmd/okta-sync/merge.h"
#include "tmp_file.h"

/* What is known (the base), what came since, and both together. */
struct fixture {
	struct okta_conf conf;
	struct sync_records known, fresh, merged;
	struct sync_base base;
	struct sync_news news;
	struct okta_err err;
};

static struct okta_view
v(const char *s)
{
	return okta_view_str(s);
}

static void
person_of(struct sync_records *rec, const char *id, const char *login, uint64_t updated)
{
	const struct okta_directory_user u = { v(id), v("ACTIVE"), v(login), v(login),
		v("Somebody"), v(""), v(""), updated };

	assert_int_equal(sync_records_add_user(rec, &u), OKTA_OK);
}

static void
person(struct sync_records *rec, const char *id, const char *login)
{
	person_of(rec, id, login, 0);
}

static void
member(struct sync_records *rec, uint64_t group, const char *id)
{
	assert_int_equal(sync_records_add_member(rec, group, v(id)), OKTA_OK);
}

/* Ada and Bob, who is in both groups; 00u9 is in one and nobody in scope. */
static int
setup(void **state)
{
	static struct fixture fx;

	fx = (struct fixture){ .conf = { .scope = OKTA_SCOPE_ALL } };
	fx.known.keep_strays = fx.fresh.keep_strays = fx.merged.keep_strays = true;
	assert_int_equal(sync_records_add_group(&fx.known, v("00g1"), v("eng")), OKTA_OK);
	assert_int_equal(sync_records_add_group(&fx.known, v("00g2"), v("ops")), OKTA_OK);
	person(&fx.known, "00u2", "bob");
	person(&fx.known, "00u1", "ada");
	member(&fx.known, 1, "00u2");
	member(&fx.known, 0, "00u2");
	member(&fx.known, 0, "00u9");
	assert_int_equal(sync_records_finish(&fx.known), OKTA_OK);
	*state = &fx;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fx = *state;

	sync_records_clear(&fx->known);
	sync_records_clear(&fx->fresh);
	sync_records_clear(&fx->merged);
	sync_idmap_clear(&fx->news.out);
	sync_base_clear(&fx->base);
	return 0;
}

static enum okta_rc
merge(struct fixture *fx)
{
	const struct sync_base_head head = { .conf_sum = 5 };
	const struct sync_merge what = { &fx->conf, &fx->base, &fx->fresh, &fx->news,
		false };

	assert_int_equal(sync_base_write(path, &head, &fx->known, &fx->err), OKTA_OK);
	assert_int_equal(sync_base_load(path, 5, &fx->base, &fx->err), OKTA_OK);
	assert_int_equal(sync_records_finish(&fx->fresh), OKTA_OK);
	return sync_merge(&what, &fx->merged, &fx->err);
}

static void
assert_same_content(const struct sync_records *a, const struct sync_records *b)
{
	uint64_t x = 0, y = 1;
	struct okta_err err = { 0 };

	assert_int_equal(sync_base_content_sum(a, &x, &err), OKTA_OK);
	assert_int_equal(sync_base_content_sum(b, &y, &err), OKTA_OK);
	assert_true(x == y);
}

static void
assert_user(const struct sync_records *rec, size_t i, const char *id, const char *login)
{
	assert_true(okta_view_eq_str(rec->users[i].id, id));
	assert_true(okta_view_eq_str(rec->users[i].login, login));
	assert_int_equal(sync_idmap_find(&rec->user_ids, v(id)), i);
}

static void
assert_member(const struct sync_records *rec, size_t i, uint32_t user, uint32_t group)
{
	assert_int_equal(rec->members[i].user, user);
	assert_int_equal(rec->members[i].group, group);
}

/* Okta's search index lags: what it says of somebody may be older than what is known. */
static void
merge_takes_nobody_as_he_was_before(void **state)
{
	static const struct {
		uint64_t known, fresh;
		bool is_taken;
	} cases[] = { { 5, 4, false }, { 5, 5, true }, { 5, 6, true }, { 5, 0, true },
		{ 0, 4, true } };
	struct fixture *fx = *state;
	size_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(teardown(state), 0);
		*fx = (struct fixture){ .conf = { .scope = OKTA_SCOPE_ALL } };
		person_of(&fx->known, "00u1", "known", cases[i].known);
		person_of(&fx->fresh, "00u1", "fresh", cases[i].fresh);
		assert_int_equal(sync_records_finish(&fx->known), OKTA_OK);
		assert_int_equal(merge(fx), OKTA_OK);
		assert_user(
		    &fx->merged, 0, "00u1", cases[i].is_taken ? "fresh" : "known");
	}
}

/* The same in one answer: the search, and the person read by himself. */
static void
records_take_nobody_as_he_was_before(void **state)
{
	struct fixture *fx = *state;

	person_of(&fx->fresh, "00u1", "read", 5);
	person_of(&fx->fresh, "00u1", "searched", 4);
	assert_int_equal(sync_records_finish(&fx->fresh), OKTA_OK);
	assert_user(&fx->fresh, 0, "00u1", "read");
}

static void
merge_of_nothing_new_is_what_was_known(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(merge(fx), OKTA_OK);
	assert_int_equal(fx->merged.n_users, 2);
	assert_int_equal(fx->merged.n_groups, 2);
	assert_user(&fx->merged, 0, "00u2", "bob");
	assert_user(&fx->merged, 1, "00u1", "ada");
	assert_int_equal(fx->merged.n_members, 2);
	assert_member(&fx->merged, 0, 0, 0);
	assert_member(&fx->merged, 1, 0, 1);
	assert_int_equal(fx->merged.n_strays, 1);
	assert_same_content(&fx->merged, &fx->known);
}

static void
merge_puts_a_changed_person_in_his_place_and_a_new_one_behind(void **state)
{
	struct fixture *fx = *state;

	person(&fx->fresh, "00u3", "eve");
	person(&fx->fresh, "00u2", "robert");
	assert_int_equal(merge(fx), OKTA_OK);
	assert_int_equal(fx->merged.n_users, 3);
	assert_user(&fx->merged, 0, "00u2", "robert");
	assert_user(&fx->merged, 1, "00u1", "ada");
	assert_user(&fx->merged, 2, "00u3", "eve");
	assert_int_equal(fx->merged.n_members, 2);
	assert_member(&fx->merged, 0, 0, 0);
}

/* He comes into scope, and has been in the group all the time. */
static void
merge_gives_a_stray_who_becomes_somebody_his_groups(void **state)
{
	struct fixture *fx = *state;

	person(&fx->fresh, "00u9", "zoe");
	assert_int_equal(merge(fx), OKTA_OK);
	assert_int_equal(fx->merged.n_strays, 0);
	assert_int_equal(fx->merged.n_members, 3);
	assert_member(&fx->merged, 2, 2, 0);
}

/* And the other way round: his groups wait for him. */
static void
merge_keeps_the_groups_of_whoever_leaves_scope_as_a_strays(void **state)
{
	struct fixture *fx = *state;

	fx->conf.scope = OKTA_SCOPE_APP;
	assert_int_equal(sync_idmap_add(&fx->news.out, v("00u2")), OKTA_OK);
	assert_int_equal(merge(fx), OKTA_OK);
	assert_int_equal(fx->merged.n_users, 1);
	assert_user(&fx->merged, 0, "00u1", "ada");
	assert_int_equal(fx->merged.n_members, 0);
	assert_int_equal(fx->merged.n_strays, 3);
	assert_int_equal(fx->merged.stray_ids.n, 2);
}

/* A membership that comes again is one; members stay in the order of people and groups,
 * wherever they came from. */
static void
merge_adds_and_takes_memberships_each_once_and_in_order(void **state)
{
	struct sync_pair joined[] = { { v("00u1"), v("00g2") }, { v("00u2"), v("00g1") },
		{ v("00u1"), v("00g1") }, { v("00u1"), v("00g7") } },
			 left[] = { { v("00u2"), v("00g2") }, { v("00u9"), v("00g1") } };
	struct fixture *fx = *state;

	fx->news.joined = joined;
	fx->news.n_joined = 4;
	fx->news.left = left;
	fx->news.n_left = 2;
	assert_int_equal(merge(fx), OKTA_OK);
	assert_int_equal(fx->merged.n_members, 3);
	assert_member(&fx->merged, 0, 0, 0);
	assert_member(&fx->merged, 1, 1, 0);
	assert_member(&fx->merged, 2, 1, 1);
	assert_int_equal(fx->merged.n_strays, 0);
}

static void
merge_counts_a_membership_once_that_comes_again(void **state)
{
	struct fixture *fx = *state;

	assert_int_equal(
	    sync_records_add_group(&fx->fresh, v("00g2"), v("ops")), OKTA_OK);
	person(&fx->fresh, "00u2", "bob");
	member(&fx->fresh, 0, "00u2"); /* the last of those that are known */
	assert_int_equal(merge(fx), OKTA_OK);
	assert_int_equal(fx->merged.n_members, 2);
	assert_same_content(&fx->merged, &fx->known);
}

/* Which of the two would count?  Okta says, when everything is read. */
static void
merge_wants_everything_read_where_the_base_has_somebody_twice(void **state)
{
	struct fixture *fx = *state;

	fx->known.users[1].id = v("00u2");
	assert_int_equal(merge(fx), OKTA_E_CONFLICT);
}

/* No record has it, so no base and no change may bring it in. */
static void
merge_refuses_a_member_without_an_id(void **state)
{
	struct sync_pair joined = { v(""), v("00g1") };
	struct fixture *fx = *state;

	fx->news.joined = &joined;
	fx->news.n_joined = 1;
	assert_int_equal(merge(fx), OKTA_E_INPUT);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(merge_of_nothing_new_is_what_was_known),
		T(merge_takes_nobody_as_he_was_before),
		T(records_take_nobody_as_he_was_before),
		T(merge_puts_a_changed_person_in_his_place_and_a_new_one_behind),
		T(merge_gives_a_stray_who_becomes_somebody_his_groups),
		T(merge_keeps_the_groups_of_whoever_leaves_scope_as_a_strays),
		T(merge_adds_and_takes_memberships_each_once_and_in_order),
		T(merge_counts_a_membership_once_that_comes_again),
		T(merge_wants_everything_read_where_the_base_has_somebody_twice),
		T(merge_refuses_a_member_without_an_id),
	};

	return cmocka_run_group_tests(tests, make_path, drop_path);
}
